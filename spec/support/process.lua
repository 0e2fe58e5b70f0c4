-- Programs as processes of their own, for specs that kill and restart them. Knows how one is
-- started, what it says, what it is told, and how it ended; each dies with the spec's process.

local uv = require "luv"
local uv_client = require "spec.support.uv_client"
local virtual = require "spec.support.virtual"

local SECONDS = 60 -- a busy disk takes its time for a sync
local LINES_MAX = 200 -- of what it said, kept to be shown; all go to on_line

local process = {
  lua = virtual.interpreter(), -- the one that runs this
}

local process_methods = {}
local process_mt = { __index = process_methods }

local function keep(list, line)
  if #list >= LINES_MAX then table.remove(list, 1) end
  list[#list + 1] = line
end

local function hear(self, line)
  keep(self.lines, line)
  keep(self.unseen, line)
  if self.on_line then self.on_line(line) end
end

local function read_lines(self, stream)
  local rest = ""
  self.streams = self.streams + 1
  stream:read_start(function(_, bytes)
    if not bytes then
      self.streams = self.streams - 1
      return stream:close()
    end
    rest = (rest .. bytes):gsub("([^\n]*)\n", function(line)
      hear(self, line)
      return ""
    end)
  end)
end

local function close(handle)
  if not handle:is_closing() then handle:close() end
end

--- Starts a program. words: the command line. options: on_line(line), called for each line
-- of its output and of what it says on stderr.
function process.start(words, options)
  options = options or {}
  local out, err, input = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local self = setmetatable({
    pid = nil, handle = nil, input = input,
    on_line = options.on_line,
    lines = {},
    unseen = {},                -- by expect()
    status = nil, signal = nil, -- once it has ended,
    streams = 0,                -- and these are closed
  }, process_mt)
  -- setpriv becomes the program: it is this pid that is killed, and it dies with us.
  local args = { "--pdeathsig", "KILL" }
  for _, word in ipairs(words) do args[#args + 1] = tostring(word) end
  self.handle, self.pid = uv.spawn("setpriv", { args = args, stdio = { input, out, err } },
    function(status, signal)
      self.status, self.signal = status, signal
      close(self.handle)
      close(input)
    end)
  assert(self.handle, self.pid)
  read_lines(self, out)
  read_lines(self, err)
  return self
end

local function has_ended(self)
  return self.status ~= nil and self.streams == 0
end

-- What the next line that has the pattern captures; lines before it are never looked at again.
local function find(self, pattern)
  while self.unseen[1] do
    local found = table.remove(self.unseen, 1):match(pattern)
    if found then return found end
  end
end

--- Waits for a line with that pattern behind the last one that was waited for. Result: its
-- first capture.
function process_methods:expect(pattern, seconds)
  local found
  uv_client.wait(function()
    found = found or find(self, pattern)
    return found or has_ended(self)
  end, (seconds or SECONDS) * 1000)
  if not found then
    error(("no %q from it, but:\n%s"):format(pattern, table.concat(self.lines, "\n")), 2)
  end
  return found
end

--- What it reads as a line.
function process_methods:tell(line)
  if not self.status then self.input:write(line .. "\n") end
end

function process_methods:send_signal(name)
  if not self.status then uv.kill(self.pid, name) end
end

--- Waits until it has ended. Result: its exit status (nil: it has not), the signal.
function process_methods:wait(seconds)
  uv_client.wait(function() return has_ended(self) end, (seconds or SECONDS) * 1000)
  return self.status, self.signal
end

--- kill -9, and waits until it is gone.
function process_methods:kill()
  self:send_signal("sigkill")
  return self:wait()
end

--- Asks it to end, and waits; safe to call twice.
function process_methods:stop()
  self:send_signal("sigterm")
  if self:wait(5) == nil then self:kill() end
end

--- examples/receiver.lua on a port of 127.0.0.1 (nil: a free one). Result: process, port.
function process.receiver(store, port, options)
  local words = { process.lua, "examples/receiver.lua", "--host", "127.0.0.1", "--port", port or 0,
    "--store", store }
  for _, word in ipairs(options or {}) do words[#words + 1] = word end
  local self = process.start(words, options)
  return self, tonumber(self:expect("^listening on port (%d+)"))
end

return process

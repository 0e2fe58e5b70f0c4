-- A virtual module as a process of its own, for specs that need a real port.
-- Knows how to start and stop it; everything is bounded by its lifetime.

local uv = require "luv"

local support = {}

local LIFETIME_S = 120

local process_methods = {}
local process_mt = { __index = process_methods }

-- Plain values as Lua source.
local function source(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value):gsub("\r", "\\r")
      :gsub("\\\n", "\\n") or tostring(value)
  end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = ("[%s]=%s"):format(source(key), source(item))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function shell_quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- The interpreter that runs this spec.
function support.interpreter()
  local given = os.getenv("LUA")
  if given and given ~= "" then return given end
  local arg = rawget(_G, "arg") or {}
  local place = 0
  while arg[place - 1] do place = place - 1 end
  return place < 0 and arg[place] or "lua"
end

local function endpoint(kind)
  if kind == "pty" then return { pty = true } end
  if kind == "tcp" then return { tcp = "127.0.0.1:0" } end
  local path = os.tmpname()
  os.remove(path)
  return { unix = path }
end

local function failed(file, log)
  file:close()
  local errors = io.open(log)
  local text = errors and errors:read("*a") or ""
  if errors then errors:close() end
  os.remove(log)
  error("the virtual module did not start: " .. text, 3)
end

-- options: endpoint "pty" (default), "unix" or "tcp", or a table as run.main has
-- it; lifetime in seconds (120); all else goes to run.main. Gives a process with
-- .port (what bc260y.open takes), .pid, :log(), :stop().
function support.start(options)
  local given = {}
  for name, value in pairs(options or {}) do given[name] = value end
  local where = given.endpoint or "pty"
  given.endpoint = nil
  given.endpoints = { type(where) == "table" and where or endpoint(where) }
  given.lifetime = given.lifetime or LIFETIME_S
  if given.verbose == nil then given.verbose = true end
  local log = os.tmpname()
  local code = ("local ok, err = require('bc260y.virtual.run').main(%s) "
    .. "if not ok then io.stderr:write(err) os.exit(1) end"):format(source(given))
  local command = ("echo $$; exec timeout -k 2 %d %s -e %s 2>%s"):format(
    given.lifetime + 10, shell_quote(support.interpreter()), shell_quote(code), shell_quote(log))
  local file = assert(io.popen(command, "r"))
  local pid = tonumber(file:read("*l"))
  local line = file:read("*l")
  local port = line and line:match("^listening on (%S+)")
  if not port then failed(file, log) end
  return setmetatable({ port = port, pid = pid, file = file, log_path = log }, process_mt)
end

-- What the module has logged so far.
function process_methods:log()
  local file = io.open(self.log_path)
  local text = file and file:read("*a") or ""
  if file then file:close() end
  return text
end

-- Ends the process and waits for it. Safe to call twice.
function process_methods:stop()
  if not self.file then return end
  uv.kill(self.pid, "sigterm")
  self.file:close()
  self.file = nil
  os.remove(self.log_path)
end

return support

-- A virtual module at an endpoint: carries bytes between them and calls the
-- module when it wants to be called. Knows luv, streams and time.

local endpoint = require "bc260y.virtual.endpoint"
local net_luv = require "bc260y.virtual.net_luv"
local uv = require "luv"
local virtual = require "bc260y.virtual"

local WRITE_SIZE = 4096
local UNREAD_MS_MAX = 10000    -- a pty without a reader loses what is said to it

local station_methods = {}
local station_mt = { __name = "bc260y.virtual.station", __index = station_methods }

local function now()
  return uv.hrtime() / 1e9
end

local function stop_timer(timer)
  if not timer:is_closing() then timer:stop() end
end

local function drop_unread(self)
  local lost = #self.module:output()
  if lost > 0 then self.log(("line    nobody reads: %d bytes lost"):format(lost)) end
end

-- What a receiver at another speed makes of bytes: as many, and other ones.
local function at_line_speed(self, bytes)
  local speed = self.strict_baud and self.endpoint.speed and self.endpoint.speed()
  if not speed or speed == self.module.wire.baud then return bytes end
  return (bytes:gsub(".", function(char) return string.char(255 - char:byte() % 126) end))
end

local function write(self, bytes)
  bytes = at_line_speed(self, bytes)
  self.writing = true
  self.reader_timer:start(UNREAD_MS_MAX, 0, function() drop_unread(self) end)
  self.stream:write(bytes, function(err)
    self.writing = false
    stop_timer(self.reader_timer)
    if not err then self:pump() end
  end)
end

-- Lets the module do what is due, writes what it says, sets the next call.
function station_methods:pump()
  if self.pumping then
    self.again = true
    return
  end
  if self.closed then return end
  self.pumping = true
  local wait
  repeat
    self.again = false
    wait = self.module:step()
    if not self.stream then
      self.module:output()
    elseif not self.writing then
      local bytes = self.module:output(WRITE_SIZE)
      if bytes ~= "" then write(self, bytes) end
    end
  until not self.again
  self.pumping = false
  -- A line that is busy writing is pumped by its callback.
  if wait and not (self.writing and wait <= 0) then
    self.timer:start(math.ceil(wait * 1000), 0, function() self:pump() end)
  else
    stop_timer(self.timer)
  end
end

local function gone(self, stream)
  if not stream:is_closing() then stream:close() end
  if self.stream ~= stream then return end
  self.stream, self.writing = nil, false
  stop_timer(self.reader_timer)
  if not self.closed then self.log("line    the client has gone") end
end

local function client(self, stream)
  self.stream, self.writing = stream, false
  stream:read_start(function(err, bytes)
    if err or not bytes then return gone(self, stream) end
    self.module:input(at_line_speed(self, bytes))
    self:pump()
  end)
  self:pump()
end

function station_methods:start()
  self.endpoint.start()
  self:pump()
end

-- The line is pulled out: the endpoint is gone, and the module goes on.
function station_methods:unplug()
  self.endpoint.close()
  if self.stream then gone(self, self.stream) end
end

-- And plugged in again, where it was: a pty is another one then, behind the same name.
-- Gives true, or nil, message.
function station_methods:plug()
  local opened, err = endpoint.open(self.where, function(stream) client(self, stream) end)
  if not opened then return nil, err end
  self.endpoint = opened
  self:start()
  return true
end

function station_methods:close()
  if self.closed then return end
  self.closed = true
  self.endpoint.close()
  if self.stream then gone(self, self.stream) end
  self.timer:close()
  self.reader_timer:close()
end

local function copy(from)
  local into = {}
  for name, value in pairs(from) do into[name] = value end
  return into
end

-- where as endpoint.open has it; options as virtual.new, without now, net, wake;
-- and strict_baud: a client of a pty at another rate than baud reads noise; and what
-- net_luv.new takes.
-- Gives a station or nil, message.
local function open(where, options)
  local self = setmetatable({
    where = where, endpoint = nil, module = nil, stream = nil,
    timer = nil, reader_timer = nil,
    log = options.log or function() end,
    strict_baud = options.strict_baud and options.baud ~= nil,
    writing = false,           -- libuv holds bytes of ours; the module keeps the rest
    pumping = false, again = false, closed = false,
  }, station_mt)
  local opened, err = endpoint.open(where, function(stream) client(self, stream) end)
  if not opened then return nil, err end
  self.endpoint = opened
  self.timer, self.reader_timer = uv.new_timer(), uv.new_timer()
  local module_options = copy(options)
  module_options.now, module_options.net = now, net_luv.new(options)
  module_options.clock = options.clock or os.time() - now()
  module_options.wake = function() self:pump() end
  self.module = virtual.new(module_options)
  return self
end

return { open = open }

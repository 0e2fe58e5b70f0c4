-- A driver's port with a virtual module behind it, both on one virtual clock: whatever
-- a spec waits for takes no time. Knows bytes and seconds, no command.

local net_script = require "bc260y.virtual.net_script"
local virtual = require "bc260y.virtual"

local port_methods = {}
local port_mt = { __index = port_methods }

function port_methods:now()
  return self.rig.time
end

function port_methods:read(max)
  local said = self.rig:said()
  local bytes = said:sub(1, math.min(max, self.rig.piece))
  self.rig.unread = said:sub(#bytes + 1)
  return bytes
end

function port_methods:write(bytes)
  self.rig.writes = self.rig.writes + 1
  self.rig.module:input(bytes)
  return #bytes
end

function port_methods:wait(seconds, writable)
  local rig = self.rig
  local stop = rig.time + seconds
  while rig:said() == "" do
    if writable then return true end
    local due = rig.module:step()
    if not due or rig.time + due > stop then
      rig.time = math.max(rig.time, stop)
      rig.module:step()
      return rig:said() ~= ""
    end
    -- Time must move, or a module that always wants to be called never ends.
    rig.time = rig.time + math.max(due, 1e-6)
    rig.module:step()
  end
  return true
end

function port_methods:close()
  self.closed = true
end

local rig_methods = {}
local rig_mt = { __index = rig_methods }

-- What the module has said and the driver has not read.
function rig_methods:said()
  self.unread = self.unread .. self.module:output()
  return self.unread
end

-- options: as for virtual.new. Result: rig, with .port, .module, .net and .time, and .piece,
-- the bytes that a read gives at most.
local function new(options)
  local self = setmetatable({ time = 0, unread = "", writes = 0, piece = math.huge,
    module = nil, net = nil, port = nil }, rig_mt)
  local given = {}
  for name, value in pairs(options or {}) do given[name] = value end
  given.now = function() return self.time end
  given.net = net_script.new(given.now)
  self.net = given.net
  self.module = virtual.new(given)
  self.port = setmetatable({ rig = self, closed = false }, port_mt)
  return self
end

return { new = new }

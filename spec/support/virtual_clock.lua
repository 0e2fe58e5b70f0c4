-- A virtual module on a virtual clock with a network in memory: no waiting, no
-- luck. Knows how to let time pass and what the module said meanwhile.

local net_script = require "bc260y.virtual.net_script"
local virtual = require "bc260y.virtual"

local support = {}

local player_methods = {}
local player_mt = { __index = player_methods }

-- Lets seconds pass; gives what the module said meanwhile.
function player_methods:run(seconds)
  local stop = self.time + (seconds or 0)
  local parts = {}
  while true do
    local wait = self.module:step()
    parts[#parts + 1] = self.module:output()
    if not wait or self.time + wait > stop then break end
    -- Time must move, or a module that always wants to be called never ends.
    self.time = self.time + math.max(wait, 1e-6)
  end
  self.time = math.max(self.time, stop)
  parts[#parts + 1] = self.module:output()
  return table.concat(parts)
end

-- Writes raw bytes; gives what the module says in the next seconds (0.1).
function player_methods:write(bytes, seconds)
  self.module:input(bytes)
  return self:run(seconds or 0.1)
end

-- Writes a command line.
function player_methods:send(text, seconds)
  return self:write(text .. "\r", seconds)
end

-- Opens a socket to a listener that is set up on the way; gives the peer.
function player_methods:open(id, server, kind)
  local port = 8000 + id
  self.net:listen(kind or "TCP", "10.0.0.1", port, server)
  local text = ('AT+QIOPEN=0,%d,"%s","10.0.0.1",%d,0,1'):format(id, kind or "TCP", port)
  local said = self:send(text)
  assert(said:find(("+QIOPEN: %d,0\r\n"):format(id), 1, true), said)
  return self.net.peers[#self.net.peers]
end

-- Lines as the module frames them: each between CR LF.
function support.lines(...)
  local parts = { ... }
  for place, line in ipairs(parts) do parts[place] = "\r\n" .. line .. "\r\n" end
  return table.concat(parts)
end

-- options as virtual.new; unless boot is given the module is attached and echo off.
function support.new(options)
  local self = setmetatable({ time = 0, module = nil, net = nil }, player_mt)
  local given = {}
  for name, value in pairs(options or {}) do given[name] = value end
  given.now = function() return self.time end
  given.net = net_script.new(given.now)
  if given.boot == nil then
    local traits = { echo = false }
    for name, value in pairs(given.traits or {}) do traits[name] = value end
    given.boot, given.traits = false, traits
  end
  self.net = given.net
  self.module = virtual.new(given)
  return self
end

return support

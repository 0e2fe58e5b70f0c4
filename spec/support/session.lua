-- A session on a virtual module with a server in memory, all on one virtual clock.
-- Knows how to let time pass in either loop, and keeps what the session tells.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"

local EVENTS = { "connected", "disconnected", "waiting", "stopped", "keepalive", "check", "error" }

local bench_methods = {}
local bench_mt = { __index = bench_methods }

-- given: modem (options of bc260y.open), session (of modem:session), server (of
-- net_script), all else goes to the rig. Result: bench with .rig, .modem, .server, .log.
local function new(given)
  given = given or {}
  local options = { boot = false, names = { h = "10.0.0.1" } }
  for name, value in pairs(given) do
    if name ~= "modem" and name ~= "session" and name ~= "server" then options[name] = value end
  end
  local self = setmetatable({ rig = rig.new(options), modem = nil, server = given.server or {},
    log = {}, times = {} }, bench_mt)
  self.rig.net:listen("TCP", "10.0.0.1", 1, self.server)
  local open = { port = self.rig.port }
  for name, value in pairs(given.modem or {}) do open[name] = value end
  self.modem = assert(bc260y.open(open))
  if given.session ~= false then self.session = self:make(given.session) end
  return self
end

-- A session that tells into the log.
function bench_methods:make(given)
  local options = { host = "h", port = 1, seed = 1, on = {} }
  for name, value in pairs(given or {}) do options[name] = value end
  for _, event in ipairs(EVENTS) do
    local heard = options.on[event]
    options.on[event] = function(...)
      self.log[#self.log + 1] = { event, ... }
      self.times[#self.times + 1] = self.rig.time
      if heard then heard(...) end
    end
  end
  return self.modem:session(options)
end

function bench_methods:now()
  return self.rig.time
end

-- Lets seconds pass while the session goes on.
function bench_methods:pass(seconds, session)
  session = session or self.session
  local stop = self.rig.time + seconds
  while stop - self.rig.time > 1e-6 do
    session:pause({ done = false }, stop)
    if session:state() == "stopped" or session:state() == "closed" then
      return bc260y.sleep(math.max(0, stop - self.rig.time))
    end
  end
end

-- Does so after seconds of the virtual clock, whatever becomes of the module.
function bench_methods:after(seconds, fn)
  self.rig.net.timers:at(self.rig.time + seconds, fn)
end

-- The peers of the server, one a connection.
function bench_methods:peer(number)
  return self.rig.net.peers[number or #self.rig.net.peers]
end

-- How often that event was told; and the values of the last one.
function bench_methods:heard(event)
  local count, last = 0, nil
  for _, entry in ipairs(self.log) do
    if entry[1] == event then count, last = count + 1, entry end
  end
  return count, last
end

-- When that event was told, each time.
function bench_methods:times_of(event)
  local list = {}
  for i, entry in ipairs(self.log) do
    if entry[1] == event then list[#list + 1] = self.times[i] end
  end
  return list
end

-- The commands that the module was given from now on, with their times.
function bench_methods:commands(pattern)
  local list, write = {}, self.rig.port.write
  self.rig.port.write = function(port, bytes)
    for line in bytes:gmatch("AT[^\r]*") do
      if line:find(pattern) then list[#list + 1] = { at = self.rig.time, text = line } end
    end
    return write(port, bytes)
  end
  return list
end

return { new = new }

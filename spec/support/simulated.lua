--- A plain script on a simulated world, for specs of the world itself: attach, connect, send
-- and read, and all over again whenever something fails. It notes all that the host sees.

local bc260y = require "bc260y"
local plans = require "spec.simulation.plan"
local world = require "spec.simulation.world"

local simulated = {}

local RETRY = 2       -- seconds after something failed
local PATIENCE = 20   -- of each call

-- Notes what each read and wait of a port gives.
local function noting(port, trace)
  local function note(name)
    local method = port[name]
    port[name] = function(self, ...)
      local result = method(self, ...)
      -- Joined, not formatted: %s of Lua 5.1 ends at a NUL.
      trace[#trace + 1] = name .. " " .. tostring(result) .. (" %.3f"):format(self:now())
      return result
    end
  end
  note("read")
  note("write")
  note("wait")
  return port
end

local function talk(self, modem, socket, stop)
  local count = 0
  while self.world.time < stop do
    count = count + 1
    if not socket:send(("reading %d "):format(count):rep(5)) then return end
    socket:acked()
    socket:settimeout(0.5)
    socket:receive("*l")
    socket:settimeout(PATIENCE)
    modem:wait("nothing", self.pace)
  end
end

-- One life of a modem, until the port is lost or it is time.
local function live(self, port, stop)
  local modem = assert(bc260y.open { port = port, format = self.world.plan.format })
  while self.world.time < stop do
    local ok, err = modem:attach { timeout = 60 }
    if ok then
      local socket = modem:tcp()
      socket:settimeout(PATIENCE)
      ok, err = socket:connect(self.world.plan.server.host, self.world.plan.server.port)
      if ok then talk(self, modem, socket, stop) end
      socket:close()
    end
    if err == "lost" or modem:wait("nothing", RETRY) == nil and modem.pump.down then break end
  end
  modem:close()
end

--- Runs it until `stop`, in the world's time.
function simulated.run(self, stop)
  bc260y.run(function()
    while self.world.time < stop do
      local port = self.world:open_port()
      if port then live(self, noting(port, self.trace), stop) end
      self.world:run_until(self.world.time + RETRY)
    end
  end)
  return self
end

--- A plan without surprises; changes: fields that are to be other.
function simulated.plan(changes)
  local plan = plans.make(1, "application")
  plan.faults, plan.traits, plan.profile, plan.format = {}, {}, "R02", "hex"
  plan.baud, plan.grain, plan.piece, plan.latency = 115200, 1024, 65536, 0.05
  plan.calm, plan.ends = 90, 200
  plan.server.host = "server.example"
  for name, value in pairs(changes or {}) do plan[name] = value end
  return plan
end

--- Result: { world, trace (what the host saw), taken (by the server's TCP), read (by the
-- server) }, on which run() goes on.
function simulated.new(plan, pace)
  local self = { world = world.new(plan), trace = {}, taken = {}, read = {}, pace = pace or 2 }
  self.world:listen {
    taken = function(_, bytes) self.taken[#self.taken + 1] = bytes end,
    data = function(peer, bytes)
      self.read[#self.read + 1] = bytes
      peer:send(("%d\r\n"):format(#bytes))
    end,
  }
  return self
end

return simulated

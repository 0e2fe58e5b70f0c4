--- Fixed local ports of one modem: which a socket has, and which still rest.
--
-- It knows that a port that was chosen should rest after QICLOSE (manual 2.3.2 note 5),
-- however its socket came to its end, and makes a connect that is too early wait or says
-- how long the rest is. Ports that the module picks (0) need none. What an id is, and when
-- it is closed, is ids.lua's.
--
-- A restart of the module ends no rest: what makes the port unusable are the remains of
-- the old connection in the network and at the peer, which hear of no restart.

local errors = require "bc260y.errors"

local REST = 120     -- seconds (2.3.2 note 5)
local BUSY = 574     -- the manual's number for a port that another socket has
local INSTANT = 1e-3 -- seconds that are not worth a wait

local ports_methods = {}
local ports_mt = { __name = "bc260y.local_ports", __index = ports_methods }

-- rest: seconds, nil: what the manual advises.
local function new_ports(ids, pump, rest)
  return setmetatable({
    ids = ids,
    pump = pump,
    rest = rest or REST,
    claimed = {},  -- port -> true: a socket that has no id yet is connecting with it
    held = {},     -- id -> port, from QIOPEN until QICLOSE has been answered
    rested = {},   -- port -> when its rest is over
    waiters = {},  -- those who wait for a QICLOSE
  }, ports_mt)
end

-- TCP and UDP have ports of their own.
local function name_of(service, number)
  return service .. number
end

local function wake_all(self)
  local waiters = self.waiters
  self.waiters = {}
  for i = 1, #waiters do
    waiters[i].done = true
    self.pump.loop:wake(waiters[i])
  end
end

--- QIOPEN with that port, or an answer of QISTATE, names it for the id.
function ports_methods:hold(id, service, number)
  self.held[id] = name_of(service, number)
end

--- Nothing was opened: the port needs no rest.
function ports_methods:forget(id)
  self.held[id] = nil
end

--- The id can't be closed: whoever waits for that has to know.
function ports_methods:give_up()
  wake_all(self)
end

--- The id has been closed, or the module restarted: its port rests from now on.
function ports_methods:release(id)
  local name = self.held[id]
  if not name then return end
  local now = self.pump:now()
  for other, over in pairs(self.rested) do
    if over <= now then self.rested[other] = nil end
  end
  self.rested[name] = now + self.rest
  self.held[id] = nil
  wake_all(self)
end

local function holder(self, name)
  for id, held in pairs(self.held) do
    if held == name then return id end
  end
end

-- What keeps the port from use. Result: seconds that it still rests, at least, and how its
-- id comes back, where QICLOSE has to come first; or nil where a socket has it.
local function left(self, name)
  local id = holder(self, name)
  local coming = id and self.ids:give_back(id)
  if self.claimed[name] or id and not coming then return nil end
  if id then return self.rest, coming end
  return (self.rested[name] or 0) - self.pump:now(), nil
end

local function await(self, seconds, coming, deadline)
  local waiter = { done = false }
  if coming then
    self.waiters[#self.waiters + 1] = waiter
  else
    deadline = self.pump:now() + seconds
  end
  self.pump:await(waiter, deadline)
end

--- Blocks until the socket may connect with its port, which is its own then until it
-- unclaims it. Result: true, and whether that took time; or nil and "Port busy", 574 (a
-- socket of this modem has it), "port at rest", seconds (more than there is until the
-- deadline), or "no response" (the id that has it can't be closed).
function ports_methods:claim(socket, deadline)
  local pump, waited, asked = self.pump, false, false
  local name = name_of(socket.service, socket.local_port)
  while not pump.down do
    local seconds, coming = left(self, name)
    if not seconds then return nil, errors.codes[BUSY], BUSY end
    if not coming and seconds < INSTANT then
      self.claimed[name] = true
      return true, waited
    end
    if deadline and pump:now() + seconds >= deadline then
      return nil, "port at rest", seconds
    end
    if coming == "asked" then
      if asked then return nil, "no response" end
      asked = true
    end
    await(self, seconds, coming, deadline)
    waited = true
  end
  return nil, pump.down
end

--- The socket has an id now, or none.
function ports_methods:unclaim(socket)
  self.claimed[name_of(socket.service, socket.local_port)] = nil
end

return { new = new_ports }

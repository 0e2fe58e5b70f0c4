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
    held = {},     -- id -> fixed port, from QIOPEN until QICLOSE has been answered
    rested = {},   -- port -> when its rest is over
    waiters = {},  -- waiter -> true
  }, ports_mt)
end

-- TCP and UDP have ports of their own.
local function name_of(service, number)
  return service .. number
end

--- Something has changed: whoever waits looks again.
function ports_methods:wake()
  for waiter in pairs(self.waiters) do
    waiter.done = true
    self.pump.loop:wake(waiter)
  end
end

--- QIOPEN with that port, or an answer of QISTATE, names it for the id.
function ports_methods:hold(id, service, number)
  self.held[id] = number ~= 0 and name_of(service, number) or nil
end

--- Nothing was opened: the port needs no rest.
function ports_methods:forget(id)
  self.held[id] = nil
  self:wake()
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
  self:wake()
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

-- Until then, or until there is a reason to look again.
local function await(self, socket, deadline)
  local waiter = { done = false }
  self.waiters[waiter] = true
  socket.reader = waiter -- its end is one
  self.pump:await(waiter, deadline)
  socket.reader = nil
  self.waiters[waiter] = nil
end

--- Blocks until the socket may connect with its port, which is its own then until it
-- unclaims it. is_ready(socket, deadline) -> true, or nil, err, code: what else has to be.
-- Result: true; or nil and "Port busy", 574 (a socket of this modem has it), "port at rest",
-- seconds (more than there is until the deadline), "no response" (the id that has it can't
-- be closed), or what is_ready says.
function ports_methods:claim(socket, deadline, is_ready)
  local pump, asked = self.pump, false
  local name = name_of(socket.service, socket.local_port)
  while true do
    local ok, err, code = is_ready(socket, deadline)
    if not ok then return nil, err, code end
    local seconds, coming = left(self, name)
    if not seconds then return nil, errors.codes[BUSY], BUSY end
    if not coming and seconds < INSTANT then
      self.claimed[name] = true
      return true
    end
    local over = pump:now() + seconds
    if deadline and over >= deadline then return nil, "port at rest", seconds end
    if coming == "asked" and asked then return nil, "no response" end
    asked = asked or coming == "asked"
    if coming then over = deadline end -- its end is told
    await(self, socket, over)
  end
end

--- The socket has an id now, or none.
function ports_methods:unclaim(socket)
  self.claimed[name_of(socket.service, socket.local_port)] = nil
end

return { new = new_ports }

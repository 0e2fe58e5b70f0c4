--- The five socket ids of one module: who has which, and which must be closed first.
--
-- It knows that QICLOSE is due after a failed open (manual 2.3.2 note 3), after
-- `closed` (2.4.1) and for a socket that was dropped, and sends it when the line is
-- idle. It knows nothing of what a socket carries.

local core = require "bc260y.core"
local local_ports = require "bc260y.local_ports"
local new_entry = require("bc260y.pump").entry

local COUNT = 5 -- manual 2.3.2: 0-4
local TRIES_MAX = 3 -- of a QICLOSE, and of a QISTATE?, one after the other
local AGAIN = 60    -- seconds until a module that says nothing of its sockets is asked anew

local ids_methods = {}
local ids_mt = { __name = "bc260y.ids", __index = ids_methods }

-- rest: seconds that a fixed local port rests, or nil (local_ports.lua).
local function new_ids(pump, rest)
  local self = setmetatable({
    pump = pump,
    sockets = setmetatable({}, { __mode = "v" }), -- id -> socket, not kept alive by it
    free = {},      -- ids in the order in which they came back
    due = {},       -- id -> tries so far: QICLOSE is to be sent when the line is idle
    foreign = {},   -- ids that may be open, not by us: used last, and closed before
    held = {},      -- id -> true: an open or a close is queued or in flight
    dropped = {},   -- id -> true, set by finalizers alone
    waiters = {},   -- those who wait for an id
    check = false,  -- ask the module which sockets there are
    vain = 0,       -- how often it was asked, and nothing was learnt
    unsure = false, -- so often that it is asked again when the module is heard again,
    again = 0,      -- and that is not before this time of the port's clock
    told = {},      -- ids whose end QISTATE? has told, before any URC
    chores = pump.chores,
    ports = nil,
  }, ids_mt)
  self.ports = local_ports.new(self, pump, rest)
  for id = 0, COUNT - 1 do self.free[id + 1] = id end
  return self
end

--- An id of which nothing is open, the one that rested longest; or nil.
-- Second result: QICLOSE has to be sent before it is used.
function ids_methods:take()
  local id = table.remove(self.free, 1)
  local foreign = not id
  if foreign then id = table.remove(self.foreign, 1) end
  if not id then return nil end
  self.held[id] = true
  return id, foreign
end

--- Whether an id may come back by itself.
function ids_methods:returning()
  return next(self.due) ~= nil or next(self.dropped) ~= nil or next(self.held) ~= nil
end

--- Whether sockets of ours have all: then no restart of the module gives one back.
function ids_methods:are_ours()
  for id = 0, COUNT - 1 do
    if not self.sockets[id] then return false end
  end
  return true
end

--- Blocks until an id may be free. Result: false when the deadline has passed.
function ids_methods:await(deadline)
  local waiter = { done = false }
  self.waiters[#self.waiters + 1] = waiter
  if self.pump:await(waiter, deadline) then return true end
  for i = #self.waiters, 1, -1 do
    if self.waiters[i] == waiter then table.remove(self.waiters, i) end
  end
  return false
end

--- The id is in use by that socket.
function ids_methods:settle(id, socket)
  self.held[id], self.told[id] = nil, nil
  self.sockets[id] = socket
end

local function forget(self, id)
  self.held[id], self.due[id] = nil, nil
  self.dropped[id], self.sockets[id] = nil, nil
end

local function wake_waiter(self)
  local waiter = table.remove(self.waiters, 1)
  if waiter then
    waiter.done = true
    self.pump.loop:wake(waiter)
  end
end

--- Nothing was opened with the id, or it was closed.
function ids_methods:release(id)
  forget(self, id)
  self.ports:release(id)
  self.free[#self.free + 1] = id
  wake_waiter(self)
end

--- QICLOSE has to be sent before the id is used again.
function ids_methods:retire(id, tries)
  forget(self, id)
  self.due[id] = tries or 0
  self.chores.due = true
end

--- How an id comes back that is not free: "due", by itself; "asked", one that nobody has
-- is closed now; nil while a socket has it.
function ids_methods:give_back(id)
  for i = 1, #self.foreign do
    if self.foreign[i] == id then
      table.remove(self.foreign, i)
      self:retire(id)
      return "asked"
    end
  end
  if self.due[id] or self.held[id] or self.dropped[id] then return "due" end
end

--- The module restarted: nothing is open any more.
function ids_methods:reset()
  local free = {}
  for _, id in ipairs(self.free) do free[id] = true end
  self.foreign, self.told = {}, {}
  self.check, self.unsure = false, false
  for id = 0, COUNT - 1 do
    local socket = self.sockets[id]
    if not (free[id] or self.held[id]) then
      self:release(id)
      if socket then socket:fail("module reset") end
    end
  end
  self.ports:wake()
end

--- The port is gone: nobody needs to wait any more.
function ids_methods:lost()
  while self.waiters[1] do wake_waiter(self) end
  self.ports:wake()
end

-- Chores: commands of nobody, sent when the line is idle. --------------------------

local function closed(entry)
  local self, id, status = entry.ids, entry.id, entry.done
  -- After `closed` or a failed open ERROR says no more than that nothing was open.
  if status == "ok" or status == "error" or status == "fail" or status == "reset" then
    self:release(id)
  elseif entry.tries + 1 < TRIES_MAX and not self.pump.down then
    self:retire(id, entry.tries + 1)
  else
    forget(self, id)
    self.foreign[#self.foreign + 1] = id
    wake_waiter(self)
    self.ports:wake()
  end
  -- Whose CLOSE OK comes late does not matter: an id that is not closed after all is
  -- told by 563. Waiting for it would make every close fail for minutes.
  if status == "timeout" or status == "torn" then self.pump.line:settle("close") end
end

--- The command that closes an id. At its end the id is free, or due again.
function ids_methods:close(id, tries)
  local entry = new_entry(core.encode("QICLOSE", id))
  entry.ids, entry.id, entry.tries = self, id, tries or 0
  entry.finished = closed
  forget(self, id)
  self.held[id] = true
  return entry
end

local function next_close(self)
  for id = 0, COUNT - 1 do -- not pairs: a finalizer may run meanwhile
    if self.dropped[id] and not self.held[id] then self:retire(id) end
  end
  local id, tries = next(self.due)
  if id then return self:close(id, tries) end
end

-- After a remote close the manual names both Closing and Remote Closing (2.4.1, 2.3.4),
-- after QICLOSE both Initial and no line at all: of a socket each pair means the same.
local INITIAL, CLOSING, REMOTE_CLOSING = 0, 3, 4
local GONE = { [INITIAL] = true, [CLOSING] = true, [REMOTE_CLOSING] = true }

-- The ids of nobody, as the module has them: free, or to be closed before they are used.
-- Initial is what a failed open leaves as well, which can't be used before (2.3.2 note 3).
local function sort_rest(self, found)
  local rest = { self.free, self.foreign }
  self.free, self.foreign = {}, {}
  for _, list in ipairs(rest) do
    for _, id in ipairs(list) do
      local other = found[id]
      if other and other.state ~= INITIAL then
        self.ports:hold(id, other.service, other.local_port)
      else
        self.ports:release(id)
      end
      local into = other and self.foreign or self.free
      into[#into + 1] = id
    end
  end
end

--- The module says that the connection of an id has ended. Whoever listens hears of each
-- end once, be it by a URC, by QISTATE? or by both.
function ids_methods:remote_closed(id)
  local socket, told = self.sockets[id], self.told[id]
  self.told[id] = nil
  if socket then socket:remote_closed() end
  if not told then self.pump.owner:event("closed", id) end
end

-- Result: id -> what is open with it; or nil: a line can't be read, and so it is not
-- known which ids the answer leaves out.
local function read_state(lines)
  local found = {}
  for _, line in ipairs(lines or {}) do
    local id, service, _, _, here, state = core.decode("+QISTATE", line)
    if not id then return nil end
    found[id] = { service = service, local_port = here or 0, state = state }
  end
  return found
end

-- What QISTATE? says of our sockets, and of what others have left open.
local function compare(self, found)
  for id = 0, COUNT - 1 do
    local socket, other = self.sockets[id], found[id]
    local gone = not other or GONE[other.state]
    if socket and socket.state == "open" and gone then
      self:remote_closed(id)
      self.told[id] = true
    end
  end
  sort_rest(self, found)
end

-- Nothing can be learnt, or nothing is left to be learnt.
local OVER = { error = true, reset = true, lost = true, closed = true }

local function checked(entry)
  local self, status = entry.ids, entry.done
  local found = status == "ok" and read_state(entry.lines)
  if found then compare(self, found) end
  if found or OVER[status] then
    self.vain = 0
    return
  end
  self.vain = self.vain + 1
  if self.vain < TRIES_MAX then
    self.check, self.chores.due = true, true
  elseif status ~= "ok" then -- one that says what can't be read will not say it better
    self.unsure, self.pump.drowsy = true, true
    self.again = self.pump:now() + AGAIN
  end
end

--- A query for what is open; what it says is believed.
function ids_methods:query()
  local entry = new_entry(core.encode("QISTATE?"))
  entry.ids, entry.finished = self, checked
  return entry
end

--- Something may have been missed: ask which sockets there are.
function ids_methods:doubt()
  self.check, self.vain, self.unsure = true, 0, false
  self.chores.due = true
end

--- An event of the line. Called while pump.drowsy.
function ids_methods:heard(kind, status)
  if not self.unsure then return end
  self.pump.drowsy = true
  if kind ~= "result" or status ~= "ok" or self.pump:now() < self.again then return end
  self.check, self.unsure = true, false
  self.chores.due = true
end

--- The next command to be sent by ourselves, or nil.
function ids_methods:chore()
  if self.check then
    self.check = false
    return self:query()
  end
  local entry = next_close(self)
  if not entry then self.chores.due = false end
  return entry
end

return { new = new_ids }

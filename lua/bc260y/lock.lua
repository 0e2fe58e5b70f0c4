--- The sleep lock: the module may not sleep while a task asks for that.
--
-- It knows who asks, and what the module was told (AT+QSCLK, 1 after each boot). A task
-- that has ended asks for nothing any more. Without a loop there are no tasks: there it
-- is counted. One command is under way at a time, and who asks meanwhile awaits its end.
-- That nobody asks any more is told until it is answered, also where no task waits for it.

local encode = require("bc260y.core").encode
local errors = require "bc260y.errors"
local new_entry = require("bc260y.pump").entry

local HELD, FREE = 0, 1 -- AT+QSCLK=
local TRIES_MAX = 3     -- to let it sleep, one after the other: then when it is heard again

local lock_methods = {}
local lock_mt = { __name = "bc260y.lock", __index = lock_methods }

local function new_lock(pump, wake)
  return setmetatable({
    pump = pump,
    wake = wake,
    holders = {},   -- coroutine, or the lock itself where there are no tasks -> count
    watched = {},   -- coroutine -> true: its end will be told
    told = FREE,    -- what the module was told last, nil: nobody knows
    flight = nil,   -- the command that is under way
    waiters = {},   -- those who await its end
    owed = false,   -- the module has to be told that it may sleep
    tries = 0,      -- at that
  }, lock_mt)
end

local function wanted(self)
  return next(self.holders) ~= nil and HELD or FREE
end

-- What did not reach the module, and so changed nothing.
local UNSENT = { busy = true, ["no response"] = true }

local function settle(self, value, status)
  if status == "ok" then
    self.told = value
  elseif status == "reset" then
    self.told = FREE
  elseif not UNSENT[status] then
    self.told = nil
  end
  self.wake.locked = self.told == HELD
end

-- A module that refuses has answered, and is not told again before the next call.
local function owe(self, value, status)
  local refused = value == FREE and status == "error"
  self.owed = not (refused or self.told == FREE or wanted(self) == HELD or self.pump.down)
  self.tries = self.owed and value == FREE and self.tries + 1 or 0
  if not self.owed then return end
  self.pump.drowsy = true -- so that it is heard() when the module answers again
  if self.wake.kind then self.tries = TRIES_MAX end -- it is not woken for that
  if self.tries < TRIES_MAX then self.pump.chores.due = true end
end

local function ended(entry)
  local self, waiters = entry.lock, entry.lock.waiters
  self.flight, self.waiters = nil, {}
  settle(self, entry.value, entry.done)
  owe(self, entry.value, entry.done)
  for _, waiter in ipairs(waiters) do
    waiter.done = true
    self.pump.loop:wake(waiter)
  end
end

-- The command that tells the module what is wanted.
local function new_command(self)
  local value = wanted(self)
  local entry = new_entry(encode("QSCLK", value))
  entry.lock, entry.value, entry.finished = self, value, ended
  self.flight = entry
  return entry
end

local function add(self, key, count)
  count = (self.holders[key] or 0) + count
  self.holders[key] = count > 0 and count or nil
end

-- Nobody waits for the answer. What is under way sees to the rest at its end.
local function tell(self)
  if self.flight or self.told == wanted(self) then return end
  self.pump:submit(new_command(self))
end

local function key_of(self)
  local loop = self.pump.loop
  if loop.inline then return self end
  local key = coroutine.running()
  if not self.watched[key] then
    self.watched[key] = true
    loop:at_end(function()
      self.watched[key], self.holders[key] = nil, nil
      tell(self)
    end)
  end
  return key
end

local function await_flight(self, deadline)
  while self.flight do
    local waiter = { done = false }
    self.waiters[#self.waiters + 1] = waiter
    if not self.pump:await(waiter, deadline) then return false end
  end
  return true
end

--- Sees to it that the module was told what is wanted. Result: true; or nil, err, code.
function lock_methods:apply(deadline)
  if not await_flight(self, deadline) then return nil, self.pump.down or "busy" end
  if self.told == wanted(self) then return true end
  local entry = new_command(self)
  entry.deadline, entry.bounded = deadline, deadline ~= nil
  local status = self.pump:execute(entry)
  if status == "ok" then return true end
  return errors.of(status, entry.code)
end

--- The running task asks that the module stays awake, until it has said the same with
-- false as often. Result: true; or nil, err, code: then it was not asked for.
function lock_methods:hold(on, deadline)
  local key = key_of(self)
  add(self, key, on and 1 or -1)
  local ok, err, code = self:apply(deadline)
  if not ok and on then
    add(self, key, -1)
    tell(self) -- it may have heard
  end
  return ok, err, code
end

--- Whether anybody asks for it.
function lock_methods:is_held()
  return wanted(self) == HELD
end

--- The command by which the module is told once more that it may sleep; nil: it was.
function lock_methods:chore()
  if wanted(self) == HELD then self.owed = false end
  if self.flight or not self.owed or self.tries >= TRIES_MAX then return nil end
  return new_command(self)
end

--- An event of the line. Called while pump.drowsy.
function lock_methods:heard(kind, status)
  if not self.owed or self.flight then return end
  self.pump.drowsy = true
  if kind == "result" and status == "ok" then
    self.tries = TRIES_MAX - 1
    self.pump.chores.due = true
  end
end

--- What the module was told it has forgotten, as it shows: the next who asks tells it anew.
function lock_methods:doubt()
  if self.told == HELD then self.told, self.wake.locked = nil, false end
end

--- The module has said that it goes to sleep: it is told when it is awake again.
function lock_methods:slept()
  if self.owed then self.tries = TRIES_MAX end
  self:doubt()
end

--- The module restarted: it sleeps again as it likes, until attach tells it.
function lock_methods:reset()
  self.told, self.owed, self.tries = FREE, false, 0
  self.wake.locked = false
end

return { new = new_lock }

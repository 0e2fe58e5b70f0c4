--- The sleep lock: the module may not sleep while a task asks for that.
--
-- It knows who asks, and what the module was told (AT+QSCLK, 1 after each boot). A task
-- that has ended asks for nothing any more. Without a loop there are no tasks: there it
-- is counted.

local encode = require("bc260y.core").encode
local errors = require "bc260y.errors"
local new_entry = require("bc260y.pump").entry

local HELD, FREE = 0, 1 -- AT+QSCLK=

local lock_methods = {}
local lock_mt = { __name = "bc260y.lock", __index = lock_methods }

local function new_lock(pump, wake)
  return setmetatable({
    pump = pump,
    wake = wake,
    holders = {},   -- coroutine, or the lock itself where there are no tasks -> count
    watched = {},   -- coroutine -> true: its end will be told
    told = FREE,    -- what the module was told last, nil: nobody knows
  }, lock_mt)
end

local function wanted(self)
  return next(self.holders) ~= nil and HELD or FREE
end

local function told(entry)
  local self = entry.lock
  if entry.done == "ok" then
    self.wake.locked = entry.value == HELD
  elseif self.told == entry.value then
    self.told = nil
  end
end

-- The command that tells the module what is wanted; nil: it was told already. It counts
-- as told while it is in the queue, for what is queued behind it comes after it.
local function new_command(self)
  local value = wanted(self)
  if self.told == value then return nil end
  self.told = value
  local entry = new_entry(encode("QSCLK", value))
  entry.lock, entry.value, entry.finished = self, value, told
  return entry
end

local function add(self, key, count)
  count = (self.holders[key] or 0) + count
  self.holders[key] = count > 0 and count or nil
end

-- Nobody waits for the answer: at the next call it is told again.
local function tell(self)
  local entry = new_command(self)
  if entry then self.pump:submit(entry) end
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

--- Sees to it that the module was told what is wanted. Result: true; or nil, err, code.
function lock_methods:apply(deadline)
  local entry = new_command(self)
  if not entry then return true end
  entry.deadline, entry.bounded = deadline, deadline ~= nil
  local status = self.pump:execute(entry)
  if status == "ok" then return true end
  return errors.of(status, entry.done and entry.code or nil)
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

--- The module restarted: it sleeps again as it likes, until attach tells it.
function lock_methods:reset()
  self.told = FREE
  self.wake.locked = false
end

return { new = new_lock }

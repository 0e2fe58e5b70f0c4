--- Whether the module sleeps, and the command that wakes it.
--
-- A module that sleeps loses the command that wakes it, or answers it with a blank line
-- (wire forms: boot, network, sleep): so "AT" goes first, again and again within a budget,
-- and the commands of callers wait until it was answered: none of them is ever sent twice.
-- It knows sleep from what the module says, or supposes it after a silence that the user
-- names. It does not know what the commands that wait are for.

local new_entry = require("bc260y.pump").entry

-- A sister module needs 1.8 s from the command that wakes to its answer.
local ANSWER = 2    -- seconds for one AT
local ANSWER_MIN = 0.3 -- the manual's longest, for a module that soon sleeps again
local TRIES = 8
local SECONDS = 20  -- for all of them; none is begun after that

local wake_methods = {}
local wake_mt = { __name = "bc260y.wake", __index = wake_methods }

-- settings: { answer, tries, seconds } or nil. sleep_after: seconds or nil.
local function new_wake(pump, ids, hooks, sleep_after, settings)
  settings = settings or {}
  pump.drowsy = sleep_after ~= nil
  return setmetatable({
    pump = pump,
    ids = ids,
    hooks = hooks,
    sleep_after = sleep_after,
    answer = settings.answer or ANSWER,
    tries_max = settings.tries or TRIES,
    seconds = settings.seconds or SECONDS,
    kind = nil,       -- "DEEPSLEEP" or "PSM": the module has said that it sleeps
    unsaid = false,   -- the last sleep's end was told before the module has said it
    locked = false,   -- it was told not to
    heard_at = nil,   -- when it last said something, on the port's clock
    sleeps = 0,       -- how often it has said so
    tries = 0,        -- since a command was answered
    since = nil,      -- when the first of them began
    patience = nil,   -- seconds for the next of them
    silent = false,   -- the last one will not be answered any more
    forgot = false,   -- an AT may still be answered of which the line knows nothing
  }, wake_mt)
end

local function is_supposed(self)
  return self.sleep_after and not self.locked and self.heard_at
    and self.pump:now() - self.heard_at >= self.sleep_after
end

--- Whether a command has to wake it first.
function wake_methods:is_asleep()
  return self.kind ~= nil or is_supposed(self) == true
end

-- What came of sleep: a module may keep its sockets, or lose those of TCP. Who has none
-- need not ask, and a module that wakes at every paging cycle is let sleep again.
local function check_sockets(self)
  if next(self.ids.sockets) ~= nil then self.ids:doubt() end
end

-- Each sleep that was told has one end that is told, whatever shows it first.
-- what: the module's word, nil: it has not come yet, and may never.
local function tell_end(self, what)
  local kind = self.kind
  if not (kind or what) then return end
  if kind or not self.unsaid then self.hooks:emit("wake", what or "EXIT " .. kind) end
  self.unsaid = not what
end

local function get_up(self, what)
  if self.forgot then self.pump.line:fence() end
  tell_end(self, what)
  self.heard_at = self.pump:now()
  self.kind, self.forgot, self.silent = nil, false, false
end

-- A command was answered. That alone ends a waking: it may have slept again before.
local function settle(self)
  self.tries = 0
  self.pump.drowsy = self.sleep_after ~= nil
end

--- The module has said that it goes to sleep. kind: "DEEPSLEEP" or "PSM". what: its word.
function wake_methods:enter(kind, what)
  self.kind = kind
  self.sleeps = self.sleeps + 1
  self.pump.drowsy = true
  self.hooks:emit("sleep", what)
end

--- The module has said (what: its word) or shown that it is awake.
function wake_methods:exit(what)
  get_up(self, what)
  check_sockets(self)
end

--- The module restarted: nothing is left to be asked for.
function wake_methods:reset()
  get_up(self)
  settle(self)
end

local UNANSWERED = {
  timeout = true, ["no response"] = true, ["no prompt"] = true, reset = true,
}
-- A URC may have been on its way when the module fell asleep.
local SHOWS_AWAKE = { result = true, info = true, payload = true }

-- A command from before the sleep may end by the clock alone, as a ping's last code and
-- an address do: that says nothing of the module.
local function is_answer(self, status)
  if UNANSWERED[status] then return false end
  local entry = self.pump.current
  return not self:is_asleep() or entry ~= nil and entry.wake == self
end

--- An event of the line, before anybody else is told. Called while pump.drowsy.
function wake_methods:heard(kind, status)
  if kind == "result" and not is_answer(self, status) then return end
  if SHOWS_AWAKE[kind] and self:is_asleep() then self:exit() end
  if kind == "result" then settle(self) end
  self.heard_at = self.pump:now()
  self.silent = false
end

-- No AT is begun any more. A waking whose command was never answered does not end else.
local function is_over(self, now)
  return now - self.since >= self.seconds
end

-- The end of one AT. Whether it was answered heard() has seen. One that is asleep again
-- by now has to be spoken to sooner after it wakes.
local function tried(entry)
  local self, status = entry.wake, entry.done
  if status == "reset" or self.pump.down or not self:is_asleep() then return end
  local slept_again = self.sleeps ~= entry.sleeps
  if slept_again and self.patience > ANSWER_MIN then self.patience = self.patience / 2 end
  self.tries = self.tries + 1
  self.silent = slept_again or self.heard_at == entry.heard_at
  if not self.pump:is_wanted() then
    self.tries = 0 -- who is not awaited any more spends nothing of the next waking
  elseif self.tries >= self.tries_max or is_over(self, self.pump:now()) then
    self.tries = 0
    self.pump:refuse("no response")
  end
end

--- The command that has to go before any other; nil: the module is awake.
-- Who says that it sleeps has said all, who was silent for a whole try has slept, and owes
-- nothing: the line need not wait 5 s for each of its own queries until it believes that.
-- What comes late all the same is caught by a fence, once the module is awake.
function wake_methods:waker()
  if not self:is_asleep() then return nil end
  local now = self.pump:now()
  if self.tries > 0 and is_over(self, now) then self.tries = 0 end
  if self.tries == 0 then self.since, self.patience = now, self.answer end
  if self.silent or self.kind and self.tries == 0 then
    self.forgot = self.pump.line:forgive() or self.forgot
    self.silent = false
  end
  local entry = new_entry("AT")
  entry.deadline, entry.bounded = now + self.patience, true
  entry.wake, entry.heard_at, entry.sleeps = self, self.heard_at, self.sleeps
  entry.finished = tried
  return entry
end

return { new = new_wake }

--- Events of one modem: who listens, and the hooks that wait to run.
--
-- It knows names of events and their values. It does not know where they come from.
-- A hook runs in a coroutine of its own, one at a time, in order, from a bounded
-- queue; what it raises is told by the "error" event and stops nothing.

local check = require "bc260y.check"

-- Hooks that wait to run, and events that wait in a queue without a function.
local WAITING_MAX = 256

local unpack = table.unpack or unpack

-- A subscription of any kind: subscription:take(event values). ---------------------

local hook_methods = {}
local hook_mt = { __name = "bc260y.subscription", __index = hook_methods }

local queue_methods = {}
local queue_mt = { __name = "bc260y.queue", __index = queue_methods }

-- What modem:wait parks on.
local once_mt = { __index = {} }

local hooks_methods = {}
local hooks_mt = { __name = "bc260y.hooks", __index = hooks_methods }

local function new_hooks(pump)
  return setmetatable({
    pump = pump,
    listeners = {},  -- event -> array, replaced whole whenever it changes
    listening = false, -- somebody listens to something
    waiting = {},    -- hooks that wait to run, from `first` to `last`
    first = 1,
    last = 0,
    running = false,
    dropped = 0,     -- events that did not fit since the last report
    over = nil,      -- why no event will come any more, though the pump goes on
    stats = { hooks = 0, hook_errors = 0, hooks_dropped = 0, last_hook_error = nil },
  }, hooks_mt)
end

local function subscribe(self, event, listener)
  local list = { unpack(self.listeners[event] or {}) }
  list[#list + 1] = listener
  self.listeners[event] = list
  self.listening = true
  return listener
end

local function unsubscribe(self, event, listener)
  local list = {}
  for _, other in ipairs(self.listeners[event] or {}) do
    if other ~= listener then list[#list + 1] = other end
  end
  self.listeners[event] = list[1] and list or nil
  self.listening = next(self.listeners) ~= nil
end

--- Tells everybody who listens to `event`.
function hooks_methods:emit(event, ...)
  local list = self.listeners[event]
  if not list then return end
  for i = 1, #list do list[i]:take(event, ...) end
end

-- Hooks. ---------------------------------------------------------------------------

local run_next

-- What a hook raised. An error in an "error" hook is only counted: it would call itself.
local function hook_ended(self, event, ok, err)
  self.running = false
  if not ok then
    self.stats.hook_errors = self.stats.hook_errors + 1
    self.stats.last_hook_error = err
    if event ~= "error" then self:emit("error", err, event) end
  end
  if not self.pump.loop.inline then run_next(self) end
end

run_next = function(self)
  if self.running then return end
  local item
  repeat
    if self.first > self.last then
      self.first, self.last = 1, 0
      local dropped = self.dropped
      if dropped == 0 then return end
      self.dropped = 0
      self:emit("error", "hooks were too slow: events were dropped", dropped)
      return
    end
    item = self.waiting[self.first]
    self.waiting[self.first] = nil
    self.first = self.first + 1
  until not item.hook.cancelled
  self.running = true
  self.stats.hooks = self.stats.hooks + 1
  self.pump.loop:spawn(function(ok, err) hook_ended(self, item.event, ok, err) end,
    item.hook.fn, unpack(item, 1, item.n))
end

function hook_methods:take(event, ...)
  local owner = self.owner
  if owner.last - owner.first + 1 >= WAITING_MAX then
    owner.dropped = owner.dropped + 1
    owner.stats.hooks_dropped = owner.stats.hooks_dropped + 1
    return
  end
  owner.last = owner.last + 1
  owner.waiting[owner.last] = { hook = self, event = event, n = select("#", ...), ... }
  if not owner.pump.loop.inline then run_next(owner) end
end

--- No more of its events; those that wait for it are dropped.
function hook_methods:cancel()
  if self.cancelled then return end
  self.cancelled = true
  unsubscribe(self.owner, self.event, self)
end

--- Runs what waits, where hooks run in the thread of the caller.
function hooks_methods:run()
  if self.running then return end
  while self.first <= self.last or self.dropped > 0 do run_next(self) end
end

-- Queues. --------------------------------------------------------------------------

local function wake(owner, waiter)
  waiter.done = true
  owner.pump.loop:wake(waiter)
end

function queue_methods:take(_, ...)
  if self.last - self.first + 1 >= self.limit then
    self.lost = self.lost + 1
    return
  end
  self.last = self.last + 1
  self.items[self.last] = { before = self.lost, n = select("#", ...), ... }
  self.lost = 0
  if self.waiter then wake(self.owner, self.waiter) end
end

-- What stands first: the item itself, unless a gap before it has to be told.
local function pop(self)
  local item = self.items[self.first]
  local gap = item and item.before or self.lost
  if gap > 0 then
    if item then item.before = 0 else self.lost = 0 end
    return nil, "overflow", gap
  end
  self.items[self.first] = nil
  self.first = self.first + 1
  if item.n == 0 then return true end
  return unpack(item, 1, item.n)
end

--- The next event's values (true where it has none).
-- timeout: seconds, nil: no limit. Result: the values, or nil and "timeout",
-- "overflow" and how many events did not fit before the next, "lost", "closed".
function queue_methods:wait(timeout)
  local owner = self.owner
  local pump = owner.pump
  check.timeout(timeout, 2)
  pump.loop:check()
  if self.waiter then error("another task waits on this queue", 2) end
  if self.first > self.last and self.lost == 0 then
    if self.cancelled then return nil, "closed" end
    if pump.down or owner.over then return nil, pump.down or owner.over end
    local waiter = { done = false }
    self.waiter = waiter
    pump:await(waiter, timeout and pump:now() + timeout, true)
    self.waiter = nil
    if self.first > self.last and self.lost == 0 then
      if self.cancelled then return nil, "closed" end
      return nil, pump.down or owner.over or "timeout"
    end
  end
  return pop(self)
end

--- No more events; those that wait in it can still be taken.
function queue_methods:cancel()
  if self.cancelled then return end
  self.cancelled = true
  unsubscribe(self.owner, self.event, self)
  if self.waiter then wake(self.owner, self.waiter) end
end

-- Waits. ---------------------------------------------------------------------------

function once_mt.__index:take(_, ...)
  if self.done then return end
  self.values = { n = select("#", ...), ... }
  wake(self.owner, self)
end

--- Calls fn(values...) for each event; without fn, a bounded queue of them.
function hooks_methods:on(event, fn)
  if fn then
    return subscribe(self, event, setmetatable({
      owner = self,
      event = event,
      fn = fn,
      cancelled = false,
    }, hook_mt))
  end
  return subscribe(self, event, setmetatable({
    owner = self,
    event = event,
    items = {},
    first = 1,
    last = 0,
    lost = 0,       -- events that did not fit behind the last item
    limit = WAITING_MAX,
    waiter = nil,
    cancelled = false,
  }, queue_mt))
end

--- The values of the next event that comes, or nil and "timeout", "lost", "closed".
function hooks_methods:wait(event, timeout)
  local pump = self.pump
  local waiter = subscribe(self, event, setmetatable({ done = false, owner = self }, once_mt))
  pump:await(waiter, timeout and pump:now() + timeout, true)
  unsubscribe(self, event, waiter)
  local values = waiter.values
  if not values then return nil, pump.down or "timeout" end
  if values.n == 0 then return true end
  return unpack(values, 1, values.n)
end

--- Nobody waits for events any more: the modem is down, or for that reason.
function hooks_methods:down(reason)
  self.over = reason
  for _, list in pairs(self.listeners) do
    for i = 1, #list do
      local listener = list[i]
      local waiter = listener.waiter or getmetatable(listener) == once_mt and listener
      if waiter and not waiter.done then wake(self, waiter) end
    end
  end
end

return { new = new_hooks }

--- The library's own small loop: tasks, timers, and the modems that they use.
--
-- It knows coroutines and time. It does not know what a task does, nor what a modem
-- says. This is the whole of what a loop is to the rest of the library:
--
--   loop:attach(pump), loop:detach(pump)   take over a modem's pump, let go of it
--   loop:park(pump, waiter, seconds, idle) block the caller until loop:wake(waiter), or
--                        until `seconds` (nil: no limit) have passed on the pump's clock;
--                        it may come back early. idle: hooks may run meanwhile
--   loop:wake(waiter)    after waiter.done was set
--   loop:spawn(ended, fn, ...)  start a task; ended(ok, err) takes what it raises
--   loop:sleep(seconds)
--   loop:at_end(fn)      fn() is called when the running task has ended; it must not block.
--                        Not where loop.inline: there are no tasks
--   loop:check(pump)     raise unless the caller may block in this loop. Result: whether
--                        it may as well wait for that pump itself
--   loop.inline          true: hooks run in the thread of the caller (loop/block.lua)
--
-- A pump offers pump:step(seconds), which waits and turns it, for whoever has but one;
-- pump:due() -> seconds|nil, want_write; pump:turn(readable), nil for a port that is
-- lost; pump:now(); pump.line:fd().

local check = require "bc260y.check"
local core = require "bc260y.core"
local ports = require "bc260y.loop.ports"

local create, resume, status = coroutine.create, coroutine.resume, coroutine.status
local running, yield = coroutine.running, coroutine.yield
local isyieldable = coroutine.isyieldable -- not on 5.1 and 5.2
local unpack = table.unpack or unpack

-- Which loop each coroutine belongs to: the library's only state.
local loops = setmetatable({}, { __mode = "k" })
-- coroutine.running() is nil on the main thread of 5.1.
local MAIN = {}
-- What a task yields that only tries whether it can, and is resumed at once.
local TRIAL = {}

local task_methods = {}
local task_mt = { __name = "bc260y.task", __index = task_methods }

-- What fn returned goes into the task: resume gives no more than whether it parked.
local function keep(task, ...)
  task.results = { n = select("#", ...), ... }
end

local function new_task(loop, ended, fn, ...)
  local count, arguments = select("#", ...), { ... }
  local task = setmetatable({
    loop = loop,
    co = nil,
    ended = ended, -- told how it ended, in place of the loop
    waiter = nil,  -- what it is parked on
    at = nil,      -- when its park is over, on the loop's clock
    index = nil,   -- its place in the loop's timers
    results = nil, -- what it returned, once it has
    joined = nil,  -- waiters of task:wait
    at_end = nil,  -- functions to be called then
  }, task_mt)
  task.co = create(function() return keep(task, fn(unpack(arguments, 1, count))) end)
  loops[task.co] = loop
  return task
end

-- A binary heap of parked tasks, the earliest first. ------------------------------

local function sift_up(heap, task, i)
  while i > 1 do
    local half = (i - i % 2) / 2
    local parent = heap[half]
    if parent.at <= task.at then break end
    heap[i] = parent
    parent.index = i
    i = half
  end
  heap[i] = task
  task.index = i
end

local function sift_down(heap, task, i)
  local count = #heap
  while true do
    local child = i * 2
    if child > count then break end
    if child < count and heap[child + 1].at < heap[child].at then child = child + 1 end
    if heap[child].at >= task.at then break end
    heap[i] = heap[child]
    heap[i].index = i
    i = child
  end
  heap[i] = task
  task.index = i
end

local function remove_timer(heap, task)
  local i, count = task.index, #heap
  local last = heap[count]
  heap[count] = nil
  task.index = nil
  if i == count then return end
  sift_up(heap, last, i)
  sift_down(heap, last, last.index)
end

-- The loop. -----------------------------------------------------------------------

-- So many tasks may run before the ports are looked after again.
local ROUND_MAX = 1000

local own_methods = {}
local own_mt = { __name = "bc260y.loop.own", __index = own_methods }

local function new_loop()
  return setmetatable({
    pumps = {},
    only = nil,     -- the pump, when there is one alone
    ready = {},     -- tasks to be resumed, from `first` to `last`
    first = 1,
    last = 0,
    timers = {},
    current = nil,  -- the task that runs,
    co = nil,       -- its coroutine,
    alone = false,  -- and the only modem, while nobody else has anything to do: then the
                    -- task does the loop's work itself, where it would park
    failed = nil,   -- a task that nobody watches raised: { err }
    ended = false,
    clock = nil,    -- see own:now
    set = nil,      -- see ports.turn_all
  }, own_mt)
end

-- All times are those of the first modem's port, so that a scripted port may bring
-- its own clock: if it has a field `clock` with now() and wait(seconds), then that goes
-- on when the port is gone. Without a modem, those of the machine.
function own_methods:now()
  local pump = self.pumps[1]
  if pump then return pump:now() end
  return (self.clock or core):now()
end

local function rebase(self, before)
  local delta = self:now() - before
  if delta == 0 then return end
  for i = 1, #self.timers do
    self.timers[i].at = self.timers[i].at + delta
  end
end

function own_methods:attach(pump)
  local before = self:now()
  self.pumps[#self.pumps + 1] = pump
  self.only = #self.pumps == 1 and pump or nil
  self.alone = false
  self.set = nil
  self.clock = self.clock or pump.clock
  rebase(self, before)
end

function own_methods:detach(pump)
  local before = self:now()
  for i = #self.pumps, 1, -1 do
    if self.pumps[i] == pump then table.remove(self.pumps, i) end
  end
  self.only = #self.pumps == 1 and self.pumps[1] or nil
  self.alone = false
  self.set = nil
  rebase(self, before)
end

-- Where a yield would raise a call has to raise always, not only when others are busy,
-- and before it has changed anything: on 5.1 that is so inside pcall.
function own_methods:check(pump)
  if running() == self.co then
    if not isyieldable then
      yield(TRIAL)
    elseif not isyieldable() then
      error("a task can't yield inside a metamethod or a function that C calls", 3)
    end
    return self.alone == pump
  end
  if self.ended then
    error("the bc260y.run that this modem was opened in has ended", 3)
  end
  error("called from a coroutine that is no task of this modem's loop: "
    .. "start it with bc260y.spawn", 3)
end

local function add_timer(self, task, seconds)
  local timers = self.timers
  if task.index then remove_timer(timers, task) end -- of a park whose yield raised
  task.at = self:now() + seconds
  sift_up(timers, task, #timers + 1)
end

function own_methods:park(pump, waiter, seconds)
  if self.alone == pump then return pump:step(seconds) end
  local task = self.current
  if seconds then add_timer(self, task, seconds) end
  task.waiter = waiter
  waiter.task = task
  yield(self)
end

local function make_ready(self, task)
  task.waiter = nil
  if task.index then remove_timer(self.timers, task) end
  local last = self.last + 1
  self.last = last
  self.ready[last] = task
  self.alone = false
end

function own_methods:wake(waiter)
  local task = waiter.task -- nil: it does not park
  if task and task.waiter == waiter and not self.ended then make_ready(self, task) end
end

function own_methods:sleep(seconds)
  self:check()
  self:park(nil, {}, seconds > 0 and seconds or 0)
end

--- fn() is called when the running task has ended, however it did.
function own_methods:at_end(fn)
  local task = self.current
  task.at_end = task.at_end or {}
  table.insert(task.at_end, fn)
end

local function tell_end(self, task)
  local joined, at_end = task.joined, task.at_end
  for i = 1, joined and #joined or 0 do
    joined[i].done = true
    self:wake(joined[i])
  end
  for i = 1, at_end and #at_end or 0 do at_end[i]() end
end

-- Whoever calls run may add a traceback of its own, as lua does: this one says whose it is.
local function describe(co, err)
  if type(err) ~= "string" then return err end
  local trace = debug.traceback(co, ""):gsub("^%s*stack traceback:", "", 1)
  return err .. "\nstack traceback of the task:" .. trace
end

local STRANGER = "a task called coroutine.yield itself: inside bc260y.run only the "
  .. "library's own calls may yield from a task"

-- A task that did not park: it has ended, or gone astray.
local function stopped(self, task, ok, err)
  if ok and status(task.co) == "dead" then
    tell_end(self, task)
    if task.ended then task.ended(true) end
    return
  end
  if ok then err = STRANGER end
  task.results = { n = 0, err = err }
  tell_end(self, task)
  if task.ended then
    task.ended(false, err)
  elseif not self.failed then
    self.failed = { describe(task.co, err) }
  end
end

local function run_timers(self, timers)
  local now = self:now() + 1e-6
  while timers[1] and timers[1].at <= now do
    make_ready(self, timers[1])
  end
end

-- How long the ports may be waited for; nil: no task wants to run by itself.
local function patience(self)
  if self.first <= self.last then return 0 end
  local task = self.timers[1]
  if not task then
    if self.pumps[1] then return nil end
    error("every task of bc260y.run waits, and nothing is left that could wake one", 0)
  end
  local seconds = task.at - self:now()
  return seconds > 0 and seconds or 0
end

-- Runs until the task has ended, or one that nobody watches has failed. This is the way
-- of every command: tasks, the ports, and those whom they woke.
local function run_until(self, main)
  local ready, timers = self.ready, self.timers
  while true do
    local i, stop = self.first, self.first + ROUND_MAX
    while i <= self.last and i < stop do
      local task = ready[i]
      ready[i] = nil
      i = i + 1
      self.first = i
      self.current, self.co = task, task.co
      self.alone = i > self.last and isyieldable and not timers[1] and self.only or false
      local ok, what = resume(task.co)
      while what == TRIAL do ok, what = resume(task.co) end
      if what ~= self then
        stopped(self, task, ok, what)
        if self.failed or main.results then return end
      end
    end
    local only, seconds = self.only, nil
    if i > self.last then self.first, self.last = 1, 0 end
    if timers[1] or i <= self.last or not only then seconds = patience(self) end
    if only then only:step(seconds) else ports.turn_all(self, self.pumps, seconds) end
    if timers[1] then run_timers(self, timers) end
  end
end

--- Starts fn(...) as a task of this loop. `ended(ok, err)` is called at its end; without
-- it an error of the task ends bc260y.run.
function own_methods:spawn(ended, fn, ...)
  local task = new_task(self, ended, fn, ...)
  make_ready(self, task)
  return task
end

--- Waits until the task has ended.
-- timeout: seconds, nil: no limit. Result: what its function returned, or
-- nil, "timeout"; or nil, "error", and what it raised, where somebody watched it.
function task_methods:wait(timeout)
  local loop = self.loop
  check.timeout(timeout, 2)
  loop:check()
  if self == loop.current then error("a task can't wait for itself", 2) end
  if not self.results then
    local waiter = { done = false }
    self.joined = self.joined or {}
    table.insert(self.joined, waiter)
    loop:park(nil, waiter, timeout)
    if not waiter.done then return nil, "timeout" end
  end
  if self.results.err ~= nil then return nil, "error", self.results.err end
  return unpack(self.results, 1, self.results.n)
end

-- Tasks that have not ended are dropped. On 5.1 a coroutine that its loop still knew would
-- stay for ever, since `loops` leads from one to the other.
local function drop_all(self)
  self.ended = true
  self.pumps, self.ready, self.timers = {}, {}, {}
  self.only, self.current, self.co, self.alone = nil, nil, false, false
end

local own = {}

local function key()
  local co = running()
  return co or MAIN
end

--- The loop of the running coroutine, or nil.
function own.current()
  return loops[key()]
end

--- Says that a coroutine (nil: the running one) belongs to a loop.
function own.adopt(loop, co)
  loops[co or key()] = loop
end

--- Runs fn(...) as the first task of a new loop, and returns what it returns, as soon as
-- it has. Tasks that have not ended by then are dropped: wait for those that matter
-- (task:wait). What fn raises comes out of here, a string with the task's traceback below
-- it, and so does, at once, what a spawned task raises.
function own.run(fn, ...)
  if type(fn) ~= "function" then error("function expected, got " .. type(fn), 2) end
  local outer = own.current()
  if outer and not outer.inline then error("bc260y.run inside bc260y.run", 2) end
  local self = new_loop()
  local main = self:spawn(nil, fn, ...)
  local ok, err = pcall(run_until, self, main)
  drop_all(self)
  if not ok then error(err, 0) end
  if self.failed then error(self.failed[1], 0) end
  return unpack(main.results, 1, main.results.n)
end

return own

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
--   loop:check()         raise unless the caller may block in this loop
--   loop.inline          true: hooks run in the thread of the caller (loop/block.lua)
--
-- A pump offers pump:step(seconds), which waits and turns it, for whoever has but one;
-- pump:due() -> seconds|nil, want_write; pump:turn(readable), nil for a port that is
-- lost; pump:now(); pump.line:fd().

local core = require "bc260y.core"
local ports = require "bc260y.loop.ports"

local create, resume, status = coroutine.create, coroutine.resume, coroutine.status
local running, yield = coroutine.running, coroutine.yield
local unpack = table.unpack or unpack

-- Which loop each coroutine belongs to: the library's only state.
local loops = setmetatable({}, { __mode = "k" })
-- coroutine.running() is nil on the main thread of 5.1.
local MAIN = {}

local task_methods = {}
local task_mt = { __name = "bc260y.task", __index = task_methods }

local function new_task(loop, fn, ended)
  return setmetatable({
    loop = loop,
    co = create(function(...) return fn(...) end), -- 5.1 takes no C function
    ended = ended, -- told how it ended, in place of the loop
    waiter = nil,  -- what it is parked on
    at = nil,      -- when its park is over, on the loop's clock
    index = nil,   -- its place in the loop's timers
    results = nil, -- what it returned, once it has
    joined = nil,  -- waiters of task:wait
  }, task_mt)
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

local own_methods = {}
local own_mt = { __name = "bc260y.loop.own", __index = own_methods }

local function new_loop()
  return setmetatable({
    pumps = {},
    ready = {},     -- tasks to be resumed, from `first` to `last`
    first = 1,
    last = 0,
    timers = {},
    current = nil,  -- the task that runs
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
  self.set = nil
  self.clock = self.clock or pump.clock
  rebase(self, before)
end

function own_methods:detach(pump)
  local before = self:now()
  for i = #self.pumps, 1, -1 do
    if self.pumps[i] == pump then table.remove(self.pumps, i) end
  end
  self.set = nil
  rebase(self, before)
end

function own_methods:check()
  local task = self.current
  if task and running() == task.co then return end
  if self.ended then
    error("the bc260y.run that this modem was opened in has ended", 3)
  end
  error("called from a coroutine that is no task of this modem's loop: "
    .. "start it with bc260y.spawn", 3)
end

function own_methods:park(_, waiter, seconds)
  local task = self.current
  if seconds then
    task.at = self:now() + seconds
    local timers = self.timers
    sift_up(timers, task, #timers + 1)
  end
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
end

function own_methods:wake(waiter)
  local task = waiter.task
  -- On 5.1 a yield inside the user's pcall raises: that task never parked here.
  if task and task.waiter == waiter then make_ready(self, task) end
end

function own_methods:sleep(seconds)
  self:check()
  self:park(nil, {}, seconds > 0 and seconds or 0)
end

local function wake_joined(self, task)
  local joined = task.joined
  if not joined then return end
  for i = 1, #joined do
    joined[i].done = true
    self:wake(joined[i])
  end
end

local function describe(co, err)
  if type(err) ~= "string" then return err end
  return debug.traceback(co, err)
end

local STRANGER = "a task called coroutine.yield itself: inside bc260y.run only the "
  .. "library's own calls may yield from a task"

-- What resuming a task gave.
local function resumed(self, task, ok, ...)
  local first = ...
  self.current = nil
  if ok and first == self then return end
  if ok and status(task.co) == "dead" then
    task.results = { n = select("#", ...), ... }
    wake_joined(self, task)
    if task.ended then task.ended(true) end
    return
  end
  local err = ok and STRANGER or first
  task.results = { n = 0, err = err }
  wake_joined(self, task)
  if task.ended then
    task.ended(false, err)
  elseif not self.failed then
    self.failed = { describe(task.co, err) }
  end
end

local function start(self, task, ...)
  loops[task.co] = self
  if select("#", ...) > 0 then task.arguments = { n = select("#", ...), ... } end
  make_ready(self, task)
  return task
end

local function run_ready(self)
  local ready = self.ready
  local last = self.last -- those that become ready meanwhile come after the ports
  for i = self.first, last do
    local task = ready[i]
    ready[i] = nil
    self.first = i + 1
    self.current = task
    local arguments = task.arguments
    if arguments then
      task.arguments = nil
      resumed(self, task, resume(task.co, unpack(arguments, 1, arguments.n)))
    else
      resumed(self, task, resume(task.co))
    end
    if self.failed then return end
  end
  if self.first > self.last then
    self.first, self.last = 1, 0
  end
end

local function run_timers(self)
  local timers = self.timers
  if not timers[1] then return end
  local now = self:now() + 1e-6
  while timers[1] and timers[1].at <= now do
    make_ready(self, timers[1])
  end
end

local function wait(self)
  local seconds
  if self.first <= self.last then
    seconds = 0
  elseif self.timers[1] then
    seconds = self.timers[1].at - self:now()
    if seconds < 0 then seconds = 0 end
  elseif #self.pumps == 0 then
    error("every task of bc260y.run waits, and nothing is left that could wake one", 0)
  end
  ports.turn_all(self, self.pumps, seconds)
end

-- Runs until the task has ended, or one that nobody watches has failed.
local function run_until(self, main)
  while not main.results do
    run_ready(self)
    if self.failed then return end
    if not main.results then
      wait(self)
      run_timers(self)
    end
  end
end

--- Starts fn(...) as a task of this loop. `ended(ok, err)` is called at its end; without
-- it an error of the task ends bc260y.run.
function own_methods:spawn(ended, fn, ...)
  return start(self, new_task(self, fn, ended), ...)
end

--- Waits until the task has ended.
-- timeout: seconds, nil: no limit. Result: what its function returned, or
-- nil, "timeout"; or nil, "error", and what it raised, where somebody watched it.
function task_methods:wait(timeout)
  local loop = self.loop
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
-- (task:wait). What fn raises comes out of here with a traceback, and so does, at once,
-- what a spawned task raises.
function own.run(fn, ...)
  local outer = own.current()
  if outer and not outer.inline then error("bc260y.run inside bc260y.run", 3) end
  local self = new_loop()
  local main = start(self, new_task(self, fn), ...)
  run_until(self, main)
  self.ended = true
  for i = #self.pumps, 1, -1 do self.pumps[i].stranded = true end
  self.pumps = {}
  if self.failed then error(self.failed[1], 0) end
  return unpack(main.results, 1, main.results.n)
end

return own

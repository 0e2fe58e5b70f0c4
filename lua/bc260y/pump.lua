--- The pump of one modem: its line, and the queue of commands before it.
--
-- It does all that can be done without waiting, in turn(); the loop says when. It
-- knows commands as lines and results. It does not know what a command is for: events
-- go to its owner, results to whoever awaits the entry.
--
-- The owner offers owner:event(kind, a, b), owner:chore() -> entry|nil (a command to
-- send when the line is idle), owner:lost(reason) and owner:run_hooks(); and while
-- pump.drowsy: owner:heard(kind, status) before each event, owner:waker() -> entry|nil
-- (a command that has to go before any other).

-- So many commands may go before a chore, which else waits until the line is idle.
local CHORE_PATIENCE = 4

-- Seconds that no port is waited for: a clock need not move for so little.
local INSTANT = 1e-6

local pump_methods = {}
local pump_mt = { __name = "bc260y.pump", __index = pump_methods }

--- One command, on its way through queue and exchange.
-- deadline: when the caller stops waiting, on the port's clock, or nil.
local function new_entry(text)
  return {
    text = text,
    data = nil,     -- what goes out after the prompt
    prefix = nil,   -- of its information lines
    bare = false,   -- lines without a prefix belong to it
    bounded = false, -- the caller's deadline is also that of the first answer
    patience = nil, -- seconds for the first answer, from when the command is written
    deadline = nil,
    lines = nil,    -- its information lines
    done = false,   -- or how it ended: as the exchange says, or "busy" "lost" "closed"
    code = nil,
    doubtful = false,
    abandoned = false, -- nobody awaits it any more
    finished = nil, -- function(entry), called at its end in any case; must not block
    progress = nil, -- function(line), called for each of its lines as it comes; likewise
    task = nil,     -- the loop's
    next = nil,
  }
end

local function new_pump(line, loop, owner)
  return setmetatable({
    line = line,
    loop = loop,
    owner = owner,
    clock = nil,       -- the port's, if it brings one (loop/own.lua)
    current = nil,     -- the entry that the exchange has
    head = nil,        -- entries that wait, first in, first out
    tail = nil,
    draining = false,
    chores = { due = false }, -- shared with finalizers, which may only set it
    passed = 0,        -- commands that went before a chore
    drowsy = false,    -- the module may sleep: the owner is asked before anything is sent
    down = nil,        -- "lost" or "closed": nothing is sent any more
  }, pump_mt)
end

local function finish(self, entry, status, code)
  entry.done = status
  if code then entry.code = code end
  if entry.finished then entry.finished(entry) end
  self.loop:wake(entry)
end

-- Hands an entry to the exchange. False when that still writes an older one.
local function start(self, entry)
  local line, timeout = self.line, entry.patience
  if entry.bounded then
    timeout = entry.deadline - line:now()
    if timeout < 0.001 then timeout = 0.001 end
  end
  local ok, err, what = line:start(entry.text, entry.data, timeout, entry.prefix, entry.bare)
  if ok then
    self.current = entry
  elseif err == "busy" then
    return false
  else
    finish(self, entry, err, what)
  end
  return true
end

local function append(self, entry)
  if self.tail then self.tail.next = entry else self.head = entry end
  self.tail = entry
end

local function put_back(self, entry)
  entry.next = self.head
  self.head = entry
  self.tail = self.tail or entry
end

-- The entry whose turn it is, out of the queue; nil: there is none.
local function take_next(self)
  local chores = self.chores
  if chores.due and (not self.head or self.passed >= CHORE_PATIENCE) then
    self.passed = 0
    local chore = self.owner:chore()
    if chore then return chore end
  end
  local entry = self.head
  if not entry then return nil end
  self.head = entry.next
  if not self.head then self.tail = nil end
  entry.next = nil
  if chores.due then self.passed = self.passed + 1 end
  return entry
end

local function start_next(self)
  while not self.current and not self.down and (self.head or self.chores.due) do
    local waker = self.drowsy and self.owner:waker()
    local entry = waker or take_next(self)
    if not entry then return end
    if not start(self, entry) then
      if not waker then put_back(self, entry) end
      return
    end
  end
end

--- Queues an entry, and starts it if the line is free.
function pump_methods:submit(entry)
  if self.down then return finish(self, entry, self.down) end
  if self.current or self.head or self.draining then
    append(self, entry)
  elseif self.drowsy then
    append(self, entry)
    start_next(self)
  elseif not start(self, entry) then
    self.head, self.tail = entry, entry
  end
end

-- Hands out one event.
local function dispatch(self, kind, a, b, c)
  local entry = self.current
  if self.drowsy then self.owner:heard(kind, a) end
  if kind == "result" then
    self.current = nil
    if entry then
      if c then entry.doubtful = true end
      finish(self, entry, a, b)
    end
  elseif kind == "info" then
    if entry then
      local lines = entry.lines
      if lines then lines[#lines + 1] = a else entry.lines = { a } end
      if entry.progress and not entry.abandoned then entry.progress(a) end
    end
  elseif kind == "lost" then
    self:lose("lost")
  else
    self.owner:event(kind, a, b)
  end
end

-- Hands out all that has come, from the first event on.
local function drain(self, line, kind, a, b, c, last)
  self.draining = true
  while kind do
    dispatch(self, kind, a, b, c)
    if last == true or self.down then break end
    kind, a, b, c, last = line:next()
  end
  self.draining = false
end

--- Does all that can be done now: reads if there is something to read, hands out what
-- came, writes, starts the next command. Never waits. readable: nil: the port is lost.
function pump_methods:turn(readable)
  if self.down then return end
  if readable == nil then return self:lose("lost") end
  drain(self, self.line, self.line:turn(readable))
  if not self.current and (self.head or self.chores.due) then start_next(self) end
end

--- Waits at most `seconds` (nil: no limit) until there is something to do, and does it.
function pump_methods:step(seconds)
  local line, chores = self.line, self.chores
  if chores.due and not self.current and not self.head then seconds = 0 end
  local kind, a, b, c, last = line:step(seconds)
  if kind then drain(self, line, kind, a, b, c, last) end
  if (self.head or chores.due) and not self.current then start_next(self) end
end

--- Whether anything waits to be sent.
function pump_methods:is_wanted()
  return self.head ~= nil or self.chores.due
end

--- When it wants to be turned though nothing can be read.
-- Result: seconds from now, or nil; and whether it wants to write.
function pump_methods:due()
  local seconds, writable = self.line:due()
  if self.chores.due and not self.current and not self.head then seconds = 0 end
  return seconds, writable
end

--- Seconds on the clock of the port.
function pump_methods:now()
  return self.line:now()
end

--- Seconds until a deadline on that clock; 0: it has passed.
function pump_methods:left(deadline)
  local seconds = deadline - self:now()
  return seconds > INSTANT and seconds or 0
end

--- Blocks the caller until waiter.done, or until the deadline has passed.
-- deadline: on the port's clock, nil: no limit. idle: hooks may run meanwhile.
-- Result: whether it is done.
function pump_methods:await(waiter, deadline, idle)
  local loop, seconds = self.loop, nil
  repeat
    if waiter.done then return true end
    if self.down then return false end
    if deadline then
      local left = self:left(deadline)
      if left == 0 and seconds then return false end
      seconds = left -- 0: what has already come in still counts
    end
    loop:park(self, waiter, seconds, idle)
  until waiter.done
  return true
end

local function withdraw(self, entry)
  local previous, at = nil, self.head
  while at and at ~= entry do previous, at = at, at.next end
  if not at then return false end
  if previous then previous.next = entry.next else self.head = entry.next end
  if self.tail == entry then self.tail = previous end
  entry.next = nil
  return true
end

--- The caller's deadline has passed: withdraws the entry if nothing of it was sent.
-- Result: the status that the caller gets.
function pump_methods:expire(entry)
  local withdrawn = withdraw(self, entry)
  if not withdrawn and self.current == entry and self.line:cancel() then
    self.current = nil
    withdrawn = true
  end
  if withdrawn then
    finish(self, entry, "busy")
    return "busy"
  end
  entry.abandoned = true
  return "timeout"
end

--- Sends a command and blocks the caller until it has ended, or its deadline has passed.
-- Result: the status, as the exchange names it, "busy" when nothing was sent.
-- After "timeout" of an entry that is not done the operation still goes on.
function pump_methods:execute(entry)
  self:submit(entry)
  if entry.done or self:await(entry, entry.deadline) then return entry.done end
  return self:expire(entry)
end

--- Sends a plain command and waits for its end, for a caller who may wait for this pump
-- itself, if the line is free. While entries wait in the queue the exchange is busy.
-- Result: as execute, its lines or nil, its code; or nil: go the long way.
function pump_methods:quick(text)
  if self.current or self.chores.due or self.drowsy or self.down then return nil end
  local line = self.line
  local kind, status, code, doubtful, last = line:run(text)
  if last == true and not doubtful then return status, nil, code end
  if kind == "refused" then
    if status == "busy" then return nil end
    return status, nil, code
  end
  local entry = new_entry(text)
  self.current = entry
  if kind then drain(self, line, kind, status, code, doubtful, last) end
  self:await(entry)
  if entry.doubtful and entry.done == "ok" then return "timeout" end
  return entry.done, entry.lines, entry.code
end

-- Ends all that wait in the queue.
local function finish_queue(self, status)
  local entry = self.head
  self.head, self.tail = nil, nil
  while entry do
    local following = entry.next
    entry.next = nil
    finish(self, entry, status)
    entry = following
  end
end

--- Everything that waits to be sent ends with that status, chores too.
function pump_methods:refuse(status)
  finish_queue(self, status)
  while self.chores.due do
    local chore = self.owner:chore()
    if not chore then return end
    finish(self, chore, status)
  end
end

--- Nothing can be sent any more: everything in flight and queued ends with `reason`.
function pump_methods:lose(reason)
  if self.down then return end
  self.down = reason
  self.line:close()
  self.loop:detach(self)
  local entry = self.current
  self.current = nil
  if entry then finish(self, entry, reason) end
  finish_queue(self, reason)
  self.owner:lost(reason)
end

--- Runs the hooks that wait, where they run in the thread of the caller.
function pump_methods:run_hooks()
  self.owner:run_hooks()
end

return { new = new_pump, entry = new_entry }

--- The pump of one modem: port and exchange, and the queue of commands before them.
--
-- It does all that can be done without waiting, in turn(); the loop says when. It
-- knows commands as lines and results. It does not know what a command is for: events
-- go to its owner, results to whoever awaits the entry.
--
-- The owner offers owner:event(kind, a, b), owner:chore() -> entry|nil (a command to
-- send when the line is idle), owner:lost(reason) and owner:run_hooks().

local core = require "bc260y.core"

local READ_MAX = 4096
-- A module that never stops talking must not keep the others from being served.
local READS_MAX = 8
-- So many commands may go before a chore, which else waits until the line is idle.
local CHORE_PATIENCE = 4

local pump_methods = {}
local pump_mt = { __name = "bc260y.pump", __index = pump_methods }

local function new_pump(port, exchange, loop, owner)
  return setmetatable({
    port = port,
    exchange = exchange,
    loop = loop,
    owner = owner,
    trace = nil,       -- function(">" or "<", bytes, now)
    current = nil,     -- the entry that the exchange has
    head = nil,        -- entries that wait, first in, first out
    tail = nil,
    want_write = false, -- the port took less than there was
    draining = false,
    chores = { due = false }, -- shared with finalizers, which may only set it
    passed = 0,        -- commands that went before a chore
    down = nil,        -- "lost" or "closed": nothing is sent any more
    past = {},         -- counters of exchanges that were given up
  }, pump_mt)
end

--- One command, on its way through queue and exchange.
-- deadline: when the caller stops waiting, on the port's clock, or nil.
local function new_entry(text)
  return {
    text = text,
    data = nil,     -- what goes out after the prompt
    prefix = nil,   -- of its information lines
    bare = false,   -- lines without a prefix belong to it
    bounded = false, -- the caller's deadline is also that of the first answer
    deadline = nil,
    lines = nil,    -- its information lines
    status = nil,   -- how it ended, as the exchange names it, or "busy" "lost" "closed"
    code = nil,
    doubtful = nil,
    done = false,
    abandoned = false, -- nobody awaits it any more
    finished = nil, -- function(entry), called at its end in any case; must not block
    task = nil,     -- the loop's
    next = nil,
  }
end

local function finish(self, entry, status, code)
  entry.status, entry.code = status, code
  entry.done = true
  if entry.finished then entry.finished(entry) end
  self.loop:wake(entry)
end

-- Writes what the exchange has to say now.
local function flush(self, now)
  local exchange = self.exchange
  local bytes = exchange:output(now)
  if not bytes then
    self.want_write = false
    return
  end
  local count = self.port:write(bytes)
  if not count then return self:lose("lost") end
  if self.trace and count > 0 then self.trace(">", bytes:sub(1, count), now) end
  exchange:written(now, count)
  self.want_write = count < #bytes
end

-- Hands an entry to the exchange. False when that still writes an older one.
local function start(self, entry, now)
  local timeout
  if entry.bounded then
    timeout = entry.deadline - now
    if timeout < 0.001 then timeout = 0.001 end
  end
  local ok, err, what = self.exchange:start(now, entry.text, entry.data, timeout,
    entry.prefix, entry.bare)
  if ok then
    self.current = entry
  elseif err == "busy" then
    return false
  else
    finish(self, entry, err, what)
  end
  return true
end

local function start_next(self, now)
  while not self.current and not self.down do
    local entry
    if self.chores.due and (not self.head or self.passed >= CHORE_PATIENCE) then
      entry = self.owner:chore()
      self.passed = 0
    end
    if not entry then
      entry = self.head
      if not entry then return end
      self.head = entry.next
      if not self.head then self.tail = nil end
      entry.next = nil
      if self.chores.due then self.passed = self.passed + 1 end
    end
    if not start(self, entry, now) then
      entry.next = self.head
      self.head = entry
      self.tail = self.tail or entry
      return
    end
  end
end

--- Queues an entry, and starts it if the line is free.
function pump_methods:submit(entry)
  if self.down then return finish(self, entry, self.down) end
  if self.current or self.head or self.draining then
    if self.tail then self.tail.next = entry else self.head = entry end
    self.tail = entry
    return
  end
  local now = self.port:now()
  if not start(self, entry, now) then
    self.head, self.tail = entry, entry
  end
  flush(self, now)
end

local function drain(self, now)
  local exchange, owner = self.exchange, self.owner
  self.draining = true
  local kind, a, b, c = exchange:next(now)
  while kind do
    if kind == "result" then
      local entry = self.current
      self.current = nil
      if entry then
        entry.doubtful = c
        finish(self, entry, a, b)
      end
    elseif kind == "info" then
      local entry = self.current
      if entry then
        local lines = entry.lines
        if lines then lines[#lines + 1] = a else entry.lines = { a } end
      end
    else
      owner:event(kind, a, b)
    end
    if self.down then break end
    kind, a, b, c = exchange:next(now)
  end
  self.draining = false
end

--- Does all that can be done now: reads if there is something to read, hands out what
-- came, starts the next command, writes. Never waits.
function pump_methods:turn(readable)
  if self.down then return end
  local port = self.port
  local now = port:now()
  local reads = 0
  while readable do
    local bytes = port:read(READ_MAX)
    if not bytes then return self:lose("lost") end
    if bytes == "" then break end
    if self.trace then self.trace("<", bytes, now) end
    self.exchange:feed(now, bytes)
    drain(self, now)
    if self.down then return end
    reads = reads + 1
    readable = #bytes == READ_MAX and reads < READS_MAX
  end
  if reads == 0 then
    drain(self, now)
    if self.down then return end
  end
  if not self.current and (self.head or self.chores.due) then start_next(self, now) end
  flush(self, now)
end

--- When it wants to be turned though nothing can be read.
-- Result: seconds from now, or nil; and whether it wants to write.
function pump_methods:due()
  if self.chores.due and not self.current and not self.head then return 0, self.want_write end
  local deadline = self.exchange:deadline()
  if not deadline then return nil, self.want_write end
  deadline = deadline - self.port:now()
  return deadline > 0 and deadline or 0, self.want_write
end

--- Blocks the caller until waiter.done, or until the deadline has passed.
-- deadline: on the port's clock, nil: no limit. idle: hooks may run meanwhile.
-- Result: whether it is done.
function pump_methods:await(waiter, deadline, idle)
  local port, loop = self.port, self.loop
  local seconds
  repeat
    if waiter.done then return true end
    if self.down then return false end
    if deadline then
      local left = deadline - port:now()
      if left <= 1e-6 then
        if seconds then return false end
        left = 0 -- what has already come in still counts
      end
      seconds = left
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
  if not withdrawn and self.current == entry and self.exchange:cancel() then
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
  if entry.done or self:await(entry, entry.deadline) then return entry.status end
  return self:expire(entry)
end

--- Nothing can be sent any more: everything in flight and queued ends with `reason`.
function pump_methods:lose(reason)
  if self.down then return end
  self.down = reason
  self.want_write = false
  self.port:close()
  self.loop:detach(self)
  local entry = self.current
  self.current = nil
  if entry then finish(self, entry, reason) end
  entry = self.head
  self.head, self.tail = nil, nil
  while entry do
    local following = entry.next
    finish(self, entry, reason)
    entry = following
  end
  self.owner:lost(reason)
end

--- Starts over with an exchange that waits for nothing of the old one: a module that
-- answered none of its queries owes nothing. Only while no command is in flight.
function pump_methods:renew()
  if self.current or self.down then return end
  for name, count in pairs(self.exchange:stats()) do
    self.past[name] = (self.past[name] or 0) + count
  end
  self.exchange = core.exchange()
end

--- Runs the hooks that wait, where they run in the thread of the caller.
function pump_methods:run_hooks()
  self.owner:run_hooks()
end

return { new = new_pump, entry = new_entry }

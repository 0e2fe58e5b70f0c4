-- What a script is told in one life: what to put and when, where the server is, and with
-- whom to speak of what it does. The judge and the trace hear it here.

local random = require "spec.simulation.random"

local CALL = 3600          -- seconds that one deliver is given
local ASK_PAUSE = 10
local REPORT_PAUSE = 3600  -- at most
local INSTANT = 1e-3       -- what is due so soon is due now
local PUT_LATE = 600       -- seconds of the calm in which records that are late are put
local BATCH_MAX = 4
local BATCH_CHANCE = 0.1

local POOL = random.new(1):bytes(4096) -- what records are cut from

local life_methods = {}
local life_mt = { __index = life_methods }

-- Records. -------------------------------------------------------------------------

--- How many tasks put: two, where the outbox lets them share syncs.
function life_methods:putters()
  self.putting_tasks = self.plan.group and 2 or 1
  return self.putting_tasks
end

function life_methods:puts_no_more()
  self.putting_tasks = self.putting_tasks - 1
end

-- Seconds in which more may be put.
local function time_left(self)
  return math.max(0, self.plan.calm + PUT_LATE - self.host.world.time)
end

--- Whether not all of the plan's records are in the outbox.
function life_methods:wants_more()
  return self.judge.last < self.plan.records and time_left(self) > 0
end

--- Seconds before the next record comes up.
function life_methods:pace()
  return math.min(self.random.number() * 2 * self.plan.pace, time_left(self))
end

-- No two are alike: the judge knows a record by its bytes.
local function payload(self)
  local host = self.host
  host.puts = host.puts + 1
  local name = ("%d "):format(host.puts)
  local size = self.random:range(self.plan.size[1], self.plan.size[2]) - #name
  if size <= 0 then return name end
  if self.plan.text then return name .. ("a"):rep(size) end
  local from = self.random:range(1, #POOL - size)
  return name .. POOL:sub(from, from + size - 1)
end

--- What is put next: one record as a rule.
function life_methods:payloads()
  local list, count = {}, 1
  if self.random:chance(BATCH_CHANCE) then count = self.random:range(2, BATCH_MAX) end
  for i = 1, count do list[i] = payload(self) end
  return list
end

function life_methods:putting(payloads)
  self.host.trace:note("put", table.concat(payloads, "|"))
  return self.judge:putting(payloads)
end

function life_methods:put_ended(ticket, ok, what)
  if self.process.dead then return end
  self.host.trace:note("put", ok and what or tostring(what))
  self.judge:put_ended(ticket, ok and what or nil, what)
  if not ok then self.host:count("refused: " .. tostring(what)) end
end

-- The outbox. ----------------------------------------------------------------------

function life_methods:refused(what, err, detail)
  self.host:count("refused: " .. what)
  self.host.trace:note("refused", ("%s %s %s"):format(what, err, tostring(detail)))
  if err == "damaged" or err == "not an outbox" then
    self.judge:fail("outbox", "%s: %s", err, tostring(detail))
  end
end

function life_methods:opened(outbox)
  local first, last = outbox:range()
  self.host.trace:note("opened", ("%d %d"):format(first, last))
  self.judge:reopened(outbox:id(), first, last, function(sequence)
    return outbox:peek(sequence)
  end)
end

function life_methods:releases(sequence)
  if self.process.dead then return end
  self.host.trace:note("release", sequence)
  self.judge:released(sequence)
end

function life_methods:released(sequence)
  if not self.process.dead then self.judge:gone(sequence) end
end

-- Delivery. ------------------------------------------------------------------------

--- Whether the script reports now and then, and has no session meanwhile; and how many
-- seconds pass between two reports.
function life_methods:reports()
  return self.plan.seed % 4 == 1
end

function life_methods:report_pause()
  return 1 + self.random.number() * math.min(6 * self.plan.pace, REPORT_PAUSE)
end

--- Whether a deliver is to return as soon as the outbox is empty.
function life_methods:drains()
  return self:reports() or self.putting_tasks == 0
end

-- When the script gives up what it does next, or nil.
local function next_cancel(self)
  local now = self.host.world.time
  for _, fault in ipairs(self.plan.faults) do
    if fault.kind == "cancel" and fault.at > now + INSTANT then return fault.at end
  end
  return nil
end

--- Whether somebody else uses the modem, too; and how many seconds pass between two of its
-- questions.
function life_methods:asks()
  return self.plan.seed % 3 == 0
end

function life_methods:ask_pause()
  return ASK_PAUSE + self.random.number() * 2 * self.plan.pace
end

--- Seconds that a deliver is given; and whether the modem is dropped when they are over,
-- with all that uses it, and without a word to it.
function life_methods:call_seconds()
  local at = next_cancel(self)
  local left = at and at - self.host.world.time
  if not left or left > CALL then return CALL, false end
  return left, self.random:chance(0.5)
end

function life_methods:delivered(ok, err, code)
  self.host.trace:note("deliver", ("%s %s %s"):format(tostring(ok), tostring(err),
    tostring(code)))
  if ok and self.putting_tasks == 0 then self.host.done = true end
end

function life_methods:is_done()
  return self.host.done
end

local function new(host, process)
  return setmetatable({
    host = host, process = process, judge = host.judge, plan = host.plan,
    random = random.new(host.plan.seed * 1000 + host.lives),
    policy = host.policy, hooks = host.hooks,
    id = host.id,
    putting_tasks = 0, -- that have not put all they will
  }, life_mt)
end

return { new = new }

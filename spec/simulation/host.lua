-- One seeded run: a script on a simulated disk and in a simulated world, which is killed
-- and started again as the plan says, until everything has arrived or the judge has seen
-- what may not be.
--
-- It plays the host's faults; those of line, module and network the world plays by itself.

local Disk = require "spec.support.disk"
local framing = require "spec.simulation.framing"
local judges = require "spec.simulation.judge"
local lines = require "spec.simulation.lines"
local lives = require "spec.simulation.life"
local processes = require "spec.simulation.process"
local random = require "spec.simulation.random"
local receivers = require "spec.simulation.receiver"
local script = require "spec.simulation.script"
local traces = require "spec.simulation.trace"
local worlds = require "spec.simulation.world"

local bc260y = require "bc260y"
local default_policy = require "bc260y.policy"

local RECORD_MAX = 1024
local RAISED = "as the plan wants it"
local NO_MEMORY = setmetatable({}, { __tostring = function() return "not enough memory" end })
local DOWN = { 0.1, 300 }     -- seconds until the host is up again
local EVENTS = { "connected", "disconnected", "waiting", "stopped", "released" }
local POLICIES = { "idle", "keepalive", "backoff", "failed" }
local RAISING = { hook_error = true, policy_error = true }
local COLLECT_EVERY = 10000   -- turns of the loop
local MEMORY_LOOKS = 8        -- in a run that looks at its memory
local MEMORY_EVERY = 25       -- seeds: a full collection takes its time

local host_methods = {}
local host_mt = { __index = host_methods }

function host_methods:count(kind)
  self.counts[kind] = (self.counts[kind] or 0) + 1
end

-- The host's faults. ---------------------------------------------------------------

-- Each: strike(host, fault), and over(host) after fault.seconds and when all is calm.
local faults = {}

-- The process is killed, or the power goes.
local function crash(self, fault)
  self.crash = fault
  self.process:die()
end

faults.kill = { strike = crash }
faults.power = { strike = crash }

-- The script dies of it as of any error, with whatever it does at its end.
faults.memory = { strike = function(self)
  self.process.raises = NO_MEMORY
end }

faults.disk_full = {
  strike = function(self) self.disk.capacity = 0 end,
  over = function(self) self.disk.capacity = nil end,
}

faults.disk_error = {
  strike = function(self, fault) self.disk:fail(fault.what, math.huge) end,
  over = function(self) self.disk.failing = {} end,
}

faults.short_write = {
  strike = function(self) self.disk.short = 2 end,
  over = function(self) self.disk.short = nil end,
}

faults.hook_error = {
  strike = function(self) self.hooks_raise = true end,
  over = function(self) self.hooks_raise = false end,
}

faults.policy_error = {
  strike = function(self, fault)
    self.misled[fault.name] = { how = fault.how, times = fault.times }
  end,
  over = function(self) self.misled = {} end,
}

faults.clock_jump = { strike = function(self, fault)
  self.world:pause(fault.seconds)
end }

-- Life ends the call of the moment then.
faults.cancel = { strike = function() end }

local HEALED = { "disk_full", "disk_error", "short_write", "hook_error", "policy_error" }

-- The calm phase: what is broken is repaired.
local function heal(self)
  for _, name in ipairs(HEALED) do faults[name].over(self) end
  self.boundaries = {}
end

-- The world says when one is due: in the midst of a wait, which comes back then.
local function strike(self, fault)
  local kind = faults[fault.kind]
  if not kind or self.process.dead then return end
  self.world:happened(fault)
  self.trace:note("fault", fault.kind)
  kind.strike(self, fault)
  self.world.nudged = true
  if not (kind.over and fault.seconds) then return end
  self.world:at(self.world.time + fault.seconds, function() kind.over(self) end)
end

-- Called by the disk in each step.
local function on_step(self, disk, op)
  self.steps = self.steps + 1
  self.trace:note("disk", op)
  local fault = self.boundaries[self.steps]
  if not fault or self.process.dead then return end
  self.world:happened(fault)
  self.trace:note("fault", fault.kind)
  crash(self, fault)
  disk.crash_at = disk.steps
end

-- What the judge looks at. ---------------------------------------------------------

-- The module's TCP sockets: what is in flight, and how often one is opened.
function host_methods:look_at_module()
  local sockets = self.world.module.sockets
  for id = 0, 4 do
    local socket = sockets[id]
    if socket ~= self.seen[id] then
      self.seen[id] = socket
      if socket and not socket.gone and socket.kind == "TCP" then
        self:count("connects")
        self.judge:connecting()
        self.judge:connected(socket)
      end
    end
    if socket and socket.sent > 0 then self.judge:sent(socket, socket.sent) end
  end
  if self.memory_at and self.world.time >= self.memory_at then
    self.memory_at = self.memory_at + self.plan.calm / MEMORY_LOOKS
    collectgarbage()
    self.judge:memory(collectgarbage("count"))
  end
end

local function server_of(self)
  local judge, trace = self.judge, self.trace
  local function arrived(id, sequence, payload)
    trace:note("arrived", sequence)
    judge:arrived(id, sequence, payload)
  end
  if self.plan.mode == "tcp" then
    local new_reader = self.plan.text and lines.reader(self.id) or framing.reader
    return receivers.tap(new_reader, { taken = arrived })
  end
  return receivers.new{
    after = function(seconds, fn) self.world:at(self.world.time + seconds, fn) end,
    record_max = RECORD_MAX,
    events = {
      stored = arrived, again = arrived, gap = arrived,
      acknowledged = function(last) trace:note("ack", last) end,
    },
  }.server
end

-- Hooks of the script: they note what they hear, and raise while the plan says so.
local function hooks_of(self)
  local hooks = {}
  for _, name in ipairs(EVENTS) do
    hooks[name] = function(first)
      self.trace:note("event", name .. " " .. tostring(first))
      if self.hooks_raise then error(RAISED) end
    end
  end
  hooks.error = function(message)
    self.trace:note("event", "error " .. tostring(message))
    if not self.may_raise and tostring(message):find("%.lua:%d+:") then
      self.judge:fail("error", "%s", tostring(message))
    end
  end
  return hooks
end

-- As any table it says where it lies in memory, and each time that is elsewhere.
local NONSENSE = setmetatable({}, { __tostring = function() return "nonsense" end })

local MISLEADING = {
  throw = function() error(RAISED) end,
  yield = function() coroutine.yield() end,
  nonsense = function() return NONSENSE end,
}

-- The default policy, which fails while the plan says so.
local function policy_of(self)
  local policy = {}
  for _, name in ipairs(POLICIES) do
    policy[name] = function(...)
      local fault = self.misled[name]
      if fault and fault.times > 0 then
        fault.times = fault.times - 1
        return MISLEADING[fault.how]()
      end
      if name == "idle" then return self.plan.idle end
      return default_policy[name](...)
    end
  end
  return policy
end

-- Lives. ---------------------------------------------------------------------------

-- The process is dead: the disk is what the crash has left, and time goes by.
local function bury(self, process)
  local fault = self.crash
  self.crash = nil
  process:die()
  process:close_port()
  if fault and fault.kind == "power" then
    local pattern = Disk.patterns[fault.pattern + 1]
    self.trace:note("disk", pattern)
    self.disk:power_cut(pattern)
  else
    self.disk:kill(self.dice:chance(0.5))
  end
  self.judge:died()
  self:count("crashes")
  self.trace:note("host", fault and fault.kind or "ended")
  self.world:run_until(self.world.time + self.dice:spread(DOWN[1], DOWN[2]))
end

-- What is finalized, and when, has to be the same each time: sockets that were dropped close
-- then. So the collector runs when the host says so, and at no other time.
function host_methods:collect()
  self.turns = self.turns + 1
  if self.turns % COLLECT_EVERY == 0 then collectgarbage() end
end

local function live(self)
  collectgarbage()
  self.lives = self.lives + 1
  local process = processes.new(self)
  self.process = process
  local life = lives.new(self, process)
  local ok, err = pcall(bc260y.run, script.main, life)
  if self.judge.violation or ok and not process.dead then return end
  if err == NO_MEMORY then
    self.judge:died()
    collectgarbage() -- what it had is finalized, as at the end of a process
  elseif not ok and not processes.is_death(err) then
    return self.judge:fail("error", "%s", tostring(err))
  end
  bury(self, process)
end

local function allocate(plan)
  return setmetatable({
    plan = plan,
    world = worlds.new(plan),
    disk = nil, judge = nil, trace = nil, hooks = nil, policy = nil,
    dice = nil,         -- for the disk, and what the host does by itself
    id = nil,           -- the outbox's
    process = nil,      -- that lives now
    lives = 0,
    turns = 0,          -- of their loops
    puts = 0,           -- payloads made
    steps = 0,          -- of the disk
    boundaries = {},    -- step of the disk -> the fault that strikes there
    hooks_raise = false,
    misled = {},        -- function of the policy -> { how, times } of what it does wrong
    may_raise = false,  -- the plan has such faults
    crash = nil,        -- the fault that killed the process
    done = false,       -- everything has been put and has gone
    seen = {},          -- the module's sockets by id, at the last look
    memory_at = plan.seed % MEMORY_EVERY == 0 and 0 or nil,
    counts = {},
  }, host_mt)
end

local function new(plan, print)
  local self = allocate(plan)
  local dice = random.new(plan.seed + 2)
  self.trace = traces.new(function() return self.world.time end, print)
  self.judge = judges.new{
    now = function() return self.world.time end, window = plan.window,
    overhead = plan.text and lines.OVERHEAD or framing.OVERHEAD,
  }
  self.disk = Disk.new{ random = function(n) return dice:range(1, n) end }
  self.disk.on_step = function(disk, op) on_step(self, disk, op) end
  self.id = dice:bytes(8)
  self.dice = dice
  self.policy = policy_of(self)
  self.hooks = hooks_of(self)
  for _, fault in ipairs(plan.faults) do
    self.may_raise = self.may_raise or RAISING[fault.kind]
    if fault.boundary then self.boundaries[fault.boundary] = fault end
  end
  self.world.host = function(fault) strike(self, fault) end
  self.world:listen(server_of(self))
  self.world:at(plan.calm, function() heal(self) end)
  self.world:at(plan.ends, function()
    self.judge:fail("late", "not all has arrived %g s after the last fault",
      plan.ends - plan.calm)
  end)
  return self
end

--- Runs a plan. options: print = function(line), of the trace.
-- Result: { violation = nil | { kind, text, at }, hash, seconds, records, counts }.
local function run(plan, options)
  local self = new(plan, options and options.print)
  local judge = self.judge
  collectgarbage("stop")
  repeat live(self) until self.done or judge.violation
  collectgarbage("restart")
  if not judge.violation then judge:finish() end
  return {
    violation = judge.violation, hash = self.trace:hash(), notes = self.trace.count,
    seconds = self.world.time, records = judge.last, lives = self.lives,
    counts = self.counts, faults = self.world.counts.faults,
    boots = self.world.counts.reboots,
    duplicates = judge.duplicates,
  }
end

return { run = run }

--- The world of one simulated run: a clock, the line, the virtual module, the network, and
-- a plan of what goes wrong. It knows time and what is due; the plan's faults begin in
-- faults.lua. It knows nothing of the host, but that it opens ports and waits on them.
--
--   world:open_port() -> port | nil, "no device"  a fresh opening of the line (line.lua)
--   world:listen(server)          the plan's server (net.lua says what one is)
--   world.clock                   now(), wait(seconds): what a port brings to the loop
--   world:run_until(time)         lets time pass while no host waits
--   world:at(due, fn, argument)   calls fn(argument) at that time; from inside a wait
--   world.host(fault)             set by the host: called when a fault of its own is due
--   world:pause(seconds)          the host stands still, and its clock goes on: for world.host
--   world.counts                  { faults = { kind = how often it really happened },
--                                 reboots, connects, unread_lost, unheard (bytes) }
--   world.module, world.net, world.line, world.time

local faults = require "spec.simulation.faults"
local heap = require "spec.simulation.heap"
local line = require "spec.simulation.line"
local module = require "spec.simulation.module"
local net = require "spec.simulation.net"
local random = require "spec.simulation.random"

-- Time must move, or a module that always wants to be called never ends; and sums of seconds
-- must not fall short of what they add up to.
local INSTANT = 1e-6

-- What the receiver of a module that hangs has room for.
local KEPT_MAX = 4096

local world_methods = {}
local world_mt = { __name = "simulation.world", __index = world_methods }

function world_methods:at(due, fn, argument)
  return self.heap:at(due, fn, argument)
end

function world_methods:open_port()
  return self.line:open()
end

function world_methods:listen(server)
  local where = self.plan.server
  self.net:listen(where.address, where.port, server)
end

-- Faults in force. -------------------------------------------------------------------

--- A fault has really done something.
function world_methods:happened(fault)
  local faults_of = self.counts.faults
  faults_of[fault.kind] = (faults_of[fault.kind] or 0) + 1
end

--- The fault of that kind that is in force, or nil; counts that it happened.
function world_methods:applies(kind)
  local fault = self.force[kind]
  if fault then self:happened(fault) end
  return fault
end

--- The same for a fault that is over once it has happened fault.times times.
function world_methods:spend(kind)
  local fault = self.force[kind]
  if not fault then return nil end
  self:happened(fault)
  fault.times = fault.times - 1
  if fault.times <= 0 then self.force[kind] = nil end
  return fault
end

-- Scripts do not say when they were taken.
local function tally(self)
  local kept = {}
  for _, script in ipairs(self.scripts) do
    while script.left > script.action.times do
      script.left = script.left - 1
      self:happened(script.fault)
    end
    if script.left > 0 then kept[#kept + 1] = script end
  end
  self.scripts = kept
end

-- The module. -----------------------------------------------------------------------

-- The module has done what was due; wait: seconds until it wants to be stepped, or nil.
local function follow(self, wait)
  self.module_due = wait and self.time + wait + INSTANT or math.huge
end

-- Takes what the module has said by now to the line; what it says now leaves later.
local function step(self)
  local bytes = self.module:output()
  follow(self, self.module:step())
  if bytes ~= "" then self.line:bring(bytes) end
end

--- The module hangs. keeps: it hears later what it is told meanwhile, as far as it fits.
function world_methods:freeze(keeps)
  self.frozen, self.kept = true, keeps and "" or nil
end

function world_methods:thaw()
  local kept = self.kept
  self.frozen, self.kept, self.module_due = false, nil, self.time
  if kept and kept ~= "" then self:hear(kept) end
end

--- The module hears bytes of the host.
function world_methods:hear(bytes)
  if self.frozen then
    local kept = self.kept
    if kept and #kept + #bytes <= KEPT_MAX then
      self.kept = kept .. bytes
    else
      self.counts.unheard = self.counts.unheard + #bytes
    end
    return
  end
  follow(self, self.module:input(bytes))
  if self.scripts[1] then tally(self) end
end

--- The module starts anew; whoever it was connected with never hears of it.
function world_methods:reboot()
  self.counts.reboots = self.counts.reboots + 1
  self.module:reset()
  self.module_due = self.time
end

-- Time. -----------------------------------------------------------------------------

--- Goes on until `stop`, or until there is something to read on that line.
-- Result: whether there is.
function world_methods:advance(stop, reader)
  local heap_of = self.heap
  while true do
    if self.module_due <= self.time and not self.frozen then step(self) end
    if reader and (reader.unread ~= "" or self.nudged) then
      self.nudged = false
      return reader.unread ~= ""
    end
    local first = heap_of[1]
    local due = self.frozen and math.huge or self.module_due
    if first and first.due < due then due = first.due end
    if due > stop then
      if stop > self.time then self.time = stop end
      return false
    end
    if due > self.time then self.time = due end
    if first and first.due <= self.time then heap_of:run(self.time) end
  end
end

function world_methods:run_until(time)
  self:advance(time, nil)
end

--- The host stands still, and its clock goes on.
function world_methods:pause(seconds)
  self.paused = seconds
  self.nudged = true
end

function world_methods:resume()
  local seconds = self.paused
  self.paused = nil
  self:run_until(self.time + seconds)
end

-- From now on nothing goes wrong; what is broken may be repaired.
local function calm(self)
  self.force = {}
  self:thaw()
  self.line:heal()
  self.net:heal()
  faults.heal(self)
end

local function new_clock(world)
  local clock = {}
  function clock.now() return world.time end
  function clock.wait(_, seconds)
    world:run_until(world.time + (seconds or 3600))
    if world.paused then world:resume() end
  end
  return clock
end

-- The plan stays as it is: faults are counted down here.
local function copy(fault)
  local result = {}
  for name, value in pairs(fault) do result[name] = value end
  return result
end

local function schedule(self)
  for _, fault in ipairs(self.plan.faults) do
    if fault.at then self:at(fault.at, self.begin, copy(fault)) end
  end
  self:at(self.plan.calm, calm, self)
end

--- plan: as plan.make gives it.
local function new(plan)
  local self = setmetatable({
    plan = plan,
    time = 0,
    heap = heap.new(),
    clock = nil,
    random = random.new(plan.seed + 1),
    line = nil, net = nil, module = nil,
    module_due = 0,     -- when it wants to be stepped
    frozen = false,     -- it hangs,
    kept = nil,         -- and this it will hear
    nudged = false,     -- whoever waits is to come back
    paused = nil,       -- seconds that the host stands still
    force = {},         -- kind -> the fault that is in force
    scripts = {},       -- what the module was told to do: { fault, action, left }
    counts = { faults = {}, reboots = 0, connects = 0, unread_lost = 0, unheard = 0 },
    traits = nil,       -- of the module, as the plan has them
    right_counts = 0,   -- since one that was wrong
    host = nil,
    begin = nil,
  }, world_mt)
  self.begin = function(fault) return faults.begin(self, fault) end
  self.clock = new_clock(self)
  self.net = net.new(self, plan)
  self.line = line.new(self, plan, self.random)
  self.module = module.new(self, plan)
  self.traits = copy(self.module.traits)
  schedule(self)
  return self
end

return { new = new }

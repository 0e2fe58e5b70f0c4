--- The virtual module of a simulated world, and how late or never it says things while a
-- fault is in force. It knows the options of bc260y.virtual.new; when a fault begins is
-- in faults.lua.

local virtual = require "bc260y.virtual"

local NEVER = math.huge
local RIGHT_COUNTS = 3

-- Seconds until something is said, by fault; nil: as usual.
local function delay_of_final(world)
  local early = world.force.early_second
  if early then return early.delay end
  local late = world:spend("late_final")
  return late and late.delay
end

local function delay_of_second(world)
  -- Its OK comes when this fault's delay has passed.
  if world:spend("early_second") then return 0 end
  local late = world:spend("late_second")
  return late and late.delay
end

local function delay_of_urc(world, line)
  if world:applies("urcs_lost") then return NEVER end
  if line:find('"buff full"', 1, true) then world:applies("buffer_full") end
  if line:find('"closed"', 1, true) and world:spend("closed_lost") then return NEVER end
  return nil
end

local forms = {
  zero = function() return 0, 0, 0 end,
  all = function(sent) return sent, sent, 0 end,
  more = function(sent, _, unacked) return sent + 100, sent + 100 - unacked, unacked end,
  less = function(sent) return sent, 0, sent end,
}

-- What the module says that it counts. Right ones come between two wrong ones: nobody could
-- tell two that agree from the truth.
local function count(world, sent, acked, unacked)
  local fault = world.force.miscount
  world.right_counts = world.right_counts + 1
  if not fault or world.right_counts <= RIGHT_COUNTS then return sent, acked, unacked end
  world:spend("miscount")
  world.right_counts = 0
  return forms[fault.form](sent, acked, unacked)
end

local delays = {
  final = delay_of_final,
  second = delay_of_second,
  urc = delay_of_urc,
}

-- A module for the plan, which is about to boot.
local function new(world, plan)
  return virtual.new {
    now = function() return world.time end,
    net = world.net,
    profile = plan.profile,
    traits = plan.traits,
    baud = plan.baud,
    grain = plan.grain,
    count = function(...) return count(world, ...) end,
    wake = function() world.module_due = world.time end,
    delay = function(what, _, line)
      local delay = delays[what]
      return delay and delay(world, line)
    end,
  }
end

return { new = new }

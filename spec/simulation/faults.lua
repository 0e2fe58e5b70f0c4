--- How each kind of fault begins, and ends. plan.lua lists the kinds and their fields; what
-- a fault does while it is in force is in line.lua, module.lua and net.lua.

local net = require "spec.simulation.net"
local sockets = require "bc260y.virtual.sockets"

local INTRUDER = "10.9.9.9" -- where the socket of another program leads

-- In force until its time, or its `times`, is over.
local function in_force(world, fault)
  world.force[fault.kind] = fault
  fault.ends = fault.seconds and world.time + fault.seconds
  if not fault.ends then return end
  world:at(fault.ends, function()
    if world.force[fault.kind] == fault then world.force[fault.kind] = nil end
  end)
end

local function on_line(world, fault)
  world.line:arm(fault)
end

-- The module is told what to do with commands to come.
local function script(action_of)
  return function(world, fault)
    local action = action_of(fault)
    action.match, action.times = action.match or fault.match, fault.times
    local added = world.module:script(action)
    table.insert(world.scripts, { fault = fault, action = added, left = fault.times })
  end
end

local function trait(name, value)
  return function(world, fault)
    world.module.traits[name] = value
    in_force(world, fault)
    world:at(fault.ends, function() world.module.traits[name] = world.traits[name] end)
  end
end

local function at_once(fn)
  return function(world, fault)
    fn(world, fault)
    world:happened(fault)
  end
end

-- The connection that was made last, of those that are open.
local function newest(world)
  local open = world.net.open
  return open[#open]
end

local function on_connection(fn)
  return function(world, fault)
    local peer = newest(world)
    if peer then fn(world, peer, fault) end
  end
end

local begins = {
  -- The line.
  drop = on_line, flip = on_line, double = on_line, garbage = on_line, nuls = on_line,
  overrun = on_line,
  wrong_baud = in_force, stale_read = in_force, part_write = in_force,
  empty_wait = in_force,
  stuck_write = function(world, fault)
    in_force(world, fault)
    world:at(fault.ends, function() world.nudged = true end)
  end,
  unplug = at_once(function(world, fault)
    world.line:unplug()
    if fault.power then world:reboot() end
    world:at(world.time + fault.seconds, function() world.line.unplugged = false end)
  end),

  -- The module.
  reboot = at_once(function(world) world:reboot() end),
  reboot_in_command = script(function() return { reset = true } end),
  reboot_in_payload = in_force,
  hang = at_once(function(world, fault)
    world:freeze(fault.keeps)
    world:at(world.time + fault.seconds, function()
      if fault.reboot then world:reboot() end
      world:thaw()
    end)
  end),
  boot_loop = at_once(function(world, fault)
    for count = 0, fault.count - 1 do
      world:at(world.time + count * fault.seconds, function() world:reboot() end)
    end
  end),
  sleep = at_once(function(world, fault) world.module:sleep(fault.sleep) end),
  error = script(function(fault) return { answer = "ERROR", executed = fault.executed } end),
  cme_error = script(function(fault) return { answer = fault.code, executed = fault.executed } end),
  send_fail = script(function(fault)
    return { match = "^AT%+QISEND=%d,[1-9]", second = "SEND FAIL", executed = fault.executed }
  end),
  no_send_ok = script(function()
    return { match = "^AT%+QISEND=%d,[1-9]", mute = "second" }
  end),
  no_open_result = script(function() return { match = "^AT%+QIOPEN", mute = "second" } end),
  no_prompt = script(function() return { match = "^AT%+QISEND=%d,%d+$", mute = "prompt" } end),
  no_answer = script(function(fault) return { drop = true, executed = fault.executed } end),
  late_final = in_force, late_second = in_force, early_second = in_force,
  closed_lost = in_force, urcs_lost = in_force,
  urc_storm = at_once(function(world, fault)
    for count = 1, fault.count do
      world:at(world.time + count * fault.gap, function()
        world.module:urc(('+CEREG: %d'):format(count % 2 == 0 and 1 or 5))
      end)
    end
  end),
  echo = at_once(function(world) world.module.echo = true end),
  id_taken = function(world, fault)
    local unit = world.module
    if unit.power ~= "on" or sockets.in_use(unit, fault.id) then return end
    sockets.open(unit, { id = fault.id, kind = "UDP", host = INTRUDER, port = 9, local_port = 0 },
      function() end)
    world:happened(fault)
  end,
  buffer_full = trait("rx_buffer", 0),
  miscount = in_force,

  -- The network.
  reset = on_connection(function(world, peer, fault)
    net.break_connection(peer)
    world:happened(fault)
  end),
  half_open = on_connection(function(world, peer, fault)
    world.net:lose(peer, fault.give_up)
    world:happened(fault)
  end),
  cut = in_force, nat = in_force, dns = in_force, silent_open = in_force, refuse = in_force,
  late_acks = in_force, lost_acks = in_force, stall = in_force, server_slow = in_force,
  server_crash = at_once(function(world, fault)
    world.net:crash(fault.silent)
    world:at(world.time + fault.seconds, function()
      if world.net.server_down then world.net:restart() end
    end)
  end),
  coverage = at_once(function(world, fault)
    world.module:network(false)
    world:at(world.time + fault.seconds, function() world.module:network(true) end)
  end),
  registration = at_once(function(world, fault)
    world.module:register(fault.stat, 0, 15)
    world:at(world.time + fault.seconds, function() world.module:register(1) end)
  end),
}

--- A fault is due. Kinds that are not known here are the host's.
local function begin(world, fault)
  local fn = begins[fault.kind]
  if fn then return fn(world, fault) end
  if world.host then world.host(fault) end
end

--- What a calm world has to be told.
local function heal(world)
  local unit = world.module
  for place = #unit.scripts, 1, -1 do unit.scripts[place] = nil end
  for name, value in pairs(world.traits) do unit.traits[name] = value end
  if not unit.coverage then unit:network(true) end
  unit:register(1)
end

return { begin = begin, heal = heal, begins = begins }

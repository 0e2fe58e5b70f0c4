--- The simulated world: that each kind of fault really happens and changes what the host
-- or the server sees, that a seed repeats itself, and that nothing is wrong in the calm.

local heap = require "spec.simulation.heap"
local plans = require "spec.simulation.plan"
local random = require "spec.simulation.random"
local simulated = require "spec.support.simulated"

-- One fault of each kind, in a run whose host sends every two seconds. beside: another that
-- the run needs for it. plan: what else is other in its plan.
local FAULTS = {
  { kind = "drop", way = "down", skip = 20, count = 1 },
  { kind = "flip", way = "up", skip = 20, bit = 3 },
  { kind = "double", way = "up", skip = 20, count = 1 },
  { kind = "garbage", way = "down", skip = 20, count = 9 },
  { kind = "nuls", way = "down", skip = 20, count = 2 },
  { kind = "overrun", way = "down", skip = 0, count = 30 },
  { kind = "wrong_baud", seconds = 5 },
  { kind = "stale_read", seconds = 5, delay = 1 },
  { kind = "part_write", times = 3 },
  { kind = "stuck_write", seconds = 8 },
  { kind = "empty_wait", times = 3 },
  { kind = "unplug", seconds = 3, power = true },
  { kind = "reboot" },
  { kind = "reboot_in_command", match = "QISEND", times = 1 },
  { kind = "reboot_in_payload", way = "up", times = 1 },
  { kind = "reboot_in_payload", way = "down", times = 1 },
  { kind = "hang", seconds = 8, reboot = true },
  { kind = "hang", seconds = 8, keeps = true },
  { kind = "boot_loop", count = 3, seconds = 2 },
  { kind = "sleep", sleep = "PSM" },
  { kind = "error", match = "QISEND", times = 1 },
  { kind = "cme_error", match = "QISEND", times = 1, code = 553, executed = true },
  { kind = "no_answer", match = "QISEND", times = 1, executed = true },
  { kind = "send_fail", times = 1 },
  { kind = "no_send_ok", times = 1 },
  { kind = "no_open_result", times = 1, beside = { kind = "reset", at = 32 } },
  { kind = "no_prompt", times = 1, plan = { format = "raw" } },
  { kind = "late_final", times = 1, delay = 3 },
  { kind = "late_second", times = 1, delay = 3 },
  { kind = "early_second", times = 1, delay = 0.5 },
  { kind = "closed_lost", times = 1, beside = { kind = "reset", at = 32 } },
  { kind = "urcs_lost", seconds = 5 },
  { kind = "urc_storm", count = 20, gap = 0 },
  { kind = "echo" },
  { kind = "id_taken", id = 0, beside = { kind = "reset", at = 28 } },
  { kind = "buffer_full", seconds = 5 },
  { kind = "miscount", form = "zero", times = 1 },
  { kind = "reset" },
  { kind = "half_open", give_up = 10 },
  { kind = "half_open" },
  { kind = "cut", way = "up", after = 10, times = 1 },
  { kind = "cut", way = "down", after = 1, silent = true, times = 1 },
  { kind = "nat", limit = 1, seconds = 20 },
  { kind = "dns", seconds = 20, beside = { kind = "reset", at = 32 } },
  { kind = "dns", seconds = 20, silent = true, beside = { kind = "reset", at = 32 } },
  { kind = "silent_open", seconds = 20, beside = { kind = "reset", at = 32 } },
  { kind = "refuse", seconds = 20, beside = { kind = "reset", at = 32 } },
  { kind = "lost_acks", seconds = 5 },
  { kind = "stall", seconds = 5 },
  { kind = "late_acks", seconds = 5, delay = 3 },
  { kind = "server_slow", seconds = 5, delay = 1 },
  { kind = "server_crash", seconds = 5, silent = true },
  { kind = "server_crash", seconds = 5 },
  { kind = "coverage", seconds = 5 },
  { kind = "registration", stat = 3, seconds = 5 },
}

local HOST = { kill = true, power = true, disk_full = true, disk_error = true,
  short_write = true, hook_error = true, policy_error = true, memory = true, cancel = true,
  clock_jump = true }

local function copied(fault)
  local copy = { at = 30 }
  for name, value in pairs(fault) do copy[name] = value end
  copy.beside, copy.plan = nil, nil
  return copy
end

-- What host and server saw of a run with these faults.
local function seen(faults, changes, stop)
  local plan = simulated.plan(changes)
  plan.faults = faults
  local run = simulated.run(simulated.new(plan), stop)
  return table.concat(run.trace, "\n") .. table.concat(run.read, "\n"), run
end

-- What was seen without that fault, which is the same for most.
local usual
local function seen_without(fault)
  if fault.beside or fault.plan then return seen({ fault.beside }, fault.plan, 60) end
  usual = usual or seen({}, nil, 60)
  return usual
end

local function described(fault)
  local parts = {}
  for name, value in pairs(fault) do
    if name ~= "kind" and type(value) ~= "table" then
      parts[#parts + 1] = ("%s=%s"):format(name, tostring(value))
    end
  end
  table.sort(parts)
  return fault.kind .. " " .. table.concat(parts, " ")
end

-- Plain data written out, the same on every Lua.
local function text_of(value)
  if type(value) ~= "table" then
    return type(value) == "number" and ("%.10g"):format(value) or tostring(value)
  end
  local names, parts = {}, {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for place, name in ipairs(names) do
    parts[place] = tostring(name) .. "=" .. text_of(value[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

describe("The simulated world", function()
  for _, fault in ipairs(FAULTS) do
    it("plays " .. described(fault), function()
      local without = seen_without(fault)
      local with, run = seen({ copied(fault), fault.beside }, fault.plan, 60)
      assert.is_true((run.world.counts.faults[fault.kind] or 0) > 0, "it never happened")
      assert.is_true(with ~= without, "nobody could see it")
    end)
  end

  it("has a fault of every kind above, or leaves it to the host", function()
    local played = {}
    for _, fault in ipairs(FAULTS) do played[fault.kind] = true end
    for _, kind in ipairs(plans.kinds()) do
      assert.is_true(played[kind] ~= HOST[kind], kind)
    end
  end)

  it("tells the host of each of its own faults when it is due, and lets it stand still",
    function()
      local world = simulated.new(simulated.plan {
        faults = { { kind = "clock_jump", at = 5, seconds = 100 },
          { kind = "kill", boundary = 3 } },
      }).world
      local told = {}
      world.host = function(fault)
        told[#told + 1] = ("%s %g"):format(fault.kind, world.time)
        world:pause(fault.seconds)
      end
      local port = world:open_port()
      while world.time < 10 do
        port:wait(10)
        port:read(4096)
      end
      assert.same({ "clock_jump 5" }, told)
      assert.equal(105, world.time)
    end)

  it("sees the same again with the same seed", function()
    for seed = 1, 3 do
      local traces = {}
      for place = 1, 2 do
        local run = simulated.run(simulated.new(plans.make(seed, "tcp"), 20), 300)
        traces[place] = table.concat(run.trace, "\n")
      end
      assert.is_true(#traces[1] > 1000)
      assert.is_true(traces[1] == traces[2])
    end
  end)

  it("is whole again once it is calm", function()
    for seed = 1, 8 do
      local plan = plans.make(seed, "application")
      plan.calm = 200
      for place = #plan.faults, 1, -1 do
        local fault = plan.faults[place]
        fault.at = fault.at and fault.at % 200
        if fault.seconds then fault.seconds = math.min(fault.seconds, 200 - fault.at) end
      end
      local run = simulated.new(plan, 20)
      run.world:run_until(200)
      run.world.module:input("\r")
      run.world:run_until(400)
      simulated.run(run, 460)
      assert.same({}, run.world.force)
      assert.is_true(#run.read >= 2, ("seed %d: %d"):format(seed, #run.read))
    end
  end)

  it("changes no byte of a payload under a careful plan", function()
    local faults = {}
    for place = 1, 60 do
      local kind = ({ "flip", "double", "garbage", "nuls" })[place % 4 + 1]
      faults[place] = { kind = kind, way = "up", at = 10 + place, skip = 0, count = 2, bit = 1 }
    end
    local run = simulated.new(simulated.plan { faults = faults, careful = true }, 1)
    simulated.run(run, 90)
    assert.is_true(run.world.counts.faults.flip > 3)
    local changed = 0
    for _, bytes in ipairs(run.taken) do
      if bytes ~= bytes:match("^reading %d+ "):rep(5) then changed = changed + 1 end
    end
    assert.is_true(#run.taken > 10)
    assert.equal(0, changed)
  end)
end)

describe("The simulated network", function()
  -- A connection as the module has it, to a server that is listened to.
  local function connected(server)
    local world = simulated.new(simulated.plan()).world
    local heard = {}
    world:run_until(10)
    world.net:listen("10.0.0.9", 9, server)
    local handle = world.net:connect("TCP", "10.0.0.9", 9, 0, {
      connected = function() heard.connected = true end,
      failed = function(code) heard.failed = code end,
      data = function(bytes) heard.data = (heard.data or "") .. bytes end,
      closed = function() heard.closed = true end,
    })
    world:run_until(11)
    assert.is_true(heard.connected)
    return world, handle, heard, world.net.open[1]
  end

  it("says that a byte is acknowledged only once the peer's TCP has it", function()
    local world, handle, _, peer = connected {}
    handle:write("12345")
    assert.equal(5, handle:unacked())
    world:run_until(world.time + 0.06)
    assert.same({ 5, 5 }, { peer.taken, handle:unacked() })
    world:run_until(world.time + 0.06)
    assert.equal(0, handle:unacked())
  end)

  it("loses at a crash of the server what its TCP has taken and it has not read", function()
    local taken, read, crashed = 0, 0, 0
    local world, handle, heard = connected {
      taken = function(_, bytes) taken = taken + #bytes end,
      data = function(_, bytes) read = read + #bytes end,
      crashed = function() crashed = crashed + 1 end,
    }
    world.force.server_slow = { kind = "server_slow", delay = 10 }
    handle:write("12345")
    world:run_until(world.time + 1)
    world.net:crash(false)
    world.net:restart()
    world:run_until(world.time + 20)
    assert.same({ 5, 0, 1, 0, true }, { taken, read, crashed, handle:unacked(), heard.closed })
  end)

  it("tells the peer of a close, and not of a module that is gone", function()
    for _, told in ipairs { true, false } do
      local closed = false
      local world, handle = connected { closed = function() closed = true end }
      handle:close(told)
      world:run_until(world.time + 60)
      assert.equal(told, closed)
    end
  end)

  it("cuts what is sent at a byte", function()
    for _, silent in ipairs { true, false } do
      local got = ""
      local world, handle, heard = connected {
        data = function(_, bytes) got = got .. bytes end,
      }
      world.force.cut = { kind = "cut", way = "up", after = 7, silent = silent, times = 1 }
      handle:write("12345")
      handle:write("67890")
      world:run_until(world.time + 5)
      handle:write("abc")
      world:run_until(world.time + 5)
      assert.same({ "1234567", not silent or nil }, { got, heard.closed })
      assert.is_true(handle:unacked() >= 6)
    end
  end)

  it("tells a module that goes on sending that the server has started anew", function()
    local world, handle, heard = connected {}
    world.net:crash(true)
    world:run_until(world.time + 60)
    world.net:restart()
    world:run_until(world.time + 60)
    assert.is_nil(heard.closed)
    handle:write("x")
    world:run_until(world.time + 1)
    assert.is_true(heard.closed)
  end)
end)

describe("A plan", function()
  it("is the same on every Lua", function()
    local sum = 0
    -- Another number after a change of plan.lua: it is the same for all of them.
    for seed = 1, 20 do
      for _, mode in ipairs { "application", "tcp" } do
        local text = text_of(plans.make(seed, mode))
        for place = 1, #text do sum = (sum * 31 + text:byte(place)) % 1000000007 end
      end
    end
    assert.equal(705738599, sum)
  end)

  it("has about half of all kinds, each kind in about half of all plans", function()
    local count, most = {}, 200
    for seed = 1, most do
      local found = {}
      for _, fault in ipairs(plans.make(seed, "application").faults) do found[fault.kind] = true end
      for kind in pairs(found) do count[kind] = (count[kind] or 0) + 1 end
    end
    for _, kind in ipairs(plans.kinds()) do
      assert.is_true(count[kind] > most * 0.35 and count[kind] < most * 0.65,
        ("%s: %d of %d"):format(kind, count[kind], most))
    end
  end)

  it("lets no fault reach into the calm", function()
    for seed = 1, 200 do
      local plan = plans.make(seed, "tcp")
      for _, fault in ipairs(plan.faults) do
        if fault.at then assert.is_true(fault.at + (fault.seconds or 0) <= plan.calm) end
      end
      assert.is_true(plan.ends > plan.calm)
    end
  end)
end)

describe("Random numbers", function()
  it("do not lie on a line for seeds that are neighbours", function()
    for place = 1, 50 do
      local below = 0
      for seed = 1, 200 do
        local r = random.new(seed)
        for _ = 2, place do r.number() end
        if r.number() < 0.5 then below = below + 1 end
      end
      assert.is_true(below > 65 and below < 135, ("number %d: %d"):format(place, below))
    end
  end)

  it("stay in their ranges", function()
    local r = random.new(7)
    for _ = 1, 1000 do
      local whole, wide = r:range(3, 5), r:spread(0.5, 300)
      assert.is_true(whole >= 3 and whole <= 5 and whole % 1 == 0)
      assert.is_true(wide >= 0.5 and wide < 300)
    end
    assert.equal(9, #r:bytes(9))
  end)
end)

describe("The heap", function()
  it("runs what is due in order of time, and of coming where times are equal", function()
    local queue, ran, r = heap.new(), {}, random.new(3)
    for order = 1, 300 do
      queue:at(r:range(1, 20), function(entry) ran[#ran + 1] = entry end, order)
    end
    local dues = {}
    for place = 1, 300 do dues[queue[place].argument] = queue[place].due end
    queue:run(10)
    for place = 2, #ran do
      local a, b = ran[place - 1], ran[place]
      assert.is_true(dues[a] < dues[b] or dues[a] == dues[b] and a < b)
    end
    assert.is_true(#ran > 100 and queue[1].due > 10)
    queue:run(20)
    assert.equal(300, #ran)
  end)
end)

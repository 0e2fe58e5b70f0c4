-- The main road's scenarios of radio and power: what the module hears, what it is set to,
-- how it leaves the network and comes back.

local assert = require "luassert"
local tools = require "spec.support.road_tools"

local carry, open_count, pair = tools.carry, tools.open_count, tools.pair

local scenarios, scenario = tools.list()

-- Seconds: T3324 and T3412 as the virtual network gives them, and as they are asked for.
local GIVEN_ACTIVE, GIVEN_TAU = 300, 86400
local ACTIVE, TAU = 180, 36000

scenario("knows its network", {
  run = function(world)
    local modem, traits = world.modem, world.traits
    assert.is_true(modem:registration().registered)
    local signal = modem:signal()
    assert.same({ -69, -84 }, { signal.dbm, signal.rsrp_dbm })
    local list = modem:addresses()
    assert.same({ 1, traits.cgpaddr_cid }, { #list, list[1].cid })
    assert.equal(modem.address, list[1].address)
    local two = traits.cgpaddr_ipv6 and traits.network ~= "v6"
    assert.equal(two, list[1].address2 ~= nil)
    assert.is_table(modem:supported("QISTATE"))
    local format = modem:data_format()
    assert.equal(modem.send_format == "hex" and "hex" or "text", format.send)
    assert.equal(format.send, format.recv)
  end,
})

scenario("knows its cell, its operator and its registration in full", {
  run = function(world)
    local modem, traits = world.modem, world.traits
    local cell = assert(modem:cell())
    assert.same({ 308, -72, 1 }, { cell.serving.pci, cell.serving.rsrp_dbm, #cell.neighbours })
    assert.equal(not traits.qeng_short and -7 or nil, cell.serving.tx_power_dbm)
    assert.equal("46008", modem:operator().operator)
    assert.is_true(modem:attached())
    assert.same({ 5, 8 }, modem:bands())
    assert(modem:command("AT+CEREG=4"))
    local state = assert(modem:registration())
    assert.same({ "home", traits.tac_decimal and "19472" or "4C10", 0x4C10 },
      { state.state, state.tac, state.tac_number })
    assert.same(traits.cereg_timers and { GIVEN_ACTIVE, GIVEN_TAU } or {},
      { state.active_time, state.periodic_tau })
    assert(modem:command("AT+CEREG=0"))
  end,
})

scenario("knows the module", {
  run = function(world)
    local modem = world.modem
    assert.is_true(math.abs(modem:battery().voltage - 3.47) < 0.001)
    assert.same({ "READY", 1 }, { modem:sim(), modem:functionality() })
    local reports = modem:error_reports()
    assert.is_true(modem:error_reports(1))
    local lines, err, code = modem:command("AT+NONE")
    assert.same({ nil, "error", "number" }, { lines, err, type(code) })
    assert.is_true(modem:error_reports(reports))
  end,
})

scenario("saves power as it is told", {
  run = function(world)
    local modem = world.modem
    local before = assert(modem:power_saving())
    assert.same({ true, ACTIVE, TAU },
      { before.psm.enabled, before.psm.active_time, before.psm.periodic_tau })
    assert.equal(world.traits.sleep_events or nil, before.events)
    assert.is_false(modem:power_saving({ psm = false }).psm.enabled)
    local after = modem:power_saving { psm = { active_time = ACTIVE, periodic_tau = TAU } }
    assert.same(before, after)
  end,
})

scenario("keeps the module awake as long as a task asks for that", {
  inside = true,
  fits = function(world)
    local traits = world.traits
    return traits.sleep_after and not (traits.psm_boot and traits.sleep_kind == "PSM")
  end,
  run = function(world)
    local modem, seconds = world.modem, world.traits.sleep_after
    assert.is_true(modem:sleep_lock(true))
    world:pass(3 * seconds)
    assert.equal("on", world.module.power)
    assert.is_true(modem:sleep_lock(false))
    world:pass(3 * seconds)
    assert.not_equal("on", world.module.power)
    assert.truthy(modem:identity())
  end,
})

scenario("leaves the network, and comes back", {
  fits = tools.up(40),
  run = function(world)
    local modem = world.modem
    local socket = pair(world)
    assert.is_true(modem:detach())
    assert.same({ nil, "closed", 0 }, { socket:send("x") })
    assert.same({ nil, "not attached" }, { modem:tcp():connect(world.address, 80) })
    assert.same({ nil, "not attached" }, { modem:resolve(world.name) })
    assert.is_true(modem:attach { timeout = world.patience })
    assert.equal(0, open_count(world))
    local again, peer = pair(world)
    carry(again, peer, "back")
    assert.equal(1, again:close())
  end,
})

scenario("loses the network, and finds it", {
  inside = true,
  idle = 100,
  fits = tools.up(40),
  run = function(world)
    local modem = world.modem
    local socket = pair(world)
    world.module:network(false)
    assert.same({ nil, "closed", "" }, { socket:receive("*l") })
    assert.is_false(modem:registration().registered)
    assert.is_nil((modem:tcp():connect(world.address, 80)))
    world.module:later(world.module.now() + 5, function() world.module:network(true) end)
    assert.is_true(modem:attach { timeout = world.patience })
    local again, peer = pair(world)
    carry(again, peer, "found")
    assert.equal(1, again:close())
  end,
})

scenario("waits at its end for what the peer has not acknowledged", {
  inside = true,
  idle = 100,
  fits = tools.up(40),
  run = function(world)
    local socket, peer = pair(world)
    carry(socket, peer, "at once")
    assert.equal(1, socket:close { flush = 60 })
    socket, peer = pair(world, { auto_ack = false })
    carry(socket, peer, "never")
    assert.same({ nil, "not acknowledged", 5 }, { socket:close { flush = 60 } })
    assert.is_true(peer:wait_end())
    assert.same({ nil, "closed" }, { socket:acked() })
  end,
})

return scenarios

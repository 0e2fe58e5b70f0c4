-- The main road's scenarios of sleep: what becomes of sockets, and of the command that wakes.

local assert = require "luassert"
local tools = require "spec.support.road_tools"

local carry, connected, open_count, pair = tools.carry, tools.connected, tools.open_count,
  tools.pair

local scenarios, scenario = tools.list()

-- Sends the module to sleep. The driver has heard that it does.
local function send_to_sleep(world, kind)
  local heard = world.modem:on("sleep")
  world.module:sleep(kind)
  assert.truthy(heard:wait(world.patience))
  heard:cancel()
end

-- The peer, asked before the module slept, says whether its socket outlived that.
local function check_tcp(world, socket, peer)
  if world.traits.tcp_over_sleep == "kept" then
    carry(socket, peer, "of the same connection")
  else
    assert.is_nil((socket:send("into the void")))
    assert.same({ nil, "closed" }, { socket:getpeername() })
  end
end

local function check_udp(world, socket)
  if world.traits.udp_over_sleep == "kept" then
    assert.equal(5, socket:send("awake"))
    assert.equal("re:awake", socket:receive())
  else
    assert.is_nil((socket:send("void")))
    world:pass(1)
    assert.same({ nil, "closed" }, { socket:send("void") })
  end
end

for _, kind in ipairs { "DEEPSLEEP", "PSM" } do
  local function wakes(world)
    return world.traits.sleep_events and tools.both(40)(world)
      and not (kind == "PSM" and world.traits.psm_boot)
  end

  scenario("wakes from " .. kind .. " by a command, and keeps what the module kept", {
    inside = true,
    sleeps = true,
    fits = wakes,
    run = function(world)
      local server = world:udp_server(function(bytes) return "re:" .. bytes end)
      local udp = connected(world, "udp", server.port)
      local tcp, peer = pair(world)
      carry(tcp, peer, "before")
      local awake = world.modem:on("wake")
      send_to_sleep(world, kind)
      assert.equal(-69, assert(world.modem:signal()).dbm)
      assert.truthy(awake:wait(world.patience))
      awake:cancel()
      check_tcp(world, tcp, peer)
      check_udp(world, udp)
      assert.equal(1, tcp:close())
      assert.equal(1, udp:close())
      assert.equal(0, open_count(world))
    end,
  })

  scenario("wakes from " .. kind .. " by a send", {
    inside = true,
    sleeps = true,
    fits = wakes,
    run = function(world)
      local socket, peer = pair(world)
      send_to_sleep(world, kind)
      check_tcp(world, socket, peer)
      assert.equal(1, socket:close())
      local again, other = pair(world)
      carry(again, other, "again")
      assert.equal(1, again:close())
    end,
  })
end

scenario("hears of its peer in deep sleep", {
  inside = true,
  sleeps = true,
  fits = function(world)
    local traits = world.traits
    if traits.idle_limit and traits.idle_limit < 200 then return false end
    return traits.sleep_events and traits.tcp_over_sleep == "kept" and tools.both(40)(world)
  end,
  run = function(world)
    local socket, peer = pair(world)
    send_to_sleep(world, "DEEPSLEEP")
    world:pass(100)
    peer:write("wake up\r\n")
    assert.equal("wake up", socket:receive("*l"))
    send_to_sleep(world, "DEEPSLEEP")
    peer:close()
    assert.same({ nil, "closed", "" }, { socket:receive("*l") })
  end,
})

scenario("takes a boot at the end of PSM for what it is", {
  inside = true,
  sleeps = true,
  odd = { reset = 1 },
  fits = function(world)
    return world.traits.sleep_events and world.traits.psm_boot and tools.up(40)(world)
  end,
  run = function(world)
    local socket = pair(world)
    send_to_sleep(world, "PSM")
    assert.is_nil((socket:send("x")))
    assert(world.modem:attach { timeout = world.patience })
    assert.same({ nil, "closed", 0 }, { socket:send("x") })
    local again, peer = pair(world)
    carry(again, peer, "again")
    assert.equal(1, again:close())
  end,
})

return scenarios

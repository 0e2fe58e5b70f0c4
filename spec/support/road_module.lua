-- The main road's scenarios about the module: who it is, what it refuses, how it restarts.

local assert = require "luassert"
local bc260y = require "bc260y"
local tools = require "spec.support.road_tools"

local carry, connected, pair = tools.carry, tools.connected, tools.pair
local open_count, up = tools.open_count, tools.up

local scenarios, scenario = tools.list()

scenario("says who it is", {
  run = function(world)
    local identity = world.modem:identity()
    assert.equal("Quectel_BC260Y-CN", identity.model)
    assert.equal(world.traits.revision, identity.revision)
    assert.truthy(identity.imei:find("^%d+$"))
    assert.equal(15, #identity.imei)
  end,
})

scenario("opens beside an id that somebody else has in use", {
  fits = up(40),
  run = function(world)
    local server = world:tcp_server()
    assert(world.modem:command(('AT+QIOPEN=0,3,"TCP","%s",%d,0,1'):format(world.address,
      server.port)))
    server:accept()
    local list = {}
    for i = 1, 5 do
      list[i] = connected(world, "tcp", server.port)
      carry(list[i], server:accept(), ("socket %d"):format(i))
    end
    assert.equal(5, open_count(world))
    for i = 1, 5 do assert.equal(1, list[i]:close()) end
  end,
})

scenario("says why an open failed, and opens the next", {
  fits = up(40),
  run = function(world)
    for _ = 1, 2 do
      local socket = world.modem:tcp()
      socket:settimeout(world.patience)
      assert.same({ nil, bc260y.errors[566], 566 },
        { socket:connect(world.address, world:closed_port()) })
    end
    local socket, peer = pair(world)
    carry(socket, peer, "open")
    assert.equal(1, open_count(world))
    assert.equal(1, socket:close())
  end,
})

scenario("lets a fixed local port rest", {
  inside = true,
  idle = 120,
  fits = up(40),
  run = function(world)
    local server = world:tcp_server()
    local first = connected(world, "tcp", server.port, { local_port = 50123 })
    carry(first, server:accept(), "first")
    assert.equal(1, first:close())
    local second = world.modem:tcp { local_port = 50123 }
    local ok, err, code = second:connect(world.address, server.port)
    if world.traits.local_port_rest <= 120 then
      assert.equal(1, ok, err)
      carry(second, server:accept(), "second")
      assert.equal(1, second:close())
    else
      local said = world.traits.local_port_code
      assert.same({ nil, bc260y.errors[said], said }, { ok, err, code })
    end
    assert.equal(1, pair(world):close())
  end,
})

scenario("says that an open got no answer", {
  inside = true,
  idle = 65,
  run = function(world)
    local server = world:tcp_server { silent = true }
    local socket = world.modem:tcp()
    assert.same({ nil, bc260y.errors[569], 569 },
      { socket:connect(world.address, server.port) })
    assert.equal(1, pair(world):close())
  end,
})

scenario("sees a close of which no URC came, when it counts and when it attaches", {
  inside = true,
  idle = 30,
  fits = up(40),
  run = function(world)
    for _, look in ipairs { "acked", "attach" } do
      local socket, peer = pair(world)
      carry(socket, peer, "reading")
      world:mute('"closed"')
      peer:close()
      world:pass(1)
      if look == "acked" then
        assert.is_nil(socket:acked())
      else
        assert(world.modem:attach())
      end
      -- Nothing is sent to find out.
      assert.is_true(world:await(function() return not socket:getpeername() end))
      assert.same({ nil, "closed", 0 }, { socket:send("x") })
      world:mute(nil)
      assert.equal(0, open_count(world))
    end
    local socket, peer = pair(world)
    carry(socket, peer, "next")
    assert.equal(1, socket:close())
  end,
})

scenario("starts anew after a reset that was asked for", {
  fits = up(40),
  odd = { reset = 1 },
  run = function(world)
    local modem = world.modem
    local socket = pair(world)
    local reset = modem:on("reset")
    assert(modem:command("AT+QRST=1"))
    assert.is_true(reset:wait(world.patience))
    reset:cancel()
    assert.same({ nil, "closed", 0 }, { socket:send("x") })
    assert(modem:attach { timeout = world.patience })
    local again, peer = pair(world)
    carry(again, peer, "after the reset")
    assert.equal(1, open_count(world))
    assert.equal(1, again:close())
  end,
})

scenario("restarts the module, and starts anew", {
  fits = up(40),
  odd = { reset = 1 },
  run = function(world)
    local modem = world.modem
    local socket = pair(world)
    assert.is_true(modem:reset { timeout = world.patience })
    assert.same({ nil, "closed", 0 }, { socket:send("x") })
    assert(modem:attach { timeout = world.patience })
    local again, peer = pair(world)
    carry(again, peer, "after")
    assert.equal(1, again:close())
  end,
})

scenario("ends with module reset what a reset cuts short", {
  inside = true,
  fits = up(40),
  odd = { reset = 1 },
  run = function(world)
    local modem = world.modem
    local socket = pair(world)
    world.module:script { match = "QISEND", reset = true }
    assert.same({ nil, "module reset", 0 }, { socket:send("cut short") })
    assert.same({ nil, "not attached" }, { modem:tcp():connect(world.address, 1) })
    assert(modem:attach { timeout = world.patience })
    local again, peer = pair(world)
    carry(again, peer, "whole")
    assert.equal(1, again:close())
  end,
})

return scenarios

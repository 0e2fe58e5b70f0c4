-- The main road's scenarios in which data goes up and down.

local assert = require "luassert"
local bc260y = require "bc260y"
local tools = require "spec.support.road_tools"

local carry, connected, pair = tools.carry, tools.connected, tools.pair
local all_acked, open_count = tools.all_acked, tools.open_count
local takes, gives, both, up = tools.takes, tools.gives, tools.both, tools.up

local scenarios, scenario = tools.list()

local BYTES
do
  local all = {}
  for i = 0, 255 do all[i + 1] = string.char(i) end
  BYTES = table.concat(all)
end

local HOSTILE = "\r\nOK\r\n\r\nSEND OK\r\n\r\nERROR\r\nCLOSE OK\r\n> \r\nRDY\r\n" .. '","'
  .. '\r\n+QIURC: "closed",0\r\n\r\n+QIURC: "recv",0,1024,\r\n+QIURC: "recv",1,3,"abc"\r\n'
  .. "+QIOPEN: 0,0\r\n+CME ERROR: 50\r\n+QISEND: 1,1,0\r\n+IP: 1.2.3.4\r\n\n\r\0"

scenario("carries readings by tcp, and what the peer says of them", {
  fits = both(40),
  run = function(world)
    local server = world:tcp_server()
    local socket = world.modem:tcp()
    socket:settimeout(world.patience)
    assert.equal(1, socket:connect(world.name, server.port))
    assert.same({ world.name, server.port }, { socket:getpeername() })
    local peer = server:accept()
    local up_count, down_count = 0, 0
    for i = 1, 5 do
      local reading = ('{"n":%d,"t":"21.%d"} '):format(i, i)
      local answer = ("stored %d\r\n"):format(i)
      carry(socket, peer, reading)
      peer:write(answer)
      assert.equal("stored " .. i, socket:receive("*l"))
      up_count, down_count = up_count + #reading, down_count + #answer
    end
    assert.same({ up_count, up_count, 0 }, { all_acked(world, socket) })
    local got, sent = socket:getstats()
    assert.same({ down_count, up_count }, { got, sent })
    assert.equal(1, open_count(world))
    assert.equal(1, socket:close())
    assert.equal(1, socket:close())
    assert.is_true(peer:wait_end())
    assert.same({ nil, "closed", 0 }, { socket:send("x") })
  end,
})

scenario("carries 3 KiB of text and of bytes in chunks", {
  fits = up(512),
  run = function(world)
    local socket, peer = pair(world)
    local parts = { ('{"a":"b",c} > OK~'):rep(120), ("text "):rep(205) }
    if world.modem.send_format ~= "text" then
      parts[#parts + 1] = "\r\nOK\r\n\0\26\27>" .. BYTES:rep(12)
    end
    local size = 0
    for _, part in ipairs(parts) do
      carry(socket, peer, part)
      size = size + #part
    end
    assert.same({ size, size, 0 }, { all_acked(world, socket) })
    assert.equal(1, socket:close())
  end,
})

scenario("refuses what text mode can't carry, and goes on", {
  fits = function(world) return world.modem.send_format == "text" and takes(world, 40) end,
  run = function(world)
    local socket, peer = pair(world)
    assert.same({ nil, "invalid argument", 0, "data" }, { socket:send("ab\r\n") })
    carry(socket, peer, "ab")
    assert.equal(1, socket:close())
  end,
})

scenario("hands on 3,000 bytes that look like anything but payload", {
  fits = function(world) return gives(world, 3000) end,
  run = function(world)
    local socket, peer = pair(world)
    local bytes = (HOSTILE .. BYTES):rep(8):sub(1, 3000)
    peer:write(bytes)
    assert.is_true(socket:receive(10) == bytes:sub(1, 10))
    assert.is_true(socket:receive(2990) == bytes:sub(11))
    for _, piece in ipairs { '"', "\r\n", "\0", "OK", ">", "\r\nOK\r\n", '"quoted"', "00" } do
      peer:write(piece)
      assert.is_true(socket:receive(#piece) == piece)
    end
    assert.equal(1, socket:close())
  end,
})

scenario("gives the rest of what came when the peer closes, then says closed", {
  fits = both(3000),
  run = function(world)
    local socket, peer, server = pair(world)
    local text = ("line\r\n"):rep(480) .. "no end"
    peer:write(text)
    peer:close()
    assert.equal(text, socket:receive("*a"))
    assert.same({ nil, "closed", "" }, { socket:receive("*a") })
    assert.same({ nil, "closed" }, { socket:acked() })
    local again = connected(world, "tcp", server.port)
    carry(again, server:accept(), "again")
    assert.equal(1, again:close())
  end,
})

scenario("carries datagrams there and back", {
  fits = both(40),
  run = function(world)
    local server = world:udp_server(function(bytes) return "re:" .. bytes end)
    local socket = connected(world, "udp", server.port)
    for i = 1, 3 do
      assert.equal(9, socket:send("reading " .. i))
      assert.is_true(world:await(function() return #server.received == i end))
      assert.equal("reading " .. i, server.received[i])
      assert.equal("re:reading " .. i, socket:receive())
    end
    assert.same({ nil, "not supported" }, { socket:acked() })
    assert.equal(1, socket:close())
    assert.equal(0, open_count(world))
  end,
})

scenario("carries the largest datagrams, and cuts none", {
  fits = both(1500),
  run = function(world)
    local big = ("0123456789abcdef"):rep(94):sub(1, 1500)
    local server = world:udp_server(function() return big end)
    local socket = connected(world, "udp", server.port)
    local most = world.modem.send_format == "hex" and 512 or 1024
    assert.same({ nil, "too long" }, { socket:send(big:sub(1, most + 1)) })
    assert.equal(most, socket:send(big:sub(1, most)))
    assert.is_true(world:await(function() return #server.received == 1 end))
    assert.equal(big:sub(1, 1024), socket:receive())
    assert.equal(big:sub(1025), socket:receive())
    assert.same({ big:sub(1, most) }, server.received)
    assert.equal(1, socket:close())
  end,
})

scenario("keeps two sockets' data apart", {
  fits = both(40),
  run = function(world)
    local first, first_peer = pair(world)
    local second, second_peer = pair(world)
    for i = 1, 3 do
      first_peer:write(("to the first %d\n"):format(i))
      carry(second, second_peer, ("of the second %d;"):format(i))
      second_peer:write(("to the second %d\n"):format(i))
      carry(first, first_peer, ("of the first %d;"):format(i))
      assert.equal("to the second " .. i, second:receive("*l"))
      assert.equal("to the first " .. i, first:receive("*l"))
    end
    assert.equal(2, open_count(world))
    assert.equal(1, first:close())
    carry(second, second_peer, "still open")
    assert.equal(1, second:close())
  end,
})

scenario("has five sockets, and gives an id that is closed to the next", {
  fits = both(40),
  run = function(world)
    local tcp = world:tcp_server()
    local udp = world:udp_server(function(bytes) return bytes end)
    local list = {}
    for i = 1, 5 do
      local kind = i % 2 == 1 and "tcp" or "udp"
      list[i] = connected(world, kind, kind == "tcp" and tcp.port or udp.port)
    end
    assert.same({ nil, bc260y.errors[563], 563 },
      { world.modem:tcp():connect(world.address, tcp.port) })
    local peers = { tcp:accept(), tcp:accept(), tcp:accept() }
    assert.equal(1, list[3]:close())
    list[3] = connected(world, "tcp", tcp.port)
    carry(list[3], tcp:accept(), "the third")
    carry(list[5], peers[3], "the fifth")
    assert.equal(5, list[4]:send("echo!"))
    assert.is_true(world:await(function() return #udp.received == 1 end))
    assert.equal("echo!", list[4]:receive())
    for i = 1, 5 do assert.equal(1, list[i]:close()) end
    assert.equal(0, open_count(world))
  end,
})

scenario("counts what the peer has acknowledged", {
  inside = true,
  fits = up(40),
  run = function(world)
    local socket, peer = pair(world, { auto_ack = false })
    carry(socket, peer, "0123456789")
    assert.same({ 10, 0, 10 }, { socket:acked() })
    peer:ack(4)
    assert.same({ 10, 4, 6 }, { socket:acked() })
    peer:ack()
    assert.same({ 10, 10, 0 }, { socket:acked() })
    assert.equal(1, socket:close())
  end,
})

scenario("says that a send failed, and sends the next", {
  inside = true,
  idle = 5,
  fits = up(40),
  run = function(world)
    local socket, peer = pair(world)
    carry(socket, peer, "before")
    world.module:script { match = "QISEND=%d,[1-9]", second = "SEND FAIL" }
    assert.same({ nil, "error", 0 }, { socket:send("nobody gets this") })
    carry(socket, peer, "behind")
    assert.same({ 12, 12, 0 }, { socket:acked() })
    assert.equal(1, socket:close())
  end,
})

scenario("says where the module dropped data, and goes on", {
  inside = true,
  fits = function(world) return tools.lasts(world, world.delay) end,
  odd = { ["buffer full"] = 1 },
  run = function(world)
    local traits = world.traits
    local limit = traits.rx_buffer
    local socket, peer = pair(world)
    traits.rx_buffer = 100
    peer:write(("x"):rep(200))
    assert.same({ nil, "overflow", "" }, { socket:receive(200) })
    traits.rx_buffer = false
    peer:write("after it\n")
    assert.equal("after it", socket:receive("*l"))
    assert.equal(1, socket:close())
    traits.rx_buffer = limit
  end,
})

scenario("says that a send does not fit the module", {
  idle = 10,
  fits = function(world) return not takes(world, 512) end,
  run = function(world)
    local socket = pair(world)
    local data = ("x"):rep(512)
    for _ = 1, 2 do
      local ok, err, last = socket:send(data)
      assert.same({ nil, "error", 0 }, { ok, err, last })
    end
    assert.same({ 0, 0, 0 }, { socket:acked() })
    local udp = connected(world, "udp", world:udp_server().port)
    local ok, err = udp:send(data)
    assert.same({ nil, "error" }, { ok, err })
    assert.equal(1, socket:close())
    assert.equal(1, udp:close())
  end,
})

return scenarios

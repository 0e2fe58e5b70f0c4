-- The notes of the manual's sections 2.3.6 to 2.4.1, 4.1.1 and 4.1.10, each as what the
-- driver does. Those before are in manual_notes_spec.lua.

local bc260y = require "bc260y"
local new_bench = require("spec.support.notes").new

-- Nothing of fn(modem) is written to the module while it has no address.
local function needs_address(fn)
  local function refused(modem)
    local ok, err = fn(modem)
    assert.same({ nil, "not attached" }, { ok, err })
  end
  local bench = new_bench { boot = true, timing = { ip = 60 }, attach = false }
  bench.net.utc = 1700000000
  bench:pass(5)
  refused(bench.modem)
  assert.equal(0, bench:count())
  assert(bench.modem:attach())
  assert.is_not_nil((fn(bench.modem)))
  bench.module:reset()
  bench.modem:wait("reset")
  refused(bench.modem)
  bench.modem:close()
end

local function has_context_0(bench, name)
  local lines = bench:find("AT+" .. name .. "=")
  assert.is_true(#lines > 0)
  for _, line in ipairs(lines) do assert.matches("^AT%+" .. name .. "=0", line.text) end
end

describe("the manual's", function()
  describe("2.3.6", function()
    it("note 1: names are asked for in context 0 alone, and once there is an address", function()
      local bench = new_bench()
      assert(bench.modem:resolve("h"))
      has_context_0(bench, "QIDNSGIP")
      assert.same({ nil, "error" }, { bench.modem:command('AT+QIDNSGIP=1,"h"') })
      bench.modem:close()
      needs_address(function(modem) return modem:resolve("h") end)
    end)

    it("note 2: the first address alone is given, be others counted or not", function()
      for _, told in ipairs { "first", "counted" } do
        local bench = new_bench { names = { two = { "10.0.0.1", "10.0.0.2" } },
          traits = { dns_addresses = told } }
        local begun = bench.time
        assert.same({ "10.0.0.1" }, bench.modem:resolve("two"))
        assert.is_true(bench.time - begun < 1)
        bench.modem:close()
      end
    end)
  end)

  describe("2.3.7", function()
    it("note 1: servers are set and asked for in context 0 alone", function()
      local bench = new_bench()
      assert(bench.modem:dns())
      assert(bench.modem:dns("8.8.8.8"))
      has_context_0(bench, "QIDNSCFG")
      bench.modem:close()
    end)

    it("note 2: a network of one family takes servers of that family alone", function()
      for network, wrong in pairs { v4 = "240E:5A::6666", v6 = "8.8.8.8" } do
        local right = network == "v4" and "8.8.8.8" or "240E:5A::6666"
        local bench = new_bench { traits = { network = network } }
        assert.same({ nil, "error" }, { bench.modem:dns(wrong) })
        assert.is_true(bench.modem:dns(right))
        local servers = assert(bench.modem:dns())
        assert.equal(right, network == "v4" and servers.primary or servers.primary6)
        bench.modem:close()
      end
    end)

    it("note 3: servers are not set before the address is known", function()
      needs_address(function(modem) return modem:dns("8.8.8.8", "1.1.1.1") end)
    end)

    it("note 4: they are asked for at any time, and are the network's until they are set",
      function()
        local bench = new_bench { boot = true, timing = { ip = 60 }, attach = false,
          dns = { "218.2.2.2", "218.4.4.4", "240E:5A::6666", "240E:5B::6666" } }
        bench:pass(5)
        local network = { primary = "218.2.2.2", secondary = "218.4.4.4",
          primary6 = "240E:5A::6666", secondary6 = "240E:5B::6666" }
        assert.same(network, bench.modem:dns())
        assert(bench.modem:attach())
        assert(bench.modem:dns("8.8.8.8"))
        network.primary = "8.8.8.8"
        assert.same(network, bench.modem:dns())
        bench.modem:close()
      end)
  end)

  describe("2.3.8", function()
    it("note: pings go in context 0 alone, and once there is an address", function()
      local bench = new_bench()
      assert(bench.modem:ping("h", { count = 1, timeout = 1 }))
      has_context_0(bench, "QPING")
      bench.modem:close()
      needs_address(function(modem) return modem:ping("h", { count = 1, timeout = 1 }) end)
    end)
  end)

  describe("2.3.9", function()
    it("note 1: the time is asked for in context 0 alone, and once there is an address",
      function()
        local bench = new_bench()
        bench.net.utc = 1700000000
        assert(bench.modem:ntp("h"))
        has_context_0(bench, "QNTP")
        bench.modem:close()
        needs_address(function(modem) return modem:ntp("h") end)
      end)

    it("note 2: with set the module's clock follows the server's, without it does not", function()
      for _, set in ipairs { true, false } do
        local bench = new_bench { clock = 1600000000 }
        bench.net.utc = 1700000000
        local told = assert(bench.modem:ntp("h", { set = set }))
        assert.equal(1700000000, told.epoch)
        bench:pass(10)
        local clock = assert(bench.modem:clock())
        local want = set and 1700000010 or 1600000000 + bench.time
        assert.is_true(math.abs(clock.epoch - want) <= 1)
        bench.modem:close()
      end
    end)

    it("note 3: once it is registered its clock is the network's", function()
      local bench = new_bench { boot = true, attach = false, clock = 1600000000, rtc = 1262304000,
        timing = { found = 30 } }
      bench:pass(10)
      local before = assert(bench.modem:clock())
      assert.is_true(before.epoch < 1600000000)
      assert(bench.modem:attach())
      local clock = assert(bench.modem:clock())
      assert.is_true(math.abs(clock.epoch - 1600000000 - bench.time) <= 1)
      bench.modem:close()
    end)
  end)

  describe("2.4", function()
    it("note 1: in PSM no URC comes: a `closed` that was missed is found when it wakes", function()
      local bench = new_bench { traits = { psm_boot = false, tcp_over_sleep = "kept" } }
      local socket, peer = bench:connected()
      local other = bench:datagrams()
      bench.module:sleep("PSM")
      peer:send("nobody hears this")
      peer:close()
      bench:pass(3600)
      assert.is_nil(bench:told('+QIURC: "closed",0'))
      socket:settimeout(0)
      assert.same({ nil, "timeout", "" }, { socket:receive() })
      assert.equal(1, other:send("x")) -- it wakes
      bench:pass(1)
      assert.same({ nil, "closed", "" }, { socket:receive() })
      assert.same({ nil, "closed", 0 }, { socket:send("x") })
      assert.equal(1, #bench.modem:sockets())
      bench.modem:close()
    end)

    it("note 2: in DRX and eDRX URCs are late by a paging cycle, and nothing breaks by it",
      function()
        for _, cycle in ipairs { 2.56, 20.48, 163.84, 2621.44 } do
          local bench = new_bench { traits = { urc_late = cycle } }
          local socket, peer = bench:connected()
          local datagrams, other = bench:datagrams()
          bench:pass(60)
          assert.equal(4, socket:send("data"))
          peer:send("answer\n")
          other:send("datagram")
          -- Deadlines hold, whatever is on its way.
          local begun = bench.time
          socket:settimeout(cycle / 2)
          assert.same({ nil, "timeout", "" }, { socket:receive() })
          assert.is_true(math.abs(bench.time - begun - cycle / 2) < 0.1)
          assert(bench.modem:signal())
          assert.same({ 4, 4, 0 }, { socket:acked() })
          assert.equal(4, socket:send("more"))
          -- Nothing is lost, and nothing is taken for something else.
          socket:settimeout(cycle)
          assert.equal("answer", socket:receive())
          datagrams:settimeout(1)
          assert.equal("datagram", datagrams:receive())
          assert.is_true(bench.time - begun >= cycle - 0.1)
          -- Until `closed` has come the connection seems to be there.
          bench:pass(60)
          peer:close()
          bench:pass(cycle / 2)
          assert.is_string((socket:getpeername()))
          assert.equal(0, bench.modem:wait("closed", cycle))
          assert.same({ nil, "closed", 0 }, { socket:send("x") })
          assert.equal("datamore", peer:text())
          bench.modem:close()
        end
      end)

    it("note 2: a close with flush does not take a late `closed` for an acknowledgement", function()
      local bench = new_bench { traits = { urc_late = 163.84 } }
      local socket, peer = bench:connected { auto_ack = false }
      assert.equal(4, socket:send("data"))
      bench:pass(60)
      peer:close()
      bench:pass(1)
      assert.same({ nil, "closed", 4 }, { socket:close { flush = 60 } })
      bench:pass(600)
      assert.same({}, bench.modem:sockets())
      bench.modem:close()
    end)

    it("note 3: while it is connected to the cell URCs come at once", function()
      local bench = new_bench { traits = { urc_late = 163.84, rrc_release = 20 } }
      local socket, peer = bench:connected()
      bench:pass(60)
      socket:settimeout(1)
      peer:send("late")
      assert.same({ nil, "timeout", "" }, { socket:receive(4) })
      assert.equal(1, socket:send("x"))
      bench:pass(170)
      assert.equal("late", socket:receive(4))
      assert.equal(1, socket:send("x"))
      peer:send("soon")
      assert.equal("soon", socket:receive(4))
      bench.modem:close()
    end)

    it("note 4: what is longer than 1,024 bytes comes in several URCs, and is one stream",
      function()
        for _, format in ipairs { "text", "hex" } do
          local bench = new_bench { format = format }
          local socket, peer = bench:connected()
          local data = ("0123456789abcdef\r\n+QIURC: "):rep(100):sub(1, 2500)
          peer:send(data)
          assert.equal(data, socket:receive(2500))
          socket:settimeout(1)
          for size, pieces in pairs { [1024] = 1, [1025] = 2, [2048] = 2, [2049] = 3 } do
            local count = 0
            local subscription = bench.modem:on("recv", function(id, bytes)
              assert(id == 0 and #bytes <= 1024)
              count = count + 1
            end)
            peer:send(data:sub(1, size))
            assert.equal(data:sub(1, size), socket:receive(size))
            assert.same({ nil, "timeout", "" }, { socket:receive(1) })
            assert.equal(pieces, count)
            subscription:cancel()
          end
          bench.modem:close()
        end
      end)

    it("note 4: a datagram longer than that comes in pieces, each of which is one receive",
      function()
        local bench = new_bench()
        local socket, peer = bench:datagrams()
        peer:send(("x"):rep(1024) .. ("y"):rep(476))
        assert.equal(("x"):rep(1024), socket:receive())
        assert.equal(("y"):rep(476), socket:receive())
        bench.modem:close()
      end)
  end)

  describe("2.4.1", function()
    it("`closed`, by the peer or with the network, is followed by QICLOSE", function()
      for _, state in ipairs { 3, 4 } do
        local bench = new_bench { traits = { closed_state = state } }
        local ends = {
          function(peer) peer:close() end,
          function() bench.module:network(false) end,
        }
        for _, fn in ipairs(ends) do
          local socket, peer = bench:connected()
          local datagrams = bench:datagrams()
          local id = socket.id
          fn(peer)
          assert.same({ nil, "closed", "" }, { socket:receive() })
          bench:pass(1)
          local list = bench.modem:sockets()
          assert.equal(1, #list)
          assert.equal("UDP", list[1].service) -- of which no `closed` is told
          assert.equal(1, #bench:find("AT+QICLOSE=" .. id))
          assert.equal("10.0.0.1", (datagrams:getpeername()))
          assert.equal(1, datagrams:close())
        end
        bench.modem:close()
      end
    end)
  end)

  describe("4.1.1", function()
    it("note: nothing of TCP and UDP is tried before the address is told", function()
      needs_address(function(modem) return modem:udp():connect("h", 1) end)
    end)

    it("note: an address that is lost is not there, until another is told", function()
      local bench = new_bench()
      bench.net:listen("TCP", "10.0.0.1", 1, {})
      bench.module:reset()
      bench.modem:wait("reset")
      assert.same({ nil, "not attached" }, { bench.modem:tcp():connect("h", 1) })
      bench.modem:wait("ip")
      assert.equal(1, bench.modem:tcp():connect("h", 1))
      bench.modem:close()
    end)
  end)

  describe("4.1.10", function()
    it("note: the acknowledgement is checked before a close on purpose", function()
      local bench = new_bench()
      local socket, peer = bench:connected { auto_ack = false }
      assert.equal(100, socket:send(("x"):rep(100)))
      bench.module:later(bench.time + 5, function() peer:ack() end)
      local begun = bench.time
      assert.equal(1, socket:close { flush = 30 })
      assert.is_true(bench.time - begun >= 5 and bench.time - begun < 12)
      local counts, close = bench:find("AT+QISEND=0,0"), bench:find("AT+QICLOSE=0")
      assert.is_true(#counts >= 2 and #close == 1)
      assert.is_true(counts[#counts].time <= close[1].time)
      bench.modem:close()
    end)

    it("note: what was not acknowledged is told, to be sent again on a new connection", function()
      local bench = new_bench()
      local socket, peer = bench:connected { auto_ack = false }
      local data = ("0123456789"):rep(60)
      assert.equal(600, socket:send(data))
      peer:ack(512)
      local ok, err, left = socket:close { flush = 10 }
      assert.same({ nil, "not acknowledged", 88 }, { ok, err, left })
      assert.equal(1, #bench:find("AT+QICLOSE=0"))
      local again, other = bench:connected()
      assert.equal(600, again:send(data, -left))
      assert.equal(1, again:close { flush = 10 })
      assert.equal(data, peer:text():sub(1, 512) .. other:text())
      bench.modem:close()
    end)
  end)
end)

describe("the manual's 2.4 note 2 in bc260y.run:", function()
  it("a URC that is late wakes the task that waits for it, and no other call fails", function()
    bc260y.run(function()
      local bench = new_bench { traits = { urc_late = 40.96 } }
      local socket, peer = bench:connected()
      bc260y.sleep(60)
      peer:send("late\n")
      local begun = bench.time
      local reader = bc260y.spawn(socket.receive, socket)
      for _ = 1, 20 do
        assert(bench.modem:signal { timeout = 1 })
        bc260y.sleep(1)
      end
      assert.same({ "late" }, { reader:wait(60) })
      assert.is_true(math.abs(bench.time - begun - 40.96) < 0.2)
      bench.modem:close()
    end)
  end)
end)

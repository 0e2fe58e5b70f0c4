-- close{flush = seconds}: the acknowledgement is looked at before a close on purpose
-- (manual 4.1.10).

local bc260y = require "bc260y"
local rig = require "spec.support.rig"
local script = require "spec.support.port"

local connected = script.connected
local CLOSE = "> AT+QICLOSE=0\n< OK\n< CLOSE OK\n"

local function send_line(data)
  return ('> AT+QISEND=0,%d,"%s"\n< OK\n< SEND OK\n'):format(#data, data)
end

local function count_line(sent, acked, unacked)
  return ("> AT+QISEND=0,0\n< +QISEND: %d,%d,%d\n< OK\n"):format(sent, acked, unacked)
end

-- A socket connected to a peer of the virtual module that acknowledges when it is told to.
local function to_peer(options)
  local given = { profile = "manual", boot = false, names = { h = "10.0.0.1" } }
  for name, value in pairs(options or {}) do given[name] = value end
  local bench = rig.new(given)
  bench.net:listen("TCP", "10.0.0.1", 1, { auto_ack = false })
  local modem = assert(bc260y.open { port = bench.port, format = "text" })
  assert(modem:attach())
  local socket = modem:tcp()
  assert.equal(1, socket:connect("h", 1))
  return socket, bench, bench.net.peers[#bench.net.peers], modem
end

-- Does so at that time of the virtual module.
local function at(bench, seconds, fn)
  bench.module:later(bench.time + seconds, fn)
end

script.each_loop(function(how, run)
  describe("tcp:close with flush " .. how, function()
    it("closes at once, with 1, when two counts say that all is acknowledged", function()
      run(function()
        local socket, port, modem = connected(send_line("abc") .. count_line(3, 3, 0)
          .. count_line(3, 3, 0) .. CLOSE)
        socket:send("abc")
        assert.equal(1, socket:close { flush = 30 })
        assert.equal(1000, port.clock.time)
        assert.same({ nil, "closed", 0 }, { socket:send("x") })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("asks nothing where nothing was sent, and is idempotent", function()
      run(function()
        local socket, port, modem = connected(CLOSE)
        assert.equal(1, socket:close { flush = 30 })
        assert.equal(1, socket:close { flush = 30 })
        assert.equal(1, socket:close())
        assert.equal(1, modem:tcp():close { flush = 30 })
        assert.equal(1000, port.clock.time)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("looks after 1, 2, 4 and then every 8 s, until all is acknowledged", function()
      run(function()
        local text, times = send_line("abc"), {}
        for i = 1, 6 do text = text .. count_line(3, i < 6 and 0 or 3, i < 6 and 3 or 0) end
        local socket, port, modem = connected(text .. count_line(3, 3, 0) .. CLOSE)
        local write = port.write
        port.write = function(self, bytes)
          if bytes:find("QISEND=0,0", 1, true) then times[#times + 1] = port.clock.time - 1000 end
          return write(self, bytes)
        end
        socket:send("abc")
        assert.equal(1, socket:close { flush = 60 })
        for i, time in ipairs { 0, 1, 3, 7, 15, 23, 23 } do
          assert.is_true(math.abs(times[i] - time) < 0.01)
        end
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("waits for the peer's acknowledgement, and takes no longer than that", function()
      run(function()
        local socket, bench, peer, modem = to_peer()
        socket:send(("x"):rep(1500))
        at(bench, 3, function() peer:ack(1000) end)
        at(bench, 6.5, function() peer:ack() end)
        local before = bench.time
        assert.equal(1, socket:close { flush = 60 })
        assert.is_true(bench.time - before < 7.1)
        assert.is_true(peer.closed)
        modem:close()
      end)
    end)

    it("when the time is over closes all the same, and says what was left", function()
      run(function()
        for seconds, count in pairs { [30] = 500, [2] = 1500, [0.5] = 1500, [0] = 1500 } do
          local socket, bench, peer, modem = to_peer()
          socket:send(("x"):rep(1500))
          at(bench, 3, function() peer:ack(1000) end)
          local before = bench.time
          assert.same({ nil, "not acknowledged", count }, { socket:close { flush = seconds } })
          assert.is_true(bench.time - before <= seconds + 0.01)
          assert.is_true(peer.closed)
          assert.same({}, modem:sockets())
          assert.same({ nil, "closed", count }, { socket:close { flush = 1 } })
          assert.equal(1, socket:close())
          modem:close()
        end
      end)
    end)

    it("of 0 s asks nothing", function()
      run(function()
        local socket, port, modem = connected(send_line("abc") .. CLOSE)
        socket:send("abc")
        assert.same({ nil, "not acknowledged", 3 }, { socket:close { flush = 0 } })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("takes no count for an acknowledgement that does not agree with what was sent", function()
      run(function()
        local zero = count_line(0, 0, 0):rep(2)
        local state = '> AT+QISTATE?\n< +QISTATE: 0,"TCP","hf.quectel.com",8008,0,2,0,1\n< OK\n'
        local socket, port, modem = connected(send_line("abc") .. zero .. state
          .. count_line(3, 3, 1):rep(2) .. state .. count_line(4, 4, 0):rep(2) .. CLOSE
          .. "> AT+QISTATE?\n< OK")
        socket:send("abc")
        assert.same({ nil, "not acknowledged", 3 }, { socket:close { flush = 3 } })
        modem:wait("nothing", 1)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("never takes the counters of a connection that has ended for evidence", function()
      for _, after in ipairs { "zero", "error" } do
        run(function()
          local socket, bench, peer, modem = to_peer {
            traits = { count_after_close = after }, timing = { urc = 1e6 }, -- `closed` is lost
          }
          socket:send("abc")
          at(bench, 1, function() peer:close() end)
          modem:wait("nothing", 2)
          assert.same({ nil, "closed", 3 }, { socket:close { flush = 30 } })
          modem:close()
        end)
      end
    end)

    it("takes an advance that a second count does not confirm for none", function()
      run(function()
        local socket, port, modem = connected(send_line("abc") .. count_line(3, 3, 0)
          .. count_line(3, 1, 2) .. CLOSE)
        socket:send("abc")
        assert.same({ nil, "not acknowledged", 3 }, { socket:close { flush = 1 } })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("ends at once when the peer closes, with what was not known to be acknowledged", function()
      run(function()
        local socket, bench, peer, modem = to_peer()
        socket:send(("x"):rep(1500))
        at(bench, 2, function() peer:ack(1000) end)
        at(bench, 9, function() peer:close() end)
        local before = bench.time
        assert.same({ nil, "closed", 500 }, { socket:close { flush = 60 } })
        assert.is_true(math.abs(bench.time - before - 9) < 0.1)
        modem:wait("nothing", 1)
        assert.same({}, modem:sockets())
        assert.equal(5, #modem.ids.free)
        modem:close()
      end)
    end)

    it("says so when the peer had closed before", function()
      run(function()
        local socket, _, peer, modem = to_peer()
        socket:send("abc")
        peer:close()
        modem:wait("closed")
        assert.same({ nil, "closed", 3 }, { socket:close { flush = 60 } })
        modem:close()
      end)
    end)

    it("ends with the module's restart and with the port", function()
      run(function()
        local socket, port, modem = connected(send_line("abc") .. count_line(3, 1, 2):rep(2)
          .. "~ 0.5\n< RDY")
        socket:send("abc")
        assert.same({ nil, "module reset", 2 }, { socket:close { flush = 60 } })
        assert.equal(1000.5, port.clock.time)
        modem:close()
        socket, port = connected(send_line("abc") .. "> AT+QISEND=0,0\n")
        socket:send("abc")
        port:unplug(0.5)
        assert.same({ nil, "lost", 3 }, { socket:close { flush = 60 } })
      end)
    end)

    it("settles a chunk whose end is not known, and counts it while that is so", function()
      run(function()
        local socket, port, modem = connected('> AT+QISEND=0,3,"abc"\n< OK\n~ 5\n< SEND OK\n'
          .. count_line(3, 3, 0):rep(2) .. CLOSE)
        socket:settimeout(2)
        assert.same({ nil, "timeout", 0 }, { socket:send("abc") })
        assert.equal(1, socket:close { flush = 60 })
        assert.is_nil(port:left())
        modem:close()
        socket, port, modem = connected('> AT+QISEND=0,3,"abc"\n< OK\n~ 5\n< SEND OK\n' .. CLOSE)
        socket:settimeout(2)
        assert.same({ nil, "timeout", 0 }, { socket:send("abc") })
        assert.same({ nil, "not acknowledged", 3 }, { socket:close { flush = 1 } })
        modem:wait("nothing", 5)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("has its own time: the socket's timeout is for CLOSE OK alone", function()
      run(function()
        local socket, port, modem = connected(send_line("abc") .. count_line(3, 0, 3):rep(4)
          .. count_line(3, 3, 0):rep(2) .. "> AT+QICLOSE=0\n< OK\n~ 5\n< CLOSE OK\n")
        socket:settimeout(2)
        socket:send("abc")
        assert.equal(1, socket:close { flush = 60 })
        assert.is_true(math.abs(port.clock.time - 1017) < 0.01)
        modem:wait("nothing", 4)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("takes any number of seconds, and raises on what is none", function()
      run(function()
        local socket, _, modem = connected(send_line("abc") .. count_line(3, 3, 0):rep(2) .. CLOSE)
        for _, options in ipairs {
          { flush = -1 }, { flush = 0/0 }, { flush = "1" }, { flush = true }, { flsh = 1 }, 5,
        } do
          assert.is_false((pcall(socket.close, socket, options)))
        end
        socket:send("abc")
        assert.equal(1, socket:close { flush = math.huge })
        assert.is_false((pcall(modem:udp().close, modem:udp(), { flush = 1 })))
        modem:close()
      end)
    end)
  end)
end)

describe("tcp:close with flush", function()
  it("waits for what another task sends meanwhile, too", function()
    bc260y.run(function()
      local socket, port, modem = connected(send_line("abc") .. count_line(3, 0, 3)
        .. send_line("de") .. count_line(5, 3, 2):rep(2) .. count_line(5, 5, 0):rep(2) .. CLOSE)
      socket:send("abc")
      local task = bc260y.spawn(socket.close, socket, { flush = 60 })
      bc260y.sleep(0.5)
      assert.equal(2, socket:send("de"))
      assert.same({ 1 }, { task:wait() })
      assert.is_nil(port:left())
      modem:close()
    end)
  end)

  it("ends when another task closes the socket", function()
    bc260y.run(function()
      local socket, port, modem = connected(send_line("abc") .. count_line(3, 0, 3) .. CLOSE)
      socket:send("abc")
      local task = bc260y.spawn(socket.close, socket, { flush = 60 })
      bc260y.sleep(0.5)
      assert.equal(1, socket:close())
      assert.same({ nil, "closed", 3 }, { task:wait() })
      assert.equal(1000.5, port.clock.time)
      assert.is_nil(port:left())
      modem:close()
    end)
  end)
end)

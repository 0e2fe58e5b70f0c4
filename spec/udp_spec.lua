local bc260y = require "bc260y"
local script = require "spec.support.port"

local OPEN = '> AT+QIOPEN=0,0,"UDP","1.2.3.4",53,0,1\n< OK\n< +QIOPEN: 0,0\n'

-- A connected UDP socket; text: what follows.
local function connected(text, format, buffer)
  format = format or "text"
  local port = script.port { text = script.attach(format) .. OPEN .. (text or "") }
  local modem = assert(bc260y.open { port = port, format = format, buffer = buffer })
  assert(modem:attach())
  local socket = modem:udp()
  assert.equal(1, socket:connect("1.2.3.4", 53))
  return socket, port, modem
end

local function say(port, data, seconds)
  port:say('\r\n+QIURC: "recv",0,' .. #data .. ',"' .. data .. '"\r\n', seconds)
end

script.each_loop(function(how, run)
  describe("udp " .. how, function()
    it("gives one datagram a call, and drops what exceeds the size", function()
      run(function()
        local socket, port, modem = connected("")
        for _, data in ipairs { "abc", "def\r\nOK\r\n", "ghijkl", "m" } do say(port, data) end
        assert.equal("abc", socket:receive())
        assert.equal("def\r\nOK\r\n", socket:receive(100))
        assert.equal("ghi", socket:receive(3))
        assert.equal("m", socket:receive())
        socket:settimeout(2)
        assert.same({ nil, "timeout" }, { socket:receive() })
        assert.equal(1002, port.clock.time)
        say(port, "n", 1)
        assert.equal("n", socket:receive())
        modem:close()
      end)
    end)

    it("has no patterns", function()
      run(function()
        local socket, _, modem = connected("")
        for _, size in ipairs { "*l", "*a", -1, {}, 0 / 0 } do
          assert.is_false((pcall(socket.receive, socket, size)))
        end
        modem:close()
      end)
    end)

    it("tells that datagrams did not fit, before it gives later ones", function()
      run(function()
        local socket, port, modem = connected("", "text", 6)
        for _, data in ipairs { "abc", "def", "ghi" } do say(port, data) end
        bc260y.sleep(0.1)
        assert.equal("abc", socket:receive())
        say(port, "jkl")
        bc260y.sleep(0.1)
        assert.equal("def", socket:receive())
        assert.same({ nil, "overflow", 3 }, { socket:receive() })
        assert.equal("jkl", socket:receive())
        modem:close()
      end)
    end)

    it("sends a datagram whole or not at all", function()
      run(function()
        local max = ("x"):rep(1024)
        local socket, port, modem = connected('> AT+QISEND=0,1024,"' .. max
          .. '"\n< OK\n< SEND OK\n> AT+QISEND=0,2,"bc",1\n< OK\n< SEND OK')
        local before = port.writes
        assert.same({ nil, "too long" }, { socket:send(max .. "x") })
        assert.same({ nil, "invalid argument", "data" }, { socket:send("") })
        assert.same({ nil, "invalid argument", "data" }, { socket:send("a\n") })
        assert.equal(before, port.writes)
        assert.equal(1024, socket:send(max))
        assert.equal(2, socket:send("abcd", 2, 3, { rai = 1 }))
        assert.is_nil(port:left())
        modem:close()
        socket, port, modem = connected("", "hex")
        before = port.writes
        assert.same({ nil, "too long" }, { socket:send(("x"):rep(513)) })
        assert.equal(before, port.writes)
        modem:close()
      end)
    end)

    it("says what became of a datagram, as far as it is known", function()
      run(function()
        local socket, port, modem = connected('> AT+QISEND=0,1,"a"\n< OK\n< SEND FAIL\n'
          .. '> AT+QISEND=0,1,"b"\n< +CME ERROR: 50\n> AT+QISEND=0,1,"c"\n< OK\n~ 20\n')
        assert.same({ nil, "error" }, { socket:send("a") })
        assert.same({ nil, "error", 50 }, { socket:send("b") })
        assert.same({ nil, "timeout" }, { socket:send("c") })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("works on after a SEND OK that never came", function()
      run(function()
        local socket, port, modem = connected('> AT+QISEND=0,1,"c"\n< OK\n'
          .. '> AT+QISEND=0,1,"d"\n< OK\n< SEND OK\n')
        assert.same({ nil, "timeout" }, { socket:send("c") })
        assert.equal(1, socket:send("d"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("has no acknowledgements", function()
      run(function()
        local socket, _, modem = connected("")
        assert.same({ nil, "not supported" }, { socket:acked() })
        modem:close()
      end)
    end)

    it("knows its peer, closes, and is closed then", function()
      run(function()
        local socket, port, modem = connected("> AT+QICLOSE=0\n< OK\n< CLOSE OK")
        assert.same({ "1.2.3.4", 53 }, { socket:getpeername() })
        assert.equal(1, socket:close())
        assert.same({ nil, "closed" }, { socket:send("x") })
        assert.same({ nil, "closed" }, { socket:receive() })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)
  end)
end)

local bc260y = require "bc260y"
local script = require "spec.support.port"

local connected = script.connected

local counted = "> AT+QISEND=0,0\n< +QISEND: %d,0,%d\n< OK\n"

script.each_loop(function(how, run)
  describe("tcp:send " .. how, function()
    it("gives the last index, and reads i and j as LuaSocket does", function()
      run(function()
        local text = ""
        for _, data in ipairs { "abcdef", "bcdef", "bc", "ef", "abcdef" } do
          text = text .. ('> AT+QISEND=0,%d,"%s"\n< OK\n< SEND OK\n'):format(#data, data)
        end
        local socket, port, modem = connected(text)
        assert.equal(6, socket:send("abcdef"))
        assert.equal(6, socket:send("abcdef", 2))
        assert.equal(3, socket:send("abcdef", 2, 3))
        assert.equal(6, socket:send("abcdef", -2))
        assert.equal(6, socket:send("abcdef", -50, 50))
        assert.equal(0, socket:send(""))
        assert.equal(3, socket:send("abcdef", 4, 3))
        assert.is_nil(port:left())
        local got, sent, age = socket:getstats()
        assert.same({ 0, 21, 0 }, { got, sent, age })
        modem:close()
      end)
    end)

    it("splits what is long, and waits for SEND OK in between", function()
      run(function()
        local data = ("x"):rep(512) .. ("y"):rep(512) .. "z"
        local text = ""
        for _, part in ipairs { ("x"):rep(512), ("y"):rep(512), "z" } do
          text = text .. ('> AT+QISEND=0,%d,"%s"\n< OK\n~ 1\n< SEND OK\n'):format(#part, part)
        end
        local socket, port, modem = connected(text)
        assert.equal(1025, socket:send(data))
        assert.equal(1003, port.clock.time)
        modem:close()
      end)
    end)

    it("writes hex, and raw bytes behind the prompt", function()
      run(function()
        local socket, port, modem = connected("> AT+QISEND=0,3,610DFF\n< OK\n< SEND OK",
          { format = "hex" })
        assert.equal(3, socket:send("a\r\255"))
        assert.is_nil(port:left())
        modem:close()
        socket, port, modem = connected(
          "> AT+QISEND=0,3\n<< \\r\\n>\n>> a\\r\\xFF\n< OK\n< SEND OK", { format = "raw" })
        assert.equal(3, socket:send("a\r\255"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("refuses what inline text can't carry, before a byte is sent", function()
      run(function()
        local socket, port, modem = connected("")
        local before = port.writes
        for _, data in ipairs { "a\r", "\0", "\127", "\128", ("x"):rep(600) .. "\n" } do
          assert.same({ nil, "invalid argument", 0, "data" }, { socket:send(data) })
        end
        assert.same({ nil, "invalid argument", 1, "data" }, { socket:send("\nab\n", 2) })
        assert.equal(before, port.writes)
        port:play('> AT+QISEND=0,9,"{"a":"b"}"\n< OK\n< SEND OK\n')
        assert.equal(9, socket:send('{"a":"b"}'))
        assert.equal(3, (socket:send("\nab\n", 2, 1) or 0) + 2)
        modem:close()
      end)
    end)

    it("asks for release of the radio with the last chunk", function()
      run(function()
        local socket, port, modem = connected(('> AT+QISEND=0,512,"%s"\n< OK\n< SEND OK\n'):format(
          ("a"):rep(512)) .. '> AT+QISEND=0,2,"aa",1\n< OK\n< SEND OK')
        assert.equal(514, socket:send(("a"):rep(514), nil, nil, { rai = 1 }))
        assert.is_nil(port:left())
        assert.is_false((pcall(socket.send, socket, "a", 1, 1, { rai = 3 })))
        modem:close()
        socket, port, modem = connected('> AT+QISEND=0,2,"aa",2\n< OK\n< SEND OK',
          { format = "raw" })
        assert.equal(2, socket:send("aa", 1, 2, { rai = 2 }))
        assert.same({ nil, "not supported", 0 }, { socket:send("a\n", 1, 2, { rai = 2 }) })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("that is refused is settled by the count: it did not go", function()
      run(function()
        for _, answer in ipairs { "< ERROR\n", "< OK\n< SEND FAIL\n> AT+QISEND=0,0\n"
          .. "< +QISEND: 0,0,0\n< OK\n~ 0.5\n" } do
          local socket, port, modem = connected('> AT+QISEND=0,1,"x"\n' .. answer
            .. "> AT+QISEND=0,0\n< +QISEND: 0,0,0\n< OK\n"
            .. '> AT+QISEND=0,1,"y"\n< OK\n< SEND OK')
          assert.same({ nil, "error", 0 }, { socket:send("x") })
          assert.equal(1, socket:send("y"))
          assert.is_nil(port:left())
          modem:close()
        end
      end)
    end)

    it("without SEND OK is settled by the count: it went", function()
      run(function()
        local socket, port, modem = connected('> AT+QISEND=0,2,"ab"\n< OK\n'
          .. "> AT+QISEND=0,0\n< +QISEND: 2,0,2\n< OK\n"
          .. '> AT+QISEND=0,2,"cd"\n< OK\n< SEND OK\n> AT+QISEND=0,0\n< +QISEND: 4,4,0\n< OK\n'
          .. '> AT+QISEND=0,0\n< +QISEND: 4,4,0\n< OK')
        assert.equal(2, socket:send("ab"))
        -- An older SEND OK may be what answered the second: it is counted as well.
        assert.equal(2, socket:send("cd"))
        assert.same({ 4, 4, 0 }, { socket:acked() })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("asks for the count again where the line failed the answer", function()
      run(function()
        local socket, port, modem = connected('> AT+QISEND=0,2,"ab"\n< OK\n'
          .. "> AT+QISEND=0,0\n> AT+CGSN=1\n< +CGSN: 1\n< OK\n> AT+QISEND=0,0\n"
          .. "< +QISEND: 2,1,2\n< OK\n> AT+QISEND=0,0\n< +QISEND: 2,0,2\n< OK\n")
        assert.equal(2, socket:send("ab"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("that can't be settled closes the socket, with the last certain index", function()
      run(function()
        for _, count in ipairs { "< +QISEND: 0,0,0\n< OK", "< +QISEND: 600,0,600\n< OK",
          "< ERROR",
          ("< +QISEND: 1024,9,9\n< OK\n> AT+QISEND=0,0\n"):rep(2) .. "< +QISEND: 0,9,9\n< OK" } do
          local data = ("a"):rep(600)
          local socket, port, modem = connected(('> AT+QISEND=0,512,"%s"\n< OK\n< SEND OK\n')
            :format(("a"):rep(512)) .. ('> AT+QISEND=0,88,"%s"\n< OK\n'):format(("a"):rep(88))
            .. "> AT+QISEND=0,0\n" .. (count:gsub(": 600,0,600", ": 599,0,599"))
            .. "\n> AT+QICLOSE=0\n< OK\n< CLOSE OK")
          assert.same({ nil, "closed", 512 }, { socket:send(data) })
          assert.same({ nil, "closed", 0 }, { socket:send(data) })
          bc260y.sleep(1)
          assert.is_nil(port:left())
          modem:close()
        end
      end)
    end)

    it("without a prompt closes the socket as torn, and never sends the data", function()
      run(function()
        local socket, port, modem = connected("> AT+QISEND=0,3\n>> \\r\\r\\r\n"
          .. "> AT+CGSN=1\n< +CGSN: 1\n< OK\n> AT+QICLOSE=0\n< OK\n< CLOSE OK",
          { format = "raw" })
        assert.same({ nil, "torn", 0 }, { socket:send("abc") })
        bc260y.sleep(1)
        assert.is_nil(port:left())
        assert.is_nil(port:written():find("abc"))
        modem:close()
      end)
    end)

    it("ends with the module's restart, the port, and the connection", function()
      run(function()
        local socket, _, modem = connected('> AT+QISEND=0,1,"x"\n< RDY')
        assert.same({ nil, "module reset", 0 }, { socket:send("x") })
        modem:close()
        local port
        socket, port, modem = connected('> AT+QISEND=0,1,"x"\n')
        port:unplug(1)
        assert.same({ nil, "lost", 0 }, { socket:send("x") })
        modem:close()
        socket, port, modem = connected('> AT+QISEND=0,1,"x"\n< +QIURC: "closed",0\n< ERROR\n'
          .. "> AT+QICLOSE=0\n< ERROR")
        assert.same({ nil, "closed", 0 }, { socket:send("x") })
        bc260y.sleep(1)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("after its timeout goes on where it stopped, and sends no byte twice", function()
      run(function()
        local socket, port, modem = connected('> AT+QISEND=0,4,"abcd"\n< OK\n~ 5\n< SEND OK\n'
          .. '> AT+QISEND=0,2,"ef"\n< OK\n< SEND OK')
        socket:settimeout(2)
        assert.same({ nil, "timeout", 0 }, { socket:send("abcd") })
        assert.equal(1002, port.clock.time)
        assert.same({ nil, "timeout", 0 }, { socket:send("abcd") })
        assert.equal(4, socket:send("abcd"))
        assert.equal(2, socket:send("ef"))
        assert.is_nil(port:left())
        assert.equal(6, select(2, socket:getstats()))
        modem:close()
      end)
    end)

    it("after its timeout is not sent twice when acked has settled it meanwhile", function()
      run(function()
        local socket, port, modem = connected('> AT+QISEND=0,4,"abcd"\n< OK\n~ 5\n< SEND OK\n'
          .. '> AT+QISEND=0,0\n< +QISEND: 4,4,0\n< OK\n> AT+QISEND=0,2,"ef"\n< OK\n< SEND OK')
        socket:settimeout(2)
        assert.same({ nil, "timeout", 0 }, { socket:send("abcd") })
        socket:settimeout(nil)
        assert.same({ 4, 4, 0 }, { socket:acked() })
        assert.equal(6, socket:send("abcdef"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("after its timeout counts the chunk that was on its way, whatever is sent next", function()
      run(function()
        local socket, _, modem = connected('> AT+QISEND=0,4,"abcd"\n< OK\n~ 5\n< SEND OK\n'
          .. '> AT+QISEND=0,2,"ef"\n< OK\n< SEND OK\n> AT+QISEND=0,0\n< +QISEND: 6,6,0\n< OK')
        socket:settimeout(2)
        assert.same({ nil, "timeout", 0 }, { socket:send("abcd") })
        socket:settimeout(nil)
        assert.equal(2, socket:send("ef"))
        assert.same({ 6, 6, 0 }, { socket:acked() })
        modem:close()
      end)
    end)

    it("sends again what is known not to have gone after its timeout", function()
      run(function()
        local socket, port, modem = connected('> AT+QISEND=0,2,"ab"\n< OK\n~ 5\n< SEND FAIL\n'
          .. "> AT+QISEND=0,0\n< +QISEND: 0,0,0\n< OK\n> AT+QISEND=0,0\n< +QISEND: 0,0,0\n< OK\n"
          .. '> AT+QISEND=0,2,"ab"\n< OK\n< SEND OK\n')
        socket:settimeout(2)
        assert.same({ nil, "timeout", 0 }, { socket:send("ab") })
        socket:settimeout(20)
        assert.equal(2, socket:send("ab"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    -- A chunk that failed after 1 s, and whose second count the timeout of 1.5 s cut off.
    local function failed_late()
      local socket, port, modem = connected(
        '> AT+QISEND=0,2,"ab"\n< OK\n~ 1\n< SEND FAIL\n' .. counted:format(0, 0))
      socket:settimeout(1.5)
      assert.same({ nil, "timeout", 0 }, { socket:send("ab") })
      assert.equal(1001.5, port.clock.time)
      assert.is_nil(port:left())
      return socket, port, modem
    end

    it("takes no longer than its timeout, though a chunk may still be on its way", function()
      run(function()
        local socket, port, modem = failed_late()
        port:play(counted:format(0, 0) .. counted:format(2, 2))
        socket:settimeout(20)
        assert.equal(2, socket:send("ab")) -- it was still on its way
        assert.equal(1002, port.clock.time)
        assert.equal(2, select(2, socket:getstats()))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("that failed is sent again in the end, however short the timeouts are", function()
      run(function()
        local socket, port, modem = failed_late()
        local sends = 0
        function port:answer(line)
          if line == "AT+QISEND=0,0" then return self:reply("+QISEND: 0,0,0", "OK") end
          assert.equal('AT+QISEND=0,2,"ab"', line)
          sends = sends + 1
          self:reply("OK", "SEND OK")
        end
        socket:settimeout(0.1)
        local ok, err
        repeat
          local before = port.clock.time
          ok, err = socket:send("ab")
          assert.is_true(port.clock.time - before < 0.101)
        until ok or err ~= "timeout"
        assert.same({ 2, 1 }, { ok, sends })
        assert.is_true(port.clock.time < 1002.2)
        modem:close()
      end)
    end)

    it("leaves close{flush} no more time than it was given", function()
      run(function()
        local socket, port, modem = failed_late()
        port:play(counted:format(0, 0) .. "> AT+QICLOSE=0\n< OK\n< CLOSE OK\n")
        assert.same({ nil, "not acknowledged", 2 }, { socket:close { flush = 0.3 } })
        assert.equal(1001.8, port.clock.time)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("raises on what is no string and no index", function()
      run(function()
        local socket, _, modem = connected("")
        assert.is_false((pcall(socket.send, socket, {})))
        assert.is_false((pcall(socket.send, socket, "a", "x")))
        assert.is_false((pcall(socket.send, socket, "a", 1, 1, 5)))
        assert.is_false((pcall(socket.send, socket, "a", 1, 1, { ria = 1 })))
        assert.is_false((pcall(socket.send, socket, "a", 0/0)))
        modem:close()
      end)
    end)
  end)
end)

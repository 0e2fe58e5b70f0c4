local bc260y = require "bc260y"
local script = require "spec.support.port"

local connected = script.connected

-- A socket that has received what these URCs carry; the peer may have closed it then.
local function received(pieces, options)
  local socket, port, modem = connected("", options)
  for _, piece in ipairs(pieces) do
    if piece == "closed" then
      port:say('\r\n+QIURC: "closed",0\r\n')
      port:play("> AT+QICLOSE=0\n< OK\n< CLOSE OK")
    else
      port:say('\r\n+QIURC: "recv",0,' .. #piece .. ',"' .. piece .. '"\r\n')
    end
  end
  return socket, port, modem
end

script.each_loop(function(how, run)
  describe("tcp:receive " .. how, function()
    it("gives lines, counts and all until the end, however they came in", function()
      local pieces = { "one\r\ntw", "o\n", "1234567", "89", "the rest", " of it", "closed" }
      script.each_split(420, function(split)
        run(function()
          local socket, port, modem = received(pieces, { split = split })
          assert.equal("one", socket:receive())
          assert.equal("two", socket:receive("*l"))
          assert.equal("12345", socket:receive(5))
          assert.equal("x678", socket:receive(4, "x"))
          assert.equal("9", socket:receive(1))
          assert.equal("the rest of it", socket:receive("*a"))
          assert.same({ nil, "closed", "" }, { socket:receive("*a") })
          assert.same({ nil, "closed", "" }, { socket:receive("*l") })
          assert.is_nil(port:left())
          modem:close()
        end)
      end)
    end)

    it("gives payloads that look like answers and URCs as they are", function()
      run(function()
        local hostile = '\r\nOK\r\n+QIURC: "closed",0\r\n> \0\255"ERROR\r\nRDY\r\n'
        local socket, port, modem = received({ hostile, "x" })
        assert.equal(hostile, socket:receive(#hostile))
        assert.equal("x", socket:receive(1))
        assert.equal("hf.quectel.com", (socket:getpeername()))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("ends at its timeout with what there is, which is not given again", function()
      run(function()
        local socket, port, modem = received { "abc" }
        socket:settimeout(2)
        local data, err, partial = socket:receive("*l")
        assert.same({ nil, "timeout", "abc" }, { data, err, partial })
        assert.is_true(math.abs(port.clock.time - 1002) < 0.01)
        port:say('\r\n+QIURC: "recv",0,4,"def\n"\r\n', 1)
        assert.equal("abcdef", socket:receive("*l", partial))
        port:say('\r\n+QIURC: "recv",0,4,"4567"\r\n', 1)
        assert.same({ nil, "timeout", "1234567" }, { socket:receive(9, "123") })
        modem:close()
      end)
    end)

    it("takes no longer than the timeout as a whole, though data trickles in", function()
      run(function()
        local socket, port, modem = connected("")
        socket:settimeout(5)
        for i = 1, 9 do port:say('\r\n+QIURC: "recv",0,1,"x"\r\n', i) end
        assert.same({ nil, "timeout", "xxxxx" }, { socket:receive("*a") })
        assert.is_true(math.abs(port.clock.time - 1005) < 0.01)
        modem:close()
      end)
    end)

    it("with a timeout of 0 gives what has come in, and does not wait", function()
      run(function()
        local socket, port, modem = connected("")
        socket:settimeout(0)
        assert.same({ nil, "timeout", "" }, { socket:receive(1) })
        port:say('\r\n+QIURC: "recv",0,1,"x"\r\n')
        assert.equal("x", socket:receive(1))
        assert.equal(1000, port.clock.time)
        modem:close()
      end)
    end)

    it("with a count of 0 waits until something could be read", function()
      run(function()
        local socket, port, modem = connected("")
        socket:settimeout(3)
        assert.same({ nil, "timeout", "" }, { socket:receive(0) })
        port:say('\r\n+QIURC: "recv",0,1,"x"\r\n', 1)
        assert.equal("", socket:receive(0))
        assert.equal("x", socket:receive(1))
        assert.equal("abc", socket:receive(2, "abc"))
        modem:close()
      end)
    end)

    it("takes LuaSocket's patterns, with and without the star, and raises on others", function()
      run(function()
        local socket, _, modem = received { "a\nb\nc", "closed" }
        assert.equal("a", socket:receive("l"))
        assert.equal("b\nc", socket:receive("a"))
        for _, pattern in ipairs { "*n", "", "*L", -1, 1.5, {}, true } do
          assert.is_false((pcall(socket.receive, socket, pattern)))
        end
        assert.is_false((pcall(socket.receive, socket, 1, 5)))
        modem:close()
      end)
    end)

    it("tells once what did not fit, before it gives what came later", function()
      run(function()
        local socket, port, modem = received({ "12345678", "abcdef", "ghi" }, { buffer = 10 })
        socket:settimeout(1)
        assert.same({ nil, "overflow", "12345678", 9 }, { socket:receive(11) })
        port:say('\r\n+QIURC: "recv",0,3,"xyz"\r\n')
        assert.equal("xyz", socket:receive(3))
        assert.same({ nil, "timeout", "" }, { socket:receive(1) })
        modem:close()
      end)
    end)

    it("tells where the module dropped data, and where a frame was torn", function()
      run(function()
        local socket, port, modem = connected("")
        socket:settimeout(1)
        port:say('\r\n+QIURC: "recv",0,3,"abc"\r\n\r\n+QIURC: "recv",0,"buff full"\r\n')
        port:say('\r\n+QIURC: "recv",0,3,"def"\r\n')
        assert.same({ nil, "overflow", "abc" }, { socket:receive(6) })
        assert.equal("def", socket:receive(3))
        port:say('\r\n+QIURC: "recv",0,9,"abc"\r\n')
        port:play("> AT+CGSN=1\n< +CGSN: 1\n< OK\n> AT+QISTATE?\n"
          .. '< +QISTATE: 0,"TCP","hf.quectel.com",8008,0,2,0,1\n< OK')
        assert.same({ nil, "torn", "" }, { socket:receive(6) })
        port:say('\r\n+QIURC: "recv",0,3,"ghi"\r\n', 1)
        socket:settimeout(5)
        assert.equal("ghi", socket:receive(3))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("takes a header that lost a byte for a gap, of its socket or of any", function()
      run(function()
        local socket, port, modem = connected("")
        local fences = { "> AT+CGSN=1\n< +CGSN: 1\n", '> AT+QICFG="dataformat"\n'
          .. '< +QICFG: "dataformat",0,0\n', "> AT+CGPADDR\n< +CGPADDR: 1\n" }
        socket:settimeout(1)
        port:reply('+QIURC: "rev",0,3,"abc"')
        assert.same({ nil, "torn", "" }, { socket:receive(3) })
        for _, line in ipairs {
          '+QIURC: "recv,0,3,"abc"', 'QIURC: "recv",0,3,"abc"', '+QIRC: "recv",0,3,"abc"',
        } do
          port:reply(line)
          port:play(table.remove(fences, 1) .. "< OK\n> AT+QISTATE?\n"
            .. '< +QISTATE: 0,"TCP","hf.quectel.com",8008,0,2,0,1\n< OK')
          assert.same({ nil, "torn", "" }, { socket:receive(3) })
          assert.same({ nil, "timeout", "" }, { socket:receive(3) })
        end
        port:reply('+QIURC: "closed",1', "+QIND: 1", 'DATA: "received"', '+QIURC: "pdpdeact",0',
          '+QIURC: "pdpdeact"')
        assert.same({ nil, "timeout", "" }, { socket:receive(3) })
        modem:close()
      end)
    end)

    it("believes QISTATE when `closed` may have been torn", function()
      run(function()
        local socket, port, modem = connected("")
        port:say('\r\n+QIURC: "recv",0,9,"abc"\r\n\r\n+QIURC: "closed",0\r\n')
        port:play("> AT+CGSN=1\n< +CGSN: 1\n< OK\n> AT+QISTATE?\n< OK\n"
          .. "> AT+QICLOSE=0\n< ERROR")
        assert.same({ nil, "torn", "" }, { socket:receive("*a") })
        assert.same({ nil, "closed", "" }, { socket:receive("*a") })
        modem:close()
      end)
    end)

    it("ends with the module's restart, with the port, and with close", function()
      run(function()
        local socket, port, modem = received { "ab" }
        port:say("\r\nRDY\r\n", 1)
        assert.same({ nil, "module reset", "ab" }, { socket:receive(5) })
        assert.same({ nil, "closed", "" }, { socket:receive(5) })
        assert.same({ nil, "closed", 0 }, { socket:send("x") })
        assert.equal(1, socket:close())
        modem:close()

        socket, port, modem = received { "ab" }
        port:unplug(1)
        assert.same({ nil, "lost", "ab" }, { socket:receive(5) })
        assert.same({ nil, "closed", "" }, { socket:receive(5) })
        assert.equal(1, socket:close())
        modem:close()

        socket, port, modem = connected("> AT+QICLOSE=0\n< OK\n< CLOSE OK")
        assert.equal(1, socket:close())
        assert.equal(1, socket:close())
        assert.same({ nil, "closed", "" }, { socket:receive(5) })
        assert.same({ nil, "closed" }, { socket:acked() })
        assert.same({ nil, "closed" }, { socket:getpeername() })
        assert.same({ nil, "closed" }, { socket:connect("a", 1) })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)
  end)

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

    it("raises on what is no string and no index", function()
      run(function()
        local socket, _, modem = connected("")
        assert.is_false((pcall(socket.send, socket, 5)))
        assert.is_false((pcall(socket.send, socket, "a", "1")))
        assert.is_false((pcall(socket.send, socket, "a", 1, 1, 5)))
        modem:close()
      end)
    end)
  end)

  describe("tcp:acked " .. how, function()
    it("gives the module's count where it agrees with ours", function()
      run(function()
        local socket, port, modem = connected('> AT+QISEND=0,3,"ACK"\n< OK\n< SEND OK\n'
          .. "> AT+QISEND=0,0\n< +QISEND: 3,1,2\n< SEND OK\n"
          .. "> AT+CGSN=1\n< +CGSN: 1\n< OK\n> AT+QISEND=0,0\n< +QISEND: 3,3,0\n< OK")
        assert.equal(3, socket:send("ACK"))
        assert.same({ 3, 1, 2 }, { socket:acked() })
        assert.same({ 3, 3, 0 }, { socket:acked() })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("gives nothing where it does not, and asks whether the socket is still there", function()
      run(function()
        local zero = "> AT+QISEND=0,0\n< +QISEND: 0,0,0\n< OK\n"
        local socket, port, modem = connected('> AT+QISEND=0,3,"ACK"\n< OK\n< SEND OK\n'
          .. zero .. zero .. "> AT+QISTATE?\n< OK\n> AT+QICLOSE=0\n< ERROR")
        socket:send("ACK")
        assert.same({ nil, "error" }, { socket:acked() })
        bc260y.sleep(1)
        assert.same({ nil, "closed" }, { socket:acked() })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)
  end)

  describe("tcp:settimeout " .. how, function()
    it("takes LuaSocket's two modes, of which the shorter counts, and gives 1", function()
      run(function()
        local socket, port, modem = connected("")
        assert.equal(1, socket:settimeout(5))
        assert.equal(1, socket:settimeout(2, "t"))
        socket:receive(1)
        assert.is_true(math.abs(port.clock.time - 1002) < 0.01)
        socket:settimeout(-1, "t")
        socket:receive(1)
        assert.is_true(math.abs(port.clock.time - 1007) < 0.01)
        assert.is_false((pcall(socket.settimeout, socket, "1")))
        assert.is_false((pcall(socket.settimeout, socket, 1, "x")))
        modem:close()
      end)
    end)
  end)
end)

describe("several tasks on one socket", function()
  it("send one after the other, whole", function()
    bc260y.run(function()
      local long = ("a"):rep(600)
      local socket, port = connected(('> AT+QISEND=0,512,"%s"\n< OK\n~ 1\n< SEND OK\n'):format(
        ("a"):rep(512)) .. ('> AT+QISEND=0,88,"%s"\n< OK\n< SEND OK\n'):format(("a"):rep(88))
        .. '> AT+QISEND=0,1,"b"\n< OK\n< SEND OK')
      local first = bc260y.spawn(socket.send, socket, long)
      bc260y.sleep(0)
      local second = bc260y.spawn(socket.send, socket, "b")
      assert.same({ 600 }, { first:wait() })
      assert.same({ 1 }, { second:wait() })
      assert.is_nil(port:left())
    end)
  end)

  it("one may receive while another sends, and closes it", function()
    bc260y.run(function()
      local socket, port = connected('> AT+QISEND=0,1,"b"\n< OK\n< SEND OK\n~ 1\n'
        .. '< +QIURC: "recv",0,2,"hi"\n> AT+QICLOSE=0\n< OK\n< CLOSE OK')
      local reader = bc260y.spawn(function()
        local first = socket:receive(2)
        return first, socket:receive(2)
      end)
      bc260y.sleep(0)
      assert.equal(1, socket:send("b"))
      bc260y.sleep(2)
      socket:close()
      assert.same({ "hi", nil, "closed", "" }, { reader:wait() })
      assert.is_nil(port:left())
    end)
  end)

  it("two may not receive at once", function()
    local ok, err = pcall(bc260y.run, function()
      local socket = connected("")
      bc260y.spawn(socket.receive, socket)
      bc260y.sleep(0)
      socket:receive()
    end)
    assert.is_false(ok)
    assert.matches("another task receives", err)
  end)
end)

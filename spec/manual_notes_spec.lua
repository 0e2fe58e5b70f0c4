-- The notes of the manual's sections 2.1 to 2.3.5, each as what the driver does. Those of
-- 2.3.6 to 4.1.10 are in manual_notes_network_spec.lua.

local bc260y = require "bc260y"
local new_bench = require("spec.support.notes").new

local OPEN = "AT+QIOPEN="

local function text_of(lines)
  local texts = {}
  for i, line in ipairs(lines) do texts[i] = line.text end
  return texts
end

describe("the manual's", function()
  describe("2.1", function()
    it("optional arguments: each is written out, for one left out takes its earlier value",
      function()
        local bench = new_bench { traits = { remember_optional = true } }
        local modem = bench.modem
        bench.net.pings, bench.net.utc = { 10, 10, 10, 10, 10 }, 1700000000
        assert(modem:ping("h", { timeout = 9, count = 1, size = 100 }))
        assert.equal(4, assert(modem:ping("h")).sent)
        assert(modem:ntp("h", { port = 1123, set = true }))
        assert(modem:ntp("h"))
        bench:connected({}, { local_port = 50000 })
        bench:connected()
        assert.same({ 'AT+QPING=0,"h",9,1,100', 'AT+QPING=0,"h",4,4,32',
          'AT+QNTP=0,"h",1123,1', 'AT+QNTP=0,"h",123,0' },
          { bench:find("QPING")[1].text, bench:find("QPING")[2].text,
            bench:find("QNTP")[1].text, bench:find("QNTP")[2].text })
        assert.same({ 'AT+QIOPEN=0,0,"TCP","10.0.0.1",7001,50000,1',
          'AT+QIOPEN=0,1,"TCP","10.0.0.1",7002,0,1' }, text_of(bench:find(OPEN)))
        modem:close()
      end)
  end)

  describe("2.3.1", function()
    it("property: a data format that is set holds at once, for what is sent and received",
      function()
        local bench = new_bench()
        local socket, peer = bench:connected()
        for _, format in ipairs { "hex", "text", "hex" } do
          assert(bench.modem:data_format(format, format))
          assert.equal(3, socket:send("abc"))
          peer:send("xyz")
          assert.equal("xyz", socket:receive(3))
        end
        assert.equal("abcabcabc", peer:text())
        assert.same({ "AT+QISEND=0,3,616263", 'AT+QISEND=0,3,"abc"', "AT+QISEND=0,3,616263" },
          text_of(bench:find("QISEND")))
        bench.modem:close()
      end)

    it("property: it is kept in NVRAM, which is written only where it differs", function()
      for writes, nvram in pairs { [0] = { 1, 1 }, { 0, 1 } } do
        local bench = new_bench { format = "hex", nvram = { send_format = nvram[1],
          recv_format = nvram[2], cmee = 0, dsevent = 0, sleep_event = 0 } }
        for _ = 1, 3 do
          assert(bench.modem:attach())
          assert(bench.modem:data_format("hex", "hex"))
          assert(bench.modem:data_format())
        end
        bench.module:reset()
        assert.is_true(bench.modem:wait("reset", 5))
        assert(bench.modem:attach())
        assert.equal(writes, bench.module.nvram_writes)
        bench.modem:close()
      end
    end)

    it("property: it still holds after deep sleep, and is not written again", function()
      local bench = new_bench { format = "hex", traits = { tcp_over_sleep = "kept" } }
      local socket, peer = bench:connected()
      local writes = bench.module.nvram_writes
      bench.module:sleep("DEEPSLEEP")
      bench:pass(60)
      assert.equal(2, socket:send("a\255"))
      assert.equal("a\255", peer:text())
      assert.equal(writes, bench.module.nvram_writes)
      assert.equal(1, #bench:find('QICFG="dataformat",'))
      bench.modem:close()
    end)
  end)

  describe("2.3.2", function()
    it("property: what was opened stays valid over deep sleep, and is not kept over a restart",
      function()
        local bench = new_bench { traits = { tcp_over_sleep = "kept" } }
        local stream, peer = bench:connected()
        local datagrams, other = bench:datagrams()
        bench.module:sleep("DEEPSLEEP")
        bench:pass(60)
        assert.equal(3, datagrams:send("abc"))
        assert.equal(3, stream:send("def"))
        assert.same({ "def", "abc" }, { peer:text(), other:text() })
        assert.equal(2, #bench:find(OPEN))
        local writes = bench.module.nvram_writes
        bench.module:reset()
        assert.same({ nil, "module reset", "" }, { stream:receive() })
        assert.same({ nil, "closed" }, { datagrams:send("abc") })
        assert.same({}, bench.modem:sockets())
        assert.equal(writes, bench.module.nvram_writes)
        bench.modem:close()
      end)

    it("property: a TCP socket that deep sleep has ended, as firmware does, is told so", function()
      local bench = new_bench { traits = { tcp_over_sleep = "lost" }, local_port_rest = 0 }
      local stream = bench:connected({}, { local_port = 50000 })
      local datagrams, other = bench:datagrams()
      bench.module:sleep("DEEPSLEEP")
      bench:pass(60)
      assert.equal(3, datagrams:send("abc")) -- it wakes
      bench:pass(1)
      assert.same({ nil, "closed", "" }, { stream:receive() })
      other:send("def")
      assert.equal("def", datagrams:receive())
      assert.equal(1, #bench:find("AT+QICLOSE=0"))
      bench:connected({}, { local_port = 50000 })
      bench.modem:close()
    end)

    it("note 1: context 0 is the only one that is written, and another is refused", function()
      local bench = new_bench()
      bench:connected()
      bench:datagrams()
      for _, line in ipairs(bench:find(OPEN)) do assert.matches("^AT%+QIOPEN=0,", line.text) end
      assert.same({ nil, "error" },
        { bench.modem:command('AT+QIOPEN=1,3,"TCP","10.0.0.1",7001,0,1') })
      bench.modem:close()
    end)

    it("note 2: nothing else is sent until +QIOPEN has come, at most 60 s", function()
      bc260y.run(function()
        local bench = new_bench()
        local other = bench:connected()
        bench.net:listen("TCP", "10.0.0.1", 1, { silent = true })
        local begun = bench.time
        local opening = bc260y.spawn(function() return bench.modem:tcp():connect("h", 1) end)
        bc260y.sleep(0)
        local count = bench:count()
        local tasks = {
          bc260y.spawn(function() return bench.modem:signal() and 1 end),
          bc260y.spawn(function() return other:send("x") end),
          bc260y.spawn(function() return other:close() end),
        }
        bc260y.sleep(59.9)
        assert.equal(count, bench:count())
        assert.same({ nil, "Operation timeout", 569 }, { opening:wait() })
        assert.is_true(math.abs(bench.time - begun - 60) < 0.1)
        for _, task in ipairs(tasks) do assert.same({ 1 }, { task:wait() }) end
        assert.is_true(bench.heard[count + 1].time >= bench:told("+QIOPEN: 1,569"))
        bench.modem:close()
      end)
    end)

    it("note 2: a caller who leaves sooner makes nothing be sent sooner", function()
      local bench = new_bench()
      bench.net:listen("TCP", "10.0.0.1", 1, { silent = true })
      local socket = bench.modem:tcp()
      socket:settimeout(10)
      assert.same({ nil, "timeout" }, { socket:connect("h", 1) })
      assert.is_true(math.abs(bench.time - 10) < 0.1)
      local count = bench:count()
      assert.same({ nil, "busy" }, { bench.modem:signal { timeout = 45 } })
      assert.equal(count, bench:count())
      assert(bench.modem:signal())
      assert.is_true(bench.heard[count + 1].time >= 60)
      bench.modem:close()
    end)

    it("note 2: a +QIOPEN that never comes is waited for for 65 s", function()
      local bench = new_bench()
      bench.net:listen("TCP", "10.0.0.1", 1, {})
      bench.module:script { match = "QIOPEN", mute = "second" }
      local begun = bench.time
      assert.same({ nil, "timeout" }, { bench.modem:tcp():connect("h", 1) })
      assert.is_true(math.abs(bench.time - begun - 65) < 0.1)
      bench.modem:close()
    end)

    it("note 3: after an open that failed QICLOSE is sent before its id is used", function()
      for _, code in ipairs { 550, 554, 556, 563, 565, 566, 569, 570, "ERROR" } do
        local bench = new_bench()
        if code == "ERROR" then
          bench.module:script { match = "QIOPEN", answer = "ERROR", times = 10 }
        else
          bench.net:listen("TCP", "10.0.0.1", 1, { refuse = code })
        end
        for _ = 1, 5 do assert.is_nil((bench.modem:tcp():connect("h", 1))) end
        bench:pass(1)
        local closed = { [0] = true, true, true, true, true }
        for _, line in ipairs(bench.heard) do
          local id = tonumber(line.text:match("QIOPEN=0,(%d)"))
          if id then
            assert.is_true(closed[id])
            closed[id] = false
          end
          id = tonumber(line.text:match("QICLOSE=(%d)"))
          if id then closed[id] = true end
        end
        assert.same({ [0] = true, true, true, true, true }, closed)
        assert.is_true(#bench:find(OPEN) >= 5)
        bench.modem:close()
      end
    end)

    it("note 4: QIOPEN is not sent before the address is known, queries are", function()
      local bench = new_bench { boot = true, timing = { ip = 60 }, attach = false }
      bench.net:listen("TCP", "10.0.0.1", 1, {})
      local modem = bench.modem
      bench:pass(5)
      for _, kind in ipairs { "tcp", "udp" } do
        assert.same({ nil, "not attached" }, { modem[kind](modem):connect("h", 1) })
      end
      assert.equal(0, bench:count())
      assert.same({}, modem:sockets())
      assert.same({ send = "text", recv = "text" }, modem:data_format())
      assert.is_table(modem:supported("QIOPEN"))
      assert(modem:attach())
      assert.is_true(bench.time >= 60)
      assert.equal(1, modem:tcp():connect("h", 1))
      bench.module:reset()
      modem:wait("reset")
      assert.same({ nil, "not attached" }, { modem:tcp():connect("h", 1) })
      modem:close()
    end)

    it("note 4: +IP alone says that the address is known", function()
      local bench = new_bench { boot = true, attach = false }
      bench.net:listen("TCP", "10.0.0.1", 1, {})
      assert.equal("100.85.29.214", bench.modem:wait("ip", 10))
      assert.equal(1, bench.modem:tcp():connect("h", 1))
      bench.modem:close()
    end)

    it("note 5: a fixed local port rests for 120 s after QICLOSE", function()
      local bench = new_bench()
      bench:connected({}, { local_port = 50000 }):close()
      local closed = bench:told("CLOSE OK")
      bench:connected({}, { local_port = 50000 })
      assert.is_true(bench:find(OPEN)[2].time >= closed + 120)
      -- The module would have refused it: it would not have been asked twice.
      assert.equal(2, #bench:find(OPEN))
      bench:connected():close()
      local now = bench.time
      bench:connected()
      assert.equal(now, bench.time)
      bench.modem:close()
    end)
  end)

  describe("2.3.4", function()
    it("note 1: another context than 0 is refused before a byte is sent", function()
      local bench = new_bench()
      bench:connected()
      local count = bench:count()
      assert.same({ nil, "invalid argument", "contextID", "0 to 0" },
        { bench.modem:sockets { context = 1 } })
      assert.equal(count, bench:count())
      assert.equal(1, #bench.modem:sockets { context = 0 })
      assert.equal("AT+QISTATE=0,0", bench.heard[count + 1].text)
      bench.modem:close()
    end)

    it("note 2: no line means no connection, for who asks and for whoever has a socket",
      function()
        local bench = new_bench()
        local socket = bench:connected()
        bench.module:script { match = "QISTATE", answer = { "OK" }, times = 4 }
        for _, which in ipairs { {}, { context = 0 }, { id = 0 } } do
          assert.same({}, bench.modem:sockets(which))
        end
        bench.modem.ids:doubt()
        assert.same({ nil, "closed", "" }, { socket:receive() })
        bench.modem:close()
      end)
  end)

  describe("2.3.5", function()
    it("note 1: SEND OK says that the module has the data, acked() what the peer has", function()
      local bench = new_bench()
      local socket, peer = bench:connected { auto_ack = false }
      assert.equal(4, socket:send("data"))
      assert.same({ 4, 0, 4 }, { socket:acked() })
      peer:ack(3)
      assert.same({ 4, 3, 1 }, { socket:acked() })
      bench.modem:close()
    end)

    it("note 2: the length that is declared is that of the data, in every format", function()
      for _, format in ipairs { "text", "hex", "raw" } do
        local bench = new_bench { format = format, profile = "R02" }
        local socket, peer = bench:connected()
        local all = {}
        local first, last = 0, 255
        if format == "text" then first, last = 32, 126 end
        for byte = first, last do all[#all + 1] = string.char(byte) end
        all = table.concat(all)
        local sent = 0
        for _, size in ipairs { 1, 2, 94, #all, 511, 512, 513, 1025 } do
          local data = all:rep(20):sub(1, size)
          assert.equal(size, socket:send(data))
          sent = sent + size
          assert.equal(data, peer:text():sub(-size))
        end
        assert.equal(sent, #peer:text())
        -- After the prompt the module takes as many bytes as were declared.
        for _, line in ipairs(format == "raw" and {} or bench:find("AT+QISEND=")) do
          local size, data = line.text:match("^AT%+QISEND=0,(%d+),(.*)$")
          assert.equal(format == "text" and size + 2 or size * 2, #data)
        end
        assert.same({ nil, "error" }, { bench.modem:command('AT+QISEND=0,4,"abc"') })
        bench.modem:close()
      end
    end)

    it("note 3: the next data is sent only after SEND OK or SEND FAIL", function()
      bc260y.run(function()
        local bench = new_bench { timing = { second = 2 } }
        local sockets, tasks = { bench:connected(), bench:connected(), bench:datagrams() }, {}
        bench.module:script { match = "QISEND", skip = 2, second = "SEND FAIL" }
        for i, socket in ipairs(sockets) do
          tasks[i] = bc260y.spawn(function()
            for _ = 1, 2 do socket:send(("x"):rep(600 / i)) end
          end)
        end
        for i = 1, #tasks do tasks[i]:wait() end
        local waiting, sends = false, 0
        local all = {}
        for _, line in ipairs(bench.heard) do all[#all + 1] = { line.time, line.text } end
        for _, line in ipairs(bench.spoken) do all[#all + 1] = { line.time, line.text } end
        table.sort(all, function(one, other)
          -- What was said goes before what is written at the same time.
          if one[1] ~= other[1] then return one[1] < other[1] end
          return one[2]:sub(1, 3) ~= "AT+" and other[2]:sub(1, 3) == "AT+"
        end)
        for _, line in ipairs(all) do
          if line[2]:find("^AT%+QISEND=%d,[1-9]") then
            assert.is_false(waiting)
            waiting, sends = true, sends + 1
          elseif line[2] == "SEND OK" or line[2] == "SEND FAIL" then
            waiting = false
          end
        end
        assert.is_true(sends >= 8)
        bench.modem:close()
      end)
    end)

    it("note 4: data of a special format such as JSON goes between quotes", function()
      local bench = new_bench()
      local socket, peer = bench:connected()
      local json = '{"a":"b","c":[1,2],"d":"}"}'
      assert.equal(#json, socket:send(json))
      assert.equal(('AT+QISEND=0,%d,"%s"'):format(#json, json), bench:find("QISEND")[1].text)
      assert.equal(json, peer:text())
      bench.modem:close()
    end)

    it("table, <send_length>: 1,024 bytes of text and 512 of hex at most, or none is sent",
      function()
        for format, most in pairs { text = 1024, hex = 512 } do
          local bench = new_bench { format = format }
          local socket = bench:datagrams()
          assert.equal(most, socket:send(("x"):rep(most)))
          local count = bench:count()
          assert.same({ nil, "too long" }, { socket:send(("x"):rep(most + 1)) })
          assert.equal(count, bench:count())
          bench.modem:close()
        end
      end)

    it("table, <nAcked>: only TCP has acknowledgements, a UDP socket is not asked", function()
      local bench = new_bench()
      local socket = bench:datagrams()
      assert.equal(1, socket:send("x"))
      local count = bench:count()
      assert.same({ nil, "not supported" }, { socket:acked() })
      assert.equal(count, bench:count())
      bench.modem:close()
    end)
  end)
end)

describe("the manual's 2.3.5 table, <rai_mode>:", function()
  -- Whether the radio connection is up after a send of so many bytes with that mode, and
  -- after an answer; and the commands that sent them.
  local function radio(format, rai, size)
    local bench = new_bench { format = format, profile = "R02", traits = { rrc_release = 20 } }
    local socket, peer = bench:connected()
    bench:pass(30)
    assert.equal(size, socket:send(("x"):rep(size), 1, size, rai and { rai = rai }))
    local up = { bench.module.rrc.up }
    peer:send("answer")
    assert.equal("answer", socket:receive(6))
    up[2] = bench.module.rrc.up
    assert.equal(("x"):rep(size), peer:text())
    bench.modem:close()
    return up, text_of(bench:find("AT+QISEND="))
  end

  for _, format in ipairs { "text", "hex", "raw" } do
    it("0 keeps the radio connection, 1 ends it, 2 ends it after an answer, in " .. format,
      function()
        assert.same({ true, true }, (radio(format, nil, 3)))
        assert.same({ true, true }, (radio(format, 0, 3)))
        assert.is_false(radio(format, 1, 3)[1])
        assert.same({ true, false }, (radio(format, 2, 3)))
      end)

    it("goes with the last part of what is sent alone, in " .. format, function()
      local _, sends = radio(format, 2, 1025)
      assert.equal(3, #sends)
      for i, line in ipairs(sends) do
        assert.equal(i == 3, line:match(",2$") ~= nil)
      end
    end)
  end

  it("in data mode there is none: what is no text can't have it, and nothing is sent", function()
    local bench = new_bench { format = "raw", profile = "R02" }
    local socket = bench:connected()
    local count = bench:count()
    assert.same({ nil, "not supported", 0 }, { socket:send("a\n", 1, 2, { rai = 1 }) })
    assert.equal(count, bench:count())
    bench.modem:close()
  end)
end)

local bc260y = require "bc260y"
local script = require "spec.support.port"

local function open(text, options)
  local given = { text = text }
  for name, value in pairs(options or {}) do given[name] = value end
  local port = script.port(given)
  return assert(bc260y.open { port = port }), port
end

local function pack(...)
  return { n = select("#", ...), ... }
end

script.each_loop(function(how, run)
  describe("modem:command " .. how, function()
    it("gives the information lines, however the reply is split", function()
      local text = '> AT+CGPADDR\n< +CGPADDR: 0,"10.0.0.1"\n< +CGPADDR: 1\n< OK\n> AT\n< OK'
      script.each_split(70, function(split)
        run(function()
          local modem, port = open(text, { split = split, echo = true })
          assert.same({ '+CGPADDR: 0,"10.0.0.1"', "+CGPADDR: 1" }, modem:command("AT+CGPADDR"))
          assert.same({}, modem:command("AT"))
          assert.is_nil(port:left())
        end)
      end)
    end)

    it("takes bare lines for its own, unless told not to", function()
      run(function()
        local modem = open('> ATI\n< Quectel_Ltd\n< Revision: X\n< OK\n> AT\n< hello\n< OK')
        assert.same({ "Quectel_Ltd", "Revision: X" }, modem:command("ATI"))
        local urcs = modem:on("urc")
        assert.same({}, modem:command("AT", { bare = false }))
        assert.equal("hello", urcs:wait(0))
      end)
    end)

    it("keeps a URC that comes before the answer or before its final apart", function()
      run(function()
        local modem = open('> AT+CSQ\n< +CEREG: 5\n< +CSQ: 20,0\n< +IP: 10.1.1.1\n< OK')
        local urcs = modem:on("urc")
        assert.same({ "+CSQ: 20,0" }, modem:command("AT+CSQ"))
        assert.equal("+CEREG: 5", urcs:wait(0))
        assert.equal("+IP: 10.1.1.1", urcs:wait(0))
        assert.same({ nil, "timeout" }, { urcs:wait(0) })
      end)
    end)

    it("takes a prefix for lines that are named otherwise", function()
      run(function()
        local modem = open('> AT+X\n< +Y: 1\n< +Z: 2\n< OK')
        assert.same({ "+Y: 1" }, modem:command("AT+X", { prefix = "+Y" }))
      end)
    end)

    it("sends data after the prompt, and waits for SEND OK", function()
      run(function()
        local modem, port = open(
          '> AT+QISEND=0,5\n<< \\r\\n> \n>> a\\rb\\x00\\xFF\n< OK\n~ 1\n< SEND OK')
        assert.same({}, modem:command("AT+QISEND=0,5", { data = "a\rb\0\255" }))
        assert.equal(1001, math.floor(port.clock.time))
        assert.is_nil(port:left())
      end)
    end)

    it("writes on where the port took only a part", function()
      run(function()
        local modem, port = open('> AT+QISEND=0,3,"abc"\n< OK\n< SEND OK', { write_max = 4 })
        assert.same({}, modem:command('AT+QISEND=0,3,"abc"'))
        assert.equal(5, port.writes)
      end)
    end)

    it("answers what the module refuses with its number", function()
      run(function()
        local modem = open(
          '> AT+A\n< ERROR\n> AT+B\n< +CME ERROR: 50\n> AT+C\n< +CME ERROR: SIM failure\n'
          .. '> AT+QIOPEN=0,0,"TCP","h",1,0,1\n< OK\n< +QIOPEN: 0,566\n'
          .. '> AT+QISEND=0,1,"a"\n< OK\n< SEND FAIL')
        assert.same({ n = 3, nil, "error", nil }, pack(modem:command("AT+A")))
        assert.same({ n = 3, nil, "error", 50 }, pack(modem:command("AT+B")))
        assert.same({ n = 3, nil, "error", nil }, pack(modem:command("AT+C")))
        assert.same({ n = 3, nil, "Socket connection failed", 566 },
          pack(modem:command('AT+QIOPEN=0,0,"TCP","h",1,0,1')))
        assert.same({ n = 3, nil, "error", nil }, pack(modem:command('AT+QISEND=0,1,"a"')))
      end)
    end)

    it("gives up after 5 s without an answer, or after its timeout", function()
      run(function()
        local modem, port = open("> AT+A\n> AT+CSQ\n< +CSQ: 1,1\n< OK\n> AT+B\n")
        assert.same({ nil, "timeout" }, { modem:command("AT+A") })
        assert.equal(1005, port.clock.time)
        assert.same({ nil, "timeout" }, { modem:command("AT+B", { timeout = 2 }) })
        assert.is_true(math.abs(port.clock.time - 1007) < 0.01)
        assert.is_nil(port:left())
      end)
    end)

    it("never takes a late answer for the next command's", function()
      run(function()
        local modem = open("> AT+CGMR\n> AT+CSQ\n< late\n< OK\n< +CSQ: 1,1\n< OK\n"
          .. "> AT+CIMI\n< 460\n< OK")
        local orphans = modem:on("orphan")
        assert.same({ nil, "timeout" }, { modem:command("AT+CGMR", { timeout = 1 }) })
        assert.same({ "460" }, modem:command("AT+CIMI"))
        assert.equal("late", orphans:wait(0))
        assert.equal("OK", orphans:wait(0))
      end)
    end)

    it("ends with the module's restart", function()
      run(function()
        local modem = open("> AT+A\n< RDY\n> AT+CSQ\n< +CSQ: 1,1\n< OK\n> AT\n< OK")
        local resets = modem:on("reset")
        assert.same({ nil, "module reset" }, { modem:command("AT+A") })
        assert.is_true(resets:wait(0))
        assert.same({}, modem:command("AT"))
      end)
    end)

    it("ends with a frame that was torn, and works again behind the fence", function()
      run(function()
        local modem = open('> AT+A\n<< \\r\\n+QIURC: "recv",0,9999,abc\\r\\n\n'
          .. '> AT+CSQ\n< +CSQ: 1,1\n< OK\n> AT\n< OK\n> AT+QISTATE?\n< OK')
        local torn = modem:on("torn")
        assert.same({ nil, "torn" }, { modem:command("AT+A") })
        assert.matches("9999", (torn:wait(0)))
        assert.same({}, modem:command("AT"))
      end)
    end)

    it("says no response when not even a fence is answered, and sends nothing", function()
      run(function()
        local modem, port = open("> AT+A\n> AT+CSQ\n> AT+CGSN=1\n"
          .. '> AT+QICFG="dataformat"\n> AT+CGPADDR\n')
        assert.same({ nil, "timeout" }, { modem:command("AT+A") })
        assert.same({ nil, "no response" }, { modem:command("AT+B") })
        assert.same({ nil, "no response" }, { modem:command("AT+C") })
        port:say("\r\nRDY\r\n")
        port:play("> AT+CSQ\n< +CSQ: 1,1\n< OK\n> AT+D\n< OK")
        assert.is_true(modem:wait("reset", 1))
        assert.same({}, modem:command("AT+D"))
      end)
    end)

    it("refuses what can't be told from other answers, before a byte is sent", function()
      run(function()
        local modem, port = open("")
        for _, text in ipairs {
          "", "hello", "AT\r", "AT+A;+B", "ATV0", "AT+CMGS=1", "AT\0", "AT+QISEND=0,5",
        } do
          local lines, err = modem:command(text)
          assert.is_nil(lines)
          assert.equal("invalid argument", err)
        end
        local lines, err = modem:command("AT+A=" .. ("x"):rep(2000))
        assert.is_nil(lines)
        assert.equal("too long", err)
        assert.equal(0, port.writes)
      end)
    end)

    it("raises on wrong types and on options that it does not know", function()
      run(function()
        local modem, port = open("")
        assert.is_false((pcall(modem.command, modem, 1)))
        assert.is_false((pcall(modem.command, modem, nil)))
        for _, options in ipairs {
          "x", { timeout = "1" }, { timeout = -1 }, { timeout = 0 / 0 }, { prefix = 1 },
          { bare = 1 }, { data = 1 }, { timeuot = 1 },
        } do
          assert.is_false((pcall(modem.command, modem, "AT", options)))
        end
        assert.equal(0, port.writes)
      end)
    end)

    it("ends with the port, at once and ever after", function()
      run(function()
        local modem, port = open("> AT+A\n")
        local lost = modem:on("lost")
        port:unplug(2)
        assert.same({ nil, "lost" }, { modem:command("AT+A") })
        assert.equal(1002, port.clock.time)
        assert.is_true(lost:wait(0))
        assert.same({ nil, "lost" }, { modem:command("AT") })
        assert.same({ nil, "lost" }, { modem:wait("ip", 5) })
        assert.same({ nil, "lost" }, { lost:wait(5) })
        assert.is_true(port.closed)
        assert.is_true(modem:close())
      end)
    end)

    it("is over with modem:close, which may be called twice", function()
      run(function()
        local modem, port = open("")
        assert.is_true(modem:close())
        assert.is_true(modem:close())
        assert.is_true(port.closed)
        assert.same({ nil, "closed" }, { modem:command("AT") })
        assert.same({ nil, "closed" }, { modem:wait("ip") })
        assert.same({ nil, "closed" }, { modem:attach() })
      end)
    end)

    it("survives a flood of garbage, and lines without end", function()
      run(function()
        local modem, port = open("> AT\n")
        port:say(("\1\2garbage\255"):rep(120000))
        port:say("\r\nOK\r\n")
        -- One of the lines that were too long may have been the answer's.
        assert.same({ nil, "overflow" }, { modem:command("AT") })
        port:play("> AT\n< OK")
        assert.same({}, modem:command("AT"))
        assert.is_true(modem:stats().overflows > 0)
      end)
    end)

    it("costs a write, a wait and a read", function()
      run(function()
        local modem, port = open("", { answer = function(port) port:reply("OK") end })
        modem:command("AT")
        local reads, writes, waits = port.reads, port.writes, port.waits
        for _ = 1, 100 do modem:command("AT") end
        assert.equal(100, port.reads - reads)
        assert.equal(100, port.writes - writes)
        assert.equal(100, port.waits - waits)
      end)
    end)

    it("tells a trace what went either way", function()
      run(function()
        local seen = {}
        local port = script.port { text = "> AT\n< OK" }
        local modem = bc260y.open {
          port = port,
          trace = function(direction, bytes) seen[#seen + 1] = direction .. " " .. bytes end,
        }
        modem:command("AT")
        assert.same({ "out AT\r", "in \r\nOK\r\n" }, seen)
      end)
    end)
  end)
end)

describe("the queue of commands", function()
  local function later(...)
    local task = bc260y.spawn(...)
    bc260y.sleep(0)
    return task
  end

  it("is served first in, first out", function()
    bc260y.run(function()
      local order, tasks = {}, {}
      local modem = open("> AT+A1\n~ 1\n< OK\n> AT+A2\n~ 1\n< OK\n> AT+A3\n~ 1\n< OK\n")
      for i = 1, 3 do
        tasks[i] = later(function()
          assert.same({}, modem:command("AT+A" .. i))
          order[#order + 1] = i
        end)
      end
      for _, task in ipairs(tasks) do task:wait() end
      assert.same({ 1, 2, 3 }, order)
    end)
  end)

  it("counts against the timeout: what expires in it is busy, and nothing is sent", function()
    bc260y.run(function()
      local modem, port = open('> AT+QIDNSGIP=0,"a"\n< OK\n~ 20\n< +QIDNSGIP: 565\n> AT\n< OK')
      local resolving = later(function()
        return modem:command('AT+QIDNSGIP=0,"a"')
      end)
      assert.same({ nil, "busy" }, { modem:command("AT+X", { timeout = 3 }) })
      assert.equal(1003, port.clock.time)
      local last = later(modem.command, modem, "AT")
      assert.same({ nil, "busy" }, { modem:command("AT+Y", { timeout = 3 }) })
      assert.same({ nil, "DNS parse failed", 565 }, { resolving:wait() })
      assert.same({ {} }, { last:wait() })
      assert.is_nil(port:left())
    end)
  end)

  it("makes a command that is held behind a fence busy too", function()
    bc260y.run(function()
      local modem, port = open("> AT+A\n> AT+CSQ\n~ 3\n< +CSQ: 1,1\n< OK\n> AT+C\n< OK")
      assert.same({ nil, "timeout" }, { modem:command("AT+A", { timeout = 1 }) })
      assert.same({ nil, "busy" }, { modem:command("AT+B", { timeout = 1 }) })
      assert.same({}, modem:command("AT+C"))
      assert.is_nil(port:left())
    end)
  end)

  it("waits for the second result of a command whose caller has left", function()
    bc260y.run(function()
      local modem, port = open('> AT+QIDNSGIP=0,"a"\n< OK\n~ 20\n< +QIDNSGIP: 0,1,0\n'
        .. "< +QIDNSGIP: 1.2.3.4\n> AT\n< OK")
      assert.same({ nil, "timeout" },
        { modem:command('AT+QIDNSGIP=0,"a"', { timeout = 2 }) })
      assert.equal(1002, port.clock.time)
      assert.same({}, modem:command("AT"))
      assert.equal(1020, math.floor(port.clock.time))
      assert.equal(0, modem:stats().orphans)
      assert.equal(0, modem:stats().timeouts)
    end)
  end)

  it("ends with the port, for everybody in it", function()
    bc260y.run(function()
      local modem, port = open("> AT+A\n")
      local tasks = {}
      for i = 1, 3 do tasks[i] = later(modem.command, modem, "AT+A") end
      port:unplug()
      for _, task in ipairs(tasks) do assert.same({ nil, "lost" }, { task:wait() }) end
    end)
  end)

  it("ends with modem:close, for everybody in it", function()
    bc260y.run(function()
      local modem = open("> AT+A\n")
      local tasks = {}
      for i = 1, 3 do tasks[i] = later(modem.command, modem, "AT+A") end
      tasks[4] = later(modem.wait, modem, "ip")
      modem:close()
      for _, task in ipairs(tasks) do assert.same({ nil, "closed" }, { task:wait() }) end
    end)
  end)
end)

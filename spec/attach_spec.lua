local bc260y = require "bc260y"
local script = require "spec.support.port"
local support = require "spec.support.heard"

local function open(text, options)
  local port = script.port { text = text }
  local given = { port = port }
  for name, value in pairs(options or {}) do given[name] = value end
  return assert(bc260y.open(given)), port
end

local EVENTS = '> AT+QCFG="dsevent"\n< +QCFG: "dsevent",1\n< OK\n'
  .. "> AT+QNBIOTEVENT?\n< +QNBIOTEVENT: 1,1\n< OK\n"

-- As script.attach, with what is asked for the format "auto" and what QICFG says.
local function auto(revision, setting, change)
  return '> AT\n< OK\n> AT+CSQ\n< +CSQ: 20,0\n< OK\n> ATE0\n< OK\n> ATI\n< Quectel_Ltd\n'
    .. '< Quectel_BC260Y-CN\n< Revision: ' .. revision .. '\n< OK\n'
    .. '> AT+QICFG="dataformat"\n< +QICFG: "dataformat",'
    .. setting .. '\n< OK\n' .. (change or "") .. EVENTS
    .. '> AT+CEREG?\n< +CEREG: 0,5\n< OK\n> AT+CGPADDR\n< +CGPADDR: 0,10.0.0.1\n< OK\n'
    .. '> AT+QISTATE?\n< OK\n'
end

script.each_loop(function(how, run)
  describe("attach " .. how, function()
    it("sees to echo, format, registration, address and what is open", function()
      script.each_split(90, function(split)
        run(function()
          local port = script.port { text = script.attach("hex"), split = split, echo = true }
          local modem = bc260y.open { port = port, format = "hex" }
          assert.is_true(modem:attach())
          assert.is_nil(port:left())
          assert.equal("100.67.249.195", modem.address)
          modem:close()
        end)
      end)
    end)

    it("chooses data mode from firmware R02A01 on, and hex before", function()
      for revision, format in pairs {
        BC260YCNAAR01A03 = "hex", BC260YCNAAR02A00 = "hex", BC260YCNAAR02A01 = "raw",
        BC260YCNAAR02A02 = "raw", BC260YCNAAR03A01 = "raw", BC260YCNAAR10A01_BETA = "raw",
        ["no version"] = "hex",
      } do
        run(function()
          local setting = format == "hex" and "1,1" or "0,0"
          local modem, port = open(auto(revision, setting))
          assert.is_true(modem:attach())
          assert.equal(format, modem.send_format)
          assert.is_nil(port:left())
          modem:close()
        end)
      end
    end)

    it("writes the format to the module's memory only where it differs", function()
      run(function()
        local modem, port = open(auto("R01A01", "0,1", '> AT+QICFG="dataformat",1,1\n< OK\n'))
        assert.is_true(modem:attach())
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("asks again until the module is registered and has an address", function()
      run(function()
        local text = '> AT\n< OK\n> AT+CSQ\n< +CSQ: 20,0\n< OK\n> ATE0\n< OK\n'
          .. '> AT+QICFG="dataformat"\n< +QICFG: "dataformat",0,0\n< OK\n' .. EVENTS
        for _, stat in ipairs { 0, 2, 3, 2 } do
          text = text .. "> AT+CEREG?\n< +CEREG: 0," .. stat .. "\n< OK\n"
        end
        text = text .. "> AT+CEREG?\n< ERROR\n> AT+CEREG?\n< +CEREG: 0,1\n< OK\n"
          .. "> AT+CGPADDR\n< +CGPADDR: 0\n< OK\n> AT+CGPADDR\n< +CGPADDR: 0,0.0.0.0\n< OK\n"
          .. "> AT+CGPADDR\n< OK\n~ 0.5\n< +IP: 10.9.9.9\n> AT+QISTATE?\n< OK\n"
        local modem, port = open(text, { format = "text" })
        assert.is_true(modem:attach { timeout = 60 })
        assert.equal("10.9.9.9", modem.address)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("believes the state of a registration whose place it can't read", function()
      run(function()
        local text = script.attach("text"):gsub("%+CEREG: 0,1", '+CEREG: 2,1,"12345678","1",9')
        local modem, port = open(text, { format = "text" })
        assert.is_true(modem:attach())
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("repeats AT to a module that sleeps or boots", function()
      run(function()
        local boot = "> AT\n< RDY\n< +CFUN: 1\n"
        local modem, port = open(boot .. script.attach("text"), { format = "text" })
        assert.is_true(modem:attach())
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("begins anew when the module restarts meanwhile", function()
      run(function()
        local text = '> AT\n< OK\n> AT+CSQ\n< +CSQ: 20,0\n< OK\n> ATE0\n~ 0.1\n< RDY\n'
          .. "> AT+CGSN=1\n< +CGSN: 1\n< OK\n> AT\n< OK\n"
          .. '> AT+QICFG="dataformat"\n< +QICFG: "dataformat",0,0\n< OK\n'
        local modem, port = open(text .. script.attach("text"):gsub("^.-> ATE0", "> ATE0"),
          { format = "text" })
        assert.is_true(modem:attach())
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("gives up at its timeout, and says what it waited for", function()
      run(function()
        local port = script.port { answer = function() return nil end }
        local modem = bc260y.open { port = port }
        assert.same({ nil, "timeout", "answer" }, { modem:attach { timeout = 100 } })
        assert.is_true(math.abs(port.clock.time - 1100) < 1)
        modem:close()

        port = script.port { answer = function(_, line)
          if line:find("CEREG") then port:reply("+CEREG: 0,2") end
          if line:find("CSQ") then port:reply("+CSQ: 9,9") end
          if line:find("QICFG") then port:reply('+QICFG: "dataformat",0,0') end
          port:reply("OK")
        end }
        modem = bc260y.open { port = port, format = "text" }
        assert.same({ nil, "timeout", "registration" }, { modem:attach { timeout = 100 } })
        assert.is_true(math.abs(port.clock.time - 1100) < 1)
        modem:close()
      end)
    end)

    it("finds a module that was silent for minutes", function()
      run(function()
        local port
        port = script.port { answer = function(_, line)
          if port.clock.time < 1200 then return end
          if line:find("CEREG") then port:reply("+CEREG: 0,1") end
          if line:find("CGPADDR") then port:reply("+CGPADDR: 0,1.2.3.4") end
          if line:find("CSQ") then port:reply("+CSQ: 9,9") end
          if line:find("CGSN") then port:reply("+CGSN: 9") end
          if line:find("QICFG") then port:reply('+QICFG: "dataformat",0,0') end
          port:reply("OK")
        end }
        local modem = bc260y.open { port = port, format = "text" }
        assert.is_true(modem:attach { timeout = 300 })
        assert.is_true(port.clock.time < 1240)
        modem:close()
      end)
    end)

    it("ends with the port", function()
      run(function()
        local modem, port = open("> AT\n")
        port:unplug(1)
        assert.same({ nil, "lost" }, { modem:attach() })
      end)
    end)

    it("raises on a timeout that is none", function()
      run(function()
        local modem = open("")
        for _, options in ipairs { 5, { timeout = "5" }, { timeout = -1 } } do
          assert.is_false((pcall(modem.attach, modem, options)))
        end
        modem:close()
      end)
    end)
  end)

  describe("attach of a module that has restarted, " .. how .. ",", function()
    -- Restarts it, attaches, and gives all that was written meanwhile.
    local function restart(modem, rig, heard)
      local from, resets = #heard + 1, modem:on("reset")
      rig.module:reset()
      assert.is_true(resets:wait(30))
      resets:cancel()
      assert.is_true(modem:attach())
      return support.slice(heard, from)
    end

    it("has it say by itself what the user asked for, once", function()
      run(function()
        local modem, rig, heard = support.attached()
        assert.is_true(modem:report_registration(1))
        assert.is_true(modem:report_registration(4))
        assert.is_true(modem:report_connection(1))
        for _ = 1, 2 do
          local said = restart(modem, rig, heard)
          assert.equal(1, support.count(said, "AT+CEREG=4"))
          assert.equal(1, support.count(said, "AT+CSCON=1"))
          assert.equal(0, support.count(said, "AT+CEREG=1"))
          assert.equal(4, modem:registration().n)
          assert.equal(1, select(2, modem:connected()))
        end
        local from = #heard + 1
        assert.is_true(modem:attach())
        local again = support.slice(heard, from)
        assert.equal(0, support.count(again, "AT+CEREG=4") + support.count(again, "AT+CSCON=1"))
        modem:close()
      end)
    end)

    it("has it say no more than that", function()
      run(function()
        local modem, rig, heard = support.attached()
        assert.is_true(modem:report_registration(2))
        assert.is_true(modem:report_registration(0))
        assert.is_nil((modem:report_connection(7)))
        for _, line in ipairs(restart(modem, rig, heard)) do
          assert.is_nil(line:find("CEREG=") or line:find("CSCON="))
        end
        modem:close()
      end)
    end)

    it("is none the worse where it refuses that now", function()
      run(function()
        local modem, rig, heard = support.attached()
        assert.is_true(modem:report_connection(1))
        rig.module:script { match = "CSCON=", answer = "ERROR" }
        assert.equal(1, support.count(restart(modem, rig, heard), "AT+CSCON=1"))
        modem:close()
      end)
    end)
  end)

  describe("attach of a silent module, " .. how .. ",", function()
    local function silent(options, from)
      local port
      port = script.port { answer = function(_, line)
        if port.clock.time < (port.alive or math.huge) then return end
        local answers = { ["AT+CEREG?"] = "+CEREG: 0,1", ["AT+CGPADDR"] = "+CGPADDR: 0,1.2.3.4",
          ["AT+CSQ"] = "+CSQ: 9,9", ["AT+CGSN=1"] = "+CGSN: 9",
          ['AT+QICFG="dataformat"'] = '+QICFG: "dataformat",0,0' }
        if answers[line] then port:reply(answers[line]) end
        port:reply("OK")
      end }
      port.alive = from
      options.port, options.format = port, "text"
      return bc260y.open(options), port
    end

    it("takes the pin after 20 s, once", function()
      run(function()
        local pulled = {}
        local modem, port
        modem, port = silent { hard_reset = function() pulled[#pulled + 1] = port.clock.time end }
        assert.same({ nil, "timeout", "answer" }, { modem:attach { timeout = 100 } })
        assert.equal(1, #pulled)
        assert.is_true(pulled[1] - 1000 >= 20 and pulled[1] - 1000 < 25)
        assert.is_true(math.abs(port.clock.time - 1100) < 1)
        assert.same({ nil, "timeout", "answer" }, { modem:attach { timeout = 100 } })
        assert.equal(2, #pulled)
        modem:close()
      end)
    end)

    it("goes on when that has helped", function()
      run(function()
        local modem, port
        modem, port = silent { hard_reset = function(which)
          port.alive = port.clock.time + 3
          port:say("\r\nRDY\r\n", 3)
          which:wait("nothing", 1)
        end }
        assert.is_true(modem:attach { timeout = 100 })
        assert.is_true(port.clock.time < 1035)
        modem:close()
      end)
    end)

    it("does not take it before that, nor where silence is sleep", function()
      run(function()
        local function refuse() error("it was pulled") end
        local modem = silent({ hard_reset = refuse }, 1010)
        assert.is_true(modem:attach())
        modem:close()
        modem = silent { hard_reset = refuse, psm = true }
        assert.same({ nil, "timeout", "answer" }, { modem:attach { timeout = 100 } })
        modem:close()
        local port
        modem, port = silent { hard_reset = refuse }
        port:say('\r\n+QNBIOTEVENT: "ENTER PSM"\r\n')
        modem:wait("sleep", 1)
        assert.same({ nil, "timeout", "answer" }, { modem:attach { timeout = 100 } })
        modem:close()
      end)
    end)

    it("knows when the module asleep wakes after all", function()
      run(function()
        local modem, port = silent({}, 1050)
        port:say('\r\n+QNBIOTEVENT: "ENTER PSM"\r\n')
        modem:wait("sleep", 1)
        assert.is_true(modem:attach { timeout = 100 })
        assert.is_true(port.clock.time < 1080)
        modem:close()
      end)
    end)
  end)
end)

describe("attach of a silent module", function()
  it("leaves the commands of other tasks their end", function()
    bc260y.run(function()
      local port
      port = script.port { answer = function(_, line)
        if port.clock.time < 1200 then return end
        port:reply(line == "AT+CSQ" and "+CSQ: 1,1" or "+X: 1", "OK")
      end }
      local modem = bc260y.open { port = port }
      port:say('\r\n+QNBIOTEVENT: "ENTER PSM"\r\n')
      modem:wait("sleep", 1)
      local ended = 0
      local task = bc260y.spawn(function()
        for _ = 1, 50 do
          local lines, err = modem:command("AT+CBC", { timeout = 3 })
          assert.is_nil(lines)
          assert.is_true(err == "no response" or err == "busy", err)
          ended = ended + 1
          bc260y.sleep(0.7)
        end
      end)
      assert.same({ nil, "timeout", "answer" }, { modem:attach { timeout = 190 } })
      task:wait(100)
      assert.equal(50, ended)
      modem:wait("nothing", 10)
      assert.is_truthy(modem:command("AT+CBC"))
      modem:close()
    end)
  end)
end)

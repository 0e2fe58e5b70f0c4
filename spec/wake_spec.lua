local bc260y = require "bc260y"
local support = require "spec.support.heard"
local script = require "spec.support.port"

local awake, count, fall_asleep = support.attached, support.count, support.fall_asleep

local ENTER = '\r\n+QNBIOTEVENT: "ENTER DEEPSLEEP"\r\n'
local EXIT = '\r\n+QNBIOTEVENT: "EXIT DEEPSLEEP"\r\n'

-- A modem on a scripted port whose module has just gone to sleep.
local function scripted(text, options)
  local given = { text = "<< " .. (ENTER:gsub("\r", "\\r"):gsub("\n", "\\n")) .. "\n" .. text }
  local port = script.port(given)
  local modem_options = { port = port }
  for name, value in pairs(options or {}) do modem_options[name] = value end
  local modem = bc260y.open(modem_options)
  modem:wait("sleep", 1)
  assert.equal("DEEPSLEEP", modem:asleep())
  return modem, port
end

local function silent(options)
  return scripted("", options)
end

script.each_loop(function(how, run)
  describe("a module that sleeps, " .. how .. ",", function()
    it("is woken, and gets the command once", function()
      for _, kind in ipairs { "DEEPSLEEP", "PSM" } do
        for _, answer in ipairs { "lost", "crlf", "answered" } do
          for _, seconds in ipairs { 0.05, 1.8, 1.999, 2, 3.9, 7.7 } do
            run(function()
              local modem, rig, heard = awake { wake_command = answer, wake_time = seconds }
              fall_asleep(modem, rig, kind)
              assert.equal(kind, modem:asleep())
              local before, began = count(heard, "AT+CBC"), rig.time
              assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
              assert.equal(before + 1, count(heard, "AT+CBC"))
              assert.is_nil(modem:asleep())
              assert.is_true(rig.time - began < seconds + 2.5)
              assert.is_false(modem.pump.drowsy)
              assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
              modem:close()
            end)
          end
        end
      end
    end)

    it("is told nothing but AT until it has answered", function()
      run(function()
        local modem, port = scripted("> AT\n> AT\n<< \\r\\n\n> AT\n~ 0.5\n< OK\n"
          .. "> AT+CSQ\n< +CSQ: 1,0\n< OK\n> AT+CBC\n< +CBC: 3470\n< OK\n")
        assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
        assert.is_nil(port:left())
        assert.is_true(math.abs(port.clock.time - 1004.5) < 0.1)
        modem:close()
      end)
    end)

    it("needs no query behind an AT that it answered at once", function()
      run(function()
        local modem, port = scripted("> AT\n~ 1.8\n< OK\n> AT+CBC\n< +CBC: 3470\n< OK\n")
        assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("may answer each AT late: none of that is the command's", function()
      for late = 0, 3, 0.25 do
        run(function()
          local modem, port = scripted("> AT\n> AT\n~ " .. late .. "\n< OK\n< OK\n")
          port.answer = function(_, line)
            if line == "AT+CBC" then port:reply("+CBC: 3470") end
            if line == "AT+CSQ" then port:reply("+CSQ: 1,0") end
            port:reply("OK")
          end
          assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
          assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
          modem:close()
        end)
      end
    end)

    it("that says it wakes is awake, also when its answer is lost", function()
      run(function()
        local modem, port = scripted("> AT\n~ 0.3\n<< " .. EXIT:gsub("\r", "\\r")
          :gsub("\n", "\\n") .. "\n> AT+CSQ\n< +CSQ: 1,0\n< OK\n> AT+CBC\n< +CBC: 3470\n< OK\n")
        assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("that can't be woken gets 8 ATs, and its caller \"no response\"", function()
      run(function()
        local modem, port = silent()
        local sent = {}
        port.answer = function(_, line) sent[#sent + 1] = line end
        for round = 1, 2 do
          local began = port.clock.time
          assert.same({ nil, "no response" }, { modem:command("AT+CBC") })
          assert.is_true(math.abs(port.clock.time - began - 16) < 0.1)
          assert.equal(8 * round, count(sent, "AT"))
          assert.equal(8 * round, #sent)
        end
        assert.equal("DEEPSLEEP", modem:asleep())
        modem:close()
      end)
    end)

    it("is tried within the budget that the user sets", function()
      for _, case in ipairs {
        { { answer = 1, tries = 3 }, 3, 3 }, { { answer = 2, seconds = 5 }, 3, 6 },
        { { answer = 0.5, tries = 1 }, 1, 0.5 }, { { answer = 4, tries = 2, seconds = 1 }, 1, 4 },
      } do
        run(function()
          local modem, port = silent { wake = case[1] }
          local sent = 0
          port.answer = function() sent = sent + 1 end
          assert.same({ nil, "no response" }, { modem:command("AT+CBC") })
          assert.equal(case[2], sent)
          assert.is_true(math.abs(port.clock.time - 1000 - case[3]) < 0.1)
          modem:close()
        end)
      end
    end)

    it("keeps nobody longer than his own timeout, and nothing is sent then", function()
      run(function()
        local modem, port = silent()
        local sent = {}
        port.answer = function(_, line) sent[#sent + 1] = line end
        assert.same({ nil, "busy" }, { modem:command("AT+CBC", { timeout = 3 }) })
        assert.is_true(math.abs(port.clock.time - 1003) < 0.1)
        modem:wait("nothing", 60)
        assert.equal(0, count(sent, "AT+CBC"))
        modem:close()
      end)
    end)

    it("that restarts as it wakes is no sleeper any more", function()
      run(function()
        local modem, rig, heard = awake({ psm_boot = true }, { wake = { tries = 1 } })
        fall_asleep(modem, rig, "PSM")
        local reset = modem:on("reset")
        assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
        assert.is_true(reset:wait(0))
        assert.is_nil(modem:asleep())
        assert.equal(1, count(heard, "AT+CBC"))
        assert.is_true(modem:attach())
        modem:close()
      end)
    end)

    it("that sleeps again at once is spoken to at once", function()
      for _, seconds in ipairs { 0.3, 0.5, 1, 1.9, 3 } do
        for _, pause in ipairs { 0.05, 0.3, 1.8 } do
          run(function()
            local modem, rig, heard = awake { sleep_after = seconds, wake_time = pause }
            for _ = 1, 3 do
              modem:wait("sleep", 10)
              assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
            end
            assert.equal(3, count(heard, "AT+CBC"))
            assert.is_true(rig.time < 60)
            modem:close()
          end)
        end
      end
    end)

    it("that sleeps again whenever it was woken ends within the budget too", function()
      run(function()
        local modem, port = silent()
        local sent = 0
        port.answer = function()
          sent = sent + 1
          port:say(EXIT, 0.01)
          port:say(ENTER, 0.02)
        end
        assert.same({ nil, "no response" }, { modem:command("AT+CBC") })
        assert.equal(8, sent)
        modem:close()
      end)
    end)

    it("that says RDY is awake, and its answers are fenced as after any restart", function()
      run(function()
        local modem, port = scripted("~ 1\n< RDY\n> AT+CSQ\n< +CSQ: 1,0\n< OK\n"
          .. "> AT+CBC\n< OK\n")
        modem:wait("reset", 5)
        assert.is_nil(modem:asleep())
        assert(modem:command("AT+CBC"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("owes nothing that it was asked before, unless it says something", function()
      run(function()
        local modem, port = scripted("> AT\n~ 1\n< +CEREG: 1\n> AT+CSQ\n< +CSQ: 1,0\n< OK\n"
          .. "> AT\n< OK\n> AT+CBC\n< OK\n")
        assert(modem:command("AT+CBC"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("may fall asleep over a command, which is not repeated", function()
      run(function()
        local modem, rig, heard = awake()
        -- Both are on their way at once.
        rig.module:sleep("DEEPSLEEP")
        assert.same({ nil, "timeout" }, { modem:command("AT+CBC") })
        assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
        assert.equal(1, count(heard, "AT+CBC"))
        modem:close()
      end)
    end)

    it("is awake when something comes down to it", function()
      run(function()
        local modem, rig, heard = awake()
        rig.net:listen("UDP", "10.0.0.1", 8000)
        local socket = modem:udp()
        assert(socket:connect("10.0.0.1", 8000))
        fall_asleep(modem, rig)
        rig.net.peers[1]:send("down")
        assert.equal("down", socket:receive())
        assert.is_nil(modem:asleep())
        local before = count(heard, "AT")
        assert(modem:command("AT+CBC"))
        assert.equal(before, count(heard, "AT"))
        modem:close()
      end)
    end)

    it("shows that it is awake by data, though it did not say so", function()
      run(function()
        local modem, port = scripted("~ 1\n<< \\r\\n+QIURC: \"recv\",0,2,ab\\r\\n\n"
          .. "> AT+CBC\n< OK\n")
        modem:wait("recv", 5)
        assert.is_nil(modem:asleep())
        assert(modem:command("AT+CBC"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("does not show that by a URC that was on its way", function()
      run(function()
        local modem = scripted("~ 1\n< +CEREG: 1\n")
        modem:wait("+CEREG", 5)
        assert.equal("DEEPSLEEP", modem:asleep())
        modem:close()
      end)
    end)
  end)

  describe("sockets over a sleep, " .. how .. ",", function()
    it("are asked for when it wakes: lost ones end with \"closed\"", function()
      for _, tcp in ipairs { "kept", "lost" } do
        for _, udp in ipairs { "kept", "lost" } do
          run(function()
            local modem, rig = awake { tcp_over_sleep = tcp, udp_over_sleep = udp }
            rig.net:listen("TCP", "10.0.0.1", 8000)
            rig.net:listen("UDP", "10.0.0.1", 8001)
            local stream, datagrams = modem:tcp(), modem:udp()
            assert(stream:connect("10.0.0.1", 8000))
            assert(datagrams:connect("10.0.0.1", 8001))
            assert.equal(3, stream:send("one"))
            fall_asleep(modem, rig)
            assert(modem:command("AT+CBC"))
            modem:wait("nothing", 1)
            stream:settimeout(0.1)
            assert.same({ nil, tcp == "kept" and "timeout" or "closed", "" },
              { stream:receive() })
            if udp == "kept" then
              assert.equal(3, datagrams:send("two"))
            else
              assert.same({ nil, "closed" }, { datagrams:send("two") })
            end
            modem:close()
          end)
        end
      end
    end)

    it("are not asked for where there are none", function()
      run(function()
        local modem, rig, heard = awake()
        local before = count(heard, "AT+QISTATE?")
        fall_asleep(modem, rig)
        assert(modem:command("AT+CBC"))
        modem:wait("nothing", 5)
        assert.equal(before, count(heard, "AT+QISTATE?"))
        modem:close()
      end)
    end)

    it("carry each datagram once, however the module wakes", function()
      for _, answer in ipairs { "lost", "crlf", "answered" } do
        for _, seconds in ipairs { 0.2, 1.8, 4 } do
          run(function()
            local modem, rig = awake { wake_command = answer, wake_time = seconds }
            rig.net:listen("UDP", "10.0.0.1", 8000)
            local socket = modem:udp()
            assert(socket:connect("10.0.0.1", 8000))
            for i = 1, 5 do
              fall_asleep(modem, rig)
              assert.equal(2, socket:send("#" .. i))
            end
            modem:wait("nothing", 30)
            assert.equal("#1#2#3#4#5", rig.net.peers[1]:text())
            modem:close()
          end)
        end
      end
    end)

    it("that were dropped are closed, and a sleep that is none does not wedge that", function()
      run(function()
        local modem, rig, heard = awake()
        rig.net:listen("UDP", "10.0.0.1", 8000)
        do
          local socket = modem:udp()
          assert(socket:connect("10.0.0.1", 8000))
        end
        fall_asleep(modem, rig)
        collectgarbage()
        collectgarbage()
        modem:wait("nothing", 10)
        assert.equal(1, count(heard, "AT+QICLOSE=0"))
        modem:close()
      end)
    end)
  end)

  describe("a module that can't be woken, " .. how .. ",", function()
    it("is not tried for ever to close what was dropped", function()
      run(function()
        local modem, rig = awake()
        rig.net:listen("UDP", "10.0.0.1", 8000)
        do
          local socket = modem:udp()
          assert(socket:connect("10.0.0.1", 8000))
        end
        fall_asleep(modem, rig)
        local sent = 0
        function rig.port.write(_, bytes)
          assert.equal("AT\r", bytes)
          sent = sent + 1
          return #bytes
        end
        collectgarbage()
        collectgarbage()
        modem:wait("nothing", 300)
        assert.equal(8, sent)
        modem:close()
      end)
    end)
  end)

  describe("a module that does not say that it sleeps, " .. how .. ",", function()
    it("is taken to sleep after so many seconds of silence", function()
      run(function()
        local modem, rig, heard = awake({ sleep_after = 10 }, { sleep_after = 10 })
        rig.module.nvram.dsevent = 0
        for _, pause in ipairs { 3, 9.5, 10.5, 60, 9, 12 } do
          modem:wait("nothing", pause)
          local before = count(heard, "AT+CBC")
          assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
          assert.equal(before + 1, count(heard, "AT+CBC"))
          assert.is_nil(modem:asleep())
        end
        modem:close()
      end)
    end)

    it("gets no AT before that", function()
      run(function()
        local modem, rig, heard = awake({}, { sleep_after = 10 })
        local before = count(heard, "AT")
        modem:wait("nothing", 9.9)
        assert(modem:command("AT+CBC"))
        modem:wait("nothing", 9.9)
        assert(modem:command("AT+CBC"))
        assert.equal(before, count(heard, "AT"))
        modem:wait("nothing", 10.1)
        assert(modem:command("AT+CBC"))
        assert.equal(before + 1, count(heard, "AT"))
        assert.is_true(rig.time > 29)
        modem:close()
      end)
    end)
  end)
end)

describe("a module that sleeps", function()
  it("is woken once for all who wait, and each command goes in its turn", function()
    bc260y.run(function()
      local modem, rig, heard = awake { wake_time = 3 }
      fall_asleep(modem, rig)
      local done, before = {}, #heard
      local tasks = {}
      for i = 1, 5 do
        tasks[i] = bc260y.spawn(function()
          assert(modem:command("AT+CEREG=" .. i))
          done[#done + 1] = i
        end)
      end
      for i = 1, 5 do assert(select("#", tasks[i]:wait(60)) == 0) end
      assert.same({ 1, 2, 3, 4, 5 }, done)
      assert.same({ "AT+CGSN=1", "AT+CEREG=1", "AT+CEREG=2", "AT+CEREG=3", "AT+CEREG=4",
        "AT+CEREG=5" }, support.slice(heard, before + 1))
      modem:close()
    end)
  end)

  it("that can't be woken is told so to all who wait", function()
    bc260y.run(function()
      local modem = silent()
      modem.pump.line.port.answer = function() end
      local tasks = {}
      for i = 1, 4 do
        tasks[i] = bc260y.spawn(function() return modem:command("AT+CBC") end)
      end
      for i = 1, 4 do assert.same({ nil, "no response" }, { tasks[i]:wait(60) }) end
      modem:close()
    end)
  end)

  it("does not outlive the port", function()
    bc260y.run(function()
      local modem, port = silent()
      port.answer = function() end
      port:unplug(3)
      assert.same({ nil, "lost" }, { modem:command("AT+CBC") })
    end)
  end)

  it("has settings that are checked", function()
    for _, options in ipairs {
      { sleep_after = "5" }, { sleep_after = -1 }, { sleep_after = 0 / 0 }, { wake = 5 },
      { wake = { answer = -1 } }, { wake = { tries = "8" } }, { wake = { pauses = 1 } },
      { psm = 1 }, { hard_reset = true },
    } do
      options.port = script.port {}
      assert.is_false((pcall(bc260y.open, options)))
    end
  end)
end)

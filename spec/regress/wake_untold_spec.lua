-- A module was woken by AT, and the word that it wakes was lost, or it has none: "wake" was
-- never told, and who had heard "sleep" waited for ever.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local ENTER = '\r\n+QNBIOTEVENT: "ENTER %s"\r\n'
local EXIT = '\r\n+QNBIOTEVENT: "EXIT %s"\r\n'

-- A modem that hears its module go to sleep, and a queue of each event.
local function asleep(kind, answer)
  local port = script.port { answer = answer or function(port) port:reply("OK") end }
  local modem = bc260y.open { port = port }
  local sleeps, wakes = modem:on("sleep"), modem:on("wake")
  port:say(ENTER:format(kind))
  assert.equal("ENTER " .. kind, sleeps:wait(1))
  return modem, port, wakes, sleeps
end

local function check(modem, wakes, kind)
  assert.equal("EXIT " .. kind, wakes:wait(30))
  assert.is_nil(modem:asleep())
  assert.same({ nil, "timeout" }, { wakes:wait(60) })
  modem:close()
end

script.each_loop(function(how, run)
  describe("the end of a sleep, " .. how .. ",", function()
    for _, kind in ipairs { "DEEPSLEEP", "PSM" } do
      it("is told once when the module says it, of " .. kind, function()
        run(function()
          local modem, port, wakes = asleep(kind)
          port:say(EXIT:format(kind), 1)
          check(modem, wakes, kind)
        end)
      end)

      it("is told once when an answer shows it, of " .. kind, function()
        run(function()
          local modem, _, wakes = asleep(kind)
          assert(modem:command("AT+CBC"))
          check(modem, wakes, kind)
        end)
      end)

      it("is told once when data shows it, of " .. kind, function()
        run(function()
          local modem, port, wakes = asleep(kind)
          port:say('\r\n+QIURC: "recv",0,2,ab\r\n', 1)
          check(modem, wakes, kind)
        end)
      end)

      it("is told once when RDY shows it, of " .. kind, function()
        run(function()
          local modem, port, wakes = asleep(kind)
          port:say("\r\nRDY\r\n", 1)
          check(modem, wakes, kind)
        end)
      end)

      it("is told once when the module says it before, or behind, its answer, of " .. kind,
        function()
          for _, seconds in ipairs { 0, 0.1, 5 } do
            run(function()
              local modem, _, wakes = asleep(kind, function(port, line)
                if line == "AT" then port:say(EXIT:format(kind), seconds) end
                port:say("\r\nOK\r\n", 0.05)
              end)
              assert(modem:command("AT+CBC"))
              check(modem, wakes, kind)
            end)
          end
        end)
    end

    it("is told of each sleep, though the word of every other is lost", function()
      run(function()
        local modem, port, wakes, sleeps = asleep("PSM")
        for i = 1, 6 do
          if i % 2 == 0 then port:say(EXIT:format("PSM"), 0.5) end
          if i % 2 == 1 then assert(modem:command("AT+CBC")) end
          assert.equal("EXIT PSM", wakes:wait(30))
          port:say(ENTER:format("PSM"), 1)
          assert.equal("ENTER PSM", sleeps:wait(30))
        end
        assert.same({ nil, "timeout" }, { wakes:wait(30) })
        modem:close()
      end)
    end)

    it("is told once when RDY and its word come behind an answer", function()
      run(function()
        local modem, port, wakes = asleep("PSM")
        assert(modem:command("AT+CBC"))
        port:say("\r\nRDY\r\n", 1)
        port:say(EXIT:format("PSM"), 2)
        check(modem, wakes, "PSM")
      end)
    end)

    it("is told when its beginning was not", function()
      run(function()
        local port = script.port {}
        local modem = bc260y.open { port = port }
        port:say(EXIT:format("PSM"), 1)
        assert.equal("EXIT PSM", modem:wait("wake", 5))
        modem:close()
      end)
    end)
  end)
end)

-- A command's timeout passed while the AT that was to wake its module was out. That waking
-- was never ended: an hour later the next command's budget was taken for spent since then,
-- and after a single AT it got "no response".

local bc260y = require "bc260y"
local script = require "spec.support.port"

local ENTER = '\r\n+QNBIOTEVENT: "ENTER DEEPSLEEP"\r\n'
local EXIT = '\r\n+QNBIOTEVENT: "EXIT DEEPSLEEP"\r\n'

-- A modem whose module sleeps; so many ATs are not answered. Result: modem, port.
local function asleep(deaf)
  local port
  port = script.port { answer = function(_, line)
    if line == "AT" then port.ats = port.ats + 1 end
    if line == port.ignored or line == "AT" and port.ats <= deaf then return end
    if line == "AT+CSQ" then port:reply("+CSQ: 1,0") end
    port:reply("OK")
  end }
  port.ats = 0
  local modem = bc260y.open { port = port }
  port:say(ENTER)
  assert(modem:wait("sleep", 1))
  return modem, port
end

script.each_loop(function(how, run)
  describe("a waking that nobody awaits any more, " .. how .. ",", function()
    it("spends nothing of the next one", function()
      for _, pause in ipairs { 2, 17.5, 3600 } do
        run(function()
          local modem = asleep(7)
          assert.same({ nil, "busy" }, { modem:command("AT+CBC", { timeout = 1 }) })
          modem:wait("nothing", pause)
          assert.same({}, modem:command("AT+CBC"))
          modem:close()
        end)
      end
    end)

    it("spends nothing of it either when the module woke, and slept without an answer", function()
      run(function()
        local modem, port = asleep(7)
        port.ignored = "AT+CBC"
        port:say(EXIT, 3)
        assert.same({ nil, "timeout" }, { modem:command("AT+CBC", { timeout = 5 }) })
        port:say(ENTER, 1)
        modem:wait("nothing", 3600)
        assert.equal("DEEPSLEEP", modem:asleep())
        assert.equal(2, port.ats)
        port.ignored = nil
        assert.same({}, modem:command("AT+CBC"))
        modem:close()
      end)
    end)
  end)
end)

-- Waking over a port of the operating system, where core.line drives the exchange.

local bc260y = require "bc260y"
local virtual = require "spec.support.virtual"

describe("a module that sleeps #integration", function()
  it("is woken over a real port, and gets the command once", function()
    for _, command in ipairs { "lost", "crlf", "answered" } do
      local process = virtual.start { endpoint = "unix",
        traits = { sleep_after = 0.5, wake_command = command, wake_time = 0.2 } }
      bc260y.run(function()
        local modem = assert(bc260y.open { port = process.port, wake = { answer = 0.4 } })
        assert(modem:attach { timeout = 30 })
        for _ = 1, 2 do
          assert.equal("ENTER DEEPSLEEP", modem:wait("sleep", 10))
          assert.equal("DEEPSLEEP", modem:asleep())
          assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
          assert.is_nil(modem:asleep())
        end
        modem:close()
      end)
      local _, times = process:log():gsub("AT%+CBC", "")
      process:stop()
      assert.equal(2, times)
    end
  end)
end)

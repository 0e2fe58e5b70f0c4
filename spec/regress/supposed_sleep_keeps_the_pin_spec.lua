-- With sleep_after a dead module was supposed to sleep for ever, and attach never reset it.

local bc260y = require "bc260y"
local script = require "spec.support.port"

it("a sleep that is only supposed does not keep attach from the pin", function()
  local pins, dead = 0, false
  local modem = bc260y.open {
    port = script.port { answer = function(port) if not dead then port:reply("OK") end end },
    sleep_after = 10, hard_reset = function() pins = pins + 1 end,
  }
  assert(modem:command("AT"))
  dead = true
  modem:wait("nothing", 60)
  assert.same({ nil, "timeout", "answer" }, { modem:attach { timeout = 100 } })
  assert.equal(1, pins)
  modem:close()
end)

-- A ping that failed ends when nothing has come behind its code for a while. The module
-- had gone to sleep meanwhile, and said so; that end was taken for a sign that it was
-- awake, and the next command was sent without waking it first, and lost.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"

describe("A command that ends by the clock while the module sleeps", function()
  it("does not say that it is awake", function()
    local bench = rig.new { profile = "manual", boot = false,
      traits = { echo = false, sleep_after = 1 } }
    local modem = assert(bc260y.open { port = bench.port, wake = { answer = 0.5 } })
    assert(modem:attach())
    assert(modem:command('AT+QCFG="dsevent",1'))
    assert(modem:command("AT+QNBIOTEVENT=1,1"))
    assert.same({ nil, bc260y.errors[565], 565, {} }, { modem:ping("none.example") })
    assert.equal("deepsleep", bench.module.power)
    assert.same({ "+CSQ: 22,0" }, modem:command("AT+CSQ"))
    modem:close()
  end)
end)

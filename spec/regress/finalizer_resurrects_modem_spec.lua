-- On 5.1 a socket's finalizer kept its modem reachable through the loop's weak list when
-- both were dropped at once, with the exchange already wiped: bc260y.sleep raised.

local bc260y = require "bc260y"
local script = require "spec.support.port"

-- A stale slot of the stack may keep the last modem for a while, without its socket.
local function close(port)
  port:reply("OK", "CLOSE OK")
end

describe("a modem dropped with its open socket", function()
  it("is gone for bc260y.sleep as well", function()
    for _ = 1, 20 do script.connected("", { answer = close }) end
    collectgarbage()
    bc260y.sleep(0)
    collectgarbage()
    bc260y.sleep(0)
  end)
end)

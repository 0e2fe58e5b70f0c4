-- A socket that waited for a fixed local port was not told when the open that had the port
-- was refused late: without a timeout it waited for ever.

local bc260y = require "bc260y"
local script = require "spec.support.port"

it("a connect that waits for a fixed port hears that its open was refused late", function()
  local opens = 0
  local port = script.port { answer = function(port, line)
    if line:find("^AT%+QICLOSE") then return port:reply("OK", "CLOSE OK") end
    if not line:find("^AT%+QIOPEN") then return port:reply("OK") end
    opens = opens + 1
    if opens > 1 then return port:reply("OK", "+QIOPEN: " .. line:match(",(%d),") .. ",0") end
    port:say("\r\nERROR\r\n", 3)
  end }
  bc260y.run(function()
    local modem = bc260y.open { port = port, local_port_rest = 2 }
    modem.address, modem.send_format = "10.0.0.1", "text"
    local first, second = modem:tcp { local_port = 50000 }, modem:tcp { local_port = 50000 }
    first:settimeout(1)
    assert.same({ nil, "timeout" }, { first:connect("h", 80) })
    local task = bc260y.spawn(function() assert.equal(1, second:connect("h", 80)) end)
    assert.equal(0, select("#", task:wait(60)))
    assert.equal("h", (second:getpeername()))
    modem:close()
  end)
end)

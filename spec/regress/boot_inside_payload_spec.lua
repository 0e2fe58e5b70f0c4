-- A module that restarted while a payload came down may say its RDY where the rest of the
-- payload was due, and the first payload of all may be cut there: the reset was not
-- heard, and its sockets seemed open until the next send.

local script = require "spec.support.port"

describe("a boot whose RDY was taken for payload", function()
  it("is noticed by what else is said at boot", function()
    for _, line in ipairs { "+CFUN: 1", "+CPIN: READY" } do
      local socket, port, modem = script.connected(
        '<< \\r\\n+QIURC: "recv",0,7,"1\\r\\nRDY\\r\\n\n< ' .. line
        .. "\n> AT+QISTATE?\n< OK\n> AT+QICLOSE=0\n< ERROR\n")
      socket:settimeout(5)
      socket:receive("*a") -- nobody can tell that it was none
      assert.same({ nil, "closed" }, { socket:getpeername() })
      modem:wait("nothing", 1)
      assert.is_nil(port:left())
      modem:close()
    end
  end)
end)

-- A peer that sent and closed in the same read as +QIOPEN: connect said "closed", though
-- there was data to be read.

local bc260y = require "bc260y"
local script = require "spec.support.port"

it("connect succeeds though the peer has closed by the time it returns", function()
  local port = script.port { text = '> AT+QIOPEN=0,0,"TCP","h",80,0,1\n'
    .. '<< \\r\\nOK\\r\\n\\r\\n+QIOPEN: 0,0\\r\\n\\r\\n+QIURC: "recv",0,2,hi\\r\\n'
    .. '\\r\\n+QIURC: "closed",0\\r\\n\n> AT+QICLOSE=0\n< OK\n< CLOSE OK' }
  local modem = bc260y.open { port = port }
  modem.address, modem.send_format = "10.0.0.1", "text"
  local socket = modem:tcp()
  assert.equal(1, socket:connect("h", 80))
  assert.equal("hi", socket:receive("*a"))
  assert.same({ nil, "closed", 0 }, { socket:send("x") })
  modem:wait("nothing", 1)
  assert.is_nil(port:left())
  modem:close()
end)

-- A socket that one task closed while another connected it was open again when the module
-- had opened it, and its id was never given back.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local function attached(text)
  local port = script.port { text = script.attach("text") .. text }
  local modem = assert(bc260y.open { port = port, format = "text" })
  assert(modem:attach())
  return modem, port
end

describe("a socket that another task closes while it connects", function()
  it("stays closed when the open succeeds, and gives its id back", function()
    bc260y.run(function()
      local modem, port = attached(
        '> AT+QIOPEN=0,0,"TCP","h",1,0,1\n< OK\n~ 5\n< +QIOPEN: 0,0\n'
        .. "> AT+QICLOSE=0\n< OK\n< CLOSE OK\n")
      local socket = modem:tcp()
      local task = bc260y.spawn(socket.connect, socket, "h", 1)
      bc260y.sleep(1)
      assert.equal(1, socket:close())
      assert.same({ nil, "closed" }, { task:wait() })
      assert.same({ nil, "closed" }, { socket:getpeername() })
      bc260y.sleep(1)
      assert.is_nil(port:left())
      assert.equal(5, #modem.ids.free)
      modem:close()
    end)
  end)
end)

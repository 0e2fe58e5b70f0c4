-- Tasks that waited for a socket id whose QICLOSE was still to be sent when the port went
-- away waited for ever.

local bc260y = require "bc260y"
local script = require "spec.support.port"

describe("tasks that wait for a socket id", function()
  it("are all told that the port has gone", function()
    bc260y.run(function()
      local text = script.attach("text")
      for id = 0, 4 do
        text = text .. ('> AT+QIOPEN=0,%d,"TCP","h",1,0,1\n< OK\n< +QIOPEN: %d,0\n'):format(id, id)
      end
      local port = script.port { text = text .. "> AT+CSQ\n" }
      local modem = assert(bc260y.open { port = port, format = "text" })
      assert(modem:attach())
      local sockets, tasks = {}, {}
      for i = 1, 5 do
        sockets[i] = modem:tcp()
        assert(sockets[i]:connect("h", 1))
      end
      bc260y.spawn(modem.signal, modem) -- the line is busy
      bc260y.sleep(0)
      port:say('\r\n+QIURC: "closed",0\r\n')
      bc260y.sleep(0.1)
      for i = 1, 3 do
        local socket = modem:tcp()
        tasks[i] = bc260y.spawn(socket.connect, socket, "h", 1)
      end
      bc260y.sleep(0)
      port:unplug(1)
      for i = 1, 3 do assert.same({ nil, "lost" }, { tasks[i]:wait(60) }) end
      assert.is_true(port.clock.time < 1002)
    end)
  end)
end)

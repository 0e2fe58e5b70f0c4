-- A byte of data was lost on its way to a module in data mode, which took the fence's first
-- byte for it: the count of sent bytes agreed, and send called it a success.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"

it("a chunk in data mode of which a byte was lost is no success, and ends its socket", function()
  local bench = rig.new { profile = "R02", boot = false, names = { h = "10.0.0.1" } }
  bench.net:listen("TCP", "10.0.0.1", 80, {})
  local modem = bc260y.open { port = bench.port }
  assert(modem:attach())
  local socket = modem:tcp()
  assert(socket:connect("h", 80))
  assert.equal(5, socket:send("first"))
  local write = bench.port.write
  bench.port.write = function(port, bytes)
    if bytes ~= "hello" then return write(port, bytes) end
    write(port, "helo")
    return #bytes
  end
  assert.same({ nil, "torn", 0 }, { socket:send("hello") })
  assert.is_nil((socket:send("again")))
  modem:wait("nothing", 30)
  assert.is_nil(bench.net.peers[1]:text():find("AT", 1, true))
  modem:close()
end)

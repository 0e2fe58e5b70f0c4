-- Data mode is chosen by the firmware's name. A module that has such a name and refuses
-- data mode all the same (wire forms: sockets) failed each send, for ever.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"

local function bench(format, data_mode)
  local self = rig.new { profile = "R02", boot = false,
    traits = { echo = false, data_mode = data_mode } }
  self.net:listen("TCP", "10.0.0.1", 80)
  self.net:listen("UDP", "10.0.0.1", 53)
  self.modem = assert(bc260y.open { port = self.port, format = format })
  assert(self.modem:attach())
  return self
end

local function connected(self, kind)
  local socket = self.modem[kind](self.modem)
  assert(socket:connect("10.0.0.1", kind == "tcp" and 80 or 53))
  return socket, self.net.peers[#self.net.peers]
end

local BYTES = ("\0\r\n> OK"):rep(200) -- several chunks

describe("A firmware that should know data mode and does not", function()
  it("gets hex from the first send on, and nothing of that is lost", function()
    for _, kind in ipairs { "tcp", "udp" } do
      local self = bench("auto", false)
      local socket, peer = connected(self, kind)
      local data = kind == "tcp" and BYTES or BYTES:sub(1, 512)
      assert.equal("raw", self.modem.send_format)
      assert.equal(#data, socket:send(data))
      assert.equal(data, peer:text())
      assert.equal("hex", self.modem.send_format)
      assert(self.modem:attach())
      assert.equal(2, socket:send("ok"))
      assert.same({ send = "hex", recv = "hex" }, self.modem:data_format())
      assert.equal(1, self.module.nvram_writes)
      self.modem:close()
    end
  end)

  it("is not supposed where the user chose data mode", function()
    local self = bench("raw", false)
    assert.same({ nil, "error", 0 }, { (connected(self, "tcp")):send("x") })
    local socket = connected(self, "udp")
    assert.same({ nil, "error" }, { socket:send("x") })
    assert.equal("raw", self.modem.send_format)
    self.modem:close()
  end)

  it("is not supposed once data mode was taken", function()
    local self = bench("auto", true)
    local socket, peer = connected(self, "tcp")
    assert.equal(3, socket:send("one"))
    self.module:script { match = "QISEND=%d,[1-9]", answer = "ERROR" }
    assert.same({ nil, "error", 0 }, { socket:send("two") })
    assert.equal("raw", self.modem.send_format)
    assert.equal(5, socket:send("three"))
    assert.equal("onethree", peer:text())
    self.modem:close()
  end)
end)

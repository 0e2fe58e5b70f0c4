-- The module lost its network and found it again. attach waited for the registration, but
-- the address from before counted as one: a connect went out before the module had its
-- new address, and failed.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"

describe("attach after the network was lost", function()
  for _, said in ipairs { true, false } do
    it("waits for a new address, " .. (said and "which is said" or "or asks for it"), function()
      local bench = rig.new { profile = "manual", boot = false,
        traits = { echo = false, ip_urc = said } }
      bench.net:listen("TCP", "10.0.0.1", 80)
      local modem = assert(bc260y.open { port = bench.port })
      assert(modem:attach())
      bench.module:network(false)
      bench.module:later(bench.time + 10, function() bench.module:network(true) end)
      assert.is_true(modem:attach())
      assert.equal(1, modem:tcp():connect("10.0.0.1", 80))
      modem:close()
    end)
  end
end)

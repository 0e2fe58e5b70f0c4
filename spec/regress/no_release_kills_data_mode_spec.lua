-- rai = 0, which asks for nothing, was refused in data mode for bytes that text can't carry,
-- though data mode sends no other way: a policy that said it stopped the session for good.

local script = require "spec.support.port"
local support = require "spec.support.delivery"

script.each_loop(function(how, run)
  describe("release assistance 0 " .. how, function()
    for _, format in ipairs { "raw", "hex" } do
      it("is none, for records and for any bytes, in format " .. format, function()
        run(function()
          local bench = support.new { format = format, policy = { rai = 0 } }
          bench:put(3)
          assert.is_true((bench.session:deliver(bench.outbox, { drain = true, timeout = 60 })))
          bench:check_all_stored()
          bench.server.take = function() end
          assert.is_true(bench.session:send("\0\1\r\26", { rai = 0, timeout = 10 }))
          assert.equal("\0\1\r\26", bench.server:peer():text():sub(-4))
          assert.equal("connected", (bench.session:state()))
          assert.equal(1, #bench.server.peers)
          bench.modem:close()
        end)
      end)
    end
  end)
end)

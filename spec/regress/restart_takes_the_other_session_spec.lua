-- A session whose server was away restarted the module every few minutes: another one on the
-- same module, that was well, lost its connection each time.

local script = require "spec.support.port"
local support = require "spec.support.session"

script.each_loop(function(how, run)
  describe("a session that fails " .. how, function()
    -- Ten minutes of one on a module with another session, which has sent so many bytes, of
    -- which so many are acknowledged, and has been silent for so many seconds.
    local function beside(sent, acked, silent, fn)
      run(function()
        local bench = support.new { server = { auto_ack = false } }
        bench.session:wait()
        bench.session:send(("x"):rep(sent))
        bench:peer():ack(acked)
        bench:pass(silent)
        local failing = bench.modem:session { host = "h", port = 2, seed = 1,
          policy = { failed = "restart", backoff = 10 } }
        assert.same({ nil, "timeout" }, { failing:wait(590) })
        assert.is_true(failing:stats().failures > 7)
        fn(failing:stats().restarts, bench)
        bench.modem:close()
      end)
    end

    it("restarts no module on which another has all acknowledged", function()
      beside(2, 2, 4, function(restarts, bench)
        assert.equal(0, restarts)
        assert.is_true(bench.session:send("yy"))
        assert.equal("xxyy", bench:peer(1):text())
      end)
    end)

    it("restarts one where nothing of the other's is acknowledged, or not all, or not lately",
      function()
        for _, case in ipairs { { 0, 0, 4 }, { 2, 0, 4 }, { 2, 1, 4 }, { 2, 2, 700 } } do
          beside(case[1], case[2], case[3], function(restarts)
            assert.is_true(restarts > 0)
          end)
        end
      end)
  end)
end)

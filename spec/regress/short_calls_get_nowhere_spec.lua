-- Without a loop a session that was used in calls shorter than an attach began that anew in each
-- and never connected; and a question for acknowledgements that one call cut was lost.

local script = require "spec.support.port"
local delivery = require "spec.support.delivery"
local sessions = require "spec.support.session"

local LENGTHS = { 5, 1, 0.5, 0.2, 0.05, 0.01 }
local TRIES = 2000

script.each_loop(function(how, run)
  describe("calls of any length " .. how, function()
    -- When a session of a module that answers after so long is connected, in calls of so long.
    local function connected_at(delay, length)
      local at
      run(function()
        local bench = sessions.new { timing = { info = delay, final = delay } }
        local tries = 0
        repeat
          local began = bench:now()
          tries = tries + 1
          local ok = bench.session:wait(length)
          assert.is_true(bench:now() < began + (length or 1000) + 0.001)
        until ok or tries == TRIES
        assert.equal("connected", (bench.session:state()))
        assert.equal(0, bench.session:stats().failures)
        at = bench:now()
        bench.modem:close()
      end)
      return at
    end

    it("attach and connect as soon as one long call", function()
      for _, delay in ipairs { 0.02, 0.3 } do
        local at = connected_at(delay)
        for _, length in ipairs(LENGTHS) do
          assert.is_true(math.abs(connected_at(delay, length) - at) < 0.01)
        end
      end
    end)

    it("drain an outbox, also where the peer's TCP acknowledges", function()
      for _, acknowledge in ipairs { false, "tcp" } do
        for _, length in ipairs(LENGTHS) do
          run(function()
            local bench, tries = delivery.new(), 0
            bench:put(6, 100)
            function bench.module.delay(what)
              return (what == "info" or what == "final") and 0.1 or nil
            end
            repeat
              tries = tries + 1
              local drained = bench.session:deliver(bench.outbox,
                { drain = true, timeout = length, acknowledge = acknowledge or nil })
            until drained or tries == TRIES
            bench:check_all_stored()
            assert.equal(6, bench.session:stats().records_released)
            assert.equal(1, #bench.server.peers)
            assert.is_true(bench.rig.time < 8)
            bench.modem:close()
          end)
        end
      end
    end)
  end)
end)

-- A program that wrote a plain value into bc260y.policy, which takes one in any policy, had it
-- called as a function: the session raised at its first decision.

local policy = require "bc260y.policy"
local script = require "spec.support.port"
local support = require "spec.support.session"

local PLAIN = { idle = 200, keepalive = "k", backoff = 5, first_check = 10, second_check = 20,
  failed = "reconnect", rai = 0, sleeping = "wake" }

script.each_loop(function(how, run)
  describe("the default policy " .. how, function()
    local usual

    before_each(function()
      usual = {}
      for name in pairs(PLAIN) do usual[name] = policy[name] end
    end)

    after_each(function()
      for name in pairs(PLAIN) do policy[name] = usual[name] end
    end)

    it("may have plain values, as any policy", function()
      run(function()
        for name, value in pairs(PLAIN) do policy[name] = value end
        local bench = support.new()
        bench.session:wait()
        bench:pass(199)
        assert.equal("", bench:peer():text())
        bench:pass(10)
        assert.equal("k", bench:peer():text())
        bench:peer():close()
        bench:pass(10)
        assert.same({ "waiting", 5, "closed" }, (select(2, bench:heard("waiting"))))
        bench.server.auto_ack = false
        bench.session:send("x")
        bench:pass(31)
        assert.same({ "disconnected", "not acknowledged" },
          (select(2, bench:heard("disconnected"))))
        assert.same({ 0, 0 }, { bench:heard("error"), bench.session:stats().policy_errors })
        bench.modem:close()
      end)
    end)

    it("counts where a policy's function gives what is no answer", function()
      run(function()
        policy.backoff = 5
        local bench = support.new { session = { policy = { backoff = function() end } } }
        bench.session:wait()
        bench:peer():close()
        bench:pass(2)
        assert.same({ "waiting", 5, "closed" }, (select(2, bench:heard("waiting"))))
        assert.equal(1, bench.session:stats().policy_errors)
        bench.modem:close()
      end)
    end)
  end)
end)

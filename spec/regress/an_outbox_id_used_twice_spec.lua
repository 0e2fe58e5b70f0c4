-- A program that gave its outbox the id of an earlier one began with sequence 1 anew: the server
-- took its records for those that it had, and all were released that nobody had stored.

local script = require "spec.support.port"
local support = require "spec.support.delivery"

local AHEAD = "the peer has record 5 of this outbox's id, and %d is the last that was put"

script.each_loop(function(how, run)
  describe("an outbox with the id of an earlier one " .. how, function()
    it("is told by each delivery, also once it has put more, and keeps its records", function()
      run(function()
        local bench = support.new()
        bench:put(5)
        assert.is_true((bench.session:deliver(bench.outbox, { drain = true })))
        local second = require("bc260y.outbox").memory { id = support.ID }
        for last = 1, 7 do
          second:put("second life")
          assert.same({ nil, "error", AHEAD:format(1) },
            { bench.session:deliver(second, { drain = true, timeout = 300 }) })
          assert.same({ 1, last }, { second:range() })
        end
        bench:check_all_stored()
        assert.equal(1, bench.session:stats().acks_refused)
        bench.modem:close()
      end)
    end)

    it("is told also over another session, and one of its own id is delivered", function()
      run(function()
        local bench = support.new()
        bench:put(5)
        assert.is_true((bench.session:deliver(bench.outbox, { drain = true })))
        bench.session:close()
        bench:open_session()
        local second = require("bc260y.outbox").memory { id = support.ID }
        second:put("second life")
        assert.same({ nil, "error", AHEAD:format(1) },
          { bench.session:deliver(second, { timeout = 300 }) })
        bench:put(2)
        assert.is_true((bench.session:deliver(bench.outbox, { drain = true, timeout = 10 })))
        bench:check_all_stored()
        bench.modem:close()
      end)
    end)
  end)
end)

-- A chunk that the module refused five times ended its connection, though what was before it was
-- on its way: behind a network of 20 s, with little room, nothing was ever delivered.

local script = require "spec.support.port"
local support = require "spec.support.delivery"

script.each_loop(function(how, run)
  describe("a chunk that the module refuses " .. how, function()
    -- A module with little room; the peer's TCP acknowledges after so many seconds, or not.
    local function open(seconds)
      local bench
      bench = support.new { traits = { tx_buffer = 1500 }, server = { auto_ack = false,
        before = function(peer, bytes)
          if not seconds then return end
          bench.net.timers:at(bench.rig.time + seconds, function() peer:ack(#bytes) end)
        end } }
      return bench
    end

    it("is tried as long as anything is on its way", function()
      for _, seconds in ipairs { 20, 35, 120 } do
        for _, acknowledge in ipairs { false, "tcp" } do
          run(function()
            local bench = open(seconds)
            bench:put(4, 200)
            bench:put(1, 2000)
            bench:put(4, 200)
            assert.is_true((bench.session:deliver(bench.outbox,
              { drain = true, timeout = 7200, acknowledge = acknowledge or nil })))
            bench:check_all_stored()
            assert.same({ 1, 0 }, { #bench.server.peers, bench.server.duplicates })
            bench.modem:close()
          end)
        end
      end
    end)

    it("ends with its connection, when that is not acknowledged for 150 s", function()
      run(function()
        local bench = open()
        bench.server.mute = true
        bench:put(20, 200)
        local tries, write = {}, bench.port.write
        function bench.port.write(port, bytes)
          if bytes:find("^AT%+QISEND=0,[^0]") then tries[#tries + 1] = bench.rig.time end
          return write(port, bytes)
        end
        assert.same({ nil, "timeout" },
          { bench.session:deliver(bench.outbox, { timeout = 149 }) })
        assert.equal(1, #bench.server.peers)
        for i, pause in ipairs { 2, 4, 8, 16, 16, 16, 16, 16, 16 } do
          local refused_at = tries[i + 2] + 1 -- SEND FAIL comes a second after the data
          assert.is_true(math.abs(tries[i + 3] - refused_at - pause) < 0.1)
        end
        assert.same({ nil, "timeout" }, { bench.session:deliver(bench.outbox, { timeout = 10 }) })
        assert.same({ "not acknowledged" }, bench:told("disconnected"))
        bench.modem:close()
      end)
    end)
  end)
end)

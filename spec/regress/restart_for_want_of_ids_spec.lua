-- A sixth session on one module failed to open a socket, and restarted the module for it again
-- and again: each time the five that had all of its ids lost their connections.

local script = require "spec.support.port"
local support = require "spec.support.session"

script.each_loop(function(how, run)
  describe("a session for which there is no id " .. how, function()
    it("restarts no module whose sockets are all ours, and gets the first that comes back",
      function()
        run(function()
          local bench = support.new { session = false }
          local policy = { failed = "restart", backoff = 10 }
          local sessions = {}
          for i = 1, 6 do
            sessions[i] = bench:make { policy = policy }
            if i < 6 then assert.is_true(sessions[i]:wait()) end
          end
          local resets = bench:commands("QRST")
          assert.same({ nil, "timeout" }, { sessions[6]:wait(3600) })
          assert.is_true(sessions[6]:stats().failures > 100)
          assert.same({}, resets)
          for i = 1, 5 do assert.equal("connected", (sessions[i]:state())) end
          assert.is_true(sessions[2]:close())
          assert.is_true(sessions[6]:wait(20))
          assert.same({}, resets)
          bench.modem:close()
        end)
      end)
  end)
end)

-- attach asked for the registration again at each URC, at once: where a module that was out
-- of step sent its own answer as a URC, 2.6 million questions went out in 300 s.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"
local script = require "spec.support.port"

script.each_loop(function(how, run)
  it("attach " .. how .. " asks at most ten times a second, whatever the module says", function()
    run(function()
      local bench = rig.new { boot = false, registered = 1 }
      bench.module:network(false)
      local modem = bc260y.open { port = bench.port }
      local function storm()
        bench.module:urc("+CEREG: 2")
        bench.module:later(bench.time + 0.01, storm)
      end
      storm()
      local before = bench.writes
      assert.same({ nil, "timeout", "registration" }, { modem:attach { timeout = 10 } })
      assert.is_true(bench.writes - before < 130)
      modem:close()
    end)
  end)
end)

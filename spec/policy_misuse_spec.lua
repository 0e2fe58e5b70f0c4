-- A policy that can't be one raises where the session was made.

local raised = require "spec.support.raised"
local support = require "spec.support.session"

describe("a policy", function()
  it("raises on a name or a value that it can't have", function()
    local modem = support.new({ session = false }).modem
    for want, policy in pairs {
      ["no decision of a policy is called idel"] = { idel = 60 },
      ["no decision of a policy is called 1"] = { function() end },
      ["policy.idle: seconds from 1 to 600 expected, or false"] = { idle = 601 },
      ["policy.keepalive: 1 to 512 bytes expected, or nil"] = { keepalive = "" },
      ["policy.backoff: seconds from 0 to 86400 expected"] = { backoff = "1" },
      ['policy.failed: "reconnect", "attach", "restart", "stop" expected'] = { failed = "again" },
      ['policy.sleeping: "wake", "sleep" expected'] = { sleeping = false },
      ["policy.rai: 0 to 2 expected, or nil"] = { rai = 3 },
      ["policy.causes: table expected"] = { causes = 5 },
      ["policy.causes[573]: table expected"] = { causes = { [573] = "stop" } },
      ["policy.causes[573]: attach, restart or stop, and a count expected"] =
        { causes = { [573] = { stop = 0 } } },
      ["policy.causes[574]: attach, restart or stop, and a count expected"] =
        { causes = { [574] = { halt = 1 } } },
    } do
      assert.equal(want, raised(function()
        local _ = modem:session { host = "h", port = 1, policy = policy }
      end))
    end
    assert.equal("policy: table expected, got number", raised(function()
      local _ = modem:session { host = "h", port = 1, policy = 5 }
    end))
    modem:close()
  end)
end)

-- sleep_after = 0 took the module for asleep right behind each of its answers: AT after AT
-- went out, and the caller's command never did.

local bc260y = require "bc260y"
local script = require "spec.support.port"

it("a silence of no time is no sleep", function()
  local ok, err = pcall(bc260y.open, { port = script.port {}, sleep_after = 0 })
  assert.is_false(ok)
  assert.matches("sleep_after: seconds above 0 expected", err)
end)

-- What the command line does when something is wrong: one line on standard error, a
-- status that is not 0, nothing on standard output, and no traceback.

local assert = require "luassert"
local live = require "spec.support.live"

-- Runs it and checks that. Result: what it said.
return function(status, pattern, ...)
  local out, err, got = live.cli(...)
  assert.equal(status, got, err)
  assert.equal("", out)
  assert.matches("^bc260y: [^\n]+\n$", err)
  assert.matches(pattern, err)
  assert.not_matches("traceback", err)
  assert.not_matches("internal error", err)
  return err
end

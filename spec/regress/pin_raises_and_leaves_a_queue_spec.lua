-- A hard_reset that raised left the queue of resets behind which modem:reset had made: each
-- try one more, filled by every later reset.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local function open()
  local port = script.port { answer = function() end }
  return bc260y.open { port = port, hard_reset = function() error("the pin is broken") end }
end

describe("modem:reset, whose hard_reset raises,", function()
  it("says so, and leaves nothing that listens", function()
    local modem = open()
    local ok, err = pcall(modem.reset, modem, { timeout = 3 })
    assert.is_false(ok)
    assert.is_truthy(err:find("the pin is broken", 1, true))
    assert.is_nil(modem.hooks.listeners.reset)
    modem:close()
  end)

  it("does so in bc260y.run", function()
    local modem
    local ok, err = pcall(bc260y.run, function()
      modem = open()
      modem:reset { timeout = 3 }
    end)
    assert.is_false(ok)
    assert.is_truthy(tostring(err):find("the pin is broken", 1, true))
    assert.is_nil(modem.hooks.listeners.reset)
    modem:close()
  end)
end)

-- A hook for an event that there is not, modem:on("clsoed", fn), was taken without a word
-- and never called.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local NAMES = {
  "buffer full", "closed", "error", "ip", "lost", "nothing", "orphan", "overflow", "ping",
  "recv", "registration", "reset", "sleep", "torn", "urc", "wake",
}

-- What the call raises, which has to be a string.
local function raised(fn, ...)
  local ok, err = pcall(fn, ...)
  return not ok and err or "nothing was raised"
end

describe("an event's name", function()
  local modem

  before_each(function() modem = bc260y.open { port = script.port {} } end)
  after_each(function() modem:close() end)

  it("that is none raises where it was called, and the names are given", function()
    for _, name in ipairs { "clsoed", "close", "cereg", "" } do
      for _, call in ipairs { modem.on, modem.wait } do
        local err = raised(function() local _ = call(modem, name) end)
        assert.is_truthy(err:find("misspelt_event", 1, true), name)
        assert.is_truthy(err:find('no event is called "' .. name .. '"', 1, true))
        assert.is_truthy(err:find(table.concat(NAMES, ", "), 1, true))
      end
    end
  end)

  it("may be each that the documentation has, and how a URC begins", function()
    for _, name in ipairs(NAMES) do modem:on(name, function() end) end
    for _, name in ipairs { "+CEREG", "^SIMST", "SMS READY" } do modem:on(name) end
    assert.same({ nil, "timeout" }, { modem:wait("nothing", 1) })
  end)

  it("that is one has its function checked by name", function()
    local err = raised(modem.on, modem, "ip", 1)
    assert.is_truthy(err:find("fn: function expected, got number", 1, true))
  end)
end)

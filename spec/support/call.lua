-- One typed call against a script of spec/support/port.lua.

local assert = require "luassert"
local bc260y = require "bc260y"
local script = require "spec.support.port"

local unpack = table.unpack or unpack

-- What the call gives on an attached modem whose module plays this text, all of it.
local function call(text, name, ...)
  local port = script.port { text = text }
  local modem = bc260y.open { port = port }
  modem.address = "10.0.0.1"
  local results = { modem[name](modem, ...) }
  assert.is_nil(port:left())
  modem:close()
  return unpack(results, 1, 4)
end

return call

-- What a program does not use, it does not hold: files of calls are read in on demand.

local bc260y = require "bc260y"
local calls = require "bc260y.calls"
local script = require "spec.support.port"

describe("the typed calls", function()
  it("are read in when they are first used, and kept", function()
    local modem = bc260y.open { port = script.port { text = "> AT+CBC\n< +CBC: 3470\n< OK" } }
    package.loaded["bc260y.calls.cell"] = nil
    assert.is_nil(modem.no_such_call)
    assert.is_nil(package.loaded["bc260y.calls.cell"])
    assert.equal("function", type(modem.cell))
    assert.is_not_nil(package.loaded["bc260y.calls.cell"])
    assert.equal(modem.cell, modem.cell)
    assert.is_true(modem:battery().voltage > 3)
    modem:close()
  end)

  it("need their file no more once they were named", function()
    local modem = bc260y.open { port = script.port { text = "> AT+CBC\n< +CBC: 3470\n< OK" } }
    local method, path = modem.battery, package.path
    package.loaded["bc260y.calls.device"], package.path = nil, ""
    finally(function() package.path = path end)
    assert.is_true(modem:battery().voltage > 3)
    assert.equal(method, modem.battery)
    modem:close()
  end)

  it("are each where the table says, with a check", function()
    for name in pairs(calls.homes) do
      local fn, check = calls.find(name)
      assert.equal("function", type(fn), name)
      assert.equal("function", type(check), name)
    end
    assert.is_nil(calls.find("no_such_call"))
    assert.is_nil(calls.find("find"))
  end)
end)

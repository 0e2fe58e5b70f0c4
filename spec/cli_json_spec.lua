-- What --json prints: one line, its keys in order, and valid whatever the module said.

local decode = require("dkjson").decode
local json = require "bc260y.cli.json"

local UNKNOWN = "\239\191\189"

describe("An object as JSON", function()
  it("is one line with its keys in order, at each depth", function()
    assert.equal('{"a":{"b":[{"c":1,"d":"x\\ny"}],"z":true},"b":2}',
      json.encode { b = 2, a = { z = true, b = { { d = "x\ny", c = 1 } } } })
  end)

  it("has null for each name that it was to have, and [] and {} where nothing is in it", function()
    assert.equal('{"code":null,"list":[],"none":null,"object":{}}',
      json.encode({ list = {}, object = json.object {}, none = json.null() }, { "code", "list" }))
    assert.equal("[]", json.encode {})
  end)

  it("leaves the value as it was", function()
    local value = { list = {} }
    json.encode(value, { "code" })
    assert.same({ list = {} }, value)
  end)
end)

describe("A text as JSON", function()
  local function read_back(text)
    return decode(json.encode { text })[1]
  end

  it("keeps every character of UTF-8", function()
    for _, text in ipairs { "", "plain", "\194\128", "\223\191", "\224\160\128", "\237\159\191",
      "\238\128\128", UNKNOWN, "\240\144\128\128", "\244\143\191\191",
      "a\195\164b\226\130\172" } do
      assert.equal(text, read_back(text))
    end
  end)

  it("shows each byte that is none as U+FFFD", function()
    for text, count in pairs {
      ["\128"] = 1, ["\255"] = 1, ["\192\175"] = 2, ["\193\191"] = 2, ["\194"] = 1,
      ["\224\159\191"] = 3, ["\226\130"] = 2, ["\237\160\128"] = 3, ["\240\143\191\191"] = 4,
      ["\244\144\128\128"] = 4, ["\245\128\128\128"] = 4,
    } do
      assert.equal("a" .. UNKNOWN:rep(count) .. "b", read_back("a" .. text .. "b"))
      assert.equal(UNKNOWN:rep(count), read_back(text))
    end
  end)

  it("is found in keys of lists and objects however deep", function()
    assert.same({ a = { { b = UNKNOWN } } }, decode(json.encode { a = { { b = "\200" } } }))
  end)

  it("writes control bytes so that it stays one line", function()
    assert.equal('["\\r\\n\\u0000\\u001b"]', json.encode { "\r\n\0\27" })
  end)
end)

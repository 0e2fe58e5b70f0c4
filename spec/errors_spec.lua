local bc260y = require "bc260y"

describe("bc260y.errors", function()
  it("has the manual's words for its codes, 550 to 574", function()
    assert.equal("Socket bind failed", bc260y.errors[556])
    assert.equal("Unknown error", bc260y.errors[550])
    assert.equal("Port busy", bc260y.errors[574])
    for code = 550, 574 do assert.equal("string", type(bc260y.errors[code])) end
    assert.is_nil(bc260y.errors[549])
    assert.is_nil(bc260y.errors[575])
  end)
end)

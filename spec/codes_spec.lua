--- The error codes of manual chapter 3, each through a whole connect: the virtual module
-- says it, and the caller gets the manual's words for it.

local bc260y = require "bc260y"
local codes = require "spec.commands.codes"
local core = require "bc260y.core"
local rig = require "spec.support.rig"

local HOST, PORT = "10.0.0.1", 8008

-- What connect returns when the module reports that code.
local function connect(code)
  local r = rig.new { profile = "manual", boot = false }
  r.net:listen("TCP", HOST, PORT)
  local modem = assert(bc260y.open { port = r.port, format = "text" })
  assert(modem:attach())
  for _, action in ipairs(codes[1].scripts(code)) do r.module:script(action) end
  local sock = modem:tcp()
  local ok, err, number = sock:connect(HOST, PORT)
  modem:close()
  return ok, err, number
end

describe("when the module reports", function()
  for _, row in ipairs(codes[1].rows) do
    local code, words = row.code, row.words

    it(("code %d, %s, connect says so"):format(code, words), function()
      local id, read = core.decode("+QIOPEN", "+QIOPEN: 0," .. code)
      assert.same({ 0, code }, { id, read })
      if code == 0 then
        assert.equal(1, (connect(code)))
        assert.is_nil(bc260y.errors[code])
      else
        assert.equal(words, bc260y.errors[code])
        assert.same({ nil, words, code }, { connect(code) })
      end
    end)
  end

  it("a code that the manual does not have, connect gives no words for it", function()
    assert.is_nil(bc260y.errors[549])
    assert.is_nil(bc260y.errors[575])
    assert.same({ nil, "error", 575 }, { connect(575) })
  end)
end)

--- After a missing prompt CRs fill the declared length, sixteen at a time. The exchange
-- did not say that more were due, so the rest waited for the fence to time out while
-- the module waited for them.

local core = require "bc260y.core"

-- What goes out by itself now: as a driver does, once whenever the deadline has come.
local function write_due(x, now)
  local out = {}
  repeat
    local bytes = x:output(now)
    if bytes then
      out[#out + 1] = bytes
      x:written(now, #bytes)
    end
    local deadline = x:deadline()
  until not deadline or deadline > now
  return table.concat(out)
end

describe("an exchange whose prompt did not come", function()
  it("says that more CRs are due until the declared length is filled", function()
    local x = core.exchange()
    assert.is_true(x:start(1000, "AT+QISEND=0,40", ("x"):rep(40)))
    assert.equal("AT+QISEND=0,40\r", write_due(x, 1000))
    assert.equal("result", (x:next(1005)))
    assert.equal(("\r"):rep(40), write_due(x, 1005))
  end)

  it("does so for a prompt that comes late, while a fence is in flight", function()
    local x = core.exchange()
    assert.is_true(x:start(1000, "AT+QISEND=0,40", ("x"):rep(40)))
    write_due(x, 1000)
    assert.equal("result", (x:next(1005)))
    write_due(x, 1005)
    assert.is_true(x:start(1005, "AT"))
    write_due(x, 1005)
    x:feed(1006, "\r\n>")
    assert.equal("orphan", (x:next(1006)))
    assert.is_nil((x:next(1006)))
    assert.equal(("\r"):rep(40), write_due(x, 1006))
  end)
end)

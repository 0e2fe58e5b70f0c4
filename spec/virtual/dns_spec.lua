-- The bytes of name servers: questions, answers, and what is no answer.

local dns = require "bc260y.virtual.dns"

-- An answer of www.a.de: a CNAME, two A and an AAAA, its names by pointer.
local HEADER = "\18\52\129\128\0\1\0\4\0\0\0\0"
local QUESTION = "\3www\1a\2de\0\0\1\0\1"
local RECORDS = "\192\12\0\5\0\1\0\0\0\60\0\4\1b\192\16"
  .. "\192\16\0\1\0\1\0\0\0\60\0\4\10\0\0\1"
  .. "\1b\192\16\0\1\0\1\0\0\0\60\0\4\220\180\239\212"
  .. "\192\16\0\28\0\1\0\0\0\60\0\16\36\14\0\90\0\0\0\0\0\0\0\0\0\0\102\102"
local ID = 0x1234

describe("virtual.dns", function()
  it("asks for a name in labels", function()
    assert.equal("\18\52\1\0\0\1\0\0\0\0\0\0" .. QUESTION, dns.question(ID, "www.a.de", "A"))
    assert.equal("\0\5\1\0\0\1\0\0\0\0\0\0\1a\0\0\28\0\1", dns.question(5, "a.", "AAAA"))
  end)

  it("asks for no name that can't be", function()
    for _, name in ipairs { "", ".", "a..b", ".a", ("x"):rep(64), ("abc."):rep(64) .. "d" } do
      assert.is_nil(dns.question(ID, name, "A"), name)
    end
    assert.is_truthy(dns.question(ID, ("x"):rep(63) .. "." .. ("y"):rep(63), "A"))
  end)

  it("reads addresses of both kinds behind names of any form", function()
    assert.same({ "10.0.0.1", "220.180.239.212", "240E:5A:0:0:0:0:0:6666" },
      dns.answer(HEADER .. QUESTION .. RECORDS, ID))
  end)

  it("takes a name that is not known for no addresses", function()
    assert.same({}, dns.answer("\18\52\129\131\0\1\0\0\0\0\0\0" .. QUESTION, ID))
    assert.same({}, dns.answer("\18\52\129\128\0\1\0\0\0\0\0\0" .. QUESTION, ID))
  end)

  it("takes another's answer and a question for none, and tells a failure", function()
    local bytes = HEADER .. QUESTION .. RECORDS
    assert.is_nil(dns.answer(bytes, ID + 1))
    assert.is_nil(dns.answer(bytes:sub(1, 2) .. "\1" .. bytes:sub(4), ID))
    for _, code in ipairs { 1, 2, 4, 5 } do
      local failed = bytes:sub(1, 3) .. string.char(128 + code) .. bytes:sub(5)
      assert.is_false(dns.answer(failed, ID))
    end
  end)

  it("gives nothing of an answer that was cut anywhere", function()
    local bytes = HEADER .. QUESTION .. RECORDS
    for size = 0, #bytes - 1 do assert.is_nil(dns.answer(bytes:sub(1, size), ID), size) end
  end)

  it("comes to an end with any bytes", function()
    local state = 7
    for _ = 1, 500 do
      local parts = { "\18\52\129\128" }
      for place = 2, 60 do
        state = (state * 16807) % 2147483647
        parts[place] = string.char(state % 256)
      end
      local list = dns.answer(table.concat(parts), ID)
      assert.is_true(not list or type(list) == "table")
    end
  end)
end)

local buffer = require "bc260y.buffer"

local function take_line(b)
  local parts = {}
  local done = b:take_line(parts)
  return table.concat(parts), done
end

local function take(b, count)
  local parts = {}
  b:take(parts, count)
  return table.concat(parts)
end

describe("buffer", function()
  it("gives bytes in the order in which they came, however they are cut", function()
    local b = buffer.new(100)
    b:push("abc")
    b:push("defg")
    b:push("h")
    assert.equal("ab", take(b, 2))
    assert.equal("cdef", take(b, 4))
    assert.equal("gh", take(b))
    assert.is_true(b.first > b.last)
    assert.equal(0, b.size)
  end)

  it("counts what it holds, so that its limit stays true while it is read", function()
    local b = buffer.new(10)
    for _ = 1, 50 do
      assert.is_true(b:push("0123456789"))
      assert.is_false(b:push("x"))
      assert.equal("01234", take(b, 5))
      assert.is_true(b:push("abcde"))
      assert.equal("56789", take(b, 5))
      assert.equal("", take(b)) -- the gap stands before what came later
      assert.same({ "overflow", 1 }, { b:take_gap() })
      assert.equal("abcde", take(b))
      assert.equal(0, b.size)
    end
  end)

  it("gives a line without its LF and without any CR, as LuaSocket does", function()
    local b = buffer.new(100)
    b:push("one\r\nt\rw")
    b:push("o\nrest")
    assert.same({ "one", true }, { take_line(b) })
    assert.same({ "two", true }, { take_line(b) })
    assert.same({ "rest", false }, { take_line(b) })
    assert.is_true(b.first > b.last)
  end)

  it("gives an empty line", function()
    local b = buffer.new(100)
    b:push("\n\r\n")
    assert.same({ "", true }, { take_line(b) })
    assert.same({ "", true }, { take_line(b) })
    assert.is_true(b.first > b.last)
  end)

  it("stops at a gap, and tells it once, with how much is missing", function()
    local b = buffer.new(4)
    b:push("ab")
    b:push("cdefg")
    b:push("hij")
    assert.is_nil((b:take_gap()))
    assert.equal("ab", take(b))
    assert.same({ "overflow", 8 }, { b:take_gap() })
    assert.is_nil((b:take_gap()))
    assert.is_true(b.first > b.last)
  end)

  it("keeps gaps of different kinds apart", function()
    local b = buffer.new(4)
    b:gap("torn")
    b:gap("torn")
    b:push("12345")
    assert.same({ "torn" }, { b:take_gap() })
    assert.same({ "overflow", 5 }, { b:take_gap() })
  end)

  it("keeps datagrams whole, empty ones too, of which it takes no endless number", function()
    local b = buffer.new(3)
    assert.is_true(b:push(""))
    assert.is_true(b:push("ab"))
    assert.is_false(b:push(""))
    assert.equal("", b:take_piece())
    assert.equal("ab", b:take_piece())
    assert.is_nil(b:take_piece())
    assert.same({ "overflow", 0 }, { b:take_gap() })
    assert.is_nil(b:take_piece())
    assert.equal(0, b.size)
  end)
end)

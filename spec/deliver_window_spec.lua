local new_window = require("bc260y.window").new

describe("The window of records in flight", function()
  local window

  before_each(function()
    window = new_window()
  end)

  -- Sends all that waits in chunks of that size, from that offset of the stream on.
  local function send_all(size, offset, now)
    local chunks = {}
    local chunk = window:chunk(size)
    while chunk do
      chunks[#chunks + 1] = chunk
      offset = offset + #chunk
      window:went(offset, now or 0)
      chunk = window:chunk(size)
    end
    return chunks, offset
  end

  it("cuts what is begun into chunks that several records share", function()
    window:begin(1, "aaaa")
    window:begin(2, "bb")
    window:begin(3, "ccccc")
    assert.equal(6, window:waiting(5))
    assert.equal(11, window:waiting(100))
    assert.same({ "aaaab", "bcccc", "c" }, (send_all(5, 0)))
    assert.equal(0, window:waiting(5))
    assert.is_nil(window:chunk(5))
  end)

  it("knows where each record ends in the stream, with what others have sent between", function()
    window:begin(1, "aaaa")
    local _, offset = send_all(3, 100)
    assert.equal(104, offset)
    window:begin(2, "bbb")
    window:begin(3, "c")
    send_all(512, offset + 10)
    assert.is_nil(window:within(103))
    assert.equal(1, window:within(104))
    assert.equal(1, window:within(116))
    assert.equal(2, window:within(117))
    assert.equal(3, window:within(118))
  end)

  it("tells which record was handed out whole", function()
    window:begin(4, "aaaa")
    window:begin(5, "bb")
    window:begin(6, "c")
    for _, handed in ipairs { 0, 5, 6 } do
      window:went(#window:chunk(3), 0)
      assert.equal(handed, window.handed)
    end
  end)

  it("gives the same chunk until it went", function()
    window:begin(1, "aa")
    assert.equal("aa", window:chunk(4))
    window:begin(2, "bbbb")
    assert.equal("aa", window:chunk(4))
    window:release(2)
    assert.equal("aa", window:chunk(4))
    window:went(2, 0)
    assert.equal("bbbb", window:chunk(4))
  end)

  it("stands within a record from its first byte to its last", function()
    assert.is_false(window:is_amid())
    window:begin(1, "abc")
    assert.is_false(window:is_amid())
    window:chunk(2)
    assert.is_true(window:is_amid())
    window:went(2, 0)
    assert.is_true(window:is_amid())
    window:chunk(2)
    window:went(3, 0)
    assert.is_false(window:is_amid())
  end)

  it("counts the bytes of what is begun and not released", function()
    window:begin(1, "aaaa")
    window:begin(2, "bb")
    assert.equal(6, window.size)
    send_all(512, 0)
    assert.equal(6, window.size)
    assert.equal(1, window:release(1))
    assert.equal(2, window.size)
    assert.equal(0, window:release(1))
    assert.equal(1, window:release(9))
    assert.equal(0, window.size)
    assert.is_nil(window:within(1000))
  end)

  it("sends the rest of a record that is released meanwhile, and never gives it again", function()
    window:begin(1, "aaaa")
    window:begin(2, "bbbb")
    window:chunk(6)
    window:went(6, 0)
    window:release(2)
    assert.equal(0, window.size)
    assert.is_true(window:is_amid())
    assert.equal("bb", window:chunk(6))
    window:went(8, 0)
    assert.is_nil(window:within(100))
    assert.is_nil(window:waits_since())
    window:begin(3, "c")
    send_all(6, 8)
    assert.equal(3, window:within(9))
  end)

  it("knows since when the oldest has waited to be released", function()
    assert.is_nil(window:waits_since())
    window:begin(1, "aaaa")
    assert.is_nil(window:waits_since())
    send_all(2, 0, 7)
    window:begin(2, "b")
    send_all(2, 4, 8)
    assert.equal(7, window:waits_since())
    window:release(1)
    assert.equal(8, window:waits_since())
  end)

  it("keeps nothing of what is sent and released", function()
    local offset = 0
    for i = 1, 1000 do
      window:begin(i, ("x"):rep(1 + i % 700))
      if i % 5 == 0 then window:release(i) end
      local _, behind = send_all(512, offset)
      offset = behind
      if i % 3 == 0 then window:release(i) end
    end
    window:release(1000)
    assert.is_nil(next(window.entries))
  end)
end)

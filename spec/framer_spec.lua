--- The framer through Lua: bytes in, one frame a call.
--
-- What the framer makes of bytes is tested at length in C (spec/c/framer_test.c); this
-- is about what Lua sees of it.

local core = require "bc260y.core"

local unpack = table.unpack or unpack

local function drain(framer, frames)
  frames = frames or {}
  while true do
    local frame = {framer:next()}
    if frame[1] == nil then return frames end
    frames[#frames + 1] = frame
  end
end

local function whole(stream)
  local framer = core.framer()
  framer:feed(stream)
  return drain(framer)
end

local function by_pieces(stream, first, step)
  local framer, frames = core.framer(), {}
  local at = 1
  while at <= #stream do
    local last = at == 1 and first > 0 and first or at + step - 1
    framer:feed(stream:sub(at, last))
    drain(framer, frames)
    at = last + 1
  end
  return frames
end

local function to_hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- string.format cuts at a NUL on 5.1.
local function frame_of(id, size, data)
  return '+QIURC: "recv",' .. id .. "," .. size .. "," .. data .. "\r\n"
end

local hostile = '\r\nOK\r\n+QIURC: "closed",0\r\nERROR\r\n\0\255>"'

local golden = {
  {"a reply", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n", {{"line", "+CSQ: 20,0"}, {"line", "OK"}}},
  {"a prompt", "\r\n> ", {{"prompt"}}},
  {"text", '\r\n+QIURC: "recv",0,4,Test\r\n', {{"payload", 0, "Test"}}},
  {"quoted text", '\r\n+QIURC: "recv",1,4,"Test"\r\n', {{"payload", 1, "Test"}}},
  {"hex", '\r\n+QIURC: "recv",2,4,54657374\r\n', {{"payload", 2, "Test"}}},
  {"quoted hex", '\r\n+QIURC: "recv",3,4,"54657374"\r\n', {{"payload", 3, "Test"}}},
  {"hostile text", frame_of(4, #hostile, hostile) .. "OK\r\n",
    {{"payload", 4, hostile}, {"line", "OK"}}},
  {"quoted hostile text", frame_of(4, #hostile, '"' .. hostile .. '"') .. "OK\r\n",
    {{"payload", 4, hostile}, {"line", "OK"}}},
  {"a torn frame", '+QIURC: "recv",4,8,abc\r\nOK\r\n\r\nOK\r\n',
    {{"torn", '+QIURC: "recv",4,8,abc', 4}, {"line", "OK"}, {"line", "OK"}}},
  {"a torn header", '+QIURC: "recv",x\r\nOK\r\n',
    {{"torn", '+QIURC: "recv",x'}, {"line", "OK"}}},
  {"NULs between lines", "\0\r\nOK\r\n\0\0", {{"line", "OK"}}},
}

describe("the framer", function()
  for _, case in ipairs(golden) do
    it("sees " .. case[1] .. " however it is cut", function()
      local stream, want = case[2], case[3]
      assert.same(want, whole(stream))
      assert.same(want, by_pieces(stream, 0, 1))
      for cut = 1, #stream - 1 do
        assert.same(want, by_pieces(stream, cut, #stream))
      end
    end)
  end

  it("gives back payloads of every size and form, byte for byte", function()
    local quotes, digits = {"", '"'}, {false, true}
    for _, size in ipairs{1, 2, 3, 255, 1023, 1024} do
      local bytes = {}
      for i = 1, size do bytes[i] = string.char((i * 31 + size) % 256) end
      local payload = "p" .. table.concat(bytes):sub(2)
      for _, quote in ipairs(quotes) do
        for _, hex in ipairs(digits) do
          local data = hex and to_hex(payload) or payload
          local frames = whole(frame_of(0, size, quote .. data .. quote))
          assert.same({{"payload", 0, payload}}, frames)
        end
      end
    end
  end)

  it("takes a string larger than its buffer", function()
    local lines = {}
    for i = 1, 20000 do lines[i] = ("\r\n+CSQ: %d,0\r\n"):format(i % 32) end
    local framer = core.framer(2112)
    framer:feed(table.concat(lines))
    lines = nil -- luacheck: ignore
    local count = 0
    while true do
      local kind, text = framer:next()
      if not kind then break end
      count = count + 1
      assert.equal("line", kind)
      assert.equal(("+CSQ: %d,0"):format(count % 32), text)
      if count % 5000 == 0 then collectgarbage() end
    end
    assert.equal(20000, count)
  end)

  it("lets go of a string once it is drained", function()
    local function used()
      collectgarbage()
      collectgarbage()
      return collectgarbage("count")
    end
    local framer = core.framer(2112)
    local before = used()
    framer:feed(("y"):rep(4000000) .. "\r\n")
    assert.is_true(used() - before > 3000)
    assert.same({{"overflow", 4000000}}, drain(framer))
    assert.is_true(used() - before < 1000)
  end)

  it("raises when it is fed before the last string is drained", function()
    local framer = core.framer()
    framer:feed("\r\nOK\r\n\r\nOK\r\n")
    assert.has_error(function() framer:feed("x") end)
    assert.same({"line", "OK"}, {framer:next()})
    assert.has_error(function() framer:feed("x") end)
    assert.same({"line", "OK"}, {framer:next()})
    assert.has_error(function() framer:feed("x") end)
    assert.is_nil((framer:next()))
    framer:feed("+CSQ: 1,")
    assert.is_nil((framer:next()))
    framer:feed("2\r\n")
    assert.same({"line", "+CSQ: 1,2"}, {framer:next()})
  end)

  it("may be fed nothing at any time", function()
    local framer = core.framer()
    framer:feed("")
    framer:feed("")
    assert.is_nil((framer:next()))
  end)

  it("counts a line that is too long, and goes on", function()
    local framer = core.framer(2112)
    framer:feed(("x"):rep(1000000))
    assert.is_nil((framer:next()))
    framer:feed("\r\nOK\r\n")
    assert.same({{"overflow", 1000000}, {"line", "OK"}}, drain(framer))
  end)

  it("gives up a half received payload", function()
    local framer = core.framer()
    assert.is_false(framer:in_payload())
    framer:abort()
    framer:feed('+QIURC: "recv",2,100,abc')
    assert.is_nil((framer:next()))
    assert.is_true(framer:in_payload())
    framer:abort()
    assert.same({"torn", '+QIURC: "recv",2,100,abc', 2}, {framer:next()})
    assert.is_false(framer:in_payload())
    assert.is_nil((framer:next()))
    framer:feed("def\r\nOK\r\n")
    assert.same({{"line", "OK"}}, drain(framer))
  end)

  it("remembers how payloads are quoted until it is told to forget", function()
    local framer = core.framer()
    framer:feed('+QIURC: "recv",0,2,"ab"\r\n+QIURC: "recv",0,4,"cd"\r\n')
    assert.same({{"payload", 0, "ab"}, {"torn", '+QIURC: "recv",0,4,"cd"', 0}}, drain(framer))
    framer:forget()
    framer:feed('+QIURC: "recv",0,4,"cd"\r\n')
    assert.same({{"payload", 0, '"cd"'}}, drain(framer))
  end)

  it("refuses a buffer that can't hold a payload", function()
    for _, size in ipairs{2111, 0, -1, 0 / 0, 1e300, "x", {}} do
      assert.has_error(function() core.framer(size) end)
    end
    assert.is_truthy(core.framer(2112))
    assert.is_truthy(core.framer(1e6))
  end)

  it("raises on what is no framer and on what are no bytes", function()
    local framer = core.framer()
    for _, other in ipairs{{}, "x", 1, io.stdout, core.exchange()} do
      assert.has_error(function() framer.feed(other, "x") end)
      assert.has_error(function() framer.next(other) end)
    end
    assert.has_error(function() framer.next() end)
    for _, bytes in ipairs{{}, true, print} do
      assert.has_error(function() framer:feed(bytes) end)
    end
    assert.has_error(function() framer:feed() end)
    assert.is_nil((framer:next()))
  end)

  it("keeps two framers apart", function()
    local a, b = core.framer(), core.framer()
    a:feed('+QIURC: "recv",0,4,ab')
    assert.is_nil((a:next()))
    b:feed("OK\r\n")
    assert.same({{"line", "OK"}}, drain(b))
    assert.is_false(b:in_payload())
    a:feed("cd\r\n")
    assert.same({{"payload", 0, "abcd"}}, drain(a))
  end)

  it("gives events by position, and never a table", function()
    local framer = core.framer()
    framer:feed('+QIURC: "recv",1,1,a\r\n')
    local values = {framer:next()}
    assert.equal(3, #values)
    assert.equal("payload", (unpack(values)))
  end)
end)

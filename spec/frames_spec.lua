local core = require "bc260y.core"
local frames = require "bc260y.frames"

local ID, OTHER = "\1\2\3\4\5\6\7\8", "\1\2\3\4\5\6\7\9"

local function ack(sequence, id)
  return frames.encode(id or ID, sequence, "")
end

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- All that a reader says to these bytes in pieces of that size.
local function read(bytes, size, reader)
  reader = reader or frames.reader(ID)
  local said = {}
  for at = 1, #bytes, size do
    said[#said + 1] = reader:feed(bytes:sub(at, at + size - 1))
  end
  return said, reader
end

describe("A frame", function()
  it("is length, outbox id, sequence, payload and CRC32C, numbers big endian", function()
    local bytes = frames.encode(ID, 0x0102030405, "payload")
    assert.equal("0007" .. "0102030405060708" .. "0000000102030405", hex(bytes:sub(1, 18)))
    assert.equal("payload", bytes:sub(19, 25))
    assert.equal(("%08x"):format(core.crc32c(bytes:sub(1, 25))), hex(bytes:sub(26)))
    assert.equal(29, #bytes)
    assert.equal(#bytes - 7, frames.AROUND)
  end)

  it("holds from no byte to 65,535, and any sequence below 2^53", function()
    for _, size in ipairs { 0, 1, 255, 256, 65535 } do
      for _, sequence in ipairs { 0, 1, 255, 256, 2 ^ 32 - 1, 2 ^ 32, 2 ^ 53 - 1 } do
        local records = frames.records()
        records:feed(frames.encode(OTHER, sequence, ("x"):rep(size)))
        local id, got, payload = records:next()
        assert.equal(OTHER, id)
        assert.equal(sequence, got)
        assert.equal(size, #payload)
        assert.is_nil(records:next())
      end
    end
    assert.is_false((pcall(frames.encode, ID, 1, ("x"):rep(65536))))
  end)
end)

describe("The reader of acknowledgements", function()
  it("gives the highest of what it is fed, cut in any places", function()
    local stream = ack(3) .. ack(9) .. ack(7)
    assert.same({ 9 }, (read(stream, #stream)))
    for size = 1, #stream - 1 do
      local said, reader = read(stream, size)
      local highest = 0
      for _, sequence in ipairs(said) do highest = math.max(highest, sequence) end
      assert.equal(9, highest)
      assert.equal(0, reader.skipped)
      assert.equal("", reader.kept)
    end
    assert.same({ 3, 9, 7 }, (read(stream, 1)))
  end)

  it("finds one behind any garbage, also behind its own begin, cut in any places", function()
    local one = ack(258)
    for _, garbage in ipairs { "x", "\0", "\0\0", "\0\0\1", one:sub(1, 10), one:sub(1, 21),
      one:sub(2), ack(4, OTHER), ("\0"):rep(40), one:sub(1, 9) .. "\0\0\0" } do
      for size = 1, #garbage + #one do
        local said, reader = read(garbage .. one, size)
        assert.same({ 258 }, said, hex(garbage))
        assert.equal(#garbage, reader.skipped)
      end
    end
  end)

  it("finds the next one behind a gap in any place", function()
    local stream = ack(1) .. ack(2)
    for from = 1, 22 do
      for to = from, 22 do
        local said = read(stream:sub(1, from - 1) .. stream:sub(to + 1), 5)
        assert.equal(2, said[#said])
        assert.equal(1, #said)
      end
    end
  end)

  it("takes none with a flipped bit, of another outbox, or that carries a payload", function()
    local one = ack(5)
    for at = 1, #one do
      for bit = 0, 7 do
        local old = one:byte(at)
        local on = math.floor(old / 2 ^ bit) % 2 == 1
        local flipped = one:sub(1, at - 1) .. string.char(old + (on and -1 or 1) * 2 ^ bit)
          .. one:sub(at + 1)
        assert.same({}, (read(flipped, 22)))
      end
    end
    assert.same({}, (read(ack(5, OTHER), 22)))
    assert.same({}, (read(frames.encode(ID, 5, "record"), 28)))
  end)

  it("works with an id that looks like a frame's begin", function()
    local id = ("\0"):rep(8)
    for size = 1, 30 do
      local said = read(("\0"):rep(7) .. ack(6, id), size, frames.reader(id))
      assert.same({ 6 }, said)
    end
  end)

  it("keeps less than a frame, however much garbage comes", function()
    local _, reader = read(("\0\0" .. ID .. "abc"):rep(1000), 100)
    assert.is_true(#reader.kept < frames.AROUND)
    assert.equal(13000, reader.skipped + #reader.kept)
  end)

  it("gives a sequence that can't be as one that no outbox reaches", function()
    local head = "\0\0" .. ID .. ("\255"):rep(8)
    local crc = core.crc32c(head)
    local bytes = head
    for _, shift in ipairs { 2 ^ 24, 2 ^ 16, 2 ^ 8, 1 } do
      bytes = bytes .. string.char(math.floor(crc / shift) % 256)
    end
    assert.same({ 2 ^ 53 }, (read(bytes, 22)))
    local records = frames.records()
    records:feed(bytes)
    assert.same({ nil, "damaged" }, { records:next() })
  end)
end)

describe("The reader of records", function()
  it("gives id, sequence and payload, cut in any places", function()
    local stream = frames.encode(ID, 1, "one") .. frames.encode(OTHER, 0, "")
      .. frames.encode(ID, 2, "")
    for size = 1, #stream do
      local records, said = frames.records(), {}
      for at = 1, #stream, size do
        records:feed(stream:sub(at, at + size - 1))
        local id, sequence, payload = records:next()
        while id do
          said[#said + 1] = { id, sequence, payload }
          id, sequence, payload = records:next()
        end
        assert.is_nil(sequence)
      end
      assert.same({ { ID, 1, "one" }, { OTHER, 0, "" }, { ID, 2, "" } }, said)
    end
  end)

  it("gives nothing from the first damage on", function()
    local good = frames.encode(ID, 1, "one")
    for at = 3, #good do
      local records = frames.records()
      records:feed(good .. good:sub(1, at - 1) .. string.char((good:byte(at) + 1) % 256)
        .. good:sub(at + 1) .. good)
      assert.equal(ID, (records:next()))
      assert.same({ nil, "damaged" }, { records:next() })
      records:feed(good)
      assert.same({ nil, "damaged" }, { records:next() })
    end
  end)

  it("does not wait for more than it may be given", function()
    local records = frames.records(100)
    records:feed(frames.encode(ID, 1, ("x"):rep(100)))
    assert.equal(100, #select(3, records:next()))
    records:feed("\0\101")
    assert.same({ nil, "damaged" }, { records:next() })
  end)
end)

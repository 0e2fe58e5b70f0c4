-- The wire format's limits: what is at one, what is just beyond, and bytes that were computed
-- by another program.

local frames = require "bc260y.frames"
local outboxes = require "bc260y.outbox"
local support = require "spec.support.delivery"

local LARGEST = 65535

local function bytes_of(hex)
  return (hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- Each is id, sequence, payload, and the frame.
local KNOWN = {
  { "12345678", 258, "ab", "00023132333435363738000000000000010261626da2e7de" },
  { "12345678", 0, "", "000031323334353637380000000000000000249f1e76" },
  { "\0\255\r\n\26\0\128\127", 2 ^ 53 - 1, "\0",
    "000100ff0d0a1a00807f001fffffffffffff0027ea60c4" },
}

-- 2^53 and 2^64 - 1 as sequences of "12345678", each with a CRC that is right.
local BEYOND = {
  bytes_of "00003132333435363738002000000000000019c49dcb",
  bytes_of "00003132333435363738ffffffffffffffffe0d0e73b",
}

describe("the wire format", function()
  it("is what it was: each known frame is written and read so", function()
    for _, known in ipairs(KNOWN) do
      local id, sequence, payload, bytes = known[1], known[2], known[3], bytes_of(known[4])
      assert.equal(bytes, frames.encode(id, sequence, payload))
      local records = frames.records()
      records:feed(bytes)
      assert.same({ id, sequence, payload }, { records:next() })
    end
    assert.equal(bytes_of "cfa07c3b", frames.encode("12345678", 1, ("x"):rep(LARGEST)):sub(-4))
  end)

  it("has acknowledgements from 0 to 2^53 - 1, and no records beyond", function()
    for _, sequence in ipairs { 0, 1, 2 ^ 32 - 1, 2 ^ 32, 2 ^ 53 - 1 } do
      local bytes = frames.encode("12345678", sequence, "")
      assert.equal(sequence, frames.reader("12345678"):feed(bytes))
    end
    for _, bytes in ipairs(BEYOND) do
      assert.equal(2 ^ 53, frames.reader("12345678"):feed(bytes))
      local records = frames.records()
      records:feed(bytes)
      assert.same({ nil, "damaged" }, { records:next() })
    end
  end)

  it("has no frame complete before its last byte, be it the smallest or the largest", function()
    for _, size in ipairs { 0, LARGEST } do
      local bytes, records = frames.encode("12345678", 1, ("x"):rep(size)), frames.records()
      assert.equal(size + frames.AROUND, #bytes)
      records:feed(bytes:sub(1, -2))
      assert.same({}, { records:next() })
      records:feed(bytes:sub(-1))
      assert.equal(size, #select(3, records:next()))
    end
  end)

  it("lets a server take any size up to its own limit, which the length alone passes", function()
    for _, most in ipairs { 0, 1, 255, 256, LARGEST - 1 } do
      local records = frames.records(most)
      records:feed(frames.encode("12345678", 1, ("x"):rep(most)))
      assert.equal(most, #select(3, records:next()))
      records:feed(frames.encode("12345678", 2, ("x"):rep(most + 1)):sub(1, 2))
      assert.same({ nil, "damaged" }, { records:next() })
    end
  end)
end)

describe("delivery at the limits of its frames", function()
  it("takes the largest record, and tells of one more byte once all before is released", function()
    local bench = support.new { format = "hex",
      outbox = outboxes.memory { id = support.ID, record_max = LARGEST + 1 } }
    bench:put(1, LARGEST)
    bench:put(1, 20)
    bench:put(1, LARGEST + 1)
    assert.same({ nil, "too long", 3 }, { bench.session:deliver(bench.outbox, { timeout = 600 }) })
    bench:pass(0)
    assert.equal(2, #bench.server.stored)
    assert.equal(bench.records[1], bench.server.stored[1])
    assert.same({ 3, 3 }, { bench.outbox:range() })
    assert.equal(1, #bench.server.peers)
    bench.modem:close()
  end)

  it("ends where the server has what no outbox can have put", function()
    local bench = support.new { server = { mute = true,
      before = function(peer) peer:send(frames.encode(support.ID, 2 ^ 53 - 1, "")) end } }
    bench:put(1)
    local drained, err, message = bench.session:deliver(bench.outbox, { timeout = 600 })
    assert.same({ nil, "error" }, { drained, err })
    assert.is_truthy(message:find("9007199254740991", 1, true))
    assert.same({ 1, 1 }, { bench.outbox:range() })
    bench.modem:close()
  end)
end)

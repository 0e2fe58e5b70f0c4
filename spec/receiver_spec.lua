-- examples/receiver.lua, the parts that need no socket: its frames, what it stores, and what
-- it finds again after its file was cut or damaged anywhere.

local frames = require "bc260y.frames"
local receiver = require "examples.receiver"

local unpack = table.unpack or unpack

local ID, OTHER = "\0\1gate\254\255", "meter 17"

-- A file that lives in memory, as Linux keeps it: bytes is what is read, synced what is on the
-- disk, and clean how many of the bytes the next sync takes to be there. Fails where it is
-- told to.
local file_methods = {}
local file_mt = { __index = file_methods }

local function new_file(bytes)
  return setmetatable({
    bytes = bytes or "", synced = "", clean = 0, kept = "", fault = nil, syncs_left = nil,
  }, file_mt)
end

function file_methods:size() return #self.bytes end
function file_methods:read(offset, size) return self.bytes:sub(offset + 1, offset + size) end
function file_methods:append(bytes)
  self.bytes = self.bytes .. bytes:sub(1, self.fault == "append" and 5 or #bytes)
  if self.fault == "append" then return nil, "no space" end
  return true
end
function file_methods:sync()
  if self.syncs_left == 0 then error("the power went", 0) end
  self.syncs_left = self.syncs_left and self.syncs_left - 1
  local clean = math.min(self.clean, #self.bytes)
  self.clean = #self.bytes
  if self.fault == "sync" then return nil, "I/O error" end
  self.synced = self.synced .. ("\0"):rep(clean - #self.synced) .. self.bytes:sub(clean + 1)
  return true
end
function file_methods:cut(size)
  self.bytes, self.synced = self.bytes:sub(1, size), self.synced:sub(1, size)
  self.clean = math.min(self.clean, size)
  return true
end
function file_methods:keep(bytes)
  if self.fault == "keep" then return nil, "no space" end
  self.kept = self.kept .. bytes
  return true
end

local function frames_of(...)
  local list = {}
  for i, bytes in ipairs { ... } do list[i] = receiver.decode(bytes, 1) end
  return list
end

local function records(list)
  local texts = {}
  for i, frame in ipairs(list) do texts[i] = frame.record end
  return texts
end

local function record(sequence, text, id) return receiver.encode(id or ID, sequence, text) end

local function highest_in(answer)
  local list = {}
  for i, frame in ipairs((receiver.split(answer))) do
    list[i] = { frame.id, frame.sequence, frame.record }
  end
  return list
end

-- A store of three records, and the bytes of its file.
local function filled()
  local file = new_file()
  local store = receiver.open_store(file)
  store:add(frames_of(record(1, "one"), record(2, "two"), record(3, "three")))
  return file.bytes
end

-- What is found of the file when of each page of 4096 bytes all that was not synced came to
-- the disk, or zeros: the bits of pattern say which, the first page's the lowest.
local function power_cut(file, pattern)
  local pages = { file.synced }
  local at = #file.synced
  while at < #file.bytes do
    local last = math.min(#file.bytes, at - at % 4096 + 4096)
    local piece = file.bytes:sub(at + 1, last)
    pages[#pages + 1] = pattern % 2 == 1 and piece or ("\0"):rep(#piece)
    at, pattern = last, math.floor(pattern / 2)
  end
  return table.concat(pages)
end

describe("examples/receiver.lua", function()
  it("computes CRC32C as RFC 3720 gives it", function()
    local function hex(bytes)
      return (receiver.crc32c(bytes):gsub(".", function(c) return ("%02x"):format(c:byte()) end))
    end
    assert.equal("e3069283", hex("123456789"))
    assert.equal("8a9136aa", hex(("\0"):rep(32)))
    assert.equal("62a8ab43", hex(("\255"):rep(32)))
    assert.equal("00000000", hex(""))
  end)

  it("writes a frame as its help says", function()
    local frame = receiver.encode("12345678", 258, "ab")
    assert.equal("\0\00212345678\0\0\0\0\0\0\1\2ab", frame:sub(1, -5))
    assert.equal(receiver.crc32c(frame:sub(1, -5)), frame:sub(-4))
  end)

  it("reads what it writes, whatever the bytes, the size and the sequence", function()
    local all = {}
    for value = 0, 255 do all[#all + 1] = string.char(value) end
    for _, text in ipairs { "", "x", table.concat(all), ("\0\255"):rep(32767) .. "z" } do
      for _, sequence in ipairs { 1, 255, 256, 2 ^ 32 + 1, 2 ^ 53 - 1 } do
        local bytes = record(sequence, text)
        local frame = receiver.decode("__" .. bytes .. "more", 3)
        assert.same({ ID, sequence, text, bytes },
          { frame.id, frame.sequence, frame.record, frame.bytes })
      end
    end
  end)

  it("writes the same frames as the other end, which finds its acknowledgements", function()
    for size = 0, 300, 7 do
      local text = ("\0\255\r\n"):rep(size):sub(1, size)
      for _, sequence in ipairs { 1, 2 ^ 32 + size, 2 ^ 53 - 1 } do
        assert.equal(frames.encode(ID, sequence, text), record(sequence, text))
        assert.equal(sequence, frames.reader(ID):feed(record(sequence, "")))
      end
    end
  end)

  it("waits for the rest of a frame that is cut anywhere", function()
    local bytes = record(7, "seven")
    for size = 0, #bytes - 1 do
      assert.is_nil(receiver.decode(bytes:sub(1, size), 1))
      local whole, rest = receiver.split(record(6, "six") .. bytes:sub(1, size))
      assert.same({ { "six" }, bytes:sub(1, size) }, { records(whole), rest })
    end
  end)

  it("takes no frame in which any bit is flipped for a whole one", function()
    local bytes = record(7, "seven")
    for at = 1, #bytes do
      for bit = 0, 7 do
        local value, mask = bytes:byte(at), 2 ^ bit
        local flipped = value % (2 * mask) >= mask and value - mask or value + mask
        local frame = receiver.decode(bytes:sub(1, at - 1) .. string.char(flipped)
          .. bytes:sub(at + 1) .. bytes, 1)
        assert.is_true(frame == nil or frame == false)
      end
    end
  end)

  it("says why a connection ends, and gives what came before", function()
    local broken = record(2, "two"):gsub("two", "TWO")
    local whole, rest, why = receiver.split(record(1, "one") .. broken)
    assert.same({ { "one" }, nil, "a frame with a wrong CRC" }, { records(whole), rest, why })
  end)

  it("refuses sequences that are no number, and a record without a sequence", function()
    assert.is_false(receiver.decode(record(2 ^ 53, "x"), 1))
    assert.is_false(receiver.decode(record(0, "x"), 1))
    assert.equal(0, receiver.decode(record(0, ""), 1).sequence)
  end)

  describe("stores", function()
    it("a record once, and tells the highest sequence for each outbox", function()
      local file = new_file()
      local store = assert(receiver.open_store(file))
      local batch = frames_of(record(1, "one"), record(2, "two"), record(1, "one"),
        record(9, "nine", OTHER))
      local fresh, again = store:add(batch)
      assert.same({ { "one", "two", "nine" }, { "one" } }, { records(fresh), records(again) })
      assert.same({ { ID, 2, "" }, { OTHER, 9, "" } }, highest_in(store:answer(batch)))
      batch = frames_of(record(2, "two"), record(3, "three"))
      fresh, again = store:add(batch)
      assert.same({ { "three" }, { "two" } }, { records(fresh), records(again) })
      assert.same({ { ID, 3, "" } }, highest_in(store:answer(batch)))
      assert.equal("bc260y records 1\n" .. record(1, "one") .. record(2, "two")
        .. record(9, "nine", OTHER) .. record(3, "three"), file.bytes)
    end)

    it("nothing for a keepalive, and answers it", function()
      local file = new_file()
      local store = receiver.open_store(file)
      local before = file.bytes
      for _, expected in ipairs { 0, 5 } do
        local alive = frames_of(record(0, ""))
        local fresh, again = store:add(alive)
        assert.same({ {}, {} }, { fresh, again })
        assert.same({ { ID, expected, "" } }, highest_in(store:answer(alive)))
        if expected == 0 then
          assert.equal(before, file.bytes)
          store:add(frames_of(record(5, "five")))
        end
      end
    end)

    it("nothing of one outbox too many, and acknowledges nothing of it", function()
      local store = receiver.open_store(new_file())
      local many = {}
      for i = 1, 10000 do
        many[i] = { id = ("%08d"):format(i), sequence = 1, record = "", bytes = "x" }
      end
      store:add(many)
      local batch = frames_of(record(1, "one"), record(2, "two", "00000007"))
      assert.same({ { "two" }, { "one" } }, (function(fresh, again)
        return { records(fresh), records(again) }
      end)(store:add(batch)))
      assert.same({ { ID, 0, "" }, { "00000007", 2, "" } }, highest_in(store:answer(batch)))
    end)

    it("an empty record, too", function()
      local store = receiver.open_store(new_file())
      assert.same({ "" }, records((store:add(frames_of(record(1, ""))))))
    end)

    it("on the disk before it answers, and gives no answer when that fails", function()
      for _, fault in ipairs { "append", "sync" } do
        local file = new_file()
        local store = receiver.open_store(file)
        store:add(frames_of(record(1, "one")))
        assert.equal(file.bytes, file.synced)
        file.fault = fault
        local fresh, why = store:add(frames_of(record(2, "two")))
        assert.is_nil(fresh)
        assert.equal(fault == "sync" and "I/O error" or "no space", why)
        assert.equal(1, store.highest[ID])
      end
    end)

    it("no record whose sync failed, though it could be read for a while", function()
      local file = new_file()
      local store = receiver.open_store(file)
      store:add(frames_of(record(1, "one")))
      file.fault = "sync"
      assert.is_nil((store:add(frames_of(record(2, "two")))))
      file.fault = nil
      store = assert(receiver.open_store(file))
      assert.same({ "two" }, records((store:add(frames_of(record(2, "two"))))))
      assert.equal(filled():sub(1, 17 + 50), file.synced)
    end)
  end)

  describe("started again", function()
    it("knows what it has stored, and that it is synced", function()
      local file = new_file(filled())
      local store = receiver.open_store(file)
      assert.same({ 3, 3, 1, 0 }, { store.highest[ID], store.records, store.outboxes, store.cut })
      assert.equal(file.bytes, file.synced)
      local fresh, again = store:add(frames_of(record(3, "three"), record(4, "four")))
      assert.same({ { "four" }, { "three" } }, { records(fresh), records(again) })
    end)

    it("keeps each whole record wherever its file is cut, and what it cuts off", function()
      local whole = filled()
      local ends = { [17] = 0, [17 + 25] = 1, [17 + 50] = 2, [17 + 77] = 3 }
      local found, last = 0, 17
      assert.equal(17 + 77, #whole)
      for size = 0, #whole do
        if ends[size] then found, last = ends[size], size end
        local file = new_file(whole:sub(1, size))
        local store = assert(receiver.open_store(file))
        assert.equal(found, store.records)
        assert.equal(whole:sub(1, last), file.bytes)
        assert.equal(size > 17 and whole:sub(last + 1, size) or "", file.kept)
        store:add(frames_of(record(found + 1, "next")))
        assert.equal(found + 1, receiver.open_store(new_file(file.bytes)).records)
      end
    end)

    it("cuts off a last record of which some bytes never came to the disk", function()
      local whole = filled()
      for at = 17 + 50 + 1, #whole do
        local file = new_file(whole:sub(1, at - 1) .. ("\0"):rep(#whole - at + 1))
        local store = assert(receiver.open_store(file))
        assert.equal(2, store.records)
        assert.equal(whole:sub(1, 17 + 50), file.bytes)
      end
    end)

    it("goes on whatever pages a power cut has kept of what was not synced", function()
      local batch = {}
      for i = 2, 6 do batch[i - 1] = record(i, ("b"):rep(i == 4 and 9000 or 900)) end
      for syncs = 0, 4 do
        local file = new_file()
        local store = receiver.open_store(file)
        store:add(frames_of(record(1, ("a"):rep(3000))))
        file.syncs_left = syncs
        assert.is_false((pcall(store.add, store, frames_of(unpack(batch)))))
        for pattern = 0, 15 do
          local found = new_file(power_cut(file, pattern))
          store = assert(receiver.open_store(found))
          assert.is_true(store.highest[ID] > syncs)
          assert.equal(file.bytes:sub(1, #found.bytes), found.bytes)
        end
      end
    end)

    it("goes on where a power cut has left nothing, or zeros, of a new file", function()
      for size = 0, 17 do
        local file = new_file(("\0"):rep(size))
        assert(receiver.open_store(file))
        assert.equal("bc260y records 1\n", file.synced)
      end
    end)

    it("reports damage that a whole record stands behind, and touches nothing", function()
      local whole = filled()
      for at = 17 + 25 + 1, 17 + 50 do
        local damaged = whole:sub(1, at - 1) .. string.char((whole:byte(at) + 1) % 256)
          .. whole:sub(at + 1)
        local file = new_file(damaged)
        local store, why = receiver.open_store(file)
        assert.is_nil(store)
        assert.equal("damaged at byte 42, and more stands behind it: it stays as it is", why)
        assert.equal(damaged, file.bytes)
      end
    end)

    it("reports damage before more than one frame, and touches nothing", function()
      local file = new_file(filled() .. ("\0\255"):rep(100000))
      local before = file.bytes
      local store, why = receiver.open_store(file)
      assert.same({ nil, "damaged at byte 94, and more stands behind it: it stays as it is" },
        { store, why })
      assert.equal(before, file.bytes)
    end)

    it("touches no file of another kind", function()
      for _, bytes in ipairs { "x", "some other file\n", ("\0"):rep(40), "bc260y records 2\n" } do
        local file = new_file(bytes)
        local store, why = receiver.open_store(file)
        assert.same({ nil, "no store of this program: give another" }, { store, why })
        assert.equal(bytes, file.bytes)
      end
    end)

    it("cuts nothing that it can't keep", function()
      local file = new_file(filled():sub(1, -2))
      local before = file.bytes
      file.fault = "keep"
      assert.same({ nil, "no space" }, { receiver.open_store(file) })
      assert.equal(before, file.bytes)
    end)

    it("reads a file of many pieces", function()
      local parts = { "bc260y records 1\n" }
      for i = 1, 60 do parts[#parts + 1] = record(i, ("%04d"):format(i):rep(500 + 13 * i)) end
      local store = receiver.open_store(new_file(table.concat(parts)))
      assert.same({ 60, 60 }, { store.records, store.highest[ID] })
    end)
  end)
end)

--- The ledger through Lua: on a folder, and on a disk that is a Lua object.
--
-- What a ledger promises is tested at length in C (spec/c/ledger_*_test.c); this is about
-- what Lua sees of it, and what a Lua disk can do to it.

local core = require "bc260y.core"

local ID = "outbox-1"
local OPTIONS = { segment = 400, limit = 4000, record_max = 100, id = ID }

-- A disk whose files are strings. disk.answers[method] = function(disk, ...) or results
-- takes a method's place.
local disk_methods = {}
local disk_mt = {}

local function new_disk()
  return setmetatable({ files = {}, answers = {}, calls = {} }, disk_mt)
end

function disk_mt.__index(disk, name)
  local method = disk_methods[name]
  if not method then return nil end
  return function(...)
    disk.calls[name] = (disk.calls[name] or 0) + 1
    local answer = disk.answers[name]
    if type(answer) == "table" then return answer[1], answer[2] end
    return (answer or method)(...)
  end
end

function disk_methods.lock() return true end
function disk_methods.close() end
function disk_methods.sync() return true end
function disk_methods.sync_list() return true end

function disk_methods.next(disk, from)
  local least
  for segment in pairs(disk.files) do
    if segment >= from and (not least or segment < least) then least = segment end
  end
  return least
end

function disk_methods.size(disk, segment) return #disk.files[segment] end

function disk_methods.create(disk, segment)
  disk.files[segment] = ""
  return true
end

function disk_methods.read(disk, segment, offset, size)
  return disk.files[segment]:sub(offset + 1, offset + size)
end

function disk_methods.write(disk, segment, offset, bytes)
  assert(offset == #disk.files[segment])
  disk.files[segment] = disk.files[segment] .. bytes
  return #bytes
end

function disk_methods.cut(disk, segment, size)
  disk.files[segment] = disk.files[segment]:sub(1, size)
  return true
end

function disk_methods.remove(disk, segment)
  disk.files[segment] = nil
  return true
end

local function put(ledger, record)
  local sequence = assert(ledger:append(record))
  assert(ledger:commit())
  return sequence
end

local function filled(count)
  local disk = new_disk()
  local ledger = assert(core.ledger(disk, OPTIONS))
  for i = 1, count do put(ledger, ("record %d"):format(i)) end
  return ledger, disk
end

describe("core.crc32c", function()
  it("sums as RFC 3720 does, in one go or in two", function()
    assert.are.equal(0xe3069283, core.crc32c("123456789"))
    assert.are.equal(0xe3069283, core.crc32c("6789", core.crc32c("12345")))
    assert.are.equal(0, core.crc32c(""))
  end)

  it("refuses what is no checksum", function()
    for _, crc in ipairs{ -1, 2 ^ 32, 0 / 0, 0.5 } do
      assert.has_error(function() core.crc32c("", crc) end)
    end
  end)
end)

describe("core.entropy", function()
  it("gives so many bytes, others each time", function()
    assert.are.equal(256, #core.entropy(256))
    assert.are_not.equal(core.entropy(8), core.entropy(8))
    for _, count in ipairs{ 0, -1, 257 } do
      assert.has_error(function() core.entropy(count) end)
    end
  end)
end)

describe("A ledger on a folder", function()
  local path

  before_each(function()
    path = os.tmpname()
    os.remove(path)
  end)

  after_each(function() os.execute("rm -rf " .. path) end)

  it("keeps its records and its id over an end", function()
    local ledger = assert(core.ledger(path))
    local id = ledger:id()
    assert.are.equal(8, #id)
    assert.are.equal(1, put(ledger, "one\0two"))
    assert.are.equal(2, put(ledger, ""))
    assert.is_true(ledger:close())
    assert.is_true(ledger:close())
    ledger = assert(core.ledger(path, { id = "whatever" }))
    assert.are.equal(id, ledger:id())
    assert.are.equal("one\0two", ledger:read(1))
    assert.are.equal("", ledger:read(2))
    ledger:close()
  end)

  it("says who has it, and that there is none", function()
    local ledger = assert(core.ledger(path))
    local other, err, detail = core.ledger(path)
    assert.are.same({ nil, "busy" }, { other, err })
    assert.matches("lock", detail)
    ledger:close()
    other, err, detail = core.ledger(path .. "/none/outbox")
    assert.are.same({ nil, "no device" }, { other, err })
    assert.matches("No such file", detail)
  end)

  it("is let go when it is collected, with nothing written", function()
    local ledger = assert(core.ledger(path))
    put(ledger, "one")
    assert(ledger:append("never"))
    ledger = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    ledger = assert(core.ledger(path))
    assert.are.equal("one", ledger:read(1))
    -- Nobody has cut off what was not committed: it may be there, as after a crash.
    assert.are.equal("never", ledger:read(2))
    ledger:close()
  end)
end)

describe("A ledger on a Lua disk", function()
  it("tells what is seen, how much of it and why not", function()
    local ledger = filled(3)
    local first, last = ledger:range()
    assert.are.same({ 1, 3 }, { first, last })
    assert.are.same({ 3, 24 }, { ledger:size() })
    assert.are.equal(ID, ledger:id())
    assert.are.same({ nil, "not yet" }, { ledger:read(4) })
    assert.is_true(ledger:release(2))
    assert.are.same({ nil, "released" }, { ledger:read(2) })
    assert.are.same({ nil, "not yet" }, { ledger:release(4) })
    assert.are.same({ nil, "too long" }, { ledger:append(("x"):rep(101)) })
    assert.are.same({ 1, 8 }, { ledger:size() })
    assert.are.equal(4, ledger:append("gone"))
    assert.is_true(ledger:drop())
    assert.are.equal(4, put(ledger, "kept"))
    local stats = ledger:stats()
    assert.are.same({ 5, 4, 1, 1, 0 },
      { stats.appended, stats.committed, stats.segments, stats.created, stats.failed })
  end)

  it("refuses what it can't be made of", function()
    local bad = {
      { nil }, { 5 }, { "a\0b" }, { new_disk(), 5 },
      { new_disk(), { record_max = 0 } }, { new_disk(), { record_max = 65001 } },
      { new_disk(), { record_max = "9" } }, { new_disk(), { record_max = 1.5 } },
      { new_disk(), { segment = 100 } }, { new_disk(), { segment = 2 ^ 31 } },
      { new_disk(), { limit = 100000 } }, { new_disk(), { limit = 2 ^ 37 } },
      { new_disk(), { id = "short" } }, { new_disk(), { id = 12345678 } },
    }
    for _, case in ipairs(bad) do
      assert.has_error(function() core.ledger(case[1], case[2]) end)
    end
    local ledger = filled(1)
    for _, sequence in ipairs{ -1, 0.5, 2 ^ 54, 0 / 0, "x" } do
      assert.has_error(function() ledger:read(sequence) end)
      assert.has_error(function() ledger:release(sequence) end)
    end
    assert.has_error(function() ledger.read({}, 1) end)
    assert.has_error(function() ledger:append({}) end)
  end)

  it("answers closed when it is, and still tells what was", function()
    local ledger, disk = filled(2)
    assert.is_true(ledger:close())
    assert.is_true(ledger:close())
    assert.are.equal(1, disk.calls.close)
    for _, result in ipairs{
      { ledger:append("x") }, { ledger:commit() }, { ledger:drop() }, { ledger:read(1) },
      { ledger:release(1) },
    } do
      assert.are.same({ nil, "closed" }, result)
    end
    assert.are.same({ 1, 2 }, { ledger:range() })
  end)

  it("takes each word of a disk for what it means", function()
    local words = {
      full = "outbox full", busy = "busy", ["not permitted"] = "not permitted",
      ["no device"] = "no device", error = "disk error", ["anything else"] = "disk error",
    }
    for word, err in pairs(words) do
      local disk = new_disk()
      disk.answers.lock = { nil, word }
      local ledger, said, detail = core.ledger(disk, OPTIONS)
      assert.are.same({ nil, err }, { ledger, said })
      assert.are.equal("the lock can't be taken", detail)
    end
  end)

  it("takes nonsense for an error of the disk", function()
    local nonsense = {
      next = { { "x" }, { 0 }, { 2 ^ 53 }, { 0 / 0 }, { nil, "error" }, { false } },
      size = { { -1 }, { "x" }, { {} }, { nil }, { 2 ^ 53 } },
      read = { { 5 }, { ("x"):rep(1000) }, { {} }, { nil }, { false, 7 } },
      sync = { { nil }, { false, {} } },
      sync_list = { { nil } },
    }
    for method, answers in pairs(nonsense) do
      for _, answer in ipairs(answers) do
        local ledger, disk = filled(2)
        ledger:close()
        disk.answers[method] = answer
        local _, err = core.ledger(disk, OPTIONS)
        assert.are.same({ method, "disk error" }, { method, err })
      end
    end
  end)

  it("takes a count that can't be for an error, and cuts off what came", function()
    for _, count in ipairs{ 0, 1000, -1, "x" } do
      local ledger, disk = filled(1)
      local size = #disk.files[1]
      disk.answers.write = function(self, segment, offset, bytes)
        disk_methods.write(self, segment, offset, bytes)
        return count
      end
      assert.are.same({ nil, "disk error" }, { ledger:append("x") })
      assert.are.equal(size, #disk.files[1])
      disk.answers.write = nil
      assert.are.equal(2, put(ledger, "again"))
    end
  end)

  it("says where the damage is", function()
    local ledger, disk = filled(30)
    ledger:close()
    disk.files[2] = disk.files[2]:sub(1, 100) .. "?" .. disk.files[2]:sub(102)
    local none, err, detail = core.ledger(disk, OPTIONS)
    assert.are.same({ nil, "damaged" }, { none, err })
    assert.matches("^segment 2, offset %d+: no record$", detail)
    disk.files[1] = ("dear diary, "):rep(10)
    none, err, detail = core.ledger(disk, OPTIONS)
    assert.are.same({ nil, "not an outbox" }, { none, err })
    assert.are.equal("segment 1, offset 0: it is no segment of an outbox", detail)
  end)

  it("says where the damage is that it meets while it runs", function()
    local ledger, disk = filled(30)
    disk.files[2] = disk.files[2]:gsub("record 1", "record !")
    local none, err, detail = ledger:read(14)
    assert.are.same({ nil, "damaged" }, { none, err })
    assert.matches("^segment 2, offset %d+: ", detail)
  end)

  it("lets an error through, and is given up then: closing writes nothing", function()
    local crash = setmetatable({}, { __tostring = function() return "crash" end })
    for _, method in ipairs{ "write", "sync", "read" } do
      local ledger, disk = filled(40)
      assert(ledger:append("x"))
      disk.answers[method] = function() error(crash, 0) end
      local ok, err = pcall(method == "read" and ledger.read or
        method == "sync" and ledger.commit or ledger.append, ledger, 1)
      assert.is_false(ok)
      assert.are.equal(crash, err)
      disk.answers[method] = nil
      local writes = disk.calls.write
      assert.has_error(function() ledger:append("y") end)
      assert.has_error(function() ledger:read(1) end)
      assert.is_true(ledger:close())
      assert.are.equal(1, disk.calls.close)
      assert.are.equal(writes, disk.calls.write)
    end
  end)

  it("can be closed again when its disk raised an error in the midst of that", function()
    local ledger, disk = filled(2)
    disk.answers.write = function() error("crash", 0) end
    assert.has_error(function() ledger:close() end, "crash")
    assert.is_nil(disk.calls.close)
    disk.answers.write = nil
    local writes = disk.calls.write
    assert.is_true(ledger:close())
    assert.is_true(ledger:close())
    assert.are.same({ 1, writes }, { disk.calls.close, disk.calls.write })
    disk.answers.close = function() error("crash", 0) end
    ledger = assert(core.ledger(disk, OPTIONS))
    assert.has_error(function() ledger:close() end, "crash")
  end)

  it("closes its disk when an opening is left by an error, and when it is collected", function()
    local disk = new_disk()
    disk.answers.create = function() error("crash", 0) end
    assert.has_error(function() core.ledger(disk, OPTIONS) end, "crash")
    collectgarbage()
    collectgarbage()
    assert.are.equal(1, disk.calls.close)
    local other = select(2, filled(2))
    other.answers.close = function() error("not in a finalizer") end
    local writes = other.calls.write
    collectgarbage()
    collectgarbage()
    assert.are.equal(1, other.calls.close)
    assert.are.equal(writes, other.calls.write)
  end)

  it("is not called by its own disk", function()
    local ledger, disk = filled(1)
    local ok
    disk.answers.sync = function()
      ok = pcall(ledger.read, ledger, 1)
      return true
    end
    put(ledger, "x")
    assert.is_false(ok)
    assert.are.equal("record 1", ledger:read(1))
  end)

  it("says nothing of a record that is longer than it takes now", function()
    local ledger, disk = filled(1)
    ledger:close()
    local none, err, detail = core.ledger(disk, { segment = 400, limit = 4000, record_max = 5 })
    assert.are.same({ nil, "too long" }, { none, err })
    assert.matches("^segment 1, offset 36: ", detail)
  end)
end)

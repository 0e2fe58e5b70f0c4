-- What a disk does wrong: an outbox says so, and loses nothing that it has accepted.

local Disk = require "spec.support.disk"
local Random = require "spec.simulation.random"
local outbox = require "bc260y.outbox"

local function new_disk(options)
  local random = Random.new(7)
  options = options or {}
  options.random = function(n) return random:range(1, n) end
  return Disk.new(options)
end

local function open(disk)
  return outbox.open("played", {
    disk = disk:mount(), segment = 1000, limit = 100000, record_max = 300, id = "outbox-1",
  })
end

local function new_record(i)
  return ("record %d "):format(i):rep(20)
end

-- An outbox of several segments, closed: `count` records, of which `released` are released.
local function filled(count, released)
  local disk = new_disk()
  local box = assert(open(disk))
  for i = 1, count do assert(box:put(new_record(i))) end
  box:release(released or 0)
  box:close()
  return disk
end

local function check_records(box, from, to)
  assert.same({ from, to }, { box:range() })
  for i = from, to do assert.equal(new_record(i), (box:peek(i))) end
end

local function flip(disk, segment, offset)
  local byte = disk.names[segment].live:byte(offset + 1)
  disk:rot(segment, offset, string.char((byte + 1 + offset % 255) % 256))
end

local function contents(disk)
  local list = {}
  for segment, file in pairs(disk.names) do list[segment] = file.live end
  return list
end

describe("a damaged outbox", function()
  it("is refused, with the place of the damage, and left as it is", function()
    local disk = filled(10)
    flip(disk, 2, 400)
    local before = contents(disk)
    local box, err, detail = open(disk)
    assert.is_nil(box)
    assert.equal("damaged", err)
    assert.matches("segment 2, offset %d+", detail)
    assert.same(before, contents(disk))
    assert.same({ nil, err, detail }, { open(disk) })
  end)

  it("never gives what was not put, whichever byte has changed", function()
    local whole = filled(9, 2)
    local refused, found = 0, 0
    for segment, file in pairs(whole.names) do
      for offset = 0, #file.live - 1, 3 do
        local disk = whole:clone(whole.random)
        disk:kill()
        flip(disk, segment, offset)
        local box, err, detail = open(disk)
        if box then
          found = found + 1
          local first = box:range()
          assert.is_true(first <= 3)
          check_records(box, first, 9)
          box:close()
        else
          refused = refused + 1
          assert.is_true(err == "damaged" or err == "not an outbox", err)
          assert.matches("segment " .. segment .. ", offset %d+", detail)
        end
      end
    end
    assert.is_true(refused > 500)
    assert.is_true(found < 50) -- what was released, and the last mark
  end)

  it("that lacks a segment in its middle is refused", function()
    local disk = filled(20)
    disk.names[3], disk.durable[3] = nil, nil
    local box, err, detail = open(disk)
    assert.is_nil(box)
    assert.equal("damaged", err)
    assert.matches("segment %d+", detail)
  end)

  it("that lacks the end of a segment is refused", function()
    local disk = filled(20)
    local file = disk.names[2]
    file.live = file.live:sub(1, -2)
    local box, err, detail = open(disk)
    assert.is_nil(box)
    assert.equal("damaged", err)
    assert.matches("segment 2, offset %d+", detail)
  end)

  it("that is damaged while it is open says so at that record, and goes on", function()
    local disk = new_disk()
    local box = assert(open(disk))
    for i = 1, 10 do box:put(new_record(i)) end
    flip(disk, 1, 200)
    local seen = {}
    for i = 1, 10 do
      local record, err = box:peek(i)
      assert.is_true(record == new_record(i) or err == "damaged", err)
      local what = record and "good" or err
      seen[what] = (seen[what] or 0) + 1
    end
    assert.same({ damaged = 1, good = 9 }, seen)
    assert.matches("^segment 1, offset 36: ", (select(3, box:peek(1))))
    assert.same({ true, 11 }, { box:put("more") })
    assert.is_true(box:release(10))
    assert.same({ "more", 11 }, { box:peek() })
  end)
end)

describe("what is no outbox", function()
  it("is refused and left as it is", function()
    for _, bytes in ipairs{ "diary, 3rd of May\n", ("\255"):rep(5000), ("\0"):rep(200) .. "x" } do
      local disk = new_disk()
      local seam = disk:mount()
      seam:create(1)
      seam:write(1, 0, bytes)
      seam:create(2)
      seam:write(2, 0, bytes)
      local before = contents(disk)
      local box, err, detail = open(disk)
      assert.is_nil(box)
      assert.equal("not an outbox", err)
      assert.matches("segment 1", detail)
      assert.same(before, contents(disk))
    end
  end)

  it("is refused among the segments of an outbox, too", function()
    local disk, other = filled(10), new_disk()
    local box = assert(outbox.open("", { disk = other:mount(), id = "outbox-2", segment = 1000,
      limit = 100000, record_max = 300 }))
    for i = 1, 10 do box:put(new_record(i)) end
    disk.names[2] = other.names[2]
    local refused, err, detail = open(disk)
    assert.is_nil(refused)
    assert.is_true(err == "not an outbox" or err == "damaged", err)
    assert.matches("segment 2", detail)
  end)
end)

describe("an outbox in use", function()
  it("is busy for a second, until it is closed", function()
    local disk = new_disk()
    local box = assert(open(disk))
    assert.same({ nil, "busy" }, { (open(disk)), (select(2, open(disk))) })
    box:put("a")
    box:close()
    assert.equal("a", (assert(open(disk)):peek()))
  end)
end)

describe("a full disk", function()
  it("refuses the new record, and keeps and gives the old", function()
    local disk = new_disk{ capacity = 2500 }
    local box, count = assert(open(disk)), 0
    while box:put(new_record(count + 1)) do count = count + 1 end
    assert.is_true(count >= 5)
    assert.same({ nil, "outbox full" }, { box:put(new_record(1)) })
    check_records(box, 1, count)
    assert.is_true(box:release(count - 1))
    local ok, sequence = box:put(new_record(count + 1))
    assert.is_true(ok)
    assert.equal(count + 1, sequence)
    check_records(box, count, count + 1)
    box:close()
    check_records(assert(open(disk)), count, count + 1)
  end)

  it("with no byte left lets an outbox be opened and sent out", function()
    local disk = filled(10)
    disk.capacity = 1
    local box = assert(open(disk))
    assert.same({ nil, "outbox full" }, { box:put("x") })
    check_records(box, 1, 10)
    assert.is_true(box:release(10))
    box:close()
  end)

  it("refuses a new outbox", function()
    local disk = new_disk{ capacity = 0 }
    assert.same({ nil, "outbox full" }, { (open(disk)), (select(2, open(disk))) })
    disk.capacity = nil
    assert.same({ true, 1 }, { assert(open(disk)):put("a") })
  end)
end)

describe("a disk that fails", function()
  it("in any step of a put fails that put alone, and it is gone", function()
    for _, op in ipairs{ "write", "sync", "create", "sync_list" } do
      local disk = new_disk()
      local box = assert(open(disk))
      for i = 1, 3 do box:put(new_record(i)) end
      disk:fail(op)
      local count, refused = 3, 0
      for _ = 1, 10 do
        local ok, err = box:put(new_record(count + 1))
        if ok then count = count + 1 else refused = refused + 1 end
        assert.is_true(ok or err == "disk error", err)
      end
      assert.equal(1, refused, op)
      check_records(box, 1, 12)
      disk:power_cut("nothing")
      check_records(assert(open(disk)), 1, 12)
    end
  end)

  it("for good refuses all puts, and what it has still goes out", function()
    local disk = new_disk()
    local box = assert(open(disk))
    for i = 1, 10 do box:put(new_record(i)) end
    for _, op in ipairs{ "write", "sync", "create", "sync_list", "cut", "remove" } do
      disk:fail(op, 1000)
    end
    for _ = 1, 5 do assert.same({ nil, "disk error" }, { box:put(new_record(11)) }) end
    check_records(box, 1, 10)
    assert.is_true(box:release(9))
    check_records(box, 10, 10)
    disk.failing = {}
    assert.same({ true, 11 }, { box:put(new_record(11)) })
    box:close()
    check_records(assert(open(disk)), 10, 11)
  end)

  it("at a read says so, and the next read gives the record", function()
    local disk = filled(10)
    local box = assert(open(disk))
    disk:fail("read", 3)
    local record, err
    for _ = 1, 4 do
      record, err = box:peek(1)
      assert.is_true(record ~= nil or err == "disk error", err)
    end
    assert.equal(new_record(1), record)
  end)

  it("in any step of opening says so, and loses nothing", function()
    for _, op in ipairs{ "create", "write", "sync", "sync_list", "read", "cut" } do
      local disk = new_disk()
      disk:fail(op)
      local box, err = open(disk)
      assert.is_true(box ~= nil or err == "disk error", err)
      disk.failing = {}
      if box then box:close() end
      box = assert(open(disk))
      assert.same({ true, 1 }, { box:put(new_record(1)) })
      disk:kill()
      disk:fail(op)
      box, err = open(disk)
      assert.is_true(box ~= nil or err == "disk error", err)
      if box then box:close() end
      disk.failing = {}
      check_records(assert(open(disk)), 1, 1)
    end
  end)

  it("and writes little at a time writes all", function()
    local disk = new_disk{ short = 1 }
    local box = assert(open(disk))
    for i = 1, 20 do assert.same({ true, i }, { box:put(new_record(i)) }) end
    check_records(box, 1, 20)
    disk:power_cut("nothing")
    check_records(assert(open(disk)), 1, 20)
  end)
end)

describe("a seam that says nonsense", function()
  -- Result: what is read of a record that was put; or nil, err.
  local function use(name, value)
    local seam = new_disk():mount()
    local odd = setmetatable({}, { __index = function(_, key)
      return function(_, ...)
        if key == name then return value end
        return seam[key](seam, ...)
      end
    end })
    local box, err = outbox.open("", { disk = odd })
    if not box then return nil, err end
    local ok
    ok, err = box:put("x")
    if not ok then return nil, err end
    return box:peek()
  end

  it("is a disk error, or makes no difference", function()
    for name, values in pairs{
      write = { 0, -1, 1e9, 0.5, 0 / 0, "5", true, {} },
      read = { 5, true, ("x"):rep(1e5) },
      size = { -1, 0.5, "5", 1 / 0, 0 / 0, true },
      next = { -1, 0.5, "5", 2 ^ 60, 0 / 0, true },
    } do
      for _, value in ipairs(values) do
        local record, err = use(name, value)
        local text = ("%s gives %s: %s"):format(name, tostring(value), tostring(err or record))
        assert.is_true(record == "x" or not record and err == "disk error", text)
      end
    end
  end)
end)

describe("an opening that fails", function()
  -- The second and the third record are written; of the second a byte is wrong.
  local function torn()
    local disk = new_disk()
    local box = assert(open(disk))
    assert(box:put(new_record(1)))
    local second = disk.names[1].live
    disk.crash_at = disk.steps + 3
    assert.is_false(pcall(box.put, box, { new_record(2), new_record(3) }))
    disk:power_cut("everything")
    flip(disk, 1, #second + 30)
    return disk
  end

  it("to sync what it has cut off leaves none of it to come back behind a later record", function()
    local disk = torn()
    disk.random = function(n) return n end   -- of what fails to be synced nothing is done
    disk:fail("sync")
    local none, err = open(disk)
    assert.same({ nil, "disk error" }, { none, err })
    local box = assert(open(disk))
    check_records(box, 1, 1)
    assert(box:put(new_record(2)))
    disk:power_cut("nothing")
    check_records(assert(open(disk)), 1, 2)
  end)
end)

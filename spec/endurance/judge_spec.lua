-- The judge of the endurance runs finds each kind of fault.

local judge = require "spec.endurance.judge"
local receiver = require "examples.receiver"
local records = require "spec.endurance.records"

local ID = "outbox 1"

local function with_file(text, fn)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local result = { fn(path) }
  os.remove(path)
  return (table.unpack or unpack)(result)
end

local function frame(sequence, life, n, id)
  return receiver.encode(id or ID, sequence, records.make(life, n))
end

-- stored: frames; noted: list of { life, n, sequence }. Result: the faults.
local function look(stored, noted)
  local lines = {}
  for i, note in ipairs(noted) do lines[i] = table.concat(note, " ") .. "\n" end
  return with_file("bc260y records 1\n" .. table.concat(stored), function(store)
    return with_file(table.concat(lines), function(notes)
      local counts, faults = judge.look(store, notes)
      assert.equal(#noted, counts.accepted)
      return faults
    end)
  end)
end

local NOTED = { { 1, 1, 1 }, { 1, 2, 2 }, { 2, 1, 4 } }

local function whole()
  return { frame(1, 1, 1), frame(2, 1, 2), frame(3, 1, 3), frame(4, 2, 1) }
end

describe("The judge of an endurance run", function()
  it("finds nothing where all is there, with or without what was in doubt", function()
    assert.same({}, look(whole(), NOTED))
    assert.same({}, look({ frame(1, 1, 1), frame(2, 1, 2), frame(3, 2, 1) },
      { { 1, 1, 1 }, { 1, 2, 2 }, { 2, 1, 3 } }))
  end)

  it("finds a record that was accepted and is not there", function()
    local stored = whole()
    stored[4] = nil
    assert.same({ "put 2:1, which was accepted as 4, is not there" }, look(stored, NOTED))
  end)

  it("finds a gap, a record that is there twice, and two in the wrong order", function()
    local stored = whole()
    table.remove(stored, 2)
    assert.same({ "record 3 comes after 1" }, { look(stored, NOTED)[1] })
    stored = whole()
    table.insert(stored, 3, stored[2])
    assert.same({ "record 2 comes after 2" }, { look(stored, NOTED)[1] })
    stored = whole()
    stored[1], stored[2] = stored[2], stored[1]
    assert.same({ "record 2 comes after 0" }, { look(stored, NOTED)[1] })
  end)

  it("finds a record that is not as it was put", function()
    local stored = whole()
    local record = records.make(1, 2)
    stored[2] = receiver.encode(ID, 2, record:sub(1, -2) .. string.char(255 - record:byte(-1)))
    assert.same({ "record 2 is not as it was put" }, { look(stored, NOTED)[1] })
  end)

  it("finds a put that is there under two sequences, and one of another outbox", function()
    local stored = whole()
    stored[3] = frame(3, 1, 2)
    assert.same({ "put 1:2 comes after 1:2" }, { look(stored, NOTED)[1] })
    stored[3] = frame(3, 1, 3, "outbox 2")
    assert.same({ "records of two outboxes" }, { look(stored, NOTED)[1] })
  end)

  it("finds more than one put that was never accepted", function()
    local stored = whole()
    for i = 5, 8 do stored[i] = frame(i, 2, i - 3) end
    assert.same({ "more came than was put" }, look(stored, NOTED))
  end)

  it("finds a file that ends within a record", function()
    local stored = whole()
    stored[5] = frame(5, 2, 2):sub(1, 20)
    assert.same({ "the receiver's file has a torn end" }, { look(stored, NOTED)[1] })
  end)
end)

-- What is its own with an outbox in memory: what its records cost. The rest of its face is
-- in outbox_spec.lua, with that of an outbox on a disk.

local bc260y = require "bc260y"

local function fill(box, record)
  local count = 0
  while box:put(record) do count = count + 1 end
  return count
end

describe("an outbox in memory", function()
  it("has an end for records of no bytes too", function()
    local box = bc260y.outbox.memory{ limit = 4000 }
    local count = fill(box, "")
    assert.is_true(count >= 50 and count <= 400)
    assert.same({ nil, "outbox full" }, { box:put("") })
    assert.same({ count, 0 }, { box:size() })
  end)

  it("counts what it was refused, and what it holds", function()
    local box = bc260y.outbox.memory{ limit = 1000, record_max = 100 }
    local count = fill(box, ("x"):rep(100))
    box:put(("x"):rep(101))
    local stats = box:stats()
    assert.equal(2, stats.refused)
    assert.equal(count, stats.records)
    assert.is_true(stats.bytes > count * 100 and stats.bytes <= 1000)
  end)

  it("takes as much again when all was released", function()
    local box = bc260y.outbox.memory{ limit = 5000, record_max = 1000 }
    local count = fill(box, ("x"):rep(500))
    for _ = 1, 5 do
      local _, last = box:range()
      assert.is_true(box:release(last))
      assert.equal(0, box:stats().bytes)
      assert.equal(count, fill(box, ("x"):rep(500)))
    end
    assert.same({ 5 * count + 1, 6 * count }, { box:range() })
  end)

  it("has room again after a put of several that did not fit", function()
    local box = bc260y.outbox.memory{ limit = 5000, record_max = 4000 }
    local part = ("x"):rep(2000)
    assert.same({ nil, "outbox full" }, { box:put{ part, part, part } })
    assert.same({ 1, 0 }, { box:range() })
    assert.same({ true, 2 }, { box:put{ part, part } })
  end)

  it("keeps no record that was released", function()
    local box = bc260y.outbox.memory()
    box:put("kept")
    collectgarbage()
    collectgarbage()
    local before = collectgarbage("count")
    for i = 2, 2000 do
      box:put(("%d"):format(i):rep(250))
      box:release(i - 1)
    end
    collectgarbage()
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 100)
  end)
end)

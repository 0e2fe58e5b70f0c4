-- The disk that is played: what it loses and what it keeps.

local Disk = require "spec.support.disk"
local Random = require "spec.simulation.random"

local function new_disk(options)
  local random = Random.new(3)
  options = options or {}
  options.random = function(n) return random:range(1, n) end
  return Disk.new(options)
end

-- 700 bytes of "a" that are synced, 2,000 of "b" that are not.
local function half_synced()
  local disk = new_disk()
  local seam = disk:mount()
  seam:create(1)
  seam:write(1, 0, ("a"):rep(700))
  seam:sync(1)
  seam:sync_list()
  seam:write(1, 700, ("b"):rep(2000))
  return disk, seam
end

local function found(disk, segment)
  local seam = disk:mount()
  return seam:read(segment, 0, 10000)
end

describe("a disk that is played", function()
  it("shows what was written at once, in order of segments", function()
    local seam = new_disk():mount()
    for _, segment in ipairs{ 7, 3, 5 } do seam:create(segment) end
    assert.equal(3, seam:next(1))
    assert.equal(5, seam:next(4))
    assert.is_nil(seam:next(8))
    assert.equal(3, seam:write(3, 0, "abc"))
    assert.equal("bc", seam:read(3, 1, 100))
    assert.equal(3, seam:size(3))
    assert.is_true(seam:cut(3, 1))
    assert.equal("a", seam:read(3, 0, 100))
    assert.is_true(seam:remove(3))
    assert.equal(5, seam:next(1))
  end)

  it("loses nothing that was synced, with any damage", function()
    for _, pattern in ipairs(Disk.patterns) do
      local disk = half_synced()
      disk:power_cut(pattern)
      assert.equal(("a"):rep(700), found(disk, 1):sub(1, 700), pattern)
    end
  end)

  it("has 16 patterns, of which each leaves something else", function()
    assert.equal(16, #Disk.patterns)
    local seen = {}
    for _, pattern in ipairs(Disk.patterns) do
      local disk, seam = half_synced()
      seam:create(2)
      seam:sync(2)
      seam:sync_list()
      seam:remove(2)
      seam:create(3)
      seam:write(3, 0, ("c"):rep(1000))
      seam:cut(3, 900)
      seam:write(3, 900, ("d"):rep(50))
      disk:power_cut(pattern)
      local text = ""
      for segment = 1, 3 do text = text .. "/" .. tostring(found(disk, segment)) end
      assert.is_nil(seen[text], pattern .. " is as " .. tostring(seen[text]))
      seen[text] = pattern
    end
  end)

  it("loses nothing when the process is killed, but perhaps the step in which it was", function()
    for _, done in ipairs{ true, false } do
      local disk, seam = half_synced()
      disk.crash_at = disk.steps + 1
      local ok, err = pcall(seam.write, seam, 1, 2700, "ccc")
      assert.is_false(ok)
      assert.equal(Disk.CRASH, err)
      disk:kill(done)
      assert.equal(("a"):rep(700) .. ("b"):rep(2000) .. (done and "ccc" or ""), found(disk, 1))
    end
  end)

  it("obeys nobody any more who ran before a crash, and gives the lock away", function()
    local disk, seam = half_synced()
    assert.is_true(seam:lock())
    assert.same({ nil, "busy" }, { disk:mount():lock() })
    disk:kill()
    assert.is_true(disk:mount():lock())
    seam:close()
    assert.same({ nil, "busy" }, { disk:mount():lock() })
    assert.same({ nil, "error" }, { seam:write(1, 0, "x") })
    assert.same({ nil, "error" }, { seam:remove(1) })
    assert.same({ nil, "error" }, { seam:read(1, 0, 1) })
  end)

  it("that fails to sync has some of it, shows just that, and syncs no more of it", function()
    local disk, seam = half_synced()
    disk:fail("sync")
    assert.same({ nil, "error" }, { seam:sync(1) })
    assert.is_true(seam:sync(1))
    local shown = found(disk, 1)
    assert.equal(2700, #shown)
    disk:power_cut("everything")
    local bytes = found(disk, 1)
    assert.equal(bytes .. ("\0"):rep(2700 - #bytes), shown)
    assert.equal(("a"):rep(700), bytes:sub(1, 700))
    assert.not_equal(("a"):rep(700) .. ("b"):rep(2000), bytes)
  end)

  it("is full when its capacity is reached, and takes what still fits", function()
    local seam = new_disk{ capacity = 10 }:mount()
    seam:create(1)
    assert.equal(10, seam:write(1, 0, "0123456789ab"))
    assert.same({ nil, "full" }, { seam:write(1, 10, "a") })
    assert.same({ nil, "full" }, { seam:create(2) })
    seam:cut(1, 5)
    assert.equal(2, seam:write(1, 5, "ab"))
  end)

  it("is the same as its clone, and changes apart from it", function()
    local disk = half_synced()
    local clone = disk:clone(disk.random)
    disk:power_cut("nothing")
    assert.equal(2700, #found(clone, 1))
    clone:power_cut("everything")
    assert.equal(2700, #found(clone, 1))
    assert.equal(700, #found(disk, 1))
  end)
end)

-- A short run of what `make endure` does for a minute; on one Lua, since what it tries is
-- files, processes and the kernel.

if _VERSION ~= "Lua 5.4" then return end

local live = require "spec.support.live"
local run = require "spec.endurance.run"
local uv = require "luv"

local SEED = tonumber(os.getenv("SEED")) or os.time() % 1000000

describe("A writer that is killed #integration", function()
  local folder

  before_each(function() folder = assert(uv.fs_mkdtemp("/tmp/bc260y-endure-XXXXXX")) end)
  after_each(function() live.shell("rm -rf " .. live.quote(folder)) end)

  it("loses nothing that it has put, with reboots, a pulled line and a killed server", function()
    local counts, faults = run { seconds = 3, kills = 5, reboots = 1, reopenings = 1,
      restarts = 1, seed = SEED, folder = folder }
    assert.same({}, faults, "SEED=" .. SEED)
    assert.same({ 5, 1, 1, 1, 6 },
      { counts.kills, counts.reboots, counts.reopenings, counts.restarts, counts.lives })
    assert.is_true(counts.accepted > 10 and counts.delivered >= counts.accepted)
  end)

  it("would be seen to lose a record", function()
    local notes = assert(io.open(folder .. "/notes", "w"))
    notes:write("1 1 7777\n")
    notes:close()
    local _, faults = run { seconds = 0.5, kills = 1, reboots = 1, reopenings = 1, restarts = 1,
      seed = SEED, folder = folder }
    assert.same({ "put 1:1, which was accepted as 7777, is not there" }, faults)
  end)
end)

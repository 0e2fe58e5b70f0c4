-- On 5.1 and LuaJIT each task that a run had dropped stayed in memory for ever: the map from
-- coroutines to loops led from the one to the other.

local bc260y = require "bc260y"

local function collect()
  for _ = 1, 3 do collectgarbage() end
end

describe("bc260y.run", function()
  it("lets go of the tasks that it drops", function()
    local seen = setmetatable({}, { __mode = "k" })
    local function stay()
      seen[coroutine.running()] = true
      bc260y.sleep(1000)
    end
    bc260y.run(function()
      bc260y.spawn(stay)
      bc260y.sleep(0.001)
    end)
    collect()
    assert.is_nil(next(seen))
  end)

  it("lets go of them when it ends by an error", function()
    local seen = setmetatable({}, { __mode = "k" })
    local ok, err = pcall(bc260y.run, function()
      bc260y.spawn(function()
        seen[coroutine.running()] = true
        bc260y.sleep(1000)
      end)
      bc260y.sleep(0.001)
      error("gone", 0)
    end)
    assert.is_false(ok)
    assert.matches("^gone", err)
    collect()
    assert.is_nil(next(seen))
  end)
end)

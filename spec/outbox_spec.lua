-- What an outbox does, on a disk that is played and in memory alike.

local bc260y = require "bc260y"
local Disk = require "spec.support.disk"
local Random = require "spec.simulation.random"
local script = require "spec.support.port"

local function new_disk()
  local random = Random.new(1)
  return Disk.new{ random = function(n) return random:range(1, n) end }
end

local function on_disk(options)
  options = options or {}
  options.disk = options.disk or new_disk():mount()
  return assert(bc260y.outbox.open("played", options))
end

local function in_memory(options)
  if options then options.segment = nil end -- it has none
  return bc260y.outbox.memory(options)
end

-- A loop whose clock moves only when all tasks wait.
local function run_virtually(fn)
  local clock = script.clock()
  bc260y.run(function()
    local modem = assert(bc260y.open{ port = script.port{ clock = clock } })
    fn(clock)
    modem:close()
  end)
end

for name, open in pairs{ ["on a disk"] = on_disk, ["in memory"] = in_memory } do
  describe("an outbox " .. name, function()
    it("gives records in the order in which they were put, from sequence 1 on", function()
      local box = open()
      assert.same({ true, 1 }, { box:put("one") })
      assert.same({ true, 2 }, { box:put("two") })
      assert.same({ "one", 1 }, { box:peek() })
      assert.same({ "two", 2 }, { box:peek(2) })
      assert.same({ 1, 2 }, { box:range() })
      assert.same({ 2, 6 }, { box:size() })
    end)

    it("keeps any bytes, none too", function()
      local all = {}
      for byte = 0, 255 do all[#all + 1] = string.char(byte) end
      local box, bytes = open(), table.concat(all)
      assert.same({ true, 2 }, { box:put{ "", bytes } })
      assert.same({ "", 1 }, { box:peek() })
      assert.same({ bytes, 2 }, { box:peek(2) })
    end)

    it("lets go of all up to what is released", function()
      local box = open()
      box:put{ "a", "b", "c" }
      assert.is_true(box:release(2))
      assert.same({ "c", 3 }, { box:peek() })
      assert.same({ nil, "released" }, { box:peek(2) })
      assert.same({ 3, 3 }, { box:range() })
      assert.is_true(box:release(2))
      assert.is_true(box:release(0))
      assert.same({ 3, 3 }, { box:range() })
      assert.is_true(box:release(3))
      assert.same({ 4, 3 }, { box:range() })
      assert.same({ 0, 0 }, { box:size() })
      assert.same({ true, 4 }, { box:put("d") })
    end)

    it("is empty where nothing is, or not yet", function()
      local box = open()
      assert.same({ nil, "empty" }, { box:peek() })
      assert.same({ 1, 0 }, { box:range() })
      box:put("a")
      assert.same({ nil, "empty" }, { box:peek(2) })
      assert.same({ nil, "not yet" }, { box:release(2) })
      box:release(1)
      assert.same({ nil, "empty" }, { box:peek() })
    end)

    it("refuses a record that is too long, alone and among others", function()
      local box = open{ record_max = 10 }
      assert.same({ nil, "too long" }, { box:put(("x"):rep(11)) })
      assert.same({ nil, "too long" }, { box:put{ "a", ("x"):rep(11), "b" } })
      assert.same({ 1, 0 }, { box:range() })
      assert.same({ true, 1 }, { box:put(("x"):rep(10)) })
    end)

    it("refuses what is over its limit, keeps what it has, and takes more once there is room",
      function()
        local box, count = open{ limit = 20000, segment = 5000, record_max = 1000 }, 0
        while box:put(("x"):rep(1000)) do count = count + 1 end
        assert.is_true(count >= 10 and count < 20)
        assert.same({ nil, "outbox full" }, { box:put(("x"):rep(1000)) })
        assert.same({ count, count * 1000 }, { box:size() })
        box:release(count - 2)
        assert.same({ true, count + 1 }, { box:put(("x"):rep(1000)) })
        local first, last = box:range()
        for sequence = first, last do assert.equal(1000, #box:peek(sequence)) end
      end)

    it("has its own id, 8 bytes, or the one that it is given", function()
      assert.equal("12345678", open{ id = "12345678" }:id())
      local one, other = open():id(), open():id()
      assert.equal(8, #one)
      assert.not_equal(one, other)
    end)

    it("tells those who listen once for each put, after its records are there", function()
      local box, seen = open(), {}
      local subscription = box:on_put(function() seen[#seen + 1] = { box:range() } end)
      local other = box:on_put(function() seen[#seen + 1] = "other" end)
      box:put("a")
      other:cancel()
      box:put{ "b", "c" }
      subscription:cancel()
      subscription:cancel()
      box:put("d")
      assert.same({ { 1, 1 }, "other", { 1, 3 } }, seen)
    end)

    it("tells those who listen that it is closed", function()
      local box, seen = open(), {}
      box:on_put(function() seen[#seen + 1] = select(2, box:peek()) end)
      box:close()
      box:close()
      assert.same({ "closed" }, seen)
    end)

    it("tells nobody of what was refused", function()
      local box, told = open{ record_max = 1 }, 0
      box:on_put(function() told = told + 1 end)
      box:put("ab")
      assert.equal(0, told)
    end)

    it("counts what a listener raises, and goes on", function()
      local box, told = open(), false
      box:on_put(function() error("spoon", 0) end)
      box:on_put(function() told = true end)
      assert.same({ true, 1 }, { box:put("a") })
      assert.is_true(told)
      local stats = box:stats()
      assert.equal(1, stats.hook_errors)
      assert.equal("spoon", stats.last_hook_error)
      assert.equal(1, stats.puts)
      assert.equal(1, stats.commits)
    end)

    it("says that it is closed, and may be closed twice", function()
      local box = open()
      local id = box:id()
      box:put("a")
      box:close()
      box:close()
      assert.same({ nil, "closed" }, { box:put("b") })
      assert.same({ nil, "closed" }, { box:peek() })
      assert.same({ nil, "closed" }, { box:peek(1) })
      assert.same({ nil, "closed" }, { box:release(1) })
      assert.same({ nil, "closed" }, { box:range() })
      assert.same({ nil, "closed" }, { box:size() })
      assert.equal(id, box:id())
      assert.equal(1, box:stats().puts)
    end)
  end)
end

describe("an outbox on a disk", function()
  it("syncs once for each put, with many records too", function()
    local disk = new_disk()
    local box = on_disk{ disk = disk:mount() }
    local before = disk.counts.sync
    box:put("a")
    assert.equal(before + 1, disk.counts.sync)
    box:put{ "b", "c", "d" }
    assert.equal(before + 2, disk.counts.sync)
  end)

  it("has no part of a put that failed in its middle", function()
    local disk = new_disk()
    local box = on_disk{ disk = disk:mount() }
    box:put("a")
    disk.on_step = function(_, op)
      if op == "write" then disk.on_step = function(played) played:fail("write") end end
    end
    assert.same({ nil, "disk error" }, { box:put{ "b", "c", "d" } })
    disk.on_step, disk.failing = nil, {}
    assert.same({ 1, 1 }, { box:range() })
    assert.same({ true, 2 }, { box:put("e") })
    assert.same({ "e", 2 }, { box:peek(2) })
  end)

  it("is the same after it was closed and opened, and the given id is that of a new one",
    function()
      local disk = new_disk()
      local box = on_disk{ disk = disk:mount(), id = "first-id" }
      box:put{ "a", "b", "c" }
      box:release(1)
      box:close()
      box = on_disk{ disk = disk:mount(), id = "other-id" }
      assert.equal("first-id", box:id())
      assert.same({ 2, 3 }, { box:range() })
      assert.same({ "b", 2 }, { box:peek() })
      assert.same({ true, 4 }, { box:put("d") })
    end)
end)

describe("puts of several tasks", function()
  local function open_and_count(options)
    local disk = new_disk()
    options.disk = disk:mount()
    local box = on_disk(options)
    return box, function() return disk.counts.sync end, disk
  end

  it("share one sync, in the order of the puts", function()
    run_virtually(function(clock)
      local box, syncs = open_and_count{ group = 0.5 }
      local before, start, tasks = syncs(), clock:now(), {}
      for i = 1, 20 do
        tasks[i] = bc260y.spawn(function() return box:put("record " .. i) end)
      end
      for i = 1, 20 do assert.same({ true, i }, { tasks[i]:wait() }) end
      assert.equal(before + 1, syncs())
      assert.equal(1, box:stats().commits)
      assert.near(0.5, clock:now() - start, 1e-3)
      assert.same({ "record 7", 7 }, { box:peek(7) })
    end)
  end)

  it("wait no longer than the first may, and the next group begins anew", function()
    run_virtually(function(clock)
      local box, syncs = open_and_count{ group = 1 }
      local start, ended, before = clock:now(), {}, syncs()
      local tasks = {}
      for i, at in ipairs{ 0, 0.9, 1.1 } do
        tasks[i] = bc260y.spawn(function()
          bc260y.sleep(at)
          assert(box:put("x"))
          ended[i] = clock:now() - start
        end)
      end
      for i = 1, 3 do tasks[i]:wait() end
      for i, at in ipairs{ 1, 1, 2.1 } do assert.near(at, ended[i], 1e-2) end
      assert.equal(before + 2, syncs())
    end)
  end)

  it("are not seen before they are durable", function()
    run_virtually(function()
      local box = open_and_count{ group = 1 }
      local task = bc260y.spawn(function() return box:put("x") end)
      bc260y.sleep(0.5)
      assert.same({ nil, "empty" }, { box:peek() })
      assert.same({ 1, 0 }, { box:range() })
      assert.same({ true, 1 }, { task:wait() })
      assert.same({ "x", 1 }, { box:peek() })
    end)
  end)

  it("fail all when the sync fails, and the next succeed", function()
    run_virtually(function()
      local box, _, disk = open_and_count{ group = 0.1 }
      disk:fail("sync")
      local one = bc260y.spawn(function() return box:put("a") end)
      local two = bc260y.spawn(function() return box:put{ "b", "c" } end)
      assert.same({ nil, "disk error" }, { one:wait() })
      assert.same({ nil, "disk error" }, { two:wait() })
      assert.same({ true, 1 }, { box:put("d") })
      assert.same({ "d", 1 }, { box:peek() })
    end)
  end)

  it("fail alone when one of them has a record that is too long", function()
    run_virtually(function()
      local box = open_and_count{ group = 0.1, record_max = 4 }
      local tasks = {}
      for i, records in ipairs{ "a", { "b", "c", "12345" }, { "d", "e" }, "12345", "f" } do
        tasks[i] = bc260y.spawn(function() return box:put(records) end)
      end
      assert.same({ true, 1 }, { tasks[1]:wait() })
      assert.same({ nil, "too long" }, { tasks[2]:wait() })
      assert.same({ true, 3 }, { tasks[3]:wait() })
      assert.same({ nil, "too long" }, { tasks[4]:wait() })
      assert.same({ true, 4 }, { tasks[5]:wait() })
      local all = {}
      for sequence = 1, 4 do all[sequence] = box:peek(sequence) end
      assert.same({ "a", "d", "e", "f" }, all)
    end)
  end)

  it("wait no longer once they are many bytes", function()
    run_virtually(function(clock)
      local box = open_and_count{ group = 60 }
      local start, tasks = clock:now(), {}
      for i = 1, 17 do
        tasks[i] = bc260y.spawn(function() return box:put(("x"):rep(4000)) end)
      end
      for i = 1, 17 do assert.is_true((tasks[i]:wait())) end
      assert.equal(start, clock:now())
    end)
  end)

  it("are written when the outbox is closed", function()
    run_virtually(function()
      local box, _, disk = open_and_count{ group = 60 }
      local task = bc260y.spawn(function() return box:put("x") end)
      bc260y.sleep(0)
      box:close()
      assert.same({ true, 1 }, { task:wait() })
      assert.equal("x", (on_disk{ disk = disk:mount() }:peek()))
    end)
  end)

  it("sync at once outside a loop, also those that a loop has left behind", function()
    local box, syncs = open_and_count{ group = 60 }
    bc260y.run(function()
      bc260y.spawn(function() box:put("left behind") end)
      bc260y.sleep(0)
    end)
    assert.same({ 1, 0 }, { box:range() })
    local before = syncs()
    assert.same({ true, 2 }, { box:put("now") })
    assert.equal(before + 1, syncs())
    assert.same({ "left behind", 1 }, { box:peek() })
  end)

  it("go on in a new loop after one that has ended", function()
    local box = open_and_count{ group = 0.1 }
    bc260y.run(function()
      bc260y.spawn(function() box:put("left behind") end)
      bc260y.sleep(0)
    end)
    run_virtually(function()
      assert.same({ true, 2 }, { box:put("now") })
    end)
  end)
end)

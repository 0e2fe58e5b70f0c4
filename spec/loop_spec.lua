local bc260y = require "bc260y"
local script = require "spec.support.port"

-- A modem on a port that answers every AT with OK, after `seconds`.
local function open(clock, seconds)
  local port = script.port {
    clock = clock,
    answer = function(port) port:say("\r\nOK\r\n", seconds) end,
  }
  return assert(bc260y.open { port = port }), port
end

describe("bc260y.run", function()
  it("gives its arguments to the function and returns what that returns", function()
    local results = { bc260y.run(function(...) return select("#", ...), ... end, 1, nil, 3) }
    assert.same({ 3, 1, nil, 3 }, results)
    assert.equal(0, select("#", bc260y.run(function() end)))
  end)

  it("raises what the function raises, with a traceback", function()
    local ok, err = pcall(bc260y.run, function() error("spoon") end)
    assert.is_false(ok)
    assert.matches("spoon", err)
    assert.matches("\nstack traceback of the task:\n", err)
  end)

  it("raises where it was called on what is no function, and inside itself", function()
    for _, value in ipairs { 5, "x", {} } do
      local ok, err = pcall(function() bc260y.run(value) end)
      assert.is_false(ok)
      assert.matches("^[^\n]*loop_spec.lua:%d+: function expected, got " .. type(value), err)
    end
    assert.is_false((pcall(bc260y.run)))
    local _, err = pcall(bc260y.run, function() bc260y.run(print) end)
    assert.matches("^[^\n]*loop_spec.lua:%d+: bc260y.run inside bc260y.run", err)
  end)

  it("raises an error that is no string as it is", function()
    local object = {}
    local _, err = pcall(bc260y.run, function() error(object) end)
    assert.equal(object, err)
  end)

  it("raises at once what a spawned task raises", function()
    local ok, err = pcall(bc260y.run, function()
      bc260y.spawn(function() error("fork") end)
      bc260y.sleep(0)
      error("not reached")
    end)
    assert.is_false(ok)
    assert.matches("fork", err)
  end)

  it("returns as soon as its function has returned, and drops the other tasks", function()
    local reached = false
    local result = bc260y.run(function()
      bc260y.spawn(function()
        while true do bc260y.sleep(0) end
      end)
      bc260y.spawn(function()
        bc260y.sleep(3600)
        reached = true
      end)
      bc260y.sleep(0)
      return "done"
    end)
    assert.equal("done", result)
    assert.is_false(reached)
  end)

  it("waits for a task with task:wait, which gives what the task returned", function()
    bc260y.run(function()
      local task = bc260y.spawn(function(a)
        bc260y.sleep(0)
        return a, nil, "c"
      end, "a")
      assert.same({ "a", nil, "c" }, { task:wait() })
      assert.same({ "a", nil, "c" }, { task:wait() })
    end)
  end)

  it("ends task:wait at its timeout", function()
    bc260y.run(function()
      open(script.clock())
      local task = bc260y.spawn(function() bc260y.sleep(10) end)
      assert.same({ nil, "timeout" }, { task:wait(5) })
      task:wait()
    end)
  end)

  it("is not to be nested", function()
    local ok, err = pcall(bc260y.run, function() bc260y.run(function() end) end)
    assert.is_false(ok)
    assert.matches("inside bc260y.run", err)
  end)

  it("says so when nothing is left that could wake a task", function()
    local ok, err = pcall(bc260y.run, function()
      local other
      local function wait() other:wait() end
      local task = bc260y.spawn(wait)
      other = bc260y.spawn(function() task:wait() end)
      other:wait()
    end)
    assert.is_false(ok)
    assert.matches("nothing is left", err)
  end)

  it("runs tasks in the order in which they were spawned", function()
    local order = {}
    bc260y.run(function()
      local last
      for i = 1, 5 do last = bc260y.spawn(function() order[i] = #order + 1 end) end
      last:wait()
    end)
    assert.same({ 1, 2, 3, 4, 5 }, order)
  end)

  it("wakes sleepers in the order of their times, on the clock of a scripted port", function()
    local clock, order = script.clock(), {}
    bc260y.run(function()
      open(clock)
      local tasks = {}
      for i, seconds in ipairs { 5, 1, 4, 2, 3, 1.5, 0 } do
        tasks[i] = bc260y.spawn(function()
          bc260y.sleep(seconds)
          order[#order + 1] = seconds
        end)
      end
      for _, task in ipairs(tasks) do task:wait() end
    end)
    assert.same({ 0, 1, 1.5, 2, 3, 4, 5 }, order)
    assert.equal(1005, clock.time)
  end)

  it("wakes each of many sleepers and waiters at its own time, whoever woke before", function()
    local clock, state, late = script.clock(), 7, {}
    local function random(max)
      state = (state * 16807) % 2147483647
      return state % max + 1
    end
    bc260y.run(function()
      open(clock)
      local tasks = {}
      for i = 1, 300 do
        local seconds, timeout = random(1000) / 8, random(1000) / 8
        local other = i > 1 and tasks[random(i - 1)]
        local stop = clock.time + seconds
        tasks[i] = bc260y.spawn(function()
          bc260y.sleep(seconds)
          if clock.time ~= stop then late[#late + 1] = i end
          if not other then return end
          -- Half of them are woken by a task that ends, the others by their timeout.
          stop = clock.time + timeout
          local _, err = other:wait(timeout)
          if err and clock.time ~= stop or clock.time > stop then late[#late + 1] = i end
        end)
      end
      for _, task in ipairs(tasks) do task:wait() end
    end)
    assert.same({}, late)
  end)

  it("keeps its timers when a modem with another clock is opened meanwhile", function()
    local clock = script.clock(50)
    bc260y.run(function()
      local woken = false
      local task = bc260y.spawn(function()
        bc260y.sleep(3)
        woken = true
      end)
      bc260y.sleep(0)
      local modem = open(clock)
      bc260y.sleep(1)
      assert.is_false(woken)
      task:wait()
      assert.is_true(math.abs(clock.time - 53) < 0.1)
      modem:close()
    end)
  end)

  it("tells a task's own coroutine.yield from its own", function()
    local ok, err = pcall(bc260y.run, function() coroutine.yield("mine") end)
    assert.is_false(ok)
    assert.matches("coroutine.yield", err)
    ok, err = pcall(bc260y.run, function()
      bc260y.spawn(coroutine.yield)
      bc260y.sleep(1)
    end)
    assert.is_false(ok)
    assert.matches("coroutine.yield", err)
  end)

  it("lets a task use its own coroutines for its own purposes", function()
    bc260y.run(function()
      local values = {}
      for value in coroutine.wrap(function()
        coroutine.yield(1)
        coroutine.yield(2)
      end) do values[#values + 1] = value end
      assert.same({ 1, 2 }, values)
    end)
  end)

  it("raises when a coroutine that is no task uses a modem", function()
    bc260y.run(function()
      local modem = open(script.clock())
      local co = coroutine.create(function() return modem:command("AT") end)
      local ok, err = coroutine.resume(co)
      assert.is_false(ok)
      assert.matches("no task of this modem's loop", err)
      assert.same({}, modem:command("AT"))
    end)
  end)

  it("raises when its modem is used after it has ended", function()
    local modem
    bc260y.run(function() modem = open(script.clock()) end)
    local ok, err = pcall(modem.command, modem, "AT")
    assert.is_false(ok)
    assert.matches("has ended", err)
    assert.is_true(modem:close())
    assert.is_true(modem:close())
  end)

  it("works on after a call that could not yield, which raised", function()
    bc260y.run(function()
      local modem = open(script.clock(), 1)
      bc260y.spawn(function() -- somebody else has something to do
        while true do bc260y.sleep(0.1) end
      end)
      bc260y.sleep(0)
      local ok, err = pcall(string.gsub, "x", "x", function() modem:command("AT") end)
      assert.is_false(ok)
      assert.matches("yield", err)
      for _ = 1, 3 do assert.same({}, modem:command("AT")) end
    end)
  end)

  it("does not let a call pass only because nobody else had anything to do", function()
    bc260y.run(function()
      local modem = open(script.clock(), 1)
      local ok, err = pcall(string.gsub, "x", "x", function() modem:command("AT") end)
      assert.is_false(ok)
      assert.matches("yield", err)
      assert.same({}, modem:command("AT"))
    end)
  end)

  it("serves several modems that share a clock, each in its own time", function()
    local clock = script.clock()
    local ended = {}
    bc260y.run(function()
      local tasks = {}
      for i, seconds in ipairs { 3, 1, 2 } do
        local modem = open(clock, seconds)
        tasks[i] = bc260y.spawn(function()
          assert.same({}, modem:command("AT"))
          ended[#ended + 1] = { i, clock.time }
        end)
      end
      for _, task in ipairs(tasks) do task:wait() end
    end)
    assert.same({ { 2, 1001 }, { 3, 1002 }, { 1, 1003 } }, ended)
  end)

  it("goes on with the other modems when one is closed or lost", function()
    local clock = script.clock()
    bc260y.run(function()
      local first, second = open(clock, 1), open(clock, 1)
      local third, port = open(clock, 1)
      port:unplug()
      assert.same({ nil, "lost" }, { third:command("AT") })
      first:close()
      assert.same({}, second:command("AT"))
      assert.same({ nil, "closed" }, { first:command("AT") })
    end)
  end)

  it("lets a task that never waits for a port leave the others their turn", function()
    bc260y.run(function()
      local modem = open(script.clock(), 0)
      bc260y.spawn(function()
        while true do bc260y.sleep(0) end
      end)
      for _ = 1, 20 do assert.same({}, modem:command("AT")) end
    end)
  end)
end)

describe("without a loop", function()
  it("bc260y.spawn raises", function()
    assert.has_error(function() bc260y.spawn(print) end, "bc260y.spawn outside bc260y.run")
  end)

  it("bc260y.sleep turns the modems that were opened here meanwhile", function()
    local clock = script.clock()
    local modem, port = open(clock)
    port:say("\r\n+IP: 10.1.2.3\r\n", 2)
    local heard = {}
    modem:on("ip", function(address) heard[1] = address end)
    bc260y.sleep(1)
    assert.same({}, heard)
    bc260y.sleep(1.5)
    assert.same({ "10.1.2.3" }, heard)
    assert.equal(1002.5, clock.time)
    modem:close()
    bc260y.sleep(0)
  end)

  it("a modem works in any coroutine", function()
    local modem = open(script.clock(), 1)
    local co = coroutine.wrap(function() return modem:command("AT") end)
    assert.same({}, co())
    modem:close()
  end)

  it("a modem that nobody has any more is collected, though its coroutine lives", function()
    local modem = open(script.clock())
    local seen = setmetatable({ modem }, { __mode = "v" })
    modem:close()
    modem = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_nil(seen[1])
  end)
end)

describe("bc260y.open", function()
  it("takes a loop by name, so that a task may use a modem that blocks", function()
    bc260y.run(function()
      local port = script.port { answer = function(port) port:reply("OK") end }
      local modem = bc260y.open { port = port, loop = "block" }
      assert.same({}, modem:command("AT"))
      bc260y.sleep(0)
      modem:close()
    end)
  end)

  it("raises what is no option's type", function()
    for _, options in ipairs {
      "x", {}, { port = 1 }, { port = "x", baud = "9600" }, { port = "x", format = "octal" },
      { port = "x", loop = 5 }, { port = "x", trace = 1 }, { port = "x", buffer = "1" },
    } do
      assert.is_false((pcall(bc260y.open, options)))
    end
  end)

  it("says why a device can't be opened", function()
    local modem, err = bc260y.open { port = "/dev/no-such-device" }
    assert.is_nil(modem)
    assert.equal("no device", err)
  end)
end)

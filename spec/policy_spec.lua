-- The decisions of a session: the defaults, a user's own, and what is no decision.

local decide = require("bc260y.session.decide").decide
local default = require "bc260y.policy"
local random = require "bc260y.random"
local script = require "spec.support.port"
local support = require "spec.support.session"

describe("bc260y.random", function()
  it("gives the same numbers for a seed on every Lua", function()
    local want = {
      [1] = { 0.745817686149154, 0.71224992933741, 0.0778569814832152 },
      [-12345.678] = { 0.124382878454656, 0.249963306936846 },
      [2 ^ 60] = { 0.906455601122568, 0.626552116245464 },
      [1e300] = { 0.379015306111565 },
      [0] = { 0.541681287364526 },
    }
    for seed, numbers in pairs(want) do
      local next_number = random.new(seed)
      for _, number in ipairs(numbers) do
        assert.equal(("%.15g"):format(number), ("%.15g"):format(next_number()))
      end
    end
  end)

  it("gives numbers from 0 up to 1, evenly, other ones for another seed", function()
    local seen, sum, least, most = {}, 0, 1, 0
    for seed = 1, 100 do
      local next_number = random.new(seed)
      local first = next_number()
      assert.is_nil(seen[first])
      seen[first] = true
      for _ = 1, 100 do
        local number = next_number()
        least, most = math.min(least, number), math.max(most, number)
        sum = sum + number
      end
    end
    assert.is_true(least >= 0 and least < 0.01 and most > 0.99 and most < 1)
    assert.is_true(math.abs(sum / 10000 - 0.5) < 0.02)
  end)
end)

describe("the default policy", function()
  it("decides what the reference says", function()
    local session = { keepalive_bytes = "frame", policy = {} }
    assert.equal(60, default.idle(session))
    assert.equal("frame", default.keepalive(session))
    assert.is_nil(default.keepalive { policy = {} })
    assert.equal(30, default.first_check(session))
    assert.equal(120, default.second_check(session))
    assert.equal("wake", default.sleeping(session, "DEEPSLEEP"))
    assert.equal("sleep", default.sleeping(session, "PSM"))
    assert.is_nil(default.rai(session))
  end)

  it("waits twice as long after each failure, at most 300 s, half of it by chance", function()
    for _, failures in ipairs { 1, 2, 5, 8, 9, 10, 100, 1e6 } do
      local longest = math.min(300, 2 ^ math.min(failures, 30))
      local least = default.backoff(nil, failures, "closed", nil, function() return 0 end)
      local most = default.backoff(nil, failures, "closed", nil, function() return 1 end)
      assert.equal(longest / 2, least)
      assert.equal(longest, most)
    end
  end)

  it("has a line for each of 550-574, and for each of our own words", function()
    for code = 550, 574 do assert.equal("table", type(default.causes[code])) end
    for _, err in ipairs { "closed", "module reset", "not acknowledged", "send failed",
      "not attached", "timeout", "no response", "torn", "error", "invalid argument" } do
      assert.equal("table", type(default.causes[err]))
    end
    assert.equal("reconnect", default.failed({ policy = {} }, "who knows", nil, 1, 1))
  end)
end)

-- What is no decision, by name: values that a function may return.
local NONSENSE = {
  idle = { 0, -1, 601, "60", true, 0 / 0, {} },
  keepalive = { "", ("x"):rep(513), 5, true, {} },
  first_check = { 0, -1, 1e9, "30", false },
  second_check = { 0, "x", 0 / 0, math.huge },
  backoff = { -1, "1", 0 / 0, math.huge, false },
  failed = { "again", 5, true, {} },
  sleeping = { "doze", 1, true },
  rai = { 3, -1, "1", 0.5, true },
}

-- The same where nil is none either.
local NEEDED = { "idle", "first_check", "second_check", "backoff", "failed", "sleeping" }

script.each_loop(function(how, run)
  -- A session that has to take every decision in the seconds that pass.
  local function live(policy, fn)
    run(function()
      local bench = support.new { profile = "manual", server = { auto_ack = false },
        session = { policy = policy } }
      local session = bench.session
      session.keepalive_bytes = "k"
      session:wait()
      decide(session, "rai")
      bench:pass(61) -- a keepalive, not acknowledged for 150 s
      bench:pass(160)
      session:wait()
      bench.rig.module:sleep("PSM")
      bench:pass(100)
      fn(bench, session)
      bench.modem:close()
    end)
  end

  local function complains(policy, name, what)
    live(policy, function(bench, session)
      local found
      for _, entry in ipairs(bench.log) do
        if entry[1] == "error" then found = found or entry[2] end
      end
      assert.is_truthy(found, "no error was told: policy." .. name)
      assert.is_truthy(found:find("policy." .. name, 1, true), found)
      assert.is_truthy(found:find(what, 1, true), found)
      -- As if it had not been there.
      assert.equal("k", bench:peer(1):text())
      assert.equal(2, session:stats().connections)
      assert.equal("connected", (session:state()))
      assert.is_true(session:stats().policy_errors >= 1)
    end)
  end

  describe("a policy " .. how, function()
    it("that is empty, or the default itself, decides as the default", function()
      for _, policy in ipairs { {}, default } do
        live(policy, function(bench, session)
          assert.equal("k", bench:peer(1):text())
          assert.equal(2, session:stats().connections)
          assert.equal(0, session:stats().policy_errors)
          assert.equal(0, (bench:heard("error")))
        end)
      end
    end)

    for name, values in pairs(NONSENSE) do
      it(("whose %s returns nonsense is told of, and the default counts"):format(name), function()
        for _, value in ipairs(values) do
          complains({ [name] = function() return value end }, name, "returned")
        end
      end)

      it(("whose %s raises or waits is told of, and the default counts"):format(name), function()
        complains({ [name] = function() error("my own fault") end }, name, "my own fault")
        complains({ [name] = function() error({}) end }, name, "raised")
        complains({ [name] = function() coroutine.yield() end }, name, "tried to wait")
        complains({ [name] = function(session) session:wait(1) end }, name, "raised")
      end)
    end

    for _, name in ipairs(NEEDED) do
      it(("whose %s returns nothing is told of, and the default counts"):format(name), function()
        complains({ [name] = function() end }, name, "returned nil")
      end)
    end

    it("is asked with the session, the cause, and how often", function()
      run(function()
        local asked = {}
        local bench = support.new { server = { refuse = 573 }, session = { policy = {
          failed = function(session, err, code, failures, same)
            table.insert(asked, { session:state(), err, code, failures, same })
            return "reconnect"
          end,
          backoff = function(_, failures, err, code, next_number)
            local number = next_number()
            table.insert(asked, { number >= 0 and number < 1, failures, err, code })
            return 10
          end,
        } } }
        bench:pass(9)
        bench.server.refuse = 570
        bench:pass(9)
        assert.same({
          { "connecting", "APN not configured", 573, 1, 1 },
          { true, 1, "APN not configured", 573 },
          { "connecting", "PDP context broken down", 570, 2, 1 },
          { true, 2, "PDP context broken down", 570 },
        }, asked)
        bench.modem:close()
      end)
    end)

    it("may change what is done about one cause", function()
      run(function()
        local bench = support.new { server = { refuse = 573 },
          session = { policy = { causes = { [573] = { stop = 2 } } } } }
        assert.same({ nil, "APN not configured", 573 }, { bench.session:wait(60) })
        assert.equal(1, (bench:heard("waiting")))
        bench.modem:close()
      end)
    end)

    it("of plain values needs no function", function()
      run(function()
        local bench = support.new { session = { policy = { idle = 10, keepalive = "k", rai = 1 } } }
        bench.session:wait()
        assert.equal(1, decide(bench.session, "rai"))
        bench:pass(35)
        assert.equal("kkk", bench:peer():text())
        bench.modem:close()
        bench = support.new { session = { policy = { idle = false, keepalive = "k" } } }
        bench.session:wait()
        bench:pass(3600)
        assert.equal("", bench:peer():text())
        bench.modem:close()
      end)
    end)

    it("waits by the seed: the same for the same, another for another", function()
      local function waits(seed)
        local list = {}
        run(function()
          local bench = support.new { server = { refuse = 566 }, session = { seed = seed } }
          bench:pass(2000)
          for _, entry in ipairs(bench.log) do
            if entry[1] == "waiting" then list[#list + 1] = entry[2] end
          end
          bench.modem:close()
        end)
        return list
      end
      local first = waits(7)
      assert.is_true(#first >= 8)
      assert.same(first, waits(7))
      assert.is_not.same(first, waits(8))
      for failures, seconds in ipairs(first) do
        local longest = math.min(300, 2 ^ failures)
        assert.is_true(seconds >= longest / 2 - 0.001 and seconds <= longest)
      end
    end)

    it("without a seed waits differently each time", function()
      local function first()
        local seconds
        run(function()
          local bench = support.new { session = false, server = { refuse = 566 } }
          local session = bench.modem:session { host = "h", port = 1,
            on = { waiting = function(value) seconds = seconds or value end } }
          bench:pass(1, session)
          bench.modem:close()
        end)
        return seconds
      end
      local one, other = first(), first()
      assert.is_true(one ~= other or one ~= first())
    end)
  end)
end)

-- Manual 4.1.7, 4.1.10 and 4.2: what a session does about bytes that the peer has not
-- acknowledged.

local script = require "spec.support.port"
local support = require "spec.support.session"

local function near(want, got)
  assert.is_true(math.abs(want - got) < 0.3, ("%s expected, got %s"):format(want, got))
end

local function times(commands, since)
  local list = {}
  for i, command in ipairs(commands) do list[i] = math.floor(command.at - since + 0.5) end
  return list
end

script.each_loop(function(how, run)
  local function with(given, fn)
    run(function()
      local bench = support.new(given)
      fn(bench, bench.session)
      bench.modem:close()
    end)
  end

  -- A peer that takes bytes and says nothing of it; and 3 bytes that were just sent.
  local function unanswered(given, fn)
    given.server = { auto_ack = false }
    with(given, function(bench, session)
      session:wait()
      session:send("abc")
      fn(bench, session, bench:now())
    end)
  end

  describe("the check of a session " .. how, function()
    it("asks until two answers agree that all is acknowledged, and no more", function()
      with({}, function(bench, session)
        session:wait()
        local counts = bench:commands("QISEND=0,0")
        local before = bench:now()
        session:send("abc")
        bench:pass(300)
        assert.same({ 1, 2 }, times(counts, before))
        assert.equal(3, (session:connection()).acknowledged)
        assert.equal(0, (bench:heard("check")))
      end)
    end)

    it("asks ever more rarely while nothing moves", function()
      unanswered({}, function(bench, _, before)
        local counts = bench:commands("QISEND=0,0")
        bench:pass(140)
        assert.same({ 1, 3, 7, 15, 31, 61, 91, 121 }, times(counts, before))
      end)
    end)

    it("begins anew with each progress", function()
      unanswered({}, function(bench, session, before)
        local counts = bench:commands("QISEND=0,0")
        bench:after(14, function() bench:peer():ack(1) end)
        bench:after(40, function() bench:peer():ack() end)
        bench:pass(60)
        assert.same({ 1, 3, 7, 15, 16, 17, 19, 23, 31, 47, 48 }, times(counts, before))
        assert.equal(3, (session:connection()).acknowledged)
        bench:pass(3600)
        assert.equal(1, session:stats().connections)
      end)
    end)

    it("finds with its first question a connection that was closed without a word", function()
      with({ timing = { urc = 1e6 } }, function(bench, session)
        session:wait()
        session:send("abc")
        local before = bench:now()
        bench:peer():close()
        bench:pass(3)
        near(1, bench:times_of("disconnected")[1] - before)
        assert.same({ "disconnected", "closed" }, (select(2, bench:heard("disconnected"))))
      end)
    end)

    it("finds it after 30 s where the module's count says nothing of it", function()
      with({ timing = { urc = 1e6 } }, function(bench, session)
        session:wait()
        bench.rig.module:script { match = "QISEND=0,0", times = 100,
          answer = { "+QISEND: 3,0,3", "OK" } }
        session:send("abc")
        local before = bench:now()
        bench:peer():close()
        bench:pass(40)
        near(30, bench:times_of("disconnected")[1] - before)
        assert.same({ "disconnected", "closed" }, (select(2, bench:heard("disconnected"))))
      end)
    end)

    it("believes a `closed` that comes in the first 30 s", function()
      unanswered({}, function(bench, session)
        bench:pass(20)
        bench:peer():close()
        bench:pass(1)
        assert.same({ "waiting", "closed" }, { session:state() })
        assert.equal(0, (bench:heard("check")))
      end)
    end)

    it("after 30 s and 120 s more asks again, closes, and connects anew", function()
      unanswered({}, function(bench, session, before)
        local counts, closes = bench:commands("QISEND=0,0"), bench:commands("QICLOSE=0")
        local states = bench:commands("QISTATE")
        bench:pass(149)
        assert.equal("connected", (session:state()))
        assert.same({ 30 }, times(states, before))
        bench:pass(10)
        assert.equal(150, times(counts, before)[9])
        assert.same({ 150 }, times(closes, before))
        local _, told = bench:heard("disconnected")
        assert.same({ "disconnected", "not acknowledged" }, told)
        assert.same({ "connected", 2 }, (select(2, bench:heard("connected"))))
        assert.is_true(bench:peer(1).closed)
        assert.equal(2, (bench:heard("check")))
        assert.same({ "check", 3, 0 }, (select(2, bench:heard("check"))))
      end)
    end)

    it("keeps a connection that is acknowledged at the last moment", function()
      unanswered({}, function(bench, session)
        bench:after(145, function() bench:peer():ack() end)
        bench:pass(400)
        assert.equal(1, session:stats().connections)
        assert.equal(3, (session:connection()).acknowledged)
      end)
    end)

    it("gives up nothing where its last question had no time", function()
      unanswered({ delay = function(what, text)
        if what == "info" and text:find("QISEND=0,0") then return 2 end
      end }, function(bench, session)
        bench:pass(150.5)
        bench:after(0.5, function() bench:peer():ack() end)
        bench:pass(20)
        assert.equal("connected", (session:state()))
        if how == "without a loop" then assert.equal(1, session:stats().connections) end
      end)
    end)

    it("is taken up by a keepalive whose way the network has forgotten", function()
      with({ traits = { idle_limit = 100 },
        session = { policy = { idle = 600, keepalive = "k" } } }, function(bench, session)
        session:wait()
        local before = bench:now()
        bench:pass(800)
        assert.equal(2, session:stats().connections)
        near(600 + 150, bench:times_of("disconnected")[1] - before)
        assert.equal("", bench:peer(1):text())
      end)
    end)

    it("does not take a count that was wrong once for an acknowledgement", function()
      unanswered({}, function(bench, session)
        bench.rig.module:script { match = "QISEND=0,0", skip = 2,
          answer = { "+QISEND: 3,3,0", "OK" } }
        bench:pass(60)
        assert.equal(0, (session:connection()).acknowledged)
        bench:pass(120)
        assert.equal(2, session:stats().connections)
      end)
    end)

    it("gives up a connection whose counters the module has forgotten", function()
      unanswered({}, function(bench, session)
        bench.rig.module:script { match = "QISEND=0,0", times = 100,
          answer = { "+QISEND: 0,0,0", "OK" } }
        bench:pass(160)
        assert.equal(2, session:stats().connections)
        local _, told = bench:heard("disconnected")
        assert.same({ "disconnected", "not acknowledged" }, told)
      end)
    end)

    it("takes other times from the policy", function()
      local policy = { first_check = function() return 5 end, second_check = 10 }
      unanswered({ session = { policy = policy } }, function(bench, _, before)
        bench:pass(20)
        near(15, bench:times_of("disconnected")[1] - before)
        near(5, bench:times_of("check")[1] - before)
      end)
    end)

    it("asks rarely while data comes and goes, and once it is quiet", function()
      with({ server = { data = function(peer) peer:send("ok") end } }, function(bench, session)
        session:wait()
        local counts = bench:commands("QISEND=0,0")
        for _ = 1, 60 do
          session:send("x")
          bench:pass(0.5)
        end
        assert.is_true(#counts >= 2 and #counts <= 6)
        bench:pass(20)
        assert.equal(60, (session:connection()).acknowledged)
      end)
    end)

    it("counts no time in which the module is let sleep, and goes on afterwards", function()
      unanswered({ profile = "manual",
        session = { policy = { sleeping = "sleep", keepalive = "k" } } }, function(bench, session)
        bench:pass(10)
        bench.rig.module:sleep("DEEPSLEEP")
        local commands = bench:commands("")
        bench:pass(3000)
        assert.same({}, commands)
        bench.rig.module:page()
        bench:pass(70)
        assert.equal("connected", (session:state()))
        bench:pass(160)
        assert.equal(2, session:stats().connections)
      end)
    end)

    it("wakes a module in deep sleep for a keepalive, and lets one in PSM sleep", function()
      with({ profile = "manual", session = { policy = { keepalive = "k" } } },
        function(bench, session)
        session:wait()
        bench.rig.module:sleep("DEEPSLEEP")
        bench:pass(70)
        assert.equal("k", bench:peer():text())
        bench.rig.module:sleep("PSM")
        bench:pass(7000)
        assert.equal("k", bench:peer():text())
        session:send("x")
        bench:pass(100)
        assert.equal("kxk", bench:peer():text())
      end)
    end)

    it("makes a connection anew that sleep has taken away", function()
      with({ profile = "R01" }, function(bench, session)
        session:wait()
        bench.rig.module:sleep("DEEPSLEEP")
        bench:pass(100)
        bench.rig.module:page()
        bench:pass(10)
        assert.equal(2, session:stats().connections)
        assert.is_true(session:send("x"))
        assert.equal("x", bench:peer(2):text())
      end)
    end)
  end)
end)

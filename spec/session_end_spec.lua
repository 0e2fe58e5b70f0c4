-- How a session's calls end, how it comes to its end, and what differs with and without a loop.

local bc260y = require "bc260y"
local script = require "spec.support.port"
local support = require "spec.support.session"

local function near(want, got)
  assert.is_true(math.abs(want - got) < 0.2, ("%s expected, got %s"):format(want, got))
end

script.each_loop(function(how, run)
  local function with(given, fn)
    run(function()
      local bench = support.new(given)
      fn(bench, bench.session)
      bench.modem:close()
    end)
  end

  describe("a session " .. how, function()
    it("ends each call by its deadline while nothing answers", function()
      with({ server = { silent = true } }, function(bench, session)
        for _, fn in ipairs {
          function() return session:wait(3) end,
          function() return session:send("x", { timeout = 3 }) end,
          function() return session:receive("*l", 3) end,
          function() return session:connection(bench:now() + 3) end,
        } do
          local before = bench:now()
          local ok, err = fn()
          assert.is_nil(ok)
          assert.equal("timeout", err)
          near(3, bench:now() - before)
        end
        local before = bench:now()
        session:pause({ done = false }, before + 3)
        session:pause({ done = false }, before + 3)
        assert.is_true(bench:now() - before < 3.2)
      end)
    end)

    it("connects in calls that are each shorter than the connect", function()
      with({ boot = true, delay = function(what, text)
        if what == "second" and text:find("QIOPEN") then return 7 end
      end }, function(bench, session)
        local calls = 0
        repeat
          calls = calls + 1
          local ok = session:wait(2)
        until ok or calls == 40
        assert.is_true(calls < 20)
        assert.equal(0, session:stats().failures)
        assert.equal(1, #bench.rig.net.peers)
        assert.is_true(session:send("x"))
      end)
    end)

    it("takes it for no failure that a call was shorter than the attach", function()
      with({ session = false }, function(bench)
        bench.rig.module:network(false)
        local session = bench:make()
        for _ = 1, 5 do
          assert.same({ nil, "timeout" }, { session:wait(3) })
          assert.equal("connecting", (session:state()))
        end
        bench.rig.module:network(true)
        assert.is_true(session:wait(60))
        assert.equal(0, session:stats().failures)
      end)
    end)

    it("closes with CLOSE OK in every state, and only once", function()
      local function closes(bench, session)
        assert.is_true(session:close())
        assert.is_true(session:close { flush = 5 })
        assert.equal("closed", (session:state()))
        assert.same({ nil, "closed" }, { session:wait() })
        assert.same({ nil, "closed" }, { session:send("x") })
        assert.equal("closed", (select(2, session:receive())))
        bench:pass(200)
        assert.same({}, bench.modem:sockets())
        assert.equal(0, (bench:heard("stopped")))
      end
      with({ boot = true }, closes)
      with({ boot = true }, function(bench, session)
        bench:pass(1)
        closes(bench, session)
      end)
      with({ server = { silent = true } }, function(bench, session)
        session:wait(5)
        assert.equal("connecting", (session:state()))
        closes(bench, session)
      end)
      with({ server = { refuse = 566 } }, function(bench, session)
        bench:pass(1)
        assert.equal("waiting", (session:state()))
        closes(bench, session)
      end)
      with({}, function(bench, session)
        session:wait()
        closes(bench, session)
        assert.is_true(bench:peer():text() == "" and bench:peer().closed)
      end)
    end)

    it("closed while it connects or attaches leaves nothing open, and stays closed", function()
      with({ delay = function(what, text)
        if what == "second" and text:find("QIOPEN") then return 7 end
      end }, function(bench, session)
        session:wait(2)
        session:close()
        collectgarbage("stop")
        bench:pass(10)
        collectgarbage("restart")
        assert.is_true(bench:peer().closed)
        assert.equal("closed", (session:state()))
      end)
      with({}, function(bench, session)
        session:close()
        bench.rig.module:network(false)
        session = bench:make()
        session:wait(1)
        session:close()
        bench:pass(400, session)
        assert.equal("closed", (session:state()))
      end)
    end)

    it("closes at once after a call that had no time", function()
      with({}, function(bench, session)
        session:wait()
        session:receive("*l", 0)
        session:close()
        assert.is_true(bench:peer().closed)
      end)
    end)

    it("closes when what it has sent is acknowledged, or says what is not", function()
      with({ server = { auto_ack = false } }, function(bench, session)
        session:send("abc")
        bench:after(3, function() bench:peer():ack() end)
        assert.is_true(session:close { flush = 60 })
      end)
      with({ server = { auto_ack = false } }, function(_, session)
        session:send("abc")
        assert.same({ nil, "not acknowledged", 3 }, { session:close { flush = 5 } })
      end)
    end)

    it("ends without waiting where its variable goes out of scope", function()
      with({}, function(bench, session)
        session:wait()
        getmetatable(session).__close(session)
        assert.equal("closed", (session:state()))
        bench:pass(1)
        assert.same({}, bench.modem:sockets())
        assert.is_true(bench:peer().closed)
      end)
    end)

    it("stops for good with the modem", function()
      with({}, function(bench, session)
        session:wait()
        bench.modem:close()
        if how == "in bc260y.run" then bc260y.sleep(0) end
        assert.same({ nil, "closed" }, { session:wait() })
        assert.same({ "stopped", "closed" }, { session:state() })
        assert.is_true(session:close())
      end)
    end)

    it("keeps two on one modem, each for itself", function()
      with({}, function(bench, first)
        bench.rig.net:listen("TCP", "10.0.0.1", 2, {})
        local second = bench:make { port = 2 }
        assert.is_true(first:send("one"))
        assert.is_true(second:send("two"))
        assert.equal("one", bench:peer(1):text())
        bench:peer(1):close()
        bench:pass(10)
        bench:pass(10, second)
        assert.equal(1, second:stats().connections)
        assert.equal("two", bench:peer(2):text())
        bench.rig.module:reset()
        bench:pass(30)
        bench:pass(30, second)
        assert.is_true(first:wait(60))
        assert.is_true(second:wait(60))
        first:close()
        assert.is_true(second:send("three"))
      end)
    end)
  end)
end)

describe("a session in bc260y.run", function()
  it("goes on by itself while the program sleeps", function()
    bc260y.run(function()
      local bench = support.new { session = { policy = { keepalive = "k" } } }
      bc260y.sleep(200)
      assert.equal("kkk", bench:peer():text())
      bench:peer():close()
      bc260y.sleep(10)
      assert.equal(2, #bench.rig.net.peers)
      bench.modem:close()
    end)
  end)

  it("stops with the port, and wakes whoever waits", function()
    bc260y.run(function()
      local bench = support.new { server = { refuse = 566 },
        session = { policy = { backoff = 3600 } } }
      local task = bc260y.spawn(bench.session.wait, bench.session)
      bc260y.sleep(1)
      bench.modem.pump:lose("lost")
      assert.same({ nil, "lost" }, { task:wait() })
      assert.same({ "stopped", "lost" }, { bench.session:state() })
      bc260y.sleep(0)
      assert.same({ "stopped", "lost" }, (select(2, bench:heard("stopped"))))
    end)
  end)

  it("tells no next try when the port is lost in the midst of one", function()
    bc260y.run(function()
      local bench = support.new { boot = true }
      bc260y.sleep(0.01)
      bench.modem.pump:lose("lost")
      assert.same({ nil, "lost" }, { bench.session:wait() })
      bc260y.sleep(0)
      assert.same({ { "stopped", "lost" } }, bench.log)
    end)
  end)

  it("keeps a connection where nothing of a message could be sent in time", function()
    bc260y.run(function()
      local bench = support.new { delay = function(what, text)
        if what == "final" and text:find("CSQ") then return 4 end
      end }
      local session = bench.session
      session:wait()
      local task = bc260y.spawn(bench.modem.command, bench.modem, "AT+CSQ")
      bc260y.sleep(0.1)
      assert.same({ nil, "timeout" }, { session:send("x", { timeout = 1 }) })
      task:wait()
      assert.is_true(session:send("y"))
      assert.equal("y", bench:peer():text())
      assert.equal(1, session:stats().connections)
      assert.equal(0, #session.waiters)
      bench.modem:close()
    end)
  end)

  it("does not take what an ended connection says for the next one's", function()
    bc260y.run(function()
      local bench = support.new { delay = function(what, text)
        if what == "info" and text:find("QISEND=0,0") then return 3 end
      end }
      local session = bench.session
      session:send("abc")
      local task = bc260y.spawn(session.look, session)
      bc260y.sleep(0.1)
      session:fail((session:connection()), "torn")
      assert.same({ nil, "closed" }, { task:wait() })
      bench.modem:close()
    end)
  end)

  it("lets no message go into the midst of one that waits for room", function()
    bc260y.run(function()
      local bench = support.new { traits = { tx_buffer = 600 }, server = { auto_ack = false } }
      local session = bench.session
      session:wait()
      local first = bc260y.spawn(session.send, session, ("a"):rep(1024))
      bc260y.sleep(2)
      local second = bc260y.spawn(session.send, session, "b")
      bc260y.sleep(2)
      bench:peer():ack()
      assert.is_true(first:wait())
      bench:peer():ack()
      assert.is_true(second:wait())
      assert.equal(("a"):rep(1024) .. "b", bench:peer():text())
      bench.modem:close()
    end)
  end)

  it("wakes whoever sends, receives and waits when it is closed", function()
    bc260y.run(function()
      local bench = support.new { server = { silent = true } }
      local session = bench.session
      local tasks = {
        bc260y.spawn(session.wait, session),
        bc260y.spawn(session.send, session, "x"),
        bc260y.spawn(session.receive, session),
      }
      bc260y.sleep(1)
      session:close()
      for _, task in ipairs(tasks) do
        assert.equal("closed", (select(2, task:wait(1))))
      end
      bench.modem:close()
    end)
  end)

  it("lets a user's message wait while a frame is half sent", function()
    bc260y.run(function()
      local bench = support.new()
      local session = bench.session
      session:wait()
      session.held = true
      assert.same({ nil, "busy" }, { session:send("x", { timeout = 1 }) })
      local task = bc260y.spawn(session.send, session, "y")
      bc260y.sleep(1)
      assert.equal("", bench:peer():text())
      session.held = false
      assert.is_true(task:wait(1))
      assert.equal("y", bench:peer():text())
      bench.modem:close()
    end)
  end)

  it("gives a queue of events that ends with it", function()
    bc260y.run(function()
      local bench = support.new()
      local queue = bench.session:on("connected")
      assert.equal(1, queue:wait(60))
      bench.session:close()
      assert.same({ nil, "closed" }, { queue:wait() })
      bench.modem:close()
    end)
  end)

  it("allows one reader", function()
    bc260y.run(function()
      local bench = support.new()
      bc260y.spawn(bench.session.receive, bench.session)
      bc260y.sleep(1)
      assert.is_false((pcall(bench.session.receive, bench.session)))
      bench.modem:close()
    end)
  end)

  it("raises outside its loop", function()
    local session
    bc260y.run(function() session = support.new().session end)
    assert.is_false((pcall(session.wait, session, 1)))
    assert.is_false((pcall(session.send, session, "x")))
  end)
end)

describe("a session without a loop", function()
  it("that nobody keeps has its socket closed, and keeps nothing alive", function()
    local bench = support.new()
    bench.session:wait()
    local weak = setmetatable({ bench.session, bench.modem }, { __mode = "v" })
    bench.session = nil
    for _ = 1, 3 do collectgarbage() end
    assert.is_nil(weak[1])
    bench.modem:wait("nothing", 1)
    assert.is_true(bench:peer().closed)
    bench.modem = nil
    for _ = 1, 3 do collectgarbage() end
    assert.is_nil(weak[2])
  end)

  it("that nobody keeps while it connects leaves nothing open", function()
    local bench = support.new { delay = function(what, text)
      if what == "second" and text:find("QIOPEN") then return 7 end
    end }
    assert.same({ nil, "timeout" }, { bench.session:wait(2) })
    bench.session = nil
    for _ = 1, 3 do collectgarbage() end
    bench.modem:wait("nothing", 10)
    for _ = 1, 3 do collectgarbage() end
    bench.modem:wait("nothing", 1)
    assert.is_true(bench:peer().closed)
    assert.same({}, bench.modem:sockets())
    bench.modem:close()
  end)

  it("finds a connect ended that went on between its calls", function()
    local bench = support.new { delay = function(what, text)
      if what == "second" and text:find("QIOPEN") then return 7 end
    end }
    assert.same({ nil, "timeout" }, { bench.session:wait(2) })
    bench.modem:wait("nothing", 10)
    assert.is_true(bench.session:wait(0.1))
    assert.equal(1, #bench.rig.net.peers)
    bench.modem:close()
  end)

  it("runs no hook within a step, and goes on after a pin that raises", function()
    local bench = support.new { boot = true }
    local commands = bench:commands("ATE0")
    bench.modem:on("+CFUN", function() bench.session:wait(30) end)
    assert.is_true(bench.session:wait(60))
    assert.equal(1, #commands)
    bench.modem:close()
    local pins = 0
    bench = support.new { session = false, modem = { hard_reset = function()
      pins = pins + 1
      error("the pin is stuck")
    end } }
    bench.rig.module.input = function() end
    local session = bench:make()
    for _ = 1, 2 do
      assert.is_false((pcall(session.wait, session, 100)))
    end
    assert.equal(2, pins)
    assert.is_false(bench.modem.hooks.running)
    bench.modem:close()
  end)

  it("runs hooks between its steps, where they may use it", function()
    local answers = {}
    local bench = support.new { session = { on = { disconnected = function() end } } }
    local session = bench.session
    session:on("connected", function() table.insert(answers, (session:send("hello"))) end)
    bench.modem:on("reset", function() table.insert(answers, (session:wait(60))) end)
    session:wait()
    assert.equal("hello", bench:peer():text())
    bench.rig.module:reset()
    bench:pass(60)
    assert.same({ true, true, true }, answers)
    assert.equal("hello", bench:peer():text())
    bench.modem:close()
  end)
end)

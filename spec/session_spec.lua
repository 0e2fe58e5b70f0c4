-- A session: connects, sends, receives, keeps alive, and comes to its end.

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
    it("attaches a module that boots, connects, and tells so", function()
      with({ boot = true }, function(bench, session)
        assert.is_true(session:wait(60))
        assert.equal("connected", (session:state()))
        bench:pass(1)
        assert.same({ { "connected", 1 } }, bench.log)
        assert.is_true(session:send("hello"))
        assert.equal("hello", bench:peer():text())
      end)
    end)

    it("sends and receives as a TCP socket does", function()
      with({ server = { data = function(peer, bytes) peer:send(bytes .. "\n") end } },
        function(_, session)
          assert.is_true(session:send("one", { timeout = 30, rai = 0 }))
          assert.equal("one", session:receive("*l", 10))
          session:send("12345")
          assert.equal("12", session:receive(2))
          assert.equal("345\n", session:receive(4))
          assert.same({ nil, "timeout", "" }, { session:receive("*l", 5) })
          session:send("x")
          assert.same({ nil, "timeout", "x\n" }, { session:receive(10, 5) })
        end)
    end)

    it("receives a line that comes in pieces over minutes, and keeps alive meanwhile", function()
      with({ session = { policy = { keepalive = "k" } } }, function(bench, session)
        session:wait()
        for i, piece in ipairs { "a", "b", "c\nd" } do
          bench:after(i * 100, function() bench:peer():send(piece) end)
        end
        assert.equal("abc", session:receive("*l", 400))
        assert.equal("kkk", bench:peer():text())
        assert.equal("d", session:receive(1, 0))
      end)
    end)

    it("tells a reader the end of a connection once, with what there was", function()
      with({}, function(bench, session)
        session:wait()
        bench:after(1, function() bench:peer():send("half") end)
        bench:after(2, function() bench:peer():close() end)
        assert.same({ nil, "closed", "half" }, { session:receive("*l", 60) })
        bench:after(20, function() bench:peer():send("whole\n") end)
        assert.equal("whole", session:receive("*l", 60))
        assert.equal(2, (bench:heard("connected")))
      end)
    end)

    it("gives what came with the end of the connection", function()
      with({}, function(bench, session)
        session:wait()
        bench:peer():send("bye\n")
        bench:peer():close()
        bench:pass(0.5)
        assert.equal("waiting", (session:state()))
        assert.equal("bye", session:receive("*l", 1))
        assert.same({ nil, "closed", "" }, { session:receive("*l", 1) })
      end)
    end)

    it("sends a keepalive after so much silence, and none while something goes", function()
      with({ session = { policy = { idle = 50, keepalive = function() return "k" end } } },
        function(bench, session)
          session:wait()
          bench:pass(40)
          session:send("x")
          bench:pass(40)
          bench:peer():send("y")
          bench:pass(49)
          assert.equal("x", bench:peer():text())
          bench:pass(2)
          assert.equal("xk", bench:peer():text())
          bench:pass(140)
          assert.equal("xkkk", bench:peer():text())
          assert.equal(3, session:stats().keepalives)
          assert.same({ "keepalive", 1 }, select(2, bench:heard("keepalive")))
        end)
    end)

    it("without anything to send keeps silent for a day", function()
      with({}, function(bench, session)
        session:wait()
        local commands = bench:commands("")
        bench:pass(86400)
        assert.same({}, commands)
        assert.equal("connected", (session:state()))
      end)
    end)

    it("sends no keepalive into the midst of a frame", function()
      with({ session = { policy = { keepalive = "k" } } }, function(bench, session)
        session:wait()
        session.held = true
        bench:pass(100)
        assert.equal("", bench:peer():text())
        session.held = false
        bench:pass(2)
        assert.equal("k", bench:peer():text())
      end)
    end)

    it("never takes a message for the keepalive that is still on its way", function()
      with({ session = { policy = { idle = 10, keepalive = "k" } }, delay = function(what, text)
        if what == "second" and text:find("QISEND=0,1$") then return 3 end
      end }, function(bench, session)
        session:wait()
        bench:pass(11)
        assert.is_true(session:send("k"))
        assert.equal("kk", bench:peer():text())
      end)
    end)

    it("tells of keepalive bytes that the data format can't carry, and goes on", function()
      with({ modem = { format = "text" }, session = { policy = { keepalive = "\n" } } },
        function(bench, session)
          session:wait()
          bench:pass(130)
          assert.equal(2, (bench:heard("error")))
          assert.is_truthy(select(2, bench:heard("error"))[2]:find("keepalive", 1, true))
          assert.equal("connected", (session:state()))
        end)
    end)

    it("connects again after the server has closed", function()
      with({}, function(bench, session)
        for number = 1, 5 do
          session:wait()
          session:send("x")
          bench:pass(5)
          assert.equal(number, session:stats().connections)
          bench:peer():close()
          bench:pass(0.5)
          assert.equal("waiting", (session:state()))
        end
        for _, entry in ipairs(bench.log) do
          if entry[1] == "waiting" then assert.is_true(entry[2] >= 1 and entry[2] <= 2) end
        end
      end)
    end)

    it("sends all on one connection, and nothing again by itself", function()
      with({ server = { auto_ack = false } }, function(bench, session)
        session:wait()
        bench.rig.module:script { match = "QISEND=0,512", skip = 1, reset = true }
        assert.same({ nil, "closed" }, { session:send(("x"):rep(2000)) })
        assert.is_true(session:wait(60))
        bench:pass(20)
        assert.equal(512, #bench:peer(1):text())
        assert.equal("", bench:peer(2):text())
        assert.is_true(session:send("y"))
        assert.equal("y", bench:peer(2):text())
      end)
    end)

    it("gives up a connection on which a message stopped half way", function()
      with({ delay = function(what, text)
        if what == "second" and text:find("QISEND=0,512") then return 3 end
      end }, function(bench, session)
        session:wait()
        local before = bench:now()
        assert.same({ nil, "timeout" }, { session:send(("x"):rep(2000), { timeout = 5 }) })
        near(5, bench:now() - before)
        assert.is_true(session:wait(60))
        assert.equal(2, session:stats().connections)
        assert.equal("", bench:peer(2):text())
      end)
    end)

    it("waits for acknowledgements where the module has no room for more", function()
      local given = { traits = { tx_buffer = 1000 }, server = { auto_ack = false } }
      with(given, function(bench, session)
        for i = 1, 20 do bench:after(i * 3, function() bench:peer():ack(300) end) end
        assert.is_true(session:send(("x"):rep(4000)))
        assert.equal(4000, #bench:peer():text())
        assert.equal(1, session:stats().connections)
      end)
      with(given, function(bench, session)
        assert.same({ nil, "timeout" }, { session:send(("x"):rep(4000), { timeout = 10 }) })
        assert.same({ nil, "closed" }, { session:send(("x"):rep(4000)) })
        assert.is_true(bench:now() < 50)
      end)
    end)

    it("refuses what the format can't carry, and keeps the connection", function()
      with({ modem = { format = "text" } }, function(_, session)
        assert.same({ nil, "invalid argument", "data" }, { session:send("\1") })
        assert.equal("connected", (session:state()))
        assert.is_true(session:send("ok"))
      end)
    end)

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

    it("asks for acknowledgements now, and leaves a stale connection's failure alone", function()
      with({}, function(bench, session)
        local sock, number = session:connection()
        assert.equal(1, number)
        session:send("abc")
        assert.equal(0, session:look())
        assert.equal(3, session:look())
        session:fail(sock, "torn")
        session:fail(sock, "torn")
        assert.same({ nil, "closed" }, { session:look() })
        local again, second = session:connection()
        assert.equal(2, second)
        session:fail(sock, "torn")
        assert.equal(again, (session:connection()))
        assert.equal(1, (bench:heard("disconnected")))
      end)
    end)

    it("pauses until something has changed since the last pause", function()
      with({}, function(bench, session)
        session:connection()
        session:pause({ done = false }, bench:now())
        local before = bench:now()
        bench:after(5, function() bench:peer():send("x") end)
        session:pause({ done = false }, before + 60)
        near(5, bench:now() - before)
        session:pause({ done = false }, before + 20)
        near(20, bench:now() - before)
        bench:peer():send("y")
        bc260y.sleep(3)
        session:pause({ done = false }, before + 60)
        near(23, bench:now() - before)
        session:pause({ done = true }, before + 60)
        near(23, bench:now() - before)
        bench:after(1, function() bench:peer():close() end)
        session:pause({ done = false }, before + 60)
        near(24, bench:now() - before)
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

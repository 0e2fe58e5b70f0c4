-- What a session does about each cause of failure, one by one, with the policy that there
-- is by default.

local bc260y = require "bc260y"
local script = require "spec.support.port"
local support = require "spec.support.session"

local function near(want, got, margin)
  assert.is_true(math.abs(want - got) < (margin or 0.3), ("%s expected, got %s"):format(want, got))
end

-- The manual's codes: in which failure in a row the session first attaches, restarts the
-- module, and gives up. 556, 566 and 574 are the same without a fixed local port.
local CODES = {
  [550] = { attach = 4, restart = 8 },
  [551] = { attach = 4, restart = 8 },
  [552] = { stop = 10 },
  [553] = { restart = 2 },
  [554] = { restart = 2 },
  [555] = { stop = 10 },
  [556] = { attach = 4, restart = 8 },
  [557] = { attach = 4, restart = 8 },
  [558] = { attach = 4, restart = 8 },
  [559] = { attach = 4, restart = 8 },
  [560] = { attach = 4, restart = 8 },
  [561] = { attach = 1, restart = 6 },
  [562] = { attach = 1, restart = 6 },
  [563] = { attach = 1, restart = 4 },
  [564] = { attach = 4, restart = 8 },
  [565] = { attach = 4, restart = 8 },
  [566] = { attach = 4, restart = 8 },
  [567] = { attach = 4, restart = 8 },
  [568] = { restart = 5 },
  [569] = { attach = 4, restart = 8 },
  [570] = { attach = 1, restart = 6 },
  [571] = { attach = 4, restart = 8 },
  [572] = { attach = 4, restart = 8 },
  [573] = { attach = 1, restart = 6 },
  [574] = { attach = 4, restart = 8 },
}

-- The failure in a row after which the session first did that.
local function first_after(bench, commands)
  local at = commands[1] and commands[1].at
  if not at then return nil end
  local count = 0
  for _, time in ipairs(bench:times_of("waiting")) do
    if time < at then count = count + 1 end
  end
  return count
end

script.each_loop(function(how, run)
  local function with(given, fn)
    run(function()
      local bench = support.new(given)
      fn(bench, bench.session)
      bench.modem:close()
    end)
  end

  describe("a session " .. how .. ", after", function()
    for code = 550, 574 do
      local want, words = CODES[code], bc260y.errors[code]
      it(("%d, %s, does what helps against it, ever more rarely"):format(code, words), function()
        with({ server = { refuse = code }, session = false }, function(bench)
          bench.modem:attach()
          local attaches, restarts = bench:commands("^AT%+CEREG%?"), bench:commands("QRST")
          bench.session = bench:make()
          local opens = bench:commands("QIOPEN")
          bench:pass(want.stop and 2400 or 800)
          -- A restart is followed by an attach.
          assert.equal(want.attach or want.restart, first_after(bench, attaches))
          assert.equal(want.restart, first_after(bench, restarts))
          if want.stop then assert.equal(want.stop - 1, (bench:heard("waiting"))) end
          local _, told = bench:heard(want.stop and "stopped" or "waiting")
          assert.equal(words, told[want.stop and 2 or 3])
          assert.equal(code, told[want.stop and 3 or 4])
          assert.is_true(#opens <= 22)
        end)
      end)
    end

    it("a name that is not found, connects as soon as it is", function()
      with({ names = { h = 565 } }, function(bench, session)
        bench:pass(100)
        assert.same({ "waiting", "DNS parse failed", 565 }, { session:state() })
        bench.rig.module.names.h = "10.0.0.1"
        assert.is_true(session:wait(200))
      end)
    end)

    it("a minute of silence on an open, tries again", function()
      with({ server = { silent = true } }, function(bench, session)
        bench:pass(61)
        assert.same({ "waiting", "Operation timeout", 569 }, { session:state() })
        bench.server.silent = false
        assert.is_true(session:wait(10))
      end)
    end)

    it("the module's restart, attaches and connects anew", function()
      with({}, function(bench, session)
        session:wait()
        for _ = 1, 3 do
          bench:after(20, function() bench.rig.module:reset() end)
          bench:pass(60)
          assert.equal("connected", (session:state()))
        end
        assert.same({ "disconnected", "module reset" }, (select(2, bench:heard("disconnected"))))
      end)
    end)

    it("a restart in the midst of an open, does the same", function()
      with({}, function(bench, session)
        bench.rig.module:script { match = "QIOPEN", reset = true, times = 3 }
        assert.is_true(session:wait(120))
        assert.equal(3, (bench:heard("waiting")))
      end)
    end)

    it("SEND FAIL, gives the connection up, and the message with it", function()
      with({}, function(bench, session)
        session:wait()
        bench.rig.module:script { match = "QISEND=0,3", second = "SEND FAIL" }
        assert.same({ nil, "closed" }, { session:send("abc") })
        bench:pass(0.1)
        assert.same({ "disconnected", "send failed" }, (select(2, bench:heard("disconnected"))))
        assert.is_true(session:wait(10))
      end)
    end)

    it("SEND FAIL of a keepalive, too", function()
      with({ session = { policy = { keepalive = "k" } } }, function(bench, session)
        session:wait()
        bench.rig.module:script { match = "QISEND=0,1", second = "SEND FAIL" }
        bench:pass(63)
        assert.same({ "disconnected", "send failed" }, (select(2, bench:heard("disconnected"))))
        bench:pass(100)
        assert.equal("k", bench:peer(2):text())
      end)
    end)

    it("the loss of the network, waits until it is back", function()
      with({}, function(bench, session)
        session:wait()
        bench.rig.module:network(false)
        bench:pass(1200)
        assert.is_not.equal("connected", (session:state()))
        bench.rig.module:network(true)
        assert.is_true(session:wait(400))
        assert.is_true(session:send("x"))
      end)
    end)

    it("a module that answers nothing any more, restarts it by its pin, bounded", function()
      local resets = {}
      local bench
      local function pin(modem)
        resets[#resets + 1] = bench:now()
        if #resets == 3 then bench.rig.module:reset() end
        return modem
      end
      run(function()
        bench = support.new { session = false, modem = { hard_reset = pin } }
        bench.session = bench:make { policy = { keepalive = "k" } }
        bench.session:wait()
        local input = bench.rig.module.input
        bench.rig.module.input = function(module, bytes)
          if #resets >= 3 then input(module, bytes) end
        end
        bench:pass(3600)
        assert.is_true(#resets >= 3)
        assert.equal("connected", (bench.session:state()))
        for i = 2, #resets do assert.is_true(resets[i] - resets[i - 1] >= 20) end
        bench.modem:close()
      end)
    end)

    it("a restart that the module does not obey, lets no call wait longer for it", function()
      for _, pin in ipairs { false, function() end } do
        with({ server = { refuse = 566 }, modem = { hard_reset = pin or nil },
          session = { policy = { failed = "restart" } } }, function(bench, session)
          bench.rig.module:script { match = "QRST", drop = true, times = 10 }
          for _ = 1, 40 do
            local before = bench:now()
            assert.same({ nil, "timeout" }, { session:wait(3) })
            near(3, bench:now() - before, 0.01)
          end
          assert.is_true(session:stats().restarts >= 1)
        end)
      end
    end)

    it("connections that end at once, comes ever more rarely", function()
      with({ server = { connect = function(peer) peer:close() end } }, function(bench, session)
        bench:pass(3600)
        assert.is_true(#bench.rig.net.peers > 10 and #bench.rig.net.peers < 30)
        local _, told = bench:heard("waiting")
        assert.is_true(told[2] >= 150 and told[2] <= 300)
        bench.server.connect = nil
        session:wait(400)
        session:send("x")
        bench:pass(5)
        bench:peer():close()
        bench:pass(1)
        assert.is_true(select(2, bench:heard("waiting"))[2] <= 2)
      end)
    end)

    it("any failure, tries no more than once a second, whatever the policy says", function()
      local policy = { backoff = 0, failed = "reconnect" }
      with({ server = { refuse = 566 }, session = { policy = policy } }, function(bench)
        local opens = bench:commands("QIOPEN")
        bench:pass(100)
        assert.is_true(#opens >= 95 and #opens <= 101)
      end)
    end)

    it("any failure, restarts the module no more than once a minute", function()
      local policy = { backoff = 0, failed = "restart" }
      with({ server = { refuse = 566 }, session = { policy = policy } }, function(bench, session)
        local restarts = bench:commands("QRST")
        bench:pass(200)
        assert.is_true(#restarts >= 2 and #restarts <= 4)
        assert.equal(#restarts, session:stats().restarts)
      end)
    end)

    it("a restart that has not come, or came by itself, restarts no sooner", function()
      local policy = { backoff = 0, failed = "restart" }
      with({ server = { refuse = 566 }, session = { policy = policy } }, function(bench)
        bench.rig.module:script { match = "QRST", drop = true, times = 100 }
        local restarts = bench:commands("QRST")
        bench:pass(300)
        assert.is_true(#restarts >= 3 and #restarts <= 5)
      end)
      with({ session = { policy = policy } }, function(bench, session)
        session:wait()
        local restarts = bench:commands("QRST")
        bench.rig.module:reset()
        bench.server.refuse = 566
        bench:pass(50)
        assert.equal(0, #restarts)
        bench:pass(30)
        assert.equal(1, #restarts)
      end)
    end)

    it("an attach that is refused at once, tries once a second", function()
      with({ modem = { format = "text" }, session = { policy = { backoff = 0 } } },
        function(bench)
          bench.rig.module:script { match = "dataformat", answer = "ERROR", times = 1000 }
          local asked = bench:commands("ATE0")
          bench:pass(0.9)
          assert.equal(1, #asked)
          bench:pass(20)
          assert.is_true(#asked >= 3 and #asked <= 22)
        end)
    end)

    it("the end of a connection with a fixed local port, lets that port rest", function()
      with({ session = { local_port = 50001 }, traits = { local_port_rest = 120 },
        delay = function(what, text)
          if what == "second" and text:find("QIOPEN") then return 7 end
        end },
        function(bench, session)
          session:wait()
          session:send("x")
          bench:pass(5)
          bench:peer():close()
          bench:pass(1)
          local before, opens = bench:now(), bench:commands("QIOPEN")
          assert.is_true(session:wait(200))
          near(127, bench:now() - before, 3)
          assert.equal(1, #opens)
          assert.equal(50001, bench:peer(2).local_port)
        end)
    end)

    it("566 and 556 of a fixed local port, waits as long as such a port rests", function()
      for _, code in ipairs { 566, 556 } do
        with({ session = { local_port = 50001 }, modem = { local_port_rest = 0 },
          traits = { local_port_rest = 110, local_port_code = code } }, function(bench, session)
          session:wait()
          session:send("x")
          bench:pass(5)
          bench:peer():close()
          bench:pass(10)
          local opens = bench:commands("QIOPEN")
          assert.same({ "waiting", bc260y.errors[code], code }, { session:state() })
          assert.is_true(session:wait(200))
          assert.equal(1, #opens)
        end)
      end
    end)

    it("566 of a fixed local port, waits no longer where the policy lets no port rest", function()
      with({ session = { local_port = 50001, policy = { port_rest = 0 } },
        modem = { local_port_rest = 0 },
        traits = { local_port_rest = 20, local_port_code = 566 } }, function(bench, session)
        session:wait()
        session:send("x")
        bench:pass(5)
        bench:peer():close()
        local before = bench:now()
        bench:pass(10)
        assert.is_true(session:wait(60))
        assert.is_true(bench:now() - before < 60)
      end)
    end)

    it("a port that rests longer than a connect may take, says for how long", function()
      with({ session = { local_port = 50001 }, modem = { local_port_rest = 1000 } },
        function(bench, session)
          session:wait()
          bench:peer():close()
          bench:pass(20)
          local _, told = bench:heard("waiting")
          assert.equal("port at rest", told[3])
          near(1000, told[2], 5)
          assert.is_true(session:wait(1010))
        end)
    end)

    it("a host that no module can be given, stops at once", function()
      with({ session = { host = ("h"):rep(200) } }, function(bench, session)
        assert.same({ nil, "invalid argument", "host" }, { session:wait(60) })
        assert.same({ "stopped", "invalid argument", "host" }, { session:state() })
        assert.same({ nil, "invalid argument", "host" }, { session:send("x") })
        bench:pass(10)
        assert.equal(0, #bench.rig.net.peers)
      end)
    end)

    it("being told to wait, does nothing on the line, and little else", function()
      with({ server = { refuse = 566 }, session = { policy = { backoff = 3600 } } },
        function(bench)
          bench:pass(10)
          local waits, wait = 0, bench.rig.port.wait
          bench.rig.port.wait = function(...)
            waits = waits + 1
            return wait(...)
          end
          local commands = bench:commands("")
          bench:pass(3500)
          assert.same({}, commands)
          assert.is_true(waits < 10)
        end)
    end)
  end)
end)

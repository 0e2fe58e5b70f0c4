local bc260y = require "bc260y"
local script = require "spec.support.port"

local function open(text, options)
  local given = { text = text }
  for name, value in pairs(options or {}) do given[name] = value end
  local port = script.port(given)
  return assert(bc260y.open { port = port }), port
end

local function ok(port)
  port:reply("OK")
end

script.each_loop(function(how, run)
  describe("events " .. how, function()
    it("call their hooks, in order, with their values", function()
      run(function()
        local modem = open('< RDY\n< +CFUN: 1\n< +IP: 10.0.0.9\n< +QIURC: "closed",3\n'
          .. '< +QIURC: "recv",2,"buff full"\n< +QIURC: "recv",1,2,hi\n'
          .. '< +QNBIOTEVENT: "ENTER PSM"\n< +QNBIOTEVENT: "EXIT PSM"\n')
        local heard = {}
        for _, name in ipairs {
          "reset", "ip", "closed", "buffer full", "recv", "sleep", "wake", "+CFUN",
        } do
          modem:on(name, function(...) heard[#heard + 1] = { name, ... } end)
        end
        bc260y.sleep(1)
        assert.same({
          { "reset" }, { "+CFUN", "+CFUN: 1" }, { "ip", "10.0.0.9" }, { "closed", 3 },
          { "buffer full", 2 }, { "recv", 1, "hi" }, { "sleep", "ENTER PSM" },
          { "wake", "EXIT PSM" },
        }, heard)
        modem:close()
      end)
    end)

    it("are heard one by one in a queue, of which nothing is lost", function()
      run(function()
        local modem, port = open("< +A: 1\n< +A: 2\n")
        local queue = modem:on("+A")
        bc260y.sleep(1)
        port:reply("+A: 3")
        assert.equal("+A: 1", queue:wait(1))
        assert.equal("+A: 2", queue:wait(1))
        assert.equal("+A: 3", queue:wait(1))
        assert.same({ nil, "timeout" }, { queue:wait(1) })
        assert.equal(1002, port.clock.time)
        queue:cancel()
        queue:cancel()
        assert.same({ nil, "closed" }, { queue:wait(1) })
        modem:close()
      end)
    end)

    it("that do not fit a queue are counted, and the gap is told before what follows", function()
      run(function()
        local modem, port = open("")
        local queue = modem:on("+A")
        for i = 1, 300 do port:reply("+A: " .. i) end
        bc260y.sleep(0.1)
        for i = 1, 256 do assert.equal("+A: " .. i, queue:wait(0)) end
        port:reply("+A: x")
        bc260y.sleep(0.1)
        assert.same({ nil, "overflow", 44 }, { queue:wait(0) })
        assert.equal("+A: x", queue:wait(0))
        modem:close()
      end)
    end)

    it("are not heard after cancel", function()
      run(function()
        local modem, port = open("")
        local count = 0
        local first = modem:on("+A", function() count = count + 1 end)
        local second = modem:on("+A", function() count = count + 10 end)
        port:reply("+A: 1")
        bc260y.sleep(0.1)
        first:cancel()
        first:cancel()
        port:reply("+A: 1")
        bc260y.sleep(0.1)
        second:cancel()
        port:reply("+A: 1")
        bc260y.sleep(0.1)
        assert.equal(21, count)
        modem:close()
      end)
    end)

    it("are waited for by modem:wait, which sees only what comes after its call", function()
      run(function()
        local modem, port = open("< +A: 1\n~ 2\n< +A: 2\n< RDY\n")
        bc260y.sleep(1)
        assert.equal("+A: 2", modem:wait("+A", 5))
        assert.equal(1002, port.clock.time)
        assert.same({ nil, "timeout" }, { modem:wait("+A", 5) })
        assert.equal(1007, port.clock.time)
        port:say("\r\nRDY\r\n", 1)
        assert.is_true(modem:wait("reset"))
        modem:close()
      end)
    end)

    it("raise when they are asked for in a wrong way", function()
      run(function()
        local modem = open("")
        assert.is_false((pcall(modem.on, modem, 1)))
        assert.is_false((pcall(modem.on, modem, "x", "y")))
        assert.is_false((pcall(modem.wait, modem)))
        assert.is_false((pcall(modem.wait, modem, "x", "1")))
        modem:close()
      end)
    end)
  end)

  describe("a hook " .. how, function()
    it("may send commands and wait", function()
      run(function()
        local modem, port = open("< +A: 1\n> AT+B\n< +B: 7\n< OK\n~ 1\n< +C: 2\n")
        local got
        modem:on("+A", function()
          got = modem:command("AT+B")
          got[2] = modem:wait("+C", 5)
        end)
        bc260y.sleep(3)
        assert.same({ "+B: 7", "+C: 2" }, got)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("runs one at a time, in the order of the events, also when it blocks", function()
      run(function()
        local modem = open("< +A: 1\n< +A: 2\n< +A: 3\n", { answer = ok })
        local log = {}
        modem:on("+A", function(line)
          log[#log + 1] = "begin " .. line
          modem:command("AT")
          log[#log + 1] = "end " .. line
        end)
        bc260y.sleep(3)
        assert.same({
          "begin +A: 1", "end +A: 1", "begin +A: 2", "end +A: 2", "begin +A: 3", "end +A: 3",
        }, log)
        modem:close()
      end)
    end)

    it("that raises is told by the error event, and stops nothing", function()
      run(function()
        local modem, port = open("< +A: 1\n")
        local errors, count = {}, 0
        modem:on("+A", function() error("oops", 0) end)
        modem:on("+A", function() count = count + 1 end)
        modem:on("error", function(message, event) errors[#errors + 1] = { message, event } end)
        bc260y.sleep(1)
        port:reply("+A: 2")
        bc260y.sleep(1)
        assert.equal(2, count)
        assert.same({ { "oops", "+A" }, { "oops", "+A" } }, errors)
        assert.equal(2, modem:stats().hook_errors)
        modem:close()
      end)
    end)

    it("that raises while it handles an error is only counted", function()
      run(function()
        local modem = open("< +A: 1\n")
        modem:on("+A", function() error("oops", 0) end)
        modem:on("error", function() error("again", 0) end)
        bc260y.sleep(1)
        assert.equal(2, modem:stats().hook_errors)
        assert.equal("again", modem:stats().last_hook_error)
        modem:close()
      end)
    end)

    it("that raises is counted when nobody listens", function()
      run(function()
        local modem = open("< +A: 1\n")
        modem:on("+A", function() error("oops", 0) end)
        bc260y.sleep(1)
        assert.equal(1, modem:stats().hook_errors)
        assert.equal("oops", modem:stats().last_hook_error)
        modem:close()
      end)
    end)

    it("that yields by itself is told of it as an error", function()
      run(function()
        local modem = open("< +A: 1\n< +A: 2\n")
        local message
        modem:on("error", function(text) message = text end)
        modem:on("+A", function() coroutine.yield() end)
        bc260y.sleep(1)
        assert.matches("coroutine.yield", message)
        assert.equal(2, modem:stats().hook_errors)
        modem:close()
      end)
    end)

    it("that is too slow loses events, counted and told by the error event", function()
      run(function()
        local modem, port = open("", { answer = ok })
        local count, told = 0, nil
        modem:on("error", function(_, dropped) told = dropped end)
        modem:on("+A", function()
          count = count + 1
          if count == 1 then
            for i = 1, 400 do port:reply("+A: " .. i) end
            modem:command("AT")
          end
        end)
        port:reply("+A: 0")
        bc260y.sleep(1)
        assert.equal(401, count + told)
        assert.equal(told, modem:stats().hooks_dropped)
        assert.is_true(told > 100)
        modem:close()
      end)
    end)

    it("may close its modem", function()
      run(function()
        local modem = open("< +A: 1\n< +A: 2\n")
        local count = 0
        modem:on("+A", function()
          count = count + 1
          modem:close()
        end)
        assert.same({ nil, "closed" }, { modem:wait("nothing", 5) })
        bc260y.sleep(0)
        assert.equal(2, count)
      end)
    end)
  end)
end)

describe("a hook without a loop", function()
  it("runs when the outermost call returns, not in the middle of it", function()
    local log = {}
    local modem = open("> AT+B\n< +A: 1\n< OK\n> AT+C\n< OK")
    modem:on("+A", function()
      log[#log + 1] = "hook"
      modem:command("AT+C")
    end)
    modem:command("AT+B")
    log[#log + 1] = "returned"
    assert.same({ "hook", "returned" }, log)
    modem:close()
  end)

  it("runs once attach is through", function()
    local port = script.port { text = "< +A: 1\n" .. script.attach("text") .. "> AT+H\n< OK" }
    local modem = bc260y.open { port = port, format = "text" }
    modem:on("+A", function() modem:command("AT+H") end)
    assert(modem:attach())
    assert.is_nil(port:left())
    modem:close()
  end)
end)

describe("a hook in bc260y.run", function()
  it("runs beside the other tasks", function()
    bc260y.run(function()
      local modem = open("< +A: 1\n")
      local heard = false
      modem:on("+A", function()
        bc260y.sleep(5)
        heard = true
      end)
      bc260y.sleep(4)
      assert.is_false(heard)
      bc260y.sleep(2)
      assert.is_true(heard)
    end)
  end)

  it("hears that the port is lost", function()
    bc260y.run(function()
      local modem, port = open("")
      local heard
      modem:on("lost", function() heard = true end)
      port:unplug(1)
      bc260y.sleep(2)
      assert.is_true(heard)
    end)
  end)
end)

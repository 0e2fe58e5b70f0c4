-- The module was kept awake for ever: by an AT+QSCLK=0 that was queued when it restarted,
-- and by an AT+QSCLK=1 that got lost when nobody asked for the lock any more. And where it
-- refused the lock, a task that asked while the first one waited was told that it had it.

local bc260y = require "bc260y"
local script = require "spec.support.port"
local support = require "spec.support.heard"

-- A modem on a port that answers; lost(line, count): whether it loses that one, the nth of
-- its kind. Result: modem, port, what it heard.
local function open(lost, answer)
  local heard, port = {}, nil
  port = script.port { answer = function(_, line)
    heard[#heard + 1] = line
    if lost and lost(line, support.count(heard, line)) then return end
    if answer and answer(port, line) then return end
    if line == "AT+CSQ" then port:reply("+CSQ: 1,0") end
    if line == "AT+CGSN=1" then port:reply("+CGSN: 1") end
    port:reply("OK")
  end }
  return bc260y.open { port = port }, port, heard
end

local function hold_once(modem)
  bc260y.spawn(function() assert(modem:sleep_lock(true)) end):wait()
end

describe("the sleep lock that nobody holds any more", function()
  it("is given back though it was queued when the module restarted", function()
    bc260y.run(function()
      local modem, _, heard = open(nil, function(port, line)
        if not line:find("QPING") then return false end
        port:say("\r\nRDY\r\n", 2)
        return true
      end)
      local ping = bc260y.spawn(function()
        return modem:command('AT+QPING=0,"10.0.0.1",4,4,32')
      end)
      bc260y.sleep(0.5)
      assert.is_true(modem:sleep_lock(true))
      assert.same({ nil, "module reset" }, { ping:wait() })
      assert.is_true(modem:sleep_lock(false))
      assert.equal("AT+QSCLK=1", heard[#heard])
      modem:close()
    end)
  end)

  it("is given back again when that got lost at a task's end", function()
    bc260y.run(function()
      local modem, _, heard = open(function(line, nth) return line == "AT+QSCLK=1" and nth == 1 end)
      hold_once(modem)
      modem:wait("nothing", 60)
      assert.equal(2, support.count(heard, "AT+QSCLK=1"))
      assert(modem:command("AT+CBC"))
      modem:wait("nothing", 60)
      assert.equal(2, support.count(heard, "AT+QSCLK=1"))
      assert.is_false(modem.pump.drowsy)
      modem:close()
    end)
  end)

  it("is given back when a silent module answers again, and not tried for ever before", function()
    bc260y.run(function()
      local modem, port, heard
      modem, port, heard = open(function(line, nth)
        port.silent = port.silent or line == "AT+QSCLK=1" and nth == 1
        return port.silent or line == "AT+QSCLK=1" and nth == 2
      end)
      hold_once(modem)
      modem:wait("nothing", 600)
      local before, waits = #heard, port.waits
      modem:wait("nothing", 600)
      assert.equal(before, #heard)
      assert.is_true(port.waits - waits < 10)
      port.silent = false
      for _ = 1, 3 do
        modem:command("AT+CBC")
        modem:wait("nothing", 60)
      end
      local told = support.count(heard, "AT+QSCLK=1")
      assert.is_true(told >= 3 and told <= 4)
      assert.equal(1, modem.lock.told)
      for _ = 1, 3 do assert(modem:command("AT+CBC")) end
      modem:wait("nothing", 60)
      assert.equal(told, support.count(heard, "AT+QSCLK=1"))
      modem:close()
    end)
  end)

  it("is taken again by who asks before the module has heard", function()
    bc260y.run(function()
      local modem, _, heard = open(function(line, nth) return line == "AT+QSCLK=1" and nth < 3 end)
      hold_once(modem)
      assert.is_true(modem:sleep_lock(true))
      modem:wait("nothing", 100)
      assert.equal("AT+QSCLK=0", heard[#heard])
      assert.same({ nil, "timeout" }, { modem:sleep_lock(false) })
      modem:wait("nothing", 100)
      assert.equal("AT+QSCLK=1", heard[#heard])
      modem:close()
    end)
  end)

  it("is nothing to wake a module for: it is told once it is awake", function()
    bc260y.run(function()
      local modem, port, heard = open(function(line, nth)
        return line == "AT+QSCLK=1" and nth == 1
      end)
      hold_once(modem)
      port:say('\r\n+QNBIOTEVENT: "ENTER PSM"\r\n', 1)
      modem:wait("nothing", 600)
      assert.equal("PSM", modem:asleep())
      assert.equal(1, support.count(heard, "AT+QSCLK=1"))
      assert.equal(0, support.count(heard, "AT"))
      assert(modem:command("AT+CBC"))
      modem:wait("nothing", 60)
      assert.equal(2, support.count(heard, "AT+QSCLK=1"))
      assert.is_false(modem.pump.drowsy)
      modem:close()
    end)
  end)

  it("is left alone where the module refuses to take it back", function()
    bc260y.run(function()
      local modem, _, heard = open(nil, function(port, line)
        if line == "AT+QSCLK=1" then port:reply("ERROR") end
        return line == "AT+QSCLK=1"
      end)
      hold_once(modem)
      for _ = 1, 3 do assert(modem:command("AT+CBC")) end
      modem:wait("nothing", 60)
      assert.equal(1, support.count(heard, "AT+QSCLK=1"))
      modem:close()
    end)
  end)

  script.each_loop(function(how, run)
    it("is given back in the end when its caller did not wait for that, " .. how, function()
      run(function()
        local modem, _, heard = open(function(line, nth)
          return line == "AT+QSCLK=1" and nth == 1
        end)
        assert.is_true(modem:sleep_lock(true))
        assert.same({ nil, "timeout" }, { modem:sleep_lock(false, { timeout = 1 }) })
        modem:wait("nothing", 60)
        assert.equal(2, support.count(heard, "AT+QSCLK=1"))
        modem:close()
      end)
    end)
  end)
end)

describe("the sleep lock that the module refuses", function()
  it("is refused to all who ask for it at once", function()
    bc260y.run(function()
      local modem = open(nil, function(port)
        port:say("\r\nERROR\r\n", 0.2)
        return true
      end)
      local tasks = {}
      for i = 1, 3 do
        tasks[i] = bc260y.spawn(function()
          local results = { modem:sleep_lock(true) }
          bc260y.sleep(5)
          return results
        end)
      end
      for i = 1, 3 do assert.same({ nil, "error" }, tasks[i]:wait()) end
      assert.is_false(modem.lock:is_held())
      modem:close()
    end)
  end)

  it("keeps who asks behind another no longer than his own timeout", function()
    bc260y.run(function()
      local modem, port = open(function(line) return line == "AT+QSCLK=0" end)
      local first = bc260y.spawn(function() return modem:sleep_lock(true) end)
      bc260y.sleep(0.1)
      assert.same({ nil, "busy" }, { modem:sleep_lock(true, { timeout = 1 }) })
      assert.is_true(math.abs(port.clock.time - 1001.1) < 0.1)
      assert.same({ nil, "timeout" }, { first:wait() })
      modem:close()
    end)
  end)
end)

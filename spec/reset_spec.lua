local bc260y = require "bc260y"
local script = require "spec.support.port"
local support = require "spec.support.heard"

local HOST = "10.0.0.1"

-- The module takes so long for what it says of a command that matches.
local function slow(rig, pattern, what, seconds)
  function rig.module.delay(kind, command)
    if kind == what and command and command:find(pattern) then return seconds end
  end
end

local function connected(modem, kind, port)
  local socket = modem[kind or "tcp"](modem)
  assert(socket:connect(HOST, port or 8000))
  return socket
end

-- Attached, with listeners. Result: modem, rig, heard, and a queue of resets.
local function start(traits, options, profile)
  local modem, rig, heard = support.open(traits, options, profile)
  for port = 8000, 8004 do
    rig.net:listen("TCP", HOST, port)
    rig.net:listen("UDP", HOST, port)
  end
  assert(modem:attach())
  return modem, rig, heard, modem:on("reset")
end

-- One reset was told, nothing is open, and attach brings everything back.
local function check_restart(modem, rig, resets)
  rig.module.delay = nil
  assert.is_true(resets:wait(5))
  assert.same({ nil, "timeout" }, { resets:wait(5) })
  assert.is_true(modem:attach())
  assert.is_false(rig.module.echo)
  assert.same({}, modem:sockets())
  local socket = connected(modem)
  assert.equal(5, socket:send("again"))
  assert.equal("again", rig.net.peers[#rig.net.peers]:text())
  assert.equal(1, socket:close())
  assert.same({ nil, "timeout" }, { resets:wait(0) })
  modem:close()
end

-- What is under way when the module restarts: what is done, what of it is slow, and what
-- its caller is told.
local PHASES = {
  {
    name = "a command in flight", pattern = "CBC", what = "final",
    act = function(modem) return modem:command("AT+CBC") end,
    want = { nil, "module reset" },
  },
  {
    name = "a prompt that is awaited", pattern = "QISEND", what = "prompt", raw = true,
    act = function(_, tcp) return tcp:send("data") end,
    want = { nil, "module reset", 0 },
  },
  {
    name = "data that was given after the prompt", pattern = "QISEND", what = "final", raw = true,
    act = function(_, tcp) return tcp:send("data") end,
    want = { nil, "module reset", 0 },
  },
  {
    name = "a send whose second result is awaited", pattern = "QISEND", what = "second",
    act = function(_, tcp) return tcp:send("data") end,
    want = { nil, "module reset", 0 },
  },
  {
    name = "a datagram whose second result is awaited", pattern = "QISEND", what = "second",
    act = function(_, _, udp) return udp:send("data") end,
    want = { nil, "module reset" },
  },
  {
    name = "an open whose second result is awaited", pattern = "QIOPEN", what = "second",
    act = function(modem) return modem:tcp():connect(HOST, 8002) end,
    want = { nil, "module reset" },
  },
  {
    name = "a close whose second result is awaited", pattern = "QICLOSE", what = "second",
    act = function(_, tcp) return tcp:close() end,
    want = { 1 },
  },
  {
    name = "a name that is awaited", pattern = "QIDNSGIP", what = "second",
    act = function(modem) return modem:resolve("name.example") end,
    want = { nil, "module reset" },
  },
}

local function pack(...)
  return { ... }
end

describe("an unexpected restart", function()
  for _, phase in ipairs(PHASES) do
    it("ends " .. phase.name .. ", and every socket", function()
      bc260y.run(function()
        local modem, rig, _, resets = start({},
          { format = phase.raw and "raw" or "text" })
        local tcp, udp = connected(modem), connected(modem, "udp", 8001)
        rig.module.names = { ["name.example"] = "10.9.9.9" }
        slow(rig, phase.pattern, phase.what, 8)
        local got
        local task = bc260y.spawn(function() got = pack(phase.act(modem, tcp, udp)) end)
        local reader = bc260y.spawn(function() return udp:receive() end)
        bc260y.sleep(1)
        assert.is_nil(got)
        rig.module:reset()
        task:wait(30)
        assert.same(phase.want, got)
        assert.same({ nil, "module reset" }, { reader:wait(1) })
        assert.same({ nil, "closed" }, { tcp:getpeername() })
        assert.same({ nil, "closed" }, { udp:send("x") })
        check_restart(modem, rig, resets)
      end)
    end)
  end

  it("lets a command that was queued go behind it", function()
    bc260y.run(function()
      local modem, rig, heard, resets = start()
      slow(rig, "CSQ", "final", 4)
      local first = bc260y.spawn(function() return modem:command("AT+CSQ") end)
      local second = bc260y.spawn(function() return modem:command("AT+CBC") end)
      bc260y.sleep(1)
      rig.module.delay = nil
      rig.module:reset()
      assert.same({ nil, "module reset" }, { first:wait(10) })
      assert.same({ "+CBC: 3470" }, second:wait(10))
      assert.equal(1, support.count(heard, "AT+CBC"))
      check_restart(modem, rig, resets)
    end)
  end)

  it("gives a send that was queued no other socket", function()
    bc260y.run(function()
      local modem, rig, _, resets = start()
      local tcp, udp = connected(modem), connected(modem, "udp", 8001)
      slow(rig, "CSQ", "final", 4)
      local tasks = {
        bc260y.spawn(function() return modem:command("AT+CSQ") end),
        bc260y.spawn(function() return tcp:send("old") end),
        bc260y.spawn(function() return udp:send("old") end),
      }
      bc260y.sleep(1)
      rig.module.delay = nil
      rig.module:reset()
      assert.same({ nil, "module reset" }, { tasks[1]:wait(10) })
      assert.same({ nil, "module reset", 0 }, { tasks[2]:wait(10) })
      assert.is_nil((tasks[3]:wait(10)))
      check_restart(modem, rig, resets)
      for _, peer in ipairs(rig.net.peers) do
        assert.is_nil(peer:text():find("old", 1, true))
      end
    end)
  end)

  it("ends a command that a fence holds back", function()
    bc260y.run(function()
      local modem, rig, heard, resets = start()
      rig.module:script { match = "CBC", drop = true }
      slow(rig, "QCSQ", "final", 4)
      assert.same({ nil, "timeout" }, { modem:command("AT+CBC", { timeout = 1 }) })
      rig.module:script { drop = true, times = 1 } -- the fence
      local from = #heard
      local task = bc260y.spawn(function() return modem:command("AT+CGMM") end)
      bc260y.sleep(1)
      assert.equal(from + 1, #heard)
      rig.module:reset()
      assert.same({ nil, "module reset" }, { task:wait(10) })
      assert.equal(0, support.count(heard, "AT+CGMM"))
      check_restart(modem, rig, resets)
    end)
  end)

  it("in the middle of what comes down leaves no socket open", function()
    for at = 0.05, 0.6, 0.01 do
      bc260y.run(function()
        local modem, rig = support.open { echo = false }
        rig.net:listen("TCP", HOST, 8000)
        assert(modem:attach())
        local tcp = connected(modem)
        rig.net.peers[1]:send("first")
        assert.equal("first", tcp:receive(5))
        rig.module.wire.baud = 9600
        rig.net.peers[1]:send(("x"):rep(512))
        bc260y.sleep(at)
        rig.module:reset()
        tcp:settimeout(30)
        local data, err = tcp:receive(512)
        assert.is_true(not data or data == ("x"):rep(512))
        while data or err == "torn" do data, err = tcp:receive(1) end
        assert.is_true(err == "module reset" or err == "closed", err)
        rig.module.wire.baud = nil
        assert.is_true(modem:attach())
        local socket = connected(modem)
        assert.equal(5, socket:send("again"))
        assert.equal("again", rig.net.peers[2]:text())
        modem:close()
      end)
    end
  end)
end)

script.each_loop(function(how, run)
  describe("a restart, " .. how .. ",", function()
    it("at any time of an attach ends in an attached module", function()
      local at = 0
      repeat
        local over
        run(function()
          local modem, rig = support.open()
          rig.net:listen("TCP", HOST, 8000)
          rig.module.delay = function(kind) return kind == "final" and 0.2 or nil end
          assert.is_true(modem:sleep_lock(true))
          rig.module:later(rig.time + at, function()
            over = modem.address ~= nil and not modem.pump.current
            rig.module:reset()
          end)
          assert.is_true(modem:attach())
          if not over then
            assert.equal(0, rig.module.sleep_lock)
            assert.is_false(rig.module.echo)
          end
          modem:wait("nothing", 5)
          assert.is_true(modem:attach())
          assert.equal(0, rig.module.sleep_lock)
          local socket = connected(modem)
          assert.equal(2, socket:send("ok"))
          assert.equal("ok", rig.net.peers[1]:text())
          modem:close()
        end)
        at = at + 0.1
      until over or at > 20
      assert.is_true(at > 2 and at < 20)
    end)

    it("at any time of a waking ends in a module that answers", function()
      for at = 0, 6, 0.25 do
        run(function()
          local modem, rig, heard = support.attached { wake_time = 3 }
          support.fall_asleep(modem, rig)
          rig.module:later(rig.time + at, function() rig.module:reset() end)
          local lines, err = modem:command("AT+CBC")
          assert.is_true(lines and lines[1] == "+CBC: 3470" or err == "module reset")
          assert.is_true(support.count(heard, "AT+CBC") <= 1)
          modem:wait("nothing", 8)
          assert.is_nil(modem:asleep())
          assert.is_true(modem:attach())
          assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
          modem:close()
        end)
      end
    end)
  end)

  describe("a restart on purpose, " .. how .. ",", function()
    it("waits for RDY, ends the sockets, and is told once", function()
      for _, profile in ipairs { "manual", "R01", "R02" } do
        run(function()
          local modem, rig, heard, resets = start({}, {}, profile)
          local tcp = connected(modem)
          assert.is_true(modem:reset())
          assert.equal(1, support.count(heard, "AT+QRST=1"))
          assert.same({ nil, "closed" }, { tcp:getpeername() })
          assert.is_nil(modem.address)
          check_restart(modem, rig, resets)
        end)
      end
    end)

    it("works though its answer is lost", function()
      for _, lost in ipairs { "final", true } do
        run(function()
          local modem, rig, _, resets = start()
          rig.module:script { match = "QRST", mute = lost }
          assert.is_true(modem:reset())
          check_restart(modem, rig, resets)
        end)
      end
    end)

    it("wakes the module first", function()
      run(function()
        local modem, rig, _, resets = start()
        support.fall_asleep(modem, rig)
        assert.is_true(modem:reset())
        check_restart(modem, rig, resets)
      end)
    end)

    it("says so when RDY does not come, or the module refuses", function()
      run(function()
        local modem, rig = start()
        rig.module:script { match = "QRST", answer = "OK" }
        local began = rig.time
        assert.same({ nil, "timeout" }, { modem:reset { timeout = 7 } })
        assert.is_true(math.abs(rig.time - began - 7) < 0.1)
        rig.module:script { match = "QRST", answer = 4 }
        rig.module.nvram.cmee = 1
        assert.same({ nil, "error", 4 }, { modem:reset() })
        rig.module:script { match = "QRST", drop = true }
        began = rig.time
        assert.same({ nil, "timeout" }, { modem:reset() })
        assert.is_true(math.abs(rig.time - began - 30) < 0.1)
        modem:close()
      end)
    end)

    it("takes the pin where the command does nothing, and RDY is awaited again", function()
      for _, action in ipairs { { drop = true }, { answer = "OK" } } do
        run(function()
          local rig
          local pulled = 0
          local modem, resets, _
          modem, rig, _, resets = start({}, { hard_reset = function(which)
            pulled = pulled + 1
            which:wait("nothing", 0.5) -- it may block
            rig.module:reset()
          end })
          action.match = "QRST"
          rig.module:script(action)
          assert.is_true(modem:reset { timeout = 7 })
          assert.equal(1, pulled)
          check_restart(modem, rig, resets)
        end)
      end
    end)

    it("does not take the pin where the command works, and may fail with it too", function()
      run(function()
        local pulled = 0
        local modem, rig = start({}, { hard_reset = function() pulled = pulled + 1 end })
        assert.is_true(modem:reset())
        assert.equal(0, pulled)
        assert.is_true(modem:attach())
        rig.module:script { match = "QRST", answer = "OK" }
        local began = rig.time
        assert.same({ nil, "timeout" }, { modem:reset { timeout = 7 } })
        assert.is_true(math.abs(rig.time - began - 14) < 0.1)
        assert.equal(1, pulled)
        modem:close()
      end)
    end)

    it("leaves the pin of a module that refuses the command", function()
      run(function()
        local modem, rig = start({}, { hard_reset = error })
        rig.module.nvram.cmee = 1
        rig.module:script { match = "QRST", answer = 4 }
        assert.same({ nil, "error", 4 }, { modem:reset() })
        modem:close()
      end)
    end)

    it("ends with the port, and raises on what is no option", function()
      run(function()
        local port = script.port { text = "> AT+QRST=1\n" }
        local modem = bc260y.open { port = port, hard_reset = error }
        for _, options in ipairs { 5, { timeout = "5" }, { timeout = -1 }, { attach = true } } do
          assert.is_false((pcall(modem.reset, modem, options)))
        end
        port:unplug(1)
        assert.same({ nil, "lost" }, { modem:reset() })
      end)
    end)
  end)

  describe("detach, " .. how .. ",", function()
    it("closes the sockets and leaves the network until attach", function()
      run(function()
        local modem, rig, heard = start()
        local tcp, udp = connected(modem), connected(modem, "udp", 8001)
        assert.is_true(modem:detach())
        assert.equal(2, support.count(heard, "AT+QICLOSE=0") + support.count(heard, "AT+QICLOSE=1"))
        assert.same({ nil, "closed" }, { tcp:getpeername() })
        assert.same({ nil, "closed" }, { udp:getpeername() })
        assert.is_nil(modem.address)
        assert.is_nil(rig.module.address)
        assert.same({ nil, "not attached" }, { modem:tcp():connect(HOST, 8000) })
        assert.is_true(modem:attach())
        assert.equal(1, support.count(heard, "AT+CGATT=1"))
        connected(modem)
        assert.is_true(modem:attach())
        assert.equal(1, support.count(heard, "AT+CGATT=1"))
        modem:close()
      end)
    end)

    it("is undone by a restart, and refused with the module's word", function()
      run(function()
        local modem, rig, heard = start()
        assert.is_true(modem:detach())
        assert.is_true(modem:reset())
        assert.is_true(modem:attach())
        assert.equal(0, support.count(heard, "AT+CGATT=1"))
        rig.module:script { match = "CGATT", answer = "ERROR" }
        assert.same({ nil, "error" }, { modem:detach() })
        assert.is_truthy(modem.address)
        modem:close()
      end)
    end)
  end)
end)

describe("a reset on purpose", function()
  it("behind another task's long command is \"busy\", and leaves the pin", function()
    bc260y.run(function()
      local modem, rig = start({}, { hard_reset = error })
      slow(rig, "QPING", "second", 60)
      local ping = bc260y.spawn(function()
        return modem:command('AT+QPING=0,"10.9.9.9",60,1,32')
      end)
      bc260y.sleep(1)
      assert.same({ nil, "busy" }, { modem:reset() })
      ping:wait()
      assert.is_true(modem:reset())
      modem:close()
    end)
  end)
end)

-- A line on which no sense is to be had: silence, another speed, garbage for ever, lines
-- without an end. Each call ends within its deadline, and once the line is good again the
-- same modem works. Through the Lua face in both loops, and by the command line.

local bc260y = require "bc260y"
local live = require "spec.support.live"
local live_child = require "spec.support.live_child"
local live_wire = require "spec.support.live_wire"
local refused = require "spec.support.live_cli"

local SECONDS = 30
local COMMANDS = { { "at", "AT" }, { "info" }, { "send", "10.0.0.1", "9", "README.md" } }
local unpack = table.unpack or unpack

-- What a call may say of such a line: nothing was understood, or nothing was sent.
local ENDS = { timeout = true, busy = true, torn = true, error = true, ["no response"] = true,
  ["module reset"] = true }

local function check_ended(what, ok, err)
  assert.is_nil(ok, what .. " succeeded")
  assert.is_true(ENDS[err], what .. ": " .. tostring(err))
end

-- The line is good now: everything works, without a new open.
local function check_usable(wire, modem)
  assert(modem:attach { timeout = SECONDS })
  assert.same({ "+CSQ: 20,0" }, modem:command("AT+CSQ"))
  local socket = modem:tcp()
  socket:settimeout(SECONDS)
  assert(socket:connect("127.0.0.1", 9))
  assert.equal(5, socket:send("hello"))
  wire:payload("quoted", "\0\r\nOK\r\n")
  assert.equal("\0\r\nOK\r\n", socket:receive(7))
  assert.equal(1, socket:close())
end

describe("A module that is silent #integration", function()
  after_each(live.finish)

  it("costs each call its own deadline, and is taken up when it speaks", function()
    live.each_loop(function(run, name)
      run(function()
        local wire = live_wire.new { silent = true }
        local modem = wire:open { format = "text" }
        assert.same({ nil, "timeout" }, { modem:command("AT", { timeout = 0.05 }) })
        -- The next is not sent before the first's answer has been fenced off.
        assert.same({ nil, "busy" }, { modem:command("AT", { timeout = 0.05 }) })
        assert.same({ nil, "busy" }, { modem:signal { timeout = 0.05 } })
        assert.same({ nil, "timeout", "answer" }, { modem:attach { timeout = 0.1 } })
        assert.same({ nil, "not attached" }, { modem:tcp():connect("127.0.0.1", 9) })
        assert.same({ nil, "not attached" }, { modem:resolve("example.com") })
        assert.same({ nil, "timeout" }, { modem:wait("urc", 0.05) })
        assert.equal("AT", wire.heard[1])
        -- Without the late answer it takes the 5 s that a module may take.
        if name == "own" then wire:wake() else wire.silent = false end
        check_usable(wire, modem)
      end)
    end)
  end)

  it("gets status 4 from each of the command line's commands", function()
    local port = live_child.player("while true do m:hear() end").port
    for _, words in ipairs(COMMANDS) do
      refused(4, "%S", "--port", port, "--timeout", "0.2", unpack(words))
    end
  end)
end)

describe("Another speed #integration", function()
  after_each(live.finish)

  it("gives no answer, and the right one does", function()
    local process = live.virtual { baud = 9600, strict_baud = true }
    live.each_loop(function(run)
      run(function()
        local modem = live.open { port = process.port, baud = 115200 }
        assert.same({ nil, "timeout", "answer" }, { modem:attach { timeout = 0.5 } })
        modem:close()
        modem = live.open { port = process.port, baud = 9600 }
        assert(modem:attach { timeout = SECONDS })
        modem:close()
      end)
    end)
    refused(4, "no answer in time", "--port", process.port, "--baud", "115200", "--timeout", "0.5",
      "at", "AT")
    local out, err, status = live.cli("--port", process.port, "--baud", "9600", "at", "AT+CSQ")
    assert.equal(0, status, err)
    assert.matches("^%+CSQ: %d+,%d+\nOK\n$", out)
  end)

  it("that no line has is refused", function()
    local wire = live_wire.new()
    local modem, err, detail = bc260y.open { port = wire.path, baud = 12345 }
    assert.is_nil(modem)
    assert.equal("not supported", err)
    assert.matches("12345", detail)
    refused(3, "12345", "--port", wire.path, "--baud", "12345", "at", "AT")
  end)
end)

-- What comes without an end, each call of the function a next piece.
local function random_noise()
  local state = 4711
  return function()
    local parts = {}
    for i = 1, 1024 do
      state = (state * 16807) % 2147483647
      parts[i] = string.char(state % 256)
    end
    return table.concat(parts)
  end
end

local function same(text)
  local piece = text:rep(math.ceil(1024 / #text))
  return function() return piece end
end

local NOISES = {
  { "random bytes", random_noise() },
  { "bytes without a line's end", same("\255") },
  { "NULs", same("\0") },
  { "blank lines", same("\r\n") },
  { "prompts", same("\r\n> ") },
  { "URCs", same("\r\n+CEREG: 5\r\n") },
  { "beginnings of downlinks", same('\r\n+QIURC: "recv",0,1024,"') },
  { "downlinks for nobody", same('\r\n+QIURC: "recv",4,4,"\r\nOK"\r\n') },
  { "late answers", same("\r\n+QISEND: 0,0,0\r\n\r\nSEND OK\r\n") },
  { "boots", same("\r\nRDY\r\n") },
}

describe("Garbage for ever #integration", function()
  after_each(live.finish)

  for _, noise in ipairs(NOISES) do
    it(("(%s) holds no call beyond its deadline, and when it ends all is well"):format(noise[1]),
      function()
        live.each_loop(function(run)
          run(function()
            local wire = live_wire.new()
            local modem = wire:open { format = "text" }
            modem:on("urc", function() end)
            wire.silent = true
            wire:make_noise(noise[2])
            check_ended("command", modem:command("AT", { timeout = 0.05 }))
            check_ended("signal", modem:signal { timeout = 0.05 })
            check_ended("attach", modem:attach { timeout = 0.1 })
            bc260y.sleep(0.01)
            assert.is_true(wire.said_bytes > 2048)
            wire:make_noise(nil)
            wire:say("\r\n")
            wire:wake()
            check_usable(wire, modem)
            assert.is_true(modem:stats().commands > 0)
            modem:close()
          end)
        end)
      end)
  end

  it("on one modem does not keep another in the same loop from its work", function()
    local process = live.virtual()
    bc260y.run(function()
      local good = live.open { port = process.port }
      local wire = live_wire.new { silent = true }
      local bad = wire:open()
      wire:make_noise(random_noise())
      local attempt = bc260y.spawn(function() return bad:attach { timeout = SECONDS } end)
      assert(good:attach { timeout = SECONDS })
      for _ = 1, 20 do assert.same({ "+CSQ: 22,0" }, good:command("AT+CSQ")) end
      assert.same({ nil, "timeout" }, { attempt:wait(0) })
      bad:close()
      assert.same({ nil, "closed" }, { attempt:wait(SECONDS) })
      good:close()
    end)
  end)

  it("gets status 4 from the command line", function()
    local port = live_child.player(
      "local junk = ('\\0\\255\\17> +x: \\r'):rep(400) while true do m:say(junk) end").port
    for _, words in ipairs(COMMANDS) do
      refused(4, "%S", "--port", port, "--timeout", "0.3", unpack(words))
    end
  end)
end)

describe("A line of 1 MB #integration", function()
  after_each(live.finish)

  local SIZE = 1048576
  local LONG = ("x"):rep(SIZE)

  it("is dropped whole and counted, be it a URC's place or in an answer", function()
    live.each_loop(function(run)
      run(function()
        local wire = live_wire.new()
        local modem = wire:connected()
        local counts = modem:on("overflow")
        local _, said = live.watch(modem, { "urc", "torn", "orphan", "reset" })
        wire:lines { LONG }
        assert.equal(SIZE, counts:wait(SECONDS))
        wire.answers["AT+CSQ"] = { "+CSQ: " .. LONG, "+CSQ: 20,0", LONG, "OK" }
        -- What was lost may have been part of the answer.
        assert.same({ nil, "overflow" }, { modem:command("AT+CSQ") })
        assert.equal(SIZE + 6, counts:wait(SECONDS))
        assert.equal(SIZE, counts:wait(SECONDS))
        assert.same({}, modem:command("AT"))
        bc260y.sleep(0)
        assert.equal("", table.concat(said, "; "))
        local stats = modem:stats()
        assert.same({ 3, 3 * SIZE + 6 }, { stats.overflows, stats.overflow_bytes })
        modem:close()
      end)
    end)
  end)

  it("that never ends lets the command's deadline pass", function()
    local wire = live_wire.new()
    local modem = wire:open { format = "text" }
    wire.answers["AT+CCLK?"] = function() wire:say('+CCLK: "' .. LONG) end
    assert.same({ nil, "timeout" }, { modem:command("AT+CCLK?", { timeout = 0.5 }) })
    wire:drain()
    wire:say("\r\n")
    wire.answers["AT+CCLK?"] = nil
    check_usable(wire, modem)
  end)

  it("is refused as a command before a byte is sent", function()
    local wire = live_wire.new()
    local modem = wire:open()
    assert.same({ nil, "too long" }, { modem:command("AT+" .. LONG) })
    assert.same({}, wire.heard)
    assert.same({}, modem:command("AT"))
  end)

  it("in an answer is told by the command line, which can go on with the next", function()
    local port = live_child.player(("m:serve { ['AT+CCLK?'] = ('x'):rep(%d) }"):format(SIZE)).port
    refused(4, "overflow", "--port", port, "at", "AT+CCLK?")
    local out, err, status = live.cli("--port", port, "at", "AT+CSQ")
    assert.equal(0, status, err)
    assert.equal("+CSQ: 20,0\nOK\n", out)
  end)
end)

-- Boot, echo, command lines, error forms, pacing of the virtual module.

local clock = require "spec.support.virtual_clock"
local virtual = require "bc260y.virtual"

local lines = clock.lines
local OK, ERROR = lines "OK", lines "ERROR"

describe("the virtual module's boot", function()
  it("says its lines in order, echo on", function()
    local player = clock.new { boot = true }
    assert.are.equal(lines("RDY", "+CFUN: 1", "+CPIN: READY", "+IP: 100.85.29.214"),
      player:run(1))
    assert.are.equal("AT\r" .. OK, player:send("AT"))
  end)

  it("takes the times that timing names", function()
    local player = clock.new { boot = true, timing = { rdy = 1, cfun = 2, cpin = 3, ip = 4 } }
    assert.are.equal("", player:run(0.9))
    assert.are.equal(lines "RDY", player:run(0.2))
    assert.are.equal("", player:run(1.8))
    assert.are.equal(lines "+CFUN: 1", player:run(0.2))
    assert.are.equal(lines "+CPIN: READY", player:run(3))
    assert.are.equal(lines "+IP: 100.85.29.214", player:run(4))
  end)

  it("is deaf before RDY", function()
    local player = clock.new { boot = true, timing = { rdy = 1 } }
    assert.are.equal("", player:send("AT", 0.5))
    assert.are.equal(lines("RDY", "+CFUN: 1", "+CPIN: READY", "+IP: 100.85.29.214"),
      player:run(5))
  end)

  it("can have text of the ROM before and a FOTA line between", function()
    local player = clock.new { boot = true,
      traits = { boot_text = "F1: 0000\n\r", boot_fota = true } }
    assert.are.equal("F1: 0000\n\r" .. lines("RDY", "+CFUN: 1", '+QIND: "FOTA","END",0',
      "+CPIN: READY", "+IP: 100.85.29.214"), player:run(1))
  end)

  it("can be left out", function()
    local player = clock.new { boot = false }
    assert.are.equal("", player:run(1))
    assert.are.equal("AT+CGATT?\r" .. lines("+CGATT: 1", "OK"), player:send("AT+CGATT?"))
  end)

  it("comes again by QRST after its OK, and by reset", function()
    local player = clock.new()
    player:open(0)
    assert.are.equal(lines("OK", "RDY", "+CFUN: 1", "+CPIN: READY", "+IP: 100.85.29.214"),
      player:send("AT+QRST=1", 2))
    assert.are.equal(OK, player:send "AT+QISTATE?")
    player.module:reset()
    assert.is_truthy(player:run(1):find("RDY", 1, true))
    assert.are.equal(3, player.module.stats.boots)
  end)

  it("switches the echo on again", function()
    local player = clock.new { boot = false }
    player:send "ATE0"
    assert.are.equal(OK, player:send "AT")
    player:send("AT+QRST=1", 1)
    assert.are.equal("AT\r" .. OK, player:send "AT")
  end)

  it("comes by CFUN=1,1 too, and QRST takes only 1", function()
    local player = clock.new()
    assert.is_truthy(player:send("AT+CFUN=1,1", 1):find("OK\r\n\r\nRDY", 1, true))
    assert.are.equal(ERROR, player:send "AT+QRST=0")
    assert.are.equal(ERROR, player:send "AT+QRST")
  end)

  it("cuts what had not left the line and forgets half a command", function()
    local player = clock.new { baud = 9600 }
    player.module:input("AT+CSQ\r")
    player.time = player.time + 0.005
    player.module:reset()
    local said = player:run(2)
    assert.are.equal("\r\n+C", said:sub(1, 4))
    assert.are.equal("\r\nRDY", said:sub(5, 9))
  end)

  it("keeps what NVRAM keeps and nothing else", function()
    local player = clock.new()
    player:send 'AT+QICFG="dataformat",1,1'
    player:send "AT+CMEE=1"
    player:send "AT+CEREG=5"
    player:send "AT+QSCLK=0"
    player.module:reset()
    player:run(1)
    assert.are.equal(lines('+QICFG: "dataformat",1,1', "OK"), player:send 'AT+QICFG="dataformat"')
    assert.are.equal(lines("+CMEE: 1", "OK"), player:send "AT+CMEE?")
    assert.are.equal(lines("+CEREG: 0,1", "OK"), player:send "AT+CEREG?")
    assert.are.equal(lines("+QSCLK: 1", "OK"), player:send "AT+QSCLK?")
  end)
end)

describe("the virtual module's line", function()
  it("echoes exactly what it reads, as it comes", function()
    local player = clock.new { boot = false }
    assert.are.equal("AT+C", player:write "AT+C")
    assert.are.equal("SQ\r" .. lines("+CSQ: 22,0", "OK"), player:write "SQ\r")
    assert.are.equal("ATE0\r" .. OK, player:send "ATE0")
    assert.are.equal(OK, player:send "AT")
    assert.are.equal(OK, player:send "ATE1")
    assert.are.equal("at\r" .. OK, player:send "at")
    assert.are.equal("ATE2\r" .. ERROR, player:send "ATE2")
  end)

  it("takes AT and at, nothing between", function()
    local player = clock.new()
    assert.are.equal(OK, player:send "at")
    assert.are.equal("", player:send "At")
    assert.are.equal("", player:send "aT+CSQ")
    assert.are.equal(lines("+CSQ: 22,0", "OK"), player:send "at+csq")
  end)

  it("skips noise before a command and is silent to lines without one", function()
    local player = clock.new()
    assert.are.equal(OK, player:send "\0\0\255\254AT")
    assert.are.equal(OK, player:send "\nAT")
    assert.are.equal("", player:send "hello")
    assert.are.equal("", player:send "")
    assert.are.equal("", player:write("\r\r\r\r"))
    assert.are.equal(OK, player:send "AT")
  end)

  it("says ERROR to what it does not know", function()
    local player = clock.new()
    for _, text in ipairs { "AT+NOPE", "AT+NOPE?", "AT+CSQ=1", "AT+CSQ?", "AT+QIOPEN", "AT+QIOPEN?",
      "AT+", "AT=", "ATX", "AT9", "AT+CSQ;+CSQ", "AT+CSQ ", "AT +CSQ", "AT+QISEND" } do
      assert.are.equal(ERROR, player:send(text), text)
    end
  end)

  it("answers one command after another, however they arrive", function()
    local player = clock.new()
    local both = lines("+CSQ: 22,0", "OK", "+CEREG: 0,1", "OK")
    assert.are.equal(both, player:write "AT+CSQ\rAT+CEREG?\r")
    local stream, said = "AT+CSQ\rAT+CEREG?\r", {}
    for place = 1, #stream do said[place] = player:write(stream:sub(place, place)) end
    assert.are.equal(both, table.concat(said))
  end)

  it("keeps what comes while it answers for the time after the final result", function()
    local player = clock.new {
      delay = function(what, command)
        return what == "final" and command == "AT+CSQ" and 5 or nil
      end,
    }
    assert.are.equal(lines "+CSQ: 22,0", player:send "AT+CSQ")
    assert.are.equal("", player:send("AT+CBC", 4))
    assert.are.equal(lines("OK", "+CBC: 3470", "OK"), player:run(1))
  end)

  it("limits a line and is well after it", function()
    local player = clock.new()
    assert.are.equal(ERROR, player:send("AT+CGSN=" .. ("1"):rep(1593)))
    assert.are.equal(ERROR, player:send("AT" .. ("x"):rep(10000)))
    for _ = 1, 100 do player:write(("y"):rep(10000)) end
    assert.are.equal(ERROR, player:send "")
    assert.are.equal(OK, player:send "AT")
  end)

  it("limits what waits while a command is answered", function()
    local player = clock.new { delay = function(what) return what == "final" and 1 or nil end }
    player:send "AT"
    player:write(("z"):rep(20000))
    assert.are.equal(20000, player.module.stats.lost_input)
    assert.are.equal(OK, player:run(1))
  end)

  it("gives errors in the form that CMEE asks for", function()
    local player = clock.new()
    assert.are.equal(lines("+CMEE: 0", "OK"), player:send "AT+CMEE?")
    assert.are.equal(ERROR, player:send "AT+QICLOSE=9")
    player:send "AT+CMEE=1"
    assert.are.equal(lines "+CME ERROR: 552", player:send "AT+QICLOSE=9")
    assert.are.equal(lines "+CME ERROR: 4", player:send "AT+NOPE")
    assert.are.equal(lines "+CME ERROR: 50", player:send "AT+CFUN=7")
    player:send "AT+CMEE=2"
    assert.are.equal(lines "+CME ERROR: Invalid parameters", player:send "AT+QICLOSE=9")
    assert.are.equal(lines "+CME ERROR: Incorrect parameters", player:send "AT+CMEE=3")
    assert.are.equal(lines("+CMEE: (0,1,2)", "OK"), player:send "AT+CMEE=?")
  end)

  it("paces what it says at ten bits a byte", function()
    local player = clock.new { baud = 9600 }
    player.module:input "AT\r"
    assert.are.equal("", player.module:output())
    player.time = 0.9 * 10 / 9600
    assert.are.equal("", player.module:output())
    player.time = 3 * 10 / 9600
    assert.are.equal("\r\nO", player.module:output())
    assert.are.equal(3, player.module:backlog())
    assert.is_true(math.abs(player.module:step() - 10 / 9600) < 1e-9)
    player.time = 1
    assert.are.equal("K\r", player.module:output(2))
    assert.are.equal("\n", player.module:output())
    -- A line that was idle starts afresh.
    player.module:input "AT\r"
    player.time = 1 + 2 * 10 / 9600
    assert.are.equal("\r\n", player.module:output())
  end)

  it("takes 2.1 s for a full hex payload at 9600 baud", function()
    local player = clock.new { baud = 9600, traits = { quoted = true } }
    player:send('AT+QICFG="dataformat",0,1', 1)
    player.net:listen("TCP", "10.0.0.1", 1, {})
    player:send('AT+QIOPEN=0,0,"TCP","10.0.0.1",1', 1)
    player.module:push(0, ("a"):rep(1024))
    local bytes = #'\r\n+QIURC: "recv",0,1024,""\r\n' + 2048
    assert.are.equal(bytes - 1, #player:run((bytes - 0.5) * 10 / 9600))
    assert.are.equal(1, #player:run(10 / 9600))
  end)

  it("does nothing by itself when idle", function()
    local player = clock.new()
    assert.is_nil(player.module:step())
    player:send "AT"
    assert.is_nil(player.module:step())
  end)

  it("survives any bytes and answers AT afterwards", function()
    local player = clock.new()
    local state = 7
    for _ = 1, 200 do
      local parts = {}
      for place = 1, 50 do
        state = (state * 16807) % 2147483647
        parts[place] = string.char(state % 256)
      end
      player:write(table.concat(parts))
    end
    player:send ""
    assert.are.equal(OK, player:send "AT")
  end)

  it("logs what came and what it said", function()
    local log = {}
    local player = clock.new { log = function(text) log[#log + 1] = text end }
    player:send "AT+CSQ"
    assert.are.same({ "module  on, attached", "host    AT+CSQ", "module  +CSQ: 22,0",
      "module  OK" }, log)
  end)
end)

describe("virtual.new", function()
  local function raises(options, message)
    options.now = function() return 0 end
    local ok, err = pcall(virtual.new, options)
    assert.is_false(ok)
    assert.is_truthy(tostring(err):find(message, 1, true), tostring(err))
  end

  it("raises on a wrong profile, trait or value", function()
    raises({ profile = "R99" }, "no such profile: R99")
    raises({ traits = { quotes = true } }, "no such trait: quotes")
    raises({ traits = { quoted = "yes" } }, "trait quoted: bad value yes")
    raises({ traits = { closed_state = 5 } }, "trait closed_state: bad value 5")
    raises({ traits = { rx_buffer = -1 } }, "trait rx_buffer: bad value -1")
    raises({ traits = { sleep_after = 0 } }, "trait sleep_after: bad value 0")
  end)

  it("reads traits from text", function()
    assert.is_true(virtual.trait_from_text("quoted", "yes"))
    assert.is_false(virtual.trait_from_text("quoted", "off"))
    assert.are.equal(3, virtual.trait_from_text("urc_late", "3"))
    assert.are.equal("\r\n>\r\n", virtual.trait_from_text("prompt", "\\r\\n>\\r\\n"))
    assert.are.equal(2048, virtual.trait_from_text("rx_buffer", "2048"))
    assert.is_false(virtual.trait_from_text("rx_buffer", "off"))
    assert.is_false(pcall(virtual.trait_from_text, "quoted", "perhaps"))
    assert.is_false(pcall(virtual.trait_from_text, "rx_buffer", "big"))
    assert.is_false(pcall(virtual.trait_from_text, "rx_buffer", "-1"))
    assert.is_false(pcall(virtual.trait_from_text, "open_timeout", "-5"))
    assert.is_false(pcall(virtual.trait_from_text, "nope", "1"))
  end)

  it("knows all values of a trait, where it has a set of them", function()
    local traits = require "bc260y.virtual.traits"
    assert.are.same({ "OK", "SEND OK", "both" }, traits.values("count_final"))
    assert.are.same({ 3, 4 }, traits.values("closed_state"))
    assert.are.same({ false, true }, traits.values("quoted"))
    for _, name in ipairs { "rx_buffer", "urc_late", "prompt" } do
      assert.is_nil(traits.values(name))
    end
  end)

  it("makes modules that know nothing of each other", function()
    local one, two = clock.new(), clock.new()
    one:send "AT+CEREG=2"
    one:open(0)
    assert.are.equal(lines("+CEREG: 0,1", "OK"), two:send "AT+CEREG?")
    assert.are.equal(OK, two:send "AT+QISTATE?")
  end)
end)

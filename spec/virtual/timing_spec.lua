-- Late answers, scripted answers, sleep, and the traits of each profile.

local clock = require "spec.support.virtual_clock"

local lines = clock.lines
local OK, ERROR = lines "OK", lines "ERROR"

-- A delay hook that waits for one kind of answer.
local function late(kind, seconds, pattern)
  return function(what, command, line)
    if what == kind and (not pattern or (command or line):find(pattern)) then return seconds end
  end
end

describe("A late", function()
  it("information line holds its final result back", function()
    local player = clock.new { delay = late("info", 2) }
    assert.are.equal("", player:send("AT+CSQ", 1.9))
    assert.are.equal(lines("+CSQ: 22,0", "OK"), player:run(0.2))
  end)

  it("final result holds the next command back, and order stays", function()
    local player = clock.new { delay = late("final", 10, "CSQ") }
    player:write("AT+CSQ\rAT+CBC\rAT+CIMI\r", 9)
    assert.are.equal(lines("OK", "+CBC: 3470", "OK", "460081234567890", "OK"), player:run(2))
  end)

  it("second result comes at its time, whatever was answered meanwhile", function()
    local player = clock.new { delay = late("second", 10, "QISEND") }
    player:open(0)
    assert.are.equal(OK, player:send 'AT+QISEND=0,1,"x"')
    assert.are.equal(lines("+CSQ: 22,0", "OK"), player:send "AT+CSQ")
    assert.are.equal(lines("OK", "CLOSE OK"), player:send "AT+QICLOSE=0")
    assert.are.equal(lines "SEND OK", player:run(10))
  end)

  it("final result may come after its second one", function()
    local player = clock.new { delay = function(what)
      return ({ final = 3, second = 1 })[what]
    end }
    player.net:listen("TCP", "10.0.0.1", 80, {})
    assert.are.equal(lines "+QIOPEN: 0,0", player:send('AT+QIOPEN=0,0,"TCP","10.0.0.1",80', 2))
    assert.are.equal(OK, player:run(2))
    assert.are.equal(lines "CLOSE OK", player:send("AT+QICLOSE=0", 2))
    assert.are.equal(OK, player:run(2))
  end)

  it("second result without a delay of its own waits for the final one", function()
    local player = clock.new { delay = late("final", 3) }
    player.net:listen("TCP", "10.0.0.1", 80, {})
    assert.are.equal("", player:send('AT+QIOPEN=0,0,"TCP","10.0.0.1",80', 2.9))
    assert.are.equal(lines("OK", "+QIOPEN: 0,0"), player:run(0.2))
  end)

  it("answer that never comes blocks the line until a reset", function()
    local player = clock.new { delay = late("final", math.huge, "CSQ") }
    player:send "AT+CSQ"
    assert.are.equal("", player:send("AT", 1000))
    player.module:reset()
    player:run(1)
    assert.is_truthy(player:send("AT"):find("OK", 1, true))
  end)

  it("prompt and the result of its data", function()
    local player = clock.new { delay = function(what) return what == "urc" and 0 or 1 end }
    player.net:listen("TCP", "10.0.0.1", 80, {})
    player:send('AT+QIOPEN=0,0,"TCP","10.0.0.1",80', 2)
    assert.are.equal("", player:send("AT+QISEND=0,1", 0.9))
    assert.are.equal("\r\n> ", player:run(5))
    assert.are.equal("", player:write("x", 0.9))
    assert.are.equal(lines("SEND OK", "OK"), player:run(1))
  end)

  it("URC by a paging cycle", function()
    local player = clock.new { traits = { urc_late = 2.56 } }
    player:open(0)
    player.module:push(0, "x")
    assert.are.equal("", player:run(2.5))
    assert.are.equal(lines '+QIURC: "recv",0,1,"x"', player:run(0.1))
  end)

  it("anything by timing alone", function()
    local player = clock.new { timing = { final = 1, info = 0.5 } }
    assert.are.equal("", player:send("AT+CSQ", 0.4))
    assert.are.equal(lines "+CSQ: 22,0", player:run(0.2))
    assert.are.equal(OK, player:run(0.5))
  end)
end)

describe("A script", function()
  it("answers ERROR, a CME error or lines of its own, once or more often", function()
    local player = clock.new()
    player.module:script { match = "CSQ", answer = "ERROR" }
    assert.are.equal(lines("+CBC: 3470", "OK"), player:send "AT+CBC")
    assert.are.equal(ERROR, player:send "AT+CSQ")
    assert.are.equal(lines("+CSQ: 22,0", "OK"), player:send "AT+CSQ")
    player.module:script { match = "CSQ", answer = 569, skip = 1, times = 2 }
    assert.are.equal(lines("+CSQ: 22,0", "OK"), player:send "AT+CSQ")
    assert.are.equal(lines "+CME ERROR: 569", player:send "AT+CSQ")
    assert.are.equal(lines "+CME ERROR: 569", player:send "AT+CSQ")
    assert.are.equal(lines("+CSQ: 22,0", "OK"), player:send "AT+CSQ")
    player.module:script { answer = { "+CSQ: 1,1", "hello", "OK" } }
    assert.are.equal(lines("+CSQ: 1,1", "hello", "OK"), player:send "AT+CSQ")
  end)

  it("says nothing, with the command done or not", function()
    local player = clock.new()
    local peer = player:open(0)
    player.module:script { match = "QISEND", drop = true }
    assert.are.equal("", player:send 'AT+QISEND=0,1,"x"')
    assert.are.equal("", peer:text())
    assert.are.equal(OK, player:send "AT")
    player.module:script { match = "QISEND", drop = true, executed = true }
    assert.are.equal("", player:send 'AT+QISEND=0,1,"x"')
    assert.are.equal("x", peer:text())
    player.module:script { match = "QISEND", mute = "second" }
    assert.are.equal(OK, player:send 'AT+QISEND=0,1,"y"')
    player.module:script { match = "QISEND", mute = "final" }
    assert.are.equal(lines "SEND OK", player:send 'AT+QISEND=0,1,"z"')
    assert.are.equal("xyz", peer:text())
  end)

  it("answers ERROR although the bytes have left", function()
    local player = clock.new()
    local peer = player:open(0)
    player.module:script { match = "QISEND", answer = "ERROR", executed = true, mute = "second" }
    assert.are.equal(ERROR, player:send 'AT+QISEND=0,1,"x"')
    assert.are.equal("x", peer:text())
    player.module:script { match = "QISEND", answer = "ERROR", executed = true, second = false }
    assert.are.equal("\r\n> ", player:send "AT+QISEND=0,2")
    assert.are.equal(ERROR, player:write "yz")
    assert.are.equal("xyz", peer:text())
  end)

  it("gives another second result", function()
    local player = clock.new()
    local peer = player:open(0)
    player.module:script { match = "QISEND", second = "SEND FAIL" }
    assert.are.equal(lines("OK", "SEND FAIL"), player:send 'AT+QISEND=0,1,"x"')
    assert.are.equal("", peer:text())
    player.module:script { match = "QISEND", second = "SEND FAIL", executed = true }
    assert.are.equal(lines("OK", "SEND FAIL"), player:send 'AT+QISEND=0,1,"x"')
    assert.are.equal("x", peer:text())
    player.module:script { match = "QIOPEN", second = "+QIOPEN: 1,568" }
    assert.are.equal(lines("OK", "+QIOPEN: 1,568"),
      player:send('AT+QIOPEN=0,1,"TCP","10.0.0.1",8000', 1))
    player.module:script { match = "QICLOSE", second = false }
    assert.are.equal(OK, player:send("AT+QICLOSE=0", 20))
  end)

  it("reboots instead of answering", function()
    local player = clock.new()
    player.module:script { match = "QISEND", reset = true }
    player:open(0)
    local said = player:send('AT+QISEND=0,1,"x"', 1)
    assert.are.equal(lines("RDY", "+CFUN: 1", "+CPIN: READY", "+IP: 100.85.29.214"), said)
    assert.are.equal(OK, player:send "AT+QISTATE?")
  end)

  it("with a wrong field raises", function()
    assert.is_false(pcall(clock.new().module.script, clock.new().module, { cme = 5 }))
  end)
end)

describe("Deep sleep", function()
  local function asleep(traits, kind)
    local player = clock.new { traits = traits }
    player:send 'AT+QCFG="dsevent",1'
    player:send "AT+QNBIOTEVENT=1,1"
    player:open(0)
    player:open(1, nil, "UDP")
    player.module:sleep(kind or "DEEPSLEEP")
    return player
  end

  it("tells when it begins and ends; the command that wakes is lost", function()
    local player = asleep()
    assert.are.equal(lines '+QNBIOTEVENT: "ENTER DEEPSLEEP"', player:run(1))
    assert.are.equal(lines '+QNBIOTEVENT: "EXIT DEEPSLEEP"', player:send("AT", 2))
    assert.are.equal(OK, player:send "AT")
  end)

  it("may answer the command that wakes by an empty line, or as it is", function()
    local player = asleep { wake_command = "crlf", wake_time = 1.8 }
    player:run(1)
    assert.are.equal(lines '+QNBIOTEVENT: "EXIT DEEPSLEEP"' .. "\r\n", player:send("AT", 2))
    player = asleep { wake_command = "answered" }
    player:run(1)
    assert.are.equal(lines('+QNBIOTEVENT: "EXIT DEEPSLEEP"', "OK"), player:send("AT", 2))
  end)

  it("keeps or loses sockets by kind", function()
    local player = asleep()
    player:send("AT", 2)
    assert.are.equal(lines('+QISTATE: 1,"UDP","10.0.0.1",8001,0,2,0,1', "OK"),
      player:send "AT+QISTATE?")
    player = asleep { tcp_over_sleep = "kept", udp_over_sleep = "lost" }
    player:send("AT", 2)
    assert.are.equal(lines('+QISTATE: 0,"TCP","10.0.0.1",8000,0,2,0,1', "OK"),
      player:send "AT+QISTATE?")
  end)

  it("says no URC, as PSM does not", function()
    local player = asleep(nil, "PSM")
    player:run(1)
    player.module:urc("+QIND: 1")
    assert.are.equal("", player:run(10))
  end)

  it("may end by a boot when it was PSM", function()
    local player = asleep({ psm_boot = true }, "PSM")
    player:run(1)
    assert.is_truthy(player:send("AT", 2):find("RDY", 1, true))
    assert.are.equal(OK, player:send("AT+QISTATE?"):sub(-#OK))
  end)

  it("ends when the network has something, which PSM does not", function()
    local player = asleep { tcp_over_sleep = "kept" }
    player:run(1)
    player.net.peers[1]:send "x"
    assert.are.equal(lines('+QNBIOTEVENT: "EXIT DEEPSLEEP"', '+QIURC: "recv",0,1,"x"'),
      player:run(1))
    player = asleep({ tcp_over_sleep = "kept" }, "PSM")
    player:run(1)
    player.net.peers[1]:send "x"
    player.net.peers[1]:close()
    assert.are.equal("", player:run(1))
    player:send("AT", 1)
    assert.are.equal(lines('+QISTATE: 0,"TCP","10.0.0.1",8000,0,3,0,1', "OK"),
      player:send "AT+QISTATE=1,0")
    player = asleep()
    player:run(1)
    player.net.peers[1]:send "x"
    assert.are.equal(lines '+QNBIOTEVENT: "EXIT DEEPSLEEP"', player:run(1))
  end)

  it("comes by itself after a time without traffic, unless locked", function()
    local player = clock.new { traits = { sleep_after = 10 } }
    player:send 'AT+QCFG="dsevent",1'
    player:send "AT+QNBIOTEVENT=1,1"
    player:run(8)
    assert.are.equal(OK, player:send "AT")
    assert.are.equal("", player:run(9.8))
    assert.are.equal(lines '+QNBIOTEVENT: "ENTER DEEPSLEEP"', player:run(0.3))
    assert.are.equal(lines '+QNBIOTEVENT: "EXIT DEEPSLEEP"', player:send("AT", 1))
    assert.are.equal(lines '+QNBIOTEVENT: "ENTER DEEPSLEEP"', player:run(11))
    player:send("AT", 1)
    assert.are.equal(OK, player:send "AT+QSCLK=0")
    assert.are.equal("", player:run(1000))
    assert.are.equal(OK, player:send "AT")
  end)

  it("does not come before what is late has been said", function()
    local player = clock.new { traits = { sleep_after = 2, urc_late = 10 } }
    player:send 'AT+QCFG="dsevent",1'
    player:send "AT+QNBIOTEVENT=1,1"
    local peer = player:open(0)
    peer:send "x"
    assert.are.equal("", player:run(9.9))
    assert.are.equal(lines '+QIURC: "recv",0,1,"x"', player:run(0.2))
    assert.are.equal(lines '+QNBIOTEVENT: "ENTER DEEPSLEEP"', player:run(2))
  end)

  it("is left for what comes while a command wakes it", function()
    local player = clock.new { traits = { wake_time = 1.8, tcp_over_sleep = "kept" } }
    local peer = player:open(0)
    player.module:sleep "DEEPSLEEP"
    assert.are.equal("", player:send("AT", 1))
    peer:send "x"
    assert.are.equal(lines '+QIURC: "recv",0,1,"x"', player:run(5))
    assert.are.equal(OK, player:send "AT")
  end)

  it("does not come while the network is asked", function()
    local player = clock.new { traits = { sleep_after = 10 }, names = { h = "10.0.0.9" } }
    player.net:listen("TCP", "10.0.0.1", 80, { silent = true })
    player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,0,1'
    assert.are.equal(lines "+QIOPEN: 0,569", player:run(60))
    assert.are.equal(OK, player:send "AT")
    player.net.pings = { false, false }
    player:send 'AT+QPING=0,"h",255,1,32'
    assert.is_truthy(player:run(255):find("QPING: 0,1,0,1", 1, true))
    assert.are.equal(OK, player:send "AT")
    assert.are.equal("", player:send("AT", 11):sub(#OK + 1))
    assert.are.equal("", player:send "AT")
  end)

  it("keeps what NVRAM holds", function()
    local player = clock.new()
    player:send 'AT+QICFG="dataformat",1,1'
    player.module:sleep("DEEPSLEEP")
    player:send("AT", 2)
    assert.are.equal(lines('+QICFG: "dataformat",1,1', "OK"), player:send 'AT+QICFG="dataformat"')
  end)
end)

describe("The profile", function()
  it("manual has unquoted payload and no data mode", function()
    local player = clock.new { profile = "manual" }
    player:open(0)
    player.module:push(0, "x")
    assert.are.equal(lines '+QIURC: "recv",0,1,x', player:run(1))
    assert.are.equal(ERROR, player:send "AT+QISEND=0,1")
    assert.are.equal(lines("OK", "SEND OK"), player:send 'AT+QISEND=0,1,"x"')
  end)

  it("R01 says NUL after QISEND, QICLOSE and QRST, and nowhere else", function()
    local player = clock.new { profile = "R01" }
    player:open(0)
    player.module:push(0, "x")
    assert.are.equal(lines '+QIURC: "recv",0,1,"x"', player:run(1))
    assert.are.equal(OK .. "\0" .. lines "SEND OK" .. "\0", player:send 'AT+QISEND=0,1,"x"')
    assert.are.equal(lines("+QISEND: 1,1,0", "OK"), player:send "AT+QISEND=0,0")
    assert.are.equal(OK .. "\0" .. lines "CLOSE OK" .. "\0", player:send "AT+QICLOSE=0")
    assert.are.equal(OK, player:send "AT")
    assert.are.equal(OK .. "\0" .. lines "RDY", player:send("AT+QRST=1", 0.08))
  end)

  it("R02 has quoted payload and data mode", function()
    local player = clock.new { profile = "R02" }
    player:open(0)
    player.module:push(0, "x")
    assert.are.equal(lines '+QIURC: "recv",0,1,"x"', player:run(1))
    assert.are.equal("\r\n> ", player:send "AT+QISEND=0,1")
    assert.are.equal(lines("OK", "SEND OK"), player:write "x")
  end)

  it("takes single traits: an empty line after OK", function()
    local player = clock.new { profile = "R01", traits = { extra_blank_line = true } }
    assert.are.equal(OK .. "\r\n", player:send "AT")
    assert.are.equal(ERROR, player:send "AT+NOPE")
  end)
end)

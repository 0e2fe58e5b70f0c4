-- Chapter 4 of the manual, word for word, against the virtual module.

local clock = require "spec.support.virtual_clock"

local lines = clock.lines

-- Pairs of a command and what the manual shows after it.
local function play(player, script)
  for _, step in ipairs(script) do
    local expected = lines((unpack or table.unpack)(step, 2))
    assert.are.equal(expected, player:send(step[1], 3))
  end
end

local function started(options)
  options = options or {}
  options.profile = "manual"
  options.names = { ["hf.quectel.com"] = "220.180.239.212" }
  local player = clock.new(options)
  player.net:listen("TCP", "220.180.239.212", 8008, { auto_ack = options.auto_ack })
  options.auto_ack = nil
  return player
end

local OPEN = { 'AT+QIOPEN=0,0,"TCP","hf.quectel.com",8008', "OK", "+QIOPEN: 0,0" }

describe("the virtual module plays manual section", function()
  it("4.1.1: PIN, registration, address", function()
    play(started { ip = "10.177.135.245" }, {
      { "AT+CPIN?", "+CPIN: READY", "OK" },
      { "AT+CEREG?", "+CEREG: 0,1", "OK" },
      { "AT+CGPADDR",
        '+CGPADDR: 5,"10.177.135.245","36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48"', "OK" },
    })
  end)

  it("4.1.2: a TCP connection and its state", function()
    play(started(), {
      OPEN,
      { "AT+QISTATE=1,0", '+QISTATE: 0,"TCP","hf.quectel.com",8008,0,2,0,1', "OK" },
    })
  end)

  it("4.1.3 and 4.1.4: the format of what is sent", function()
    play(started(), {
      { 'AT+QICFG="dataformat",0,0', "OK" },
      { 'AT+QICFG="dataformat"', '+QICFG: "dataformat",0,0', "OK" },
      { 'AT+QICFG="dataformat",1,0', "OK" },
      { 'AT+QICFG="dataformat"', '+QICFG: "dataformat",1,0', "OK" },
    })
  end)

  it("4.1.5: text, cut by its length and not by its quotes", function()
    local player = started()
    play(player, {
      OPEN,
      { 'AT+QISEND=0,10,"1234567890"', "OK", "SEND OK" },
      { 'AT+QISEND=0,17,"{"a":"b","b":"b"}"', "OK", "SEND OK" },
    })
    assert.are.equal('1234567890{"a":"b","b":"b"}', player.net.peers[1]:text())
  end)

  it("4.1.6: hex without quotes", function()
    local player = started()
    play(player, {
      OPEN,
      { 'AT+QICFG="dataformat",1,0', "OK" },
      { 'AT+QICFG="dataformat"', '+QICFG: "dataformat",1,0', "OK" },
      { "AT+QISEND=0,3,313233", "OK", "SEND OK" },
    })
    assert.are.equal("123", player.net.peers[1]:text())
  end)

  it("4.1.7: the count of acknowledged bytes, 0 after the connection", function()
    local player = started()
    play(player, {
      OPEN,
      { 'AT+QISEND=0,94,"' .. ("x"):rep(94) .. '"', "OK", "SEND OK" },
      { "AT+QISEND=0,0", "+QISEND: 94,94,0", "OK" },
    })
    player.net.peers[1]:close()
    player:run(1)
    play(player, { { "AT+QISEND=0,0", "+QISEND: 0,0,0", "OK" } })
  end)

  it("4.1.8: a downlink as text", function()
    local player = started()
    play(player, { { 'AT+QICFG="dataformat",0,0', "OK" }, OPEN })
    player.net.peers[1]:send("hi,quectel")
    assert.are.equal(lines('+QIURC: "recv",0,10,hi,quectel'), player:run(1))
  end)

  it("4.1.9: a downlink as hex", function()
    local player = started()
    play(player, { { 'AT+QICFG="dataformat",0,1', "OK" }, OPEN })
    player.net.peers[1]:send("1234567890")
    assert.are.equal(lines('+QIURC: "recv",0,10,31323334353637383930'), player:run(1))
  end)

  it("4.1.10: closing", function()
    play(started(), { OPEN, { "AT+QICLOSE=0", "OK", "CLOSE OK" } })
  end)

  it("4.2: the check of a long connection that has died", function()
    local player = started { auto_ack = false, traits = { count_final = "SEND OK" } }
    play(player, {
      OPEN,
      { 'AT+QISEND=0,3,"ACK"', "OK", "SEND OK" },
      { "AT+QISEND=0,0", "+QISEND: 3,0,3", "SEND OK" },
    })
    assert.are.equal("", player:run(120))
    play(player, {
      { "AT+QISEND=0,0", "+QISEND: 3,0,3", "SEND OK" },
      { "AT+QICLOSE=0", "OK", "CLOSE OK" },
    })
  end)

  it("4.2: the connection is found closed within 30 s", function()
    local player = started { auto_ack = false, traits = { count_final = "SEND OK" } }
    play(player, { OPEN, { 'AT+QISEND=0,3,"ACK"', "OK", "SEND OK" } })
    player.net.peers[1]:close()
    assert.are.equal(lines('+QIURC: "closed",0'), player:run(30))
  end)

  it("4.3: DNS servers", function()
    play(started(), {
      { 'AT+QIDNSCFG=0,"218.2.2.2","8.8.8.8"', "OK" },
      { "AT+QIDNSCFG=0",
        '+QIDNSCFG: 0,"218.2.2.2","8.8.8.8","240E:5A::6666","240E:5B::6666"', "OK" },
    })
  end)

  it("4.4: ping", function()
    local player = started()
    player.net.hosts["iot.quectel.com"] = { "47.100.63.174" }
    player.net.pings = { 369, 479, 484, 260 }
    play(player, { { 'AT+QPING=0,"iot.quectel.com"', "OK",
      "+QPING: 0,47.100.63.174,32,369", "+QPING: 0,47.100.63.174,32,479",
      "+QPING: 0,47.100.63.174,32,484", "+QPING: 0,47.100.63.174,32,260",
      "+QPING: 0,4,4,0,260,484,398" } })
  end)

  it("4.5: NTP", function()
    local player = started()
    player.net.hosts["ntp5.aliyun.com"] = { "203.107.6.88" }
    player.net.utc = 1560222500
    play(player, { { 'AT+QNTP=0,"ntp5.aliyun.com"', "OK",
      '+QNTP: 0,"19/06/11,11:08:20:35+32"' } })
  end)
end)

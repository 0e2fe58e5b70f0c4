-- QISEND of the virtual module: what is cut, what is refused, what is counted.

local clock = require "spec.support.virtual_clock"

local lines = clock.lines
local OK, ERROR, SENT = lines "OK", lines "ERROR", lines("OK", "SEND OK")

local function refuses(player, commands)
  for _, text in ipairs(commands) do assert.are.equal(ERROR, player:send(text), text) end
end

describe("QISEND in text", function()
  it("is cut by the declared length, with and without quotes, with and without rai", function()
    local player = clock.new()
    local peer = player:open(0)
    local expected = {}
    for _, case in ipairs {
      { 'AT+QISEND=0,3,"abc"', "abc" }, { "AT+QISEND=0,3,abc", "abc" },
      { 'AT+QISEND=0,3,"abc",0', "abc" }, { 'AT+QISEND=0,3,"abc",1', "abc" },
      { "AT+QISEND=0,3,abc,2", "abc" }, { 'AT+QISEND=0,1,"""', '"' },
      { 'AT+QISEND=0,5,"",""x"', '",""x' }, { 'AT+QISEND=0,7,"abc",12",0', 'abc",12' },
      { 'AT+QISEND=0,2,"\\r"', "\\r" }, { 'AT+QISEND=0,1," "', " " },
      { 'AT+QISEND=0,4,"at+q"', "at+q" },
    } do
      assert.are.equal(SENT, player:send(case[1]), case[1])
      expected[#expected + 1] = case[2]
    end
    assert.are.same(expected, peer.received)
  end)

  it("takes 1 to 1024 bytes", function()
    local player = clock.new()
    local peer = player:open(0)
    local text = ("t"):rep(1025)
    assert.are.equal(SENT, player:send('AT+QISEND=0,1024,"' .. text:sub(2) .. '",2'))
    assert.are.equal(1024, peer.received_size)
    refuses(player, { 'AT+QISEND=0,1025,"' .. text .. '"', 'AT+QISEND=0,0,""',
      'AT+QISEND=0,0,"a"' })
    assert.are.equal(1024, peer.received_size)
  end)

  it("refuses what the manual calls an error", function()
    local player = clock.new()
    local peer = player:open(0)
    refuses(player, {
      'AT+QISEND=0,4,"abc"', 'AT+QISEND=0,2,"abc"', 'AT+QISEND=0,5,"abc"', "AT+QISEND=0,4,abc",
      "AT+QISEND=0,2,abc", 'AT+QISEND=0,3,"abc",3', 'AT+QISEND=0,3,"abc",',
      'AT+QISEND=0,3,"abc",1,1',
      'AT+QISEND=0,3,"abc"x', 'AT+QISEND=0,3,"abc', 'AT+QISEND=5,3,"abc"', 'AT+QISEND=1,3,"abc"',
      'AT+QISEND=,3,"abc"', 'AT+QISEND=0,,"abc"', "AT+QISEND=0", "AT+QISEND=", "AT+QISEND=0,",
      'AT+QISEND=0,x,"abc"', 'AT+QISEND=0,-3,"abc"', 'AT+QISEND="0",3,"abc"',
      'AT+QISEND=0,3,"a\1c"', 'AT+QISEND=0,3,"a\127c"', 'AT+QISEND=0,3,"a\200c"',
      'AT+QISEND=0,3,"a\0c"', 'AT+QISEND=0,7,{"a":1}', "AT+QISEND=0,3,a,b", "AT+QISEND=0,99999,a",
      "AT+QISEND=00000000000000000001,1,a",
    })
    assert.are.equal(0, peer.received_size)
  end)

  it("can't hold CR: the line ends there", function()
    local player = clock.new()
    local peer = player:open(0)
    assert.are.equal(ERROR, player:send 'AT+QISEND=0,3,"a\rc"')
    assert.are.equal(0, peer.received_size)
  end)
end)

describe("QISEND in hex", function()
  it("takes pairs of digits, quoted or not, up to 512 bytes", function()
    local player = clock.new()
    local peer = player:open(0)
    player:send 'AT+QICFG="dataformat",1,0'
    for _, text in ipairs { "AT+QISEND=0,3,00fFa1", 'AT+QISEND=0,3,"00FFA1"',
      'AT+QISEND=0,3,"00ffA1",2', "AT+QISEND=0,3,00FFA1,1" } do
      assert.are.equal(SENT, player:send(text), text)
    end
    assert.are.equal(("\0\255\161"):rep(4), peer:text())
    assert.are.equal(SENT, player:send('AT+QISEND=0,512,"' .. ("ab"):rep(512) .. '",0'))
    assert.are.equal(12 + 512, peer.received_size)
    refuses(player, { "AT+QISEND=0,513," .. ("ab"):rep(513), "AT+QISEND=0,3,31323",
      "AT+QISEND=0,3,3132333", "AT+QISEND=0,3,3132", "AT+QISEND=0,6,313233", "AT+QISEND=0,3,31323g",
      "AT+QISEND=0,3,31 233", 'AT+QISEND=0,3,"313233', "AT+QISEND=0,3,313233,3" })
    assert.are.equal(12 + 512, peer.received_size)
  end)
end)

describe("QISEND in data mode", function()
  it("prompts, takes exactly the declared bytes, whatever they are", function()
    local player = clock.new()
    local peer = player:open(0)
    assert.are.equal("\r\n> ", player:send "AT+QISEND=0,12")
    assert.are.equal("", player:write "AT\r\n\0\26\27OK")
    assert.are.equal(SENT .. lines("+CSQ: 22,0", "OK"), player:write '\r\n"AT+CSQ\r')
    assert.are.equal('AT\r\n\0\26\27OK\r\n"', peer:text())
  end)

  it("takes bytes that came before its prompt", function()
    local player = clock.new { delay = function(what) return what == "prompt" and 2 or nil end }
    local peer = player:open(0)
    assert.are.equal("", player:write("AT+QISEND=0,3\rabc", 1.9))
    assert.are.equal("\r\n> " .. SENT, player:run(1))
    assert.are.equal("abc", peer:text())
  end)

  it("takes 1024 bytes in any format, and no rai", function()
    local player = clock.new()
    local peer = player:open(0)
    player:send 'AT+QICFG="dataformat",1,1'
    player:send "AT+QISEND=0,1024"
    assert.are.equal(SENT, player:write(("\0"):rep(1024)))
    assert.are.equal(1024, peer.received_size)
    refuses(player, { "AT+QISEND=0,1025", "AT+QISEND=0,10,,1", "AT+QISEND=0,10,1",
      "AT+QISEND=1,10" })
  end)

  it("is ERROR before R02", function()
    for _, profile in ipairs { "manual", "R01" } do
      local player = clock.new { profile = profile }
      player:open(0)
      refuses(player, { "AT+QISEND=0,3" })
    end
  end)

  it("has prompts of any form, and OK before or after", function()
    for _, prompt in ipairs { "\r\n>", "\r\n> ", "\r\n>\r\n" } do
      local player = clock.new { traits = { prompt = prompt } }
      player:open(0)
      assert.are.equal(prompt, player:send "AT+QISEND=0,1")
      assert.are.equal(SENT, player:write "x")
      player = clock.new { traits = { prompt = prompt, ok_before_prompt = true } }
      player:open(0)
      assert.are.equal(OK .. prompt, player:send "AT+QISEND=0,1")
      assert.are.equal(lines "SEND OK", player:write "x")
      assert.are.equal(OK, player:send "AT")
    end
  end)

  it("echoes data only by trait", function()
    local player = clock.new { traits = { echo_data = true, echo = true } }
    player:open(0)
    player:send "AT+QISEND=0,2"
    assert.are.equal("xy" .. SENT, player:write "xy")
  end)
end)

describe("A send that fails", function()
  it("says SEND FAIL on a dead connection", function()
    local player = clock.new()
    player:open(0):close()
    player:run(1)
    assert.are.equal(lines("OK", "SEND FAIL"), player:send 'AT+QISEND=0,1,"x"')
    assert.are.equal("\r\n> ", player:send "AT+QISEND=0,1")
    assert.are.equal(lines("OK", "SEND FAIL"), player:write "x")
  end)

  it("may say it without OK", function()
    local player = clock.new { traits = { send_fail_without_ok = true } }
    player:open(0):close()
    player:run(1)
    assert.are.equal(lines "SEND FAIL", player:send 'AT+QISEND=0,1,"x"')
    player:send "AT+QISEND=0,1"
    assert.are.equal(lines "SEND FAIL", player:write "x")
    player = clock.new { traits = { send_fail_without_ok = true, ok_before_prompt = true } }
    player:open(0):close()
    player:run(1)
    player:send "AT+QISEND=0,1"
    assert.are.equal(lines "SEND FAIL", player:write "x")
  end)

  it("fails while the peer acknowledges nothing and the buffer is full", function()
    local player = clock.new { traits = { tx_buffer = 10 } }
    local peer = player:open(0, { auto_ack = false })
    assert.are.equal(SENT, player:send "AT+QISEND=0,8,12345678")
    assert.are.equal(lines("OK", "SEND FAIL"), player:send "AT+QISEND=0,3,123")
    peer:ack()
    assert.are.equal(SENT, player:send "AT+QISEND=0,3,123")
    assert.are.equal("12345678123", peer:text())
  end)

  it("is ERROR while the connection is being made", function()
    local player = clock.new()
    player.net:listen("TCP", "10.0.0.1", 80, { silent = true })
    player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80'
    refuses(player, { 'AT+QISEND=0,1,"x"', "AT+QISEND=0,0", "AT+QISEND=0,1" })
  end)
end)

describe("AT+QISEND=<id>,0", function()
  it("counts sent, acknowledged, not acknowledged, for each socket", function()
    local player = clock.new()
    local peer = player:open(0, { auto_ack = false })
    player:open(1)
    player:send 'AT+QISEND=0,5,"abcde"'
    player:send 'AT+QISEND=1,2,"ab"'
    assert.are.equal(lines("+QISEND: 5,0,5", "OK"), player:send "AT+QISEND=0,0")
    peer:ack(3)
    assert.are.equal(lines("+QISEND: 5,3,2", "OK"), player:send "AT+QISEND=0,0")
    peer:ack()
    assert.are.equal(lines("+QISEND: 5,5,0", "OK"), player:send "AT+QISEND=0,0")
    assert.are.equal(lines("+QISEND: 2,2,0", "OK"), player:send "AT+QISEND=1,0")
  end)

  it("starts again with each connection", function()
    local player = clock.new()
    player:open(0)
    player:send 'AT+QISEND=0,5,"abcde"'
    player:send "AT+QICLOSE=0"
    player:open(0)
    assert.are.equal(lines("+QISEND: 0,0,0", "OK"), player:send "AT+QISEND=0,0")
  end)

  it("reads zeros or ERROR after the connection", function()
    local player = clock.new { traits = { count_after_close = "error" } }
    player:open(0):close()
    player:run(1)
    refuses(player, { "AT+QISEND=0,0", "AT+QISEND=1,0" })
  end)

  it("ends with OK, SEND OK or both", function()
    for final, expected in pairs { OK = { "OK" }, ["SEND OK"] = { "SEND OK" },
      both = { "OK", "SEND OK" } } do
      local player = clock.new { traits = { count_final = final } }
      player:open(0)
      assert.are.equal(lines("+QISEND: 0,0,0", (unpack or table.unpack)(expected)),
        player:send "AT+QISEND=0,0")
    end
  end)

  it("has acknowledgements for TCP alone", function()
    local player = clock.new()
    local peer = player:open(0, { auto_ack = false }, "UDP")
    player:send 'AT+QISEND=0,2,"ab"'
    assert.are.same({ "ab" }, peer.received)
    assert.are.equal(lines("+QISEND: 2,0,0", "OK"), player:send "AT+QISEND=0,0")
  end)
end)

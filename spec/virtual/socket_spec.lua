-- QICFG, QIOPEN, QICLOSE, QISTATE and downlinks of the virtual module.

local clock = require "spec.support.virtual_clock"

local lines = clock.lines
local OK, ERROR = lines "OK", lines "ERROR"

local function refuses(player, commands)
  for _, text in ipairs(commands) do assert.are.equal(ERROR, player:send(text), text) end
end

describe("QICFG", function()
  it("reads, writes and counts the writes to NVRAM", function()
    local player = clock.new()
    assert.are.equal(lines('+QICFG: "dataformat",0,0', "OK"), player:send 'AT+QICFG="dataformat"')
    assert.are.equal(0, player.module.nvram_writes)
    assert.are.equal(OK, player:send 'AT+QICFG="dataformat",1,0')
    assert.are.equal(OK, player:send 'AT+QICFG="dataformat",1,0')
    assert.are.equal(2, player.module.nvram_writes)
  end)

  it("takes both values or none, 0 or 1", function()
    local player = clock.new()
    refuses(player, { 'AT+QICFG="dataformat",1', 'AT+QICFG="dataformat",2,0',
      'AT+QICFG="dataformat",0,2', 'AT+QICFG="dataformat",,1', 'AT+QICFG="dataformat",1,',
      'AT+QICFG="dataformat",0,0,0', "AT+QICFG=dataformat", 'AT+QICFG="format",0,0', "AT+QICFG=",
      "AT+QICFG", "AT+QICFG?", 'AT+QICFG="dataformat', 'AT+QICFG="dataformat","1","0"' })
    assert.are.equal(0, player.module.nvram_writes)
  end)

  it("takes effect at once, for all sockets", function()
    local player = clock.new()
    local first, second = player:open(0), player:open(4)
    first:send "AB"
    assert.are.equal(lines '+QIURC: "recv",0,2,"AB"', player:run(1))
    player:send 'AT+QICFG="dataformat",0,1'
    first:send "AB"
    second:send "\0\255"
    assert.are.equal(lines('+QIURC: "recv",0,2,"4142"', '+QIURC: "recv",4,2,"00FF"'), player:run(1))
  end)
end)

describe("QIOPEN", function()
  it("answers OK, then with 0 or the reason", function()
    local player = clock.new { names = { ["a.b"] = "10.0.0.1", ["c.d"] = { "10.0.0.2" } } }
    player.net:listen("TCP", "10.0.0.1", 80, {})
    player.net:listen("TCP", "10.0.0.2", 80, { refuse = 566 })
    player.net.hosts["e.f"] = { "10.0.0.1" }
    player.net.latency_s = 0.5
    assert.are.equal(OK, player:send 'AT+QIOPEN=0,0,"TCP","a.b",80')
    assert.are.equal(lines "+QIOPEN: 0,0", player:run(1))
    assert.are.equal(lines("OK", "+QIOPEN: 1,566"), player:send('AT+QIOPEN=0,1,"TCP","c.d",80', 1))
    assert.are.equal(lines("OK", "+QIOPEN: 2,0"), player:send('AT+QIOPEN=0,2,"TCP","e.f",80', 2))
    assert.are.equal(lines("OK", "+QIOPEN: 3,565"), player:send('AT+QIOPEN=0,3,"TCP","g.h",80', 2))
    assert.are.equal(lines("OK", "+QIOPEN: 4,0"), player:send('AT+QIOPEN=0,4,"UDP","a.b",80', 2))
  end)

  it("reports within 60 s when nobody answers", function()
    local player = clock.new()
    player.net:listen("TCP", "10.0.0.1", 80, { silent = true })
    assert.are.equal(OK, player:send('AT+QIOPEN=0,0,"TCP","10.0.0.1",80', 59.8))
    assert.are.equal(lines "+QIOPEN: 0,569", player:run(0.3))
  end)

  it("refuses what the manual does not allow", function()
    local player = clock.new()
    player.net:listen("TCP", "10.0.0.1", 80, {})
    local host = ("h"):rep(151)
    refuses(player, {
      'AT+QIOPEN=1,0,"TCP","10.0.0.1",80', 'AT+QIOPEN=11,0,"TCP","10.0.0.1",80',
      'AT+QIOPEN=12,0,"TCP","10.0.0.1",80', 'AT+QIOPEN=0,5,"TCP","10.0.0.1",80',
      'AT+QIOPEN=0,-1,"TCP","10.0.0.1",80', 'AT+QIOPEN=0,,"TCP","10.0.0.1",80',
      'AT+QIOPEN=0,0,"TCPX","10.0.0.1",80', 'AT+QIOPEN=0,0,"tcp","10.0.0.1",80',
      'AT+QIOPEN=0,0,TCP,"10.0.0.1",80', 'AT+QIOPEN=0,0,"TCP",10.0.0.1,80',
      'AT+QIOPEN=0,0,"TCP","",80', 'AT+QIOPEN=0,0,"TCP","' .. host .. '",80',
      'AT+QIOPEN=0,0,"TCP","10.0\1.0.1",80', 'AT+QIOPEN=0,0,"TCP","10.0.0\255",80',
      'AT+QIOPEN=0,0,"TCP","10.0.0.1",0', 'AT+QIOPEN=0,0,"TCP","10.0.0.1",65536',
      'AT+QIOPEN=0,0,"TCP","10.0.0.1"', 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,65536',
      'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,0,0', 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,0,2',
      'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,0,1,1', 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80 ',
      'AT+QIOPEN=0,0,"TCP","10.0.0.1,80', 'AT+QIOPEN=0,0,"TCP","a"b",80',
    })
    assert.are.equal(0, #player.net.peers)
    assert.are.equal(lines("OK", "+QIOPEN: 0,565"),
      player:send('AT+QIOPEN=0,0,"TCP","' .. ("h"):rep(150) .. '",65535'))
  end)

  it("waits for an address, as DNS, ping and NTP do; queries and tests do not", function()
    local player = clock.new()
    player.module:network(false)
    refuses(player, { 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80', 'AT+QIDNSGIP=0,"a.b"',
      'AT+QPING=0,"10.0.0.1"', 'AT+QNTP=0,"10.0.0.1"', 'AT+QIDNSCFG=0,"8.8.8.8"' })
    for _, text in ipairs { "AT+QISTATE?", 'AT+QICFG="dataformat"', "AT+QIDNSCFG=0",
      "AT+QIOPEN=?", 'AT+QICFG="dataformat",0,0' } do
      assert.is_truthy(player:send(text):find("OK\r\n$"), text)
    end
  end)

  it("refuses an id in use as ERROR or by 563", function()
    local player = clock.new()
    player:open(0)
    assert.are.equal(ERROR, player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80')
    player = clock.new { traits = { id_in_use = "urc" } }
    player:open(0)
    assert.are.equal(lines("OK", "+QIOPEN: 0,563"), player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80')
    assert.is_truthy(player:send("AT+QISTATE=1,0"):find("+QISTATE: 0", 1, true))
  end)

  it("holds the id of a failed open until QICLOSE", function()
    local player = clock.new()
    player.net:listen("TCP", "10.0.0.1", 80, {})
    assert.are.equal(lines("OK", "+QIOPEN: 0,566"), player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",1')
    assert.are.equal(ERROR, player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80')
    assert.are.equal(lines("OK", "CLOSE OK"), player:send "AT+QICLOSE=0")
    assert.are.equal(lines("OK", "+QIOPEN: 0,0"), player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80')
  end)

  it("lets a fixed local port rest, and an allocated one not", function()
    local player = clock.new { profile = "manual" }
    player.net:listen("TCP", "10.0.0.1", 80, {})
    local text = 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,40000,1'
    assert.are.equal(lines("OK", "+QIOPEN: 0,0"), player:send(text))
    assert.are.equal(lines("OK", "+QIOPEN: 1,574"),
      player:send 'AT+QIOPEN=0,1,"TCP","10.0.0.1",80,40000,1')
    player:send "AT+QICLOSE=1"
    player:send "AT+QICLOSE=0"
    assert.are.equal(lines("OK", "+QIOPEN: 0,566"), player:send(text))
    player:send "AT+QICLOSE=0"
    player:run(121)
    assert.are.equal(lines("OK", "+QIOPEN: 0,0"), player:send(text))
    player:send "AT+QICLOSE=0"
    local free = 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,0,1'
    for _ = 1, 3 do
      assert.are.equal(lines("OK", "+QIOPEN: 0,0"), player:send(free))
      player:send "AT+QICLOSE=0"
    end
  end)

  it("remembers an omitted argument where the profile does", function()
    local player = clock.new { profile = "manual", traits = { local_port_rest = 0 } }
    player.net:listen("TCP", "10.0.0.1", 80, {})
    player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,40000,1'
    player:send "AT+QICLOSE=0"
    player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80'
    assert.are.equal(lines('+QISTATE: 0,"TCP","10.0.0.1",80,40000,2,0,1', "OK"),
      player:send "AT+QISTATE?")
  end)

  it("may report before its OK", function()
    local player = clock.new { traits = { open_urc_before_ok = true } }
    player.net:listen("TCP", "10.0.0.1", 80, {})
    player.net.latency_s = 1
    assert.are.equal(lines("+QIOPEN: 0,0", "OK"),
      player:send('AT+QIOPEN=0,0,"TCP","10.0.0.1",80', 2))
    -- Not for ever: the answer to a command is due.
    player.net:listen("TCP", "10.0.0.1", 81, { silent = true })
    assert.are.equal(OK, player:send('AT+QIOPEN=0,1,"TCP","10.0.0.1",81', 4))
    assert.are.equal(lines "+QIOPEN: 1,569", player:run(60))
    -- Nor before a slow module answers at all.
    player = clock.new { traits = { open_urc_before_ok = true, answer_time = 2 } }
    player.net:listen("TCP", "10.0.0.1", 80, {})
    assert.are.equal("", player:send('AT+QIOPEN=0,0,"TCP","10.0.0.1",80', 1.9))
    assert.are.equal(lines("+QIOPEN: 0,0", "OK"), player:run(0.2))
  end)
end)

describe("QISTATE", function()
  it("tells each state by number", function()
    local player = clock.new()
    player.net:listen("TCP", "10.0.0.9", 1, { silent = true })
    local peer = player:open(1)
    player:open(3, nil, "UDP")
    player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.9",1'
    player:send 'AT+QIOPEN=0,4,"TCP","10.0.0.9",2'
    peer:close()
    player:run(1)
    assert.are.equal(lines('+QISTATE: 0,"TCP","10.0.0.9",1,0,1,0,1',
      '+QISTATE: 1,"TCP","10.0.0.1",8001,0,3,0,1', '+QISTATE: 3,"UDP","10.0.0.1",8003,0,2,0,1',
      '+QISTATE: 4,"TCP","10.0.0.9",2,0,0,0,1', "OK"), player:send "AT+QISTATE?")
    assert.are.equal(player:send "AT+QISTATE?", player:send "AT+QISTATE=0,0")
    assert.are.equal(lines('+QISTATE: 3,"UDP","10.0.0.1",8003,0,2,0,1', "OK"),
      player:send "AT+QISTATE=1,3")
    assert.are.equal(OK, player:send "AT+QISTATE=1,2")
  end)

  it("refuses other contexts and ids", function()
    refuses(clock.new(), { "AT+QISTATE=0,1", "AT+QISTATE=0,11", "AT+QISTATE=1,5", "AT+QISTATE=2,0",
      "AT+QISTATE=1", "AT+QISTATE=", "AT+QISTATE", "AT+QISTATE=1,0,0" })
  end)

  it("shows by trait 4 after a remote close, the real port, a closed socket", function()
    local player = clock.new { traits = { closed_state = 4, state_local_port = "real",
      state_after_close = "initial" } }
    local peer = player:open(0)
    assert.are.equal(lines(('+QISTATE: 0,"TCP","10.0.0.1",8000,%d,2,0,1'):format(peer.local_port),
      "OK"), player:send "AT+QISTATE?")
    peer:close()
    player:run(1)
    assert.is_truthy(player:send("AT+QISTATE?"):find(",4,0,1", 1, true))
    player:send "AT+QICLOSE=0"
    assert.is_truthy(player:send("AT+QISTATE?"):find(",0,0,1", 1, true))
    player:open(0)
  end)
end)

describe("QICLOSE", function()
  it("closes, and the peer sees it", function()
    local seen
    local player = clock.new()
    player:open(2, { closed = function() seen = true end })
    assert.are.equal(lines("OK", "CLOSE OK"), player:send "AT+QICLOSE=2")
    assert.is_true(seen)
    assert.are.equal(OK, player:send "AT+QISTATE?")
  end)

  it("is ERROR or OK for an id that is not open", function()
    local player = clock.new()
    refuses(player, { "AT+QICLOSE=0", "AT+QICLOSE=5", "AT+QICLOSE=", "AT+QICLOSE", "AT+QICLOSE=0,0",
      'AT+QICLOSE="0"' })
    player = clock.new { traits = { close_unused = "ok" } }
    assert.are.equal(lines("OK", "CLOSE OK"), player:send "AT+QICLOSE=0")
  end)

  it("gives up a connection that is being made", function()
    local player = clock.new()
    player.net:listen("TCP", "10.0.0.1", 80, { silent = true })
    player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80'
    assert.are.equal(lines("OK", "CLOSE OK"), player:send("AT+QICLOSE=0", 100))
  end)

  it("is due after the peer has closed", function()
    local player = clock.new()
    local peer = player:open(0)
    peer:close()
    assert.are.equal(lines '+QIURC: "closed",0', player:run(1))
    assert.are.equal(ERROR, player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",8000')
    assert.are.equal(lines("OK", "CLOSE OK"), player:send "AT+QICLOSE=0")
    player:open(0)
  end)
end)

describe("a downlink", function()
  it("is split into URCs of at most 1024 bytes", function()
    local player = clock.new()
    local peer = player:open(0, nil, "UDP")
    peer:send(("a"):rep(1024))
    assert.are.equal(lines('+QIURC: "recv",0,1024,"' .. ("a"):rep(1024) .. '"'), player:run(1))
    peer:send(("a"):rep(1025))
    assert.are.equal(lines('+QIURC: "recv",0,1024,"' .. ("a"):rep(1024) .. '"',
      '+QIURC: "recv",0,1,"a"'), player:run(1))
    peer:send(("b"):rep(3000))
    assert.are.equal(3, select(2, player:run(1):gsub("recv", "")))
  end)

  it("may hold anything, raw", function()
    local player = clock.new()
    local peer = player:open(0)
    local bytes = '\r\nOK\r\n"\0\255>\r\n+QIURC: "closed",0\r\n'
    peer:send(bytes)
    assert.are.equal(lines('+QIURC: "recv",0,' .. #bytes .. ',"' .. bytes .. '"'), player:run(1))
  end)

  it("comes quoted or not, in digits of either case", function()
    local player = clock.new { traits = { quoted = false, hex_lower = true } }
    local peer = player:open(0)
    peer:send "\175"
    assert.are.equal(lines '+QIURC: "recv",0,1,\175', player:run(1))
    player:send 'AT+QICFG="dataformat",0,1'
    peer:send "\175"
    assert.are.equal(lines '+QIURC: "recv",0,1,af', player:run(1))
  end)

  it("can be injected, as can a line and raw bytes", function()
    local player = clock.new()
    assert.is_false(player.module:push(0, "x"))
    player:open(0)
    assert.is_true(player.module:push(0, "x"))
    player.module:urc("+QIND: 1")
    player.module:raw("\r\n+QIU")
    assert.are.equal(lines('+QIURC: "recv",0,1,"x"', "+QIND: 1") .. "\r\n+QIU", player:run(1))
  end)

  it("is dropped with a word when the buffer is full", function()
    local player = clock.new { baud = 9600, traits = { rx_buffer = 1500 } }
    player.net:listen("TCP", "10.0.0.1", 8000, {})
    player:send('AT+QIOPEN=0,0,"TCP","10.0.0.1",8000', 1)
    player.net.peers[1]:send(("a"):rep(1000))
    player.net.peers[1]:send(("b"):rep(1000))
    local said = player:run(5)
    assert.is_truthy(said:find('+QIURC: "recv",0,"buff full"', 1, true))
    assert.is_nil(said:find("b,", 1, true))
    player.net.peers[1]:send "c"
    assert.are.equal(lines '+QIURC: "recv",0,1,"c"', player:run(1))
  end)

  it("of one socket stays in order, however late URCs are", function()
    local wait = { 3, 1, 2 }
    local player = clock.new { delay = function(what)
      return what == "urc" and table.remove(wait, 1) or nil
    end }
    player:open(0)
    for _, text in ipairs { "a", "b", "c" } do player.module:push(0, text) end
    assert.are.equal("", player:run(2.9))
    assert.are.equal(lines('+QIURC: "recv",0,1,"a"', '+QIURC: "recv",0,1,"b"',
      '+QIURC: "recv",0,1,"c"'), player:run(1))
  end)
end)

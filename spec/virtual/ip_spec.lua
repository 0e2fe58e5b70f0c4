-- QIDNSGIP, QIDNSCFG, QPING and QNTP of the virtual module.

local clock = require "spec.support.virtual_clock"

local lines = clock.lines
local OK, ERROR = lines "OK", lines "ERROR"

local function refuses(player, commands)
  for _, text in ipairs(commands) do assert.are.equal(ERROR, player:send(text), text) end
end

describe("QIDNSGIP", function()
  it("asks the names table, then the network; an address is its own", function()
    local player = clock.new { names = { ["a.b"] = { "10.0.0.1", "10.0.0.2" } } }
    player.net.hosts["c.d"] = { "10.0.0.3" }
    assert.are.equal(lines("OK", "+QIDNSGIP: 0,1,0", "+QIDNSGIP: 10.0.0.1"),
      player:send 'AT+QIDNSGIP=0,"a.b"')
    assert.are.equal(lines("OK", "+QIDNSGIP: 0,1,0", "+QIDNSGIP: 10.0.0.3"),
      player:send 'AT+QIDNSGIP=0,"c.d"')
    assert.are.equal(lines("OK", "+QIDNSGIP: 0,1,0", "+QIDNSGIP: 1.2.3.4"),
      player:send 'AT+QIDNSGIP=0,"1.2.3.4"')
    assert.are.equal(lines("OK", "+QIDNSGIP: 565"), player:send 'AT+QIDNSGIP=0,"e.f"')
  end)

  it("gives its address quoted by trait", function()
    local player = clock.new { traits = { dns_quoted = true }, names = { a = "10.0.0.1" } }
    assert.are.equal(lines("OK", "+QIDNSGIP: 0,1,0", '+QIDNSGIP: "10.0.0.1"'),
      player:send 'AT+QIDNSGIP=0,"a"')
  end)

  it("is busy with one name at a time", function()
    local player = clock.new()
    player.net.hosts.a, player.net.latency_s = { "10.0.0.1" }, 1
    assert.are.equal(OK, player:send 'AT+QIDNSGIP=0,"a"')
    assert.are.equal(lines("OK", "+QIDNSGIP: 564"), player:send 'AT+QIDNSGIP=0,"a"')
    assert.are.equal(lines("+QIDNSGIP: 0,1,0", "+QIDNSGIP: 10.0.0.1"), player:run(1))
  end)

  it("refuses other contexts and names over 150 bytes", function()
    local player = clock.new()
    refuses(player, { 'AT+QIDNSGIP=1,"a"', "AT+QIDNSGIP=0,a", 'AT+QIDNSGIP=0,""', "AT+QIDNSGIP=0",
      'AT+QIDNSGIP=0,"a",1', "AT+QIDNSGIP", 'AT+QIDNSGIP=0,"' .. ("a"):rep(151) .. '"' })
    assert.are.equal(lines("OK", "+QIDNSGIP: 565"),
      player:send('AT+QIDNSGIP=0,"' .. ("a"):rep(150) .. '"'))
  end)

  it("forgets its question in a reboot", function()
    local player = clock.new()
    player.net.hosts.a, player.net.latency_s = { "10.0.0.1" }, 2
    player:send 'AT+QIDNSGIP=0,"a"'
    player.module:reset()
    assert.is_nil(player:run(5):find("QIDNSGIP", 1, true))
  end)
end)

describe("QIDNSCFG", function()
  it("sets one or two servers and tells them", function()
    local player = clock.new()
    assert.are.equal(lines('+QIDNSCFG: 0,"218.2.2.2","218.4.4.4"', "OK"),
      player:send "AT+QIDNSCFG=0")
    assert.are.equal(OK, player:send 'AT+QIDNSCFG=0,"8.8.8.8"')
    assert.are.equal(lines('+QIDNSCFG: 0,"8.8.8.8","218.4.4.4"', "OK"), player:send "AT+QIDNSCFG=0")
    assert.are.equal(OK, player:send 'AT+QIDNSCFG=0,"1.1.1.1","9.9.9.9"')
    assert.are.equal(lines('+QIDNSCFG: 0,"1.1.1.1","9.9.9.9"', "OK"), player:send "AT+QIDNSCFG=0")
  end)

  it("takes only addresses that the network can use", function()
    local v4 = clock.new()
    refuses(v4, { 'AT+QIDNSCFG=0,"240E:5A::6666"', 'AT+QIDNSCFG=0,"8.8.8.8","::1"' })
    local v6 = clock.new { traits = { network = "v6" } }
    refuses(v6, { 'AT+QIDNSCFG=0,"8.8.8.8"' })
    assert.are.equal(OK, v6:send 'AT+QIDNSCFG=0,"2001:db8::1"')
    assert.are.equal(lines('+QIDNSCFG: 0,,,"2001:db8::1","240E:5B::6666"', "OK"),
      v6:send "AT+QIDNSCFG=0")
    local both = clock.new { traits = { network = "v4v6" } }
    assert.are.equal(OK, both:send 'AT+QIDNSCFG=0,"8.8.8.8","2001:db8::1"')
    assert.are.equal(lines('+QIDNSCFG: 0,"8.8.8.8","218.4.4.4","240E:5A::6666","2001:db8::1"',
      "OK"), both:send "AT+QIDNSCFG=0")
  end)

  it("refuses what is no address, and other contexts", function()
    refuses(clock.new(), { 'AT+QIDNSCFG=0,"dns.example"', 'AT+QIDNSCFG=0,"256.1.1.1"',
      'AT+QIDNSCFG=0,"1.1.1"', 'AT+QIDNSCFG=1,"8.8.8.8"', "AT+QIDNSCFG=1", "AT+QIDNSCFG=",
      "AT+QIDNSCFG=0,8.8.8.8", 'AT+QIDNSCFG=0,"8.8.8.8",', 'AT+QIDNSCFG=0,"8.8.8.8","1.1.1.1",1',
      'AT+QIDNSCFG=0,"' .. ("1"):rep(65) .. '"' })
  end)
end)

describe("QPING", function()
  it("counts lost ones and goes on", function()
    local player = clock.new { profile = "manual" }
    player.net.pings = { 10, false, 31 }
    assert.are.equal(lines("OK", "+QPING: 0,10.0.0.1,64,10", "+QPING: 569",
      "+QPING: 0,10.0.0.1,64,31", "+QPING: 0,3,2,1,10,31,21"),
      player:send('AT+QPING=0,"10.0.0.1",2,3,64', 10))
  end)

  it("ends by a summary or a code when all are lost", function()
    local player = clock.new()
    assert.are.equal(lines("OK", "+QPING: 569", "+QPING: 569", "+QPING: 569", "+QPING: 569",
      "+QPING: 0,4,0,4,0,0,0"), player:send('AT+QPING=0,"10.0.0.1"', 20))
    player = clock.new { traits = { ping_all_lost = "code" } }
    assert.are.equal(lines("OK", "+QPING: 569", "+QPING: 569"),
      player:send('AT+QPING=0,"10.0.0.1",1,1', 20))
  end)

  it("waits time_out for each", function()
    local player = clock.new()
    assert.are.equal(OK, player:send('AT+QPING=0,"10.0.0.1",255,1', 254.9))
    assert.are.equal(lines("+QPING: 569", "+QPING: 0,1,0,1,0,0,0"), player:run(0.2))
  end)

  it("has quotes and a ttl by trait", function()
    local player = clock.new { traits = { ping_quoted = true, ping_ttl = true } }
    player.net.pings = { 5 }
    assert.are.equal(lines("OK", '+QPING: 0,"10.0.0.1",32,5,64', "+QPING: 0,1,1,0,5,5,5"),
      player:send 'AT+QPING=0,"10.0.0.1",4,1,32')
  end)

  it("fails by name, and is busy with one at a time", function()
    local player = clock.new()
    assert.are.equal(lines("OK", "+QPING: 565"), player:send 'AT+QPING=0,"no.where"')
    player:send 'AT+QPING=0,"10.0.0.1",4,1,32'
    assert.are.equal(lines("OK", "+QPING: 568"), player:send 'AT+QPING=0,"10.0.0.1",4,1,32')
  end)

  it("refuses what is out of range", function()
    local player = clock.new { profile = "manual" }
    refuses(player, { 'AT+QPING=1,"a"', "AT+QPING=0,a", 'AT+QPING=0,"a",0', 'AT+QPING=0,"a",256',
      'AT+QPING=0,"a",4,0', 'AT+QPING=0,"a",4,11', 'AT+QPING=0,"a",4,4,31',
      'AT+QPING=0,"a",4,4,201',
      'AT+QPING=0,"a",4,4,32,1', 'AT+QPING=0,""', "AT+QPING=0", "AT+QPING",
      'AT+QPING=0,"' .. ("a"):rep(151) .. '"' })
    assert.are.equal(ERROR, clock.new():send 'AT+QPING=0,"a",4,4,1501')
    assert.is_truthy(clock.new():send('AT+QPING=0,"a",4,4,1500'):find("OK", 1, true))
  end)
end)

describe("QNTP", function()
  -- 2024-01-02 03:04:05 UTC
  local UTC = 1704164645

  it("gives the time in the form of its trait, or 569", function()
    for form, text in pairs { odd = "24/01/02,11:04:05:35+32", zone = "24/01/02,11:04:05+32",
      plain = "24/01/02,03:04:05", odd_plain = "24/01/02,03:04:05:35" } do
      local player = clock.new { traits = { ntp_form = form } }
      player.net.utc = UTC
      assert.are.equal(lines("OK", '+QNTP: 0,"' .. text .. '"'), player:send 'AT+QNTP=0,"10.0.0.1"')
    end
    assert.are.equal(lines("OK", "+QNTP: 569"), clock.new():send 'AT+QNTP=0,"10.0.0.1",123,1')
    assert.are.equal(lines("OK", "+QNTP: 565"), clock.new():send 'AT+QNTP=0,"no.where"')
  end)

  it("sets the clock if asked", function()
    local player = clock.new()
    player.net.utc = UTC
    player:send 'AT+QNTP=0,"10.0.0.1",123,0'
    assert.is_truthy(player:send("AT+CCLK?"):find("2020/01/01", 1, true))
    player:send 'AT+QNTP=0,"10.0.0.1",123,1'
    assert.is_truthy(player:send("AT+CCLK?"):find("2024/01/02,11:04:05+32", 1, true))
  end)

  it("refuses what is out of range", function()
    refuses(clock.new(), { 'AT+QNTP=1,"a"', "AT+QNTP=0,a", 'AT+QNTP=0,"a",0', 'AT+QNTP=0,"a",65536',
      'AT+QNTP=0,"a",123,2', 'AT+QNTP=0,"a",123,1,1', "AT+QNTP=0", "AT+QNTP",
      'AT+QNTP=0,"' .. ("a"):rep(151) .. '"' })
  end)
end)

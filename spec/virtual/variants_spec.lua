-- What real modules and networks do differently, each form alone: SIM, registration,
-- name servers, answers of pings, lateness. Profile manual, one trait changed.

local clock = require "spec.support.virtual_clock"

local lines = clock.lines
local OK, ERROR = lines "OK", lines "ERROR"

local function manual(traits, more)
  local options = { profile = "manual", traits = traits }
  for name, value in pairs(more or {}) do options[name] = value end
  return clock.new(options)
end

local function says(player, command, ...)
  assert.are.equal(lines(...), player:send(command), command)
end

describe("The SIM", function()
  it("may be absent: no +CPIN, no network, 10 for what asks it", function()
    local player = manual({ sim = "none", echo = false }, { boot = true })
    assert.are.equal(lines("RDY", "+CFUN: 1"), player:run(10))
    player:send "AT+CMEE=1"
    says(player, "AT+CPIN?", "+CME ERROR: 10")
    says(player, "AT+CIMI", "+CME ERROR: 10")
    says(player, "AT+QCCID", "+CME ERROR: 10")
    says(player, "AT+CEREG?", "+CEREG: 0,0", "OK")
    says(player, 'AT+CPIN="1234"', "+CME ERROR: 10")
    player:send "AT+CMEE=2"
    says(player, "AT+CIMI", "+CME ERROR: SIM not inserted")
  end)

  it("may ask for its PIN, and is found once it has it", function()
    local player = manual({ sim = "SIM PIN", echo = false }, { boot = true, pin = "0815" })
    assert.are.equal(lines("RDY", "+CFUN: 1", "+CPIN: SIM PIN"), player:run(10))
    player:send "AT+CMEE=1"
    says(player, "AT+CPIN?", "+CPIN: SIM PIN", "OK")
    says(player, "AT+CIMI", "+CME ERROR: 11")
    says(player, 'AT+CPIN="1234"', "+CME ERROR: 16")
    says(player, "AT+CPIN=1234", "+CME ERROR: 50")
    says(player, 'AT+CPIN="0815"', "OK", "+CPIN: READY", "+IP: 100.85.29.214")
    says(player, "AT+CPIN?", "+CPIN: READY", "OK")
    says(player, 'AT+CPIN="0815"', "+CME ERROR: 3")
  end)

  it("may be busy or locked, and then nothing is attached", function()
    for state, code in pairs { ["NOT READY"] = 14, ["SIM PUK"] = 12 } do
      local player = manual({ sim = state })
      player:send "AT+CMEE=1"
      says(player, "AT+CPIN?", "+CPIN: " .. state, "OK")
      says(player, "AT+QCCID", "+CME ERROR: " .. code)
      says(player, "AT+CGATT?", "+CGATT: 0", "OK")
      says(player, 'AT+QIDNSGIP=0,"a"', "+CME ERROR: 572")
    end
  end)
end)

describe("The registration", function()
  it("may roam, be denied with a cause, and come back", function()
    local player = manual()
    player:send "AT+CEREG=3"
    player.module:register(5)
    assert.are.equal(lines '+CEREG: 5,"4C10","084958B4",9', player:run(1))
    player.module:register(3, 0, 15)
    assert.are.equal(lines '+CEREG: 3,"4C10","084958B4",9,0,15', player:run(1))
    says(player, "AT+CEREG?", '+CEREG: 3,3,"4C10","084958B4",9,0,15', "OK")
    says(player, "AT+CGPADDR", "+CGPADDR: 5", "OK")
    player.module:register(1)
    assert.are.equal(lines("+CEREG: 2", '+CEREG: 1,"4C10","084958B4",9', "+IP: 100.85.29.214"),
      player:run(1))
  end)

  it("comes before the address, which may come late or unsaid", function()
    local player = manual({ echo = false }, { boot = true, timing = { found = 2, ip = 3 } })
    player:run(1)
    says(player, "AT+CEREG?", "+CEREG: 0,2", "OK")
    assert.are.equal("", player:run(1.5))
    says(player, "AT+CEREG?", "+CEREG: 0,1", "OK")
    says(player, "AT+CGPADDR", "+CGPADDR: 5", "OK")
    assert.are.equal(ERROR, player:send 'AT+QIDNSCFG=0,"8.8.8.8"')
    assert.are.equal(lines "+IP: 100.85.29.214", player:run(3))
    player = manual({ ip_urc = false, echo = false }, { boot = true })
    assert.are.equal(lines("RDY", "+CFUN: 1", "+CPIN: READY"), player:run(10))
    assert.is_truthy(player:send("AT+CGPADDR"):find("100.85.29.214", 1, true))
  end)

  it("has empty fields while there is none, by trait", function()
    for n, line in pairs { [1] = "2", [2] = "2,,,", [3] = "2,,,,,", [5] = "2,,,,,,," } do
      local player = manual { cereg_empty = true }
      player.module:network(false)
      player:send("AT+CEREG=" .. n)
      says(player, "AT+CEREG?", ("+CEREG: %d,%s"):format(n, line), "OK")
    end
  end)

  it("has the timers that were granted, unless PSM is off or the trait", function()
    local more = { t3324 = "00000001", t3412 = "01000001" }
    local player = manual(nil, more)
    player:send "AT+CEREG=4"
    says(player, "AT+CEREG?", '+CEREG: 4,1,"4C10","084958B4",9,,,"00000001","01000001"', "OK")
    player:send "AT+CPSMS=0"
    says(player, "AT+CEREG?", '+CEREG: 4,1,"4C10","084958B4",9', "OK")
    player = manual({ cereg_timers = false }, more)
    player:send "AT+CEREG=5"
    says(player, "AT+CEREG?", '+CEREG: 5,1,"4C10","084958B4",9', "OK")
  end)

  it("sets the module's clock (2.3.9 note 3)", function()
    local player = manual({ echo = false }, { boot = true, rtc = 0, clock = 1702515673,
      timing = { found = 10 } })
    player:run(1)
    says(player, "AT+CCLK?", '+CCLK: "70/01/01,08:00:01+32"', "OK")
    player:run(10)
    says(player, "AT+CCLK?", '+CCLK: "23/12/14,09:01:24+32"', "OK")
  end)

  it("goes with COPS=2 and comes back with the operator's name", function()
    local player = manual()
    says(player, "AT+COPS=2", "OK")
    says(player, "AT+COPS?", "+COPS: 2", "OK")
    says(player, 'AT+COPS=1,2,"46000"', "ERROR")
    says(player, 'AT+COPS=1,2,"46008"', "OK", "+IP: 100.85.29.214")
    says(player, "AT+COPS?", '+COPS: 1,2,"46008",9', "OK")
    for _, text in ipairs { "AT+COPS=1", 'AT+COPS=1,1,"46008"', 'AT+COPS=0,2,"46008"' } do
      says(player, text, "ERROR")
    end
  end)
end)

describe("The radio connection", function()
  local function connected(release)
    local player = manual { rrc_release = release }
    player:open(0)
    player:run(100)
    player:send "AT+CSCON=1"
    return player
  end

  it("is told by +CSCON: up with what is sent, released after quiet", function()
    local player = connected(20)
    assert.are.equal(lines("+CSCON: 1", "OK", "SEND OK"), player:send 'AT+QISEND=0,1,"x"')
    says(player, "AT+CSCON?", "+CSCON: 1,1", "OK")
    assert.are.equal("", player:run(19))
    assert.are.equal(lines "+CSCON: 0", player:run(2))
    says(player, "AT+CSCON?", "+CSCON: 1,0", "OK")
    player.net.peers[1]:send "y"
    assert.are.equal(lines("+CSCON: 1", '+QIURC: "recv",0,1,y'), player:run(19))
    player.net.peers[1]:send "z"
    assert.are.equal(lines '+QIURC: "recv",0,1,z', player:run(19))
  end)

  it("is released by rai_mode 1 after the packet, by 2 after the next downlink", function()
    local player = connected(20)
    assert.are.equal(lines("+CSCON: 1", "+CSCON: 0", "OK", "SEND OK"),
      player:send 'AT+QISEND=0,1,"x",1')
    assert.are.equal(lines("+CSCON: 1", "OK", "SEND OK"), player:send 'AT+QISEND=0,1,"x",2')
    player.net.peers[1]:send "y"
    assert.are.equal(lines('+QIURC: "recv",0,1,y', "+CSCON: 0"), player:run(1))
    assert.are.equal(lines("+CSCON: 1", "OK", "SEND OK"), player:send 'AT+QISEND=0,1,"x",0')
    assert.are.equal(ERROR, player:send 'AT+QISEND=0,1,"x",3')
  end)

  it("says nothing unless asked", function()
    local player = manual { rrc_release = 5 }
    player:open(0)
    assert.are.equal(lines("OK", "SEND OK"), player:send('AT+QISEND=0,1,"x"', 100))
  end)

  it("decides how late a downlink is (2.4 notes 2 and 3)", function()
    local player = manual { rrc_release = 20, urc_late = 10.24 }
    player:open(0)
    player:run(100)
    player.net.peers[1]:send "x"
    assert.are.equal("", player:run(10.2))
    assert.are.equal(lines '+QIURC: "recv",0,1,x', player:run(0.1))
    player.net.peers[1]:send "y"
    assert.are.equal(lines '+QIURC: "recv",0,1,y', player:run(0.1))
    player:run(100)
    player.net.peers[1]:send "z"
    player.net.peers[1]:close()
    assert.are.equal("", player:run(10.2))
    assert.are.equal(lines('+QIURC: "recv",0,1,z', '+QIURC: "closed",0'), player:run(0.1))
    -- What is no downlink is not paged.
    player.module:network(false)
    player.module:network(true)
    assert.are.equal(lines "+IP: 100.85.29.214", player:run(1))
  end)

  it("carries nothing without coverage: datagrams are lost, questions fail", function()
    local player = manual()
    local peer = player:open(0, nil, "UDP")
    player.net.hosts.a, player.net.latency_s, player.net.pings = { "10.0.0.1" }, 1, { 5 }
    player.net.utc = 1560222500
    player:send 'AT+QIDNSGIP=0,"a"'
    player:send 'AT+QPING=0,"10.0.0.1",4,1,32'
    player:send 'AT+QNTP=0,"10.0.0.1"'
    player.module:network(false)
    assert.are.equal(lines("OK", "SEND OK"), player:send('AT+QISEND=0,1,"x"', 0))
    peer:send "lost"
    assert.are.equal(lines("+QIDNSGIP: 565", "+QPING: 569", "+QPING: 0,1,0,1,0,0,0",
      "+QNTP: 569"), player:run(5))
    assert.are.equal("", peer:text())
  end)
end)

describe("Name servers and names", function()
  it("are told in each form", function()
    local forms = {
      network = '+QIDNSCFG: 0,"218.2.2.2","218.4.4.4"',
      all = '+QIDNSCFG: 0,"218.2.2.2","218.4.4.4","",""',
      primary = '+QIDNSCFG: 0,"218.2.2.2"',
    }
    for form, line in pairs(forms) do
      says(manual { network = "v4", dns_servers = form }, "AT+QIDNSCFG=0", line, "OK")
    end
    says(manual { dns_servers = "none" }, "AT+QIDNSCFG=0", "OK")
    says(manual { network = "v6", dns_servers = "primary" }, "AT+QIDNSCFG=0",
      '+QIDNSCFG: 0,,,"240E:5A::6666"', "OK")
  end)

  it("are asked where the host has set them", function()
    local player = manual()
    player.net.hosts.a = { "10.0.0.1" }
    player:send 'AT+QIDNSGIP=0,"a"'
    assert.is_nil(player.net.asked)
    player:send 'AT+QIDNSCFG=0,"8.8.8.8","2001:db8::1"'
    player:send 'AT+QIDNSGIP=0,"a"'
    assert.are.same({ "8.8.8.8", "2001:db8::1" }, player.net.asked)
  end)

  it("give one address, all counted, or all", function()
    local list = { "10.0.0.1", "2001:db8::1", "10.0.0.2" }
    local function resolve(form)
      return manual({ dns_addresses = form }, { names = { a = list } }):send 'AT+QIDNSGIP=0,"a"'
    end
    assert.are.equal(lines("OK", "+QIDNSGIP: 0,1,0", "+QIDNSGIP: 10.0.0.1"), resolve "first")
    assert.are.equal(lines("OK", "+QIDNSGIP: 0,3,0", "+QIDNSGIP: 10.0.0.1"), resolve "counted")
    assert.are.equal(lines("OK", "+QIDNSGIP: 0,3,0", "+QIDNSGIP: 10.0.0.1",
      "+QIDNSGIP: 2001:db8::1", "+QIDNSGIP: 10.0.0.2"), resolve "all")
  end)

  it("fail with the code that the table gives, wherever a host is named", function()
    local player = manual(nil, { names = { a = 569 } })
    says(player, 'AT+QIDNSGIP=0,"a"', "OK", "+QIDNSGIP: 569")
    says(player, 'AT+QIOPEN=0,0,"TCP","a",1', "OK", "+QIOPEN: 0,569")
    says(player, 'AT+QPING=0,"a"', "OK", "+QPING: 569")
    says(player, 'AT+QNTP=0,"a"', "OK", "+QNTP: 569")
  end)
end)

describe("A network of IPv6 alone", function()
  it("gives its address, and reaches nothing else", function()
    local player = manual({ network = "v6", echo = false },
      { boot = true, ip6 = "2001:db8::5", names = { both = { "10.0.0.1", "2001:db8::1" },
        old = "10.0.0.1" } })
    assert.are.equal(lines("RDY", "+CFUN: 1", "+CPIN: READY", "+IP: 2001:db8::5"), player:run(1))
    says(player, "AT+CGPADDR", '+CGPADDR: 5,"2001:db8::5"', "OK")
    says(player, 'AT+QIDNSGIP=0,"both"', "OK", "+QIDNSGIP: 0,1,0", "+QIDNSGIP: 2001:db8::1")
    says(player, 'AT+QIDNSGIP=0,"old"', "OK", "+QIDNSGIP: 565")
    says(player, 'AT+QIOPEN=0,0,"TCP","10.0.0.1",1', "OK", "+QIOPEN: 0,566")
    player.net:listen("TCP", "2001:db8::1", 1, {})
    says(player, 'AT+QIOPEN=0,1,"TCP","2001:db8::1",1', "OK", "+QIOPEN: 1,0")
    says(player, 'AT+QIDNSCFG=0,"8.8.8.8"', "ERROR")
  end)

  it("has its counterpart", function()
    says(manual { network = "v4" }, 'AT+QIOPEN=0,1,"UDP","2001:db8::1",1', "OK",
      "+QIOPEN: 1,566")
  end)
end)

describe("A ping that is lost", function()
  it("may be told by one code for all of them", function()
    local player = manual { ping_all_lost = "alone" }
    player.net.pings = { false, false }
    assert.are.equal(lines("OK", "+QPING: 569"), player:send('AT+QPING=0,"10.0.0.1",1,2', 10))
    player.net.pings = { false, 7 }
    assert.are.equal(lines("OK", "+QPING: 569", "+QPING: 0,10.0.0.1,32,7",
      "+QPING: 0,2,1,1,7,7,7"), player:send('AT+QPING=0,"10.0.0.1",1,2', 10))
  end)

  it("and the time are asked of names and IPv4 addresses alone (2.3.8, 2.3.9)", function()
    local player = manual()
    says(player, 'AT+QPING=0,"2001:db8::1"', "ERROR")
    says(player, 'AT+QNTP=0,"2001:db8::1"', "ERROR")
  end)
end)

describe("QICLOSE", function()
  it("of a connection that failed or was ended may be an error, and frees the id", function()
    for form, answer in pairs { ok = lines("OK", "CLOSE OK"), error = ERROR } do
      local player = manual { close_dead = form }
      player:open(0)
      player.net.peers[1]:close()
      player:run(1)
      assert.are.equal(answer, player:send "AT+QICLOSE=0")
      player:send 'AT+QIOPEN=0,1,"TCP","10.0.0.9",9'
      assert.are.equal(answer, player:send "AT+QICLOSE=1")
      assert.are.equal(OK, player:send "AT+QISTATE?")
      player:open(0)
      assert.are.equal(lines("OK", "CLOSE OK"), player:send "AT+QICLOSE=0")
    end
  end)
end)

describe("The line", function()
  it("may know nothing of events of sleep", function()
    local player = manual { sleep_events = false }
    for _, text in ipairs { 'AT+QCFG="dsevent"', 'AT+QCFG="dsevent",1', "AT+QNBIOTEVENT?",
      "AT+QNBIOTEVENT=1,1" } do
      says(player, text, "ERROR")
    end
  end)

  it("may be slow to answer, and quick to echo", function()
    local player = manual { answer_time = 4.9, echo = true }
    assert.are.equal("AT+CSQ\r", player:send("AT+CSQ", 4.8))
    assert.are.equal(lines("+CSQ: 22,0", "OK"), player:run(0.2))
  end)

  it("takes another rate once OK has left it, and keeps it", function()
    local player = manual(nil, { baud = 9600 })
    assert.are.equal(OK, player:send("AT+IPR=115200", 1))
    assert.are.equal(115200, player.module.wire.baud)
    assert.are.equal(lines("+IPR: 115200", "OK"), player:send("AT+IPR?", 1))
    player:send("AT+IPR=0", 1)
    assert.are.equal(115200, player.module.wire.baud)
  end)

  it("may fall asleep into PSM, where no URC is said (2.4 note 1)", function()
    local player = manual { sleep_after = 10, sleep_kind = "PSM" }
    player:send 'AT+QCFG="dsevent",1'
    player:send "AT+QNBIOTEVENT=1,1"
    player:open(0)
    assert.are.equal(lines '+QNBIOTEVENT: "ENTER PSM"', player:run(11))
    player.net.peers[1]:send "x"
    player.net.peers[1]:close()
    assert.are.equal("", player:run(100))
    assert.are.equal(lines '+QNBIOTEVENT: "EXIT PSM"', player:send("AT", 1))
    says(player, "AT+QISTATE=1,0", '+QISTATE: 0,"TCP","10.0.0.1",8000,0,3,0,1', "OK")
  end)

  it("gives all bands back with QBAND=0", function()
    local player = manual()
    says(player, "AT+QBAND=2,3,8", "OK")
    says(player, "AT+QBAND?", "+QBAND: 3,8", "OK")
    says(player, "AT+QBAND=0", "OK")
    says(player, "AT+QBAND?", "+QBAND: 5,8", "OK")
  end)
end)

describe("A connection that was idle for too long (4.2)", function()
  local function idle(kind, seconds)
    local player = manual { idle_limit = 600 }
    local peer = player:open(0, nil, kind)
    player:run(seconds)
    return player, peer
  end

  it("sends and is never acknowledged, and hears no more of its peer", function()
    local player, peer = idle("TCP", 601)
    says(player, 'AT+QISEND=0,3,"ACK"', "OK", "SEND OK")
    says(player, "AT+QISEND=0,0", "+QISEND: 3,0,3", "OK")
    peer:send "x"
    peer:close()
    assert.are.equal("", player:run(150))
    says(player, "AT+QISTATE=1,0", '+QISTATE: 0,"TCP","10.0.0.1",8000,0,2,0,1', "OK")
    says(player, "AT+QISEND=0,0", "+QISEND: 3,0,3", "OK")
    says(player, "AT+QICLOSE=0", "OK", "CLOSE OK")
    assert.are.equal("", peer:text())
  end)

  it("lives while packets go either way", function()
    local player, peer = idle("TCP", 599)
    says(player, 'AT+QISEND=0,1,"x"', "OK", "SEND OK")
    player:run(599)
    peer:send "y"
    assert.are.equal(lines '+QIURC: "recv",0,1,y', player:run(599))
    peer:close()
    assert.are.equal(lines '+QIURC: "closed",0', player:run(1))
  end)

  it("hears nothing by UDP until it sends again", function()
    local player, peer = idle("UDP", 601)
    peer:send "lost"
    assert.are.equal("", player:run(1))
    says(player, 'AT+QISEND=0,1,"x"', "OK", "SEND OK")
    peer:send "y"
    assert.are.equal(lines '+QIURC: "recv",0,1,y', player:run(1))
    assert.are.equal("x", peer:text())
  end)
end)

describe("A fixed local port", function()
  it("rests after the peer has closed too (2.3.2 note 5), and not after a failed open", function()
    local player = manual()
    player.net:listen("TCP", "10.0.0.1", 80, { connect = function(peer) peer:close() end })
    says(player, 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,50000', "OK", "+QIOPEN: 0,0",
      '+QIURC: "closed",0')
    says(player, "AT+QICLOSE=0", "OK", "CLOSE OK")
    says(player, 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,50000', "OK", "+QIOPEN: 0,566")
    says(player, "AT+QICLOSE=0", "OK", "CLOSE OK")
    player:run(120)
    says(player, 'AT+QIOPEN=0,0,"TCP","10.0.0.9",9,50000', "OK", "+QIOPEN: 0,566")
    says(player, "AT+QICLOSE=0", "OK", "CLOSE OK")
    says(player, 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80,50000', "OK", "+QIOPEN: 0,0",
      '+QIURC: "closed",0')
  end)
end)

describe("TCP over deep sleep", function()
  it("is kept by the manual and lost by later firmware, by profile", function()
    for profile, kept in pairs { manual = true, R01 = false, R02 = false } do
      local player = clock.new { profile = profile }
      player:open(0)
      player.module:sleep "DEEPSLEEP"
      player:send("AT", 1)
      local said = player:send "AT+QISTATE?"
      assert.are.equal(kept, said ~= OK, profile)
    end
  end)
end)

-- What the manual calls an error is ERROR, and what it does not is not: for each rule the
-- commands that break it, and one beside them that does not. Profile manual, text format.

local bc260y = require "bc260y"
local clock = require "spec.support.virtual_clock"
local codes = require "bc260y.virtual.codes"

local lines = clock.lines
local ERROR = lines "ERROR"

local NAME = ("n"):rep(150)
local JSON = '{"a":1}'

local function send(count, text)
  return ("AT+QISEND=0,%d,%s"):format(count, text)
end

-- Rule of the manual, commands that break it, commands that do not.
local RULES = {
  { "2.2: AT+<cmd>, with =?, ?, =<p1>,... or nothing",
    { "AT+NOPE", "AT+NOPE=?", "AT+QICLOSE", "AT+QICLOSE?", "AT+QIOPEN?", "AT+QICFG", "AT+QICFG?",
      "AT+QISEND", "AT+QISEND?", "AT+QIDNSGIP?", "AT+QIDNSCFG", "AT+QIDNSCFG?", "AT+QPING?",
      "AT+QNTP?", "AT+QISTATE", "AT+QISTATE=", "AT+QICFG=" },
    { "AT+QISTATE?", "at+qistate=?", "AT+QICFG=?", "AT+QIOPEN=?", "AT+QICLOSE=?", "AT+QISEND=?",
      "AT+QIDNSGIP=?", "AT+QIDNSCFG=?", "AT+QPING=?", "AT+QNTP=?" } },
  { "2.3.1: dataformat, and both formats 0 or 1, or none",
    { 'AT+QICFG="dataformat",0', 'AT+QICFG="dataformat",0,2', 'AT+QICFG="dataformat",2,0',
      'AT+QICFG="dataformat",,1', 'AT+QICFG="dataformat",0,0,0', "AT+QICFG=dataformat",
      'AT+QICFG="other"', 'AT+QICFG="dataformat",-1,0', 'AT+QICFG="dataformat","0","0"' },
    { 'AT+QICFG="dataformat",0,1', 'AT+QICFG="dataformat"' } },
  { "2.3.2 note 1: only context 0",
    { 'AT+QIOPEN=1,1,"TCP","a",1', 'AT+QIOPEN=11,1,"TCP","a",1', 'AT+QIOPEN=12,1,"TCP","a",1',
      'AT+QIOPEN=,1,"TCP","a",1' },
    { 'AT+QIOPEN=0,1,"TCP","a",1' } },
  { "2.3.2: id 0 to 4, TCP or UDP",
    { 'AT+QIOPEN=0,5,"TCP","a",1', 'AT+QIOPEN=0,-1,"TCP","a",1', 'AT+QIOPEN=0,1,"SCTP","a",1',
      'AT+QIOPEN=0,1,"tcp","a",1', 'AT+QIOPEN=0,1,TCP,"a",1', 'AT+QIOPEN=0,1,"TCP/UDP","a",1',
      'AT+QIOPEN=0,1,"TCP LISTENER","a",1', 'AT+QIOPEN=0,01x,"TCP","a",1' },
    { 'AT+QIOPEN=0,1,"UDP","a",1' } },
  { "2.3.2: a host of 1 to 150 bytes, quoted",
    { 'AT+QIOPEN=0,1,"TCP","",1', 'AT+QIOPEN=0,1,"TCP",a,1', 'AT+QIOPEN=0,1,"TCP","a,1',
      ('AT+QIOPEN=0,1,"TCP","%sx",1'):format(NAME), 'AT+QIOPEN=0,1,"TCP","a\255",1' },
    { ('AT+QIOPEN=0,1,"TCP","%s",1'):format(NAME) } },
  { "2.3.2: ports 1 to 65535, of ours 0 too",
    { 'AT+QIOPEN=0,1,"TCP","a"', 'AT+QIOPEN=0,1,"TCP","a",0', 'AT+QIOPEN=0,1,"TCP","a",65536',
      'AT+QIOPEN=0,1,"TCP","a",-1', 'AT+QIOPEN=0,1,"TCP","a","1"',
      'AT+QIOPEN=0,1,"TCP","a",1,65536', 'AT+QIOPEN=0,1,"TCP","a",1,x' },
    { 'AT+QIOPEN=0,1,"TCP","a",65535,65535' } },
  { "2.3.2: access mode 1 alone, and nothing behind it",
    { 'AT+QIOPEN=0,1,"TCP","a",1,0,0', 'AT+QIOPEN=0,1,"TCP","a",1,0,2',
      'AT+QIOPEN=0,1,"TCP","a",1,0,1,1' },
    { 'AT+QIOPEN=0,1,"TCP","a",1,0,1' } },
  { "2.3.2: an id that is open is not opened again", { 'AT+QIOPEN=0,0,"TCP","a",1' },
    { 'AT+QIOPEN=0,1,"TCP","a",1' } },
  { "2.3.3: an open id from 0 to 4",
    { "AT+QICLOSE=5", "AT+QICLOSE=-1", "AT+QICLOSE=x", "AT+QICLOSE=", "AT+QICLOSE=1",
      "AT+QICLOSE=0,0" },
    { "AT+QICLOSE=0" } },
  { "2.3.4: by context 0 or by an id",
    { "AT+QISTATE=0", "AT+QISTATE=0,1", "AT+QISTATE=0,11", "AT+QISTATE=1", "AT+QISTATE=1,5",
      "AT+QISTATE=2,0", "AT+QISTATE=1,0,0" },
    { "AT+QISTATE=0,0", "AT+QISTATE=1,0", "AT+QISTATE=1,4" } },
  { "2.3.5 note 2: the declared length is the real one",
    { send(2, '"abc"'), send(4, '"abc"'), send(3, '"abc'), send(3, "abcd"), send(0, '""'),
      send(-1, '"a"'), send(0, '"a"') },
    { send(3, '"abc"'), send(3, "abc") } },
  { "2.3.5: at most 1024 bytes of text",
    { send(1025, '"' .. ("x"):rep(1025) .. '"'), send(99999, '"x"') },
    { send(1024, '"' .. ("x"):rep(1024) .. '"') } },
  { "2.3.5: rai_mode 0 to 2",
    { send(1, '"x",3'), send(1, '"x",-1'), send(1, '"x",'), send(1, '"x",1,1') },
    { send(1, '"x",0'), send(1, '"x",1'), send(1, '"x",2') } },
  { "2.3.5 note 4: special characters between quotes", { send(#JSON, JSON) },
    { send(#JSON, '"' .. JSON .. '"') } },
  { "2.3.5: an open id from 0 to 4",
    { 'AT+QISEND=1,1,"x"', 'AT+QISEND=5,1,"x"', "AT+QISEND=1,0", "AT+QISEND=0", "AT+QISEND=0,1" },
    { 'AT+QISEND=0,1,"x"', "AT+QISEND=0,0" } },
  { "2.3.6: context 0, a name of 1 to 150 bytes, quoted",
    { 'AT+QIDNSGIP=1,"a"', 'AT+QIDNSGIP=11,"a"', "AT+QIDNSGIP=0", "AT+QIDNSGIP=0,a",
      'AT+QIDNSGIP=0,""', ('AT+QIDNSGIP=0,"%sx"'):format(NAME), 'AT+QIDNSGIP=0,"a","b"' },
    { ('AT+QIDNSGIP=0,"%s"'):format(NAME) } },
  { "2.3.7: context 0, one or two addresses",
    { "AT+QIDNSCFG=1", 'AT+QIDNSCFG=1,"8.8.8.8"', 'AT+QIDNSCFG=0,""', "AT+QIDNSCFG=0,8.8.8.8",
      'AT+QIDNSCFG=0,"dns.test"', 'AT+QIDNSCFG=0,"8.8.8.8","no"', 'AT+QIDNSCFG=0,"8.8.8.256"',
      'AT+QIDNSCFG=0,"8.8.8.8","9.9.9.9","1.1.1.1"' },
    { "AT+QIDNSCFG=0", 'AT+QIDNSCFG=0,"8.8.8.8"', 'AT+QIDNSCFG=0,"240E:5A::6666","8.8.8.8"' } },
  { "2.3.8: context 0, time_out 1 to 255, ping_num 1 to 10, ping_size 32 to 200",
    { 'AT+QPING=1,"a"', "AT+QPING=0", "AT+QPING=0,a", 'AT+QPING=0,""', 'AT+QPING=0,"a",0',
      'AT+QPING=0,"a",256', 'AT+QPING=0,"a",1,0', 'AT+QPING=0,"a",1,11', 'AT+QPING=0,"a",1,1,31',
      'AT+QPING=0,"a",1,1,201', 'AT+QPING=0,"a",1,1,32,1', 'AT+QPING=0,"fd00::1"',
      ('AT+QPING=0,"%sx"'):format(NAME) },
    { 'AT+QPING=0,"a"', 'AT+QPING=0,"a",255,10,200', 'AT+QPING=0,"a",1,1,32' } },
  { "2.3.9: context 0, a server of 1 to 150 bytes, a port, 0 or 1",
    { 'AT+QNTP=1,"a"', "AT+QNTP=0", "AT+QNTP=0,a", 'AT+QNTP=0,""', 'AT+QNTP=0,"a",0',
      'AT+QNTP=0,"a",65536', 'AT+QNTP=0,"a",123,2', 'AT+QNTP=0,"a",123,1,1',
      'AT+QNTP=0,"fd00::1"', ('AT+QNTP=0,"%sx"'):format(NAME) },
    { 'AT+QNTP=0,"a"', 'AT+QNTP=0,"a",65535,1', ('AT+QNTP=0,"%s"'):format(NAME) } },
}

-- Socket 0 is open, and every name is known.
local function ready()
  local player = clock.new { profile = "manual" }
  player:open(0)
  return player
end

describe("The virtual module follows the manual", function()
  for _, rule in ipairs(RULES) do
    it(rule[1], function()
      local player = ready()
      for _, text in ipairs(rule[2]) do assert.equal(ERROR, player:send(text, 0), text) end
      for _, text in ipairs(rule[3]) do
        local said = ready():send(text, 0)
        assert.is_true(said ~= "" and not said:find("ERROR", 1, true), text .. ": " .. said)
      end
    end)
  end

  it("4.1.6: hex in pairs of digits, at most 512 bytes of it", function()
    local player = ready()
    player:send 'AT+QICFG="dataformat",1,0'
    for _, text in ipairs { send(3, "31323"), send(3, "3132333"), send(3, "31323g"),
      send(3, '"31 233"'), send(2, "313233"), send(4, "313233"), send(513, ("61"):rep(513)) } do
      assert.equal(ERROR, player:send(text), text)
    end
    for _, text in ipairs { send(3, "313233"), send(3, '"aAfF00"'), send(512, ("61"):rep(512)) } do
      assert.equal(lines("OK", "SEND OK"), player:send(text), text)
    end
  end)

  it("2.3.7 note 2: servers that the network can use alone", function()
    local servers = { v4 = "8.8.8.8", v6 = "240E:5A::6666" }
    for network, good in pairs(servers) do
      local player = clock.new { profile = "manual", traits = { network = network } }
      for kind, server in pairs(servers) do
        local said = player:send(('AT+QIDNSCFG=0,"%s"'):format(server))
        assert.equal(kind == network and lines "OK" or ERROR, said)
        said = player:send(('AT+QIDNSCFG=0,"%s","%s"'):format(good, server))
        assert.equal(kind == network and lines "OK" or ERROR, said)
      end
    end
  end)

  it("2.3.2 note 4, 2.3.7 note 3: nothing of the network before there is an address", function()
    local player = clock.new { profile = "manual" }
    player.module:network(false)
    local waits = { 'AT+QIOPEN=0,0,"TCP","a",1', 'AT+QIDNSGIP=0,"a"', 'AT+QIDNSCFG=0,"8.8.8.8"',
      'AT+QPING=0,"a"', 'AT+QNTP=0,"a"' }
    for _, text in ipairs(waits) do assert.equal(ERROR, player:send(text), text) end
    for _, text in ipairs { "AT+QIDNSCFG=0", "AT+QISTATE?", 'AT+QICFG="dataformat"',
      'AT+QICFG="dataformat",1,1', "AT+QIOPEN=?", "AT+QNTP=?" } do
      assert.is_nil(player:send(text):find("ERROR", 1, true), text)
    end
    player.module:network(true)
    player:run(1)
    for _, text in ipairs(waits) do
      assert.is_nil(player:send(text):find("ERROR", 1, true), text)
    end
  end)

  it("chapter 3: every code has its words, and the driver has read the same", function()
    for code = 550, 574 do assert.equal(bc260y.errors[code], codes[code]) end
    local player = clock.new { profile = "manual" }
    player:send "AT+CMEE=2"
    assert.equal(lines "+CME ERROR: Socket has been closed", player:send "AT+QICLOSE=0")
    player:send "AT+CMEE=1"
    assert.equal(lines "+CME ERROR: 567", player:send "AT+QICLOSE=0")
    player:send "AT+CMEE=0"
    assert.equal(ERROR, player:send "AT+QICLOSE=0")
  end)

  it("chapter 3: an open fails with the reason that the network gives", function()
    for code = 550, 574 do
      local player = clock.new { profile = "manual" }
      player.net:listen("TCP", "10.0.0.1", 80, { refuse = code })
      assert.equal(lines("OK", "+QIOPEN: 0," .. code),
        player:send 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80')
    end
  end)
end)

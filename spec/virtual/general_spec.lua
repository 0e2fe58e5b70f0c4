-- Identity, clock, registration and the settings of the virtual module.

local clock = require "spec.support.virtual_clock"
local calendar = require "bc260y.virtual.clock"

local lines = clock.lines
local OK, ERROR = lines "OK", lines "ERROR"

-- Each command gives its lines.
local function answers(player, table_of_lines)
  for _, step in ipairs(table_of_lines) do
    assert.are.equal(lines((unpack or table.unpack)(step, 2)), player:send(step[1]), step[1])
  end
end

local function refuses(player, commands)
  for _, text in ipairs(commands) do assert.are.equal(ERROR, player:send(text), text) end
end

describe("the virtual module tells", function()
  it("who it is", function()
    answers(clock.new(), {
      { "ATI", "Quectel_Ltd\r\nQuectel_BC260Y-CN\r\nRevision: BC260YCNAAR02A02", "OK" },
      { "AT+CGMI", "Quectel_Ltd", "OK" },
      { "AT+CGMM", "Quectel_BC260Y-CN", "OK" },
      { "AT+CGMR", "BC260YCNAAR02A02", "OK" },
      { "AT+CGSN", "D1X20BL01000012", "OK" },
      { "AT+CGSN=0", "D1X20BL01000012", "OK" },
      { "AT+CGSN=1", "+CGSN: 866207051234560", "OK" },
      { "AT+CGSN=2", "+CGSN: 8662070512345601", "OK" },
      { "AT+CGSN=3", "+CGSN: 01", "OK" },
      { "AT+CIMI", "460081234567890", "OK" },
      { "AT+QCCID", "+QCCID: 89860414102070012345", "OK" },
      { "AT+CBC", "+CBC: 3470", "OK" },
    })
    answers(clock.new { profile = "manual" }, {
      { "AT+CGMR", "Revision: BC260YCNAAR01A01", "OK" },
    })
    refuses(clock.new(), { "AT+CGSN=4", "AT+CGSN=", "AT+CGSN=1,1", "AT+CGSN=a", "ATI9",
      "AT+CIMI?" })
  end)

  it("the test form of every command", function()
    local player = clock.new()
    for _, name in ipairs { "CGMI", "CGMM", "CGMR", "CGSN", "CIMI", "QCCID", "CFUN", "CCLK", "CBC",
      "CMEE", "QSCLK", "QCFG", "QNBIOTEVENT", "QRST", "IPR", "CPIN", "CEREG", "CGATT", "CGPADDR",
      "CSQ", "CESQ", "CSCON", "COPS", "QBAND", "CPSMS", "CEDRXS", "CEDRXRDP", "QENG", "QICFG",
      "QIOPEN", "QICLOSE", "QISTATE", "QISEND", "QIDNSGIP", "QIDNSCFG", "QPING", "QNTP" } do
      local said = player:send("AT+" .. name .. "=?")
      assert.is_truthy(said:find("\r\nOK\r\n$"), name)
      local info = said:match("^\r\n([^\r]*)\r\n\r\nOK")
      assert.is_true(not info or info:sub(1, #name + 3) == "+" .. name .. ": ", name)
    end
  end)

  it("the test forms of the TCP/IP commands with their ranges", function()
    answers(clock.new { profile = "manual" }, {
      { "AT+QICFG=?", '+QICFG: "dataformat",(0,1),(0,1)', "OK" },
      { "AT+QIOPEN=?",
        '+QIOPEN: (0-11),(0-4),"TCP/UDP",<host>,<remote_port>,<local_port>,(1)', "OK" },
      { "AT+QICLOSE=?", "+QICLOSE: (0-4)", "OK" },
      { "AT+QISTATE=?", "OK" },
      { "AT+QISEND=?", "+QISEND: (0-4),(0-1024),<data>,<rai_mode>", "OK" },
      { "AT+QIDNSGIP=?", "+QIDNSGIP: (0-11),<host_name>", "OK" },
      { "AT+QIDNSCFG=?", "+QIDNSCFG: (0-11),<pridnsaddr>,<secdnsaddr>", "OK" },
      { "AT+QPING=?", "+QPING: (0-11),<host>,(1-255),(1-10),(32-200)", "OK" },
      { "AT+QNTP=?", "+QNTP: (0-11),<server>,<port>,(0,1)", "OK" },
    })
    answers(clock.new { profile = "R02" }, {
      { "AT+QISTATE=?", "+QISTATE: (0,1),(0-4)", "OK" },
      { "AT+QPING=?", "+QPING: (0-11),<host>,(1-255),(1-10),(32-1500)", "OK" },
    })
  end)

  it("the signal, or that there is none", function()
    local player = clock.new()
    answers(player, { { "AT+CSQ", "+CSQ: 22,0", "OK" },
      { "AT+CESQ", "+CESQ: 41,0,255,255,25,57", "OK" } })
    player.module:network(false)
    answers(player, { { "AT+CSQ", "+CSQ: 99,99", "OK" },
      { "AT+CESQ", "+CESQ: 99,99,255,255,255,255", "OK" }, { "AT+QENG=0", "OK" } })
  end)

  it("its cells in 14 and 5 fields", function()
    local said = clock.new():send "AT+QENG=0"
    local serving = said:match("%+QENG: (0,[^\r]*)")
    local neighbour = said:match("%+QENG: (1,[^\r]*)")
    assert.are.equal(13, select(2, serving:gsub(",", "")))
    assert.are.equal(4, select(2, neighbour:gsub(",", "")))
    serving = clock.new({ profile = "R01" }):send("AT+QENG=0"):match("%+QENG: (0,[^\r]*)")
    assert.are.equal(13, select(2, serving:gsub(",", "")))
  end)

  it("its address in the form of each profile, or none", function()
    answers(clock.new(), { { "AT+CGPADDR", '+CGPADDR: 0,"100.85.29.214"', "OK" },
      { "AT+CGPADDR=0", '+CGPADDR: 0,"100.85.29.214"', "OK" },
      { "AT+CGPADDR=3", "+CGPADDR: 3", "OK" } })
    local player = clock.new { profile = "R01" }
    answers(player, { { "AT+CGPADDR", "+CGPADDR: 1,100.85.29.214", "OK" } })
    player.module:network(false)
    answers(player, { { "AT+CGPADDR", "+CGPADDR: 1", "OK" } })
    refuses(player, { "AT+CGPADDR=12", "AT+CGPADDR=x" })
  end)

  it("the time with its zone", function()
    -- 2023-12-14 01:01:13 UTC
    answers(clock.new { clock = 1702515673, profile = "R01" }, {
      { "AT+CCLK?", '+CCLK: "23/12/14,09:01:13+32"', "OK" },
      { 'AT+CCLK="24/02/29,23:59:59+08"', "OK" },
      { "AT+CCLK?", '+CCLK: "24/02/29,23:59:59+08"', "OK" },
      { 'AT+CCLK="2025/01/01,00:00:00-04"', "OK" },
      { "AT+CCLK?", '+CCLK: "25/01/01,00:00:00-04"', "OK" },
    })
    answers(clock.new { clock = 1702515673 }, {
      { "AT+CCLK?", '+CCLK: "2023/12/14,09:01:13+32"', "OK" } })
    answers(clock.new { clock = 1702515673, traits = { cclk_quoted = false } }, {
      { "AT+CCLK?", "+CCLK: 2023/12/14,09:01:13+32", "OK" } })
    refuses(clock.new(), { 'AT+CCLK="23/02/29,00:00:00+32"', 'AT+CCLK="23/13/01,00:00:00+32"',
      "AT+CCLK=1", 'AT+CCLK="23/01/01,24:00:00+32"' })
  end)
end)

describe("the virtual module's settings", function()
  it("are read back", function()
    answers(clock.new(), {
      { "AT+QSCLK=0", "OK" }, { "AT+QSCLK?", "+QSCLK: 0", "OK" },
      { 'AT+QCFG="dsevent",1', "OK" }, { 'AT+QCFG="dsevent"', '+QCFG: "dsevent",1', "OK" },
      { "AT+QNBIOTEVENT=1,1", "OK" }, { "AT+QNBIOTEVENT?", "+QNBIOTEVENT: 1,1", "OK" },
      { "AT+CFUN?", "+CFUN: 1", "OK" },
      { "AT+CSCON=1", "OK" }, { "AT+CSCON?", "+CSCON: 1,0", "OK" },
      { "AT+COPS?", '+COPS: 0,2,"46008",9', "OK" }, { "AT+COPS=0", "OK" },
      { "AT+QBAND?", "+QBAND: 5,8", "OK" }, { "AT+QBAND=1,8", "OK" },
      { "AT+QBAND?", "+QBAND: 8", "OK" },
      { "AT+CPSMS?", '+CPSMS: 1,,,"01000001","00100011"', "OK" },
      { 'AT+CPSMS=1,,,"01000010","00000001"', "OK" },
      { "AT+CPSMS?", '+CPSMS: 1,,,"01000010","00000001"', "OK" },
      { "AT+CPSMS=0", "OK" }, { "AT+CPSMS?", "+CPSMS: 0", "OK" },
      { 'AT+CEDRXS=1,5,"0010"', "OK" }, { "AT+CEDRXS?", '+CEDRXS: 5,"0010"', "OK" },
      { "AT+CEDRXRDP", '+CEDRXRDP: 5,"0010","0010","0011"', "OK" },
      { "AT+CEDRXS=0,5", "OK" }, { "AT+CEDRXS?", "OK" },
      { "AT+CEDRXRDP", "+CEDRXRDP: 0", "OK" },
      { "AT+IPR?", "+IPR: 115200", "OK" }, { "AT+IPR=9600", "OK" },
      { "AT+CPIN?", "+CPIN: READY", "OK" },
    })
  end)

  it("refuse what is out of range", function()
    refuses(clock.new(), { "AT+QSCLK=3", "AT+QSCLK=", 'AT+QCFG="dsevent",2', 'AT+QCFG="other",1',
      "AT+QCFG", "AT+QNBIOTEVENT=2,1", "AT+QNBIOTEVENT=1,0", "AT+QNBIOTEVENT=1", "AT+CFUN=2",
      "AT+CFUN=1,2", "AT+CEREG=6", "AT+CEREG=-1", "AT+CEREG=", "AT+CEREG=1,1", "AT+CGATT=2",
      "AT+CSCON=2", "AT+COPS=3", "AT+QBAND=2,8", "AT+QBAND=5,1,2,3,4,5", "AT+CPSMS=3",
      'AT+CPSMS=1,,,"0102","1"', "AT+CEDRXS=4", 'AT+CEDRXS=1,5,"2222"', "AT+IPR=1234",
      "AT+CPIN=1234", "AT+QENG=1", "AT+CMEE=3" })
  end)
end)

describe("the virtual module's registration", function()
  it("has the fields that CEREG=<n> asks for", function()
    answers(clock.new(), {
      { "AT+CEREG?", "+CEREG: 0,1", "OK" },
      { "AT+CEREG=1", "OK" }, { "AT+CEREG?", "+CEREG: 1,1", "OK" },
      { "AT+CEREG=2", "OK" }, { "AT+CEREG?", '+CEREG: 2,1,"4C10","084958B4",9', "OK" },
      { "AT+CEREG=3", "OK" }, { "AT+CEREG?", '+CEREG: 3,1,"4C10","084958B4",9', "OK" },
      { "AT+CEREG=5", "OK" },
      { "AT+CEREG?", '+CEREG: 5,1,"4C10","084958B4",9,,,"00100101","00111000"', "OK" },
    })
    local player = clock.new { profile = "R01" }
    answers(player, { { "AT+CEREG=2", "OK" },
      { "AT+CEREG?", '+CEREG: 2,1,"19472","084958B4",9', "OK" } })
  end)

  it("reports changes, and only if asked", function()
    local player = clock.new()
    player.module:network(false)
    assert.are.equal("", player:run(1))
    player.module:network(true)
    assert.are.equal(lines "+IP: 100.85.29.214", player:run(1))
    player:send "AT+CEREG=2"
    player.module:network(false)
    assert.are.equal(lines "+CEREG: 2", player:run(1))
    answers(player, { { "AT+CEREG?", "+CEREG: 2,2", "OK" }, { "AT+CGATT?", "+CGATT: 0", "OK" } })
    player.module:network(true)
    assert.are.equal(lines('+CEREG: 1,"4C10","084958B4",9', "+IP: 100.85.29.214"), player:run(1))
  end)

  it("goes with CFUN=0 and CGATT=0 and comes back", function()
    local player = clock.new()
    player:send "AT+CEREG=1"
    assert.are.equal(lines("+CEREG: 0", "OK"), player:send("AT+CFUN=0", 1))
    answers(player, { { "AT+CFUN?", "+CFUN: 0", "OK" }, { "AT+CGPADDR", "+CGPADDR: 0", "OK" } })
    refuses(player, { 'AT+QIOPEN=0,0,"TCP","10.0.0.1",80' })
    assert.are.equal(lines("+CEREG: 2", "OK", "+CEREG: 1", "+IP: 100.85.29.214"),
      player:send("AT+CFUN=1", 1))
    assert.are.equal(lines("+CEREG: 0", "OK"), player:send("AT+CGATT=0", 1))
    assert.are.equal(lines("+CSQ: 22,0", "OK"), player:send "AT+CSQ")
    assert.are.equal(lines("+CEREG: 2", "OK", "+CEREG: 1", "+IP: 100.85.29.214"),
      player:send("AT+CGATT=1", 1))
  end)

  it("breaks TCP connections when it is lost", function()
    local player = clock.new()
    player:open(0)
    player:open(1, nil, "UDP")
    player.module:network(false)
    assert.are.equal(lines '+QIURC: "closed",0', player:run(1))
    assert.are.equal(OK, player:send("AT"))
  end)
end)

describe("the virtual module's calendar", function()
  it("goes there and back over leap years", function()
    for _, case in ipairs { { 0, "1970/01/01,00:00:00" }, { 951782399, "2000/02/28,23:59:59" },
      { 951782400, "2000/02/29,00:00:00" }, { 1709251199, "2024/02/29,23:59:59" },
      { 1709251200, "2024/03/01,00:00:00" }, { 4107542400, "2100/03/01,00:00:00" },
      { 1704067199, "2023/12/31,23:59:59" } } do
      assert.are.equal(case[2], calendar.text(case[1], 4))
      assert.are.equal(case[1], calendar.epoch(calendar.date(case[1])))
    end
  end)
end)

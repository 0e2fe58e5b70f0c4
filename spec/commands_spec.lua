--- Lines of docs/commands.md that no other spec has: forms that differ by a command's name
-- alone, and the module's own commands that have no call, by modem:command.

local bc260y = require "bc260y"
local call = require "spec.support.call"
local script = require "spec.support.port"

-- What a line of one's own gives.
local function command(text, line)
  local port = script.port { text = text }
  local modem = bc260y.open { port = port }
  local lines = modem:command(line)
  assert.is_nil(port:left())
  modem:close()
  return lines
end

describe("the test form", function()
  it("of servers, ping, time and a command of 27.007 is read as the others are", function()
    local function supported(text, name)
      local list = assert(call(text, "supported", name))
      list.text = nil
      return list
    end
    assert.same({ { min = 0, max = 11 }, { name = "pridnsaddr" }, { name = "secdnsaddr" } },
      supported("> AT+QIDNSCFG=?\n< +QIDNSCFG: (0-11),<pridnsaddr>,<secdnsaddr>\n< OK",
        "QIDNSCFG"))
    assert.same({ { min = 0, max = 11 }, { name = "host" }, { min = 1, max = 255 },
      { min = 1, max = 10 }, { min = 32, max = 200 } },
      supported("> AT+QPING=?\n< +QPING: (0-11),<host>,(1-255),(1-10),(32-200)\n< OK", "QPING"))
    assert.same({ { min = 0, max = 11 }, { name = "server" }, { name = "port" },
      { values = { 0, 1 } } },
      supported("> AT+QNTP=?\n< +QNTP: (0-11),<server>,<port>,(0,1)\n< OK", "QNTP"))
    assert.same({ { min = 0, max = 31, values = { 99 } }, { min = 0, max = 7, values = { 99 } } },
      supported("> AT+CSQ=?\n< +CSQ: (0-31,99),(0-7,99)\n< OK", "CSQ"))
  end)
end)

describe("modem:ping", function()
  it("gives the numbers of manual 4.4 in seconds", function()
    local result = call('> AT+QPING=0,"iot.quectel.com",4,4,32\n< OK\n'
      .. "~ 0.4\n< +QPING: 0,47.100.63.174,32,369\n~ 0.5\n< +QPING: 0,47.100.63.174,32,479\n"
      .. "~ 0.5\n< +QPING: 0,47.100.63.174,32,484\n~ 0.3\n< +QPING: 0,47.100.63.174,32,260\n"
      .. "< +QPING: 0,4,4,0,260,484,398", "ping", "iot.quectel.com")
    assert.same({ 4, 4, 0 }, { result.sent, result.received, result.lost })
    assert.same({ 0.26, 0.484, 0.398 }, { result.min, result.max, result.avg })
    assert.equal("47.100.63.174", result.address)
    assert.equal(0.479, result.replies[2].time)
  end)
end)

describe("modem:command", function()
  it("asks what no call asks: manufacturer, serial number, one context's address", function()
    assert.same({ "Quectel_Ltd" }, command("> AT+CGMI\n< Quectel_Ltd\n< OK", "AT+CGMI"))
    assert.same({ "D1X20BL01000012" }, command("> AT+CGSN\n< D1X20BL01000012\n< OK", "AT+CGSN"))
    assert.same({ '+CGPADDR: 5,"10.18.237.42"' },
      command('> AT+CGPADDR=5\n< +CGPADDR: 5,"10.18.237.42"\n< OK', "AT+CGPADDR=5"))
  end)

  it("unlocks a card, after which the module says that it is ready", function()
    local port = script.port { text = '> AT+CPIN="1234"\n< OK\n~ 0.1\n< +CPIN: READY\n' }
    local modem = bc260y.open { port = port }
    assert.same({}, modem:command('AT+CPIN="1234"'))
    assert.equal("+CPIN: READY", modem:wait("+CPIN", 1))
    modem:close()
  end)
end)

describe("a radio connection", function()
  it("that comes and goes is told as the event +CSCON", function()
    local port = script.port { text = "~ 0.1\n< +CSCON: 1\n~ 1\n< +CSCON: 0\n" }
    local modem = bc260y.open { port = port }
    assert.equal("+CSCON: 1", modem:wait("+CSCON", 5))
    assert.equal("+CSCON: 0", modem:wait("+CSCON", 5))
    modem:close()
  end)
end)

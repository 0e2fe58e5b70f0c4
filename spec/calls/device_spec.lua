local call = require "spec.support.call"

local function ask(command, name, said)
  return call("> AT+" .. command .. "\n< " .. said .. "\n< OK", name)
end

local function errors_on(command, name, lines)
  for _, line in ipairs(lines) do
    assert.same({ nil, "error" }, { ask(command, name, line) }, line)
  end
  assert.same({ nil, "error", 3 }, { call("> AT+" .. command .. "\n< +CME ERROR: 3", name) })
  assert.same({ nil, "error" }, { call("> AT+" .. command .. "\n< OK", name) })
  assert.same({ nil, "timeout" }, { call("> AT+" .. command .. "\n", name, { timeout = 1 }) })
end

-- The bad answers where one number has to stand.
local function no_number(prefix, max)
  return { prefix, prefix .. "x", prefix .. "-1", prefix .. "1,1", prefix .. "1.5",
    prefix .. "4294967297", prefix .. max + 1, "+CSQ: 1,2" }
end

describe("modem:battery", function()
  it("is in volts", function()
    assert.same({ voltage = 3.47 }, (ask("CBC", "battery", "+CBC: 3470")))
    assert.same({ voltage = 0 }, (ask("CBC", "battery", "+CBC: 0")))
  end)

  it("is an error where the answer is none", function()
    errors_on("CBC", "battery", no_number("+CBC: ", 65535))
  end)
end)

describe("modem:sim", function()
  it("says what the card waits for", function()
    for _, text in ipairs { "READY", "SIM PIN", "SIM PUK", "SIM PIN2", "PH-NET PIN",
      "PH-SIM PIN", "PH-NETSUB PUK" } do
      assert.equal(text, (ask("CPIN?", "sim", "+CPIN: " .. text)))
    end
  end)

  it("is an error where the answer is none", function()
    errors_on("CPIN?", "sim", { "+CPIN: ", "+CSQ: 1,2", "+CPIN: " .. ("x"):rep(33),
      "+CPIN: -1", "+CPIN: READY,READY", "+CPIN: 0", "+CPIN: ready", "+CPIN: SIM  PIN,",
      "+CPIN: READY1", "+CPIN: R" })
  end)
end)

describe("modem:functionality", function()
  it("asks and sets", function()
    assert.equal(1, (ask("CFUN?", "functionality", "+CFUN: 1")))
    for fun = 0, 4 do
      assert.is_true(call("> AT+CFUN=" .. fun .. "\n< OK", "functionality", fun))
    end
    errors_on("CFUN?", "functionality", no_number("+CFUN: ", 127))
    assert.same({ nil, "error", 50 },
      { call("> AT+CFUN=2\n< +CME ERROR: 50", "functionality", 2) })
  end)

  it("refuses what is out of its range before a byte is sent", function()
    for _, fun in ipairs { -1, 5, 0.5, 0/0, 1/0 } do
      assert.same({ nil, "invalid argument", "fun", "0 to 4" }, { call("", "functionality", fun) })
    end
    assert.is_false((pcall(call, "", "functionality", "1")))
    assert.is_false((pcall(call, "", "functionality", 1, { timeout = "1" })))
  end)
end)

describe("modem:baud", function()
  it("asks and sets", function()
    assert.equal(9600, (ask("IPR?", "baud", "+IPR: 9600")))
    for _, rate in ipairs { 0, 300, 4800, 57600, 115200, 460800, 921600 } do
      assert.equal(rate, (ask("IPR?", "baud", "+IPR: " .. rate)))
    end
    assert.is_true(call("> AT+IPR=115200\n< OK", "baud", 115200))
    errors_on("IPR?", "baud", { "+IPR: ", "+IPR: x", "+IPR: -1", "+IPR: 9600,1",
      "+IPR: 99999999999", "+IPR: 99999", "+IPR: 960", "+IPR: 96000", "+CSQ: 1,2" })
  end)

  it("refuses 0, which is reported not to work, and other rates that there are not", function()
    for _, rate in ipairs { 0, 4799, 460801, -1, 9600.5, 0/0 } do
      assert.same({ nil, "invalid argument", "rate", "4800 to 460800" }, { call("", "baud", rate) })
    end
    assert.is_false((pcall(call, "", "baud", "9600")))
  end)
end)

describe("modem:error_reports", function()
  it("asks, and writes only what differs", function()
    for n = 0, 2 do
      assert.equal(n, (ask("CMEE?", "error_reports", "+CMEE: " .. n)))
      assert.is_true(call("> AT+CMEE?\n< +CMEE: " .. n .. "\n< OK", "error_reports", n))
    end
    assert.is_true(call("> AT+CMEE?\n< +CMEE: 0\n< OK\n> AT+CMEE=1\n< OK", "error_reports", 1))
    errors_on("CMEE?", "error_reports", no_number("+CMEE: ", 2))
    assert.same({ nil, "error" },
      { call("> AT+CMEE?\n< +CMEE: 0\n< OK\n> AT+CMEE=1\n< ERROR", "error_reports", 1) })
    assert.same({ nil, "error" }, { call("> AT+CMEE?\n< ERROR", "error_reports", 1) })
  end)

  it("refuses what is out of its range before a byte is sent", function()
    for _, n in ipairs { -1, 3, 0.5, 0/0 } do
      assert.same({ nil, "invalid argument", "n", "0 to 2" }, { call("", "error_reports", n) })
    end
    assert.is_false((pcall(call, "", "error_reports", "1")))
  end)
end)

local call = require "spec.support.call"

local function signal(csq, cesq)
  return call("> AT+CSQ\n< " .. csq .. "\n< OK\n> AT+CESQ\n< " .. cesq, "signal")
end

describe("modem:signal", function()
  it("is in dBm and dB too", function()
    assert.same({
      rssi = 20, dbm = -73, ber = 0, rxlev = 41, rsrq = 25, rsrq_db = -7.5, rsrp = 57,
      rsrp_dbm = -84,
    }, (signal("+CSQ: 20,0", "+CESQ: 41,0,255,255,25,57\n< OK")))
    assert.same({
      rssi = 0, dbm = -113, ber = 7, rxlev = 0, rsrq = 0, rsrq_db = -20, rsrp = 0,
      rsrp_dbm = -141,
    }, (signal("+CSQ: 0,7", "+CESQ: 0,0,0,0,0,0\n< OK")))
    assert.same({
      rssi = 31, dbm = -51, ber = 1, rxlev = 63, rsrq = 34, rsrq_db = -3, rsrp = 97,
      rsrp_dbm = -44,
    }, (signal("+CSQ: 31,1", "+CESQ: 63,7,96,49,34,97\n< OK")))
  end)

  it("knows what is not known, and what is out of its table", function()
    assert.same({}, (signal("+CSQ: 99,99", "+CESQ: 99,99,255,255,255,255\n< OK")))
    assert.same({}, (signal("+CSQ: 32,8", "+CESQ: 64,8,97,50,35,98\n< OK")))
  end)

  it("has the half of it where CESQ is refused or says something else", function()
    local half = { rssi = 20, dbm = -73, ber = 0 }
    for _, said in ipairs {
      "ERROR", "+CME ERROR: 4", "OK", "+CESQ: 41,0,255,255,25\n< OK", "+CESQ: \n< OK",
      "+CESQ: 41,0,255,255,25,57,1\n< OK", "+CESQ: 41,0,255,255,,57\n< OK",
      "+CESQ: 41,0,255,255,25,x\n< OK", "+CESQ: 41,0,255,255,25,-57\n< OK",
      "+CESQ: 41,0,255,255,256,57\n< OK", "+CSQ: 1,2\n< OK",
    } do
      assert.same(half, (signal("+CSQ: 20,0", said)), said)
    end
  end)

  it("is an error where CSQ is none", function()
    for _, line in ipairs {
      "+CSQ: ", "+CSQ: 20", "+CSQ: 20,", "+CSQ: ,0", "+CSQ: 20,0,0", "+CSQ: x,0", "+CSQ: -1,0",
      "+CSQ: 100,0", "+CSQ: 4294967316,0", "+CESQ: 20,0", "CSQ: 20,0", "+CSQ 20,0",
    } do
      assert.same({ nil, "error" }, { call("> AT+CSQ\n< " .. line .. "\n< OK", "signal") }, line)
    end
    assert.same({ nil, "error", 4 }, { call("> AT+CSQ\n< +CME ERROR: 4", "signal") })
  end)

  it("reads the line that is an answer, of several", function()
    assert.equal(20, call("> AT+CSQ\n< +CSQ: x\n< +CSQ: 20,0\n< +CSQ: 9,9\n< OK\n"
      .. "> AT+CESQ\n< ERROR", "signal").rssi)
  end)

  it("waits as long as its timeout", function()
    local text = "> AT+CSQ\n~ 2\n< +CSQ: 20,0\n< OK\n> AT+CESQ\n~ 2\n< ERROR"
    assert.equal(20, call(text, "signal", { timeout = 4.5 }).rssi)
    assert.same({ nil, "timeout" }, { call(text, "signal", { timeout = 3.5 }) })
  end)

  it("takes a timeout for both, and raises on one that is none", function()
    assert.same({ nil, "timeout" }, { call("> AT+CSQ\n", "signal", { timeout = 1 }) })
    assert.same({ nil, "timeout" },
      { call("> AT+CSQ\n< +CSQ: 20,0\n< OK\n> AT+CESQ", "signal", { timeout = 1 }) })
    for _, options in ipairs { 1, { timeout = "1" }, { timeout = -1 } } do
      assert.is_false((pcall(call, "", "signal", options)))
    end
  end)
end)

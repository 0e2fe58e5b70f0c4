local bc260y = require "bc260y"
local call = require "spec.support.call"
local script = require "spec.support.port"

local function ask(line)
  return call("> AT+CEREG?\n< " .. line .. "\n< OK", "registration")
end

describe("modem:registration", function()
  it("reads the answer and not the URC that comes meanwhile", function()
    local state = call('> AT+CEREG?\n< +CEREG: 5\n'
      .. '< +CEREG: 5,1,"4C10","084958B4",9,,,"00100101","00111000"\n< OK', "registration")
    assert.same({
      n = 5, stat = 1, state = "home", registered = true, tac = "4C10", tac_number = 0x4C10,
      ci = "084958B4", act = 9, active_time = 300, active_time_bits = "00100101",
      periodic_tau = 86400, periodic_tau_bits = "00111000",
    }, state)
  end)

  it("names every state", function()
    local names = {
      [0] = "not registered", "home", "searching", "denied", "unknown", "roaming",
      "home, SMS only", "roaming, SMS only", "emergency only", "home, no CSFB",
      "roaming, no CSFB",
    }
    for stat = 0, 10 do
      assert.same({ n = 0, stat = stat, state = names[stat],
        registered = stat == 1 or stat == 5 }, (ask("+CEREG: 0," .. stat)))
    end
  end)

  it("takes empty fields, quoted or not, and causes", function()
    local place = { n = 2, stat = 1, state = "home", registered = true }
    assert.same(place, (ask '+CEREG: 2,1,"",""'))
    assert.same(place, (ask "+CEREG: 2,1,,,"))
    place.tac, place.tac_number, place.ci = "4C10", 19472, "084958B4"
    assert.same(place, (ask '+CEREG: 2,1,"4C10","084958B4",'))
    place.act = 9
    assert.same(place, (ask "+CEREG: 2,1,4C10,084958B4,9"))
    assert.same({
      n = 3, stat = 3, state = "denied", registered = false, cause_type = 0, cause = 15,
    }, (ask "+CEREG: 3,3,,,,0,15"))
  end)

  it("gives a number for a TAC only where hex and decimal can't be confused", function()
    for tac, number in pairs {
      ["4C10"] = 0x4C10, ["00FF"] = 255, ["abcd"] = 0xABCD, ["19472"] = 19472, ["7"] = 7,
      ["300"] = 300, ["65535"] = 65535, ["1234"] = false, ["0001"] = false, ["65536"] = false,
      ["4C1"] = false, ["99999"] = false, ["1947A"] = false, ["A1947"] = false,
    } do
      local state = ask(('+CEREG: 2,1,"%s","084958B4",9'):format(tac))
      assert.equal(tac, state.tac)
      assert.equal(number or nil, state.tac_number)
    end
  end)

  it("takes a cell's id of four to eight digits", function()
    for _, ci in ipairs { "1A2B", "084958B4", "12345678" } do
      assert.equal(ci, ask('+CEREG: 2,1,"4C10","' .. ci .. '",9').ci)
    end
  end)

  it("gives a timer that is deactivated, or none, no seconds", function()
    for _, bits in ipairs { "11100000", "11111111" } do
      local state = ask(('+CEREG: 4,1,"4C10","084958B4",9,,,"%s","%s"'):format(bits, bits))
      assert.same({ nil, nil, bits, bits }, { state.active_time, state.periodic_tau,
        state.active_time_bits, state.periodic_tau_bits })
    end
    for _, bits in ipairs { "0010010", "0010010x", "2", "" } do
      local state = ask(('+CEREG: 4,1,"4C10","084958B4",9,,,"%s","%s"'):format(bits, bits))
      assert.same({}, { state.active_time, state.periodic_tau, state.active_time_bits,
        state.periodic_tau_bits })
      assert.equal(9, state.act)
    end
  end)

  it("takes a field for no other where one before it is missing", function()
    local place = { n = 5, stat = 1, state = "home", registered = true, tac = "4C10",
      tac_number = 0x4C10, ci = "084958B4" }
    for _, rest in ipairs {
      '9,0,0,"00111000"', '9,0,0,"00100101"', '9,,,"00111000"', '9,0,00000101,00111000',
      "0,0,00000101,00111000", "9,0", "0,15",
    } do
      assert.same(place, (ask('+CEREG: 5,1,"4C10","084958B4",' .. rest)), rest)
    end
    assert.same({ n = 3, stat = 3, state = "denied", registered = false },
      (ask "+CEREG: 3,3,,,0,15"))
  end)

  it("takes one timer alone where the place of the other is empty", function()
    local state = ask '+CEREG: 5,1,"4C10","084958B4",9,0,0,"00100101",'
    assert.same({ 300, nil, 9, 0, 0 }, { state.active_time, state.periodic_tau, state.act,
      state.cause_type, state.cause })
    state = ask '+CEREG: 5,1,"4C10","084958B4",9,,,"","00111000"'
    assert.same({ nil, 86400 }, { state.active_time, state.periodic_tau })
  end)

  it("is an error where the answer is none", function()
    for _, line in ipairs {
      "+CEREG: ", "+CEREG: 0", "+CEREG: ,1", "+CEREG: 0,", "+CEREG: 0,x", "+CEREG: x,1",
      "+CEREG: 0,11", "+CEREG: 6,1", "+CEREG: 0,-1", "+CEREG: -1,1", "+CEREG: 0,4294967297",
      '+CEREG: 2,1,"4C10"', '+CEREG: 2,1,,"084958B4",9', '+CEREG: 2,1,"4C10",9',
      '+CEREG: 2,1,"084958B4",9', '+CEREG: 2,1,"4C10","4C10","084958B4",9',
      '+CEREG: 2,2,1,"4C10","084958B4",9', "+CEREG: 0,0,1", "+CEREG: 0,1,1",
      '+CEREG: 2,1,"xyz1","084958B4",9', '+CEREG: 2,1,"4C1x","084958B4",9',
      '+CEREG: 2,1,"4C10","84B",9', '+CEREG: 2,1,"4C10","084958Bx",9',
      '+CEREG: 2,1,"4C10","0849zzB4",9',
      '+CEREG: 2,1,"4C1000","084958B4",9', '+CEREG: 2,1,"4C10","084958B4",x',
      '+CEREG: 2,1,"4C10","084958B4",16', '+CEREG: 2,1,"4C10","084958B4",-9',
      '+CEREG: 5,1,"084958B4",9,,,"00100101","00111000"',
      '+CEREG: 5,1,"4C10","084958B4",9,,,"00100101","00111000",1',
      "+CGATT: 1", "CEREG: 0,1",
    } do
      assert.same({ nil, "error" }, { ask(line) }, line)
    end
    assert.same({ nil, "error", 3 }, { call("> AT+CEREG?\n< +CME ERROR: 3", "registration") })
  end)
end)

describe("modem:report_registration", function()
  it("sets how much is said, from 0 to 5", function()
    for n = 0, 5 do
      assert.is_true(call("> AT+CEREG=" .. n .. "\n< OK", "report_registration", n))
    end
    for _, n in ipairs { -1, 6, 1.5, 0/0 } do
      assert.same({ nil, "invalid argument", "n", "0 to 5" },
        { call("", "report_registration", n) })
    end
    assert.is_false((pcall(call, "", "report_registration")))
    assert.same({ nil, "error", 50 },
      { call("> AT+CEREG=5\n< +CME ERROR: 50", "report_registration", 5) })
  end)
end)

describe("the event registration", function()
  it("gives a table for each +CEREG that comes by itself, and none for another line", function()
    local port = script.port { text = '~ 1\n< +CEREG: 2\n< +CEREG: 1,"4C10","084958B4",9\n'
      .. '< +CEREG: 5,"4C10","084958B4",9,,,"00100101","11100000"\n< +CEREG: 11\n'
      .. '< +CEREG: 5,"4C10","084958B4",9,,,"11100000"\n'
      .. '< +CEREG: 1,"4C10"\n< +CEREG: x\n< +CEREG: (0-5)\n< +CEREG: 0\n' }
    local modem = bc260y.open { port = port }
    local states = {}
    modem:on("registration", function(state) states[#states + 1] = state end)
    modem:wait("nothing", 5)
    assert.same({
      { stat = 2, state = "searching", registered = false },
      { stat = 1, state = "home", registered = true, tac = "4C10", tac_number = 0x4C10,
        ci = "084958B4", act = 9 },
      { stat = 5, state = "roaming", registered = true, tac = "4C10", tac_number = 0x4C10,
        ci = "084958B4", act = 9, active_time = 300, active_time_bits = "00100101",
        periodic_tau_bits = "11100000" },
      { stat = 5, state = "roaming", registered = true, tac = "4C10", tac_number = 0x4C10,
        ci = "084958B4" },
      { stat = 0, state = "not registered", registered = false },
    }, states)
    modem:close()
  end)
end)

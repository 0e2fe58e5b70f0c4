local call = require "spec.support.call"

local function cell(...)
  local text = "> AT+QENG=0\n"
  for _, line in ipairs { ... } do text = text .. "< " .. line .. "\n" end
  return call(text .. "< OK", "cell")
end

local fields = { "0", "3684", "2", "308", '"084958B4"', "-72", "-10", "-62", "14", "8", '"4C10"',
  "0", "-7", "2" }
local names = { false, "earfcn", "earfcn_offset", "pci", "cell_id", "rsrp_dbm", "rsrq_db",
  "rssi_dbm", "sinr_db", "band", "tac", "ecl", "tx_power_dbm", "operation_mode" }

local function serving(changed)
  local list = {}
  for i, text in ipairs(fields) do list[i] = text end
  for i, text in pairs(changed or {}) do list[i] = text end
  return "+QENG: " .. table.concat(list, ",")
end

local whole = {
  earfcn = 3684, earfcn_offset = 2, pci = 308, cell_id = "084958B4", rsrp_dbm = -72,
  rsrq_db = -10, rssi_dbm = -62, sinr_db = 14, band = 8, tac = "4C10", ecl = 0,
  tx_power_dbm = -7, operation_mode = 2,
}

-- The whole cell, but for this field.
local function but(name, value)
  local copy = {}
  for key, is in pairs(whole) do copy[key] = is end
  copy[name] = value
  return copy
end

describe("modem:cell", function()
  it("gives the serving cell and its neighbours", function()
    assert.same({ serving = whole, neighbours = {} }, (cell(serving())))
    assert.same({
      serving = whole,
      neighbours = { { earfcn = 3684, pci = 132, rsrp_dbm = -84 },
        { earfcn = 3700, earfcn_offset = -2, pci = 0, rsrp_dbm = -110 }, { earfcn = 3701 } },
    }, (cell(serving(), "+QENG: 1,3684,,132,-84", "+QENG: 1,3700,-2,0,-110", "+QENG: 1,3701,,,")))
  end)

  it("takes the form of R01: a decimal TAC, the last fields empty", function()
    local want = but("tac", "19472")
    want.tx_power_dbm, want.operation_mode = nil, nil
    assert.same(want, cell(serving { [11] = '"19472"', [13] = "", [14] = "" }).serving)
    want.ecl = nil
    assert.same(want, cell('+QENG: ' .. table.concat(fields, ",", 1, 10) .. ',"19472"').serving)
  end)

  it("leaves out each field that is empty", function()
    for i = 2, #fields do
      assert.same(but(names[i], nil), cell(serving { [i] = "" }).serving)
    end
  end)

  it("leaves out what can't be in its unit", function()
    for i, list in pairs {
      [6] = { "-720", "-157", "0", "44" }, [7] = { "-108", "-41", "4" }, [8] = { "-620", "1" },
      [9] = { "140", "-41", "61" }, [12] = { "3", "255" }, [13] = { "230", "-61" },
      [5] = { '"xyz"', '"-84"' }, [11] = { '"xyz"', '"4C1x"', '"x4C1"' },
    } do
      for _, text in ipairs(list) do
        assert.same(but(names[i], nil), cell(serving { [i] = text }).serving, text)
      end
    end
  end)

  it("takes the ends of each unit, and of a neighbour's", function()
    for i, ends in pairs {
      [6] = { -156, -30, "rsrp_dbm" }, [7] = { -40, 3, "rsrq_db" }, [8] = { -150, 0, "rssi_dbm" },
      [9] = { -40, 60, "sinr_db" }, [12] = { 0, 2, "ecl" }, [13] = { -60, 40, "tx_power_dbm" },
    } do
      local low, high, name = ends[1], ends[2], ends[3]
      for value, want in pairs { [low] = low, [high] = high, [high + 1] = false } do
        assert.equal(want or nil, cell(serving { [i] = tostring(value) }).serving[name])
      end
      if low < 0 then
        assert.is_nil(cell(serving { [i] = tostring(low - 1) }).serving[name])
      end
    end
    for rsrp, want in pairs { [-156] = -156, [-30] = -30, [-157] = false, [-29] = false } do
      assert.equal(want or nil, cell("+QENG: 1,3684,,132," .. rsrp).neighbours[1].rsrp_dbm)
    end
  end)

  it("has none without a cell", function()
    assert.same({ neighbours = {} }, (cell()))
    assert.same({ neighbours = { { earfcn = 3684, pci = 132, rsrp_dbm = -84 } } },
      (cell "+QENG: 1,3684,,132,-84"))
  end)

  it("is an error where a field is missing, doubled, or of another kind", function()
    for i = 1, #fields do
      local less, more = {}, {}
      for k, text in ipairs(fields) do
        if k ~= i then less[#less + 1] = text end
        more[#more + 1] = text
        if k == i then more[#more + 1] = text end
      end
      assert.same({ nil, "error" }, { cell("+QENG: " .. table.concat(less, ",")) }, i)
      assert.same({ nil, "error" }, { cell("+QENG: " .. table.concat(more, ",")) }, i)
    end
    for _, i in ipairs { 1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14 } do
      for _, text in ipairs { "x", "99999999999999999999", "1.5" } do
        assert.same({ nil, "error" }, { cell(serving { [i] = text }) }, i .. text)
      end
    end
    for _, i in ipairs { 1, 2, 4, 10, 12, 14 } do
      assert.same({ nil, "error" }, { cell(serving { [i] = "-1" }) }, i)
    end
    for _, line in ipairs { "+QENG: ", "+QENG: 0", "+QENG: 2,1,2,3,4", "+QENG: 1", "+QENG: 1,,,,",
      "+QENG: 1,3684,,x,-84", "+QENG: 1,3684,,132,-84,1", "+QENG: 1,3684,,504,-84" } do
      assert.same({ nil, "error" }, { cell(line) }, line)
    end
    assert.same({ nil, "error", 4 }, { call("> AT+QENG=0\n< +CME ERROR: 4", "cell") })
  end)

  it("keeps what it understands beside what it does not", function()
    assert.same({ serving = whole, neighbours = {} }, (cell(serving(), "+QENG: 1,3684,,x,-84")))
  end)
end)

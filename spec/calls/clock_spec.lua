local call = require "spec.support.call"

local function ask(said)
  return call("> AT+CCLK?\n< +CCLK: " .. said .. "\n< OK", "clock")
end

local function set(text, ...)
  return call('> AT+CCLK="' .. text .. '"\n< OK', "clock", ...)
end

local function date(changed)
  local t = { year = 2024, month = 2, day = 29, hour = 23, min = 59, sec = 58, zone_quarters = -14 }
  for name, value in pairs(changed or {}) do t[name] = value end
  return t
end

describe("modem:clock", function()
  it("reads two or four digits of a year, quoted or not", function()
    local want = {
      year = 2023, month = 12, day = 14, hour = 9, min = 1, sec = 13, zone_quarters = 32,
      epoch = 1702515673, text = "2023/12/14,09:01:13+32",
    }
    assert.same(want, (ask '"2023/12/14,09:01:13+32"'))
    assert.same(want, (ask "2023/12/14,09:01:13+32"))
    want.text = "23/12/14,09:01:13+32"
    assert.same(want, (ask '"23/12/14,09:01:13+32"'))
    assert.same(want, (ask "23/12/14,09:01:13+32"))
    assert.equal(1702544473, ask("23/12/14,09:01:13").epoch)
  end)

  it("is an error where it says no time", function()
    for _, said in ipairs {
      "", '""', "x", "23/13/14,09:01:13+32", "23/02/29,09:01:13+32", "23/12/14,09:01:13+99",
      "23/12/14", "23/12/14,09:01:13+32,1", "-3/12/14,09:01:13+32", "1702515673",
    } do
      assert.same({ nil, "error" }, { ask(said) }, said)
    end
    assert.same({ nil, "error" }, { call("> AT+CCLK?\n< +CSQ: 1,2\n< OK", "clock") })
    assert.same({ nil, "error" }, { call("> AT+CCLK?\n< ERROR", "clock") })
    assert.same({ nil, "timeout" }, { call("> AT+CCLK?\n", "clock", { timeout = 1 }) })
  end)

  it("is set from fields or seconds, in the exact form", function()
    assert.is_true(set("24/02/29,23:59:58-14", date()))
    assert.is_true(set("24/02/29,23:59:58+00", date { zone_quarters = 0 }))
    local plain = date()
    plain.zone_quarters = nil
    assert.is_true(set("24/02/29,23:59:58+00", plain))
    assert.is_true(set("23/12/14,01:01:13+00", 1702515673))
    assert.is_true(set("23/12/14,01:01:13+00", 1702515673.9))
    assert.is_true(set("00/01/01,00:00:00+00", 946684800))
    assert.is_true(set("99/12/31,23:59:59+00", 4102444799, { timeout = 1 }))
    local now = ask "23/12/14,09:01:13+32"
    assert.is_true(set("23/12/14,09:01:13+32", now))
    assert.same({ nil, "error", 50 },
      { call('> AT+CCLK="24/02/29,23:59:58-14"\n< +CME ERROR: 50', "clock", date()) })
  end)

  it("refuses what is no time before a byte is sent", function()
    for _, case in ipairs {
      { "year", "2000 to 2099", 1999, 2100, 2024.5, 0/0 }, { "month", "1 to 12", 0, 13, 1/0 },
      { "day", "1 to 29", 0, 30, -1 }, { "hour", "0 to 23", -1, 24 }, { "min", "0 to 59", 60, 0.5 },
      { "sec", "0 to 59", 60, -1 }, { "zone_quarters", "-96 to 96", -97, 97, 0.5 },
    } do
      for i = 3, #case do
        assert.same({ nil, "invalid argument", case[1], case[2] },
          { call("", "clock", date { [case[1]] = case[i] }) })
      end
    end
    for _, epoch in ipairs { -1, 0, 946684799, 4102444800, 1e300, 0/0, 1/0 } do
      assert.same({ nil, "invalid argument", "time", "946684800 to 4102444799" },
        { call("", "clock", epoch) })
    end
    for _, time in ipairs { "now", { month = 1 }, date { sec = "1" }, date { zone_quarters = "0" },
      true } do
      assert.is_false((pcall(call, "", "clock", time)))
    end
    for _, name in ipairs { "month", "day", "hour", "min", "sec" } do
      local t = date()
      t[name] = nil
      assert.is_false((pcall(call, "", "clock", t)))
    end
    assert.is_false((pcall(call, "", "clock", date(), { timeout = "1" })))
  end)
end)

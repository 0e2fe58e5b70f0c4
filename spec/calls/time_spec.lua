local time = require "bc260y.calls.time"

describe("a time", function()
  it("is read with two or four digits of a year, quoted or not, with a zone or without", function()
    for text, epoch in pairs {
      ['"19/06/11,11:08:20:35+32"'] = 1560222500, -- manual 2.3.9, with its odd :35
      ["19/06/11,11:08:20+32"] = 1560222500,
      ["2019/06/11,11:08:20+32"] = 1560222500,
      ["19/06/11,03:08:20"] = 1560222500,
      ["19/06/11,03:08:20:00"] = 1560222500,
      ["19/06/10,21:23:20-23"] = 1560222500,
      ["1970/01/01,00:00:00+00"] = 0,
      ["1970/01/01,00:00:00-04"] = 3600,
      ["1970/01/01,00:00:00+04"] = -3600,
      ["00/02/29,23:59:59"] = 951868799,
      ["99/12/31,23:59:59-96"] = 4102444799 + 86400,
    } do
      local t = assert(time.parse(text), text)
      assert.equal(epoch, t.epoch)
      assert.equal((text:gsub('"', "")), t.text)
    end
  end)

  it("gives its fields, and no zone where none is said", function()
    assert.same({
      year = 2023, month = 12, day = 14, hour = 9, min = 1, sec = 13, zone_quarters = -32,
      epoch = 1702573273, text = "2023/12/14,09:01:13-32",
    }, time.parse "2023/12/14,09:01:13-32")
    assert.is_nil(time.parse("23/12/14,09:01:13").zone_quarters)
  end)

  it("is none where a field is out of its range or of another shape", function()
    for _, text in ipairs {
      "", '"', '""', "x", "19/06/11", "19/06/11,11:08", "19/06/11 11:08:20", "119/06/11,11:08:20",
      "9/06/11,11:08:20", "19/6/11,11:08:20", "19/06/1,11:08:20", "19/06/11,1:08:20",
      "19/00/11,11:08:20", "19/13/11,11:08:20", "19/06/00,11:08:20", "19/06/31,11:08:20",
      "19/02/29,11:08:20", "2100/01/01,00:00:00", "1969/12/31,23:59:59", "19/06/11,24:00:00",
      "19/06/11,11:60:20", "19/06/11,11:08:60", "19/06/11,-1:08:20", "19/06/11,11:08:20+97",
      "19/06/11,11:08:20-97", "19/06/11,11:08:20+3", "19/06/11,11:08:20+032",
      "19/06/11,11:08:20:5+32", "19/06/11,11:08:20:35:35+32", "19/06/11,11:08:20+32x",
      "19/06/11,11:08:20 +32", "x19/06/11,11:08:20", '"19/06/11,11:08:20', "1e/06/11,11:08:20",
      "19/06/11,11:08:20+32\0", ("9"):rep(400) .. "/06/11,11:08:20",
    } do
      assert.is_nil(time.parse(text), text)
    end
  end)

  it("counts the days of every month from 1970 to 2099", function()
    local length = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
    local epoch = 0
    for year = 1970, 2099 do
      local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
      for month = 1, 12 do
        local days = length[month] + (month == 2 and leap and 1 or 0)
        local first = { year = year, month = month, day = 1, hour = 0, min = 0, sec = 0 }
        assert.equal(epoch, time.epoch(first))
        for _, seconds in ipairs { 0, 1, 86399, 86400, days * 86400 - 1 } do
          local t = time.fields(epoch + seconds)
          assert.equal(epoch + seconds, time.epoch(t))
          assert.is_nil(time.fault(t, 1970))
          assert.same({ year, month, math.floor(seconds / 86400) + 1 }, { t.year, t.month, t.day })
        end
        first.day = days + 1
        assert.same({ "day", "1 to " .. days }, { time.fault(first, 1970) })
        epoch = epoch + days * 86400
      end
    end
    assert.equal(4102444800, epoch)
  end)

  it("is written as it is read", function()
    for epoch = 946684800, 4102444799, 7654321 do
      local t = time.fields(epoch)
      assert.equal(epoch, time.parse(time.text(t)).epoch)
      t.zone_quarters = epoch % 193 - 96
      assert.equal(epoch - t.zone_quarters * 900, time.parse(time.text(t)).epoch)
    end
  end)
end)

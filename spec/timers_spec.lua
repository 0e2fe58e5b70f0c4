local timers = require "bc260y.timers"

local MINUTE, HOUR = 60, 3600

local function near(want, got)
  assert.is_true(got ~= nil and math.abs(want - got) < 1e-9)
end

-- Every unit of the table, at its least and its greatest count.
local function each_unit(units, fn)
  for unit, seconds in pairs(units) do
    fn(unit .. "00001", seconds)
    fn(unit .. "10101", 21 * seconds)
    fn(unit .. "11111", 31 * seconds)
  end
end

-- Goes through whole and broken seconds, further apart as they grow.
local function each_second(high, fn)
  local seconds = 2
  while seconds <= high do
    fn(seconds)
    if seconds > 2 then fn(seconds - 0.25) end
    seconds = seconds + math.max(1, math.floor(seconds / 7))
  end
  fn(high)
end

-- A reading of the eight bits that shares nothing with the one tested.
local function brute(units, decode, seconds)
  local least
  for unit in pairs(units) do
    for count = 0, 31 do
      local bits = ""
      for place = 4, 0, -1 do
        bits = bits .. (math.floor(count / 2 ^ place) % 2 == 1 and "1" or "0")
      end
      local said = decode(unit .. bits)
      if said >= seconds and (not least or said < least) then least = said end
    end
  end
  return least
end

local TAU = {
  ["000"] = 10 * MINUTE, ["001"] = HOUR, ["010"] = 10 * HOUR, ["011"] = 2, ["100"] = 30,
  ["101"] = MINUTE, ["110"] = 320 * HOUR,
}
local ACTIVE = { ["000"] = 2, ["001"] = MINUTE, ["010"] = 6 * MINUTE }

describe("a periodic TAU", function()
  it("is read by GPRS timer 3 of 24.008", function()
    each_unit(TAU, function(bits, seconds)
      assert.equal(seconds, (timers.periodic_tau(bits)))
    end)
    assert.equal(0, (timers.periodic_tau("00000000")))
    assert.equal(24 * HOUR, (timers.periodic_tau("00111000")))
  end)

  it("may be deactivated", function()
    assert.same({ nil, "deactivated" }, { timers.periodic_tau("11100000") })
    assert.same({ nil, "deactivated" }, { timers.periodic_tau("11111111") })
  end)

  it("is written as the least that is not less", function()
    each_second(31 * 320 * HOUR, function(seconds)
      local bits, said = timers.encode_periodic_tau(seconds)
      assert.equal(said, (timers.periodic_tau(bits)))
      assert.equal(brute(TAU, timers.periodic_tau, seconds), said)
    end)
    assert.same({ "01111110", 60 }, { timers.encode_periodic_tau(60) })
    assert.same({ "00100110", 6 * HOUR }, { timers.encode_periodic_tau(310 * MINUTE + 1) })
  end)

  it("has a range", function()
    for _, seconds in ipairs { 0, 1.9, -1, 31 * 320 * HOUR + 1, 1 / 0, 0 / 0 } do
      assert.same({ nil, "2 to 35712000" }, { timers.encode_periodic_tau(seconds) })
    end
  end)
end)

describe("an active time", function()
  it("is read by GPRS timer 2 of 24.008, other units as minutes", function()
    each_unit(ACTIVE, function(bits, seconds)
      assert.equal(seconds, (timers.active_time(bits)))
    end)
    each_unit({ ["011"] = MINUTE, ["100"] = MINUTE, ["101"] = MINUTE, ["110"] = MINUTE },
      function(bits, seconds) assert.equal(seconds, (timers.active_time(bits))) end)
    assert.same({ nil, "deactivated" }, { timers.active_time("11100101") })
  end)

  it("is written as the least that is not less", function()
    each_second(31 * 6 * MINUTE, function(seconds)
      local bits, said = timers.encode_active_time(seconds)
      assert.equal(said, (timers.active_time(bits)))
      assert.equal(brute(ACTIVE, timers.active_time, seconds), said)
    end)
    assert.same({ "00000000", 0 }, { timers.encode_active_time(0) })
    assert.same({ "00000101", 10 }, { timers.encode_active_time(9.5) })
  end)

  it("has a range", function()
    for _, seconds in ipairs { -1, 11161, 1 / 0, 0 / 0 } do
      assert.same({ nil, "0 to 11160" }, { timers.encode_active_time(seconds) })
    end
  end)
end)

describe("what is no timer", function()
  it("is nil, whatever it is", function()
    for _, bits in ipairs { "", "0000000", "000000000", "0010010x", "2", " 00100101" } do
      assert.same({}, { timers.periodic_tau(bits) })
      assert.same({}, { timers.active_time(bits) })
      assert.is_nil(timers.cycle(bits))
      assert.is_nil(timers.paging_window(bits))
    end
    assert.is_nil((timers.periodic_tau(nil)))
    assert.is_nil((timers.active_time(nil)))
    assert.is_nil(timers.cycle(nil))
    assert.is_nil(timers.paging_window(nil))
  end)
end)

describe("extended DRX", function()
  it("has the cycles of NB-S1 and no others", function()
    local cycles = {
      ["0010"] = 2, ["0011"] = 4, ["0101"] = 8, ["1001"] = 16, ["1010"] = 32, ["1011"] = 64,
      ["1100"] = 128, ["1101"] = 256, ["1110"] = 512, ["1111"] = 1024,
    }
    for bits, frames in pairs(cycles) do
      near(frames * 10.24, timers.cycle(bits))
      assert.same({ bits, timers.cycle(bits) }, { timers.encode_cycle(frames * 10.24) })
    end
    for _, bits in ipairs { "0000", "0001", "0100", "0110", "0111", "1000" } do
      assert.is_nil(timers.cycle(bits))
    end
  end)

  it("is written as the next longer cycle", function()
    assert.same({ "0010", 20.48 }, { timers.encode_cycle(20.48) })
    assert.same({ "0011", 40.96 }, { timers.encode_cycle(20.49) })
    assert.same({ "0101", 81.92 }, { timers.encode_cycle(41) })
    assert.same({ "1111", 10485.76 }, { timers.encode_cycle(5242.89) })
    for _, seconds in ipairs { 0, -1, 1.5, 20.47, 10485.77, 1 / 0, 0 / 0 } do
      assert.same({ nil, "20.48 to 10485.76" }, { timers.encode_cycle(seconds) })
    end
  end)

  it("has paging time windows of 2.56 s and so on", function()
    near(2.56, timers.paging_window("0000"))
    near(10.24, timers.paging_window("0011"))
    near(40.96, timers.paging_window("1111"))
  end)
end)

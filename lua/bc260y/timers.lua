--- The timers of power saving, as 3GPP TS 24.008 writes them: bits <-> seconds.
--
-- It knows the tables: GPRS timer 3 (10.5.5.7.4a: periodic TAU, T3412 extended), GPRS
-- timer 2 (10.5.5.7.4: active time, T3324), and the extended DRX parameters in NB-S1
-- mode (10.5.5.32). It does not know which command carries them.
--
-- What can't be said exactly is rounded up to the next that can: an encoder gives its
-- bits and the seconds that they say. What is below the least or above the greatest that
-- can be said is refused: nil and the range.

local ceil = math.ceil

local MINUTE, HOUR = 60, 3600

-- Seconds of one unit, by the first three bits.
local PERIODIC_TAU = {
  ["000"] = 10 * MINUTE, ["001"] = HOUR, ["010"] = 10 * HOUR, ["011"] = 2, ["100"] = 30,
  ["101"] = MINUTE, ["110"] = 320 * HOUR,
}
-- All other units are to be read as minutes.
local ACTIVE_TIME = { ["000"] = 2, ["001"] = MINUTE, ["010"] = 6 * MINUTE }

local DEACTIVATED = "111"
local COUNT_MAX = 31 -- five bits

-- The values that NB-S1 has; the others are for LTE's wide band.
local CYCLES = {
  { "0010", 20.48 }, { "0011", 40.96 }, { "0101", 81.92 }, { "1001", 163.84 },
  { "1010", 327.68 }, { "1011", 655.36 }, { "1100", 1310.72 }, { "1101", 2621.44 },
  { "1110", 5242.88 }, { "1111", 10485.76 },
}
local PAGING_WINDOW = 2.56

local timers = {}

local function decode(bits, units, other)
  local unit, count = (bits or ""):match("^([01][01][01])([01][01][01][01][01])$")
  if not unit then return nil end
  if unit == DEACTIVATED then return nil, "deactivated" end
  unit = units[unit] or other
  return unit * tonumber(count, 2)
end

local function to_bits(value, width)
  local bits = ""
  for _ = 1, width do
    local bit = value % 2
    bits = (bit == 1 and "1" or "0") .. bits
    value = (value - bit) / 2
  end
  return bits
end

local function is_within(seconds, low, high)
  return seconds >= low and seconds <= high -- false for NaN
end

-- The least that is not less, of the finest unit that says it.
local function encode(seconds, units, low, high)
  if not is_within(seconds, low, high) then return nil, ("%d to %d"):format(low, high) end
  local best, least, finest
  for name, unit in pairs(units) do
    local count = ceil(seconds / unit)
    local said = count * unit
    local better = not least or said < least or said == least and unit < finest
    if count <= COUNT_MAX and better then
      best, least, finest = name .. to_bits(count, 5), said, unit
    end
  end
  return best, least
end

--- Seconds of a periodic TAU (T3412 extended), from 8 bits.
-- Result: seconds; or nil, and "deactivated" where that is what it says.
function timers.periodic_tau(bits)
  return decode(bits, PERIODIC_TAU)
end

--- Seconds of an active time (T3324), from 8 bits. Result: as of periodic_tau.
function timers.active_time(bits)
  return decode(bits, ACTIVE_TIME, MINUTE)
end

--- The bits of a periodic TAU of at least so many seconds, and what they say.
function timers.encode_periodic_tau(seconds)
  return encode(seconds, PERIODIC_TAU, 2, COUNT_MAX * 320 * HOUR)
end

--- The bits of an active time of at least so many seconds, and what they say.
function timers.encode_active_time(seconds)
  return encode(seconds, ACTIVE_TIME, 0, COUNT_MAX * 6 * MINUTE)
end

--- Seconds of an eDRX cycle, from 4 bits; nil for what NB-S1 does not have.
function timers.cycle(bits)
  for i = 1, #CYCLES do
    if CYCLES[i][1] == bits then return CYCLES[i][2] end
  end
end

--- The bits of an eDRX cycle of at least so many seconds, and what they say.
function timers.encode_cycle(seconds)
  local least, greatest = CYCLES[1][2], CYCLES[#CYCLES][2]
  if not is_within(seconds, least, greatest) then return nil, least .. " to " .. greatest end
  for i = 1, #CYCLES do
    local cycle = CYCLES[i]
    if seconds <= cycle[2] then return cycle[1], cycle[2] end
  end
end

--- Seconds of a paging time window, from 4 bits; or nil.
function timers.paging_window(bits)
  if not (bits or ""):find("^[01][01][01][01]$") then return nil end
  return (tonumber(bits, 2) + 1) * PAGING_WINDOW
end

return timers

--- Dates and times as the module writes them: text <-> fields <-> seconds since 1970.
--
-- It knows the calendar from 1970 to 2099 and 27.007's quarter hours. It knows no zone
-- of this machine: everything is counted here.

local time = {}

local DAY = 86400
local QUARTER = 900
local ZONE_MAX = 96 -- quarter hours (27.007 8.8)

-- Days of a common year before each month.
local BEFORE = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 }
local LENGTH = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- 2000 is one as well: between 1970 and 2099 every fourth year is.
local function is_leap(year)
  return year % 4 == 0
end

local function month_length(year, month)
  return month == 2 and is_leap(year) and 29 or LENGTH[month]
end

local function days_since_1970(year, month, day)
  local leaps = math.floor((year - 1969) / 4)
  if is_leap(year) and month > 2 then leaps = leaps + 1 end
  return (year - 1970) * 365 + leaps + BEFORE[month] + day - 1
end

local function is_within(value, low, high)
  return value >= low and value <= high and value % 1 == 0 -- false for NaN
end

--- The first field that is out of its range, and the range; nil when all are well.
-- year_min: 1970, or 2000 where two digits have to do.
function time.fault(t, year_min)
  if not is_within(t.year, year_min, 2099) then return "year", year_min .. " to 2099" end
  if not is_within(t.month, 1, 12) then return "month", "1 to 12" end
  local length = month_length(t.year, t.month)
  if not is_within(t.day, 1, length) then return "day", "1 to " .. length end
  if not is_within(t.hour, 0, 23) then return "hour", "0 to 23" end
  if not is_within(t.min, 0, 59) then return "min", "0 to 59" end
  if not is_within(t.sec, 0, 59) then return "sec", "0 to 59" end
  if not is_within(t.zone_quarters or 0, -ZONE_MAX, ZONE_MAX) then
    return "zone_quarters", "-96 to 96"
  end
end

--- Seconds since 1970 in UTC. Without a zone the fields are taken for UTC.
function time.epoch(t)
  local days = days_since_1970(t.year, t.month, t.day)
  return days * DAY + t.hour * 3600 + t.min * 60 + t.sec - (t.zone_quarters or 0) * QUARTER
end

--- The fields of seconds since 1970, in UTC; those of a year after 2099 are no date.
function time.fields(epoch)
  local days = math.floor(epoch / DAY)
  local rest = epoch - days * DAY
  -- 365.25 days on average, and the third year of four is the long one.
  local year = 1970 + math.floor((days * 4 + 2) / 1461)
  local left = days - days_since_1970(year, 1, 1)
  local month = 1
  while left >= month_length(year, month) do
    left = left - month_length(year, month)
    month = month + 1
  end
  return {
    year = year, month = month, day = left + 1, hour = math.floor(rest / 3600),
    min = math.floor(rest / 60) % 60, sec = rest % 60, zone_quarters = 0,
  }
end

--- As 27.007 8.8 has it: yy/MM/dd,hh:mm:ss and the zone in quarter hours.
function time.text(t)
  local zone = t.zone_quarters or 0
  return ("%02d/%02d/%02d,%02d:%02d:%02d%s%02d"):format(t.year % 100, t.month, t.day, t.hour,
    t.min, t.sec, zone < 0 and "-" or "+", math.abs(zone))
end

-- What stands behind the seconds. Manual 2.3.9's example has an odd :35 before the zone.
local function read_zone(rest)
  rest = rest:gsub("^:%d%d", "")
  if rest == "" then return nil, true end
  local sign, quarters = rest:match("^([+-])(%d%d)$")
  if not sign then return nil, false end
  return tonumber(sign .. quarters), true
end

--- Reads YY/MM/DD,hh:mm:ss or YYYY/..., quoted or not, with a zone or without.
-- Two digits of a year are those of 2000 to 2099. Result: { year, month, day, hour, min,
-- sec, zone_quarters (local time less UTC; nil: not said), epoch (seconds since 1970 in
-- UTC; without a zone the fields are taken for UTC), text }; or nil if it is no time.
function time.parse(text)
  local bare = text:match('^"(.*)"$') or text
  local year, month, day, hour, min, sec, rest =
    bare:match("^(%d+)/(%d%d)/(%d%d),(%d%d):(%d%d):(%d%d)(.*)$")
  if not year or #year ~= 2 and #year ~= 4 then return nil end
  local zone, understood = read_zone(rest)
  if not understood then return nil end
  local t = {
    year = tonumber(year) + (#year == 2 and 2000 or 0), month = tonumber(month),
    day = tonumber(day), hour = tonumber(hour), min = tonumber(min), sec = tonumber(sec),
    zone_quarters = zone, epoch = nil, text = bare,
  }
  if time.fault(t, 1970) then return nil end
  t.epoch = time.epoch(t)
  return t
end

return time

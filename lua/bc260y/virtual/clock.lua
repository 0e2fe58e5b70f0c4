-- Seconds since 1970 as calendar fields and back, without the machine's zone.

local floor = math.floor

-- Days since 1970 of a Gregorian date; March starts the year, so that the leap
-- day comes last.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local leap = floor(year / 4) - floor(year / 100) + floor(year / 400)
  return 365 * year + leap + floor((153 * (month - 3) + 2) / 5) + day - 719469
end

local function epoch(t)
  return days(t.year, t.month, t.day) * 86400 + t.hour * 3600 + t.min * 60 + t.sec
end

local function date(seconds)
  seconds = floor(seconds)
  local day = floor(seconds / 86400)
  local rest = seconds - day * 86400
  local year = 1970 + floor(day / 365.2425)
  while days(year, 1, 1) > day do year = year - 1 end
  while days(year + 1, 1, 1) <= day do year = year + 1 end
  local month = 12
  while days(year, month, 1) > day do month = month - 1 end
  return {
    year = year, month = month, day = day - days(year, month, 1) + 1,
    hour = floor(rest / 3600), min = floor(rest / 60) % 60, sec = rest % 60,
  }
end

-- "23/12/14,09:01:13", the year with two or four digits.
local function text(seconds, year_digits)
  local t = date(seconds)
  local year = year_digits == 4 and ("%04d"):format(t.year) or ("%02d"):format(t.year % 100)
  return ("%s/%02d/%02d,%02d:%02d:%02d"):format(year, t.month, t.day, t.hour, t.min, t.sec)
end

return { epoch = epoch, date = date, text = text }

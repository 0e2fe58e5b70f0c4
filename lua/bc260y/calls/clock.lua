--- The module's clock.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local time = require "bc260y.calls.time"

local calls, checks = {}, {}

local EPOCH_MIN, EPOCH_MAX = 946684800, 4102444799 -- the years of two digits: 2000 to 2099

-- A table of options stands alone where no time is given.
local function arguments(given, options)
  if type(given) == "table" and given.year == nil and options == nil then return nil, given end
  return given, options
end

local function fields_of(given)
  if type(given) == "table" then return given end
  if not (given >= EPOCH_MIN and given <= EPOCH_MAX) then return nil end
  return time.fields(math.floor(given))
end

local function set(self, deadline, given)
  local fields = fields_of(given)
  if not fields then
    return nil, "invalid argument", "time", EPOCH_MIN .. " to " .. EPOCH_MAX
  end
  local what, range = time.fault(fields, 2000)
  if what then return nil, "invalid argument", what, range end
  local lines, err, code = ask.command(self, deadline, "CCLK", time.text(fields))
  if not lines then return nil, err, code end
  return true
end

--- The module's clock (27.007 8.8: AT+CCLK). It follows the network after registration,
-- and NTP with `set`. Without a time it asks; with one it sets the clock.
-- time: seconds since 1970 in UTC, or a table: year (2000-2099), month, day, hour, min,
-- sec, zone_quarters (local time less UTC in quarter hours, -96 to 96; 0). options: timeout.
-- Result: { year, month, day, hour, min, sec, zone_quarters (nil: not said), epoch
-- (seconds since 1970 in UTC), text }, or true when it was set; or nil, err, code.
-- A year of two digits is one of 2000 to 2099.
function calls.clock(self, given, options)
  given, options = arguments(given, options)
  local deadline = ask.deadline(self, options)
  if given then return set(self, deadline, given) end
  local lines, err, code = ask.command(self, deadline, "CCLK?")
  if not lines then return nil, err, code end
  local text, why = ask.read("+CCLK", lines)
  if not text then return nil, why end
  local now = time.parse(text)
  if not now then return nil, "error" end
  return now
end

function checks.clock(given, options)
  given, options = arguments(given, options)
  check.options(options, ask.TIMED, 3)
  if given == nil or type(given) == "number" then return end
  check.kind(given, "table", "time", 3)
  for _, name in ipairs { "year", "month", "day", "hour", "min", "sec" } do
    check.kind(given[name], "number", name, 3)
  end
  check.kind(given.zone_quarters, "number", "zone_quarters", 3, true)
end

return { calls = calls, checks = checks }

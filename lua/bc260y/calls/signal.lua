--- How well the module hears its cell.

local ask = require "bc260y.calls.ask"

local calls, checks = {}, {}

--- Signal: { rssi = 0-31, ber = 0-7, dbm }, each nil where the module does not know (99).
function calls.signal(self, options)
  local lines, err, code = ask.command(self, ask.deadline(self, options), "CSQ")
  if not lines then return nil, err, code end
  local rssi, ber = ask.read("+CSQ", lines)
  if not rssi then return nil, ber end
  local known = rssi ~= 99
  return {
    rssi = known and rssi or nil,
    dbm = known and rssi * 2 - 113 or nil,
    ber = ber ~= 99 and ber or nil,
  }
end

checks.signal = ask.check_options

return { calls = calls, checks = checks }

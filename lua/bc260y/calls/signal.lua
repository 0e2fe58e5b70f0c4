--- How well the module hears its cell.

local ask = require "bc260y.calls.ask"

local calls, checks = {}, {}

local function known(value, max)
  return value and value <= max and value or nil
end

--- The signal (27.007 8.5 and 8.69: AT+CSQ, AT+CESQ). options: timeout (seconds for both).
-- Result: { rssi (0-31), dbm (of it: -113 + 2 x rssi), ber (0-7), rxlev (0-63), rsrq
-- (0-34), rsrq_db (-20 + rsrq / 2), rsrp (0-97), rsrp_dbm (-141 + rsrp) }, each nil where
-- the module does not know it (99 or 255), the last five also where it refuses CESQ.
-- A step of rsrq or rsrp is given by its lower bound: rsrp 57 is -84 to -83 dBm. Step 0
-- is anything below -140 dBm, and below -19.5 dB, the last step anything above.
-- Or nil, err, code.
function calls.signal(self, options)
  local deadline = ask.deadline(self, options)
  local lines, err, code = ask.command(self, deadline, "CSQ")
  if not lines then return nil, err, code end
  local rssi, ber = ask.read("+CSQ", lines)
  if not rssi then return nil, ber end
  lines, err, code = ask.command(self, deadline, "CESQ")
  if not lines and err ~= "error" then return nil, err, code end
  local rxlev, _, _, _, rsrq, rsrp = ask.read("+CESQ", lines or {})
  rssi, rsrq, rsrp = known(rssi, 31), known(rsrq, 34), known(rsrp, 97)
  return {
    rssi = rssi, dbm = rssi and rssi * 2 - 113, ber = known(ber, 7),
    rxlev = known(rxlev, 63),
    rsrq = rsrq, rsrq_db = rsrq and rsrq / 2 - 20,
    rsrp = rsrp, rsrp_dbm = rsrp and rsrp - 141,
  }
end

checks.signal = ask.check_options

return { calls = calls, checks = checks }

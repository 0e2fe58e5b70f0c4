--- The module itself: battery, card, functionality, and how it speaks on its line.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local encode = require("bc260y.core").encode

local calls, checks = {}, {}

local MV = 1000

-- 27.007 8.3: letters, blanks and hyphens, and some end in 2.
local CARD_TEXT = "^%u[%u %-]*%u2?$"

-- V.250 6.2.10 and the faster ones that modules have; 0: it follows the host's.
local RATES = {
  [0] = true, [300] = true, [600] = true, [1200] = true, [2400] = true, [4800] = true,
  [9600] = true, [14400] = true, [19200] = true, [28800] = true, [33600] = true,
  [38400] = true, [57600] = true, [115200] = true, [230400] = true, [460800] = true,
  [921600] = true,
}

-- What stands where a number may: it, and the options.
local function number_or_options(number, options)
  if type(number) == "table" then return nil, number end
  return number, options
end

local function check_number(name)
  return function(number, options)
    number, options = number_or_options(number, options)
    check.kind(number, "number", name, 3, true)
    check.options(options, ask.TIMED, 3)
  end
end

--- The battery (27.007 8.4: AT+CBC). options: timeout.
-- Result: { voltage (volts) }; or nil, err, code.
function calls.battery(self, options)
  local millivolts, err, code = ask.value(self, ask.deadline(self, options), "CBC", "+CBC")
  if not millivolts then return nil, err, code end
  return { voltage = millivolts / MV }
end

checks.battery = ask.check_options

--- What the SIM card waits for (27.007 8.3: AT+CPIN?). options: timeout.
-- Result: "READY", "SIM PIN", "SIM PUK" or another text of 27.007; or nil, err, code.
function calls.sim(self, options)
  local text, err, code = ask.value(self, ask.deadline(self, options), "CPIN?", "+CPIN")
  if not text then return nil, err, code end
  if not text:find(CARD_TEXT) then return nil, "error" end
  return text
end

checks.sim = ask.check_options

--- How much of the module is on (27.007 8.2: AT+CFUN). Without a number it asks.
-- fun: 0 minimum, 1 all of it, 4 no radio. options: timeout.
-- Result: the number, or true when it was set; or nil, err, code.
function calls.functionality(self, fun, options)
  fun, options = number_or_options(fun, options)
  local deadline = ask.deadline(self, options)
  if fun then return ask.set(self, deadline, "CFUN", fun) end
  return ask.value(self, deadline, "CFUN?", "+CFUN")
end

checks.functionality = check_number "fun"

--- The speed of its line (ITU-T V.250 6.2.10: AT+IPR). Without a number it asks.
-- rate: bits a second, 4800-460800; 0, by itself, is refused: it is reported not to work.
-- The module changes after its OK, the port does not: close the modem and open it anew.
-- options: timeout. Result: the rate, or true when it was set; or nil, err, code.
function calls.baud(self, rate, options)
  rate, options = number_or_options(rate, options)
  local deadline = ask.deadline(self, options)
  if rate then return ask.set(self, deadline, "IPR", rate) end
  local is, err, code = ask.value(self, deadline, "IPR?", "+IPR")
  if not is then return nil, err, code end
  if not RATES[is] then return nil, "error" end
  return is
end

checks.baud = check_number "rate"

--- How it says an error (27.007 9.1: AT+CMEE). Without a number it asks; with one it
-- sets it, and writes to the module's memory only what differs.
-- n: 0 ERROR, 1 with a number, 2 with a text. options: timeout.
-- Result: the number, or true when it was set; or nil, err, code.
function calls.error_reports(self, n, options)
  n, options = number_or_options(n, options)
  local deadline = ask.deadline(self, options)
  local text, why, what, range = encode("CMEE", n or 0)
  if not text then return nil, why, what, range end
  local is, err, code = ask.value(self, deadline, "CMEE?", "+CMEE")
  if not is then return nil, err, code end
  if not n then return is end
  if is == n then return true end
  return ask.set(self, deadline, "CMEE", n)
end

checks.error_reports = check_number "n"

return { calls = calls, checks = checks }

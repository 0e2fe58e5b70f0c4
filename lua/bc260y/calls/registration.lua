--- Whether the network has the module, and where.

local ask = require "bc260y.calls.ask"
local decode = require("bc260y.core").decode
local reports = require "bc260y.calls.reports"
local timers = require "bc260y.timers"

local calls, checks = {}, {}

-- 27.007 10.1.22
local STATES = {
  [0] = "not registered", [1] = "home", [2] = "searching", [3] = "denied",
  [4] = "unknown", [5] = "roaming", [6] = "home, SMS only", [7] = "roaming, SMS only",
  [8] = "emergency only", [9] = "home, no CSFB", [10] = "roaming, no CSFB",
}

local function text(value)
  return value ~= "" and value or nil
end

local function bits(value)
  return value and value:match("^[01][01][01][01][01][01][01][01]$")
end

-- Both or none. A cell's id has at least four digits, what has fewer is another field.
local function is_place(tac, ci)
  if not tac or not ci then return tac == ci end
  return #tac <= 5 and tac:find("^%x+$") ~= nil and #ci >= 4 and ci:find("^%x+$") ~= nil
end

-- 27.007 has four digits in hex, firmware R01 says it in decimal, without leading zeros.
-- Four decimal digits may be either.
local function tac_number(tac)
  if not tac then return nil end
  if #tac == 4 and tac:find("%a") then return tonumber(tac, 16) end
  local number = tac:find("^%d+$") and #tac ~= 4 and tonumber(tac)
  return number and number <= 65535 and number or nil
end

local function is_registered(stat)
  return stat == 1 or stat == 5
end

-- How many fields there may be behind the place (27.007): none, act, the two of a cause,
-- the two timers, each empty or not. Of any other count nobody knows which one is missing.
local BEHIND = { [0] = true, [1] = true, [3] = true, [5] = true }

-- The table of these fields; nil, "error" if one stands in another's place. count: of those
-- behind the place.
local function new_state(count, n, stat, tac, ci, act, cause_type, cause, active, periodic)
  tac, ci = text(tac), text(ci)
  if not stat or not is_place(tac, ci) then return nil, "error" end
  if not BEHIND[count] then return new_state(0, n, stat, tac, ci) end
  return {
    n = n, stat = stat, state = STATES[stat], registered = is_registered(stat),
    tac = tac, tac_number = tac_number(tac), ci = ci, act = act,
    cause_type = cause_type, cause = cause,
    active_time = (timers.active_time(active)), active_time_bits = bits(active),
    periodic_tau = (timers.periodic_tau(periodic)), periodic_tau_bits = bits(periodic),
  }
end

local function read_answer(lines)
  for i = 1, #lines do
    local line = lines[i]
    if decode("+CEREG", line) then
      return new_state(ask.field_count(line) - 4, decode("+CEREG", line))
    end
  end
  return nil, "error"
end

-- The table of a line that came by itself; nil if it is none.
local function read_urc(line)
  return new_state(ask.field_count(line) - 3, nil, decode("+CEREG urc", line))
end

--- The registration (27.007 10.1.22: AT+CEREG?). options: timeout.
-- Result: { n (0-5: how much is said, and said by itself), stat (0-10), state (its name),
-- registered (true at home and when roaming), tac (text as the module gives it),
-- tac_number (nil where hex can't be told from decimal), ci (text, hex), act, cause_type,
-- cause, active_time, periodic_tau (seconds of T3324 and of T3412; nil when deactivated),
-- active_time_bits, periodic_tau_bits }, from tac on nil where it is not said.
-- Or nil, err, code. Event "registration" gives such a table, without n, for each +CEREG
-- that comes by itself.
function calls.registration(self, options)
  local lines, err, code = ask.command(self, ask.deadline(self, options), "CEREG?")
  if not lines then return nil, err, code end
  return read_answer(lines)
end

checks.registration = ask.check_options

--- Whether it is registered, for attach: that must not hang on how a place is written.
-- Result: true or false; or nil, err, code.
local function registered(self, options)
  local lines, err, code = ask.command(self, ask.deadline(self, options), "CEREG?")
  if not lines then return nil, err, code end
  local n, stat = ask.read("+CEREG", lines)
  if not n then return nil, stat end
  return is_registered(stat)
end

--- Sets what the module says of its registration by itself (AT+CEREG=n).
-- n: 0 nothing, 1 the state, 2 with the place, 3 with causes, 4 state, place and timers of
-- power saving, 5 all. attach sets it anew after a restart. options: timeout.
-- Result: true; or nil, err, code.
function calls.report_registration(self, n, options)
  return reports.set(self, ask.deadline(self, options), "CEREG", n)
end

checks.report_registration = reports.check

return { calls = calls, checks = checks, read_urc = read_urc, registered = registered }

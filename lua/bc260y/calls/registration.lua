--- Whether the network has the module, and where.

local ask = require "bc260y.calls.ask"

local calls, checks = {}, {}

local STATES = {
  [0] = "not registered", [1] = "home", [2] = "searching", [3] = "denied",
  [4] = "unknown", [5] = "roaming",
}

--- Registration: { registered, stat = 0-10, state, n, tac, ci, act, cause_type, cause,
-- active_time, periodic_tau }, the last seven where the module says them.
function calls.registration(self, options)
  local lines, err, code = ask.command(self, ask.deadline(self, options), "CEREG?")
  if not lines then return nil, err, code end
  local n, stat, tac, ci, act, cause_type, cause, active, periodic = ask.read("+CEREG", lines)
  if not n then return nil, stat end
  return {
    n = n, stat = stat, state = STATES[stat] or "unknown", registered = stat == 1 or stat == 5,
    tac = tac, ci = ci, act = act, cause_type = cause_type, cause = cause,
    active_time = active, periodic_tau = periodic,
  }
end

checks.registration = ask.check_options

return { calls = calls, checks = checks }

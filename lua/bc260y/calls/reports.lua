--- What the module says by itself because it was asked to, until it restarts.
--
-- It knows which commands ask for that, and what was asked for last. It does not know
-- what is said then.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"

local NAMES = { "CEREG", "CSCON" }

local reports = {}

--- What is wrong with the arguments of a call that sets one is raised.
function reports.check(n, options)
  check.kind(n, "number", "n", 3)
  check.options(options, ask.TIMED, 3)
end

--- n: 0: nothing. Result: true; or as of ask.set, and what was asked for before stays.
function reports.set(self, deadline, name, n)
  local ok, err, what, range = ask.set(self, deadline, name, n)
  if ok then self.reports[name] = n end
  return ok, err, what, range
end

--- Asks anew, of a module that has restarted. Result: true; or nil, err, code.
function reports.restore(self, deadline)
  if not self.reports_lost then return true end
  for _, name in ipairs(NAMES) do
    local n = self.reports[name] or 0
    if n ~= 0 then
      local ok, err, code = ask.set(self, deadline, name, n)
      if not ok and err ~= "error" then return nil, err, code end
    end
  end
  self.reports_lost = false
  return true
end

return reports

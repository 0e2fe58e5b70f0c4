--- A restart of the module on purpose.

local ask = require "bc260y.calls.ask"
local encode = require("bc260y.core").encode
local errors = require "bc260y.errors"
local new_entry = require("bc260y.pump").entry

local calls, checks = {}, {}

local TIMEOUT = 30 -- seconds from the command, or the pin, to RDY

-- What the module may have obeyed though its answer did not come.
local MAY_RESTART = { ok = true, reset = true, timeout = true, torn = true, overflow = true }

-- What says nothing against the module: it was not asked, or it has answered.
local HEALTHY = { busy = true, error = true }

-- Waits for RDY, unless it has come already. before: how many there had been. Nothing is
-- left behind where hard_reset raises in between. Result: true; or nil, err.
local function await_restart(self, before, seconds)
  if self.restarts ~= before then return true end
  return self.hooks:wait("reset", seconds)
end

-- Result: true once RDY has come; or nil, err, code.
local function by_command(self, before, deadline)
  local entry = new_entry(encode("QRST"))
  entry.deadline = deadline
  local status = self.pump:execute(entry)
  if MAY_RESTART[status] then
    return await_restart(self, before, self.pump:left(deadline))
  end
  return errors.of(status, entry.code)
end

--- Restarts the module (AT+QRST=1) and waits for its RDY. Every socket is closed, the event
-- "reset" comes; attach has to be called again. Where that fails, the hard_reset given to
-- bc260y.open is called, if any, and RDY is waited for again; not behind "busy" and "error".
-- options: timeout (seconds, for each of the two, 30).
-- Result: true; or nil, err, code: "busy" (other tasks had the line all the time: nothing
-- was sent), "no response" (it could not be asked), "timeout" (RDY did not come), "error" (it
-- refused).
function calls.reset(self, options)
  local timeout = options and options.timeout or TIMEOUT
  local before = self.restarts
  local ok, err, code = by_command(self, before, self.pump:now() + timeout)
  if not ok and not HEALTHY[err] and self.hard_reset and not self.pump.down then
    self.hard_reset(self)
    ok, err, code = await_restart(self, before, timeout)
  end
  if ok then return true end
  return nil, err, code
end

checks.reset = ask.check_options

return { calls = calls, checks = checks }

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

-- Result: true once RDY has come; or nil, err, code.
local function by_command(self, ready, deadline)
  local entry = new_entry(encode("QRST"))
  entry.deadline = deadline
  local status = self.pump:execute(entry)
  if MAY_RESTART[status] then
    local left = deadline - self.pump:now()
    local came, err = ready:wait(left > 0 and left or 0)
    if came then return true end
    return nil, err
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
  local ready = self.hooks:on("reset")
  local ok, err, code = by_command(self, ready, self.pump:now() + timeout)
  if not ok and not HEALTHY[err] and self.hard_reset and not self.pump.down then
    self.hard_reset(self)
    ok, err = ready:wait(timeout)
    code = nil
  end
  ready:cancel()
  if ok then return true end
  return nil, err, code
end

checks.reset = ask.check_options

return { calls = calls, checks = checks }

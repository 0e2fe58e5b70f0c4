--- The time of a server in the network.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local time = require "bc260y.calls.time"

local calls, checks = {}, {}

local PORT = 123 -- manual 2.3.9

-- A time is the answer's last field: the comma in it makes no second one.
local function read(lines)
  local status, text = ask.read("+QNTP", lines)
  return status == 0 and text and time.parse(text) or nil
end

--- Asks an NTP server for the time (manual 2.3.9).
-- server: name or address, 1-150 bytes. options: port (1-65535, 123), set (true: the
-- module sets its own clock by it, which modem:clock() then gives; false), timeout
-- (seconds; the module itself is given 60).
-- Result: as of modem:clock: { year, month, day, hour, min, sec, zone_quarters (nil: not
-- said), epoch, text }; or nil, err, code: "not attached" before the module has an
-- address, "DNS parse failed", 565, "Operation timeout", 569, and others of chapter 3.
function calls.ntp(self, server, options)
  local port = options and options.port or PORT
  local set = options and options.set and 1 or 0
  local deadline = ask.deadline(self, options)
  local lines, err, code, range =
    ask.operation(self, deadline, nil, "QNTP", server, port, set)
  if not lines then return nil, err, code, range end
  local now = read(lines)
  if not now then return nil, "error" end
  return now
end

local OPTIONS = { port = "number", set = "boolean", timeout = "number" }

function checks.ntp(server, options)
  check.kind(server, "string", "server", 3)
  check.options(options, OPTIONS, 3)
end

return { calls = calls, checks = checks }

-- `bc260y reset`: restarts the module, and waits until it is ready, or has an address.

local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local now = require("bc260y.core").now
local out = require "bc260y.cli.out"
local patience = require "bc260y.cli.patience"
local session = require "bc260y.cli.session"

local function since(started)
  return math.floor((now() - started) * 1000 + 0.5) / 1000
end

-- Result: seconds until it was ready.
local function reset(modem, options)
  local started = now()
  local ok, err, code = patience("waiting for the module", modem.reset, modem,
    {timeout = options.timeout})
  if not ok then
    cli.failed("reset", err, code)
  end
  return since(started)
end

-- Result: seconds until it had an address.
local function attach(modem, options, report)
  local started = now()
  session.attach(modem, options, report)
  return since(started)
end

local function say(options, text, seconds)
  if not options.json then
    out.line(("%s after %.1f s"):format(text, seconds))
  end
end

return function(options)
  local modem = session.answering(options)
  local report = {ready = reset(modem, options), attached = nil, address = nil}
  say(options, "ready", report.ready)
  if options.attach then
    report.attached = attach(modem, options, report)
    report.address = modem.address
    say(options, "attached", report.attached)
  end
  modem:close()
  if options.json then
    json.print(report, {"attached", "address"})
  end
end

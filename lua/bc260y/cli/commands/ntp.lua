-- `bc260y ntp`: the time of a server, and the module's clock set by it.

local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local patience = require "bc260y.cli.patience"
local schema = require "bc260y.cli.schema"
local session = require "bc260y.cli.session"
local show = require "bc260y.cli.show"

-- What the manual calls our arguments.
local names = {server = "SERVER", port = "--server-port"}

local function ask(modem, options)
  return session.attached(modem, options, function()
    return patience("asking " .. options.server, modem.ntp, modem, options.server, {
      port = options.server_port, set = options.set, timeout = options.timeout,
    })
  end)
end

local function to_report(time, clock)
  local null = json.null()
  local report = show.complete(time, schema.time, null)
  report.clock = clock and show.complete(clock, schema.clock, null) or null
  return report
end

local function print_all(options, time, clock)
  if options.json then
    return json.print(to_report(time, clock))
  end
  local rows = {}
  show.add(rows, "time", time, schema.time)
  if clock then
    show.add(rows, "clock", clock, schema.clock)
  end
  out.line(show.text(rows))
end

return function(options)
  local modem = session.open(options)
  local time, err, code, range = ask(modem, options)
  if not time then
    cli.failed("ntp " .. options.server, err, names[code] or code, range)
  end
  local clock
  if options.set then
    clock, err, code = modem:clock{timeout = options.timeout}
    if not clock then
      cli.failed("clock", err, code, nil, options.json and to_report(time))
    end
  end
  modem:close()
  print_all(options, time, clock)
end

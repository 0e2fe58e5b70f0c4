-- `bc260y resolve`: the addresses of a name, one a line.

local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local patience = require "bc260y.cli.patience"
local session = require "bc260y.cli.session"

-- What the manual calls our argument.
local names = {host_name = "NAME"}

return function(options)
  local modem = session.open(options)
  local list, err, code, range = session.attached(modem, options, function()
    return patience("resolving " .. options.name, modem.resolve, modem, options.name,
      {timeout = options.timeout})
  end)
  modem:close()
  if not list then
    cli.failed("resolve " .. options.name, err, names[code] or code, range,
      {name = options.name, addresses = {}})
  end
  if options.json then
    return json.print{name = options.name, addresses = list}
  end
  out.line(table.concat(list, "\n"))
end

-- `bc260y dns`: the servers that names are asked of, and other ones.

local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local schema = require "bc260y.cli.schema"
local session = require "bc260y.cli.session"
local show = require "bc260y.cli.show"

-- What the manual calls our arguments.
local names = {pridnsaddr = "PRIMARY", secdnsaddr = "SECONDARY"}

-- Result: a modem on which they are set.
local function set(options)
  local modem = session.open(options)
  local ok, err, code, range = session.attached(modem, options, function()
    local timed = {timeout = options.timeout}
    if options.secondary then
      return modem:dns(options.primary, options.secondary, timed)
    end
    return modem:dns(options.primary, timed)
  end)
  if not ok then
    cli.failed("dns", err, names[code] or code, range)
  end
  return modem
end

return function(options)
  local modem = options.primary and set(options) or session.answering(options)
  local servers, err, code = modem:dns{timeout = options.timeout}
  modem:close()
  if not servers then
    cli.failed("dns", err, code)
  end
  if options.json then
    return json.print(show.complete(servers, schema.dns, json.null()))
  end
  local rows = {}
  show.add(rows, nil, servers, schema.dns)
  out.line(show.text(rows))
end

-- `bc260y sockets`: which connections are open in the module.

local cli = require "bc260y.cli"
local encode = require("bc260y.core").encode
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local schema = require "bc260y.cli.schema"
local session = require "bc260y.cli.session"
local show = require "bc260y.cli.show"

-- What the library would refuse, before anything is sent.
local function check(command, option, value)
  if value then
    local text, err, _, range = encode(command, value)
    if not text then
      cli.failed("sockets", err, option, range)
    end
  end
end

return function(options)
  check("QISTATE id", "--id", options.id)
  check("QISTATE context", "--context", options.context)
  local modem = session.answering(options)
  local list, err, code = modem:sockets{
    id = options.id, context = options.context, timeout = options.timeout,
  }
  modem:close()
  if not list then
    cli.failed("sockets", err, code)
  end
  if options.json then
    return json.print(show.complete(list, schema.sockets, json.null()))
  end
  out.line(show.columns(schema.socket, list))
end

-- `bc260y listen`: what the module says by itself.

local bc260y = require "bc260y"
local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local session = require "bc260y.cli.session"

local now = bc260y.core.now

return function(options)
  local modem = session.open(options)
  local queue = modem:on("urc")
  local deadline = options.timeout and now() + options.timeout
  while true do
    local line, err = queue:wait(deadline and math.max(0, deadline - now()))
    if not line and err == "timeout" then
      return modem:close()
    elseif not line then
      cli.failed(options.port, err)
    elseif options.json then
      json.print{urc = line}
    else
      out.line(line)
    end
  end
end

-- `bc260y at`: one command of the user's, and its answer.

local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local session = require "bc260y.cli.session"

return function(options)
  local modem = session.answering(options)
  local lines, err, code = modem:command(options.text, {
    timeout = options.timeout,
    data = options.data,
  })
  modem:close()
  local report = {command = options.text, ok = lines ~= nil, lines = lines or {}}
  if not lines then
    cli.failed(options.text, err, code, nil, report)
  end
  if options.json then
    return json.print(report)
  end
  for _, line in ipairs(lines) do
    out.line(line)
  end
  out.line("OK")
end

-- Runs a user's script, where a launcher other than bin/bc260y started the command
-- line: bin/bc260y hands the script to Lua itself.

local cli = require "bc260y.cli"

-- args: "run", the script, its arguments.
return function(args)
  local script = args[2]
  local chunk, err = loadfile(script)
  if not chunk then
    cli.give_up(cli.statuses.usage, err)
  end
  local own = {[0] = script}
  for i = 3, #args do
    own[i - 2] = args[i]
  end
  _G.arg = own
  chunk((table.unpack or unpack)(own))
end

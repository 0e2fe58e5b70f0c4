-- Runs a command as a task, so that Ctrl-C is heard however long it waits, and what comes
-- meanwhile can be told. Knows nothing of the command.

local bc260y = require "bc260y"

-- Lua sees Ctrl-C only between two waits.
local INTERRUPT_SECONDS = 0.4

local function keep_waking()
  while true do
    bc260y.sleep(INTERRUPT_SECONDS)
  end
end

return function(command, options)
  bc260y.run(function()
    bc260y.spawn(keep_waking)
    command(options)
  end)
end

-- Standard output: what can't be written there ends the command. Knows nothing of what is
-- printed.

local cli = require "bc260y.cli"

local out = {}

local function check(ok, err)
  if not ok then
    cli.give_up(cli.statuses.output, "standard output: " .. tostring(err))
  end
end

-- Bytes as they are, at once: who reads them may wait for them.
function out.write(bytes)
  check(io.stdout:write(bytes))
  check(io.stdout:flush())
end

function out.line(text)
  out.write((text or "") .. "\n")
end

return out

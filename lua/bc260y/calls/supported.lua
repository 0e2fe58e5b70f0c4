--- What the module says of its commands.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"

local calls, checks = {}, {}

--- What a command may be given: the answers to its test form (manual table 1).
-- command: "QIOPEN", "+QIOPEN" or "AT+QIOPEN". Result: what stands behind the prefix,
-- "" where the module only says that it knows the command; or nil, err, code.
function calls.supported(self, command, options)
  local deadline = ask.deadline(self, options)
  local name = command:upper():gsub("^AT", ""):gsub("^%+", "")
  if not name:find("^[%w]+$") then return nil, "invalid argument", "command" end
  local lines, err, code = ask.line(self, "AT+" .. name .. "=?", deadline)
  if not lines then return nil, err, code end
  return lines[1] and lines[1]:gsub("^%+" .. name .. ": *", "", 1) or ""
end

function checks.supported(command, options)
  if type(command) ~= "string" then
    error("command: string expected, got " .. type(command), 3)
  end
  check.options(options, ask.TIMED, 3)
end

return { calls = calls, checks = checks }

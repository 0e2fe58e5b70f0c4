--- The strings that calls return for what the world does wrong, in one place.
--
-- It knows how the exchange names the end of a command and what a caller is told:
-- nil, one short stable string, and the module's number where there is one. It does
-- not know what the command was for.

local core = require "bc260y.core"

local errors = {}

-- The manual's chapter 3: code -> text.
errors.codes = core.errors

-- The exchange's status -> the string a caller gets.
local texts = {
  ["error"] = "error",
  ["timeout"] = "timeout",
  ["torn"] = "torn",
  ["no prompt"] = "torn", -- its data did not go for certain; the caller closes that socket
  ["reset"] = "module reset",
  ["no response"] = "no response",
  ["overflow"] = "overflow", -- a line of the answer was too long to keep
  ["invalid argument"] = "invalid argument",
  ["too long"] = "too long",
  ["busy"] = "busy",
  ["lost"] = "lost",
  ["closed"] = "closed",
}

--- What a caller is told of a command that ended with status and code.
-- @return nil, string, number|string|nil (the module's number, or the name of the
--   argument that was refused)
function errors.of(status, code)
  if status == "fail" then
    local text = code and core.errors[code]
    if text then return nil, text, code end
    return nil, "error", code
  end
  return nil, texts[status] or "error", code
end

return errors

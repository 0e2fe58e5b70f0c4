--- Names and the servers that know them.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local core = require "bc260y.core"

local decode, encode = core.decode, core.encode

local calls, checks = {}, {}

--- The addresses of a name (manual 2.3.6): a list, today of one (note 2); or nil, err, code:
-- "not attached" before the module has an address of its own, "DNS parse failed", 565.
function calls.resolve(self, name, options)
  local deadline = ask.deadline(self, options)
  local text, err, what, range = encode("QIDNSGIP", name)
  if not text then return nil, err, what, range end
  if self.pump.down then return nil, self.pump.down end
  if not self.address then return nil, "not attached" end
  local lines, failure, code = ask.line(self, text, deadline, true)
  if not lines then return nil, failure, code end
  local list = {}
  for i = 1, #lines do
    local status, count = decode("+QIDNSGIP", lines[i])
    if not (status and count) then
      list[#list + 1] = decode("+QIDNSGIP address", lines[i]) or nil
    end
  end
  if not list[1] then return nil, "error" end
  return list
end

function checks.resolve(name, options)
  if type(name) ~= "string" then error("name: string expected, got " .. type(name), 3) end
  check.options(options, ask.TIMED, 3)
end

return { calls = calls, checks = checks }

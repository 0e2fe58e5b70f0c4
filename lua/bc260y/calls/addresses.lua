--- The addresses that the network gave the module.

local address = require "bc260y.calls.address"
local ask = require "bc260y.calls.ask"
local decode = require("bc260y.core").decode

local calls, checks = {}, {}

--- The addresses of the module (27.007 10.1.23: AT+CGPADDR). options: timeout.
-- Result: list of { cid, address, address2 } of the contexts that have one, IPv4 or IPv6,
-- address2 nil where there is one alone; or nil, err, code.
function calls.addresses(self, options)
  local lines, err, code = ask.command(self, ask.deadline(self, options), "CGPADDR")
  if not lines then return nil, err, code end
  local list = {}
  for i = 1, #lines do
    local cid, first, second = decode("+CGPADDR", lines[i])
    if not cid then return nil, "error" end
    first, second = address.of(first), address.of(second)
    if first or second then
      list[#list + 1] = { cid = cid, address = first or second, address2 = first and second }
    end
  end
  if list[1] then self.address = list[1].address end
  return list
end

checks.addresses = ask.check_options

return { calls = calls, checks = checks }

--- The addresses that the network gave the module.

local ask = require "bc260y.calls.ask"

local decode = require("bc260y.core").decode

local calls, checks = {}, {}

local function is_address(address)
  return address ~= nil and address ~= "" and address ~= "0.0.0.0"
end

--- Addresses: a list of { cid, address, address2 } of the contexts that have one.
function calls.addresses(self, options)
  local lines, err, code = ask.command(self, ask.deadline(self, options), "CGPADDR")
  if not lines then return nil, err, code end
  local list = {}
  for i = 1, #lines do
    local cid, address, address2 = decode("+CGPADDR", lines[i])
    if cid and is_address(address) then
      list[#list + 1] = { cid = cid, address = address, address2 = address2 }
    end
  end
  if list[1] then self.address = list[1].address end
  return list
end

checks.addresses = ask.check_options

return { calls = calls, checks = checks }

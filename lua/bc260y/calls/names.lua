--- Names and the servers that know them.

local address = require "bc260y.calls.address"
local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local decode = require("bc260y.core").decode

local calls, checks = {}, {}

local function is_literal(text)
  return address.is_v4(text) or address.is_v6(text)
end

--- The addresses of a name (manual 2.3.6): a list, today of one (note 2).
-- name: 1-150 bytes. options: timeout (seconds; the module itself is given 60).
-- Result: list of texts; or nil, err, code: "not attached" before the module has an
-- address of its own, "DNS parse failed", 565, and others of chapter 3.
function calls.resolve(self, name, options)
  local deadline = ask.deadline(self, options)
  local lines, err, code, range = ask.operation(self, deadline, nil, "QIDNSGIP", name)
  if not lines then return nil, err, code, range end
  local list = {}
  for i = 1, #lines do
    local text = decode("+QIDNSGIP address", lines[i])
    if text and is_literal(text) then list[#list + 1] = text end
  end
  if not list[1] then return nil, "error" end
  return list
end

function checks.resolve(name, options)
  check.kind(name, "string", "name", 3)
  check.options(options, ask.TIMED, 3)
end

-- A table of options may stand where an address is left out.
local function arguments(primary, secondary, options)
  if type(primary) == "table" then return nil, nil, primary end
  if type(secondary) == "table" then return primary, nil, secondary end
  return primary, secondary, options
end

-- Fields may be missing: what a text is says where it belongs, and not its place alone.
-- Of a pair whose first is empty it is the second.
local function add_server(servers, text, before)
  text = address.of(text)
  if not text then return end
  local primary, secondary = "primary", "secondary"
  if address.is_v6(text) then primary, secondary = "primary6", "secondary6" end
  local is_second = before == false or servers[primary] ~= nil
  servers[is_second and secondary or primary] = text
end

local function ask_servers(self, deadline)
  local lines, err, code = ask.command(self, deadline, "QIDNSCFG?")
  if not lines then return nil, err, code end
  local servers = { primary = nil, secondary = nil, primary6 = nil, secondary6 = nil }
  if not lines[1] then return servers end
  local context, pri4, sec4, pri6, sec6 = ask.read("+QIDNSCFG", lines)
  if not context then return nil, "error" end
  add_server(servers, pri4)
  add_server(servers, sec4, address.is_known(pri4))
  add_server(servers, pri6)
  add_server(servers, sec6, address.is_known(pri6))
  return servers
end

local RANGE = "an IPv4 or IPv6 address"

local function set_servers(self, deadline, primary, secondary)
  if not is_literal(primary) then return nil, "invalid argument", "pridnsaddr", RANGE end
  if secondary and not is_literal(secondary) then
    return nil, "invalid argument", "secdnsaddr", RANGE
  end
  local attached, why = ask.attached(self)
  if not attached then return nil, why end
  local lines, err, code = ask.command(self, deadline, "QIDNSCFG", primary, secondary)
  if not lines then return nil, err, code end
  return true
end

--- The servers that names are asked of (manual 2.3.7). Without arguments it asks, at any
-- time; with one or two it sets them, which needs an address. An IPv4-only network takes
-- IPv4 servers alone, an IPv6-only one IPv6 alone (note 2).
-- primary, secondary: addresses, IPv4 or IPv6. options: timeout.
-- Result: { primary, secondary, primary6, secondary6 }, each nil where there is none, or
-- true when they were set; or nil, err, code: "not attached" before there is an address.
function calls.dns(self, primary, secondary, options)
  primary, secondary, options = arguments(primary, secondary, options)
  local deadline = ask.deadline(self, options)
  if primary then return set_servers(self, deadline, primary, secondary) end
  return ask_servers(self, deadline)
end

function checks.dns(primary, secondary, options)
  primary, secondary, options = arguments(primary, secondary, options)
  check.kind(primary, "string", "primary", 3, secondary == nil)
  check.kind(secondary, "string", "secondary", 3, true)
  check.options(options, ask.TIMED, 3)
end

return { calls = calls, checks = checks }

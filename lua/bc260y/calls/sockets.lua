--- What connections the module has open.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"

local decode = require("bc260y.core").decode

local calls, checks = {}, {}

local SOCKET_STATES = {
  [0] = "initial", [1] = "connecting", [2] = "connected", [3] = "closing",
  [4] = "remote closing",
}

--- What is open in the module (manual 2.3.4), be it ours or not.
-- options: id (0-4) or context (0), timeout. Result: list of { id, service, host,
-- remote_port, local_port, state, state_name, context, access_mode }.
function calls.sockets(self, options)
  local deadline = ask.deadline(self, options)
  local lines, err, code, range
  if options and options.id ~= nil then
    lines, err, code, range = ask.command(self, deadline, "QISTATE id", options.id)
  elseif options and options.context ~= nil then
    lines, err, code, range = ask.command(self, deadline, "QISTATE context", options.context)
  else
    lines, err, code = ask.command(self, deadline, "QISTATE?")
  end
  if not lines then return nil, err, code, range end
  local list = {}
  for i = 1, #lines do
    local id, service, host, remote, here, state, context, mode = decode("+QISTATE", lines[i])
    if id then
      list[#list + 1] = {
        id = id, service = service, host = host, remote_port = remote, local_port = here,
        state = state, state_name = SOCKET_STATES[state], context = context, access_mode = mode,
      }
    end
  end
  return list
end

local WHICH = { timeout = "number", id = "number", context = "number" }

function checks.sockets(options)
  check.options(options, WHICH, 3)
end

return { calls = calls, checks = checks }

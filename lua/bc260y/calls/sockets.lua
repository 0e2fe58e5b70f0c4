--- What connections the module has open.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local decode = require("bc260y.core").decode

local calls, checks = {}, {}

local SOCKET_STATES = {
  [0] = "initial", [1] = "connecting", [2] = "connected", [3] = "closing",
  [4] = "remote closing",
}

-- The socket of that line, or nil.
local function read(line)
  local id, service, host, remote, here, state, context, mode = decode("+QISTATE", line)
  if not id then return nil end
  return {
    id = id, service = service, host = host, remote_port = remote, local_port = here,
    state = state, state_name = SOCKET_STATES[state], context = context, access_mode = mode,
  }
end

--- What is open in the module (manual 2.3.4), be it ours or not.
-- options: id (0-4) or context (0; note 1), timeout. Result: list of { id, service ("TCP"
-- or "UDP"), host, remote_port, local_port (0: allocated), state (0-4), state_name
-- ("initial", "connecting", "connected", "closing", "remote closing"), context,
-- access_mode }; or nil, err, code. After a remote close the manual has both 3 and 4.
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
    list[i] = read(lines[i])
    if not list[i] then return nil, "error" end
  end
  return list
end

local WHICH = { timeout = "number", id = "number", context = "number" }

function checks.sockets(options)
  check.options(options, WHICH, 3)
end

return { calls = calls, checks = checks }

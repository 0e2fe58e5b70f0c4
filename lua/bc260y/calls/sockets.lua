--- What connections the module has open.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local decode = require("bc260y.core").decode

local calls, checks = {}, {}

local SOCKET_STATES = {
  [0] = "initial", [1] = "connecting", [2] = "connected", [3] = "closing",
  [4] = "remote closing",
}

local SERVICES = { TCP = true, UDP = true }

-- The socket of that line; nil if it is none.
local function read(line)
  local id, service, host, remote, here, state, context, mode = decode("+QISTATE", line)
  if not id or not SERVICES[service] then return nil end
  return {
    id = id, service = service, host = host, remote_port = remote, local_port = here,
    state = state, state_name = SOCKET_STATES[state], context = context, access_mode = mode,
  }
end

-- Each id once, and only what was asked for; or nil, "error".
local function read_all(lines, id, context)
  local list, seen = {}, {}
  for i = 1, #lines do
    local socket = read(lines[i])
    if not socket or seen[socket.id] or socket.id ~= (id or socket.id)
        or socket.context ~= (context or socket.context) then
      return nil, "error"
    end
    list[i], seen[socket.id] = socket, true
  end
  return list
end

--- What is open in the module (manual 2.3.4), be it ours or not.
-- options: id (0-4) or context (0; note 1), not both, timeout. Result: list of { id, service ("TCP"
-- or "UDP"), host, remote_port, local_port (0: allocated), state (0-4), state_name
-- ("initial", "connecting", "connected", "closing", "remote closing"), context,
-- access_mode }; or nil, err, code. After a remote close the manual has both 3 and 4.
function calls.sockets(self, options)
  local deadline = ask.deadline(self, options)
  local id, context = options and options.id, options and options.context
  local lines, err, code, range
  if id then
    lines, err, code, range = ask.command(self, deadline, "QISTATE id", id)
  elseif context then
    lines, err, code, range = ask.command(self, deadline, "QISTATE context", context)
  else
    lines, err, code = ask.command(self, deadline, "QISTATE?")
  end
  if not lines then return nil, err, code, range end
  return read_all(lines, id, context)
end

local WHICH = { timeout = "number", id = "number", context = "number" }

function checks.sockets(options)
  check.options(options, WHICH, 3)
  if options and options.id and options.context then error("id and context: one or none", 3) end
end

return { calls = calls, checks = checks }

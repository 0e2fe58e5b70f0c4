--- The typed calls: each sends a command or two and gives what the answer says.
--
-- It knows what the answers mean, by the codec's tables. It does not know how they come
-- in. All of them take {timeout = seconds} last, and return nil, err, code where the
-- world does wrong (errors.lua).

local check = require "bc260y.check"
local core = require "bc260y.core"
local errors = require "bc260y.errors"
local new_entry = require("bc260y.pump").entry

local decode, encode = core.decode, core.encode

local calls = {}

-- What is wrong with the arguments of each, raised where it was called (modem.lua).
local checks = {}

local TIMED = { timeout = "number" }

local function check_options(options)
  check.options(options, TIMED, 3)
end

local function deadline_of(self, options)
  local timeout = options and options.timeout
  return timeout and self.pump:now() + timeout
end

-- Sends a line that is already written. Result: its information lines, or nil, err, code.
local function run(self, text, deadline, holds)
  local entry = new_entry(text)
  entry.deadline = deadline
  entry.bounded = deadline ~= nil and not holds
  local status = self.pump:execute(entry)
  if status == "ok" then return entry.lines or {} end
  return errors.of(status, entry.done and entry.code or nil)
end

-- Encodes and sends a command that has no second result.
local function ask(self, deadline, name, ...)
  local text, err, what, range = encode(name, ...)
  if not text then return nil, err, what, range end
  return run(self, text, deadline)
end

-- The fields of the first line that is an answer of that form; or nil, "error".
local function read(form, lines)
  for i = 1, #lines do
    local first, second, third, fourth, fifth, sixth, seventh, eighth, ninth =
      decode(form, lines[i])
    if first ~= nil then
      return first, second, third, fourth, fifth, sixth, seventh, eighth, ninth
    end
  end
  return nil, "error"
end

--- Who it is: { manufacturer, model, revision, imei }, each nil where it does not say.
function calls.identity(self, options)
  local deadline = deadline_of(self, options)
  local lines, err, code = ask(self, deadline, "ATI")
  if not lines then return nil, err, code end
  local identity = { manufacturer = lines[1], model = lines[2], revision = nil, imei = nil }
  for i = 1, #lines do
    identity.revision = identity.revision or lines[i]:match("^Revision: *(.-) *$")
  end
  if not identity.revision then
    lines, err, code = ask(self, deadline, "CGMR")
    if lines then
      identity.revision = lines[1]
    elseif err ~= "error" then
      return nil, err, code
    end
  end
  lines, err, code = ask(self, deadline, "CGSN", 1)
  if lines then
    identity.imei = read("+CGSN", lines)
  elseif err ~= "error" then
    return nil, err, code
  end
  return identity
end

checks.identity = check_options

--- Signal: { rssi = 0-31, ber = 0-7, dbm }, each nil where the module does not know (99).
function calls.signal(self, options)
  local lines, err, code = ask(self, deadline_of(self, options), "CSQ")
  if not lines then return nil, err, code end
  local rssi, ber = read("+CSQ", lines)
  if not rssi then return nil, ber end
  local known = rssi ~= 99
  return {
    rssi = known and rssi or nil,
    dbm = known and rssi * 2 - 113 or nil,
    ber = ber ~= 99 and ber or nil,
  }
end

checks.signal = check_options

local STATES = {
  [0] = "not registered", [1] = "home", [2] = "searching", [3] = "denied",
  [4] = "unknown", [5] = "roaming",
}

--- Registration: { registered, stat = 0-10, state, n, tac, ci, act, cause_type, cause,
-- active_time, periodic_tau }, the last seven where the module says them.
function calls.registration(self, options)
  local lines, err, code = ask(self, deadline_of(self, options), "CEREG?")
  if not lines then return nil, err, code end
  local n, stat, tac, ci, act, cause_type, cause, active, periodic = read("+CEREG", lines)
  if not n then return nil, stat end
  return {
    n = n, stat = stat, state = STATES[stat] or "unknown", registered = stat == 1 or stat == 5,
    tac = tac, ci = ci, act = act, cause_type = cause_type, cause = cause,
    active_time = active, periodic_tau = periodic,
  }
end

checks.registration = check_options

local function is_address(address)
  return address ~= nil and address ~= "" and address ~= "0.0.0.0"
end

--- Addresses: a list of { cid, address, address2 } of the contexts that have one.
function calls.addresses(self, options)
  local lines, err, code = ask(self, deadline_of(self, options), "CGPADDR")
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

checks.addresses = check_options

--- The addresses of a name (manual 2.3.6): a list, today of one (note 2); or nil, err, code:
-- "not attached" before the module has an address of its own, "DNS parse failed", 565.
function calls.resolve(self, name, options)
  local deadline = deadline_of(self, options)
  local text, err, what, range = encode("QIDNSGIP", name)
  if not text then return nil, err, what, range end
  if self.pump.down then return nil, self.pump.down end
  if not self.address then return nil, "not attached" end
  local lines, failure, code = run(self, text, deadline, true)
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
  check.options(options, TIMED, 3)
end

local SOCKET_STATES = {
  [0] = "initial", [1] = "connecting", [2] = "connected", [3] = "closing",
  [4] = "remote closing",
}

--- What is open in the module (manual 2.3.4), be it ours or not.
-- options: id (0-4) or context (0), timeout. Result: list of { id, service, host,
-- remote_port, local_port, state, state_name, context, access_mode }.
function calls.sockets(self, options)
  local deadline = deadline_of(self, options)
  local lines, err, code, range
  if options and options.id ~= nil then
    lines, err, code, range = ask(self, deadline, "QISTATE id", options.id)
  elseif options and options.context ~= nil then
    lines, err, code, range = ask(self, deadline, "QISTATE context", options.context)
  else
    lines, err, code = ask(self, deadline, "QISTATE?")
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

local FORMATS = { text = 0, hex = 1 }
local FORMAT_NAMES = { [0] = "text", [1] = "hex" }

--- The format of data (manual 2.3.1), "text" or "hex" each way. Without arguments it
-- asks; with both it sets them, and writes to the module's memory only what differs.
-- Result: { send, recv }; or nil, err, code.
function calls.data_format(self, send, recv, options)
  if type(send) == "table" then send, options = nil, send end
  local deadline = deadline_of(self, options)
  if send ~= nil and not FORMATS[send] then return nil, "invalid argument", "send" end
  if recv ~= nil and not FORMATS[recv] then return nil, "invalid argument", "recv" end
  local lines, err, code = ask(self, deadline, "QICFG?")
  if not lines then return nil, err, code end
  local kind, is_send, is_recv = read("+QICFG", lines)
  if not kind then return nil, "error" end
  if send and (FORMATS[send] ~= is_send or FORMATS[recv] ~= is_recv) then
    lines, err, code = ask(self, deadline, "QICFG", FORMATS[send], FORMATS[recv])
    if not lines then return nil, err, code end
    is_send, is_recv = FORMATS[send], FORMATS[recv]
  end
  if send and self.send_format ~= "raw" then self.send_format = send end
  return { send = FORMAT_NAMES[is_send], recv = FORMAT_NAMES[is_recv] }
end

function checks.data_format(send, recv, options)
  if type(send) == "table" then send, options = nil, send end
  if (send == nil) ~= (recv == nil) then error("send and recv: both or none", 3) end
  check.options(options, TIMED, 3)
end

--- What a command may be given: the answers to its test form (manual table 1).
-- command: "QIOPEN", "+QIOPEN" or "AT+QIOPEN". Result: what stands behind the prefix,
-- "" where the module only says that it knows the command; or nil, err, code.
function calls.supported(self, command, options)
  local deadline = deadline_of(self, options)
  local name = command:upper():gsub("^AT", ""):gsub("^%+", "")
  if not name:find("^[%w]+$") then return nil, "invalid argument", "command" end
  local lines, err, code = run(self, "AT+" .. name .. "=?", deadline)
  if not lines then return nil, err, code end
  return lines[1] and lines[1]:gsub("^%+" .. name .. ": *", "", 1) or ""
end

function checks.supported(command, options)
  if type(command) ~= "string" then
    error("command: string expected, got " .. type(command), 3)
  end
  check.options(options, TIMED, 3)
end

return { calls = calls, checks = checks, check_options = check_options }

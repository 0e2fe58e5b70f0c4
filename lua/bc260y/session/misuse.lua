--- What a call of a session is given wrong, raised where it was called.

local check = require "bc260y.check"
local check_policy = require("bc260y.session.decide").check

local PORT_MAX = 65535

local misuse = {}

local EVENTS = {
  connected = true, disconnected = true, waiting = true, stopped = true, keepalive = true,
  check = true, error = true, released = true, progress = true, duplicate = true,
}

local function check_event(event, level)
  if EVENTS[event] then return end
  local names = {}
  for name in pairs(EVENTS) do names[#names + 1] = name end
  table.sort(names)
  error(("no event of a session is called %s; there are: %s"):format(tostring(event),
    table.concat(names, ", ")), level + 1)
end

function misuse.event(event, fn)
  check_event(event, 3)
  check.kind(fn, "function", "fn", 3, true)
end

function misuse.wait(timeout)
  check.timeout(timeout, 3)
end

local SEND_OPTIONS = { timeout = "number", rai = "number" }

function misuse.send(data, options)
  check.kind(data, "string", "data", 3)
  check.options(options, SEND_OPTIONS, 3)
  local rai = options and options.rai
  if rai and rai ~= 0 and rai ~= 1 and rai ~= 2 then error("rai: 0 to 2 expected", 3) end
end

function misuse.receive(pattern, timeout)
  check.timeout(timeout, 3)
  if type(pattern) == "number" and pattern >= 0 then return end
  if pattern ~= nil and not tostring(pattern):find("^%*?[al]") then
    error("invalid receive pattern", 3)
  end
end

function misuse.close(options)
  check.options(options, { flush = "number" }, 3)
  check.seconds(options and options.flush, "flush", 3)
end

local OPTIONS = {
  host = "string", port = "number", policy = "table", on = "table", local_port = "number",
  buffer = "number", seed = "number",
}

local function is_port(value, least)
  return value >= least and value <= PORT_MAX and value % 1 == 0
end

function misuse.session(options)
  check.kind(options, "table", "options", 3)
  check.fields(options, OPTIONS, 3)
  check.kind(options.host, "string", "host", 3)
  check.kind(options.port, "number", "port", 3)
  if not is_port(options.port, 1) then error("port: a whole number from 1 to 65535 expected", 3) end
  if not is_port(options.local_port or 0, 0) then
    error("local_port: a whole number from 0 to 65535 expected", 3)
  end
  check.buffer(options.buffer, 3)
  check_policy(options.policy, 3)
  for event, fn in pairs(options.on or {}) do
    check_event(event, 3)
    check.kind(fn, "function", "on." .. event, 3)
  end
  local seed = options.seed
  if seed and not (seed > -math.huge and seed < math.huge) then
    error("seed: a finite number expected", 3)
  end
end

return misuse

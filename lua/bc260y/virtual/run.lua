-- Runs virtual modules until a signal or a time limit ends them. Knows what the
-- person at the terminal sees; station.lua does the work.

local station = require "bc260y.virtual.station"
local uv = require "luv"
local virtual = require "bc260y.virtual"

local function say(text)
  io.stdout:write(text, "\n")
  io.stdout:flush()
end

-- Lines for a person: seconds since the start, who, what.
local function logger(name, started)
  return function(text)
    local seconds = (uv.hrtime() - started) / 1e9
    io.stderr:write(("%9.3f  %s%s\n"):format(seconds, name, text))
    io.stderr:flush()
  end
end

local function close_all(stations, others)
  for _, one in ipairs(stations) do one:close() end
  for _, handle in ipairs(others) do
    if not handle:is_closing() then handle:close() end
  end
end

-- Handles of closed connections may linger; nothing of them matters any more.
local function drain()
  uv.walk(function(handle)
    if not handle:is_closing() then handle:close() end
  end)
  uv.run()
end

local function module_options(options, where, started)
  local result = {}
  for name, value in pairs(options.module or {}) do result[name] = value end
  for _, name in ipairs { "profile", "traits", "names", "baud", "strict_baud", "name_server" } do
    result[name] = options[name]
  end
  if options.verbose then
    local shown = #options.endpoints > 1
      and ("%-14s "):format(tostring(where.unix or where.tcp or where.pty)) or ""
    result.log = logger(shown, started)
  end
  return result
end

local function open_all(options)
  local stations, started = {}, uv.hrtime()
  for _, where in ipairs(options.endpoints) do
    local one, err = station.open(where, module_options(options, where, started))
    if not one then
      close_all(stations, {})
      drain()
      return nil, err
    end
    for _, action in ipairs(options.scripts or {}) do one.module:script(action) end
    stations[#stations + 1] = one
  end
  return stations
end

local function until_ended(stations, options)
  local handles = {}
  local function finish()
    close_all(stations, handles)
    uv.stop()
  end
  for _, name in ipairs { "sigint", "sigterm" } do
    local signal = uv.new_signal()
    signal:start(name, finish)
    handles[#handles + 1] = signal
  end
  if options.lifetime then
    local timer = uv.new_timer()
    timer:start(math.ceil(options.lifetime * 1000), 0, finish)
    handles[#handles + 1] = timer
  end
  for _, one in ipairs(stations) do
    say("listening on " .. one.endpoint.shown)
    one:start()
  end
  uv.run()
  drain()
end

-- Runs one module for each endpoint, all in this process, until SIGINT, SIGTERM
-- or the end of lifetime. options:
--   endpoints  list of { pty = true or path of a symlink }, { unix = path },
--              { tcp = "host:port" }; port 0 takes a free one; default one pty
--   profile    "manual", "R01" or "R02" (default)
--   traits     { name = value }; names = { ["hf.quectel.com"] = "127.0.0.1" }
--   name_server  { address, port }: a DNS server asked for all other names, instead of the
--              system's resolver; what AT+QIDNSCFG sets is asked in its place, at its port
--   baud       paces what the modules say; nil: as fast as it is read
--   strict_baud  true: a client of a pty that sets another rate than baud reads
--              and writes noise, as on a real line
--   verbose    true: what happens, on stderr
--   lifetime   seconds after which to stop; nil: none
--   scripts    list of actions for module:script (scripts.lua)
--   module     further fields of virtual.new (ip, imei, timing, delay, ...)
-- Prints "listening on PATH" for each endpoint on stdout; PATH is what a client
-- opens: a device, "unix:/path" or "tcp://host:port"; after a symlink's path the
-- pty stands in parentheses. Gives true, or nil, message. Raises on a wrong
-- trait or profile.
local function main(options)
  local complete = {}
  for name, value in pairs(options) do complete[name] = value end
  complete.endpoints = options.endpoints or { { pty = true } }
  local stations, err = open_all(complete)
  if not stations then return nil, err end
  until_ended(stations, complete)
  return true
end

return { main = main, profiles = virtual.profiles, traits = virtual.traits,
  trait_from_text = virtual.trait_from_text }

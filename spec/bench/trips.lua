--- Sends commands over a line and prints what that took:
-- `trips.lua bare|open|at|send|tcp COUNT clock|count DEVICE`.
--
-- bare: loads nothing of the library. open: opens the line alone. at, send: commands.
-- tcp: 32 bytes through a socket. clock: notes how long each one takes.

local kind, count, clocked, device = arg[1], tonumber(arg[2]), arg[3] == "clock", arg[4]
local DATA = "0123456789abcdef0123456789abcdef"

-- In KiB: the most that was ever held, and what of it now is the process's own.
local function memory()
  local file = io.open("/proc/self/status")
  if not file then return -1, -1 end
  local text = file:read("*a")
  file:close()
  return tonumber(text:match("VmHWM:%s*(%d+)")) or -1,
    tonumber(text:match("RssAnon:%s*(%d+)")) or -1
end

local function check(...)
  if not ... then error(table.concat({ tostring((select(2, ...))), kind }, ": "), 0) end
end

-- Without the clock there is nothing in the loop but the trip.
local function repeat_trip(trip, now)
  local took = {}
  if not now then
    for _ = 1, count do check(trip()) end
    return took
  end
  for i = 1, count do
    local before = now()
    check(trip())
    took[i] = now() - before
  end
  return took
end

local function make_trip(bc260y, modem)
  if kind == "at" then
    return function() return modem:command("AT") end
  elseif kind == "send" then
    local text = 'AT+QISEND=0,32,"' .. DATA .. '"'
    return function() return modem:command(text) end
  elseif kind == "tcp" then
    assert(modem:attach{ timeout = 10 })
    local sock = assert(modem:tcp())
    assert(sock:connect("10.0.0.1", 7))
    return function() return sock:send(DATA) end
  end
  return function() return bc260y end
end

local function measure()
  local bc260y = require "bc260y"
  bc260y.run(function()
    local options = { port = device, baud = 115200, format = "text" }
    local modem = assert(bc260y.open(options))
    local trip = make_trip(bc260y, modem)
    local start = os.clock()
    local took = repeat_trip(trip, clocked and require("bc260y.core").now)
    local cpu = os.clock() - start
    table.sort(took)
    io.write(("cpu %.6f p50 %.9f "):format(cpu, took[math.floor(#took / 2) + 1] or 0))
    modem:close()
  end)
end

if kind ~= "bare" then measure() end
io.write(("trips %d peak %d private %d\n"):format(count, memory()))

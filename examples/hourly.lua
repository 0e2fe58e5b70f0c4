-- A reading every hour, from a module that sleeps between: it is woken, says what there is to
-- say, tells the network that this was all, and sleeps again. What could not be delivered
-- goes with the next hour's reading.
--
--   bc260y run examples/hourly.lua --port /dev/ttyUSB0 --host your.server.example
--
-- --port is the serial port of the module (without it BC260Y_PORT of the environment), --baud
-- its speed. --host and --server-port say where examples/receiver.lua runs, or what you make
-- of it. --outbox is a folder for what is not delivered yet, --every the seconds from one
-- report to the next, --patience how long a report may take, --count how many to make (0:
-- without end).

local bc260y = require "bc260y"

local options = {
  port = os.getenv("BC260Y_PORT") or "/dev/ttyUSB0",
  baud = 9600,
  host = "localhost",
  ["server-port"] = 8009,
  outbox = "readings.outbox",
  every = 3600,
  patience = 180,
  count = 0,
}
for i = 1, #arg, 2 do
  local name = arg[i]:gsub("^%-%-", "")
  assert(options[name] and arg[i + 1], "unknown option, or no value for it: " .. arg[i])
  options[name] = tonumber(arg[i + 1]) or arg[i + 1]
end

io.stdout:setvbuf("line") -- show each line at once, also through a pipe

-- The network is asked for a sleep that lasts until the next report but one, in case that
-- one is late, and that begins as soon as nothing is to be said (0 seconds of waiting).
local POWER = { psm = { periodic_tau = 2 * options.every, active_time = 0 } }

-- Where this program decides otherwise than lua/bc260y/policy.lua.
local policy = {
  idle = false,                        -- no connection lives long enough to need a keepalive
  sleeping = function() return "wake" end, -- while it reports, there is no time to sleep
  rai = function() return 2 end,       -- nothing is to come but the server's answer: release
                                       -- the radio after it, which saves most of the energy
  backoff = function(_, failures) return 5 * failures end,
}

-- What can't be helped from here. What the outbox holds stays there for the next time.
local function give_up(what, why, detail)
  io.stderr:write("hourly: ", what, ": ", tostring(why),
    detail and " (" .. tostring(detail) .. ")" or "", "\n")
  os.exit(1)
end

-- Stands for your sensor.
local function read_sensor(n)
  return string.format('{"at":%d,"n":%d,"temperature":%.2f}', os.time(), n, 21 + n % 8 / 8)
end

local function say_error(text)
  print("error     " .. text)
end

-- Wakes the module and delivers what there is. Result: true, or nil and why it has to wait
-- for the next time.
local function report(outbox)
  -- psm: its silence is no fault. hex: data mode has no release assistance.
  local modem, why = bc260y.open {
    port = options.port, baud = options.baud, psm = true, format = "hex",
  }
  if not modem then return nil, why end
  local by = os.time() + options.patience
  local ok
  ok, why = modem:attach { timeout = options.patience }
  if ok and not modem:power_saving(POWER) then print("the module can't be told to sleep") end
  if ok then
    local session = modem:session {
      host = options.host, port = options["server-port"], policy = policy,
      on = { error = say_error },
    }
    ok, why = session:deliver(outbox, { drain = true, timeout = math.max(1, by - os.time()) })
    session:close()
  end
  modem:close()
  return ok, why
end

bc260y.run(function()
  local outbox, why, detail = bc260y.outbox.open(options.outbox)
  if not outbox then give_up(options.outbox, why, detail) end
  local n = 0
  repeat
    n = n + 1
    local due = os.time() + options.every
    local ok, sequence = outbox:put(read_sensor(n))
    if not ok and sequence ~= "outbox full" then give_up("put", sequence) end
    local delivered, reason = report(outbox)
    local left = outbox:size()
    print(delivered and "delivered all that was put"
      or string.format("%d readings wait for the next time: %s", left, reason))
    if n ~= options.count then bc260y.sleep(math.max(0, due - os.time())) end
  until n == options.count
  outbox:close()
end)

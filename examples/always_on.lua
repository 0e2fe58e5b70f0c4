-- A reading every few seconds, from a module that stays connected: each one that is put into
-- the outbox reaches the server, in order, whatever happens between. This program may be
-- killed, the module may restart, the cable may be pulled, the server may be away for days.
--
--   bc260y run examples/always_on.lua --port /dev/ttyUSB0 --host your.server.example
--
-- --port is the serial port of the module (without it BC260Y_PORT of the environment), --baud
-- its speed. --host and --server-port say where examples/receiver.lua runs, or what you make
-- of it. --outbox is a folder for what is not delivered yet, --every the seconds between two
-- readings, --count how many to take (0: without end). --idle: see below.

local bc260y = require "bc260y"

local options = {
  port = os.getenv("BC260Y_PORT") or "/dev/ttyUSB0",
  baud = 9600,
  host = "localhost",
  ["server-port"] = 8009,
  outbox = "readings.outbox",
  every = 10,
  count = 0,
  idle = 120,
}
for i = 1, #arg, 2 do
  local name = arg[i]:gsub("^%-%-", "")
  assert(options[name] and arg[i + 1], "unknown option, or no value for it: " .. arg[i])
  options[name] = tonumber(arg[i + 1]) or arg[i + 1]
end

io.stdout:setvbuf("line") -- show each line at once, also through a pipe

-- Where this program decides otherwise than lua/bc260y/policy.lua, which says what else there
-- is to decide.
local policy = {
  -- Ten minutes of silence is what the manual gives a connection (4.2), and many networks
  -- give it less: try how long yours does.
  idle = options.idle,
}

-- What can't be helped from here. What the outbox holds stays there for the next time.
local function give_up(what, why, detail)
  io.stderr:write("always_on: ", what, ": ", tostring(why),
    detail and " (" .. tostring(detail) .. ")" or "", "\n")
  os.exit(1)
end

-- Stands for your sensor.
local function read_sensor(n)
  return string.format('{"at":%d,"n":%d,"temperature":%.2f}', os.time(), n, 21 + n % 8 / 8)
end

-- put() comes back when the reading is on the disk: from then on it is not lost.
local function measure(outbox)
  local n = 0
  while options.count == 0 or n < options.count do
    n = n + 1
    local ok, sequence = outbox:put(read_sensor(n))
    if ok then
      print(string.format("put       %.0f", sequence))
    elseif sequence == "outbox full" then
      print("dropped   this reading: the outbox is full") -- what it holds is older, and stays
    else
      give_up("put", sequence)
    end
    bc260y.sleep(options.every)
  end
end

local hooks = {
  connected = function() print("connected") end,
  disconnected = function(why) print("broken    " .. why) end,
  waiting = function(seconds, why) print(string.format("waiting   %.1f s: %s", seconds, why)) end,
  released = function(sequence) print(string.format("delivered up to %.0f", sequence)) end,
  error = function(text) print("error     " .. text) end,
}

-- Delivers for as long as the port is there. A session deals with everything but that.
local function deliver_until_lost(modem, outbox, line)
  line.session = modem:session {
    host = options.host, port = options["server-port"], policy = policy, on = hooks,
  }
  local _, why, code = line.session:deliver(outbox)
  line.session:close()
  modem:close()
  if why ~= "lost" and not line.ended then give_up("deliver", why, code) end
end

-- A cable that is pulled comes back, sometimes: what is not delivered waits in the outbox.
local function deliver(outbox, line)
  local said
  while not line.ended do
    local modem, why = bc260y.open { port = options.port, baud = options.baud }
    if modem then
      print("opened    " .. options.port)
      said = nil
      deliver_until_lost(modem, outbox, line)
    elseif why ~= said then
      print("no port   " .. options.port .. ": " .. why)
      said = why
    end
    if not line.ended then bc260y.sleep(1) end
  end
end

bc260y.run(function()
  local outbox, why, detail = bc260y.outbox.open(options.outbox)
  if not outbox then give_up(options.outbox, why, detail) end
  local line = { session = nil, ended = false }
  local delivery = bc260y.spawn(deliver, outbox, line)
  measure(outbox)
  while outbox:size() > 0 do bc260y.sleep(0.1) end
  line.ended = true
  if line.session then line.session:close() end
  delivery:wait()
  outbox:close()
  print("all readings are delivered")
end)

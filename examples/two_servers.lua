-- A gateway with two servers: when the first can't be reached the second takes over, and the
-- first is tried again after a while. Each reading that is put into the outbox reaches one
-- of them; if a connection breaks at the wrong moment both may have it, under the same
-- outbox id and sequence, for whoever puts the two stores together.
--
--   bc260y run examples/two_servers.lua --port /dev/ttyUSB0 --first one.example:8009 \
--     --second two.example:8009
--
-- --port is the serial port of the module (without it BC260Y_PORT of the environment), --baud
-- its speed. --first and --second say where examples/receiver.lua runs, or what you make of
-- it. --failures is how often in a row a server may fail until the other takes over,
-- --return-after the seconds after which the second gives back, --outbox a folder for what is
-- not delivered yet, --every the seconds between two readings, --count how many to take (0:
-- without end).

local bc260y = require "bc260y"
local default = require "bc260y.policy"

local options = {
  port = os.getenv("BC260Y_PORT") or "/dev/ttyUSB0",
  baud = 9600,
  first = "localhost:8009",
  second = "localhost:8010",
  failures = 3,
  ["return-after"] = 600,
  outbox = "readings.outbox",
  every = 10,
  count = 0,
}
for i = 1, #arg, 2 do
  local name = arg[i]:gsub("^%-%-", "")
  assert(options[name] and arg[i + 1], "unknown option, or no value for it: " .. arg[i])
  options[name] = tonumber(arg[i + 1]) or arg[i + 1]
end

io.stdout:setvbuf("line") -- show each line at once, also through a pipe

local function server_of(text)
  local host, port = text:match("^(.+):(%d+)$")
  assert(host, "write host:port, not " .. text)
  return { name = text, host = host, port = tonumber(port) }
end
local servers = { server_of(options.first), server_of(options.second) }

local failed = 0 -- times in a row, with whichever server

-- Where this program decides otherwise than lua/bc260y/policy.lua.
local policy = {
  -- Where both fail again and again, what helps the module and its network is done, too.
  failed = function(session, err, code, failures, same)
    failed = failed + 1
    local action = default.failed(session, err, code, failed, same)
    if failures >= options.failures and action == "reconnect" then return "stop" end
    return action
  end,
  -- There is another server to be tried soon.
  backoff = function(_, failures, _, _, random) return failures * (0.5 + random()) end,
}

-- What can't be helped from here. What the outbox holds stays there for the next time.
local function give_up(what, why, detail)
  io.stderr:write("two_servers: ", what, ": ", tostring(why),
    detail and " (" .. tostring(detail) .. ")" or "", "\n")
  os.exit(1)
end

-- Stands for your sensors.
local function read_sensor(n)
  return string.format('{"at":%d,"n":%d,"temperature":%.2f}', os.time(), n, 21 + n % 8 / 8)
end

local function measure(outbox)
  local n = 0
  while options.count == 0 or n < options.count do
    n = n + 1
    local ok, sequence = outbox:put(read_sensor(n))
    if not ok and sequence ~= "outbox full" then give_up("put", sequence) end
    bc260y.sleep(options.every)
  end
end

-- Delivers to one server until that fails for good, or until it is time for the other one.
-- Result: why it ended.
local function deliver_to(server, modem, outbox, line)
  print("now to    " .. server.name)
  local session = modem:session {
    host = server.host, port = server.port, policy = policy,
    on = {
      released = function(last)
        failed = 0
        print(string.format("%s has %.0f", server.name, last))
      end,
      error = function(text) print("error     " .. text) end,
    },
  }
  line.session = session
  local patience = server == servers[2] and options["return-after"] or nil
  local _, why, code = session:deliver(outbox, { timeout = patience })
  local state = session:state()
  session:close()
  -- All else is no server's fault, and the other one would not help.
  if why ~= "timeout" and state ~= "stopped" and not line.ended then
    give_up("deliver", why, code)
  end
  return why
end

-- The servers in turn; and the port again when it was lost.
local function deliver(outbox, line)
  local turn = 1
  while not line.ended do
    local modem = bc260y.open { port = options.port, baud = options.baud }
    local why
    while modem and why ~= "lost" and not line.ended do
      why = deliver_to(servers[turn], modem, outbox, line)
      if why ~= "lost" then turn = 3 - turn end
    end
    if modem then modem:close() end
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

-- Twenty readings go from this machine through the module to a TCP server, and the
-- server answers each.
--
--   bc260y run examples/01_telemetry.lua --port /dev/ttyUSB0 \
--     --host your.server.example --server-port 8008
--
-- --port is the serial port of the module (without it BC260Y_PORT of the environment),
-- --baud its speed (9600 unless you changed it). --host and --server-port say where the
-- readings go; examples/server.lua is a server that understands them.

local bc260y = require "bc260y"

local options = {
  port = os.getenv("BC260Y_PORT") or "/dev/ttyUSB0",
  baud = 9600,
  host = "localhost",
  ["server-port"] = 8008,
  count = 20,
}
for i = 1, #arg, 2 do
  local name = arg[i]:gsub("^%-%-", "")
  assert(options[name] and arg[i + 1], "unknown option, or no value for it: " .. arg[i])
  options[name] = tonumber(arg[i + 1]) or arg[i + 1]
end

io.stdout:setvbuf("line") -- show each line at once, also through a pipe

-- Stands for your sensor.
local function read_sensor(n)
  return string.format('{"n":%d,"temperature":%.2f,"humidity":%d}', n, 21 + n / 8, 40 + n % 7)
end

-- Calls that depend on the module or the network return nil, a short reason, and the
-- module's number where there is one, when they fail. A script of this kind can only
-- say so and stop. (assert() would do as well, with a traceback.)
local function must(what, ...)
  local result, reason, code = ...
  if not result then
    local number = code and " (" .. tostring(code) .. ")" or ""
    io.stderr:write("telemetry: ", what, ": ", tostring(reason), number, "\n")
    os.exit(1)
  end
  return ...
end

bc260y.run(function()
  local modem = must(options.port, bc260y.open{port = options.port, baud = options.baud})

  print("Waiting for the network ...")
  must("attach", modem:attach{timeout = 300})
  local signal = must("signal", modem:signal())
  print(string.format("Attached; signal %s dBm", signal.dbm or "unknown"))

  local addresses = must("resolve", modem:resolve(options.host))
  print(options.host .. " is " .. addresses[1])

  local socket = must("socket", modem:tcp())
  socket:settimeout(60) -- seconds; holds for each call on this socket
  must("connect", socket:connect(addresses[1], options["server-port"]))
  print("Connected; sending " .. options.count .. " readings")

  for n = 1, options.count do
    local reading = read_sensor(n)
    must("send", socket:send(reading .. "\n"))
    local answer = must("receive", socket:receive("*l"))
    print(string.format("%3d  sent %s  answered %s", n, reading, answer))
  end

  -- That send() succeeded means that the module has the bytes. What has reached the
  -- server's machine is what its TCP has acknowledged, and that can take a moment.
  local sent, acknowledged, unacknowledged = must("acked", socket:acked())
  for _ = 1, 30 do
    if unacknowledged == 0 then
      break
    end
    bc260y.sleep(1)
    sent, acknowledged, unacknowledged = must("acked", socket:acked())
  end
  print(string.format("%d bytes sent, %d acknowledged by the server's TCP, %d not yet",
    sent, acknowledged, unacknowledged))

  socket:close()
  modem:close()
end)

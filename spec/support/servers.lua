-- Real servers for integration specs: dnsmasq for names, chrony for the time, each a process
-- on a loopback port of its own choice. Knows how to start one, when it answers, and how it
-- ends: by stop(), and by itself after LIFETIME_S if nobody is left to call that.

local live = require "spec.support.live"
local uv_client = require "spec.support.uv_client"
local uv = require "luv"

local servers = {}

local LIFETIME_S = 60
local ATTEMPTS = 3             -- another process may take the port that was found free
local PROBE_MS, PROBES = 50, 80

local TOOLS = "PATH=build/tools:$PATH:/usr/sbin; "

-- Is this program on the machine?
function servers.has(program)
  local _, _, status = live.shell(TOOLS .. "command -v " .. program)
  return status == 0
end

-- A port that is free now, for TCP and UDP.
local function free_port(address)
  local tcp = uv.new_tcp()
  assert(tcp:bind(address, 0))
  local port = tcp:getsockname().port
  tcp:close()
  uv.run("nowait")
  return port
end

-- Asks by UDP, again and again, until something is answered.
local function answers(address, port, question)
  local udp, timer, answered, probes = uv.new_udp(), uv.new_timer(), false, 0
  udp:connect(address, port)
  udp:recv_start(function(_, bytes) answered = answered or bytes ~= nil end)
  timer:start(0, PROBE_MS, function()
    probes = probes + 1
    udp:send(question, nil, nil, function() end)
  end)
  uv_client.wait(function() return answered or probes > PROBES end)
  udp:close()
  timer:close()
  uv.run("nowait")
  return answered
end

local server_methods = {}
local server_mt = { __index = server_methods }

-- Ends the process and waits for it. Safe to call twice.
function server_methods:stop()
  if not self.file then return end
  uv.kill(self.pid, "sigterm")
  self.file:close()
  self.file = nil
  for _, path in ipairs(self.paths) do os.remove(path) end
end

function server_methods:log()
  local file = io.open(self.paths[1])
  local text = file and file:read("*a") or ""
  if file then file:close() end
  return text
end

-- arguments(port, path): of the program, words for a shell; path may be written to. The
-- first word that the shell prints is the program's pid.
local function start(program, address, port, arguments, question)
  local log = os.tmpname()
  local file = assert(io.popen(("%secho $$; exec timeout -k 1 %d %s %s >%s 2>&1 </dev/null")
    :format(TOOLS, LIFETIME_S, program, arguments(port, log .. ".pid"), live.quote(log))))
  local server = setmetatable({ address = address, port = port, paths = { log, log .. ".pid" },
    file = file, pid = tonumber(file:read("*l")) }, server_mt)
  if answers(address, port, question) then return live.own(server) end
  local text = server:log()
  server:stop()
  return nil, text
end

local function start_somewhere(program, address, port, arguments, question)
  local why
  for _ = 1, port and 1 or ATTEMPTS do
    local server
    server, why = start(program, address, port or free_port(address), arguments, question)
    if server then return server end
  end
  error(program .. " did not start: " .. tostring(why), 3)
end

local function user()
  return uv.os_get_passwd().username
end

-- A name server that knows these records and no other: { { name, address, ... }, ... }.
-- address and port: 127.0.0.1 and a free one unless given.
function servers.dnsmasq(records, address, port)
  address = address or "127.0.0.1"
  local words = { "--keep-in-foreground --log-facility=- --conf-file=/dev/null --pid-file=",
    "--no-resolv --no-hosts --bind-interfaces --local=/test/", "--listen-address=" .. address,
    "--user=" .. live.quote(user()) }
  for _, record in ipairs(records) do
    words[#words + 1] = live.quote("--host-record=" .. table.concat(record, ","))
  end
  local question = "\0\1\1\0\0\1\0\0\0\0\0\0\7started\4test\0\0\1\0\1"
  return start_somewhere("dnsmasq", address, port, function(chosen)
    return table.concat(words, " ") .. " --port=" .. chosen
  end, question)
end

-- A time server that gives this machine's own time and leaves its clock alone (-x).
function servers.chrony()
  local words = { "-d -x -U -u", live.quote(user()), "-t", tostring(LIFETIME_S),
    "'bindaddress 127.0.0.1' 'allow 127.0.0.1' 'local stratum 10'",
    "'cmdport 0' 'bindcmdaddress /'" }
  return start_somewhere("chronyd", "127.0.0.1", nil, function(chosen, path)
    return ("%s 'port %d' 'pidfile %s'"):format(table.concat(words, " "), chosen, path)
  end, "\35" .. ("\0"):rep(47))
end

return servers

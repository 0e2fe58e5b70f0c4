-- A modem on a virtual module, for what the manual's notes say: both on one virtual clock,
-- with a record of each line that the driver wrote and of each that the module said.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"

local bench_methods = {}

-- Records whole lines of a stream: { time, text } in list.
local function recorder(bench, list)
  local rest = ""
  return function(bytes)
    rest = rest .. bytes
    while true do
      local line, after = rest:match("^[\r\n]*([^\r\n]+)[\r\n]+(.*)$")
      if not line then return end
      list[#list + 1] = { time = bench.time, text = line }
      rest = after
    end
  end
end

-- Those lines of the driver's that have this plain text in them, in order.
function bench_methods:find(text)
  local found = {}
  for _, line in ipairs(self.heard) do
    if line.text:find(text, 1, true) then found[#found + 1] = line end
  end
  return found
end

-- How many lines the driver has written.
function bench_methods:count()
  return #self.heard
end

-- The time at which the module said that line for the last time, or nil.
function bench_methods:told(text)
  for i = #self.spoken, 1, -1 do
    if self.spoken[i].text == text then return self.spoken[i].time end
  end
end

-- A TCP socket that is connected to a server of the network in memory, and its peer there.
function bench_methods:connected(server, options)
  self.last_port = self.last_port + 1
  self.net:listen("TCP", "10.0.0.1", self.last_port, server or {})
  local socket = self.modem:tcp(options)
  assert(socket:connect("10.0.0.1", self.last_port))
  return socket, self.net.peers[#self.net.peers]
end

-- The same for UDP.
function bench_methods:datagrams(options)
  self.last_port = self.last_port + 1
  local socket = self.modem:udp(options)
  assert(socket:connect("10.0.0.1", self.last_port))
  return socket, self.net.peers[#self.net.peers]
end

-- So many seconds pass.
function bench_methods:pass(seconds)
  self.modem:wait("nothing", seconds)
end

-- options: as for virtual.new, attached and without echo unless they say otherwise, and
-- format ("text"), attach (false: not yet).
local function new(options)
  local given = { profile = "manual", boot = false, names = { h = "10.0.0.1" } }
  for name, value in pairs(options or {}) do given[name] = value end
  local bench = rig.new(given)
  for name, fn in pairs(bench_methods) do bench[name] = fn end
  bench.heard, bench.spoken, bench.last_port = {}, {}, 7000
  local hear, speak = recorder(bench, bench.heard), recorder(bench, bench.spoken)
  local write, say = bench.port.write, bench.module.say
  function bench.port.write(port, bytes)
    hear(bytes)
    return write(port, bytes)
  end
  function bench.module.say(module, what, line, bytes)
    speak(line .. "\r")
    return say(module, what, line, bytes)
  end
  bench.modem = assert(bc260y.open { port = bench.port, format = given.format or "text",
    local_port_rest = given.local_port_rest })
  if given.attach ~= false then assert(bench.modem:attach()) end
  return bench
end

return { new = new }

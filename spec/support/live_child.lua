-- A Lua program in a process of its own, which says on its first line where it is.
--
-- Knows how to start and to stop one; it is bounded by its lifetime. What it does is in
-- the code that it is given.

local live = require "spec.support.live"
local virtual = require "spec.support.virtual"
local uv = require "luv"

local LIFETIME_S = 120

local child_methods = {}
local child_mt = { __index = child_methods }

-- Asks it to end, as a terminal would, and waits until it has.
function child_methods:stop()
  if not self.file then return end
  uv.kill(self.pid, "sigterm")
  self.file:close()
  self.file = nil
end

local live_child = {}

-- code: Lua; it has to print a line and flush it. Result: a child with .pid, .line and
-- :stop(), which finish() stops.
function live_child.start(code)
  local command = ("echo $$; exec timeout -k 2 %d %s -e %s 2>&1 </dev/null"):format(LIFETIME_S,
    virtual.interpreter(), live.quote(code))
  local file = assert(io.popen(command, "r"))
  local pid = tonumber(file:read("*l"))
  local line = file:read("*l")
  return live.own(setmetatable({ file = file, pid = pid, line = line }, child_mt))
end

-- Echoes what comes by TCP, and by UDP. Result: a child with .tcp and .udp, its ports.
function live_child.echo()
  local child = live_child.start [[
    local uv = require "luv"
    local tcp, udp = uv.new_tcp(), uv.new_udp()
    tcp:bind("127.0.0.1", 0)
    udp:bind("127.0.0.1", 0)
    tcp:listen(16, function()
      local client = uv.new_tcp()
      tcp:accept(client)
      client:read_start(function(_, bytes)
        if bytes then client:write(bytes) else client:close() end
      end)
    end)
    udp:recv_start(function(_, bytes, from)
      if from then udp:send(bytes, from.ip, from.port, function() end) end
    end)
    print(tcp:getsockname().port, udp:getsockname().port)
    io.stdout:flush()
    uv.run() ]]
  local tcp, udp = tostring(child.line):match("^(%d+)%s+(%d+)$")
  child.tcp = assert(tonumber(tcp), child.line)
  child.udp = tonumber(udp)
  return child
end

-- A module that is a script, on a pty: body is Lua that has `m` (live_player.lua).
-- Result: a child with .port.
function live_child.player(body)
  local child = live_child.start(("require('spec.support.live_player').run(function(m) %s end)")
    :format(body))
  child.port = child.line
  assert(tostring(child.port):find("^/dev/"), child.line)
  return child
end

return live_child

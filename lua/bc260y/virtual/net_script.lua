-- The network seam, and a network that lives in memory for specs.
--
-- What the module asks of a network (addresses are literals, already resolved):
--   net:connect(kind, address, port, local_port, events) -> handle | nil, code
--     kind "TCP" or "UDP"; events.connected(), .failed(code), .data(bytes),
--     .closed(): called during connect or any time later, never after close
--   handle:write(bytes)       all of it is taken
--   handle:unacked()          bytes the peer has not acknowledged, nil if unknown
--   handle:close(told)        told: the host closes it; else the module forgets it, and no
--                             peer on a real network would be told
--   handle:local_port()       optional; handle:pause(yes) optional
--   net:resolve(name, callback(list | nil), servers)   servers: addresses that the host
--                             has set, nil for the network's own
--   net:ping(address, size, timeout_s, callback(ms | nil for a lost one, ttl))
--   net:ntp(address, port, callback(UTC epoch | nil))
--   net:step(now) -> when it is due next, or nil; optional, for a virtual clock
--
-- The network of this file: nothing answers until a spec says so.

local timers = require "bc260y.virtual.timers"

local net_methods = {}
local net_mt = { __name = "bc260y.virtual.net_script", __index = net_methods }

local peer_methods = {}
local peer_mt = { __name = "bc260y.virtual.peer", __index = peer_methods }

-- Runs fn after the network's latency, in the next step at the earliest.
local function after(net, fn)
  net.timers:at(net.now() + net.latency_s, fn)
end

-- Sends bytes down to the module; for UDP one call is one datagram.
function peer_methods:send(bytes)
  after(self.net, function()
    if not self.closed then self.events.data(bytes) end
  end)
end

-- The peer closes the connection.
function peer_methods:close()
  after(self.net, function()
    if self.closed then return end
    self.closed = true
    self.events.closed()
  end)
end

-- Acknowledges count more bytes, or all. Matters with auto_ack = false.
function peer_methods:ack(count)
  self.acked = math.min(self.received_size, self.acked + (count or self.received_size))
end

local handle_methods = {}
local handle_mt = { __index = handle_methods }

function handle_methods:write(bytes)
  local peer = self.peer
  peer.received[#peer.received + 1] = bytes
  peer.received_size = peer.received_size + #bytes
  if peer.server.auto_ack ~= false then peer.acked = peer.received_size end
  if peer.server.data then
    after(peer.net, function() peer.server.data(peer, bytes) end)
  end
end

function handle_methods:unacked()
  return self.peer.received_size - self.peer.acked
end

function handle_methods:local_port()
  return self.peer.local_port
end

function handle_methods:close()
  local peer = self.peer
  if peer.closed then return end
  peer.closed = true
  if peer.server.closed then peer.server.closed(peer) end
end

-- Everything the peer has got, as one string.
function peer_methods:text()
  return table.concat(self.received)
end

-- server: { connect = fn(peer), data = fn(peer, bytes), closed = fn(peer),
-- auto_ack = false, silent = true (never answers), refuse = code }, all optional.
function net_methods:listen(kind, address, port, server)
  self.servers[("%s %s %d"):format(kind, address, port)] = server or {}
end

function net_methods:connect(kind, address, port, local_port, events)
  local server = self.servers[("%s %s %d"):format(kind, address, port)]
  if not server and kind == "UDP" then server = {} end
  if not server or server.refuse then
    after(self, function() events.failed(server and server.refuse or 566) end)
  end
  self.next_port = self.next_port + 1
  local peer = setmetatable({
    net = self, server = server or {}, events = events, kind = kind,
    local_port = local_port ~= 0 and local_port or self.next_port,
    received = {}, received_size = 0, acked = 0, closed = false,
  }, peer_mt)
  self.peers[#self.peers + 1] = peer
  if server and not server.refuse and not server.silent then
    after(self, function()
      if peer.closed then return end
      events.connected()
      if server.connect then server.connect(peer) end
    end)
  end
  return setmetatable({ peer = peer }, handle_mt)
end

function net_methods:resolve(name, callback, servers)
  self.asked = servers
  after(self, function() callback(self.hosts[name]) end)
end

-- pings: list of milliseconds or false for a lost one, taken in turn.
function net_methods:ping(_, _, timeout_s, callback)
  local ms = table.remove(self.pings, 1)
  if ms then return after(self, function() callback(ms, self.ttl) end) end
  self.timers:at(self.now() + timeout_s, function() callback(nil) end)
end

function net_methods:ntp(_, _, callback)
  after(self, function() callback(self.utc) end)
end

function net_methods:step(now)
  self.timers:run(now)
  return self.timers:next_due()
end

-- now: the module's clock. Fields a spec may set: latency_s, hosts (name ->
-- list), pings, ttl (of their replies), utc; asked: the name servers of the last question.
local function new(now)
  return setmetatable({
    now = now, timers = timers.new(), servers = {}, peers = {}, hosts = {},
    pings = {}, ttl = 64, utc = nil, asked = nil, latency_s = 0, next_port = 49152,
  }, net_mt)
end

return { new = new }

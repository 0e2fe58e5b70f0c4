-- The five sockets: opening, counters, what comes down, closing. Knows the
-- network seam and the URCs of section 2.4; argument checks are in at_socket.lua.

local address = require "bc260y.virtual.address"
local parse = require "bc260y.virtual.parse"
local rrc = require "bc260y.virtual.rrc"

local INITIAL, CONNECTING, CONNECTED = 0, 1, 2
local DOWNLINK_MAX = 1024      -- bytes of one URC (2.4)
local DNS_FAILED, UNREACHABLE = 565, 566
local BACKLOG_HIGH = 65536     -- said but not read: let TCP wait, as a small buffer does
local BACKLOG_LOW = 16384

-- The addresses of a list that this network can reach, or nil.
local function reachable(self, list)
  local kept = {}
  for _, one in ipairs(list) do
    local family = address.is_v4(one) and "v4" or "v6"
    if self.traits.network:find(family, 1, true) then kept[#kept + 1] = one end
  end
  return kept[1] and kept or nil
end

-- The servers that AT+QIDNSCFG set, in their order; nil if none: the network's own.
local function servers(self)
  local list = {}
  for place = 1, 4 do list[#list + 1] = self.dns_set[place] end
  return list[1] and list or nil
end

-- Finds addresses: the literal itself, the names table, then the network.
-- callback(list), or callback(nil, code).
local function resolve(self, host, callback)
  if address.is_v4(host) or address.is_v6(host) then
    return callback(reachable(self, { host }), UNREACHABLE)
  end
  local known = self.names[host]
  if type(known) == "number" then return callback(nil, known) end
  if type(known) == "string" then known = { known } end
  if known then return callback(reachable(self, known), DNS_FAILED) end
  local generation = self.generation
  rrc.uplink(self, 0)
  self.net:resolve(host, function(list)
    if self.generation ~= generation then return end
    callback(self.address and list and reachable(self, list), DNS_FAILED)
    self:wake()
  end, servers(self))
end

-- told: see net_script.lua.
local function release(self, socket, told)
  socket.gone = true
  if socket.timer then self.timers:cancel(socket.timer) end
  socket.timer = nil
  if socket.handle then socket.handle:close(told) end
  socket.handle = nil
end

local function failed(self, socket, code)
  if socket.gone or socket.state ~= CONNECTING then return end
  release(self, socket)
  socket.state = INITIAL
  self:log("net", ("#%d failed: %d"):format(socket.id, code))
  socket.opened(code)
end

local function connected(self, socket)
  if socket.gone or socket.state ~= CONNECTING then return end
  self.timers:cancel(socket.timer)
  socket.timer = nil
  socket.state, socket.last_packet = CONNECTED, self.now()
  self:log("net", ("#%d connected"):format(socket.id))
  socket.opened(0)
end

local function say_downlink(self, socket, bytes, late)
  local data = bytes
  if self.nvram.recv_format == 1 then
    data = parse.to_hex(bytes, self.traits.hex_lower)
  end
  if self.traits.quoted then data = '"' .. data .. '"' end
  -- Joined, not formatted: %s of Lua 5.1 ends at a NUL.
  self:urc(('+QIURC: "recv",%d,%d,'):format(socket.id, #bytes) .. data, late)
end

-- 2.4: at most 1024 bytes in one URC.
local function say_pieces(self, socket, bytes, late)
  for first = 1, #bytes, DOWNLINK_MAX do
    local piece = bytes:sub(first, first + DOWNLINK_MAX - 1)
    local limit = self.traits.rx_buffer
    if limit and self.wire.size + #piece > limit then
      self:urc(('+QIURC: "recv",%d,"buff full"'):format(socket.id), late)
      break
    end
    say_downlink(self, socket, piece, late)
  end
end

-- 4.2: the network keeps the way to a socket for a while after its last packet. Then what
-- the peer sends is lost, and what a TCP connection sends is never acknowledged; a datagram
-- makes a new way.
local function is_forgotten(self, socket)
  local limit, now = self.traits.idle_limit, self.now()
  if limit and now - socket.last_packet > limit then socket.forgotten = true end
  socket.last_packet = now
  return socket.forgotten
end

-- Nothing comes down without coverage, and in PSM nothing is heard (2.4 note 1).
local function reached(self, socket)
  return self.address and not is_forgotten(self, socket) and self:page() and not socket.gone
end

local function received(self, socket, bytes)
  if socket.gone or socket.state ~= CONNECTED then return end
  if not reached(self, socket) then
    return self:log("net", ("#%d: %d bytes do not reach the module"):format(socket.id, #bytes))
  end
  self:log("net", ("#%d received %d bytes"):format(socket.id, #bytes))
  rrc.downlink(self, function(late) say_pieces(self, socket, bytes, late) end)
end

-- 2.4.1: closed by the peer or lost with the network; QICLOSE is due.
local function closed(self, socket)
  if socket.gone then return end
  if socket.state == CONNECTING then return failed(self, socket, 566) end
  if socket.state ~= CONNECTED then return end
  self:page()
  if socket.gone then return end
  release(self, socket)
  socket.state = self.traits.closed_state
  self:log("net", ("#%d closed by the peer"):format(socket.id))
  rrc.downlink(self, function(late)
    self:urc(('+QIURC: "closed",%d'):format(socket.id), late)
  end)
end

-- The peer's end of a connection that the network has forgotten is not heard of.
local function peer_closed(self, socket)
  if socket.gone or not is_forgotten(self, socket) then closed(self, socket) end
end

local function events_of(self, socket)
  local function woken(fn)
    return function(...)
      fn(self, socket, ...)
      self:wake()
    end
  end
  return {
    connected = woken(connected),
    failed = woken(failed),
    data = woken(received),
    closed = woken(peer_closed),
  }
end

local function connect(self, socket)
  self:log("net", ("#%d %s %s:%d"):format(socket.id, socket.kind, socket.host, socket.port))
  resolve(self, socket.host, function(list, code)
    if socket.gone then return end
    if not list then return failed(self, socket, code) end
    rrc.uplink(self, 0)
    local handle, why = self.net:connect(socket.kind, list[1], socket.port,
      socket.local_port, events_of(self, socket))
    if not handle then return failed(self, socket, why or 554) end
    if socket.gone then return handle:close() end
    socket.handle = handle
  end)
end

-- A fixed local port that another socket holds, or that still rests.
local function port_error(self, kind, port)
  if port == 0 then return nil end
  for _, other in pairs(self.sockets) do
    if not other.gone and other.kind == kind and other.local_port == port then return 574 end
  end
  local until_time = self.resting[kind .. port]
  if until_time and self.now() < until_time then return self.traits.local_port_code end
  return nil
end

-- spec: id, kind, host, port, local_port. opened(code) is called once, 0 for success.
local function open(self, spec, opened)
  local blocked = port_error(self, spec.kind, spec.local_port)
  local socket = {
    id = spec.id, kind = spec.kind, host = spec.host, port = spec.port,
    local_port = spec.local_port,
    state = CONNECTING,
    gone = false,              -- the handle is closed; nothing more comes from it
    handle = nil,
    sent = 0,                  -- bytes given to the stack since connect (4.1.7)
    lost = 0,                  -- of them, those that went nowhere
    last_packet = self.now(),
    forgotten = false,         -- by the network
    opened = opened,
    timer = nil, paused = false,
  }
  self.sockets[spec.id] = socket
  if blocked then return failed(self, socket, blocked) end
  socket.timer = self:later(self.now() + self.traits.open_timeout, function()
    failed(self, socket, 569)
  end)
  connect(self, socket)
end

-- Gives bytes to the stack. False if the connection is dead or its buffer full. rai: the
-- release assistance of 2.3.5. Datagrams without coverage are lost, and nobody is told.
local function send(self, socket, bytes, rai)
  if socket.gone or socket.state ~= CONNECTED then return false end
  local limit = self.traits.tx_buffer
  if limit and (socket.handle:unacked() or 0) + socket.lost + #bytes > limit then return false end
  socket.sent = socket.sent + #bytes
  self:log("net", ("#%d sends %d bytes"):format(socket.id, #bytes))
  rrc.uplink(self, rai)
  if socket.kind == "UDP" then socket.forgotten, socket.last_packet = false, self.now() end
  if self.address and not is_forgotten(self, socket) then
    socket.handle:write(bytes)
  else
    socket.lost = socket.lost + #bytes
  end
  return true
end

-- sent, acked, not acked; nil if the connection is gone.
local function counters(socket)
  if socket.gone or socket.state ~= CONNECTED then return nil end
  -- acked and nAcked exist for TCP alone (2.3.5).
  if socket.kind == "UDP" then return socket.sent, 0, 0 end
  local unacked = math.min(socket.sent, (socket.handle:unacked() or 0) + socket.lost)
  return socket.sent, socket.sent - unacked, unacked
end

local function close(self, socket)
  -- 2.3.2 note 5; a port that no connection ever used need not rest.
  if socket.local_port ~= 0 and (socket.handle or socket.state ~= INITIAL) then
    self.resting[socket.kind .. socket.local_port] = self.now() + self.traits.local_port_rest
  end
  release(self, socket, true)
  socket.state = INITIAL
  self.sockets[socket.id] = nil
  if self.traits.state_after_close == "initial" then
    socket.closed_by_host = true
    self.sockets[socket.id] = socket
  end
end

-- A socket that QICLOSE has set to Initial is free; one whose opening failed
-- waits for its QICLOSE (2.3.2 note 3).
local function in_use(self, id)
  local socket = self.sockets[id]
  return socket ~= nil and not socket.closed_by_host
end

-- Whether any is being opened.
local function opening(self)
  for id = 0, 4 do
    local socket = self.sockets[id]
    if socket and socket.state == CONNECTING then return true end
  end
  return false
end

local function shown_port(self, socket)
  if self.traits.state_local_port == "real" and socket.handle and socket.handle.local_port then
    return socket.handle:local_port() or socket.local_port
  end
  return socket.local_port
end

local function state_line(self, socket)
  return ('+QISTATE: %d,"%s","%s",%d,%d,%d,0,1'):format(socket.id, socket.kind,
    socket.host, socket.port, shown_port(self, socket), socket.state)
end

local function downlink(self, id, bytes)
  local socket = self.sockets[id]
  if not socket or socket.gone or socket.state ~= CONNECTED then return false end
  received(self, socket, bytes)
  self:wake()
  return true
end

-- Its connection never was, or the peer has ended it.
local function is_dead(socket)
  return socket.gone
end

-- The radio is gone: TCP connections break, UDP sockets know nothing of it.
local function network_lost(self)
  for id = 0, 4 do
    local socket = self.sockets[id]
    if socket and socket.kind == "TCP" then closed(self, socket) end
  end
end

-- Deep sleep keeps the socket's arguments (M) or loses TCP (L): by trait, unseen
-- by the host until it asks.
local function after_sleep(self)
  for id = 0, 4 do
    local socket = self.sockets[id]
    if socket and not socket.gone then
      local kept = self.traits[socket.kind == "TCP" and "tcp_over_sleep" or "udp_over_sleep"]
      if kept == "lost" then
        release(self, socket)
        self.sockets[id] = nil
      elseif self.traits.counters_over_sleep == "zero" then
        socket.sent, socket.lost = 0, 0
      end
    end
  end
end

local function drop_all(self)
  for _, socket in pairs(self.sockets) do release(self, socket) end
  self.sockets = {}
end

-- Lets a peer wait while the host does not read.
local function throttle(self)
  local backlog = self.wire.size
  if backlog <= BACKLOG_HIGH and not self.throttled then return end
  self.throttled = backlog >= BACKLOG_LOW
  for _, socket in pairs(self.sockets) do
    local handle = socket.handle
    if handle and handle.pause then
      if not socket.paused and backlog > BACKLOG_HIGH then
        socket.paused = true
        handle:pause(true)
      elseif socket.paused and backlog < BACKLOG_LOW then
        socket.paused = false
        handle:pause(false)
      end
    end
  end
end

return {
  open = open, send = send, close = close, counters = counters, in_use = in_use,
  is_dead = is_dead,
  opening = opening,
  state_line = state_line, downlink = downlink, resolve = resolve,
  network_lost = network_lost, after_sleep = after_sleep, drop_all = drop_all,
  throttle = throttle, CONNECTING = CONNECTING,
}

--- The network between the virtual module and one server, behind the seam that
-- lua/bc260y/virtual/net_script.lua describes, with what goes wrong in networks.
--
-- A TCP connection has two ends: the module's, and a peer, which the server sees. The
-- peer's TCP takes bytes (peer.taken counts them), in order, and acknowledges them; the
-- server's application reads them, perhaps later. What unacked() says is true: it never
-- leaves out a byte that the peer's TCP has not taken. What was taken and not read is
-- lost when the server crashes.
--
-- server = { connect(peer), taken(peer, bytes) by its TCP, data(peer, bytes) to be read,
-- closed(peer), crashed(), restarted() }, all optional; peer:send(bytes), peer:close().

local FAILED = 566
local NOBODY = {}           -- where no server listens
local ACKNOWLEDGED_MAX = 64 -- acknowledgements on their way; then the oldest two are one

local peer_methods = {}
local peer_mt = { __name = "simulation.peer", __index = peer_methods }

local handle_methods = {}
local handle_mt = { __name = "simulation.handle", __index = handle_methods }

local net_methods = {}
local net_mt = { __name = "simulation.net", __index = net_methods }

local function max(a, b)
  return a > b and a or b
end

-- When something sent now arrives; nothing overtakes what was sent before it.
local function arrival(net, peer, way)
  local due = max(net.world.time + net.latency, peer[way])
  local stall = net.world:applies("stall")
  if stall then due = max(due, stall.ends) end
  peer[way] = due
  return due
end

-- From now on nothing comes through, and nobody is told.
local function cut(peer)
  peer.cut = true
  peer.cut_at = peer.cut_at or peer.net.world.time
end

-- The server's application loses the connection; told: it hears of it.
local function end_peer(peer, told)
  if peer.closed then return end
  peer.closed = true
  peer.net:forget(peer)
  if told and peer.server.closed then peer.server.closed(peer) end
end

-- The module's end is over, and the module knows.
local function end_handle(peer)
  if peer.over then return end
  peer.over = true
  peer.events.closed()
end

--- Both ends hear that the connection is no more, at once; what was on its way is lost.
local function break_connection(peer)
  end_peer(peer, true)
  cut(peer)
  end_handle(peer)
end

-- Whether a fault cuts the connection at a byte of these. Result: those that still come
-- through; and if it does, what then becomes of the connection.
local function up_to_cut(net, way, bytes)
  local fault = net.world.force.cut
  if not fault or fault.way ~= way then return bytes end
  if #bytes < fault.after then
    fault.after = fault.after - #bytes
    return bytes
  end
  net.world:spend("cut")
  return bytes:sub(1, fault.after), fault.silent and cut or break_connection
end

--- Nothing comes through any more. give_up: seconds until the module's TCP does, or nil.
function net_methods:lose(peer, give_up)
  cut(peer)
  if give_up then self.world:at(self.world.time + give_up, end_handle, peer) end
end

local function read(arrived)
  local peer, bytes = arrived.peer, arrived.bytes
  if peer.closed then return end -- the server had crashed
  if peer.server.data then peer.server.data(peer, bytes) end
end

-- The peer's TCP takes bytes, and acknowledges them.
local function take(sent)
  local peer, net = sent.peer, sent.peer.net
  if peer.cut or peer.closed then return end
  local bytes, last = up_to_cut(net, "up", sent.bytes)
  peer.taken = peer.taken + #bytes
  if peer.server.taken then peer.server.taken(peer, bytes) end
  local acks = peer.acks
  if #acks >= ACKNOWLEDGED_MAX then table.remove(acks, 1) end
  local late, slow = net.world:applies("late_acks"), net.world:applies("server_slow")
  acks[#acks + 1] = { count = peer.taken,
    due = net.world.time + net.latency + (late and late.delay or 0) }
  sent.bytes = bytes
  -- Nothing is read before what came earlier.
  local due = max(peer.read_due, net.world.time + (slow and slow.delay or 0))
  peer.read_due = due
  if due > net.world.time then net.world:at(due, read, sent) else read(sent) end
  if last then last(peer) end
end

-- The network forgets a connection on which nothing has come for so long.
local function pass_nat(net, peer)
  local nat, now = net.world.force.nat, net.world.time
  if nat and not peer.cut and now - peer.last_packet > nat.limit then
    cut(peer)
    net.world:happened(nat)
  end
  peer.last_packet = now
end

function handle_methods:write(bytes)
  local peer = self.peer
  local net = peer.net
  peer.written = peer.written + #bytes
  pass_nat(net, peer)
  if peer.over then return end
  local due = arrival(net, peer, "up_due")
  if peer.crashed and not net.server_down then
    net.world:at(due, end_handle, peer)
  elseif not peer.cut then
    net.world:at(due, take, { peer = peer, bytes = bytes })
  end
end

-- What was acknowledged is known to the module once the acknowledgement has come.
function handle_methods:unacked()
  local peer = self.peer
  local acks, now = peer.acks, peer.net.world.time
  if peer.cut and peer.cut_at < now then now = peer.cut_at end
  local lost = peer.net.world.force.lost_acks
  if not lost then
    local place = 0
    while acks[place + 1] and acks[place + 1].due <= now do place = place + 1 end
    if place > 0 then peer.acked = acks[place].count end
    for _ = 1, place do table.remove(acks, 1) end
  elseif acks[1] and acks[1].due <= now then
    peer.net.world:happened(lost)
  end
  return peer.written - peer.acked
end

function handle_methods:local_port()
  return self.peer.local_port
end

local function finished(peer)
  if not peer.cut then end_peer(peer, true) end
end

--- told: the module says goodbye. Else the peer never hears of it.
function handle_methods:close(told)
  local peer = self.peer
  if peer.over then return end
  peer.over = true
  if told and not peer.cut and not peer.closed then
    peer.net.world:at(arrival(peer.net, peer, "up_due"), finished, peer)
  end
end

-- The server's side. ----------------------------------------------------------------

local function come_down(sent)
  local peer, bytes = sent.peer, sent.bytes
  if peer.over or peer.cut then return end
  local last
  bytes, last = up_to_cut(peer.net, "down", bytes)
  if bytes ~= "" then peer.events.data(bytes) end
  if last then last(peer) end
end

--- Sends bytes down to the module.
function peer_methods:send(bytes)
  local net = self.net
  pass_nat(net, self)
  if self.closed or self.cut then return end
  net.world:at(arrival(net, self, "down_due"), come_down, { peer = self, bytes = bytes })
end

local function come_closed(peer)
  if not peer.cut then end_handle(peer) end
end

--- The server closes the connection.
function peer_methods:close()
  if self.closed then return end
  end_peer(self, false)
  self.net.world:at(arrival(self.net, self, "down_due"), come_closed, self)
end

-- The seam. -------------------------------------------------------------------------

local function establish(peer)
  local net = peer.net
  if peer.over then return end
  if net.server_down or net.world:applies("refuse") or peer.server == NOBODY then
    peer.over = true
    return peer.events.failed(FAILED)
  end
  net.open[#net.open + 1] = peer
  net.world.counts.connects = net.world.counts.connects + 1
  peer.events.connected()
  if peer.server.connect then peer.server.connect(peer) end
end

local function new_peer(net, server, local_port, events)
  net.next_port = net.next_port + 1
  return setmetatable({
    net = net, server = server or NOBODY, events = events,
    local_port = local_port ~= 0 and local_port or net.next_port,
    written = 0,        -- by the module, to its own stack
    taken = 0,          -- by the peer's TCP
    acked = 0,          -- as the module knows
    acks = {},          -- on their way to the module: { due, count }
    up_due = 0, down_due = 0, read_due = 0, -- when the last arrives, or is read
    last_packet = net.world.time,
    closed = false,     -- the server's end is over
    over = false,       -- the module's is
    crashed = false,
    cut = false, cut_at = nil, -- nothing comes through any more, since then
  }, peer_mt)
end

function net_methods:connect(kind, address, port, local_port, events)
  local server
  for _, one in ipairs(self.servers) do
    if kind == "TCP" and one.address == address and one.port == port then server = one.server end
  end
  local peer = new_peer(self, server, local_port, events)
  if not self.world:applies("silent_open") then
    self.world:at(arrival(self, peer, "up_due") + self.latency, establish, peer)
  end
  return setmetatable({ peer = peer }, handle_mt)
end

function net_methods:resolve(name, callback)
  local answer = self.names[name] and { self.names[name] } or nil
  local fault = self.world:applies("dns")
  if fault and fault.silent then return end
  if fault then answer = nil end
  self.world:at(self.world.time + self.latency, callback, answer)
end

function net_methods:ping(_, _, _, callback)
  self.world:at(self.world.time + self.latency, callback, self.latency * 1000)
end

function net_methods:ntp(_, _, callback)
  self.world:at(self.world.time + self.latency, callback, nil)
end

--- A server listens there from now on.
function net_methods:listen(address, port, server)
  table.insert(self.servers, { address = address, port = port, server = server })
end

function net_methods:forget(peer)
  for place = #self.open, 1, -1 do
    if self.open[place] == peer then table.remove(self.open, place) end
  end
end

--- All servers crash: their ends are gone, and what they had not read. silent: the module is
-- not told, as when the power of the machine fails.
function net_methods:crash(silent)
  self.server_down = true
  local open = self.open
  self.open = {}
  for _, peer in ipairs(open) do
    cut(peer)
    peer.closed, peer.crashed = true, true
    if silent then self.orphans[#self.orphans + 1] = peer else end_handle(peer) end
  end
  for _, one in ipairs(self.servers) do
    if one.server.crashed then one.server.crashed() end
  end
end

--- They are back. Who still sends on a connection from before is told that there is none.
function net_methods:restart()
  self.server_down = false
  for _, peer in ipairs(self.orphans) do
    if peer.written > peer.acked then
      self.world:at(self.world.time + self.latency, end_handle, peer)
    end
  end
  self.orphans = {}
  for _, one in ipairs(self.servers) do
    if one.server.restarted then one.server.restarted() end
  end
end

--- Nothing is wrong any more; connections that are cut stay so.
function net_methods:heal()
  if self.server_down then self:restart() end
end

local function new(world, plan)
  local self = setmetatable({
    world = world,
    names = plan.names,
    servers = {},
    open = {},          -- peers whose server's end is open, the oldest first
    next_port = 49152,
    orphans = {},       -- peers of a silent crash: the module believes in them
    latency = plan.latency, -- seconds, one way
    server_down = false,
  }, net_mt)
  return self
end

return { new = new, break_connection = break_connection }

-- A session on a virtual module, a server that stores what comes in frames, and an outbox
-- in memory, all on one virtual clock: what specs of delivery start from.

local assert = require "luassert"
local bc260y = require "bc260y"
local frames = require "bc260y.frames"
local new_rig = require("spec.support.rig").new

local HOST, PORT = "10.0.0.1", 8009

local support = { ID = "outbox-1" }

-- The server. ----------------------------------------------------------------------

local server_methods = {}
local server_mt = { __index = server_methods }

-- fields: mute (stores and says nothing), deaf (says that it has stored, of what `claims`
-- is), before (function(peer, bytes), called with what comes), auto_ack as net_script has it.
local function new_server(fields)
  local self = setmetatable({
    stored = {},     -- records in the order in which they came
    highest = 0,     -- the sequence of the last
    duplicates = 0,
    damaged = 0,     -- connections with a wrong frame
    peers = {},
    mute = false,
    auto_ack = nil,
  }, server_mt)
  for name, value in pairs(fields or {}) do self[name] = value end
  function self.connect(peer)
    self.peers[#self.peers + 1] = peer
    peer.records = frames.records()
  end
  function self.data(peer, bytes) self:take(peer, bytes) end
  return self
end

function server_methods:store(sequence, payload)
  if sequence <= self.highest then
    self.duplicates = self.duplicates + 1
    return
  end
  assert.equal(self.highest + 1, sequence)
  self.stored[#self.stored + 1] = payload
  self.highest = sequence
end

function server_methods:take(peer, bytes)
  if self.before then self.before(peer, bytes) end
  if peer.closed then return end
  peer.records:feed(bytes)
  local id, sequence, payload = peer.records:next()
  local heard = id ~= nil
  while id do
    assert.equal(support.ID, id)
    if sequence > 0 then self:store(sequence, payload) end
    id, sequence, payload = peer.records:next()
  end
  if sequence == "damaged" then
    self.damaged = self.damaged + 1
    peer:close()
  elseif heard and not self.mute then
    peer:send(frames.encode(support.ID, 0 + self.highest, ""))
  end
end

-- The present connection.
function server_methods:peer()
  return self.peers[#self.peers]
end

-- Everything. ----------------------------------------------------------------------

local bench_methods = {}
local bench_mt = { __index = bench_methods }

-- Puts records of these sizes, whose bytes tell which they are.
function bench_methods:put(count, size)
  for _ = 1, count do
    self.count = self.count + 1
    local text = ("record %d "):format(self.count)
    self.records[self.count] = text .. ("x"):rep((size or 20) - #text)
    assert(self.outbox:put(self.records[self.count]))
  end
end

-- All that was put has arrived, once and in order, and nothing else.
function bench_methods:check_all_stored()
  assert.same(self.records, self.server.stored)
end

function bench_methods:pass(seconds)
  self.modem:wait("nothing", seconds)
end

-- options: format ("raw"), traits, server (fields), policy, outbox (one instead of ours),
-- latency (of the network, 0).
function support.new(options)
  options = options or {}
  local rig = new_rig { boot = false, names = { h = HOST }, profile = options.profile,
    traits = options.traits, log = options.log }
  local self = setmetatable({
    rig = rig, net = rig.net, module = rig.module, port = rig.port,
    server = new_server(options.server),
    modem = nil, session = nil, events = {}, count = 0, records = {},
    outbox = options.outbox or require("bc260y.outbox").memory { id = support.ID },
  }, bench_mt)
  rig.net.latency_s = options.latency or 0
  rig.net:listen("TCP", HOST, PORT, self.server)
  self.modem = assert(bc260y.open { port = rig.port, format = options.format or "raw" })
  assert(self.modem:attach())
  self:open_session(options.policy)
  return self
end

-- Another session, as after a restart of the program.
function bench_methods:open_session(policy)
  local on = {}
  for _, name in ipairs { "connected", "disconnected", "released", "duplicate", "error" } do
    on[name] = function(...) table.insert(self.events, { name, ... }) end
  end
  self.session = self.modem:session { host = HOST, port = PORT, policy = policy, seed = 1,
    on = on }
end

-- The first values of the events of that name.
function bench_methods:told(name)
  local values = {}
  for _, event in ipairs(self.events) do
    if event[1] == name then values[#values + 1] = event[2] end
  end
  return values
end

return support

-- The other end of a delivery: reads frames, stores each record once, and says up to
-- where all is stored.
--
-- Storing is a commit of its own that takes time: a crash between taking and storing
-- loses what was taken. What is stored survives. It knows nothing of the driver; what it
-- stores it tells the judge.

local framing = require "spec.simulation.framing"

local COMMIT = 0.05    -- seconds that a commit takes
local PATIENCE = 60    -- with a frame that was begun: no more of it comes, or its length is wrong

local receiver_methods = {}
local receiver_mt = { __index = receiver_methods }

local function new_store()
  return {
    last = 0,      -- the highest sequence stored; all before it are
    payloads = {},
  }
end

local function store_of(self, id)
  local store = self.stores[id]
  if not store then
    store = new_store()
    self.stores[id] = store
  end
  return store
end

local function hang_up(self, peer)
  self.connections[peer] = nil
  peer:close()
end

local function answer(self, connection, id)
  if self.connections[connection.peer] ~= connection then return end
  local last = store_of(self, id).last
  self.events.acknowledged(last)
  connection.peer:send(framing.encode(id, last, ""))
end

-- What was taken on that connection becomes durable, all at once.
local function commit(self, connection)
  connection.committing = false
  local batch, ids = connection.batch, {}
  connection.batch = {}
  for i = 1, #batch do
    local frame = batch[i]
    local store = store_of(self, frame.id)
    if frame.sequence == store.last + 1 then
      store.last = frame.sequence
      store.payloads[frame.sequence] = frame.payload
      self.events.stored(frame.id, frame.sequence, frame.payload)
    elseif frame.sequence > store.last then
      self.events.gap(frame.id, frame.sequence, frame.payload)
    elseif frame.sequence > 0 then
      self.events.again(frame.id, frame.sequence, frame.payload)
    end
    if not ids[frame.id] then
      ids[frame.id] = true
      ids[#ids + 1] = frame.id
    end
  end
  for i = 1, #ids do answer(self, connection, ids[i]) end
end

-- A connection on which a frame stays unfinished is no use to anybody.
local function watch(self, connection)
  if connection.watched or connection.reader.rest == "" then return end
  connection.watched = true
  local seen = connection.reader.taken
  self.after(PATIENCE, function()
    connection.watched = false
    if self.connections[connection.peer] ~= connection then return end
    if connection.reader.rest ~= "" and connection.reader.taken == seen then
      return hang_up(self, connection.peer)
    end
    watch(self, connection)
  end)
end

function receiver_methods:connect(peer)
  self.connections[peer] = {
    peer = peer, reader = framing.reader(self.record_max), batch = {},
    committing = false, watched = false,
  }
end

function receiver_methods:data(peer, bytes)
  local connection = self.connections[peer]
  if not connection then return end
  local frames, broken = connection.reader:feed(bytes)
  for i = 1, #frames do connection.batch[#connection.batch + 1] = frames[i] end
  if frames[1] and not connection.committing then
    connection.committing = true
    self.after(COMMIT, function()
      if self.connections[peer] == connection then commit(self, connection) end
    end)
  end
  if not broken then return watch(self, connection) end
  if connection.batch[1] then commit(self, connection) end
  hang_up(self, peer)
end

function receiver_methods:closed(peer)
  self.connections[peer] = nil
end

--- Its process dies: what was taken and not stored is gone. What was stored stays.
function receiver_methods:crashed()
  self.connections = {}
end

local function server_of(self)
  return {
    connect = function(peer) self:connect(peer) end,
    data = function(peer, bytes) self:data(peer, bytes) end,
    closed = function(peer) self:closed(peer) end,
    crashed = function() self:crashed() end,
  }
end

--- options: after = function(seconds, fn), record_max, events = { stored(id, sequence,
-- payload), again(...), gap(...), acknowledged(last) }.
-- Result: receiver; .server is what a world listens with.
local function new(options)
  local self = setmetatable({
    after = options.after,
    record_max = options.record_max or 4096,
    events = options.events,
    stores = {},       -- by outbox id; survives a crash
    connections = {},  -- by peer
    server = nil,
  }, receiver_mt)
  self.server = server_of(self)
  return self
end

--- A server that answers nothing, and of which only the TCP counts: events.taken(id,
-- sequence, payload) for each frame that it has taken whole. What follows one that can't be
-- read is nothing: a module that missed a byte is given any other in its place, before the
-- driver closes that connection. new_reader: of a stream.
local function tap(new_reader, events)
  local readers = setmetatable({}, { __mode = "k" })
  local function taken(peer, bytes)
    local reader = readers[peer] or new_reader()
    readers[peer] = reader
    local frames = reader:feed(bytes)
    for i = 1, #frames do
      if frames[i].sequence > 0 then
        events.taken(frames[i].id, frames[i].sequence, frames[i].payload)
      end
    end
  end
  return { taken = taken }
end

return { new = new, tap = tap }

--- A ledger that is kept in memory: what an outbox is without a disk.
--
-- It knows the face of core.ledger: records with sequences, appended and then committed,
-- and released in order. It does not know who waits for them, and loses all of them with
-- the process.

local memory_methods = {}
local memory_mt = { __name = "bc260y.memory", __index = memory_methods }

-- What a record costs beside its bytes: a table's slot, a string's head.
local COST = 40

-- limit, record_max: bytes.
local function new_memory(limit, record_max, id)
  return setmetatable({
    limit = limit,
    record_max = record_max,
    own_id = id,
    records = {},    -- sequence -> record
    first = 1,       -- the oldest that is not released
    committed = 0,   -- the last that is visible
    last = 0,        -- the last that was appended
    held = 0,        -- bytes of those that are visible
    used = 0,        -- bytes of all, with what they cost
    refused = 0,
  }, memory_mt)
end

--- Result: its sequence; or nil, "too long" or "outbox full".
function memory_methods:append(record)
  local size = #record
  local err = size > self.record_max and "too long"
    or self.used + size + COST > self.limit and "outbox full"
  if err then
    self.refused = self.refused + 1
    return nil, err
  end
  self.last = self.last + 1
  self.records[self.last] = record
  self.used = self.used + size + COST
  return self.last
end

function memory_methods:commit()
  for sequence = self.committed + 1, self.last do
    self.held = self.held + #self.records[sequence]
  end
  self.committed = self.last
  return true
end

--- What was appended and not committed was never there.
function memory_methods:drop()
  for sequence = self.committed + 1, self.last do
    self.used = self.used - #self.records[sequence] - COST
    self.records[sequence] = nil
  end
  self.last = self.committed
  return true
end

function memory_methods:read(sequence)
  if sequence < self.first then return nil, "released" end
  if sequence > self.committed then return nil, "not yet" end
  return self.records[sequence]
end

function memory_methods:release(sequence)
  if sequence > self.committed then return nil, "not yet" end
  for released = self.first, sequence do
    local size = #self.records[released]
    self.records[released] = nil
    self.used, self.held = self.used - size - COST, self.held - size
    self.first = released + 1
  end
  return true
end

function memory_methods:range()
  return self.first, self.committed
end

function memory_methods:size()
  return self.committed - self.first + 1, self.held
end

function memory_methods:id()
  return self.own_id
end

function memory_methods:stats()
  return { records = self.committed - self.first + 1, bytes = self.used, refused = self.refused }
end

function memory_methods:close()
  self.records = {}
end

return { new = new_memory }

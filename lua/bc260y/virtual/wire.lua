-- The module's transmit line: bytes said, handed out as fast as the baud rate
-- lets them leave. Knows bytes and a clock reading, not what they mean.

local floor, max = math.floor, math.max

local wire_methods = {}
local wire_mt = { __name = "bc260y.virtual.wire", __index = wire_methods }

-- 8N1: ten bits a byte.
local function seconds(self, count)
  return self.baud and count * 10 / self.baud or 0
end

function wire_methods:push(now, bytes)
  if bytes == "" then return end
  local start = max(now, self.free_at)
  self.free_at = start + seconds(self, #bytes)
  self.last = self.last + 1
  self.chunks[self.last] = { start = start, bytes = bytes, taken = 0 }
  self.size = self.size + #bytes
end

-- Bytes of the first chunk that have left the line by now.
local function ready(self, chunk, now)
  if not self.baud then return #chunk.bytes end
  -- The nudge keeps 10/baud sums from falling a hair short of a whole byte, after weeks too.
  local sent = floor((now - chunk.start) * self.baud / 10 + 1e-3)
  return max(chunk.taken, math.min(#chunk.bytes, sent))
end

-- At most limit bytes that have left by now; "" if none.
function wire_methods:take(now, limit)
  if self.first > self.last then return "" end
  local parts = {}
  local left = limit or math.huge
  while self.first <= self.last and left > 0 do
    local chunk = self.chunks[self.first]
    local upto = math.min(ready(self, chunk, now), chunk.taken + left)
    if upto > chunk.taken then
      parts[#parts + 1] = chunk.bytes:sub(chunk.taken + 1, upto)
      left = left - (upto - chunk.taken)
      self.size = self.size - (upto - chunk.taken)
      chunk.taken = upto
    end
    if chunk.taken < #chunk.bytes then break end
    self.chunks[self.first] = nil
    self.first = self.first + 1
  end
  return table.concat(parts)
end

-- When the next byte, or as many as whoever takes them wants at once, will have left; or nil.
function wire_methods:next_due()
  local chunk = self.chunks[self.first]
  if not chunk then return nil end
  return chunk.start + seconds(self, math.min(chunk.taken + self.grain, #chunk.bytes))
end

-- Forgets what has not left by now: the transmitter stops in mid-word.
function wire_methods:cut(now)
  for place = self.first, self.last do
    local chunk = self.chunks[place]
    local left = ready(self, chunk, now)
    self.size = self.size - (#chunk.bytes - left)
    chunk.bytes = chunk.bytes:sub(1, left)
  end
  self.free_at = now
end

local function new(baud, grain)
  return setmetatable({
    baud = baud,               -- nil: no pacing
    grain = grain or 1,        -- bytes of a chunk that are waited for
    chunks = {}, first = 1, last = 0,
    size = 0,                  -- bytes not yet taken
    free_at = 0,               -- when the last byte said will have left
  }, wire_mt)
end

return { new = new }

--- Frames: how records travel where the two ends agree on nothing else.
--
--   length (2 bytes, of the payload) | outbox id (8) | sequence (8) | payload |
--   CRC32C of all before (4); numbers big endian
--
-- A client sends its records so, in order; one with sequence 0 and no payload only keeps
-- the connection alive. A server answers with a frame without payload whose sequence is
-- the highest that it has stored: that one and all before it are. It does so after each
-- batch, each keepalive and each duplicate, and closes a connection whose frames are wrong.
--
-- It knows bytes. It does not know where they come from, nor what a sequence stands for.

local crc32c = require("bc260y.core").crc32c

local byte, char, find, sub = string.byte, string.char, string.find, string.sub
local floor = math.floor

local HEAD = 18         -- bytes before a payload
local AROUND = 22       -- and those behind it
local PAYLOAD_MAX = 65535
local HALF = 2 ^ 32
local SEQUENCE_END = 2 ^ 53 -- the first whole number that no sequence can be

local frames = { AROUND = AROUND, PAYLOAD_MAX = PAYLOAD_MAX }

local function big_endian(n)
  local a, b, c = floor(n / 16777216), floor(n / 65536) % 256, floor(n / 256) % 256
  return char(a, b, c, n % 256)
end

--- id: 8 bytes. sequence: a whole number below 2^53. payload: at most 65,535 bytes.
function frames.encode(id, sequence, payload)
  local size = #payload
  if size > PAYLOAD_MAX then error("payload: at most 65535 bytes expected", 2) end
  local head = char(floor(size / 256), size % 256) .. id
    .. big_endian(floor(sequence / HALF)) .. big_endian(sequence % HALF)
  return head .. payload .. big_endian(crc32c(payload, crc32c(head)))
end

local function number_at(bytes, at)
  local a, b, c, d = byte(bytes, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

-- What stands in a frame; SEQUENCE_END for what no sequence can be.
local function sequence_at(bytes, at)
  local high = number_at(bytes, at)
  if high >= SEQUENCE_END / HALF then return SEQUENCE_END end
  return high * 4294967296 + number_at(bytes, at + 4)
end

-- Whether the `size` bytes from `at` on end with their CRC.
local function is_whole(bytes, at, size)
  return crc32c(sub(bytes, at, at + size - 5)) == number_at(bytes, at + size - 4)
end

-- The client's side. ----------------------------------------------------------------

local reader_methods = {}
local reader_mt = { __name = "bc260y.frames.reader", __index = reader_methods }

--- Finds the acknowledgements for that outbox id in what a server sends, whatever else
-- comes before, between or instead, and behind a gap.
function frames.reader(id)
  return setmetatable({
    head = "\0\0" .. id, -- how each of them begins
    kept = "",           -- what may be the begin of one
    skipped = 0,         -- bytes that were none
  }, reader_mt)
end

-- From where on the bytes may be the begin of an acknowledgement.
local function begin_at(bytes, from, head)
  local last = #bytes - #head + 2
  for at = from > last and from or last, #bytes do
    if sub(head, 1, #bytes - at + 1) == sub(bytes, at) then return at end
  end
  return #bytes + 1
end

--- Result: the highest sequence that is acknowledged in these bytes and those before that
-- were the begin of a frame, or nil.
function reader_methods:feed(bytes)
  local highest
  local from = 1
  bytes = self.kept .. bytes
  while true do
    local at = find(bytes, self.head, from, true)
    at = at or begin_at(bytes, from, self.head)
    self.skipped = self.skipped + at - from
    from = at
    if #bytes - at + 1 < AROUND then break end
    if is_whole(bytes, at, AROUND) then
      local sequence = sequence_at(bytes, at + 10)
      if not highest or sequence > highest then highest = sequence end
      from = at + AROUND
    else
      self.skipped = self.skipped + 1
      from = at + 1
    end
  end
  self.kept = sub(bytes, from)
  return highest
end

-- The server's side. ----------------------------------------------------------------

local records_methods = {}
local records_mt = { __name = "bc260y.frames.records", __index = records_methods }

--- Reads what one client sends. payload_max: a longer one is damage (65,535).
function frames.records(payload_max)
  return setmetatable({
    payload_max = payload_max or PAYLOAD_MAX,
    kept = "",
    damaged = false,
  }, records_mt)
end

function records_methods:feed(bytes)
  if not self.damaged then self.kept = self.kept .. bytes end
end

local function damage(self)
  self.damaged, self.kept = true, ""
  return nil, "damaged"
end

--- Result: id, sequence, payload; nil: more is needed; or nil, "damaged": nothing that
-- comes behind can be told any more.
function records_methods:next()
  if self.damaged then return nil, "damaged" end
  local bytes = self.kept
  if #bytes < 2 then return nil end
  local payload = byte(bytes, 1) * 256 + byte(bytes, 2)
  if payload > self.payload_max then return damage(self) end
  local size = payload + AROUND
  if #bytes < size then return nil end
  local sequence = sequence_at(bytes, 11)
  if sequence == SEQUENCE_END or not is_whole(bytes, 1, size) then return damage(self) end
  self.kept = sub(bytes, size + 1)
  return sub(bytes, 3, 10), sequence, sub(bytes, HEAD + 1, HEAD + payload)
end

return frames

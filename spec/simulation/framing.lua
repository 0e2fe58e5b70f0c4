-- Delivery's frames as the other end reads them, written from their description alone:
-- length (2 bytes, of the payload) | outbox id (8) | sequence (8) | payload | CRC32C (4),
-- numbers big endian, the CRC over all before it. Shares nothing with the driver's own
-- but the checksum.

local core = require "bc260y.core"

local HEAD, TAIL = 18, 4
local TWO_32 = 4294967296
local RECORD_MAX = 4096

local framing = { OVERHEAD = HEAD + TAIL }

local function number(bytes, from, to)
  local value = 0
  for i = from, to do value = value * 256 + bytes:byte(i) end
  return value
end

local function big_endian(value, count)
  local bytes = {}
  for i = count, 1, -1 do
    bytes[i] = string.char(value % 256)
    value = (value - value % 256) / 256
  end
  return table.concat(bytes)
end

function framing.encode(id, sequence, payload)
  local frame = big_endian(#payload, 2) .. id .. big_endian(sequence, 8) .. payload
  return frame .. big_endian(core.crc32c(frame) % TWO_32, 4)
end

local reader_methods = {}
local reader_mt = { __index = reader_methods }

--- Takes bytes in. Result: list of frames { id, sequence, payload } that they complete; and
-- the reason when the rest of the stream can't be read any more.
function reader_methods:feed(bytes)
  local frames = {}
  if self.broken then return frames, self.broken end
  local data, at = self.rest .. bytes, 1
  while #data - at + 1 >= HEAD do
    local size = number(data, at, at + 1)
    if size > self.max then
      self.broken = "length"
      break
    end
    local stop = at + HEAD + size + TAIL - 1
    if #data < stop then break end
    local crc = core.crc32c(data:sub(at, stop - TAIL)) % TWO_32
    if number(data, stop - TAIL + 1, stop) ~= crc then
      self.broken = "checksum"
      break
    end
    self.taken = self.taken + stop - at + 1
    frames[#frames + 1] = {
      id = data:sub(at + 2, at + 9),
      sequence = number(data, at + 10, at + 17),
      payload = data:sub(at + HEAD, stop - TAIL),
    }
    at = stop + 1
  end
  self.rest = data:sub(at)
  return frames, self.broken
end

--- max: bytes of the longest payload.
function framing.reader(max)
  return setmetatable({ rest = "", taken = 0, broken = nil, max = max or RECORD_MAX }, reader_mt)
end

return framing

-- Records as text, where the module carries nothing else: sequence, colon, record, colon,
-- CRC32C of all before it in ten digits, semicolon. What the script encodes, and how the
-- other end reads it: a byte that the line has put in must not pass for a record's.

local crc32c = require("bc260y.core").crc32c

local lines = { OVERHEAD = 13 } -- and the digits of the sequence

function lines.encode(record, sequence)
  local text = ("%d:%s"):format(sequence, record)
  return ("%s:%010.0f;"):format(text, crc32c(text))
end

-- Result: sequence and record; or nil.
local function decode(line)
  local text, sum = line:match("^(.*):(%d+)$")
  if not text or crc32c(text) ~= tonumber(sum) then return nil end
  return text:match("^(%d+):(.*)$")
end

local reader_methods = {}
local reader_mt = { __index = reader_methods }

--- As the reader of framing.lua.
function reader_methods:feed(bytes)
  local frames = {}
  self.rest = self.rest .. bytes
  while true do
    local line, stop = self.rest:match("^([^;]*);()")
    if not line then return frames, self.broken end
    local sequence, record = decode(line)
    if not sequence then
      self.broken = "no record"
      return frames, self.broken
    end
    frames[#frames + 1] = { id = self.id, sequence = tonumber(sequence), payload = record }
    self.rest = self.rest:sub(stop)
  end
end

--- Result: function() -> a reader of lines of that outbox.
function lines.reader(id)
  return function()
    return setmetatable({ rest = "", broken = nil, id = id }, reader_mt)
  end
end

return lines

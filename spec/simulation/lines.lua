-- Records as text, where the module carries nothing else: sequence, colon, record,
-- semicolon. What the script encodes, and how the other end reads it; no checksum.

local lines = { OVERHEAD = 2 } -- and the digits of the sequence

function lines.encode(record, sequence)
  return ("%d:%s;"):format(sequence, record)
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
    local sequence, record = line:match("^(%d+):(.*)$")
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

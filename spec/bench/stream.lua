--- The mixed stream that parsers are measured on: what a module says in a busy minute.
--
-- It knows the wire, and no parser. It is the same text each time, on every Lua.

local stream = {}

-- Park and Miller's generator: exact in doubles and in integers.
local function new_random(seed)
  return function(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit
  end
end

local function make_payload(random, size)
  local bytes = {}
  for i = 1, size do bytes[i] = string.char(32 + random(95)) end
  local text = table.concat(bytes)
  -- One in eight tries to be taken for something else, as far as it has room.
  if random(8) == 0 then
    text = ('a"\r\n\r\nOK\r\n\r\n+QIURC: "closed",0\r\n' .. text):sub(1, size)
  end
  return text
end

local function to_hex(text)
  return (text:gsub(".", function(c) return ("%02X"):format(c:byte()) end))
end

local function add_cycle(out, random, hex, quote)
  local id = random(5)
  local data = make_payload(random, 8 + random(57))
  out[#out + 1] = "\r\nOK\r\n"
  out[#out + 1] = ("\r\n+CSQ: %d,0\r\n\r\nOK\r\n"):format(random(32))
  out[#out + 1] = ('\r\n+QIURC: "recv",%d,%d,%s%s%s\r\n'):format(id, #data, quote,
    hex and to_hex(data) or data, quote)
  out[#out + 1] = "\r\nOK\r\n\r\nSEND OK\r\n"
  if random(4) == 0 then
    out[#out + 1] = ('\r\n+QIURC: "closed",%d\r\n'):format(id)
  end
end

--- The stream: OK, +CSQ, "recv" with 8 to 64 bytes in hex and raw by turns, SEND OK,
-- and now and then "closed".
-- cycles: how often. quoted: how this module writes payloads; none does both.
function stream.make(cycles, quoted)
  local random = new_random(20261123)
  local out = {}
  for i = 1, cycles do add_cycle(out, random, i % 2 == 0, quoted and '"' or "") end
  return table.concat(out)
end

return stream

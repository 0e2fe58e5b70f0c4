--- Reads a stream in 512-byte pieces, takes every event into Lua, and prints what that
-- took: `events.lua framer|lines STREAM direct|buffered PASSES`.
--
-- It knows two readers, the framer's and one as it is written in plain Lua. It does not
-- know which figures are good (run.lua).

local PIECE = 512

local readers = {}

-- What a program does at least with an event: looks at it.
function readers.framer(file, totals)
  local framer = require("bc260y.core").framer()
  local lines, payloads, sizes = 0, 0, 0
  local piece = file:read(PIECE)
  while piece do
    framer:feed(piece)
    for kind, a, b in framer.next, framer do
      if kind == "line" then
        lines = lines + 1
        sizes = sizes + #a
      elseif kind == "payload" then
        payloads = payloads + 1
        sizes = sizes + #b
      end
    end
    piece = file:read(PIECE)
  end
  totals.lines = totals.lines + lines
  totals.payloads = totals.payloads + payloads
  totals.sizes = totals.sizes + sizes
end

-- As most scripts do it: by lines, with string.match. It takes no notice of lengths,
-- decodes no hex, and loses what has a CR LF in it.
function readers.lines(file, totals)
  local buffer = ""
  local piece = file:read(PIECE)
  while piece do
    buffer = buffer .. piece
    local at = 1
    while true do
      local line, after = buffer:match("^(.-)\r\n()", at)
      if not line then break end
      at = after
      local id, size, data = line:match('^%+QIURC: "recv",(%d+),(%d+),(.*)$')
      if id then
        totals.payloads = totals.payloads + 1
        totals.sizes = totals.sizes + math.min(tonumber(size), #data)
      elseif line ~= "" then
        totals.lines = totals.lines + 1
        totals.sizes = totals.sizes + #line
      end
    end
    buffer = buffer:sub(at)
    piece = file:read(PIECE)
  end
end

local read = assert(readers[arg[1]], "framer or lines")
local file = assert(io.open(arg[2], "rb"))
local totals = { lines = 0, payloads = 0, sizes = 0 }
-- As on a line: each piece is a read of the system.
if arg[3] == "direct" then file:setvbuf("no") end
local start = os.clock()
for _ = 1, tonumber(arg[4]) do
  read(file, totals)
  file:seek("set")
end
print(("cpu %.6f units %d lines %d payloads %d sizes %d"):format(os.clock() - start,
  totals.lines + totals.payloads, totals.lines, totals.payloads, totals.sizes))

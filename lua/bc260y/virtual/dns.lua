-- Questions to a name server and its answers, as bytes (RFC 1035). Knows A and AAAA, no
-- socket and no time.

local byte, char, floor = string.byte, string.char, math.floor

local TYPES = { A = 1, AAAA = 28 }
local INTERNET = 1

local function number16(value)
  return char(floor(value / 256), value % 256)
end

-- A name in labels, or nil if no such name can be asked for.
local function labels(name)
  local parts = {}
  for label in (name:gsub("%.$", "") .. "."):gmatch("([^.]*)%.") do
    if label == "" or #label > 63 then return nil end
    parts[#parts + 1] = char(#label) .. label
  end
  local text = table.concat(parts) .. "\0"
  return #text <= 255 and text or nil
end

-- The question for name's addresses of a kind, "A" or "AAAA"; nil for an impossible name.
local function question(id, name, kind)
  local text = labels(name)
  -- One question, recursion desired.
  return text and number16(id) .. "\1\0" .. "\0\1\0\0\0\0\0\0" .. text
    .. number16(TYPES[kind]) .. number16(INTERNET)
end

local function read16(bytes, place)
  local high, low = byte(bytes, place, place + 1)
  return low and high * 256 + low
end

-- The place behind a name, which a pointer ends too; nil if it is cut.
local function skip_name(bytes, place)
  while true do
    local size = byte(bytes, place)
    if not size then return nil end
    if size == 0 then return place + 1 end
    if size >= 192 then return place + 2 end
    place = place + 1 + size
  end
end

local function address(kind, data)
  if kind == TYPES.A and #data == 4 then return ("%d.%d.%d.%d"):format(byte(data, 1, 4)) end
  if kind ~= TYPES.AAAA or #data ~= 16 then return nil end
  local groups = {}
  for place = 1, 15, 2 do groups[#groups + 1] = ("%X"):format(read16(data, place)) end
  return table.concat(groups, ":")
end

-- One record behind place. Gives the place behind it and its address, if it is one; nil
-- if it is cut.
local function record(bytes, place)
  place = skip_name(bytes, place)
  local size = place and read16(bytes, place + 8)
  if not size or #bytes < place + 9 + size then return nil end
  return place + 10 + size,
    address(read16(bytes, place), bytes:sub(place + 10, place + 9 + size))
end

-- The addresses that an answer to that question holds, in their order: a list, {} when the
-- server knows none; false if it could not say; nil if it is no answer to it, or cut.
local function answer(bytes, id)
  if #bytes < 12 or read16(bytes, 1) ~= id or byte(bytes, 3) < 128 then return nil end
  local code = byte(bytes, 4) % 16
  if code == 3 then return {} end
  if code ~= 0 then return false end
  local place, list = 13, {}
  for _ = 1, read16(bytes, 5) do
    place = skip_name(bytes, place)
    if not place then return nil end
    place = place + 4
  end
  for _ = 1, read16(bytes, 7) do
    local found
    place, found = record(bytes, place)
    if not place then return nil end
    list[#list + 1] = found
  end
  return list
end

return { question = question, answer = answer }

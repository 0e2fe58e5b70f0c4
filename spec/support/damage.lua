--- What a power cut leaves of what was not synced: 16 patterns, each with a name.
--
-- It knows files as { base, live, changes } and lists of names (spec/support/disk.lua),
-- and sectors. What is random in a pattern comes from the generator that it is given.

-- LuaJIT 2.1.0-beta3 compiles something of this wrong, about one run in ten; interpreted it is
-- never so.
if jit then jit.off(true, true) end

local SECTOR = 512

-- Fates of a piece of a file that was written and not synced.
local NEW, OLD, ZERO, JUNK = "new", "old", "zero", "junk"
local FATES = { NEW, OLD, ZERO, JUNK }

-- front(total, random): so many bytes of what was written came first, and are all that is
-- there. fate(sector, last, random): what became of a piece. grain: how large a piece is.
-- size: "grown", zeros where nothing came; "kept", as it was synced last; nil: as the
-- bytes need it. create, remove, cut: whether such a change is found; nil: some are.
local patterns = {
  { name = "nothing", front = function() return 0 end,
    create = false, remove = false, cut = false },
  { name = "everything", create = true, remove = true, cut = true },
  { name = "first half", front = function(total) return math.floor(total / 2) end,
    create = true, remove = true, cut = true },
  { name = "torn", front = function(total, random) return random(total + 1) - 1 end,
    create = true, remove = false, cut = true },
  { name = "last sector",
    fate = function(sector, last) return sector == last and NEW or OLD end,
    create = true, remove = true, cut = true },
  { name = "alternate sectors",
    fate = function(sector) return sector % 2 == 1 and NEW or OLD end,
    create = true, remove = false, cut = true },
  { name = "zeros in place", grain = 64,
    fate = function(_, _, random) return random(3) == 1 and ZERO or NEW end,
    create = true, remove = true, cut = true },
  { name = "garbage in place", grain = 128,
    fate = function(_, _, random) return random(3) == 1 and NEW or JUNK end,
    create = true, remove = true, cut = true },
  { name = "size grown", front = function() return 0 end, size = "grown",
    create = true, remove = true, cut = true },
  { name = "size not grown", size = "kept", create = true, remove = true, cut = true },
  { name = "names lost", create = false, remove = true, cut = true },
  { name = "deletes undone", create = true, remove = false, cut = true },
  { name = "deletes done", front = function() return 0 end,
    create = false, remove = true, cut = false },
  { name = "cut undone", create = true, remove = true, cut = false },
  { name = "cut done", front = function() return 0 end,
    create = true, remove = false, cut = true },
  { name = "mixed", grain = 64,
    fate = function(_, _, random) return FATES[random(#FATES)] end },
}

local damage = { patterns = {} }

local by_name = {}
for i, pattern in ipairs(patterns) do
  damage.patterns[i] = pattern.name
  by_name[pattern.name] = pattern
end

local function chosen(choice, random)
  if choice == nil then return random(2) == 1 end
  return choice
end

--- content with a change made to it: { offset, bytes }, or a cut to { size }.
function damage.apply(content, change)
  if change.size then return content:sub(1, change.size) end
  local offset, bytes, size = change.offset, change.bytes, #content
  if bytes == "" then return content end
  if offset == size then return content .. bytes end
  if offset > size then return content .. ("\0"):rep(offset - size) .. bytes end
  return content:sub(1, offset) .. bytes .. content:sub(offset + #bytes + 1)
end

-- What another file has left in a block, or anything.
local function junk(offset, size, random, stale)
  if random(2) == 1 and #stale > offset then
    return stale:sub(offset + 1, offset + size)
  end
  local bytes = {}
  for i = 1, 16 do bytes[i] = string.char(random(256) - 1) end
  return table.concat(bytes):rep(math.ceil(size / 16)):sub(1, size)
end

-- Writes what became of a change, piece by piece.
local function apply_pieces(content, change, pattern, last, random, stale)
  local at, stop = change.offset, change.offset + #change.bytes
  local grain = pattern.grain or SECTOR
  while at < stop do
    local size = math.min(grain - at % grain, stop - at)
    local fate = pattern.fate(math.floor(at / SECTOR), last, random)
    local bytes
    if fate == NEW then
      bytes = change.bytes:sub(at - change.offset + 1, at - change.offset + size)
    elseif fate == ZERO then
      bytes = ("\0"):rep(size)
    elseif fate == JUNK then
      bytes = junk(at, size, random, stale)
    end
    if bytes then content = damage.apply(content, { offset = at, bytes = bytes }) end
    at = at + size
  end
  return content
end

local function unsynced(changes)
  local total = 0
  for _, change in ipairs(changes) do total = total + (change.bytes and #change.bytes or 0) end
  return total
end

--- What is found of a file. stale: bytes of one that was removed before.
function damage.file(file, name, random, stale)
  local pattern, content = by_name[name], file.base
  if #file.changes == 0 then return content end
  local left = unsynced(file.changes)
  if pattern.front then left = pattern.front(left, random) end
  local last = math.floor((#file.live - 1) / SECTOR)
  for _, change in ipairs(file.changes) do
    if change.size then
      if chosen(pattern.cut, random) then content = damage.apply(content, change) end
    elseif pattern.fate then
      content = apply_pieces(content, change, pattern, last, random, stale)
    else
      local bytes = change.bytes:sub(1, left)
      left = left - #bytes
      content = damage.apply(content, { offset = change.offset, bytes = bytes })
    end
  end
  if pattern.size == "kept" then return content:sub(1, #file.base) end
  if pattern.size == "grown" then content = content .. ("\0"):rep(#file.live - #content) end
  return content
end

--- Which names are found. durable: segment -> file; renamed: what came after, in order.
function damage.names(durable, renamed, name, random)
  local pattern, names = by_name[name], {}
  for segment, file in pairs(durable) do names[segment] = file end
  for _, entry in ipairs(renamed) do
    local choice = pattern.remove
    if entry.file then choice = pattern.create end
    if chosen(choice, random) then names[entry.segment] = entry.file end
  end
  return names
end

return damage

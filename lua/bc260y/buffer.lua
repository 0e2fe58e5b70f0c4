--- What a socket has received and nobody has read yet: pieces in order, and the gaps
-- between them, so that a gap is never silent.
--
-- It knows bytes and limits, nothing of sockets. Pieces are kept as they came: for a
-- TCP socket they are a stream, for a UDP socket each is a datagram.

local find, sub, gsub = string.find, string.sub, string.gsub

local buffer_methods = {}
local buffer_mt = { __name = "bc260y.buffer", __index = buffer_methods }

local function new_buffer(limit)
  return setmetatable({
    limit = limit,
    size = 0,   -- bytes kept; an empty datagram counts as one
    items = {}, -- strings, and tables for gaps, from `first` to `last`
    first = 1,
    last = 0,
    skip = 0,   -- bytes of the first item that were read
  }, buffer_mt)
end

local function append(self, item)
  self.last = self.last + 1
  self.items[self.last] = item
end

local function weight(bytes)
  return #bytes > 0 and #bytes or 1
end

--- Notes that something is missing here. count: bytes, or nil where nobody knows.
function buffer_methods:gap(reason, count)
  local last = self.items[self.last]
  if type(last) == "table" and last.reason == reason then
    last.count = last.count and count and last.count + count
    return
  end
  append(self, { reason = reason, count = count })
end

--- Keeps a piece, or, when it does not fit, a note of how much is missing.
-- Result: whether it was kept.
function buffer_methods:push(bytes)
  if self.size + weight(bytes) > self.limit then
    self:gap("overflow", #bytes)
    return false
  end
  self.size = self.size + weight(bytes)
  append(self, bytes)
  return true
end

local function drop_first(self)
  self.items[self.first] = nil
  self.first = self.first + 1
  self.skip = 0
  if self.first > self.last then self.first, self.last = 1, 0 end
end

--- The gap that stands first, told once: its reason and count; or nil.
function buffer_methods:take_gap()
  local item = self.items[self.first]
  if type(item) ~= "table" then return nil end
  drop_first(self)
  return item.reason, item.count
end

-- The first piece's unread bytes up to index stop, which then counts as read.
local function cut(self, stop)
  local item = self.items[self.first]
  local start = self.skip + 1
  self.skip = stop
  if stop < #item then
    self.size = self.size - (stop - start + 1)
    return sub(item, start, stop)
  end
  self.size = self.size - weight(sub(item, start))
  drop_first(self)
  return start == 1 and item or sub(item, start)
end

--- Moves up to `count` bytes (nil: all there are) to the end of the array parts.
-- Result: how many. Stops at a gap.
function buffer_methods:take(parts, count)
  local moved = 0
  while type(self.items[self.first]) == "string" and (not count or moved < count) do
    local stop = #self.items[self.first]
    if count and stop - self.skip > count - moved then stop = self.skip + count - moved end
    local piece = cut(self, stop)
    moved = moved + #piece
    parts[#parts + 1] = piece
  end
  return moved
end

--- Moves bytes up to the next LF to the end of parts, without it and without any CR,
-- as LuaSocket does. Result: whether the LF was there. Stops at a gap.
function buffer_methods:take_line(parts)
  while type(self.items[self.first]) == "string" do
    local item = self.items[self.first]
    local feed = find(item, "\n", self.skip + 1, true)
    local piece = cut(self, feed or #item)
    if feed then piece = sub(piece, 1, -2) end
    if find(piece, "\r", 1, true) then piece = gsub(piece, "\r", "") end
    parts[#parts + 1] = piece
    if feed then return true end
  end
  return false
end

--- The first piece whole, or nil when there is none or a gap stands first.
function buffer_methods:take_piece()
  local item = self.items[self.first]
  if type(item) ~= "string" then return nil end
  return cut(self, #item)
end

return { new = new_buffer }

--- What of a stream of records is in flight on one connection: begun, sent, released.
--
-- It knows bytes and where each record ends in the stream. It does not know a socket, nor
-- why a record is released. A window is made anew for each connection, since the module
-- counts from 0 again at each (manual 4.1.7): no offset outlives its connection.
--
-- A record is begun (it waits to be sent), then its bytes go in chunks, then it is
-- released. "The stream's offset" is what the module has counted since connect, with
-- whatever others have sent between two records.

local concat, sub = table.concat, string.sub

local window_methods = {}
local window_mt = { __name = "bc260y.window", __index = window_methods }

local function new_window()
  return setmetatable({
    entries = {},   -- records, from the lesser of `oldest` and `going` to `last`
    oldest = 1,     -- the first that is not released,
    going = 1,      -- the first whose bytes have not all gone
    last = 0,
    size = 0,       -- bytes of those that are begun and not released
    out = nil,      -- the chunk of which it is not yet known that it went
    handed = 0,     -- the highest sequence of which all bytes were in a chunk so far
  }, window_mt)
end

--- A record's bytes follow what was begun before.
function window_methods:begin(sequence, bytes)
  self.last = self.last + 1
  self.entries[self.last] = {
    sequence = sequence,
    size = #bytes,
    bytes = bytes, -- until they have gone
    gone = 0,      -- how many of them have
    finish = nil,  -- the stream's offset behind it, once all have,
    at = nil,      -- and when that was
  }
  self.size = self.size + #bytes
end

--- Bytes that are begun and have not gone, of as many records as make up `enough`.
function window_methods:waiting(enough)
  local count = 0
  for i = self.going, self.last do
    if count >= enough then break end
    count = count + self.entries[i].size - self.entries[i].gone
  end
  return count
end

--- The next bytes to be sent, at most so many; nil: there are none. It is the same chunk
-- until went(): whoever can't say whether it did has to send just that one again.
function window_methods:chunk(size_max)
  if self.out then return self.out end
  local parts, left = {}, size_max
  for i = self.going, self.last do
    if left == 0 then break end
    local entry = self.entries[i]
    local part = sub(entry.bytes, entry.gone + 1, entry.gone + left)
    parts[#parts + 1] = part
    left = left - #part
    if entry.gone + #part == entry.size then self.handed = entry.sequence end
  end
  if left < size_max then self.out = concat(parts) end
  return self.out
end

-- Lets go of what is both sent and released.
local function forget(self, from, to)
  for i = from, to do self.entries[i] = nil end
end

--- The chunk went. offset: the stream's behind it.
function window_methods:went(offset, now)
  local behind, before = #self.out, self.going
  self.out = nil
  while behind > 0 do
    local entry = self.entries[self.going]
    local part = entry.size - entry.gone
    if part > behind then part = behind end
    behind = behind - part
    entry.gone = entry.gone + part
    if entry.gone < entry.size then break end
    entry.bytes, entry.finish, entry.at = nil, offset - behind, now
    self.going = self.going + 1
  end
  forget(self, before, (self.oldest < self.going and self.oldest or self.going) - 1)
end

--- Whether the stream stands within a record: nothing else may go there.
function window_methods:is_amid()
  local entry = self.entries[self.going]
  return self.out ~= nil or entry ~= nil and entry.gone > 0
end

--- All records up to that sequence are released. What is begun of them still goes: the
-- stream could not be read otherwise. Result: how many.
function window_methods:release(sequence)
  local before = self.oldest
  while self.oldest <= self.last and self.entries[self.oldest].sequence <= sequence do
    self.size = self.size - self.entries[self.oldest].size
    self.oldest = self.oldest + 1
  end
  forget(self, before, (self.oldest < self.going and self.oldest or self.going) - 1)
  return self.oldest - before
end

--- The highest sequence of those that end within the first `offset` bytes of the stream
-- and are not released; nil: none.
function window_methods:within(offset)
  local highest
  for i = self.oldest, self.going - 1 do
    local entry = self.entries[i]
    if entry.finish > offset then break end
    highest = entry.sequence
  end
  return highest
end

--- When the oldest record that is not released had gone whole; nil: it has not, or there
-- is none.
function window_methods:waits_since()
  local entry = self.entries[self.oldest]
  return entry and entry.at
end

return { new = new_window }

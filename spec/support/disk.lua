--- A disk that is played: what was written, what of it was synced, what a power cut leaves.
--
-- It knows the ten methods of the ledger's file seam (disk:mount() gives an object with
-- them), and for each file what the page cache shows and what is surely on the disk. It
-- does not know what the bytes mean. What was synced is never harmed, but by rot().
--
-- Each create, write, cut, sync, sync_list and remove is a step, and has a number
-- (disk.steps). A crash happens in a step: power_cut decides what of it, and of all
-- that was not synced before, is found (spec/support/damage.lua); kill loses nothing.

-- LuaJIT 2.1.0-beta3 compiles something of this wrong, about one run in ten; interpreted it is
-- never so.
if jit then jit.off(true, true) end

local damage = require "spec.support.damage"

-- What a crash raises.
local CRASH = setmetatable({}, { __tostring = function() return "the host has crashed" end })

local disk_methods = {}
local disk_mt = { __name = "spec.disk", __index = disk_methods }

local seam_methods = {}
local seam_mt = { __name = "spec.disk.seam", __index = seam_methods }

--- random(n) -> 1..n, the same numbers in each run. capacity: bytes, nil: no end.
-- short: one write in so many is short; nil: none.
local function new_disk(options)
  return setmetatable({
    random = options.random,
    capacity = options.capacity,
    short = options.short,
    names = {},      -- segment -> file, as it is seen
    durable = {},    -- the same, as it surely is on the disk
    renamed = {},    -- what of the names was not synced: { segment, file|nil }, in order
    stale = "",      -- what is left in the blocks of a file that was removed
    boot = 1,        -- who was mounted in an earlier one has no disk any more
    locked = false,
    steps = 0,
    crash_at = nil,  -- the step in which it crashes
    on_step = nil,   -- on_step(disk, op): called in each step, before it does anything
    flying = nil,    -- the step that is under way, as a function that does it
    failing = {},    -- op -> how many of its next calls fail
    counts = {},     -- op -> its calls
    written = 0,     -- bytes
  }, disk_mt)
end

-- base is what is on the disk, and what that would become is in changes: { offset, bytes }
-- or { size } of a cut. After a failed sync `live` may differ without any changes.
local function new_file()
  return { live = "", base = "", changes = {}, apart = false }
end

local function copy(list)
  local result = {}
  for key, value in pairs(list) do result[key] = value end
  return result
end

-- Steps. --------------------------------------------------------------------------

-- Result: "error" when the step is to fail.
local function step(self, op, fly)
  self.steps = self.steps + 1
  self.counts[op] = (self.counts[op] or 0) + 1
  self.flying = fly
  if self.on_step then self.on_step(self, op) end
  if self.crash_at == self.steps then
    self.boot, self.locked = self.boot + 1, false
    error(CRASH, 0)
  end
  self.flying = nil
  local left = self.failing[op]
  if not left then return nil end
  self.failing[op] = left > 1 and left - 1 or nil
  return "error"
end

local function used(self)
  local bytes = 0
  for _, file in pairs(self.names) do bytes = bytes + #file.live end
  return bytes
end

local function room(self)
  return self.capacity and math.max(0, self.capacity - used(self)) or math.huge
end

-- What a step does to a disk, or to a clone of it: that has files of its own.
local function rename(segment, there)
  return function(disk)
    local file = there and new_file() or nil
    disk.names[segment] = file
    table.insert(disk.renamed, { segment = segment, file = file })
  end
end

local function change(segment, what)
  return function(disk)
    local file = disk.names[segment]
    table.insert(file.changes, what)
    file.live = damage.apply(file.live, what)
  end
end

-- As on Linux: some of it is on the disk, all of it counts as clean, and the size is what it
-- was. What is read is what is on the disk: the seam owes that (csrc/ledger_disk.h).
local function fail_sync(disk, file)
  local size = #file.live
  file.base = damage.file(file, "mixed", disk.random, disk.stale)
  file.changes, file.apart = {}, true
  file.live = file.base:sub(1, size) .. ("\0"):rep(size - #file.base)
end

local function sync_file(file)
  if file.apart then
    file.base = damage.file(file, "everything")
  else
    file.base = file.live
  end
  file.changes = {}
end

-- The seam. -----------------------------------------------------------------------

local function alive(self)
  return self.boot == self.disk.boot
end

function seam_methods:lock()
  if not alive(self) then return nil, "error" end
  if self.disk.locked then return nil, "busy" end
  self.disk.locked, self.holds = true, true
  return true
end

function seam_methods:next(from)
  local least
  if not alive(self) then return nil end
  for segment in pairs(self.disk.names) do
    if segment >= from and not (least and least < segment) then least = segment end
  end
  return least
end

local function find(self, segment)
  local file = alive(self) and self.disk.names[segment]
  if not file then return nil, "error" end
  return file
end

function seam_methods:size(segment)
  local file, err = find(self, segment)
  if not file then return nil, err end
  return #file.live
end

function seam_methods:create(segment)
  local disk = self.disk
  if not alive(self) or disk.names[segment] then return nil, "error" end
  local create = rename(segment, true)
  local err = step(disk, "create", create)
  if err then return nil, err end
  if room(disk) == 0 then return nil, "full" end
  create(disk)
  return true
end

function seam_methods:read(segment, offset, size)
  local file, err = find(self, segment)
  if not file then return nil, err end
  local failing = self.disk.failing
  if failing.read then
    failing.read = failing.read > 1 and failing.read - 1 or nil
    return nil, "error"
  end
  return file.live:sub(offset + 1, offset + size)
end

function seam_methods:write(segment, offset, bytes)
  local file, missing = find(self, segment)
  if not file then return nil, missing end
  local disk = self.disk
  local size = #bytes
  if disk.short and size > 1 and disk.random(disk.short) == 1 then size = disk.random(size) end
  size = math.min(size, room(disk))
  local write = change(segment, { offset = offset, bytes = bytes:sub(1, size) })
  local err = step(disk, "write", write)
  if err then return nil, err end
  if size == 0 and bytes ~= "" then return nil, "full" end
  write(disk)
  disk.written = disk.written + size
  return size
end

function seam_methods:cut(segment, size)
  local file, missing = find(self, segment)
  if not file then return nil, missing end
  local cut = change(segment, { size = size })
  local err = step(self.disk, "cut", cut)
  if err then return nil, err end
  cut(self.disk)
  return true
end

function seam_methods:sync(segment)
  local file, missing = find(self, segment)
  if not file then return nil, missing end
  local err = step(self.disk, "sync")
  if err then
    fail_sync(self.disk, file)
    return nil, err
  end
  sync_file(file)
  return true
end

function seam_methods:sync_list()
  local disk = self.disk
  if not alive(self) then return nil, "error" end
  local err = step(disk, "sync_list")
  if err then return nil, err end
  disk.durable, disk.renamed = copy(disk.names), {}
  return true
end

function seam_methods:remove(segment)
  local file, missing = find(self, segment)
  if not file then return nil, missing end
  local remove = rename(segment, false)
  local err = step(self.disk, "remove", remove)
  if err then return nil, err end
  remove(self.disk)
  self.disk.stale = file.live
  return true
end

function seam_methods:close()
  if self.holds and alive(self) then self.disk.locked = false end
  self.holds = false
end

-- The world. ----------------------------------------------------------------------

--- The ten methods, for a process that starts now. Two at once share the lock.
function disk_methods:mount()
  return setmetatable({ disk = self, boot = self.boot, holds = false }, seam_mt)
end

--- The next `count` (1) calls of that method fail.
function disk_methods:fail(op, count)
  self.failing[op] = count or 1
end

-- In one order on every Lua: each takes from the generator.
local function sorted(names)
  local segments = {}
  for segment in pairs(names) do segments[#segments + 1] = segment end
  table.sort(segments)
  return segments
end

local function start_again(self)
  self.boot, self.locked, self.flying = self.boot + 1, false, nil
  self.crash_at, self.failing = nil, {}
end

--- The process was killed, in the step that is under way: done, or not begun. The page
-- cache stays.
function disk_methods:kill(done)
  if done and self.flying then self.flying(self) end
  start_again(self)
end

--- The power went. pattern: one of damage.patterns, by name. What is found from now on is
-- on the disk.
function disk_methods:power_cut(pattern)
  if self.flying then self.flying(self) end
  self.names = damage.names(self.durable, self.renamed, pattern, self.random)
  self.durable, self.renamed = copy(self.names), {}
  for _, segment in ipairs(sorted(self.names)) do
    local file = self.names[segment]
    file.base = damage.file(file, pattern, self.random, self.stale)
    file.live, file.changes, file.apart = file.base, {}, false
  end
  start_again(self)
end

--- Bytes on the disk change by themselves.
function disk_methods:rot(segment, offset, bytes)
  local file = self.names[segment]
  local what = { offset = offset, bytes = bytes }
  file.live = damage.apply(file.live, what)
  file.base = damage.apply(file.base, what)
end

local function copy_file(file, copies)
  if not file then return nil end
  if not copies[file] then
    copies[file] = {
      live = file.live, base = file.base, changes = copy(file.changes), apart = file.apart,
    }
  end
  return copies[file]
end

--- The same disk once more, in the same step, with nobody who runs on it, and with a
-- generator of its own.
function disk_methods:clone(random)
  local other, copies = new_disk(self), {}
  other.random = random
  for segment, file in pairs(self.names) do other.names[segment] = copy_file(file, copies) end
  for segment, file in pairs(self.durable) do
    other.durable[segment] = copy_file(file, copies)
  end
  for i, entry in ipairs(self.renamed) do
    other.renamed[i] = { segment = entry.segment, file = copy_file(entry.file, copies) }
  end
  other.stale, other.flying = self.stale, self.flying
  return other
end

return { new = new_disk, CRASH = CRASH, patterns = damage.patterns }

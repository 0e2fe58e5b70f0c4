--- Records that survive until they are released: put them, peek at them, release them.
--
-- It knows tasks that put at the same time and share one sync, and who wants to hear of
-- new records. It does not know files (core.ledger, outbox/memory.lua), nor who sends the
-- records and when they may be released (deliver.lua).

local check = require "bc260y.check"
local core = require "bc260y.core"
local memory = require "bc260y.outbox.memory"
local own = require "bc260y.loop.own"

-- Bytes of records that wait for others: then nobody waits any longer.
local WAITING_MAX = 65536
-- What core.ledger has as defaults.
local LIMIT, RECORD_MAX = 16 * 1024 * 1024, 4096

local outbox_methods = {}
local outbox_mt = { __name = "bc260y.outbox", __index = outbox_methods }

local function new_outbox(ledger, group)
  return setmetatable({
    ledger = ledger,   -- nil when closed
    group = group,     -- seconds, nil: a put syncs at once
    own_id = ledger:id(),
    waiting = {},      -- puts that are not on the disk yet
    waiting_bytes = 0,
    leader = nil,      -- the loop in which one of them waits to write them all
    listeners = {},    -- functions of on_put, replaced whole whenever it changes
    deliverer = nil,   -- who delivers from it (deliver.lua),
    disowned = nil,    -- and why nothing more is: a server knows another outbox of this id
    counts = { puts = 0, commits = 0, hook_errors = 0, last_hook_error = nil },
  }, outbox_mt)
end

-- Putting. --------------------------------------------------------------------------

-- All records of a put, or none: what was appended of one that fails is not committed.
local function append_all(ledger, put)
  for _, record in ipairs(put.records) do
    put.sequence, put.err = ledger:append(record)
    if put.err then return false end
  end
  return true
end

-- When a put fails in its middle nothing can be taken back but all of them: the others
-- are appended again.
local function append_puts(ledger, puts)
  local again
  repeat
    again = false
    for _, put in ipairs(puts) do
      if not put.err and not append_all(ledger, put) and put.records[2] then
        ledger:drop()
        again = true
        break
      end
    end
  until not again
end

local function tell(self)
  for _, listener in ipairs(self.listeners) do
    local ok, err = pcall(listener.fn)
    if not ok then
      self.counts.hook_errors = self.counts.hook_errors + 1
      self.counts.last_hook_error = err
    end
  end
end

-- Makes durable what waits, and says so to those who wait.
local function flush(self)
  local puts = self.waiting
  self.waiting, self.waiting_bytes, self.leader = {}, 0, nil
  append_puts(self.ledger, puts)
  local ok, err = self.ledger:commit()
  local stored = false
  for _, put in ipairs(puts) do
    if not ok then put.err = put.err or err end
    stored = stored or not put.err
    put.done = true
    if put.loop then put.loop:wake(put) end
  end
  self.counts.commits = self.counts.commits + 1
  if stored then tell(self) end
end

-- The first put waits for others, and writes them all. One whose loop has ended is written
-- by the next.
local function share(self, put, loop)
  if self.leader ~= loop then
    self.leader = loop
    loop:park(nil, put, self.group)
    if not put.done then flush(self) end
    return
  end
  repeat loop:park(nil, put) until put.done
end

-- Result: the records of a put, and their bytes. Raises for what is none.
local function check_records(records)
  if type(records) == "string" then return { records }, #records end
  if type(records) ~= "table" then
    error("record: string or table expected, got " .. type(records), 3)
  end
  local list, size = {}, 0
  for i, record in ipairs(records) do
    check.kind(record, "string", "record " .. i, 3)
    list[i], size = record, size + #record
  end
  for place in pairs(records) do
    if not list[place] then error("records: a list expected", 3) end
  end
  if not list[1] then error("records: none given", 3) end
  return list, size
end

--- Stores a record, or a list of them: all or none. When it returns they are on the disk
-- (in a memory outbox: in memory), and visible.
-- Result: true, sequence of the (last) record; or nil, "outbox full", "too long",
-- "disk error" or "closed": then nothing was stored.
function outbox_methods:put(records)
  local list, size = check_records(records)
  local loop = self.group and own.current()
  if loop and loop.inline then loop = nil end
  if loop then loop:check() end
  if not self.ledger then return nil, "closed" end
  local put = { records = list, loop = loop, done = false, sequence = nil, err = nil }
  table.insert(self.waiting, put)
  self.waiting_bytes = self.waiting_bytes + size
  self.counts.puts = self.counts.puts + 1
  if loop and self.waiting_bytes < WAITING_MAX then
    share(self, put, loop)
  else
    flush(self)
  end
  if put.err then return nil, put.err end
  return true, put.sequence
end

-- Getting. --------------------------------------------------------------------------

local function check_sequence(value, level)
  if type(value) ~= "number" or value < 0 or value % 1 ~= 0 then
    error("sequence: whole number expected", level + 1)
  end
end

--- A record, by default the oldest that is not released. Result: record, sequence; or nil
-- and "empty" (there is none, or not yet), "released", "damaged" (and where), "disk error",
-- "closed".
function outbox_methods:peek(sequence)
  if sequence ~= nil then check_sequence(sequence, 2) end
  if not self.ledger then return nil, "closed" end
  sequence = sequence or (self.ledger:range())
  local record, err, detail = self.ledger:read(sequence)
  if record then return record, sequence end
  return nil, err == "not yet" and "empty" or err, detail
end

--- Lets go of all records up to that one. After a crash some of them may be there again.
-- Result: true; or nil and "not yet" (it was not put), "damaged" (and where: then it can't
-- be found), "disk error", "closed".
function outbox_methods:release(sequence)
  check_sequence(sequence, 2)
  if not self.ledger then return nil, "closed" end
  return self.ledger:release(sequence)
end

--- Result: the first and the last sequence of what is not released; empty: first = last + 1.
function outbox_methods:range()
  if not self.ledger then return nil, "closed" end
  return self.ledger:range()
end

--- Result: how many records are not released, and their bytes.
function outbox_methods:size()
  if not self.ledger then return nil, "closed" end
  return self.ledger:size()
end

--- Result: the 8 bytes that, with a sequence, name a record for ever.
function outbox_methods:id()
  return self.own_id
end

local subscription_methods = {}
local subscription_mt = { __name = "bc260y.subscription", __index = subscription_methods }

local function without(list, gone)
  local rest = {}
  for _, item in ipairs(list) do
    if item ~= gone then rest[#rest + 1] = item end
  end
  return rest
end

function subscription_methods:cancel()
  self.owner.listeners = without(self.owner.listeners, self)
end

--- fn() is called when records have been stored, and when the outbox is closed. It must
-- not block; what it raises is counted. Result: a subscription with :cancel().
function outbox_methods:on_put(fn)
  check.kind(fn, "function", "fn", 2)
  local listener = setmetatable({ owner = self, fn = fn }, subscription_mt)
  local list = without(self.listeners, nil)
  list[#list + 1] = listener
  self.listeners = list
  return listener
end

--- Result: a table of counts: puts, commits, hook_errors, and those of the ledger.
function outbox_methods:stats()
  local stats = self.ledger and self.ledger:stats() or {}
  for name, value in pairs(self.counts) do stats[name] = value end
  return stats
end

--- Puts that wait for others are written first. Closing twice does nothing.
function outbox_methods:close()
  if not self.ledger then return end
  if self.waiting[1] then flush(self) end
  local ledger = self.ledger
  self.ledger = nil
  ledger:close()
  tell(self) -- who waits for records waits in vain
end

outbox_mt.__close = outbox_methods.close

-- Opening. --------------------------------------------------------------------------

local outbox = {}

local OPTIONS = {
  limit = "number", record_max = "number", id = "string",
  segment = "number", group = "number", disk = true,
}
local MEMORY_OPTIONS = { limit = "number", record_max = "number", id = "string" }

local SIZES = { "limit", "record_max", "segment" }

local function check_values(options, level)
  for _, name in ipairs(SIZES) do
    local value = options[name]
    if value and not (value >= 1 and value % 1 == 0) then
      error(name .. ": whole number expected", level + 1)
    end
  end
  if options.id and #options.id ~= 8 then error("id: 8 bytes expected", level + 1) end
end

-- What core.ledger finds out of range is raised where open was called. What a disk raises
-- goes on as it is.
local function open_ledger(level, ...)
  local ok, ledger, err, detail = pcall(core.ledger, ...)
  if ok then return ledger, err, detail end
  local said = type(ledger) == "string" and ledger:match("bad argument #%d to '[^']*' (%b())")
  if said then error(said:sub(2, -2), level + 1) end
  error(ledger, 0)
end

--- Opens an outbox, and makes it when there is none.
-- path: a folder. options: limit, bytes of all its files (16 MiB); segment, bytes of one
-- file (65,536); record_max, bytes of a record (4,096); id, 8 bytes for a new outbox
-- (random ones); group, seconds for which a put inside bc260y.run waits for others, to
-- share one sync with them (nil: not at all); disk, an object in place of the folder.
-- Result: an outbox; or nil, err, detail: "busy" (another process has it), "damaged",
-- "not an outbox", "not permitted", "no device", "disk error", "outbox full", "too long"
-- (it has a record above record_max), "invalid argument" (a path with a NUL).
function outbox.open(path, options)
  check.kind(path, "string", "path", 2)
  check.fields(options, OPTIONS, 2)
  options = options or {}
  check_values(options, 2)
  check.seconds(options.group, "group", 2)
  if path:find("\0", 1, true) then return nil, "invalid argument", "path" end
  local ledger, err, detail = open_ledger(2, options.disk or path, {
    limit = options.limit, segment = options.segment,
    record_max = options.record_max, id = options.id,
  })
  if not ledger then return nil, err, detail end
  return new_outbox(ledger, options.group)
end

--- An outbox in memory: the same calls, and all is gone with the process.
-- options: limit, bytes (16 MiB); record_max (4,096); id, 8 bytes (random ones).
function outbox.memory(options)
  check.fields(options, MEMORY_OPTIONS, 2)
  options = options or {}
  check_values(options, 2)
  return new_outbox(memory.new(options.limit or LIMIT, options.record_max or RECORD_MAX,
    options.id or core.entropy(8)))
end

return outbox

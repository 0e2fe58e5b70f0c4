-- The judge of a run: what may never happen, looked at whenever something happens.
--
-- It is told what the script puts, releases and waits for, what the other end has, and
-- when the loop turns. It knows no driver, no disk and no network. The first violation is
-- kept, in judge.violation: { kind, text, at }; whoever drives the run stops then.
--
-- A record is known by its sequence from the moment when anybody has seen it: its put
-- returned, it was found on the disk, or it was on the wire. From then on it must stay.

local SLACK = 0.01          -- seconds a call may end after its deadline: one turn of a loop
local TURNS_MAX = 40000     -- of the loop, a simulated second: 115,200 baud are 11,520 bytes
local CONNECTS_MAX = 60     -- in CONNECTS_IN seconds
local CONNECTS_IN = 600
local KEEPALIVES = 110        -- bytes of those that may go while records are in flight
local MEMORY_MAX = 2048     -- KiB above what it was when the script began

local judge_methods = {}
local judge_mt = { __index = judge_methods }

function judge_methods:fail(kind, text, ...)
  if self.violation then return end
  self.violation = { kind = kind, text = text:format(...), at = self.now() }
end

-- Records. -------------------------------------------------------------------------

local function shown(payload)
  local text = payload:sub(1, 40):gsub("[^\32-\126]", function(char)
    return ("\\x%02x"):format(char:byte())
  end)
  return ('"%s"%s'):format(text, #payload > 40 and "..." or "")
end

-- Whether somebody is putting that payload, or was when the host died.
local function claim(self, payload)
  local ticket = self.open[payload] or self.doubtful[payload]
  self.open[payload], self.doubtful[payload] = nil, nil
  return ticket
end

local function learn(self, sequence, payload)
  self.records[sequence] = payload
  if sequence > self.last then self.last = sequence end
end

--- Somebody sees that record: it has to be what was put under that sequence.
function judge_methods:look(sequence, payload, where)
  local known = self.records[sequence]
  if known == payload then return end
  if known then
    return self:fail("content", "%s: record %d is %s, and was put as %s", where, sequence,
      shown(payload), shown(known))
  end
  if not claim(self, payload) then
    return self:fail("content", "%s: record %d is %s, which nobody has put", where,
      sequence, shown(payload))
  end
  learn(self, sequence, payload)
end

--- A put begins. payloads: each is put once only. Result: a ticket for put_ended.
function judge_methods:putting(payloads)
  local ticket = { payloads = payloads }
  for i = 1, #payloads do self.open[payloads[i]] = ticket end
  return ticket
end

--- It has ended: with the sequence of its last record, or with err.
function judge_methods:put_ended(ticket, sequence, err)
  local payloads = ticket.payloads
  for i = 1, #payloads do
    local payload = payloads[i]
    self.open[payload] = nil
    if not sequence then
      if err == "disk error" then self.doubtful[payload] = ticket end
    else
      local number = sequence - #payloads + i
      local known = self.records[number]
      if known and known ~= payload then
        self:fail("reused", "put gave %d to %s, which was %s", number, shown(payload),
          shown(known))
      end
      learn(self, number, payload)
    end
  end
end

--- The host is dead: puts that had not returned may have succeeded.
function judge_methods:died()
  for payload, ticket in pairs(self.open) do self.doubtful[payload] = ticket end
  self.open, self.calls = {}, {}
  self.connects = {}
  self.sockets = {}
end

--- What the outbox holds after it was opened. peek: function(sequence) -> record, err.
function judge_methods:reopened(id, first, last, peek)
  if self.id and id ~= self.id then self:fail("outbox", "it has another id") end
  self.id = id
  for sequence = first, last do
    local payload, err = peek(sequence)
    if not payload then
      return self:fail("lost", "record %d can't be read: %s", sequence, tostring(err))
    end
    self:look(sequence, payload, "opened")
  end
  if last < self.last then
    self:fail("lost", "the outbox ends at %d, and %d was put or seen", last, self.last)
  end
  if first - 1 > self.watermark then
    self:fail("lost", "the outbox begins at %d, and no more than %d was released", first,
      self.watermark)
  end
  self.doubtful, self.let_go = {}, first - 1
end

-- The other end. -------------------------------------------------------------------

--- It has stored (application) or its TCP has taken (tcp) that record.
function judge_methods:arrived(id, sequence, payload)
  if self.id and id ~= self.id then return self:fail("content", "a frame of another outbox") end
  self:look(sequence, payload, "arrived")
  if sequence == self.arrived_last + 1 then
    self.arrived_last = sequence
  elseif sequence > self.arrived_last then
    self:fail("gap", "record %d arrived, and the last before it was %d", sequence,
      self.arrived_last)
  else
    self.duplicates = self.duplicates + 1
  end
end

--- The driver releases all records up to that one.
function judge_methods:released(sequence)
  if sequence > self.arrived_last then
    self:fail("released", "record %d, and the other end has no more than %d", sequence,
      self.arrived_last)
  end
  if sequence > self.watermark then self.watermark = sequence end
end

--- The outbox has let go of them: they are in flight no more.
function judge_methods:gone(sequence)
  if sequence > self.let_go then self.let_go = sequence end
end

-- In flight. -----------------------------------------------------------------------

local function size_of(self, from, to)
  local size = 0
  for sequence = from, to do
    local payload = self.records[sequence]
    size = size + (payload and #payload + self.overhead or 0)
  end
  return size
end

--- A connection begins: it starts at the oldest record that is not released.
-- socket: any value that stands for it.
function judge_methods:connected(socket)
  self.sockets = { [socket] = { seen = self.let_go, done = 0 } }
end

--- The module has taken `sent` bytes on that connection. While nothing waits to be released
-- none of them are in flight: then they are keepalives.
function judge_methods:sent(socket, sent)
  local stream = self.sockets[socket]
  if not stream then return end
  if self.let_go >= self.last then
    stream.done = sent
  elseif stream.seen < self.let_go then
    stream.done = stream.done + size_of(self, stream.seen + 1, self.let_go)
  end
  stream.seen = self.let_go
  local flight = sent - stream.done
  if flight > self.window + self.chunk + KEEPALIVES then
    self:fail("in flight", "%d bytes, of at most %d and a chunk of %d", flight, self.window,
      self.chunk)
  end
end

--- The driver opens a connection, or tries to.
function judge_methods:connecting()
  local times, now = self.connects, self.now()
  times[#times + 1] = now
  while times[1] <= now - CONNECTS_IN do table.remove(times, 1) end
  if #times > CONNECTS_MAX then
    self:fail("reconnects", "%d connections in %d s", #times, CONNECTS_IN)
  end
end

-- Calls and turns. -----------------------------------------------------------------

--- A call that blocks begins, and has to end within so many seconds. Result: a ticket.
function judge_methods:begins(name, seconds)
  local call = { name = name, seconds = seconds, by = self.now() + seconds + SLACK }
  self.calls[#self.calls + 1] = call
  return call
end

function judge_methods:ends(call)
  local calls = self.calls
  for i = 1, #calls do
    if calls[i] == call then
      table.remove(calls, i)
      break
    end
  end
  if self.now() > call.by then
    self:fail("deadline", "%s ended %.3f s after its %g s", call.name,
      self.now() - call.by + SLACK, call.seconds)
  end
end

--- The host stood still for so long, or something else that nobody can help.
function judge_methods:excuse(seconds)
  for i = 1, #self.calls do self.calls[i].by = self.calls[i].by + seconds end
end

--- The loop turns: it waits for its port.
function judge_methods:turn()
  local now = self.now()
  if now >= self.second + 1 then
    self.second, self.turns = now, 0
  end
  self.turns = self.turns + 1
  if self.turns > TURNS_MAX then
    self:fail("spin", "%d turns of the loop in %.3f s", self.turns, now - self.second)
  end
  local calls = self.calls
  for i = 1, #calls do
    if now > calls[i].by then
      self:fail("deadline", "%s has not ended %.3f s after its %g s", calls[i].name,
        now - calls[i].by + SLACK, calls[i].seconds)
    end
  end
end

--- Memory in use, in KiB, less what the test itself keeps.
function judge_methods:memory(kib)
  self.memory_first = self.memory_first or kib
  if kib - self.memory_first > MEMORY_MAX then
    self:fail("memory", "%.0f KiB, and %.0f at first", kib, self.memory_first)
  end
end

--- All is over: everything that put accepted has to be there.
function judge_methods:finish()
  for sequence = 1, self.last do
    if not self.records[sequence] then self:fail("gap", "sequence %d was skipped", sequence) end
  end
  if self.arrived_last < self.last then
    self:fail("lost", "%d records were put, and %d have arrived", self.last, self.arrived_last)
  end
end

--- options: now = function() -> seconds; window, chunk, and overhead of a record on its
-- way (bytes).
local function new(options)
  return setmetatable({
    now = options.now,
    window = options.window or 4096,
    chunk = options.chunk or 512,
    overhead = options.overhead or 0,
    violation = nil,
    id = nil,
    records = {},      -- by sequence, as soon as anybody has seen them
    last = 0,          -- the highest of them
    open = {},         -- payload -> ticket of a put that has not returned
    doubtful = {},     -- the same, of one that may or may not have succeeded
    arrived_last = 0,  -- the highest sequence that the other end has
    duplicates = 0,    -- records that arrived again
    watermark = 0,     -- the highest that was ever released,
    let_go = 0,        -- and as the outbox has it: a crash may undo releases, nothing else
    sockets = {},      -- the connection -> up to where it is released, in records and bytes
    connects = {},     -- times of the last attempts
    calls = {},        -- that have not ended
    second = 0,        -- of the loop's turns
    turns = 0,
    memory_first = nil,
  }, judge_mt)
end

return { new = new }

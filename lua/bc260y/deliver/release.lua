--- Delivery's ears: what has arrived, and the release of that.
--
-- It knows what a peer's program says, what counts of its TCP say, and which of it counts
-- (deliver.lua says when a record may be released). It sends nothing but the question for
-- the count.

local guarded = require "bc260y.guarded"

local concat, max = table.concat, math.max

local CHUNK_MAX = require("bc260y.socket").CHUNK_MAX

-- What the peer's program says that it has stored. Result: sequence or nil; and what is
-- wrong.
local function understand(self, bytes)
  if not self.understands then return self.reader:feed(bytes) end
  local ok, sequence = guarded(self.understands, bytes, self.session)
  if ok and sequence ~= nil
    and (type(sequence) ~= "number" or sequence < 0 or sequence % 1 ~= 0) then
    ok, sequence = false, "returned no sequence"
  end
  if not ok then return nil, "acknowledge " .. sequence end
  return sequence
end

local function emit_progress(self)
  local records, bytes = self.outbox:size()
  self.session.hooks:emit("progress", {
    sent = self.counts.records_sent,
    again = self.counts.records_again,
    released = self.counts.records_released,
    queued = records,        -- records in the outbox,
    queued_bytes = bytes,
    in_flight = self.window.size, -- and bytes of those that are on their way
  })
end

-- All records up to that one have arrived. Result: whether any is released by it.
local function release(self, sequence)
  local first = self.outbox:range()
  if not first or sequence < first then return false end
  local ok, err = self.outbox:release(sequence)
  if not ok then
    self.failure = { err }
    return false
  end
  self.window:release(sequence)
  self.released_at = self.pump:now()
  if self.session.sock == self.sock and not self.by_tcp then self.session.released = true end
  self.refusals, self.again_at = 0, nil -- the module has room again
  self.counts.records_released = self.counts.records_released + sequence - first + 1
  self.session.hooks:emit("released", sequence)
  emit_progress(self)
  return true
end

local AHEAD = "the peer has record %.0f of this outbox's id, and %.0f is the last that was put"

-- The peer's program says that it has stored all up to that one. What was not sent here it
-- can't have from here, though a program that was started again learns so of what it sent
-- before: that is sent once more. What was never put it has from another outbox of this id, a
-- copy perhaps: it would drop our records as its own. Result: whether any is released by it.
local function acknowledged(self, sequence)
  local first, last = self.outbox:range()
  if not first then return false end -- it is closed
  if sequence > last then
    self.counts.acks_refused = self.counts.acks_refused + 1
    self.outbox.disowned = AHEAD:format(sequence, last)
    self.failure = { "error", self.outbox.disowned }
    return false
  end
  if sequence > self.top then
    self.counts.acks_ahead = self.counts.acks_ahead + 1
    sequence = self.top
  end
  return release(self, sequence)
end

local function tell_gap(self, reason)
  self.counts.gaps = self.counts.gaps + 1
  self.session.hooks:emit("error", "acknowledgements may be missing: " .. reason)
end

-- Reads what the peer has sent. Result: whether anything is released by it.
local function read(self)
  local buffer, released = self.sock.buffer, false
  while not self.failure do
    local parts = {}
    if buffer:take(parts) > 0 then
      local sequence, fault = understand(self, concat(parts))
      if fault then self.failure = { "error", fault } end
      if sequence and acknowledged(self, sequence) then released = true end
    else
      local reason = buffer:take_gap()
      if not reason then break end
      tell_gap(self, reason)
    end
  end
  return released
end

-- Releases what has arrived. Result: whether anything is.
local function collect(self)
  if not self.by_tcp then return read(self) end
  local sequence = self.window:within(self.sock.acknowledged)
  return sequence ~= nil and release(self, sequence)
end

-- Asks how much the peer's TCP has, where it is time to: each half window, so that the
-- second half goes while the first is agreed on; and where the window is full, as long as
-- the answer is a new one. The rest is the session's. Result: whether it asked.
local function count(self, is_full)
  if not self.by_tcp then return false end
  local sock = self.sock
  local due = sock.sent - self.asked >= max(CHUNK_MAX, self.limit / 2)
  if is_full and not due then
    due = sock.sent > self.asked or sock.counted > max(sock.acknowledged, self.unagreed)
  end
  if not due then return false end
  self.asked, self.unagreed = sock.sent, sock.counted
  self.session:look(self.deadline)
  return true
end

return { collect = collect, count = count }

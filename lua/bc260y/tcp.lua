--- TCP sockets in LuaSocket's shape.
--
-- It knows how a stream is cut into chunks and read by patterns, and that a chunk whose
-- end is not known has to be settled by the module's own count before anything else is
-- sent. How an id is opened and closed is in socket.lua.

local check = require "bc260y.check"
local core = require "bc260y.core"
local errors = require "bc260y.errors"
local new_entry = require("bc260y.pump").entry
local socket = require "bc260y.socket"

local abort, deadline_of, ended = socket.abort, socket.deadline_of, socket.ended
local concat, encode, sub = table.concat, core.encode, string.sub
local floor, max, min = math.floor, math.max, math.min
local UNSENT = socket.UNSENT

-- The module takes 1,024 bytes in text and data mode and 512 in hex (manual 2.3.5):
-- what is in flight stays small.
local CHUNK_MAX = socket.CHUNK_MAX
local CONFIRM = 1     -- seconds, at least, between two counts that say that it did not go
local COUNT_TRIES = 3 -- a count may be torn, too
local FLUSH_FIRST = 1 -- seconds between the first two looks at the acknowledgements,
local FLUSH_MAX = 8   -- at most, as it doubles each time,
local FLUSH_LEAST = 0.1 -- at least; and what the last one is given
local FLUSH_LAST = 1

local CLOSE_OPTIONS = { flush = "number" }

local tcp_methods = {}

-- Send. ----------------------------------------------------------------------------

-- One task at a time sends on a socket: the others wait here, in order.
local function acquire(self, deadline)
  if not self.writing then
    self.writing = true
    return true
  end
  local waiter = { done = false }
  self.writers[#self.writers + 1] = waiter
  if self.pump:await(waiter, deadline) then return true end
  for i = #self.writers, 1, -1 do
    if self.writers[i] == waiter then table.remove(self.writers, i) end
  end
  return false
end

local function release(self, ...)
  local waiter = table.remove(self.writers, 1)
  if waiter then socket.wake(self, waiter) else self.writing = false end
  return ...
end

local function new_question(self)
  local entry = new_entry(encode("QISEND count", self.id))
  entry.counts, entry.asked_behind = self, self.sent
  self.pump:submit(entry)
  return entry
end

local function counted(self, entry, status)
  if not self.id then return nil, ended(self, true) end
  if status ~= "ok" then return errors.of(status, entry.code) end
  local sent, acked, unacked = core.decode("+QISEND", (entry.lines or {})[1] or "")
  if not sent then
    -- An older command's OK (calls/ask.lua), a lost line, or a byte that made it a send.
    self.pump.line:fence()
    return nil, "unsaid"
  end
  return sent, acked, unacked
end

-- What the module counts (4.1.7). A question that the call has no time for is kept in
-- keeper.question, and its answer is the next call's, where nothing was sent since: calls
-- may all be shorter than that. Result: sent, acked, unacked; or nil, err, code.
local function count(self, keeper, deadline)
  local entry = keeper.question
  if not (entry and entry.abandoned and entry.asked_behind == self.sent) then
    entry = new_question(self)
  end
  keeper.question = entry
  entry.deadline, entry.abandoned = deadline, false
  if not entry.done and not self.pump:await(entry, deadline) then
    local status = self.pump:expire(entry)
    if not entry.done then return errors.of(status) end
  end
  if keeper.question == entry then keeper.question = nil end
  return counted(self, entry, entry.done)
end

local ENDED = { reset = true, lost = true, closed = true }

-- Whether a chunk whose end is not known went: true, false; or nil, err: "timeout", or,
-- where nobody can say, what ended the connection, whose counters prove nothing any more.
local function went(self, entry, deadline)
  for _ = 1, COUNT_TRIES do
    if not self.id then return nil, ended(self, true) end
    local sent, acked, unacked = count(self, entry, deadline)
    if sent and acked + unacked == sent then
      if self.id and sent == self.sent + entry.size then return true end
      if self.id and sent == self.sent then return false end
      break
    end
    if acked == "error" then break end
    if deadline and self.pump:now() >= deadline then return nil, "timeout" end
  end
  return nil, "closed"
end

-- The same, where a no has to be said twice, some time apart and by different calls if need
-- be: the chunk may still be on its way inside the module.
local function went_for_certain(self, entry, deadline)
  local answer, err = went(self, entry, deadline)
  if answer ~= false or entry.done == "error" then return answer, err end
  local now = self.pump:now()
  entry.denied = entry.denied or now
  local again = entry.denied + CONFIRM
  if now >= again then return false end
  local late = deadline and deadline < again
  self.pump:await({ done = false }, late and deadline or again)
  if late then return nil, "timeout" end
  return went(self, entry, deadline)
end

-- Settles a chunk whose end is not known. Result: true, it went; false, it did not;
-- nil, "timeout": the caller's time is over, it is settled later; nil, err.
local function settle(self, entry, deadline)
  local answer, err = went_for_certain(self, entry, deadline)
  if answer == nil then
    if err ~= "timeout" then abort(self, "closed") end
    return nil, err
  end
  if answer then socket.went(self, entry) end
  self.pump.line:settle("send")
  return answer
end

-- What became of a chunk that has ended. Result: true; or false, err, code when it did
-- not go, nil, err when that is not known or the connection is over.
local function outcome(self, entry, deadline)
  local status = entry.done
  if status == "ok" and not entry.doubtful then return true end
  if UNSENT[status] then
    local _, err, code = errors.of(status, entry.code)
    return false, err, code
  end
  if ENDED[status] then
    local _, err = errors.of(status)
    return nil, err
  end
  if status == "no prompt" then
    abort(self, "torn")
    self.pump.line:settle("send") -- or a SEND OK that is missing would eat each later one
    return nil, "torn"
  end
  local answer, err = settle(self, entry, deadline)
  if answer ~= false then return answer, err end
  local _, why, code = errors.of(status, entry.code)
  return false, status == "ok" and "timeout" or why, code
end

-- Waits for a chunk that is queued or in flight, and says what became of it, as outcome
-- does. What can't be said in time stays pending.
local function conclude(self, entry, deadline)
  self.pending = entry
  if not entry.done and not self.pump:await(entry, deadline) then
    local status = self.pump:expire(entry)
    if status == "timeout" and not entry.done then return nil, "timeout" end
  end
  local answer, err, code = outcome(self, entry, deadline)
  if answer == nil and err == "timeout" then return nil, "timeout" end
  self.pending = nil
  if entry.done == "busy" then err = "timeout" end
  return answer, err, code
end

-- A chunk that an earlier call could not wait for. Whoever sends the same bytes again,
-- as LuaSocket's users do after a timeout, goes on where it ends.
-- Result: the index of the first byte still to be sent; or nil, err.
local function resume(self, data, from, deadline)
  local entry = self.gone
  if self.pending then
    entry = self.pending
    local answer, err = conclude(self, entry, deadline)
    if answer == nil then return nil, err end
    if not answer then entry = nil end
  end
  self.gone = nil
  if entry and sub(data, from, from + entry.size - 1) == entry.chunk then
    return from + entry.size
  end
  return from
end

--- Nobody will send again what is still on its way: no later send goes on behind it.
function tcp_methods:disown()
  if self.pending then self.pending.chunk = nil end
end

local function send_stream(self, data, from, to, rai, deadline)
  local err, code, entry, answer, range
  if self.pending or self.gone then
    local at
    at, err = resume(self, data, from, deadline)
    if not at then return nil, err, from - 1 end
    from = at
  end
  while from <= to do
    if not self.id then return nil, ended(self, entry ~= nil), from - 1 end
    local stop = from + CHUNK_MAX - 1
    if stop > to then stop = to end
    local chunk = sub(data, from, stop)
    entry, err, code, range = socket.new_chunk(self, chunk, stop == to and rai or nil)
    if not entry then return nil, err, from - 1, code, range end
    self.pump:submit(entry)
    answer, err, code = conclude(self, entry, deadline)
    if answer then
      from = stop + 1
    elseif answer == nil or not socket.falls_back(entry, deadline) then
      return nil, err, from - 1, code
    end
  end
  return from - 1
end

local function tcp_send(self, data, i, j, options)
  local rai = options and options.rai
  local from, to
  data, from, to = socket.bounds(data, i, j)
  if self.state ~= "open" then return nil, "closed", from - 1 end
  local ok, err, last, what = socket.check_sendable(self, data, from, to, rai)
  if not ok then return nil, err, last, what end
  local deadline = deadline_of(self)
  if not acquire(self, deadline) then return nil, self.pump.down or "timeout", from - 1 end
  return release(self, send_stream(self, data, from, to, rai, deadline))
end

--- Sends data from index i to j (negative: from the end), as LuaSocket does.
-- options: rai (0-2, manual 2.3.5, with the last chunk).
-- Result: the index of the last byte; or nil, err, and the index of the last byte of
-- which it is certain that it went ("timeout": go on behind it; a chunk that was still
-- on its way then is not sent twice), and then the module's number.
-- "SEND OK" says that the module has the data, not that the peer does: acked().
tcp_methods.send = socket.public(tcp_send, socket.check_send)

-- Receive. -------------------------------------------------------------------------

-- The rest of a receive: what comes is added to parts until `enough` says so.
local function gather(self, parts, enough, want)
  local buffer = self.buffer
  local deadline, waited, total = nil, false, 0
  while true do
    local done, moved = enough(buffer, parts, want and want - total)
    total = total + (moved or 0)
    if done or want == total and want > 0 then return concat(parts) end
    local reason, missing = buffer:take_gap()
    if reason then return nil, reason, concat(parts), missing end
    if not waited then deadline = deadline_of(self) end
    local ok, err = socket.await_data(self, deadline, waited)
    if not ok then
      if err == "closed" and not want and total > 0 then return concat(parts) end
      return nil, err, concat(parts)
    end
    waited = true
  end
end

local function by_line(buffer, parts)
  return buffer:take_line(parts)
end

-- With 0 bytes wanted it waits until some could be read, as LuaSocket does.
local function by_count(buffer, parts, want)
  if want == 0 then return type(buffer.items[buffer.first]) == "string" end
  return false, buffer:take(parts, want)
end

local function by_all(buffer, parts)
  return false, buffer:take(parts)
end

local PATTERNS = { ["*l"] = by_line, ["*a"] = by_all, l = by_line, a = by_all }

-- How a pattern is read: its first letter decides, as in LuaSocket, with or without the
-- star. Result: nil for what is no pattern.
local function reading(pattern)
  if type(pattern) ~= "string" then return nil end
  return PATTERNS[sub(pattern, 1, 2)] or PATTERNS[sub(pattern, 1, 1)]
end

local function check_receive(pattern, prefix)
  if socket.is_number(pattern) then
    if tonumber(pattern) < 0 then error("invalid receive pattern", 3) end
  elseif pattern ~= nil and not reading(pattern) then
    error("invalid receive pattern", 3)
  end
  if prefix ~= nil and not socket.is_text(prefix) then
    error("prefix: string expected, got " .. type(prefix), 3)
  end
end

local function tcp_receive(self, pattern, prefix)
  prefix = prefix and tostring(prefix)
  local parts = { prefix }
  local count_wanted = tonumber(pattern)
  if count_wanted then
    count_wanted = floor(count_wanted)
    local had = prefix and #prefix or 0
    if had > 0 and count_wanted <= had then return prefix end
    return gather(self, parts, by_count, count_wanted - had)
  end
  return gather(self, parts, reading(pattern or "*l"))
end

--- Receives by pattern: "*l" a line (the default; without CR and LF), "*a" all until the
-- connection is closed, a number of bytes. prefix: goes before what is received.
-- Result: data; or nil, err and what there was so far, prefix included, which is not
-- given again: "timeout", "closed", "module reset", "lost"; "overflow" and "torn" where
-- bytes are missing behind it, with their count, where it is known, as a fourth value.
tcp_methods.receive = socket.public(tcp_receive, check_receive)

-- Acknowledgements. ----------------------------------------------------------------

-- What the module counts, where it agrees with what was sent, by then. strict: where it says
-- nothing, or that it took something else, and does not take that back at once, the stream
-- may not be what was sent, and its socket ends. Result: sent, acked, unacked; or nil, err, code.
local function acked(self, deadline, strict)
  if self.state ~= "open" then return nil, "closed" end
  if self.pending then
    if not acquire(self, deadline) then return nil, self.pump.down or "timeout" end
    local entry, answer, err = self.pending, true, nil
    if entry then
      answer, err = conclude(self, entry, deadline)
      if answer then self.gone = entry end -- whoever sends it again has to be told
    end
    release(self)
    if answer == nil then return nil, err end
  end
  local sent, done, left, other
  for _ = 1, 2 do -- a chunk may be between the module's count and ours
    if not self.id then return nil, ended(self, true) end
    sent, done, left = count(self, self, deadline)
    if sent == self.sent and done + left == sent then return sent, done, left end
    other = other or done == "unsaid" or sent and sent > 0 and done + left == sent
    if not sent then
      if done == "timeout" then other = nil end -- there was no time to take it back
      break
    end
  end
  if strict and other and not self.pending then
    abort(self, "torn")
    return nil, "torn"
  end
  if sent or done == "unsaid" then done, left = "error", nil end
  -- After a disconnect it reads 0,0,0 or is refused, and `closed` may have been lost (4.1.7).
  if done == "error" then self.modem.ids:doubt() end
  return nil, done, left
end

--- What the peer has acknowledged (manual 4.1.7).
-- Result: bytes sent, acknowledged, not yet acknowledged since connect; or nil, err:
-- "closed", "error" where the module's count does not agree with ours.
tcp_methods.acked = socket.public(function(self)
  return acked(self, deadline_of(self))
end)

--- Bytes of which it is certain that the peer's TCP has them. Asks once, and by that time
-- of the port's clock (nil: no limit): what the module counts is certain once the question
-- after it agrees, since the answer names no socket (4.1.7).
-- strict: as in acked. Result: bytes; or nil, err, code, as acked.
function tcp_methods:confirmed(deadline, strict)
  local sent, done, code = acked(self, deadline, strict)
  if not sent then return nil, done, code end
  if done >= self.counted then self.acknowledged = max(self.acknowledged, self.counted) end
  self.counted = done
  return self.acknowledged
end

-- Close. ---------------------------------------------------------------------------

--- Bytes of which it is not certain that the peer has them.
function tcp_methods:unacknowledged()
  return self.sent - self.acknowledged + (self.pending and self.pending.size or 0)
end

-- Blocks until the peer has acknowledged everything, the socket has come to its end, or
-- there is no time left for another question.
local function flush(self, deadline)
  local pause = FLUSH_FIRST
  while self.state == "open" and self:unacknowledged() > 0 do
    self:confirmed(deadline)
    if self.state == "open" and self.counted > self.acknowledged then self:confirmed(deadline) end
    local now = self.pump:now()
    local seconds = min(pause, deadline - now - FLUSH_LAST)
    if self:unacknowledged() == 0 or seconds < FLUSH_LEAST then return end
    self.flusher = { done = false }
    self.pump:await(self.flusher, now + seconds)
    self.flusher = nil
    pause = min(pause * 2, FLUSH_MAX)
  end
end

local function tcp_close(self, options)
  local seconds = options and options.flush
  if not seconds then return socket.close(self) end
  local waited = self.state == "open"
  if waited and seconds > 0 then flush(self, self.pump:now() + seconds) end
  local lost = self:unacknowledged()
  local err = self.state == "open" and "not acknowledged" or ended(self, waited)
  socket.close(self)
  if lost > 0 then return nil, err, lost end
  return 1
end

local function check_close(options)
  check.options(options, CLOSE_OPTIONS, 3)
  check.seconds(options and options.flush, "flush", 3)
end

--- Closes it, and waits for CLOSE OK within the socket's timeout. Idempotent.
-- options: flush (seconds: waits so long before, at most, until the peer has acknowledged
-- everything that was sent, 4.1.10; without it the peer may miss what it has not).
-- Result: 1, with flush only where all was acknowledged; or nil, err, and of how many of
-- the bytes that were sent, the last ones, that is not known: "not acknowledged" in that
-- time, or "closed", "module reset", "lost" before it. It is closed in any case.
tcp_methods.close = socket.public(tcp_close, check_close)

local tcp_mt = socket.class("bc260y.tcp", tcp_methods)

local function new_tcp(modem, options)
  return socket.new(modem, "TCP", options, tcp_mt)
end

return { new = new_tcp }

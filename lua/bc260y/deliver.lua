--- Delivery: sends what an outbox holds, in order, and releases what has arrived.
--
-- A record may be released
--   - where the peer's program acknowledges, when that says that it has stored this one or
--     a later one, and all bytes of this one had gone to the module before;
--   - with acknowledge = "tcp", when its last byte is among those of this connection that
--     the peer's TCP has, as two counts of the module agree (manual 4.1.7).
-- Records are released whole and in order, and nothing else releases them. Each connection
-- starts with the oldest that is not released: what was in flight may come twice, with the
-- same outbox id and sequence.
--
-- It knows records, sequences and when to send, to read and to wait. It does not know how
-- a connection comes about (session.lua), whether a chunk went (tcp.lua), nor which bytes
-- are where in the stream (window.lua).

local check = require "bc260y.check"
local decide = require("bc260y.session.decide").decide
local frames = require "bc260y.frames"
local new_window = require("bc260y.window").new

local concat, find = table.concat, string.find
local max, min = math.max, math.min

local CHUNK_MAX = require("bc260y.socket").CHUNK_MAX
local WINDOW = 4096
local WINDOW_MAX = 1048576

-- Application functions. ------------------------------------------------------------

-- Calls a function of the user's, which may do anything. Result: true and its result; or
-- false and what is wrong.
local function guarded(fn, ...)
  local co = coroutine.create(function(...) return fn(...) end) -- 5.1: no C function
  local ok, result = coroutine.resume(co, ...)
  if not ok then return false, "raised: " .. tostring(result) end
  if coroutine.status(co) ~= "dead" then return false, "tried to wait" end
  return true, result
end

-- The bytes that carry a record. Result: bytes; or nil, err, detail.
local function encode(self, record, sequence)
  if not self.encode then
    if #record > frames.PAYLOAD_MAX then return nil, "too long", sequence end
    return frames.encode(self.id, sequence, record)
  end
  local ok, bytes = guarded(self.encode, record, sequence, self.id)
  if ok and (type(bytes) ~= "string" or bytes == "") then
    ok, bytes = false, "returned no bytes"
  end
  if not ok then return nil, "error", ("encode %s (record %.0f)"):format(bytes, sequence) end
  if self.session.modem.send_format == "text" and find(bytes, "[^ -~]") then
    return nil, "not supported", sequence -- manual 2.3.5: nothing else can be in it
  end
  return bytes
end

-- What the peer's program says that it has stored. Result: sequence or nil; and what is
-- wrong.
local function understand(self, bytes)
  if not self.acknowledge then return self.reader:feed(bytes) end
  local ok, sequence = guarded(self.acknowledge, bytes, self.session)
  if ok and sequence ~= nil
    and (type(sequence) ~= "number" or sequence < 0 or sequence % 1 ~= 0) then
    ok, sequence = false, "returned no sequence"
  end
  if not ok then return nil, "acknowledge " .. sequence end
  return sequence
end

-- Releasing. ------------------------------------------------------------------------

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
  self.counts.records_released = self.counts.records_released + sequence - first + 1
  self.session.hooks:emit("released", sequence)
  emit_progress(self)
  return true
end

-- The peer's program says that it has stored all up to that one. What was not begun here it
-- can't have from here, though a program that was started again learns so of what it sent
-- before: that is sent once more.
local function acknowledged(self, sequence)
  local _, last = self.outbox:range()
  if not last then return end
  if sequence > last then
    self.counts.acks_refused = self.counts.acks_refused + 1
    if not self.refused then
      self.refused = true
      self.session.hooks:emit("error",
        ("the peer acknowledges record %.0f, and %.0f is the last that was put"):format(
          sequence, last))
    end
    return
  end
  if sequence > self.begun then
    self.counts.acks_ahead = self.counts.acks_ahead + 1
    sequence = self.begun
  end
  self.stored = max(self.stored, sequence)
end

local function tell_gap(self, reason)
  self.counts.gaps = self.counts.gaps + 1
  self.session.hooks:emit("error", "acknowledgements may be missing: " .. reason)
end

-- Reads what the peer has sent.
local function read(self)
  local buffer = self.sock.buffer
  while not self.failure do
    local parts = {}
    if buffer:take(parts) > 0 then
      local sequence, fault = understand(self, concat(parts))
      if fault then self.failure = { "error", fault } end
      if sequence then acknowledged(self, sequence) end
    else
      local reason = buffer:take_gap()
      if not reason then break end
      tell_gap(self, reason)
    end
  end
end

-- Releases what has arrived. The answer to a chunk may come before its SEND OK: it counts
-- once the chunk is known to have gone. Result: whether anything is released.
local function collect(self)
  if self.by_tcp then
    local sequence = self.window:within(self.sock.acknowledged)
    return sequence ~= nil and release(self, sequence)
  end
  read(self)
  return not self.failure and release(self, min(self.stored, self.top))
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

-- Sending. --------------------------------------------------------------------------

-- A connection is there that this delivery has not used.
local function restart(self, sock)
  if self.sock then collect(self) end -- what was known of the old one holds
  self.sock, self.window = sock, new_window()
  self.reader = frames.reader(self.id)
  self.sequence, self.ready, self.fault = 0, nil, nil
  self.offset, self.asked, self.unagreed = sock.sent, sock.sent, 0
  self.stored, self.refused = 0, false
  self.patience = decide(self.session, "first_check") + decide(self.session, "second_check")
end

-- Looks at what others have put and released. Result: whether nothing is left; or nil, err.
local function look_at_outbox(self)
  local first, last = self.outbox:range()
  if not first then return nil, last end
  self.window:release(first - 1)
  if self.sequence < first then self.sequence, self.ready = first, nil end
  return first > last
end

-- The next record's bytes, or nil: there is none, or a fault, which counts once all that is
-- before it is released.
local function next_bytes(self)
  if self.ready or self.fault then return self.ready end
  local record, sequence = self.outbox:peek(self.sequence)
  if record then
    local bytes, err, detail = encode(self, record, sequence)
    if not bytes then self.fault = { err, detail } end
    self.ready = bytes
  elseif sequence ~= "empty" then
    self.fault = { sequence, self.sequence }
  end
  return self.ready
end

-- Begins records as long as they fill the next chunk, and the window has room for them; the
-- oldest goes in any case.
local function fill(self)
  local window = self.window
  while window:waiting(CHUNK_MAX) < CHUNK_MAX do
    local bytes = next_bytes(self)
    if not bytes or window.size > 0 and window.size + #bytes > self.limit then return end
    local sequence = self.sequence
    window:begin(sequence, bytes)
    self.sequence, self.ready = sequence + 1, nil
    if sequence <= self.begun then
      self.counts.records_again = self.counts.records_again + 1
      self.session.hooks:emit("duplicate", sequence)
    else
      self.begun = sequence
    end
  end
end

local function is_over(self)
  return self.deadline ~= nil and self.pump:left(self.deadline) == 0
end

-- A chunk went, which began within a record or not.
local function went(self, size, amid)
  local sock, window, session = self.sock, self.window, self.session
  if amid and sock.sent ~= self.offset + size then
    session:fail(sock, "torn") -- somebody else has sent within a record
    return
  end
  self.offset = sock.sent
  local before = window.going
  self.top = max(self.top, window:went(sock.sent, self.pump:now()) or 0)
  session.held = window:is_amid()
  self.counts.records_sent = self.counts.records_sent + window.going - before
  self.counts.bytes_sent = self.counts.bytes_sent + size
end

-- What the policy wants to be said with the last chunk, where this is it.
local function rai_of(self, size)
  local _, last = self.outbox:range()
  if self.sequence <= (last or 0) or self.window:waiting(size + 1) > size then return nil end
  local rai = decide(self.session, "rai")
  return rai and { rai = rai }
end

-- Sends the next chunk. Result: whether there was one.
local function send(self)
  local session, sock, window = self.session, self.sock, self.window
  local amid = window:is_amid()
  local chunk = window:chunk(CHUNK_MAX)
  if not chunk then return false end
  if not amid then self.offset = sock.sent end
  session.held = true
  sock:settimeout(self.deadline and self.pump:left(self.deadline))
  local options = rai_of(self, #chunk)
  local last, err, _, code = sock:send(chunk, nil, nil, options)
  if options and err == "not supported" then -- in data mode: bytes that text can't carry
    last, err, _, code = sock:send(chunk)
  end
  if last then
    went(self, #chunk, amid)
  elseif err ~= "timeout" or not is_over(self) then
    session:fail(sock, err == "error" and "send failed" or err, code)
  end
  return true
end

-- Waiting. --------------------------------------------------------------------------

-- When a peer that has all and says nothing is given up; nil: it owes nothing. The module's
-- sleep is no time.
local function patience_ends(self)
  local since = not self.by_tcp and self.window:waits_since()
  if not since then return nil end
  local limit = max(since, self.released_at) + self.patience
  if self.pump:left(limit) > 0 or not self.session.modem.wake.kind then return limit end
  self.released_at = self.pump:now()
  return self.released_at + self.patience
end

local function wait(self, waiter)
  local limit = patience_ends(self)
  if limit and self.pump:left(limit) == 0 then
    return self.session:fail(self.sock, "not acknowledged")
  end
  if self.deadline and (not limit or self.deadline < limit) then limit = self.deadline end
  self.session:pause(waiter, limit)
end

-- One step: sends, asks or waits once. Result: nil: it goes on; or what the call gives.
local function step(self)
  local waiter = { done = false }
  self.waiter = waiter
  local empty, why = look_at_outbox(self)
  if empty == nil then return { nil, why } end
  if empty and self.drain and not self.window:is_amid() then return { true } end
  if is_over(self) then return { nil, "timeout" } end
  local sock, err, code = self.session:connection(self.deadline)
  if not sock then return { nil, err, code } end
  if sock ~= self.sock then restart(self, sock) end
  if not self.encode and self.session.modem.send_format == "text" then
    return { nil, "not supported" } -- frames are binary
  end
  local released = collect(self)
  if self.failure then return { nil, self.failure[1], self.failure[2] } end
  if released then return nil end
  look_at_outbox(self)
  fill(self)
  if count(self, false) or send(self) or count(self, self.ready ~= nil) then return nil end
  if self.fault and self.window.size == 0 then return { nil, self.fault[1], self.fault[2] } end
  return wait(self, waiter)
end

-- The call. -------------------------------------------------------------------------

local COUNTS = { "records_sent", "records_again", "records_released", "bytes_sent",
  "acks_refused", "acks_ahead", "gaps" }

local function new_delivery(session, outbox)
  for _, name in ipairs(COUNTS) do session.counts[name] = session.counts[name] or 0 end
  return {
    session = session,
    pump = session.pump,
    counts = session.counts,
    outbox = outbox,
    id = outbox:id(),
    top = 0,            -- the highest sequence that went whole, on whichever connection,
    begun = 0,          -- and that was begun
    released_at = -math.huge, -- when the last was released

    sock = nil,         -- the connection that is used, and of it:
    window = new_window(),
    sequence = 0,       -- of the next record to begin
    ready = nil,        -- its bytes, for which the window had no room
    fault = nil,        -- why there is none: { err, detail }
    reader = nil,       -- of frames that acknowledge
    stored = 0,         -- the highest of what was begun that the peer has, as it says
    refused = false,    -- it has acknowledged what was never put, and that was told
    offset = 0,         -- bytes that had gone behind the last chunk
    asked = 0,          -- and when the count was last asked for,
    unagreed = 0,       -- and what the last but that had said
    patience = 0,       -- seconds without an acknowledgement

    owner = setmetatable({}, { __mode = "v" }), -- the coroutine that is in the call,
    busy = false,       -- or was when it came to its end in some other way
    listener = nil,     -- to what is put
    waiter = nil,       -- what the call waits for
    failure = nil,      -- what ends it: { err, detail }
    encode = nil, acknowledge = nil, by_tcp = false, limit = WINDOW, drain = false,
    deadline = nil,
  }
end

local MAIN = {} -- coroutine.running() is nil on the main thread of 5.1

local function running()
  return coroutine.running() or MAIN
end

-- Whether somebody else is in the midst of it, who can still go on.
local function is_busy(self)
  local co = self and self.busy and self.owner.co
  if not co or co == running() or self.pump.down or self.pump.loop.ended then return false end
  return co == MAIN or coroutine.status(co) ~= "dead"
end

-- A call that never came to its end: the chunk that it was about may be anywhere.
local function clean_up(self)
  if not self or not self.busy then return end
  self.busy = false
  if self.listener then self.listener:cancel() end
  self.session:fail(self.sock, "closed")
end

-- The delivery of that outbox over that session, which goes on where its last call ended.
local function claim(session, outbox)
  local mine, other = session.delivery, outbox.deliverer
  if is_busy(mine) then error("another task delivers over this session", 3) end
  if is_busy(other) then error("another task delivers from this outbox", 3) end
  clean_up(mine)
  clean_up(other)
  if mine and mine.outbox ~= outbox then
    if mine.window:is_amid() then session:fail(mine.sock, "closed") end
    mine = nil
  end
  mine = mine or new_delivery(session, outbox)
  session.delivery, outbox.deliverer = mine, mine
  mine.owner.co, mine.busy = running(), true
  return mine
end

local function configure(self, options)
  self.encode = options.encode
  self.by_tcp = options.acknowledge == "tcp"
  self.acknowledge = not self.by_tcp and options.acknowledge or nil
  self.limit = options.window or WINDOW
  self.drain = options.drain or false
  self.deadline = options.timeout and self.pump:now() + options.timeout
  self.failure, self.ready, self.fault = nil, nil, nil
  self.session.keepalive_bytes = not self.encode and frames.encode(self.id, 0, "") or nil
  self.listener = self.outbox:on_put(function()
    self.waiter.done = true
    self.pump.loop:wake(self.waiter)
  end)
end

-- The call ends. A record that has gone in part keeps its connection only for a call that
-- may go on with it.
local function leave(self, result)
  self.listener:cancel()
  self.listener, self.busy, self.outbox.deliverer = nil, false, nil
  if result[2] ~= "timeout" and self.window:is_amid() then
    self.session:fail(self.sock, "closed")
  end
  return result[1], result[2], result[3]
end

local function deliver(session, outbox, options)
  local self = claim(session, outbox)
  configure(self, options or {})
  local result
  repeat
    result = step(self)
    -- Without a loop hooks run between steps: a long delivery has more events than wait.
    if self.pump.loop.inline then session.hooks:run() end
  until result
  return leave(self, result)
end

local OUTBOX_METHODS = { "peek", "release", "range", "size", "id", "on_put" }
local OPTIONS = {
  drain = "boolean", timeout = "number", window = "number", encode = "function",
  acknowledge = true,
}

local function check_arguments(outbox, options)
  check.kind(outbox, "table", "outbox", 3)
  for _, name in ipairs(OUTBOX_METHODS) do
    if not outbox[name] then error("outbox: has no " .. name, 3) end
  end
  check.options(options, OPTIONS, 3)
  options = options or {}
  local size, acknowledge = options.window, options.acknowledge
  if size and not (size >= 1 and size <= WINDOW_MAX and size % 1 == 0) then
    error("window: 1 to 1048576 bytes expected", 3)
  end
  if acknowledge ~= nil and acknowledge ~= "tcp" and type(acknowledge) ~= "function" then
    error('acknowledge: "tcp" or a function expected', 3)
  end
  if options.encode and acknowledge == nil then
    error("acknowledge: expected with encode, whose bytes nobody else can tell", 3)
  end
end

return { deliver = deliver, check = check_arguments }

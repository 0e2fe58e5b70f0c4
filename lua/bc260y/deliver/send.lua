--- Delivery's mouth: records become chunks of a stream, and go out as the window allows.
--
-- It knows what may be begun, what is tried again on the same connection, and which end of
-- a chunk is the end of a connection. It releases nothing.

local decide = require("bc260y.session.decide").decide
local frames = require "bc260y.frames"
local guarded = require "bc260y.guarded"

local find, max, min = string.find, math.max, math.min

local CHUNK_MAX = require("bc260y.socket").CHUNK_MAX
local ROOM_MIN = 1024   -- bytes in flight that a module is believed to have room for
local REFUSED_MAX = 4   -- times that a chunk is refused in a row, while nothing moves
local REFUSED_PAUSE = 2 -- seconds before it is tried again, doubled each time

local function is_over(self)
  return self.deadline ~= nil and self.pump:left(self.deadline) == 0
end

-- The bytes that carry a record. Result: bytes; or nil, err, detail.
local function encode(self, record, sequence)
  if not self.encoder then
    if #record > frames.PAYLOAD_MAX then return nil, "too long", sequence end
    return frames.encode(self.id, sequence, record)
  end
  local ok, bytes = guarded(self.encoder, record, sequence, self.id)
  if ok and (type(bytes) ~= "string" or bytes == "") then
    ok, bytes = false, "returned no bytes"
  end
  if not ok then return nil, "error", ("encode %s (record %.0f)"):format(bytes, sequence) end
  if self.session.modem.send_format == "text" and find(bytes, "[^ -~]") then
    return nil, "not supported", sequence -- manual 2.3.5: nothing else can be in it
  end
  return bytes
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
  elseif sequence == "closed" then
    self.fault = { sequence }
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
    if not bytes or window.size > 0 and window.size + #bytes > min(self.limit, self.room) then
      return
    end
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

-- A chunk went, which began within a record or not.
local function went(self, size, amid)
  local sock, window, session = self.sock, self.window, self.session
  if amid and sock.sent ~= self.offset + size then
    session:fail(sock, "torn") -- somebody else has sent within a record
    return
  end
  self.offset, self.refusals, self.again_at = sock.sent, 0, nil
  local before = window.going
  window:went(sock.sent, self.pump:now())
  session.held = window:is_amid()
  self.counts.records_sent = self.counts.records_sent + window.going - before
  self.counts.bytes_sent = self.counts.bytes_sent + size
  if session.released == nil and not self.by_tcp then session.released = false end
end

-- The module has not taken a chunk, for certain: it may have no room until the peer has
-- acknowledged more. It gets no more from now on than it had then.
local function refused(self, code)
  local sock, window = self.sock, self.window
  self.refusals = self.refusals + 1
  -- While anything is on its way the peer may still make room: 4.2 says for how long.
  local is_moving = sock:unacknowledged() > 0
  if sock.sent == 0 or self.refusals > REFUSED_MAX and not is_moving then
    return self.session:fail(sock, "send failed", code)
  end
  self.room = max(ROOM_MIN, window.size - window:waiting(window.size))
  self.again_at = self.pump:now() + REFUSED_PAUSE * 2 ^ min(self.refusals - 1, REFUSED_MAX - 1)
  self.acked = sock.acknowledged
end

-- Whether a chunk that was refused has to wait for room, or for the end of a message.
local function is_held_up(self)
  if self.session.sending == self.sock then return true end
  if not self.again_at then return false end
  if self.sock.acknowledged > self.acked then self.refusals, self.again_at = 0, nil end
  return self.again_at ~= nil and self.pump:left(self.again_at) > 0
end

-- What the policy wants to be said with the last chunk, where this is it.
local function rai_of(self, size)
  local first, last = self.outbox:range()
  if not first or self.sequence <= last or self.window:waiting(size + 1) > size then return nil end
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
  self.top = max(self.top, window.handed)
  session.held = true
  sock:settimeout(self.deadline and self.pump:left(self.deadline))
  local options = rai_of(self, #chunk)
  local last, err, _, code = sock:send(chunk, nil, nil, options)
  if options and err == "not supported" then -- in data mode: bytes that text can't carry
    last, err, _, code = sock:send(chunk)
  end
  if last then
    went(self, #chunk, amid)
  elseif err == "error" and sock.state == "open" then
    refused(self, code)
  elseif err ~= "timeout" or not is_over(self) then
    session:fail(sock, err, code)
  end
  return true
end

return { fill = fill, send = send, is_held_up = is_held_up, is_over = is_over }

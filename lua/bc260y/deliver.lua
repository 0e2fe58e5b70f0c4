--- Delivery: sends what an outbox holds, in order, and releases what has arrived.
--
-- A record may be released
--   - where the peer's program acknowledges, when that says that it has stored this one or
--     a later one, and all bytes of this one were sent by then, though it may not be known
--     that the module took them: the peer knows;
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
local release = require "bc260y.deliver.release"
local send = require "bc260y.deliver.send"

local max, min = math.max, math.min

local WINDOW = 4096
local WINDOW_MAX = 1048576

-- One step. -----------------------------------------------------------------------

-- A connection is there that this delivery has not used.
local function restart(self, sock)
  if self.sock then release.collect(self) end -- what was known of the old one holds
  self.sock, self.window = sock, new_window()
  self.reader = frames.reader(self.id)
  self.sequence, self.ready, self.fault = 0, nil, nil
  self.offset, self.asked, self.unagreed = sock.sent, sock.sent, 0
  self.prodded_at = -math.huge
  self.room, self.refusals, self.again_at = math.huge, 0, nil
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

-- When a peer that has all and says nothing is given up; nil: it owes nothing.
local function patience_ends(self)
  local since = not self.by_tcp and self.window:waits_since()
  return since and max(since, self.released_at, self.prodded_at) + self.patience
end

-- The peer has all and says nothing. A module that sleeps may not have heard it: it is
-- woken by a question, once, and the time begins anew.
local function give_up(self)
  if not self.session.modem.wake.kind or self.prodded_at > self.released_at then
    return self.session:fail(self.sock, "not acknowledged")
  end
  self.session:look(self.deadline)
  self.prodded_at = self.pump:now()
end

local function earlier(a, b)
  return a and b and min(a, b) or a or b
end

local function wait(self, waiter)
  local limit = patience_ends(self)
  if limit and self.pump:left(limit) == 0 then return give_up(self) end
  self.session:pause(waiter, earlier(earlier(limit, self.deadline), self.again_at))
end

-- One step: sends, asks or waits once. Result: nil: it goes on; or what the call gives.
local function step(self)
  local waiter = { done = false }
  self.waiter = waiter
  local empty, why = look_at_outbox(self)
  if empty == nil then return { nil, why } end
  if self.outbox.disowned then return { nil, "error", self.outbox.disowned } end
  if empty and self.drain and not self.window:is_amid() then return { true } end
  if send.is_over(self) then return { nil, "timeout" } end
  local sock, err, code = self.session:connection(self.deadline, waiter)
  if not sock and err == "woken" then return nil end -- the outbox may be closed
  if not sock then return { nil, err, code } end
  if sock ~= self.sock then restart(self, sock) end
  if not self.encoder and self.session.modem.send_format == "text" then
    return { nil, "not supported" } -- frames are binary
  end
  local released = release.collect(self)
  if self.failure then return { nil, self.failure[1], self.failure[2] } end
  if released then return nil end
  look_at_outbox(self)
  send.fill(self)
  local held_up = send.is_held_up(self)
  if release.count(self, false) or not held_up and send.send(self)
    or release.count(self, held_up or self.ready ~= nil) then
    return nil
  end
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
    top = 0,            -- the highest sequence that was sent whole, on any connection,
    begun = 0,          -- and that was begun
    released_at = -math.huge, -- when the last was released

    sock = nil,         -- the connection that is used, and of it:
    window = new_window(),
    sequence = 0,       -- of the next record to begin
    ready = nil,        -- its bytes, for which the window had no room
    fault = nil,        -- why there is none: { err, detail }
    reader = nil,       -- of frames that acknowledge
    offset = 0,         -- bytes that had gone behind the last chunk
    asked = 0,          -- and when the count was last asked for,
    unagreed = 0,       -- and what the last but that had said
    patience = 0,       -- seconds without an acknowledgement,
    prodded_at = -math.huge, -- and when a module that sleeps was woken for one
    room = math.huge,   -- bytes in flight that the module has room for
    refusals = 0,       -- times that it has not taken a chunk, in a row,
    again_at = nil,     -- when that is tried again,
    acked = 0,          -- or once more than this is acknowledged

    owner = setmetatable({}, { __mode = "v" }), -- the coroutine that is in the call,
    busy = false,       -- or was when it came to its end in some other way
    listener = nil,     -- to what is put
    waiter = nil,       -- what the call waits for
    failure = nil,      -- what ends it: { err, detail }
    encoder = nil, understands = nil, by_tcp = false, limit = WINDOW, drain = false,
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
  self.encoder = options.encode
  self.by_tcp = options.acknowledge == "tcp"
  self.understands = not self.by_tcp and options.acknowledge or nil
  self.limit = options.window or WINDOW
  self.drain = options.drain or false
  self.deadline = options.timeout and self.pump:now() + options.timeout
  self.failure, self.ready, self.fault = nil, nil, nil
  self.session.keepalive_bytes = not self.encoder and frames.encode(self.id, 0, "") or nil
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

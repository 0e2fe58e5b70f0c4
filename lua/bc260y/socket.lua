--- TCP and UDP sockets in LuaSocket's shape, over one id of the module each.
--
-- It knows how data is cut into QISENDs and how a stream is read, and that a send whose
-- end is not known has to be settled before anything else is sent. How commands reach
-- the module is the pump's business, which id is free that of ids.lua.

local attach = require "bc260y.attach"
local core = require "bc260y.core"
local errors = require "bc260y.errors"
local new_buffer = require("bc260y.buffer").new
local new_entry = require("bc260y.pump").entry

local concat, encode, sub = table.concat, core.encode, string.sub

-- One chunk of a TCP stream: what is in flight stays small (the module takes 1,024 in
-- text and data mode, 512 in hex).
local CHUNK_MAX = 512
local DATAGRAM_MAX = { text = 1024, raw = 1024, hex = 512 } -- manual 2.3.5
local OPEN_TRIES = 2     -- an id in use may show as ERROR or as 563 (wire forms)
local CONFIRM = 1        -- seconds between two counts of what was sent

local tcp_methods, udp_methods = {}, {}
local tcp_mt = { __name = "bc260y.tcp", __index = tcp_methods }
local udp_mt = { __name = "bc260y.udp", __index = udp_methods }

local function new_socket(modem, service, options, mt)
  return setmetatable({
    modem = modem,
    pump = modem.pump,
    service = service,
    local_port = options.local_port or 0,
    state = "new",     -- "new", "open", "closed"
    reason = nil,      -- why it is closed, told to whoever was waiting then
    id = nil,          -- while the module has something open for it
    token = nil,       -- its finalizer gives the id back when the socket is dropped
    host = nil,
    port = nil,
    buffer = new_buffer(options.buffer or modem.buffer_size),
    reader = nil,      -- who waits for data
    writing = false,   -- a send or its settlement is going on
    writers = {},      -- who waits for that to end
    pending = nil,     -- a chunk whose end its caller did not wait for
    sent = 0,          -- bytes of which it is certain that the module took them
    received = 0,
    opened_at = nil,
    block = nil,       -- settimeout, seconds
    total = nil,
  }, mt)
end

-- Helpers. -------------------------------------------------------------------------

local function check_seconds(value)
  if value ~= nil and type(value) ~= "number" then
    error("timeout: number expected, got " .. type(value), 3)
  end
end

local function deadline_of(self)
  local seconds = self.block
  if self.total and (not seconds or self.total < seconds) then seconds = self.total end
  return seconds and self.pump.port:now() + seconds
end

local function wake(self, waiter)
  if waiter and not waiter.done then
    waiter.done = true
    self.pump.loop:wake(waiter)
  end
end

-- What a call on a socket that is not open is told. waited: it was open when it began.
local function ended(self, waited)
  return waited and self.reason or "closed"
end

-- Hooks that run in the caller's thread do so when its outermost call returns.
local function leave(self, ...)
  self.modem.hooks:run()
  return ...
end

local function public(fn)
  return function(self, ...)
    local loop = self.pump.loop
    loop:check()
    if loop.inline then return leave(self, fn(self, ...)) end
    return fn(self, ...)
  end
end

-- The id and its end. --------------------------------------------------------------

-- Tables have no finalizer on 5.1. It may only mark the id: the pump sends QICLOSE.
local function new_token(ids, id)
  local token = { armed = true, object = nil }
  local function release()
    if not token.armed then return end
    ids.dropped[id] = true
    ids.chores.due = true
  end
  if newproxy then
    token.object = newproxy(true)
    getmetatable(token.object).__gc = release
  else
    token.object = setmetatable({}, { __gc = release })
  end
  return token
end

-- The socket has no id any more. Result: the one that it had.
local function give_up_id(self)
  local id = self.id
  self.id = nil
  if self.token then self.token.armed = false end
  self.token = nil
  return id
end

local function shut(self, reason)
  if self.state == "closed" then return end
  self.state = "closed"
  self.reason = reason
  wake(self, self.reader)
end

-- Its connection has come to an end by itself; QICLOSE follows when the line is idle.
local function abort(self, reason)
  local id = give_up_id(self)
  if id then self.modem.ids:retire(id) end
  shut(self, reason)
end

-- What the modem tells. ------------------------------------------------------------

local shared = {}

function shared:payload(bytes)
  self.received = self.received + #bytes
  if self.state == "closed" then return end
  self.buffer:push(bytes)
  wake(self, self.reader)
end

function shared:gap(reason)
  self.buffer:gap(reason)
  wake(self, self.reader)
end

function shared:remote_closed()
  if self.state == "open" then abort(self, "closed") end
end

-- The module or the port is gone, and with it the id.
function shared:fail(reason)
  give_up_id(self)
  shut(self, reason)
end

-- Connect. -------------------------------------------------------------------------

-- The open's end, also when nobody waits for it any more.
local function opened(entry)
  local self, id, status = entry.socket, entry.id, entry.status
  local ids = entry.ids
  if status == "ok" and not entry.abandoned then
    ids:settle(id, self)
    self.id, self.state = id, "open"
    self.token = new_token(ids, id)
  elseif status == "busy" or status == "no response" or status == "reset"
    or status == "invalid argument" or status == "too long" then
    ids:release(id)
  else
    ids:retire(id) -- 2.3.2 note 3
  end
end

local function take_id(self, deadline)
  local ids = self.modem.ids
  while true do
    local id, foreign = ids:take()
    if not id then
      if not ids:returning() then return nil, errors.codes[563], 563 end
      if not ids:await(deadline) then return nil, self.pump.down or "timeout" end
    elseif not foreign then
      return id
    else
      local entry = ids:close(id)
      entry.deadline = deadline
      local status = self.pump:execute(entry)
      if status == "lost" or status == "closed" then return nil, status end
      if self.pump.port:now() >= (deadline or math.huge) then return nil, "timeout" end
    end
  end
end

local function open_once(self, host, port, deadline)
  local ids = self.modem.ids
  local id, err, code = take_id(self, deadline)
  if not id then return nil, err, code end
  local text, fault, what, range = encode("QIOPEN", id, self.service, host, port, self.local_port)
  if not text then
    ids:release(id)
    return nil, fault, what, range
  end
  local entry = new_entry(text)
  entry.socket, entry.id, entry.ids = self, id, ids
  entry.deadline, entry.finished = deadline, opened
  ids.sockets[id] = self -- data may come in one piece with the success
  local status = self.pump:execute(entry)
  if status == "ok" then return true end
  if status == "busy" then return nil, "timeout" end
  return errors.of(status, entry.done and entry.code or nil)
end

local function is_ready(self, deadline)
  local modem = self.modem
  if self.pump.down then return nil, self.pump.down end
  if not modem.address then return nil, "not attached" end -- 2.3.2 note 4
  if modem.send_format then return true end
  return attach.ensure_format(modem, deadline)
end

local function connect(self, host, port)
  if self.state == "open" then return nil, "already connected" end
  if self.state == "closed" then return nil, "closed" end
  if self.connecting then error("another task is connecting this socket", 4) end
  local deadline = deadline_of(self)
  local ok, err, code, range = is_ready(self, deadline)
  local tries = 0
  self.connecting = true
  while ok do
    tries = tries + 1
    ok, err, code, range = open_once(self, host, port, deadline)
    if ok or tries == OPEN_TRIES or not (err == "error" or code == 563) then break end
    ok = true
  end
  self.connecting = false
  if not ok then return nil, err, code, range end
  self.host, self.port = host, port
  self.opened_at = self.pump.port:now()
  return 1
end

--- Connects (manual 2.3.2). host: a name or address. port: 1-65535.
-- Result: 1; or nil, err, code: the manual's words for 550-574, "not attached" before
-- the module has an address, "timeout" (the open goes on, and is closed when it succeeds),
-- "already connected", "closed", "invalid argument" and which.
function shared:connect(host, port)
  if type(host) ~= "string" then error("host: string expected, got " .. type(host), 2) end
  local number = tonumber(port)
  if not number then error("port: number expected, got " .. type(port), 2) end
  local loop = self.pump.loop
  loop:check()
  if loop.inline then return leave(self, connect(self, host, number)) end
  return connect(self, host, number)
end

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
  if waiter then wake(self, waiter) else self.writing = false end
  return ...
end

-- A chunk's end, also when its caller has left. Certain successes count at once.
local function chunk_ended(entry)
  if entry.status == "ok" and not entry.doubtful then
    entry.socket.sent = entry.socket.sent + entry.size
  end
end

local function new_chunk(self, chunk, rai)
  local format = self.modem.send_format
  local text, err, what, range
  if format == "hex" then
    text, err, what, range = encode("QISEND hex", self.id, chunk, rai)
  elseif format == "text" or rai then -- data mode has no rai: its setting is text
    text, err, what, range = encode("QISEND text", self.id, chunk, rai)
  else
    text, err, what, range = encode("QISEND raw", self.id, #chunk)
  end
  if not text then return nil, err, what, range end
  local entry = new_entry(text)
  entry.data = format == "raw" and not rai and chunk or nil
  entry.socket, entry.size, entry.chunk = self, #chunk, chunk
  entry.finished = chunk_ended
  return entry
end

-- What the module counts (4.1.7). Result: sent, acked, unacked; or nil, err, code.
local function count(self, deadline)
  local entry = new_entry(encode("QISEND count", self.id))
  entry.deadline = deadline
  local status = self.pump:execute(entry)
  if status ~= "ok" then return errors.of(status, entry.done and entry.code or nil) end
  local sent, acked, unacked = core.decode("+QISEND", (entry.lines or {})[1] or "")
  if not sent then return nil, "error" end
  return sent, acked, unacked
end

-- Statuses of commands of which not a byte was sent.
local UNSENT = {
  busy = true, ["no response"] = true, ["invalid argument"] = true, ["too long"] = true,
}
local ENDED = { reset = true, lost = true, closed = true }

-- Whether a chunk whose end is not known went: true, false, or nil when nobody can say.
-- Counters of a connection that has ended prove nothing.
local function went(self, entry, deadline)
  local sent, acked, unacked = count(self, deadline)
  if not sent then return nil, acked end
  if not self.id or acked + unacked ~= sent then return nil, "closed" end
  if sent == self.sent + entry.size then return true end
  if sent == self.sent then return false end
  return nil, "closed"
end

-- Settles a chunk whose end is not known. Result: true, it went; false, it did not;
-- nil, "timeout": the caller's time is over, it is settled later; nil, "closed".
local function settle(self, entry, deadline)
  if not self.id then return nil, ended(self, true) end
  local answer, err = went(self, entry, deadline)
  if answer == false and entry.status ~= "error" then
    -- It may still be on its way inside the module: a no has to be said twice.
    self.pump:await({ done = false }, self.pump.port:now() + CONFIRM)
    if not self.id then return nil, ended(self, true) end
    answer, err = went(self, entry, deadline)
  end
  if answer == nil then
    if err == "timeout" and deadline and self.pump.port:now() >= deadline then
      return nil, "timeout"
    end
    if err == "busy" then return nil, "timeout" end
    abort(self, "closed")
    return nil, "closed"
  end
  if answer then self.sent = self.sent + entry.size end
  self.pump.exchange:settle("send")
  return answer
end

-- What became of a chunk that has ended. Result: true; or false, err, code when it did
-- not go, nil, err when that is not known or the connection is over.
local function outcome(self, entry, deadline)
  local status = entry.status
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
  if entry.status == "busy" then err = "timeout" end
  return answer, err, code
end

-- A chunk that an earlier call could not wait for. Whoever sends the same bytes again,
-- as LuaSocket's users do after a timeout, goes on where it ends.
-- Result: the index of the first byte still to be sent; or nil, err.
local function resume(self, data, from, deadline)
  local entry = self.pending
  local answer, err = conclude(self, entry, deadline)
  if answer == nil then return nil, err end
  if answer and sub(data, from, from + entry.size - 1) == entry.chunk then
    return from + entry.size
  end
  return from
end

local function send_stream(self, data, from, to, rai, deadline)
  local err, code, entry, answer, range
  if self.pending then
    local at
    at, err = resume(self, data, from, deadline)
    if not at then return nil, err, from - 1 end
    from = at
  end
  while from <= to do
    if not self.id then return nil, ended(self, entry ~= nil), from - 1 end
    local stop = from + CHUNK_MAX - 1
    if stop > to then stop = to end
    entry, err, code, range = new_chunk(self, sub(data, from, stop), stop == to and rai or nil)
    if not entry then return nil, err, from - 1, code, range end
    self.pump:submit(entry)
    answer, err, code = conclude(self, entry, deadline)
    if not answer then return nil, err, from - 1, code end
    from = stop + 1
  end
  return from - 1
end

-- Text mode carries 0x20-0x7E alone (manual 2.3.5): nothing is sent of what holds more.
local function check_sendable(self, data, from, to, rai)
  local format = self.modem.send_format
  if format == "text" then
    local bad = data:find("[^ -~]", from)
    if bad and bad <= to then return nil, "invalid argument", from - 1, "data" end
  elseif format == "raw" and rai and rai ~= 0 then
    local last = math.max(from, to - (to - from) % CHUNK_MAX)
    local bad = data:find("[^ -~]", last)
    if bad and bad <= to then return nil, "not supported", from - 1 end
  end
  return true
end

local function read_rai(options)
  if options == nil then return nil end
  if type(options) ~= "table" then error("options: table expected, got " .. type(options), 4) end
  local rai = options.rai
  if rai ~= nil and rai ~= 0 and rai ~= 1 and rai ~= 2 then error("rai: 0 to 2 expected", 4) end
  return rai
end

local function bounds(data, i, j)
  local size = #data
  local from, to = i or 1, j or -1
  if from < 0 then from = size + from + 1 end
  if to < 0 then to = size + to + 1 end
  if from < 1 then from = 1 end
  if to > size then to = size end
  return from, to
end

local function check_send(data, i, j)
  if type(data) ~= "string" then error("data: string expected, got " .. type(data), 3) end
  if i ~= nil and type(i) ~= "number" or j ~= nil and type(j) ~= "number" then
    error("index: number expected", 3)
  end
end

local function tcp_send(self, data, i, j, options)
  local rai = read_rai(options)
  local from, to = bounds(data, i, j)
  if self.state ~= "open" then return nil, "closed", from - 1 end
  local ok, err, last, what = check_sendable(self, data, from, to, rai)
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
function tcp_methods:send(data, i, j, options)
  check_send(data, i, j)
  local loop = self.pump.loop
  loop:check()
  if loop.inline then return leave(self, tcp_send(self, data, i, j, options)) end
  return tcp_send(self, data, i, j, options)
end

local function udp_send(self, data, i, j, options)
  local rai = read_rai(options)
  local from, to = bounds(data, i, j)
  if self.state ~= "open" then return nil, "closed" end
  local size = to - from + 1
  if size < 1 then return nil, "invalid argument", "data" end -- a length of 0 asks (2.3.5)
  if size > DATAGRAM_MAX[self.modem.send_format] then return nil, "too long" end
  local ok, err, _, what = check_sendable(self, data, from, to, rai)
  if not ok then return nil, err, what end
  local entry, fault, name = new_chunk(self, sub(data, from, to), rai)
  if not entry then return nil, fault, name end
  entry.deadline = deadline_of(self)
  local status = self.pump:execute(entry)
  if status == "ok" then return size end
  if status == "no prompt" then abort(self, "torn") end
  -- Nothing counts datagrams: it stays unknown whether this one went, as for any.
  if entry.done and not UNSENT[status] then self.pump.exchange:settle("send") end
  return errors.of(status == "busy" and "timeout" or status, entry.done and entry.code or nil)
end

--- Sends one datagram, never split. Result: its size; or nil, err, code: "too long" above
-- 1,024 bytes (512 in hex), "timeout" when it is not known whether it went.
function udp_methods:send(data, i, j, options)
  check_send(data, i, j)
  local loop = self.pump.loop
  loop:check()
  if loop.inline then return leave(self, udp_send(self, data, i, j, options)) end
  return udp_send(self, data, i, j, options)
end

-- Receive. -------------------------------------------------------------------------

-- Blocks until something has come. Result: false and why nothing will.
local function await_data(self, deadline, waited)
  if self.state ~= "open" then return false, ended(self, waited) end
  if self.reader and not self.pump.loop.inline then
    error("another task receives on this socket", 4)
  end
  local waiter = { done = false }
  self.reader = waiter
  local done = self.pump:await(waiter, deadline)
  self.reader = nil
  if done or self.state ~= "open" then return true end
  return false, self.pump.down or "timeout"
end

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
    local ok, err = await_data(self, deadline, waited)
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

local function tcp_receive(self, pattern, prefix)
  local parts = { prefix }
  if type(pattern) == "number" then
    local had = prefix and #prefix or 0
    if had > 0 and pattern <= had then return prefix end
    return gather(self, parts, by_count, pattern - had)
  end
  if pattern == "*a" then return gather(self, parts, by_all) end
  return gather(self, parts, by_line)
end

local PATTERNS = { ["*l"] = "*l", ["*a"] = "*a", l = "*l", a = "*a" }

--- Receives by pattern: "*l" a line (the default; without CR and LF), "*a" all until the
-- connection is closed, a number of bytes. prefix: goes before what is received.
-- Result: data; or nil, err and what there was so far, prefix included, which is not
-- given again: "timeout", "closed", "module reset", "lost"; "overflow" and "torn" where
-- bytes are missing behind it, with their count, where it is known, as a fourth value.
function tcp_methods:receive(pattern, prefix)
  if pattern == nil then pattern = "*l" end
  if type(pattern) == "number" then
    if not (pattern >= 0 and pattern % 1 == 0) then error("invalid receive pattern", 2) end
  else
    pattern = PATTERNS[pattern]
    if not pattern then error("invalid receive pattern", 2) end
  end
  if prefix ~= nil and type(prefix) ~= "string" then
    error("prefix: string expected, got " .. type(prefix), 2)
  end
  local loop = self.pump.loop
  loop:check()
  if loop.inline then return leave(self, tcp_receive(self, pattern, prefix)) end
  return tcp_receive(self, pattern, prefix)
end

local function udp_receive(self, size)
  local buffer = self.buffer
  local deadline, waited = nil, false
  while true do
    local datagram = buffer:take_piece()
    if datagram then return size and sub(datagram, 1, size) or datagram end
    local reason, missing = buffer:take_gap()
    if reason then return nil, reason, missing end
    if not waited then deadline = deadline_of(self) end
    local ok, err = await_data(self, deadline, waited)
    if not ok then return nil, err end
    waited = true
  end
end

--- Receives one datagram; what is longer than size is dropped, as LuaSocket does.
-- A piece of 1,024 bytes may be a fragment: the module cuts longer ones (2.4 note 4).
-- Result: datagram; or nil, err: "timeout", "closed", "overflow" and "torn" where some
-- are missing.
function udp_methods:receive(size)
  if size ~= nil and (type(size) ~= "number" or size ~= size or size < 0) then
    error("size: number expected", 2)
  end
  local loop = self.pump.loop
  loop:check()
  if loop.inline then return leave(self, udp_receive(self, size)) end
  return udp_receive(self, size)
end

-- The rest. ------------------------------------------------------------------------

local function acked(self)
  local deadline = deadline_of(self)
  if self.state ~= "open" then return nil, "closed" end
  if self.pending then
    if not acquire(self, deadline) then return nil, self.pump.down or "timeout" end
    local answer, err = true, nil
    if self.pending then answer, err = conclude(self, self.pending, deadline) end
    release(self)
    if answer == nil then return nil, err end
  end
  local sent, done, left
  for _ = 1, 2 do -- a chunk may be between the module's count and ours
    if not self.id then return nil, ended(self, true) end
    sent, done, left = count(self, deadline)
    if not sent then return nil, done, left end
    if sent == self.sent and done + left == sent then return sent, done, left end
  end
  -- After a disconnect it reads 0,0,0, and `closed` may have been lost (4.1.7).
  self.modem.ids:doubt()
  return nil, "error"
end

--- What the peer has acknowledged (manual 4.1.7).
-- Result: bytes sent, acknowledged, not yet acknowledged since connect; or nil, err:
-- "closed", "error" where the module's count does not agree with ours.
tcp_methods.acked = public(acked)

--- The module counts for TCP alone: nil, "not supported".
function udp_methods.acked()
  return nil, "not supported"
end

local function close(self)
  local id = give_up_id(self)
  local was = self.state
  shut(self, "closed")
  self.buffer = new_buffer(0)
  if not id or was ~= "open" or self.pump.down then return 1 end
  local entry = self.modem.ids:close(id)
  entry.deadline = deadline_of(self)
  self.pump:execute(entry)
  return 1
end

--- Closes it, and waits for CLOSE OK within the socket's timeout. Idempotent.
-- What the peer has not acknowledged may be lost (4.1.10): look at acked() before.
shared.close = public(close)

--- Sets how long a call may block, in seconds; nil or negative: no limit. A call takes
-- no longer as a whole. mode: "b" (default) or "t", of which the shorter counts.
function shared:settimeout(value, mode)
  check_seconds(value)
  if mode ~= nil and mode ~= "b" and mode ~= "t" then error("invalid timeout mode", 2) end
  if value and value < 0 then value = nil end
  if mode == "t" then self.total = value else self.block = value end
  return 1
end

--- Where it is connected to: host and port as they were given; or nil, "closed".
function shared:getpeername()
  if self.state ~= "open" then return nil, "closed" end
  return self.host, self.port
end

--- Bytes received, bytes sent for certain, seconds since it was connected.
function shared:getstats()
  local age = self.opened_at and self.pump.port:now() - self.opened_at or 0
  return self.received, self.sent, age
end

-- A variable that goes out of scope must not block: the pump sends QICLOSE.
local function drop(self)
  abort(self, "closed")
  self.buffer = new_buffer(0)
end

for name, fn in pairs(shared) do
  tcp_methods[name] = fn
  udp_methods[name] = fn
end
tcp_mt.__close, udp_mt.__close = drop, drop

local function check_options(options)
  if options == nil then return {} end
  if type(options) ~= "table" then error("options: table expected, got " .. type(options), 4) end
  for _, name in ipairs { "local_port", "buffer" } do
    local value = options[name]
    if value ~= nil and type(value) ~= "number" then error(name .. ": number expected", 4) end
  end
  return options
end

local socket = {}

function socket.tcp(modem, options)
  return new_socket(modem, "TCP", check_options(options), tcp_mt)
end

function socket.udp(modem, options)
  return new_socket(modem, "UDP", check_options(options), udp_mt)
end

return socket

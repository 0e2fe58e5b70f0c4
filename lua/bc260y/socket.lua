--- What TCP and UDP sockets have in common: an id of the module, from connect to close.
--
-- It knows how an id is given back, and how a chunk of data is written as a command. How
-- it is opened is in connect.lua, streams are in tcp.lua, datagrams in udp.lua, which id is
-- free is ids.lua's.

local attach = require "bc260y.calls.attach"
local check = require "bc260y.check"
local connect = require "bc260y.connect"
local core = require "bc260y.core"
local new_buffer = require("bc260y.buffer").new
local new_entry = require("bc260y.pump").entry

local encode = core.encode
local ceil, floor = math.ceil, math.floor

local CHUNK_MAX = 512 -- of a TCP stream: what is in flight stays small

local PORT_MAX = 65535 -- manual 2.3.2

local SEND_OPTIONS = { rai = "number" }
local CLOSE_OPTIONS = {}

-- The methods of both.
local shared = {}

local OPTIONS = { local_port = "number", buffer = "number" }

-- For modem:tcp and modem:udp, whose caller hears of it.
local function check_options(options)
  check.options(options, OPTIONS, 3)
  check.buffer(options and options.buffer, 3)
  local port = options and options.local_port
  if port and not (port >= 0 and port <= PORT_MAX and port % 1 == 0) then
    error("local_port: a whole number from 0 to 65535 expected", 3)
  end
end

-- A socket of that service, "TCP" or "UDP", not yet connected.
local function new_socket(modem, service, options, mt)
  options = options or {}
  return setmetatable({
    modem = modem,
    pump = modem.pump,
    service = service,
    local_port = options.local_port or 0,
    state = "new",     -- "new", "open", "closed"
    reason = nil,      -- why it is closed, told to whoever was waiting then
    connecting = false,
    patient = false,   -- an open whose caller has left goes on, for the next connect:
    opening = nil,     -- its entry
    id = nil,          -- while the module has something open for it
    token = nil,       -- its finalizer gives the id back when the socket is dropped
    host = nil,
    port = nil,
    buffer = new_buffer(options.buffer or modem.buffer_size),
    reader = nil,      -- who waits for data
    flusher = nil,     -- TCP: who waits for acknowledgements before it closes
    watcher = nil,     -- watcher:told(what): "sent", "data" or "end"; must not block
    acknowledged = 0,  -- TCP: bytes of which it is certain that the peer has them,
    counted = 0,       -- and what the module said of that the last time
    sent = 0,          -- bytes of which it is certain that the module took them
    received = 0,
    opened_at = nil,
    block = nil,       -- settimeout, seconds
    total = nil,
    writing = false,   -- TCP: a send or its settlement is going on,
    writers = {},      -- who waits for that to end,
    pending = nil,     -- a chunk whose end its caller did not wait for,
    question = nil,    -- a question for the count, and the same of it,
    gone = nil,        -- and the same once it is known to have gone
  }, mt)
end

-- Helpers. -------------------------------------------------------------------------

local function deadline_of(self)
  local seconds = self.block
  if self.total and (not seconds or self.total < seconds) then seconds = self.total end
  return seconds and self.pump:now() + seconds
end

local function wake(self, waiter)
  if waiter and not waiter.done then
    waiter.done = true
    self.pump.loop:wake(waiter)
  end
end

local function tell(self, what)
  if self.watcher then self.watcher:told(what) end
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

-- A method that may block. check_arguments(...) raises what is wrong with its arguments.
local function public(fn, check_arguments)
  return function(self, ...)
    local loop = self.pump.loop
    if check_arguments then check_arguments(...) end
    loop:check()
    if loop.inline then return leave(self, fn(self, ...)) end
    return fn(self, ...)
  end
end

-- The id and its end. --------------------------------------------------------------

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
  wake(self, self.flusher)
  tell(self, "end")
end

-- Its connection has come to an end by itself; QICLOSE follows when the line is idle.
local function abort(self, reason)
  local id = give_up_id(self)
  if id then self.modem.ids:retire(id) end
  shut(self, reason)
end

-- What the modem tells. ------------------------------------------------------------

function shared:payload(bytes)
  self.received = self.received + #bytes
  if self.state == "closed" then return end
  self.buffer:push(bytes)
  wake(self, self.reader)
  tell(self, "data")
end

function shared:gap(reason)
  self.buffer:gap(reason)
  wake(self, self.reader)
  tell(self, "data")
end

function shared:remote_closed()
  if self.state == "open" then abort(self, "closed") end
end

-- Somebody else's bytes went into its stream.
function shared:spoilt()
  if self.state == "open" then abort(self, "torn") end
end

-- The module or the port is gone, and with it the id.
function shared:fail(reason)
  give_up_id(self)
  shut(self, reason)
end

-- Connect. -------------------------------------------------------------------------

-- A module that restarted while the open was queued has forgotten what format it sends.
local function with_format(self, deadline, ok, ...)
  if not ok or self.modem.send_format then return ok, ... end
  local set, err, code = attach.ensure_format(self.modem, deadline)
  if set then return ok end
  abort(self, "closed")
  return nil, err, code
end

--- Connects (manual 2.3.2). host: a name or address. port: 1-65535.
-- Result: 1; or nil, err, code: the manual's words for 550-574, "not attached" before
-- the module has an address (modem:attach waits for one), "timeout" (the open goes on, and
-- is closed when it succeeds), "already connected", "closed", "invalid argument" and which.
-- With a local_port also "Port busy", 574, where another socket of this modem has it, and
-- "port at rest", seconds, where it rests (note 5) for longer than the timeout: else it waits.
shared.connect = public(function(self, host, port)
  local deadline = deadline_of(self)
  return with_format(self, deadline, connect.connect(self, host, port, deadline))
end, connect.check)

-- Data. ----------------------------------------------------------------------------

-- The module has taken a chunk for certain.
local function went(self, entry)
  self.sent = self.sent + entry.size
  tell(self, "sent")
end

-- A chunk's end, also when its caller has left. Certain successes count at once.
local function chunk_ended(entry)
  if entry.done == "ok" and not entry.doubtful then
    local self = entry.socket
    went(self, entry)
    if entry.data then self.modem.prompts = true end
  end
end

-- The command that sends chunk. Result: entry; or nil, err, parameter, range.
local function new_chunk(self, chunk, rai)
  local format = self.modem.send_format
  if format == "raw" and rai == 0 then rai = nil end -- none is what data mode has
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
  entry.denied = nil -- TCP: when the module first said that it did not go
  entry.finished = chunk_ended
  return entry
end

-- A chunk did not go. By its firmware the module should know data mode, and may not: as
-- long as it has never taken any, it is given hex from then on (wire forms: sockets).
-- Result: whether the chunk can be sent again, in another format.
local function falls_back(entry, deadline)
  local modem = entry.socket.modem
  if entry.done ~= "error" or not entry.data then return false end
  if modem.format ~= "auto" or modem.prompts then return false end
  modem.prompts = false
  return modem.send_format ~= "raw" or attach.ensure_format(modem, deadline) == true
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

-- An index as LuaSocket reads it: towards zero.
local function whole(index)
  index = tonumber(index)
  return index < 0 and ceil(index) or floor(index)
end

-- The data, and from and to where i and j reach, as LuaSocket reads them.
local function bounds(data, i, j)
  data = tostring(data)
  local size = #data
  local from, to = i and whole(i) or 1, j and whole(j) or -1
  if from < 0 then from = size + from + 1 end
  if to < 0 then to = size + to + 1 end
  if from < 1 then from = 1 end
  if to > size then to = size end
  return data, from, to
end

-- A string, or a number as LuaSocket takes it for one.
local function is_text(value)
  return type(value) == "string" or type(value) == "number"
end

-- A number, or a string that is one; not NaN.
local function is_number(value)
  value = is_text(value) and tonumber(value)
  return value and value == value
end

local function check_send(data, i, j, options)
  if not is_text(data) then error("data: string expected, got " .. type(data), 3) end
  if i ~= nil and not is_number(i) or j ~= nil and not is_number(j) then
    error("index: number expected", 3)
  end
  check.options(options, SEND_OPTIONS, 3)
  local rai = options and options.rai
  if rai ~= nil and rai ~= 0 and rai ~= 1 and rai ~= 2 then error("rai: 0 to 2 expected", 3) end
end

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

-- The rest. ------------------------------------------------------------------------

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

local function check_close(options)
  check.options(options, CLOSE_OPTIONS, 3)
end

--- Closes it, and waits for CLOSE OK within the socket's timeout. Idempotent. Result: 1.
-- What the peer has not acknowledged may be lost (4.1.10): TCP takes {flush = seconds}.
shared.close = public(close, check_close)

--- Sets how long a call may block, in seconds; nil or negative: no limit. A call takes
-- no longer as a whole. mode: "b" (default) or "t" (also "r"), of which the shorter
-- counts; as in LuaSocket its first letter decides.
function shared:settimeout(value, mode)
  if value ~= nil and not is_number(value) then
    error("timeout: number expected, got " .. (value ~= value and "NaN" or type(value)), 2)
  end
  local letter = mode == nil and "b" or type(mode) == "string" and mode:sub(1, 1)
  if letter ~= "b" and letter ~= "t" and letter ~= "r" then error("invalid timeout mode", 2) end
  value = tonumber(value or -1)
  if value < 0 then value = nil end
  if letter == "b" then self.block = value else self.total = value end
  return 1
end

--- Where it is connected to: host and port as they were given; or nil, "closed".
function shared:getpeername()
  if self.state ~= "open" then return nil, "closed" end
  return self.host, self.port
end

--- Bytes received, bytes sent for certain, seconds since it was connected.
function shared:getstats()
  local age = self.opened_at and self.pump:now() - self.opened_at or 0
  return self.received, self.sent, age
end

-- A variable that goes out of scope must not block: the pump sends QICLOSE.
local function drop(self)
  abort(self, "closed")
  self.buffer = new_buffer(0)
end

-- A metatable of sockets with these methods, and the shared ones that they leave out.
local function class(name, methods)
  for key, fn in pairs(shared) do methods[key] = methods[key] or fn end
  return { __name = name, __index = methods, __close = drop }
end

return {
  new = new_socket,
  class = class,
  public = public,
  deadline_of = deadline_of,
  ended = ended,
  wake = wake,
  abort = abort,
  close = close,
  new_chunk = new_chunk,
  went = went,
  falls_back = falls_back,
  check_options = check_options,
  check_send = check_send,
  is_text = is_text,
  is_number = is_number,
  check_sendable = check_sendable,
  bounds = bounds,
  await_data = await_data,
  UNSENT = connect.UNSENT,
  CHUNK_MAX = CHUNK_MAX,
}

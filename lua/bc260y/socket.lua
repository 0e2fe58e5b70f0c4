--- What TCP and UDP sockets have in common: an id of the module, from connect to close.
--
-- It knows how an id is opened and given back, whatever becomes of the call that asked
-- for it, and how a chunk of data is written as a command. Streams are in tcp.lua,
-- datagrams in udp.lua, which id is free is ids.lua's.

local attach = require "bc260y.attach"
local check = require "bc260y.check"
local core = require "bc260y.core"
local errors = require "bc260y.errors"
local new_buffer = require("bc260y.buffer").new
local new_entry = require("bc260y.pump").entry

local encode = core.encode
local ceil, floor = math.ceil, math.floor

local CHUNK_MAX = 512 -- of a TCP stream: what is in flight stays small
local OPEN_TRIES = 2  -- an id in use may show as ERROR or as 563 (wire forms)

local SEND_OPTIONS = { rai = "number" }

-- The methods of both.
local shared = {}

local OPTIONS = { local_port = "number", buffer = "number" }

-- For modem:tcp and modem:udp, whose caller hears of it.
local function check_options(options)
  check.options(options, OPTIONS, 3)
  check.buffer(options and options.buffer, 3)
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
    id = nil,          -- while the module has something open for it
    token = nil,       -- its finalizer gives the id back when the socket is dropped
    host = nil,
    port = nil,
    buffer = new_buffer(options.buffer or modem.buffer_size),
    reader = nil,      -- who waits for data
    sent = 0,          -- bytes of which it is certain that the module took them
    received = 0,
    opened_at = nil,
    block = nil,       -- settimeout, seconds
    total = nil,
    writing = false,   -- TCP: a send or its settlement is going on,
    writers = {},      -- who waits for that to end,
    pending = nil,     -- a chunk whose end its caller did not wait for,
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

-- Tables have no finalizer on 5.1. It may only mark the id: the pump sends QICLOSE.
-- It must not know the pump: on 5.1 what a finalizer knows outlives its own end.
local function new_token(ids, id)
  local token = { armed = true, object = nil }
  local dropped, chores = ids.dropped, ids.chores
  local function release()
    if not token.armed then return end
    dropped[id] = true
    chores.due = true
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
  local self, id, status = entry.socket, entry.id, entry.done
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
      if self.pump:now() >= (deadline or math.huge) then return nil, "timeout" end
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

local function check_connect(host, port)
  if type(host) ~= "string" then error("host: string expected, got " .. type(host), 3) end
  if not tonumber(port) then error("port: number expected, got " .. type(port), 3) end
end

local function connect(self, host, port)
  port = tonumber(port)
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
  self.opened_at = self.pump:now()
  return 1
end

--- Connects (manual 2.3.2). host: a name or address. port: 1-65535.
-- Result: 1; or nil, err, code: the manual's words for 550-574, "not attached" before
-- the module has an address, "timeout" (the open goes on, and is closed when it succeeds),
-- "already connected", "closed", "invalid argument" and which.
shared.connect = public(connect, check_connect)

-- Data. ----------------------------------------------------------------------------

-- Statuses of commands of which not a byte was sent.
local UNSENT = {
  busy = true, ["no response"] = true, ["invalid argument"] = true, ["too long"] = true,
}

-- A chunk's end, also when its caller has left. Certain successes count at once.
local function chunk_ended(entry)
  if entry.done == "ok" and not entry.doubtful then
    entry.socket.sent = entry.socket.sent + entry.size
  end
end

-- The command that sends chunk. Result: entry; or nil, err, parameter, range.
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

--- Closes it, and waits for CLOSE OK within the socket's timeout. Idempotent.
-- What the peer has not acknowledged may be lost (4.1.10): look at acked() before.
shared.close = public(close)

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

-- A metatable of sockets with these methods and the shared ones.
local function class(name, methods)
  for key, fn in pairs(shared) do methods[key] = fn end
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
  new_chunk = new_chunk,
  check_options = check_options,
  check_send = check_send,
  is_text = is_text,
  is_number = is_number,
  check_sendable = check_sendable,
  bounds = bounds,
  await_data = await_data,
  UNSENT = UNSENT,
  CHUNK_MAX = CHUNK_MAX,
}

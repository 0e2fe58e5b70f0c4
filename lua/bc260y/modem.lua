--- A modem: open it, give it commands, hear its events.
--
-- It joins pump, hooks and ids, and tells each event of the exchange to those whom it
-- concerns. What the commands mean is in calls/, sockets are in
-- socket.lua, tcp.lua and udp.lua. A modem belongs to the loop that it was opened in.

local address = require "bc260y.calls.address"
local block = require "bc260y.loop.block"
local calls = require "bc260y.calls"
local check = require "bc260y.check"
local core = require "bc260y.core"
local errors = require "bc260y.errors"
local hooks = require "bc260y.hooks"
local ids = require "bc260y.ids"
local line = require "bc260y.line"
local lock = require "bc260y.lock"
local own = require "bc260y.loop.own"
local pump = require "bc260y.pump"
local wake = require "bc260y.wake"

local new_entry = pump.entry
local decode, find, match, sub = core.decode, string.find, string.match, string.sub
local type = type

local BAUD = 9600          -- the module's default (wire forms: boot)
local OTHER_SIZE_MAX = 60  -- no +QIURC without data is longer
local BOOT = 60            -- seconds from RDY in which its other words come
local BUFFER_SIZE = 65536  -- of what a socket has received and nobody has read

local modem_methods = {}
local modem_mt = { __name = "bc260y.modem", __index = modem_methods }

local function new_modem(port, loop, options)
  local self = setmetatable({
    pump = nil,
    hooks = nil,
    ids = nil,
    wake = nil,
    lock = nil,
    format = options.format or "auto", -- as it was asked for
    send_format = nil,  -- "text", "hex" or "raw", once attach has seen to it
    prompts = nil,      -- whether data mode was ever taken, or was refused instead
    address = nil,      -- once the module has one: before, it opens nothing (2.3.2 note 4)
    buffer_size = options.buffer or BUFFER_SIZE,
    stray_payloads = 0, -- for sockets that nobody has
    detached = false,   -- by us: attach has to undo it
    reports = {},       -- what it was asked to say by itself (calls/reports.lua)
    reports_lost = false, -- by a restart
    ready_at = -math.huge, -- when RDY came
    restarts = 0,       -- of the module, that have shown
    psm = options.psm or false, -- silence is expected, and not taken for death
    hard_reset = options.hard_reset, -- function(modem), for a module that stays silent
    sessions = setmetatable({}, { __mode = "v" }), -- told of the end; not kept alive
  }, modem_mt)
  self.pump = pump.new(line.new(port, options.trace), loop, self)
  self.pump.clock = type(port) == "table" and port.clock or nil
  self.hooks = hooks.new(self.pump)
  self.ids = ids.new(self.pump, options.local_port_rest)
  self.wake = wake.new(self.pump, self.ids, self.hooks, options.sleep_after, options.wake)
  self.lock = lock.new(self.pump, self.wake)
  loop:attach(self.pump)
  return self
end

-- What came in. --------------------------------------------------------------------

-- Bytes are missing: of that socket (nil: nobody knows which) some may have been data.
local function mark_torn(self, id)
  for i = 0, 4 do
    local sock = self.ids.sockets[i]
    if sock and (i == id or not id) then sock:gap("torn") end
  end
end

local urcs = {}

urcs["+QIURC"] = function(self, text)
  local kind, id, detail = decode("+QIURC", text)
  if kind == "closed" then
    self.ids:remote_closed(id)
  elseif kind == "recv" and detail and find(detail, "buff", 1, true) then
    -- The module dropped data: the reader has to know where.
    local sock = self.ids.sockets[id]
    if sock then sock:gap("overflow") end
    self.hooks:emit("buffer full", id)
  elseif kind and detail and find(detail, "^%d+,") then
    mark_torn(self, id) -- nothing else has a length and data: its name lost a byte
  elseif not kind and (find(text, "recv", 1, true) or #text > OTHER_SIZE_MAX) then
    mark_torn(self)
  end
end

urcs["+IP"] = function(self, text)
  local first, second = decode("+IP", text)
  local given = address.of(first) or address.of(second)
  if not given then return end
  self.address = given
  self.hooks:emit("ip", given)
end

urcs["+CEREG"] = function(self, text)
  if not self.hooks.listeners.registration then return end
  local state = require("bc260y.calls.registration").read_urc(text)
  if state then self.hooks:emit("registration", state) end
end

-- They come by themselves at boot alone: its RDY may have been lost in a torn payload.
local function take_boot(self)
  if self.pump:now() - self.ready_at > BOOT then
    self.reports_lost = true
    self.lock:doubt()
  end
  if next(self.ids.sockets) ~= nil then self.ids:doubt() end
end

urcs["+CFUN"], urcs["+CPIN"] = take_boot, take_boot

local SLEEPS = { DEEPSLEEP = true, PSM = true }

urcs["+QNBIOTEVENT"] = function(self, text)
  local what = match(text, '"(.-)"')
  local way, kind = match(what or "", "^(%u+) (%u+)$")
  if not SLEEPS[kind] then return end
  if way == "ENTER" then
    self.lock:slept()
    self.wake:enter(kind, what)
  elseif way == "EXIT" then
    self.wake:exit(what)
  end
end

local function take_urc(self, text)
  local prefix = match(text, "^[^:]+")
  local fn = urcs[prefix]
  if fn then
    fn(self, text)
  elseif find(text, 'recv"', 1, true) or find(text, '"recv', 1, true) then
    mark_torn(self) -- the header of a payload that lost a byte
  end
  if self.hooks.listening then
    self.hooks:emit(prefix, text)
    self.hooks:emit("urc", text)
  end
end

local function take_payload(self, id, bytes)
  local sock = self.ids.sockets[id]
  if sock then sock:payload(bytes) else self.stray_payloads = self.stray_payloads + 1 end
  if self.hooks.listening then self.hooks:emit("recv", id, bytes) end
end

-- A question for a count that lost its 0 on the line asks for data: what fills it, goes into
-- that socket's stream.
local function take_prompt(self)
  local entry = self.pump.current
  if entry and entry.counts then entry.counts:spoilt() end
end

-- Of a torn frame nothing is known but that bytes are missing, and perhaps whose.
local function take_torn(self, text, id)
  if text == ">" then take_prompt(self) end
  if id or find(text, "recv", 1, true) then mark_torn(self, id) end
  self.hooks:emit("torn", text, id)
end

-- An open that was given up may have succeeded after all.
local function take_orphan(self, text)
  if text == ">" then take_prompt(self) end
  if sub(text, 1, 8) == "+QIOPEN:" then self.ids:doubt() end
  self.hooks:emit("orphan", text)
end

local function take_reset(self)
  self.address = nil
  self.send_format = nil
  self.detached = false
  self.reports_lost = true
  self.ready_at = self.pump:now()
  self.restarts = self.restarts + 1
  self.ids:reset()
  self.wake:reset()
  self.lock:reset()
  self.hooks:emit("reset")
end

-- The pump's owner: every event of the exchange but a command's own.
function modem_methods:event(kind, a, b)
  if kind == "payload" then return take_payload(self, a, b) end
  if kind == "urc" then return take_urc(self, a) end
  if kind == "orphan" then return take_orphan(self, a) end
  if kind == "torn" then return take_torn(self, a, b) end
  if kind == "reset" then return take_reset(self) end
  if kind == "trusted" then return self.ids:doubt() end
  self.hooks:emit(kind, a, b)
end

function modem_methods:chore()
  return self.lock:chore() or self.ids:chore()
end

function modem_methods:heard(kind, status)
  self.wake:heard(kind, status)
  self.lock:heard(kind, status)
  self.ids:heard(kind, status)
end

function modem_methods:waker()
  return self.wake:waker()
end

function modem_methods:run_hooks()
  self.hooks:run()
end

function modem_methods:lost(reason)
  self.address = nil
  for id = 0, 4 do
    local sock = self.ids.sockets[id]
    if sock then sock:fail(reason) end
  end
  self.ids:lost()
  for _, session in pairs(self.sessions) do session:lost() end
  self.hooks:emit(reason)
  self.hooks:down()
end

-- What a user calls. ---------------------------------------------------------------

-- Hooks that run in the caller's thread do so when its outermost call returns.
local function leave(self, ...)
  self.hooks:run()
  return ...
end

-- check_arguments(...) raises what is wrong with its arguments.
local function public(fn, check_arguments)
  return function(self, ...)
    local loop = self.pump.loop
    check_arguments(...)
    loop:check()
    if loop.inline then return leave(self, fn(self, ...)) end
    return fn(self, ...)
  end
end

local COMMAND = { timeout = "number", prefix = "string", bare = "boolean", data = "string" }

local HOLDING = { QIOPEN = true, QICLOSE = true, QIDNSGIP = true, QPING = true, QNTP = true }

-- These hold the line until their second result: a caller's timeout ends its own wait,
-- and is no deadline of theirs.
local function holds_line(text)
  local name, rest = match(text, "^[Aa][Tt]%+(%a+)=([^?].*)$")
  name = name and name:upper()
  return HOLDING[name] or name == "QISEND" and not find(rest, "^%d+,0$")
end

local function read_options(self, entry, options)
  entry.data, entry.prefix = options.data, options.prefix
  if options.bare == false then entry.bare = false end
  if options.timeout then
    entry.deadline = self.pump:now() + options.timeout
    entry.bounded = not holds_line(entry.text)
  end
end

-- What is refused before it is sent, by the name that the exchange gives it.
local TAKEN = {
  command = "one command that begins with AT, without control bytes, ;, ATV0 and AT+CMGS",
  data = "as many bytes as the command says, for one that prompts alone",
  prefix = "at most 24 bytes",
}

-- Result: nil, err, code; or nil, "invalid argument", what, what it may be.
local function refused(status, code)
  if status == "invalid argument" then return nil, status, code, TAKEN[code] end
  return errors.of(status, code)
end

-- A command with options, or one that has to queue.
local function long_way(self, text, options)
  local entry = new_entry(text)
  entry.bare = true
  if options then read_options(self, entry, options) end
  local status = self.pump:execute(entry)
  if self.pump.loop.inline then self.hooks:run() end
  -- An older SEND OK may have been taken for this one's.
  if status == "ok" and entry.doubtful then status = "timeout" end
  if status == "ok" then return entry.lines or {} end
  return refused(status, entry.code)
end

--- Sends one command line, and waits for its end.
-- text: without CR. options: timeout (seconds; without it the module has 5 s for the
-- first answer), prefix (of the information lines; by default the command's own), bare
-- (lines without a prefix belong to it; true), data (what is sent after the prompt).
-- Result: list of its information lines; or nil, err, code: "error" and the number of
-- +CME ERROR, "timeout", "busy" (it waited in the queue until its timeout, nothing was
-- sent), "no response", "torn", "module reset", "lost", "closed", "too long",
-- "invalid argument" and what of it ("command", "data", "prefix"), and what it may be.
function modem_methods:command(text, options)
  if type(text) ~= "string" then error("command: string expected, got " .. type(text), 2) end
  if options then check.options(options, COMMAND, 2) end
  local queue = self.pump
  local loop, status, lines, code = queue.loop, nil, nil, nil
  if loop:check(queue) and not options then status, lines, code = queue:quick(text) end
  if not status then return long_way(self, text, options) end
  if loop.inline then self.hooks:run() end
  if status == "ok" then return lines or {} end
  return refused(status, code)
end

local NAMES = {
  "buffer full", "closed", "error", "ip", "lost", "nothing", "orphan", "overflow", "ping",
  "recv", "registration", "reset", "sleep", "torn", "urc", "wake",
}
local EVENTS = {}
for _, name in ipairs(NAMES) do EVENTS[name] = true end

-- A name of ours, or how a URC begins: none begins with a small letter.
local function check_event(event)
  if type(event) ~= "string" then error("event: string expected, got " .. type(event), 3) end
  if EVENTS[event] or find(event, "^[^%l]") then return end
  error(('no event is called "%s"; a URC is called as it begins, others: %s'):format(event,
    table.concat(NAMES, ", ")), 3)
end

--- Hears an event: a URC's prefix ("+CEREG": line) or "ip" (address), "recv" (id, bytes),
-- "closed" (id), "buffer full" (id), "reset", "sleep" and "wake" (what), "lost", "urc"
-- (line), "registration" (table, calls/registration.lua), "ping" (reply, index), "orphan"
-- (line), "torn" (text, id), "overflow" (count of bytes), "error" (message of what a hook
-- raised, event). "nothing" never comes: to wait for it is to wait while hooks run.
-- fn(values...) runs in a coroutine of its own, one hook at a time, and may block.
-- Without fn: a queue of events with :wait([timeout]). Both have :cancel().
function modem_methods:on(event, fn)
  check_event(event)
  if fn ~= nil and type(fn) ~= "function" then
    error("fn: function expected, got " .. type(fn), 2)
  end
  return self.hooks:on(event, fn)
end

--- Waits for the next event of that name, of those that come after this call.
-- timeout: seconds, nil: no limit. Result: the event's values (true where it has none),
-- or nil and "timeout", "lost" or "closed".
function modem_methods:wait(event, timeout)
  check_event(event)
  check.timeout(timeout, 2)
  local loop = self.pump.loop
  loop:check()
  if loop.inline then return leave(self, self.hooks:wait(event, timeout)) end
  return self.hooks:wait(event, timeout)
end

-- The other calls: read in when they are first used, and kept.
setmetatable(modem_methods, {
  __index = function(methods, name)
    local fn, check_arguments = calls.find(name)
    if not fn then return nil end
    local method = public(fn, check_arguments)
    methods[name] = method
    return method
  end,
})

--- A new TCP socket in LuaSocket's shape, not yet connected.
-- options: local_port (0: the module picks one), buffer (bytes received that nobody has
-- read, 65,536). Result: socket.
function modem_methods:tcp(options)
  require("bc260y.socket").check_options(options)
  return require("bc260y.tcp").new(self, options)
end

--- A new UDP socket; options as for tcp. Result: socket.
function modem_methods:udp(options)
  require("bc260y.socket").check_options(options)
  return require("bc260y.udp").new(self, options)
end

--- A session: a TCP connection that is made again whenever it breaks.
-- options: host, port (where to), policy (what it decides otherwise than policy.lua), on
-- ({ event = function }), local_port (0: the module picks one), buffer (bytes received that
-- nobody has read, 65,536), seed (a number, of the jitter). Result: session.
function modem_methods:session(options)
  local session = require "bc260y.session"
  session.check(options)
  self.pump.loop:check()
  return session.new(self, options)
end

--- Whether the module has said that it sleeps: "DEEPSLEEP", "PSM" or nil.
function modem_methods:asleep()
  return self.wake.kind
end

--- Counters since the modem was opened: a table.
function modem_methods:stats()
  local stats = self.pump.line:stats()
  for name, count in pairs(self.hooks.stats) do stats[name] = count end
  stats.stray_payloads = self.stray_payloads
  return stats
end

--- Lets go of the port. Whoever waits gets nil, "closed". Never blocks, may be called
-- twice; sockets that are open in the module stay so until the next attach.
function modem_methods:close()
  self.pump:lose("closed")
  return true
end

modem_mt.__close = modem_methods.close
modem_mt.__gc = modem_methods.close

-- Open. ----------------------------------------------------------------------------

local FORMATS = { auto = true, text = true, hex = true, raw = true }

local OPTIONS = {
  port = true, baud = "number", format = "string", buffer = "number", trace = "function",
  loop = true, local_port_rest = "number", sleep_after = "number", wake = "table",
  psm = "boolean", hard_reset = "function",
}
local WAKE_OPTIONS = { answer = "number", tries = "number", seconds = "number" }
local PORT_METHODS = { "read", "write", "wait", "now", "close" } -- csrc/port.h

local function get(object, name)
  return object[name]
end

local function check_port(port)
  local kind = type(port)
  if kind == "string" then return end
  if kind ~= "table" and kind ~= "userdata" then
    error("port: a device's name or a port object expected, got " .. kind, 4)
  end
  for _, name in ipairs(PORT_METHODS) do
    local found, method = pcall(get, port, name)
    if not (found and method) then
      error("port: an object with read, write, wait, now and close expected, has no " .. name, 4)
    end
  end
end

local function check_wake(options)
  check.seconds(options.sleep_after, "sleep_after", 4)
  if options.sleep_after == 0 then error("sleep_after: seconds above 0 expected", 4) end
  local settings = options.wake
  if not settings then return end
  check.options(settings, WAKE_OPTIONS, 4)
  for name in pairs(WAKE_OPTIONS) do check.seconds(settings[name], "wake." .. name, 4) end
end

local function check_open(options)
  if options == nil then error("options: table expected, got nil", 3) end
  check.options(options, OPTIONS, 3)
  check_port(options.port)
  check.buffer(options.buffer, 3)
  local baud = options.baud
  if baud and not (baud >= 1 and baud % 1 == 0) then error("baud: whole number expected", 3) end
  check_wake(options)
  check.seconds(options.local_port_rest, "local_port_rest", 3)
  if options.format and not FORMATS[options.format] then
    error('format: "auto", "text", "hex" or "raw" expected', 3)
  end
end

local function pick_loop(loop)
  if loop == nil then return own.current() or block.here() end
  if loop == "block" then return block.here() end
  if type(loop) == "table" and loop.park then return loop end
  error('loop: "block" or a loop expected', 3)
end

--- Opens a modem. Nothing is sent to it yet.
-- options: port ("/dev/ttyUSB0", "COM3", "tcp://host:port", "unix:/path", or an object with
-- the methods of csrc/port.h), baud (9600), format ("auto", "text", "hex", "raw"), buffer
-- (bytes a socket keeps, 65,536), local_port_rest (seconds before a fixed local port is
-- used again, 120; 0: none), sleep_after (seconds of silence after which the module may
-- sleep, for one that does not say so), wake ({ answer, tries, seconds }: how long one AT
-- that wakes it is awaited, 2 s, and how often and how long it is repeated, 8 and 20 s),
-- psm (true: the module may be silent for hours, and is not taken for dead), hard_reset
-- (function(modem), which resets a silent module by its pin), trace (function(direction,
-- bytes, now)), loop (the one of bc260y.run inside it, else none: calls block).
-- Result: modem; or nil, err, detail: "no device", "not permitted", "busy",
-- "not supported", "closed" (nobody listens), "invalid argument", "error".
local function open(options)
  check_open(options)
  local loop = pick_loop(options.loop)
  if type(options.port) ~= "string" then return new_modem(options.port, loop, options) end
  if find(options.port, "\0", 1, true) then return nil, "invalid argument", "port" end
  local port, err, what, detail = core.open(options.port, options.baud or BAUD)
  if not port then return nil, err, what, detail end
  return new_modem(port, loop, options)
end

return { open = open }

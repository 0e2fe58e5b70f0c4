--- A connection that stays: it is made again whenever it breaks.
--
-- The public face of a session, and what delivery uses of it. It knows what is asked of a
-- session; what it does by itself is in session/, what it decides in policy.lua.

local core = require "bc260y.core"
local hooks = require "bc260y.hooks"
local keeper = require "bc260y.session.keeper"
local link = require "bc260y.session.link"
local misuse = require "bc260y.session.misuse"
local new_random = require("bc260y.random").new
local tend = require "bc260y.session.tend"

local CLOSE = 10 -- seconds for CLOSE OK
local ROOM = 30  -- until a module whose buffer is full has room
local HELD = 0.1 -- between two looks whether a frame is still half sent

local session_methods = {}
local session_mt = { __name = "bc260y.session", __index = session_methods }

local function any_seed()
  local a, b, c, d = core.entropy(4):byte(1, 4)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local function new_session(modem, options)
  local self = setmetatable({
    modem = modem,
    pump = modem.pump,
    hooks = hooks.new(modem.pump),
    host = options.host,
    port = options.port,
    local_port = options.local_port or 0,
    buffer = options.buffer,
    policy = options.policy or {},
    random = new_random(options.seed or any_seed()),
    is = "connecting", -- what state() gives,
    err = nil,         -- and why
    code = nil,
    sock = nil,        -- the present connection
    inbox = nil,       -- what is received from: the last one, until there is another
    number = 0,        -- counts connections
    dialing = nil,     -- a socket that is being connected,
    dial_until = nil,  -- and for how long at most
    attaching = nil,   -- an attach that goes on in the next call
    todo = nil,        -- before the next connect: "attach" or "restart"
    tried_at = -math.huge,     -- when the last try began
    restarted_at = -math.huge, -- and the last restart of the module
    resume_at = -math.huge,    -- nothing is tried before
    failures = 0,      -- in a row,
    same = 0,          -- of them the last ones, of one cause:
    last_failure = { err = nil, code = nil },
    active_at = 0,     -- when something was sent or received,
    kept_at = 0,       -- and when the last keepalive was due
    idle_since = nil,  -- the silence for which the policy was asked,
    idle = nil,        -- and what it said
    asking = nil,      -- what is done about bytes that are not acknowledged
    slept = nil,       -- the sleep for which the policy was asked,
    sleep = nil,       -- and what it said
    keeper = {},       -- what the keeper parks on
    deciding = false,  -- a function of the policy runs
    waiters = {},      -- of calls that wait for a change
    changes = 0,       -- so many there have been,
    noticed = 0,       -- and so many pause() has told
    receiving = false,
    held = false,      -- delivery's: a frame is half sent
    sending = nil,     -- the connection on which a message is being sent
    released = nil,    -- delivery's: whether the peer's program has taken any record that
                       -- went on this connection; nil: none went, or nobody would say
    keepalive_bytes = nil, -- delivery's, for the policy
    delivery = nil,    -- delivery's own
    counts = {
      connections = 0, failures = 0, restarts = 0, keepalives = 0, questions = 0, checks = 0,
      policy_errors = 0,
    },
  }, session_mt)
  modem.sessions[#modem.sessions + 1] = self
  for event, fn in pairs(options.on or {}) do self.hooks:on(event, fn) end
  if not modem.pump.loop.inline then modem.pump.loop:spawn(nil, keeper.run, self) end
  return self
end

-- What the present socket tells (socket.lua). Must not block.
function session_methods:told(what)
  self.active_at = self.pump:now()
  if what ~= "sent" then
    link.changed(self)
  elseif not self.asking then
    self.pump.loop:wake(self.keeper)
  end
end

-- The modem tells that its port is gone. Must not block.
function session_methods:lost()
  link.changed(self)
end

-- What delivery uses. --------------------------------------------------------------

-- The connection, if there is one.
local function present(self)
  local sock = self.sock
  return sock and sock.state == "open" and sock or nil
end

-- Why there will be none.
local function why(self)
  if self.is == "closed" then return nil, "closed" end
  return nil, self.err, self.code
end

--- Blocks until it is connected. deadline: on the port's clock, nil: no limit.
-- Result: socket, and which connection it is, counted from 1; or nil, "timeout", "woken"
-- where waiter.done was set, or why there will be none, code.
function session_methods:connection(deadline, waiter)
  local pump = self.pump
  while true do
    local sock = present(self)
    if sock then return sock, self.number end
    if link.is_over(self) then return why(self) end
    if deadline and pump:left(deadline) == 0 then return nil, "timeout" end
    if waiter and waiter.done then return nil, "woken" end
    keeper.wait(self, waiter or {}, deadline)
  end
end

--- That connection is given up, for that reason. Ignored if it is not the present one.
function session_methods:fail(sock, err, code)
  link.fail(self, sock, err, code)
end

--- Blocks until waiter.done, until the connection changed, data came in or more was
-- acknowledged since the last pause, or until the deadline (nil: no limit).
function session_methods:pause(waiter, deadline)
  local pump = self.pump
  while not waiter.done and self.changes == self.noticed and not link.is_over(self) do
    if deadline and pump:left(deadline) == 0 then break end
    keeper.wait(self, waiter, deadline)
  end
  self.noticed = self.changes
end

--- Asks for acknowledgements now. Result: as sock:confirmed.
function session_methods:look(deadline)
  return tend.look(self, deadline)
end

--- The module had no room for a chunk (SEND FAIL): blocks until the peer has acknowledged
-- more of what was sent before, for 30 s, or until the deadline. Result: whether it has.
function session_methods:room(sock, deadline)
  local pump, before = self.pump, sock.acknowledged
  local limit = pump:now() + ROOM
  if deadline and deadline < limit then limit = deadline end
  while self.sock == sock and sock.state == "open" and sock:unacknowledged() > 0
    and sock.acknowledged == before and pump:left(limit) > 0 do
    keeper.wait(self, {}, limit)
  end
  return sock.acknowledged > before
end

-- What a user calls. ---------------------------------------------------------------

-- Hooks that run in the caller's thread do so when its outermost call returns.
local function leave(self, ...)
  self.pump:run_hooks()
  self.hooks:run()
  return ...
end

-- Raises unless the caller may block.
local function enter(self)
  if self.deciding then error("a policy's function must not wait for its session", 3) end
  self.pump.loop:check()
end

-- A method that may block. check_arguments(...) raises what is wrong with its arguments.
local function public(fn, check_arguments)
  return function(self, ...)
    if check_arguments then check_arguments(...) end
    enter(self)
    if self.pump.loop.inline then return leave(self, fn(self, ...)) end
    return fn(self, ...)
  end
end

local function deadline_of(self, seconds)
  return seconds and self.pump:now() + seconds
end

local UNSENDABLE = { ["invalid argument"] = true, ["not supported"] = true }

-- Of what is half sent nobody knows how the peer would read the rest.
local function give_up(self, sock, err, code)
  self:fail(sock, err == "error" and "send failed" or err, code)
  return nil, err == "timeout" and err or link.is_over(self) and self.err or "closed", code
end

-- A connection on which nothing is half sent, be it a frame or a message.
local function free_connection(self, deadline)
  while true do
    local sock, err, code = self:connection(deadline)
    if not sock or not (self.held or self.sending == sock) then return sock, err, code end
    local again = self.pump:now() + HELD
    if self.pump.loop.inline or deadline and again >= deadline then return nil, "busy" end
    keeper.wait(self, {}, again)
  end
end

local function send_on(self, sock, data, rai, deadline)
  local from = 1
  while true do
    sock:settimeout(deadline and self.pump:left(deadline))
    local last, fault, at, number = sock:send(data, from, -1, rai)
    if last then return true end
    if from == 1 and UNSENDABLE[fault] then return nil, fault, number end
    from = at + 1
    -- After "error" it is certain that the rest did not go; nothing may go before it.
    if not (fault == "error" and self.sock == sock and self:room(sock, deadline)) then
      if fault == "error" and deadline and self.pump:left(deadline) == 0 then fault = "timeout" end
      if fault == "timeout" and from == 1 and not sock.pending then return nil, fault end
      return give_up(self, sock, fault, number)
    end
  end
end

-- Nothing else goes on that connection until the message has ended: its rest may have to
-- wait for room.
local function send(self, data, options)
  local deadline = deadline_of(self, options and options.timeout)
  local sock, err, code = free_connection(self, deadline)
  if not sock then return nil, err, code end
  self.sending = sock
  local ok
  ok, err, code = send_on(self, sock, data, options and options.rai and { rai = options.rai },
    deadline)
  if self.sending == sock then self.sending = nil end
  link.changed(self)
  if ok then return true end
  return nil, err, code
end

--- Sends all of data on one connection, and waits for one before.
-- options: timeout (seconds), rai (0-2, manual 2.3.5).
-- Result: true: the module has it, which says nothing of the peer; or nil, err, code:
-- "timeout", "closed" (the connection broke: how much of it the peer has is not known, and
-- nothing is sent again), "busy" (delivery is in the midst of a record), why the session
-- has stopped, "invalid argument".
session_methods.send = public(send, misuse.send)

-- What the socket gives by then, while the session goes on.
local function receive_from(self, sock, pattern, deadline)
  local data, err, parts, missing
  repeat
    local seen = self.changes
    sock:settimeout(0)
    data, err, parts, missing = sock:receive(pattern, parts)
    if err ~= "timeout" then
      if err and sock.state ~= "open" and self.inbox == sock then self.inbox = nil end
      break
    end
    if self.changes == seen then keeper.wait(self, {}, deadline) end
  until deadline and self.pump:left(deadline) == 0
  return data, err, parts, missing
end

local function stop_receiving(self, data, ...)
  self.receiving = false
  if data then return data end
  return nil, ...
end

local function receive(self, pattern, timeout)
  if self.receiving then error("another task receives on this session", 3) end
  local deadline, sock, err, code = deadline_of(self, timeout), self.inbox, nil, nil
  self.receiving = true
  if not sock then sock, err, code = self:connection(deadline) end
  if not sock then return stop_receiving(self, nil, err, "", code) end
  return stop_receiving(self, receive_from(self, sock, pattern, deadline))
end

--- Receives by pattern, as a TCP socket does: "*l", "*a", or a count of bytes.
-- timeout: seconds, nil: no limit. Result: data; or nil, err and what there was so far.
-- "closed" and its like tell the end of one connection, once: the next call waits for
-- another.
session_methods.receive = public(receive, misuse.receive)

--- Its state: "connecting", "connected", "waiting" (for the next try), "stopped", "closed";
-- and err, code of what has failed.
function session_methods:state()
  return self.is, self.err, self.code
end

--- Waits until it is connected. timeout: seconds, nil: no limit.
-- Result: true; or nil, "timeout", or why it has stopped, code.
session_methods.wait = public(function(self, timeout)
  local sock, err, code = self:connection(deadline_of(self, timeout))
  if sock then return true end
  return nil, err, code
end, misuse.wait)

--- Hears an event: "connected" (count), "disconnected" (err, code), "waiting" (seconds, err,
-- code), "stopped" (err, code), "keepalive" (bytes), "check" (sent, acknowledged), "error"
-- (message); of delivery "released" (sequence), "progress" (table), "duplicate".
-- fn(values...) runs in a coroutine of its own; without fn: a queue, as modem:on has it.
function session_methods:on(event, fn)
  misuse.event(event, fn)
  return self.hooks:on(event, fn)
end

local function close(self, options)
  local sock = present(self)
  if self.is == "closed" then return true end
  if sock then
    self.sock, sock.watcher = nil, nil
    self.hooks:emit("disconnected", "closed")
  end
  link.stop(self, "closed", "closed")
  if not sock then return true end
  sock:settimeout(CLOSE)
  local ok, err, lost = sock:close(options)
  if ok then return true end
  return nil, err, lost
end

--- Ends it. Idempotent. options: flush (seconds, as for a TCP socket).
-- Result: true; or nil, err, and how many of the last bytes the peer may not have.
session_methods.close = public(close, misuse.close)

--- Counters since it was made: a table.
function session_methods:stats()
  local stats = {}
  for name, count in pairs(self.counts) do stats[name] = count end
  return stats
end

--- Sends the records of an outbox until they are released: deliver.lua.
function session_methods:deliver(outbox, options)
  local deliver = require "bc260y.deliver"
  deliver.check(outbox, options)
  enter(self)
  if not self.pump.loop.inline then return deliver.deliver(self, outbox, options) end
  return leave(self, deliver.deliver(self, outbox, options))
end

session_mt.__close = function(self) link.stop(self, "closed", "closed") end

return { new = new_session, check = misuse.session }

--- A port with an exchange on it: commands go in, events come out, and nothing waits but
-- wait().
--
-- It knows in which order a port and the exchange are to be called. It does not know
-- what a command is for. For the ports of the operating system core.line does the same
-- in one call where here are six; this is for object ports, and for whoever traces.
--
--   line:start(text, data, timeout, prefix, bare)  as the exchange's, and writes
--   line:next()           the next event of the exchange, or "lost"; nil: all are
--                         drained, and what was to be written is written. The fifth
--                         value of a result may be true: that was the last event, and
--                         the call that would have given nil is saved
--   line:turn(readable)   reads, then gives the first event, as line:next()
--   line:wait(seconds)    until there is something to do, at most so long; nil: lost
--   line:step(seconds)    waits so, then turns
--   line:run(text)        starts a command whose lines may be bare, and steps: an event,
--                         or "refused", err, what
--   line:due()            seconds until it wants to be turned, or nil; whether it wants
--                         to write
--   line:now(), fd(), close(), cancel(), settle(kind, id), fence(), fill(),
--   forgive(), stats()

local core = require "bc260y.core"

local READ_MAX = 4096
-- A module that never stops talking must not keep the others from being served.
local READS_MAX = 8
-- No port is asked to wait longer in one go: an object port need not know "for ever".
local WAIT_MAX = 3600

local line_methods = {}
local line_mt = { __name = "bc260y.line", __index = line_methods }

local function new_line(port, trace)
  return setmetatable({
    port = port,
    exchange = core.exchange(),
    trace = trace,      -- function("out" or "in", bytes, now)
    time = port:now(),  -- of what is being done
    reads = 0,          -- in this turn
    full = false,       -- the last read gave as much as it could
    unwritten = false,  -- the port took less than there was
    failed = false,     -- it is lost, which next() has to say
  }, line_mt)
end

local function flush(self)
  local exchange, now = self.exchange, self.time
  local bytes = exchange:output(now)
  self.unwritten = false
  if not bytes then return end
  local count = self.port:write(bytes)
  if not count then
    self.failed = true
    return
  end
  if self.trace and count > 0 then self.trace("out", bytes:sub(1, count), now) end
  exchange:written(now, count)
  self.unwritten = count < #bytes
end

function line_methods:start(text, data, timeout, prefix, bare)
  local now = self.port:now()
  local ok, err, what = self.exchange:start(now, text, data, timeout, prefix, bare)
  if not ok then return nil, err, what end
  self.time = now
  flush(self)
  return true
end

function line_methods:run(text)
  local ok, err, what = self:start(text, nil, nil, nil, true)
  if not ok then return "refused", err, what end
  return self:step()
end

-- Result: false when there was nothing to read.
local function read(self)
  local bytes = self.port:read(READ_MAX)
  if not bytes then
    self.failed = true
    return false
  end
  self.full = #bytes == READ_MAX
  if bytes == "" then return false end
  if self.trace then self.trace("in", bytes, self.time) end
  self.exchange:feed(self.time, bytes)
  return true
end

function line_methods:turn(readable)
  self.time = self.port:now()
  self.reads = 1
  self.full = false
  if readable then read(self) end
  return self:next()
end

function line_methods:next()
  local kind, a, b, c = self.exchange:next(self.time)
  while not kind and self.full and self.reads < READS_MAX do
    self.reads = self.reads + 1
    if not read(self) then break end
    kind, a, b, c = self.exchange:next(self.time)
  end
  if kind then return kind, a, b, c end
  if not self.failed then flush(self) end
  if self.failed then return "lost" end
end

function line_methods:due()
  local deadline = self.exchange:deadline()
  if self.failed then return 0, false end
  if not deadline then return nil, self.unwritten end
  deadline = deadline - self.port:now()
  return deadline > 0 and deadline or 0, self.unwritten
end

function line_methods:wait(seconds)
  local due, writable = self:due()
  if due and (not seconds or due < seconds) then seconds = due end
  if not seconds or seconds > WAIT_MAX then seconds = WAIT_MAX end
  return self.port:wait(seconds, writable)
end

function line_methods:step(seconds)
  local ready = self:wait(seconds)
  if ready == nil then
    self.failed = true
    return "lost"
  end
  return self:turn(ready)
end

function line_methods:now()
  return self.port:now()
end

function line_methods:fd()
  return self.port.fd and self.port:fd() or nil
end

function line_methods:close()
  return self.port:close()
end

function line_methods:cancel()
  return self.exchange:cancel()
end

function line_methods:settle(kind, id)
  self.exchange:settle(kind, id)
end

function line_methods:fence()
  self.exchange:fence()
end

function line_methods:fill()
  self.exchange:fill()
end

--- What was sent so far will not be answered any more, second results apart: the module
-- sleeps, or was silent for too long. Only while no command is in flight.
-- Result: whether any answer was due.
function line_methods:forgive()
  return self.exchange:forgive()
end

function line_methods:stats()
  return self.exchange:stats()
end

--- A line on a port: object ports and traced ones are driven here, others by core.line.
local function new(port, trace)
  local line = core.line and type(port) == "userdata" and not trace and core.line(port)
  if line and line.run then return line end
  return new_line(port, trace)
end

return { new = new }

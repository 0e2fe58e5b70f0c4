--- What keeps a session going, one step at a time.
--
-- It knows what is to be done next in each state, and who does it: in a loop a task of the
-- session's own, without one whoever blocks in a call of the session. A step always waits,
-- sends, or ends something.

local abort = require("bc260y.socket").abort
local link = require "bc260y.session.link"
local tend = require "bc260y.session.tend"

local ATTACH = 300 -- seconds
local RESTART = 30
local DIAL = 120   -- for a connect: a minute of the module's (2.3.2 note 2), and the line's queue
local REST = 120   -- more, where a fixed local port may have to rest (2.3.2 note 5)

local keeper = {}

-- Seconds that something may take, and whether it is the caller's time that ends it.
local function time_for(self, seconds, limit)
  local left = limit and self.pump:left(limit)
  if left and left < seconds then return left, true end
  return seconds, false
end

local function wait(self, limit)
  local pump = self.pump
  pump.loop:park(pump, self.keeper, limit and limit < math.huge and pump:left(limit) or nil)
end

local function earliest(a, b)
  return a and b and math.min(a, b) or a or b
end

local function attach(self)
  link.connecting(self)
  self.tried_at = self.pump:now()
  local ok, err, code = self.modem:attach { timeout = ATTACH }
  if ok then self.todo = nil else link.failed(self, err, code) end
end

-- Without a loop an attach may be longer than each of the calls in which it goes on.
local function attach_in_parts(self, limit)
  local loop = self.pump.loop
  if not loop.inline then return attach(self) end
  local co = self.attaching or loop:part(attach)
  self.attaching = nil -- also where it raises
  if not loop:go_on(co, limit, self) then self.attaching = co end
end

local function restart(self, limit)
  local modem, now = self.modem, self.pump:now()
  self.tried_at = now
  -- Where the command does not help the pin gets as much time again.
  local seconds, cut = time_for(self, modem.hard_reset and RESTART * 2 or RESTART, limit)
  local ok, err, code = modem:reset { timeout = modem.hard_reset and seconds / 2 or seconds }
  self.todo, self.restarted_at = "attach", now
  self.counts.restarts = self.counts.restarts + 1
  if not ok and not cut then link.failed(self, err, code) end
end

local function new_dialing(self)
  local now = self.pump:now()
  local sock = self.modem:tcp { local_port = self.local_port, buffer = self.buffer }
  sock.patient = true
  self.dialing, self.tried_at = sock, now
  self.dial_until = now + DIAL + (self.local_port ~= 0 and REST or 0)
  return sock
end

local function connect(self, limit)
  link.connecting(self)
  local sock = self.dialing or new_dialing(self)
  local seconds, cut = time_for(self, self.pump:left(self.dial_until), limit)
  sock:settimeout(seconds)
  local ok, err, code = sock:connect(self.host, self.port)
  if self.dialing ~= sock then return end -- closed meanwhile
  if cut and err == "timeout" then return end
  self.dialing = nil
  if ok then return link.connected(self, sock) end
  abort(sock, "closed")
  if err == "port at rest" then
    link.rest(self, self.pump:now() + code, err)
  else
    link.failed(self, err, code)
  end
end

--- One step. limit: when it has to be over, on the port's clock; nil: no limit.
local function step(self, limit)
  local pump = self.pump
  if pump.down then return link.stop(self, "stopped", pump.down) end
  if self.sock then
    local due = tend.step(self, limit)
    if due then wait(self, earliest(due, limit)) end
  elseif pump:left(self.resume_at) > 0 then
    wait(self, earliest(self.resume_at, limit))
  elseif self.todo == "restart" then
    restart(self, limit)
  elseif self.attaching or self.todo == "attach" or not self.modem.address then
    attach_in_parts(self, limit)
  else
    connect(self, limit)
  end
end

--- The task of a session in a loop.
function keeper.run(self)
  while not link.is_over(self) do step(self) end
end

-- Without a loop: the step that a call makes, and then the hooks, which may call in turn.
local function inline_step(self, limit)
  local modem_hooks, fault = self.modem.hooks, nil
  local running = modem_hooks.running
  modem_hooks.running = true
  self.pump.loop:spawn(function(ok, err) if not ok then fault = { err } end end, step, self, limit)
  modem_hooks.running = running
  if fault then error(fault[1], 0) end
  self.pump:run_hooks()
  self.hooks:run()
end

local function remove(list, item)
  for i = #list, 1, -1 do
    if list[i] == item then table.remove(list, i) end
  end
end

--- Blocks the caller until something of the session may have changed, waiter was woken, or
-- the deadline has passed.
function keeper.wait(self, waiter, deadline)
  local pump = self.pump
  if pump.loop.inline then return inline_step(self, deadline) end
  self.waiters[#self.waiters + 1] = waiter
  pump.loop:park(pump, waiter, deadline and pump:left(deadline))
  remove(self.waiters, waiter)
end

return keeper

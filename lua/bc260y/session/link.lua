--- What a session is at: connected, waiting, stopped; and what a failure leads to.
--
-- It knows the states, who waits for a change of them, and that failures are counted. It
-- waits for nothing itself, so that whoever notices something may call it. What is done
-- in each state is in keeper.lua.

local abort = require("bc260y.socket").abort
local decide = require("bc260y.session.decide").decide

-- Seconds from one try to the next, at least, and from one restart of the module to
-- the next, whatever a policy says.
local TRY_REST = 1
local RESTART_REST = 60
local WELL = 600 -- as long as a connection lives without a word (manual 4.2)

-- A fixed local port that is used too early (wire forms: sockets).
local AT_REST = { [556] = true, [566] = true, [574] = true }

local link = {}

local function wake(self, waiter)
  self.pump.loop:wake(waiter)
end

--- Something has changed that somebody may wait for.
function link.changed(self)
  self.changes = self.changes + 1
  wake(self, self.keeper)
  for i = 1, #self.waiters do wake(self, self.waiters[i]) end
end

--- Whether nothing will be connected any more.
function link.is_over(self)
  return self.is == "stopped" or self.is == "closed"
end

local function set_state(self, state, err, code)
  self.is, self.err, self.code = state, err, code
  link.changed(self)
end

-- The connection is nobody's any more; QICLOSE follows when the line is idle.
local function let_go(self, err, code)
  local sock = self.sock
  if not sock then return end
  self.sock, self.held = nil, false
  sock.watcher = nil
  local is_good = self.released
  if is_good == nil then is_good = sock.acknowledged > 0 end
  if is_good then self.failures, self.same = 0, 0 end
  abort(sock, err)
  self.hooks:emit("disconnected", err, code)
end

--- No connection any more, for good.
function link.stop(self, state, err, code)
  if link.is_over(self) then return end
  local dialing = self.dialing
  self.dialing = nil
  if dialing then abort(dialing, "closed") end
  let_go(self, err, code)
  set_state(self, state, err, code)
  if state == "stopped" then self.hooks:emit("stopped", err, code) end
  self.hooks:down(err)
end

local function count_failure(self, err, code)
  local last = self.last_failure
  if last.err == err and last.code == code then self.same = self.same + 1 else self.same = 1 end
  last.err, last.code = err, code
  self.failures = self.failures + 1
  self.counts.failures = self.counts.failures + 1
end

-- Whether another session on this module has lately been acknowledged all that it sent: the
-- module and its network do what they should.
local function is_module_well(self, now)
  for _, other in pairs(self.modem.sessions) do
    local sock = other ~= self and other.sock
    if sock and sock.state == "open" and sock.acknowledged > 0
      and sock:unacknowledged() == 0 and now - other.active_at < WELL then
      return true
    end
  end
  return false
end

-- Restarts are bounded: a module that is always booting never connects. One whose ids are
-- all in use by this program would lose five connections for nothing.
local function bounded(self, action, now)
  if action ~= "restart" then return action end
  if self.modem.ids:are_ours() then return "attach" end
  if is_module_well(self, now) then return "reconnect" end
  local last = math.max(self.restarted_at, self.modem.ready_at)
  if now - last < RESTART_REST then return "attach" end
  return action
end

--- Something did not work: the policy says what is done about it, and when.
function link.failed(self, err, code)
  if link.is_over(self) then return end
  local down = self.pump.down
  if down then return link.stop(self, "stopped", down) end
  count_failure(self, err, code)
  local failures = self.failures
  local action = decide(self, "failed", err, code, failures, self.same)
  if action == "stop" then return link.stop(self, "stopped", err, code) end
  local now = self.pump:now()
  local seconds = decide(self, "backoff", failures, err, code, self.random)
  if self.local_port ~= 0 and AT_REST[code] then
    seconds = math.max(seconds, decide(self, "port_rest"))
  end
  action = bounded(self, action, now)
  self.todo = action ~= "reconnect" and action or nil
  link.rest(self, math.max(now + seconds, self.tried_at + TRY_REST), err, code)
end

--- Waits until that time of the port's clock before anything is tried again.
function link.rest(self, resume_at, err, code)
  self.resume_at = resume_at
  set_state(self, "waiting", err, code)
  self.hooks:emit("waiting", math.max(0, resume_at - self.pump:now()), err, code)
end

--- That connection is given up, and the policy decides what follows.
function link.fail(self, sock, err, code)
  if sock ~= self.sock or not sock then return end
  let_go(self, err, code)
  link.failed(self, err, code)
end

--- It is being connected.
function link.connecting(self)
  if self.is ~= "connecting" then set_state(self, "connecting", self.err, self.code) end
end

--- A socket is connected.
function link.connected(self, sock)
  local now = self.pump:now()
  self.sock, self.inbox, self.held, self.released = sock, sock, false, nil
  self.number = self.number + 1
  self.counts.connections = self.number
  self.active_at, self.kept_at, self.asking = now, now, nil
  sock.watcher = self
  set_state(self, "connected")
  self.hooks:emit("connected", self.number)
end

return link

--- Looks after the connection that there is: acknowledgements, checks, keepalives.
--
-- It knows manual 4.1.7 and 4.2, and which of them is due next. What becomes of a
-- connection that is given up is in link.lua.

local decide = require("bc260y.session.decide").decide
local link = require "bc260y.session.link"

local FIRST, MOST = 1, 30 -- seconds between two questions for acknowledgements, doubled each time
local QUIET = 10          -- and at most, while data comes and goes
local ANSWER = 60         -- for a count, or for a keepalive to be taken, at most
local DOZE = 60           -- between two looks at a module that is let sleep

-- Text mode carries 0x20-0x7E alone (manual 2.3.5).
local UNSENDABLE = { ["invalid argument"] = true, ["not supported"] = true }

local tend = {}

local function earlier(a, b)
  return b and (not a or b < a) and b or a
end

-- Seconds are counted on the port's clock, which need not move for very few.
local function is_due(self, at)
  return at ~= nil and self.pump:left(at) == 0
end

-- What is done about bytes that are not acknowledged, from when the first was sent, or
-- from the last progress.
local function new_asking(self, now)
  local first = decide(self, "first_check")
  return {
    interval = FIRST,
    asked_at = now,
    check_at = now + first,  -- the module is asked for `closed`
    end_at = now + first + decide(self, "second_check"),
    checked = false,
  }
end

-- Data that comes and goes shows that somebody is there: the question may wait for a pause.
local function ask_at(self, asking)
  local at = asking.asked_at + asking.interval
  local quiet = math.min(self.active_at + FIRST, asking.asked_at + QUIET)
  return math.min(math.max(at, quiet), asking.end_at)
end

--- Asks the module's count now. Result: bytes that the peer has for certain; or nil, err, code.
function tend.look(self, deadline)
  local sock = self.sock
  if not sock then return nil, "closed" end
  local before, counted = sock.acknowledged, sock.counted
  local sure, err, code = sock:confirmed(deadline, true)
  if sock ~= self.sock then return nil, "closed" end
  local asking, now = self.asking, self.pump:now()
  self.counts.questions = self.counts.questions + 1
  if sock.acknowledged > before or sock.counted > counted then
    self.asking = nil
    if sock.acknowledged > before then link.changed(self) end
  elseif asking then
    asking.asked_at, asking.interval = now, math.min(asking.interval * 2, MOST)
  end
  return sure, err, code
end

-- The module may have missed to tell the end of the connection: QISTATE? says it.
local function first_check(self, asking)
  asking.checked = true
  self.counts.checks = self.counts.checks + 1
  self.hooks:emit("check", self.sock.sent, self.sock.acknowledged)
  self.modem.ids:doubt()
end

-- Result: whether something was done.
local function check(self, sock, limit)
  local asking = self.asking
  if is_due(self, asking.end_at) then
    self.hooks:emit("check", sock.sent, sock.acknowledged)
    local _, err = tend.look(self, earlier(limit, self.pump:now() + ANSWER))
    local cut = err == "timeout" and is_due(self, limit)
    if self.asking == asking and not cut then link.fail(self, sock, "not acknowledged") end
  elseif not asking.checked and is_due(self, asking.check_at) then
    first_check(self, asking)
  elseif is_due(self, ask_at(self, asking)) then
    tend.look(self, earlier(limit, self.pump:now() + ANSWER))
  else
    return false
  end
  return true
end

local function keep_alive(self, sock, limit)
  self.kept_at = self.pump:now()
  local bytes = decide(self, "keepalive")
  if not bytes then return end
  local left = limit and self.pump:left(limit)
  sock:settimeout(left and math.min(left, ANSWER) or ANSWER)
  local last, err, _, code = sock:send(bytes)
  if self.sock ~= sock then return end
  if last then
    self.counts.keepalives = self.counts.keepalives + 1
    self.hooks:emit("keepalive", #bytes)
  elseif err == "timeout" then
    sock:disown()
  elseif UNSENDABLE[err] then
    self.hooks:emit("error", "policy.keepalive: the data format can't carry these bytes")
  else
    link.fail(self, sock, err == "error" and "send failed" or err, code)
  end
end

-- When a keepalive is due, or nil. The policy is asked once for each silence.
local function keep_at(self)
  local since = math.max(self.active_at, self.kept_at)
  if self.idle_since ~= since then
    self.idle_since, self.idle = since, decide(self, "idle")
  end
  return self.idle and since + self.idle or nil
end

-- Whether the module sleeps and is let sleep.
local function is_left_alone(self)
  local wake = self.modem.wake
  if not wake.kind then return false end
  if self.slept ~= wake.sleeps then
    self.slept, self.sleep = wake.sleeps, decide(self, "sleeping", wake.kind)
  end
  return self.sleep == "sleep"
end

--- One step with a connection. limit: when it has to be over, nil: no limit.
-- Result: when there is something to do next, to be waited for; or nil: something was done.
function tend.step(self, limit)
  local sock = self.sock
  if sock.state ~= "open" then
    link.fail(self, sock, sock.reason)
    return nil
  end
  local now, asleep = self.pump:now(), is_left_alone(self)
  if sock:unacknowledged() > 0 then
    self.asking = self.asking or new_asking(self, now)
    -- Nobody else might wake it, and what was sent would lie for ever.
    if asleep and not is_due(self, self.asking.end_at) then
      return earlier(self.asking.end_at, now + DOZE)
    end
    if check(self, sock, limit) then return nil end
    local asking = self.asking
    return earlier(ask_at(self, asking), not asking.checked and asking.check_at or asking.end_at)
  end
  self.asking = nil
  if asleep then return now + DOZE end
  local at = keep_at(self)
  if not is_due(self, at) then return at or math.huge end
  if self.held or self.sending == sock then return now + FIRST end
  keep_alive(self, sock, limit)
  return nil
end

return tend

--- How a socket comes to have an id of the module (manual 2.3.2).
--
-- It knows what has to be true before QIOPEN, and what becomes of the id, also when the
-- caller has left meanwhile. What the socket does with it is in socket.lua.

local attach = require "bc260y.calls.attach"
local core = require "bc260y.core"
local errors = require "bc260y.errors"
local new_entry = require("bc260y.pump").entry

local encode = core.encode

local TRIES = 2      -- an id in use may show as ERROR or as 563 (wire forms)
local ID_IN_USE = 563

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

-- Statuses of commands of which not a byte was sent.
local UNSENT = {
  busy = true, ["no response"] = true, ["invalid argument"] = true, ["too long"] = true,
}

-- Nothing was opened, as far as is known.
local function is_refused(status, code)
  return status == "error" or code == ID_IN_USE
end

-- The open's end, also when nobody waits for it any more.
local function opened(entry)
  local self, id, status = entry.socket, entry.id, entry.done
  local ids = entry.ids
  if UNSENT[status] or is_refused(status, entry.code) then ids.ports:forget(id) end
  local awaited = not entry.abandoned or self.opening == entry
  if status == "ok" and awaited and self.state == "new" then
    ids:settle(id, self)
    self.id, self.state = id, "open"
    self.token = new_token(ids, id)
    entry.opened = true
  elseif UNSENT[status] or status == "reset" then
    ids:release(id)
  else
    ids:retire(id) -- 2.3.2 note 3
  end
end

-- Answers of QICLOSE, after which another id may be looked for; a restart ends the connect.
local ANSWERED = { ok = true, error = true, fail = true }

-- An id that nobody has to be asked for: a foreign one is closed before.
local function take_id(self, deadline)
  local ids = self.modem.ids
  while not self.pump.down do
    local id, foreign = ids:take()
    if not id then
      if not ids:returning() then return nil, errors.codes[ID_IN_USE], ID_IN_USE end
      if not ids:await(deadline) and not self.pump.down then return nil, "timeout" end
    elseif not foreign then
      return id
    else
      local entry = ids:close(id)
      entry.deadline = deadline
      local status = self.pump:execute(entry)
      if status == "busy" then return nil, "timeout" end
      if not ANSWERED[status] then return errors.of(status) end
    end
  end
  return nil, self.pump.down
end

-- What has become of an open, or "timeout": of a patient socket it goes on.
local function await_open(self, entry, deadline)
  self.opening = nil
  entry.deadline, entry.abandoned = deadline, false
  if not entry.done and not self.pump:await(entry, deadline) then
    local status = self.pump:expire(entry)
    if self.patient and not entry.done then self.opening = entry end
    return status
  end
  return entry.done
end

-- How a connect ends whose open has ended so.
local function conclude(entry, status)
  -- The peer may have closed it since: what it sent before can be read.
  if entry.opened then return true end
  if status == "ok" then return nil, "closed" end -- by another task
  if status == "busy" then return nil, "timeout" end
  return errors.of(status, entry.code)
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
  ids.ports:hold(id, self.service, self.local_port)
  self.pump:submit(entry)
  return conclude(entry, await_open(self, entry, deadline))
end

local function open_id(self, host, port, deadline)
  local ok, err, code, range
  for _ = 1, TRIES do
    ok, err, code, range = open_once(self, host, port, deadline)
    if ok or not is_refused(err, code) then break end
  end
  return ok, err, code, range
end

local function is_ready(self, deadline)
  local modem = self.modem
  if self.pump.down then return nil, self.pump.down end
  if self.state ~= "new" then return nil, "closed" end -- by another task
  if not modem.address then return nil, "not attached" end -- 2.3.2 note 4
  if modem.send_format then return true end
  return attach.ensure_format(modem, deadline)
end

local function has_port(self, deadline)
  return self.modem.ids.ports:claim(self, deadline, is_ready)
end

local function open_new(self, host, port, deadline)
  local fixed = self.local_port ~= 0
  local ok, err, code, range = (fixed and has_port or is_ready)(self, deadline)
  if not ok then return nil, err, code, range end
  ok, err, code, range = open_id(self, host, port, deadline)
  if fixed then self.modem.ids.ports:unclaim(self) end
  return ok, err, code, range
end

local function check(host, port)
  if type(host) ~= "string" then error("host: string expected, got " .. type(host), 3) end
  if not tonumber(port) then error("port: number expected, got " .. type(port), 3) end
end

--- Connects the socket. Result: as socket.lua's connect.
local function connect(self, host, port, deadline)
  port = tonumber(port)
  local opening = self.opening
  if self.state == "open" and not opening then return nil, "already connected" end
  if self.state == "closed" then return nil, "closed" end
  if self.connecting then error("another task is connecting this socket", 2) end
  self.connecting = true
  local ok, err, code, range
  if opening then
    ok, err, code = conclude(opening, await_open(self, opening, deadline))
  else
    ok, err, code, range = open_new(self, host, port, deadline)
  end
  self.connecting = false
  if not ok then return nil, err, code, range end
  self.host, self.port = host, port
  self.opened_at = self.pump:now()
  return 1
end

return { connect = connect, check = check, UNSENT = UNSENT }

--- UDP sockets in LuaSocket's shape: connected only, as the module's are.
--
-- It knows datagrams. Nothing counts them: whether one went whose end is not known stays
-- unknown, as it does for any datagram.

local errors = require "bc260y.errors"
local socket = require "bc260y.socket"

local abort, deadline_of = socket.abort, socket.deadline_of
local floor, sub = math.floor, string.sub
local UNSENT = socket.UNSENT

local DATAGRAM_MAX = { text = 1024, raw = 1024, hex = 512 } -- manual 2.3.5

local udp_methods = {}

-- One datagram, in the format of now. Result: its size; or nil, err, code; and the entry.
local function send_once(self, data, from, to, rai, deadline)
  local size = to - from + 1
  if size > DATAGRAM_MAX[self.modem.send_format] then return nil, "too long" end
  local ok, err, _, what = socket.check_sendable(self, data, from, to, rai)
  if not ok then return nil, err, what end
  local entry, fault, name = socket.new_chunk(self, sub(data, from, to), rai)
  if not entry then return nil, fault, name end
  entry.deadline = deadline
  local status = self.pump:execute(entry)
  if status == "ok" then return size end
  if status == "no prompt" then abort(self, "torn") end
  -- Nothing counts datagrams: it stays unknown whether this one went, as for any.
  if entry.done and not UNSENT[status] then self.pump.line:settle("send") end
  local none, why, code = errors.of(status == "busy" and "timeout" or status, entry.code)
  return none, why, code, entry
end

local function udp_send(self, data, i, j, options)
  local rai = options and options.rai
  local from, to
  data, from, to = socket.bounds(data, i, j)
  if self.state ~= "open" then return nil, "closed" end
  if to < from then return nil, "invalid argument", "data" end -- a length of 0 asks (2.3.5)
  local deadline = deadline_of(self)
  local sent, err, code, entry = send_once(self, data, from, to, rai, deadline)
  if entry and self.state == "open" and socket.falls_back(entry, deadline) then
    sent, err, code = send_once(self, data, from, to, rai, deadline)
  end
  if sent then return sent end
  return nil, err, code
end

--- Sends one datagram, never split. Result: its size; or nil, err, code: "too long" above
-- 1,024 bytes (512 in hex), "timeout" when it is not known whether it went.
udp_methods.send = socket.public(udp_send, socket.check_send)

local function check_receive(size)
  if size ~= nil and not (socket.is_number(size) and tonumber(size) >= 0) then
    error("size: number expected", 3)
  end
end

local function udp_receive(self, size)
  local buffer = self.buffer
  local deadline, waited = nil, false
  size = size and floor(tonumber(size))
  while true do
    local datagram = buffer:take_piece()
    if datagram then return size and sub(datagram, 1, size) or datagram end
    local reason, missing = buffer:take_gap()
    if reason then return nil, reason, missing end
    if not waited then deadline = deadline_of(self) end
    local ok, err = socket.await_data(self, deadline, waited)
    if not ok then return nil, err end
    waited = true
  end
end

--- Receives one datagram; what is longer than size is dropped, as LuaSocket does.
-- A piece of 1,024 bytes may be a fragment: the module cuts longer ones (2.4 note 4).
-- Result: datagram; or nil, err: "timeout", "closed", "overflow" and "torn" where some
-- are missing.
udp_methods.receive = socket.public(udp_receive, check_receive)

--- The module counts for TCP alone: nil, "not supported".
function udp_methods.acked()
  return nil, "not supported"
end

local udp_mt = socket.class("bc260y.udp", udp_methods)

local function new_udp(modem, options)
  return socket.new(modem, "UDP", options, udp_mt)
end

return { new = new_udp }

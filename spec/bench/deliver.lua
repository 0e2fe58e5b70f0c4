--- How much of a line delivery fills: `deliver.lua FORMAT ACKNOWLEDGE RECORD COUNT`.
--
-- A virtual module behind a line of 115200 baud, where a byte takes 10 bits each way, on a
-- virtual clock: the module and the network answer at once, so what is measured is what
-- the host makes of the line. Prints the seconds until all is released, the bytes of the
-- stream and those of the records in it. FORMAT: "text", "raw" or "hex"; ACKNOWLEDGE:
-- "application" or "tcp"; records of RECORD bytes, COUNT of them.
--
-- Frames are binary: with "text" the records go in lines of the benchmark's own.

local bc260y = require "bc260y"
local frames = require "bc260y.frames"
local net_script = require "bc260y.virtual.net_script"
local virtual = require "bc260y.virtual"

local BYTE = 10 / 115200 -- seconds
local HOST, PORT = "10.0.0.1", 8009
local ID = "outbox-1"

-- The line. -------------------------------------------------------------------------

-- One direction: pieces with the time at which their last byte has come.
local function new_wire()
  return { pieces = {}, first = 1, last = 0, free_at = 0 }
end

local function push(wire, now, bytes)
  wire.free_at = math.max(wire.free_at, now) + #bytes * BYTE
  wire.last = wire.last + 1
  wire.pieces[wire.last] = { at = wire.free_at, bytes = bytes }
end

-- The first piece, if it has come by then.
local function pull(wire, now)
  local piece = wire.pieces[wire.first]
  if not piece or piece.at > now + 1e-9 then return nil end
  wire.pieces[wire.first] = nil
  wire.first = wire.first + 1
  return piece.bytes
end

local port_methods = {}
local port_mt = { __index = port_methods }

function port_methods:now()
  return self.time
end

-- Lets the module do all that it can at this time. What it says goes line by line.
local function play(self)
  local bytes = pull(self.out, self.time)
  while bytes do
    self.module:input(bytes)
    bytes = pull(self.out, self.time)
  end
  self.due = self.module:step()
  if self.due then self.due = self.time + math.max(self.due, 1e-6) end
  for line in self.module:output():gmatch("[^\n]*\n?") do
    if line ~= "" then push(self.back, self.time, line) end
  end
end

function port_methods:read(max)
  play(self)
  if self.unread == "" then self.unread = pull(self.back, self.time) or "" end
  local bytes = self.unread:sub(1, max)
  self.unread = self.unread:sub(max + 1)
  return bytes
end

function port_methods:write(bytes)
  push(self.out, self.time, bytes)
  return #bytes
end

local function earliest(self, stop)
  for _, wire in ipairs { self.out, self.back } do
    local piece = wire.pieces[wire.first]
    if piece and piece.at < stop then stop = piece.at end
  end
  return self.due and self.due < stop and self.due or stop
end

function port_methods:wait(seconds)
  local stop = self.time + seconds
  repeat
    play(self)
    local piece = self.back.pieces[self.back.first]
    if self.unread ~= "" or piece and piece.at <= self.time + 1e-9 then return true end
    self.time = math.max(self.time, earliest(self, stop))
  until self.time >= stop
  play(self)
  return false
end

function port_methods:close() -- luacheck: ignore self
end

local function new_port(options)
  local self = setmetatable({ time = 0, out = new_wire(), back = new_wire(), unread = "",
    due = nil, module = nil, net = nil }, port_mt)
  options.now = function() return self.time end
  options.net = net_script.new(options.now)
  self.net, self.module = options.net, virtual.new(options)
  return self
end

-- The two ends. ---------------------------------------------------------------------

local function frame_server()
  return { data = function(peer, bytes)
    peer.records = peer.records or frames.records()
    peer.records:feed(bytes)
    local highest
    while true do
      local id, sequence = peer.records:next()
      if not id then break end
      highest = sequence
    end
    if highest then peer:send(frames.encode(ID, highest, "")) end
  end }
end

-- "17:record;" and "17;" for an answer.
local function line_server()
  return { data = function(peer, bytes)
    peer.rest = (peer.rest or "") .. bytes
    local highest
    while peer.rest:find(";", 1, true) do
      highest = peer.rest:match("^(%d+):")
      peer.rest = peer.rest:match("^[^;]*;(.*)$")
    end
    if highest then peer:send(highest .. ";") end
  end }
end

local function line_encode(record, sequence)
  return ("%d:%s;"):format(sequence, record)
end

local function new_line_reader()
  local rest = ""
  return function(bytes)
    rest = rest .. bytes
    local highest
    rest = rest:gsub("(%d+);", function(number)
      highest = tonumber(number)
      return ""
    end)
    return highest
  end
end

local function options_of(format, acknowledge)
  local options = { drain = true }
  if acknowledge == "tcp" then options.acknowledge = "tcp" end
  if format == "text" then
    options.encode = line_encode
    options.acknowledge = options.acknowledge or new_line_reader()
  end
  return options
end

local function main(format, acknowledge, size, count)
  local port = new_port { boot = false, profile = format == "raw" and "R02" or "manual" }
  port.net:listen("TCP", HOST, PORT, format == "text" and line_server() or frame_server())
  local modem = assert(bc260y.open { port = port, format = format })
  assert(modem:attach())
  local session = modem:session { host = HOST, port = PORT, seed = 1 }
  assert(session:wait())
  local outbox = require("bc260y.outbox").memory { id = ID }
  for i = 1, count do
    local text = ("%08d"):format(i)
    assert(outbox:put(text .. ("x"):rep(size - #text)))
  end
  local before = port.time
  assert(session:deliver(outbox, options_of(format, acknowledge)))
  local stats = session:stats()
  assert(stats.records_released == count and stats.records_again == 0)
  print(("seconds %.6f stream %d payload %d questions %d"):format(port.time - before,
    stats.bytes_sent, size * count, stats.questions))
end

bc260y.run(main, arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4]))

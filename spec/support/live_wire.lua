-- A scripted module at the other end of a real pty, in the spec's own process.
--
-- It needs no clock: it speaks when the modem's trace says that the host has written
-- (it then reads exactly so many bytes from the master) or has read (it then says what
-- is next). So the spec decides between which two bytes a thing happens. It knows the
-- few commands of attach and of a socket, and whatever it is told in addition.

local bc260y = require "bc260y"
local core = require "bc260y.core"
local host = require "bc260y.host"
local live = require "spec.support.live"
local uv = require "luv"

local WAIT_SECONDS = 10
local UNREAD_MAX = 2048 -- a pty takes 4,096: more would block this process

local wire_methods = {}
local wire_mt = { __index = wire_methods }

local answers = {
  [""] = {}, -- no module says anything to an empty line
  ["AT"] = { "OK" },
  ["ATE0"] = { "OK" },
  ["AT+CSQ"] = { "+CSQ: 20,0", "OK" },
  ["AT+CGSN=1"] = { "+CGSN: 866207051234560", "OK" },
  ["AT+CGPADDR"] = { '+CGPADDR: 0,"100.67.249.195"', "OK" },
  ["AT+CEREG?"] = { "+CEREG: 0,1", "OK" },
  ['AT+QCFG="dsevent"'] = { '+QCFG: "dsevent",1', "OK" },
  ["AT+QNBIOTEVENT?"] = { "+QNBIOTEVENT: 1,1", "OK" },
  ["AT+QISTATE?"] = { "OK" },
  ["AT+CCLK?"] = { '+CCLK: "2023/12/14,09:01:13+32"', "OK" },
}

local function frame(lines)
  local parts = {}
  for i, line in ipairs(lines) do parts[i] = "\r\n" .. line .. "\r\n" end
  return table.concat(parts)
end

-- What any module would say to it. Result: lines.
local function default(self, line)
  if answers[line] then return answers[line] end
  if line == 'AT+QICFG="dataformat"' then
    return { ('+QICFG: "dataformat",%d,%d'):format(self.hex, self.hex), "OK" }
  end
  local id = line:match('^AT%+QIOPEN=0,(%d),')
  if id then return { "OK", ("+QIOPEN: %s,0"):format(id) } end
  if line:find("^AT%+QICLOSE=%d$") then return { "OK", "CLOSE OK" } end
  if line:find("^AT%+QISEND=%d,%d+,") then return { "OK", "SEND OK" } end
  error(("the module was told %q"):format(line), 0)
end

-- Writes what may be said now: a byte at a time, or what a pty takes.
local function speak(self)
  local room = (self.bytewise and 1 or UNREAD_MAX) - self.unread
  if self.noise and self.outgoing == "" then self.outgoing = self.noise(self) end
  if room <= 0 or self.outgoing == "" or not self.master then return end
  local piece = self.outgoing:sub(1, room)
  self.outgoing = self.outgoing:sub(#piece + 1)
  self.unread = self.unread + #piece
  assert(uv.fs_write(self.master, piece, -1) == #piece)
end

local function answer_to(self, line)
  local answer = self.answers[line]
  if answer == nil then answer = default(self, line) end
  if type(answer) == "function" then answer = answer(self, line) end
  if type(answer) == "table" then self:lines(answer) end
end

local function hear(self, line)
  self.heard[#self.heard + 1] = line
  if not self.silent then answer_to(self, line) end
end

-- Exactly the bytes that the host has just written.
local function listen(self, count)
  while count > 0 and self.master do
    assert(core.poll({ self.master }, WAIT_SECONDS), "what the host wrote did not come")
    local bytes = assert(uv.fs_read(self.master, count, -1))
    count = count - #bytes
    self.incoming = self.incoming .. bytes
  end
  while self.master do
    local line, rest = self.incoming:match("^([^\r]*)\r(.*)$")
    if not line then return end
    self.incoming = rest
    hear(self, line)
  end
end

-- What bc260y.open takes as trace.
local function traced(self, direction, bytes)
  if not self.master then return end
  if direction == "out" then
    listen(self, #bytes)
  else
    self.unread = self.unread - #bytes
    self.said_bytes = self.said_bytes + #bytes
    self.reads = self.reads + 1
  end
  speak(self)
end

-- Says exactly these bytes, as soon as what was said before is read.
function wire_methods:say(bytes)
  self.outgoing = self.outgoing .. bytes
  speak(self)
end

-- Says lines as the module frames them, in one go.
function wire_methods:lines(lines)
  self:say(frame(lines))
end

-- Lets the host read all that was said, while nobody commands anything.
function wire_methods:drain()
  local limit = core.now() + WAIT_SECONDS
  while self.unread > 0 or self.outgoing ~= "" do
    assert(core.now() < limit, "the host does not read")
    bc260y.sleep(0.0005)
  end
end

-- A downlink for socket 0 in one of the four forms: "text", "quoted", "hex",
-- "quoted hex".
function wire_methods:payload(form, bytes)
  local data = bytes
  if form:find("hex") then
    data = data:gsub(".", function(char) return ("%02X"):format(char:byte()) end)
    data = data:gsub("\n", "0A")
  end
  if form:find("quoted") then data = '"' .. data .. '"' end
  self:say(('\r\n+QIURC: "recv",0,%d,'):format(#bytes) .. data .. "\r\n")
end

-- A modem on this wire; options as bc260y.open has them.
function wire_methods:open(options)
  local given = {}
  for name, value in pairs(options or {}) do given[name] = value end
  given.port = self.path
  given.trace = function(...) traced(self, ...) end
  return live.open(given)
end

-- And attached, with a TCP socket 0 that is connected. Result: modem, socket.
function wire_methods:connected(options)
  local given = { format = "text" }
  for name, value in pairs(options or {}) do given[name] = value end
  self.hex = given.format == "hex" and 1 or 0
  local modem = self:open(given)
  assert(modem:attach { timeout = WAIT_SECONDS })
  local socket = modem:tcp()
  socket:settimeout(WAIT_SECONDS)
  assert(socket:connect("hf.quectel.com", 8008))
  return modem, socket
end

-- Makes noise from now on, or none.
function wire_methods:make_noise(fn)
  self.noise = fn
  self.outgoing = ""
  speak(self)
end

-- Is silent no more, and gives the last command that it heard its answer, late.
function wire_methods:wake()
  self.silent = false
  local last = self.heard[#self.heard]
  if last then answer_to(self, last) end
end

-- Pulls the plug.
function wire_methods:close()
  if not self.master then return end
  host.close(self.master)
  host.close(self.slave)
  self.master = nil
end

-- options:
--   answers   command line -> lines, or function(wire, line) that speaks itself or gives
--             lines; false: says nothing
--   silent    hears and never answers
--   bytewise  the host never finds more than one byte
local function new(options)
  local master, path, slave = assert(host.openpty())
  local self = setmetatable({
    master = master, slave = slave, path = path,
    answers = options and options.answers or {},
    bytewise = options and options.bytewise or false,
    silent = options and options.silent or false,
    noise = nil,         -- gives what to say whenever there is nothing else
    hex = 0,             -- the data format it says it has
    heard = {},          -- command lines
    incoming = "",
    outgoing = "",
    unread = 0,          -- said and not yet read by the host
    said_bytes = 0, reads = 0, -- what the host has read, and in how many pieces
  }, wire_mt)
  return live.own(self)
end

return { new = new, frame = frame }

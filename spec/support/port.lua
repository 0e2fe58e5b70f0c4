--- A scripted port on a virtual clock: what the host has to write, and what it is told.
--
-- It has the five methods of csrc/port.h and knows no AT command. A script is a text:
--
--   > AT+CSQ          the host has to write this and a CR
--   < +CSQ: 20,0      the module says this, between CR LF and CR LF
--   >> abc\x00        the host has to write exactly this (\r \n \t \\ \xNN)
--   << \r\n> \x00     the module says exactly this
--   ~ 1.5             so many seconds pass before the module says what follows
--   # a comment
--
-- What the module says reaches the host as `split` has it: "whole" (all that is there),
-- "bytes" (one at a time), or a number: cut at that place of the whole stream.

local script = {}

local clock_methods = {}
local clock_mt = { __index = clock_methods }

--- A clock that moves only when a port on it is waited for.
function script.clock(time)
  return setmetatable({ time = time or 1000, ports = {} }, clock_mt)
end

function clock_methods:now()
  return self.time
end

--- Moves on to the next byte that comes in on any port, but at most so far.
function clock_methods:wait(seconds)
  local at, stop = self:next(), self.time + seconds
  if at and at < stop then stop = at end
  if stop > self.time then self.time = stop end
end

-- When the next byte comes in on any port of this clock.
function clock_methods:next()
  local at
  for _, port in ipairs(self.ports) do
    local first = port.arrivals[1]
    if first and not port.closed and (not at or first.at < at) then at = first.at end
  end
  return at
end

local port_methods = {}
local port_mt = { __index = port_methods }

local escapes = { r = "\r", n = "\n", t = "\t", ["\\"] = "\\" }

local function unescape(text)
  text = text:gsub("\\x(%x%x)", function(hex)
    return hex == "5C" and "\\x5C" or hex == "5c" and "\\x5C"
      or string.char(tonumber(hex, 16))
  end)
  return (text:gsub("\\([rnt\\])", escapes):gsub("\\x5C", "\\"))
end

local function parse(text)
  local steps = {}
  for line in text:gmatch("[^\n]+") do
    local mark, rest = line:match("^%s*([<>~#]+) ?(.*)$")
    if mark == ">" then
      steps[#steps + 1] = { host = rest .. "\r" }
    elseif mark == ">>" then
      steps[#steps + 1] = { host = unescape(rest) }
    elseif mark == "<" then
      steps[#steps + 1] = { module = "\r\n" .. rest .. "\r\n" }
    elseif mark == "<<" then
      steps[#steps + 1] = { module = unescape(rest) }
    elseif mark == "~" then
      steps[#steps + 1] = { seconds = assert(tonumber(rest), line) }
    elseif not (mark and mark:find("^#")) and line:find("%S") then
      error("script: " .. line)
    end
  end
  return steps
end

-- Schedules what the module says up to the next thing that the host has to write.
local function advance(port)
  local at = port.clock.time
  while true do
    local step = port.steps[1]
    if not step or step.host then return end
    table.remove(port.steps, 1)
    if step.seconds then
      at = at + step.seconds
    else
      local last = port.arrivals[#port.arrivals]
      if last and last.at > at then at = last.at end
      port.arrivals[#port.arrivals + 1] = { at = at, bytes = step.module }
    end
  end
end

--- options: clock, split ("whole"), text (the script), echo (true: the module repeats what
-- it hears), write_max (bytes taken at once), answer (function(port, line), called with
-- each line that the script does not expect; without it such a line is an error).
function script.port(options)
  local port = setmetatable({
    clock = options.clock or script.clock(),
    split = options.split or "whole",
    echo = options.echo or false,
    write_max = options.write_max,
    answer = options.answer,
    steps = parse(options.text or ""),
    arrivals = {},  -- { at, bytes } in order
    incoming = "",  -- what can be read now
    offset = 0,     -- bytes read so far
    heard = "",     -- what the host wrote and no step has taken
    log = {},       -- everything that the host wrote
    reads = 0, writes = 0, waits = 0,
    lost = false,
    closed = false,
  }, port_mt)
  table.insert(port.clock.ports, port)
  advance(port)
  return port
end

--- Goes on with more steps.
function port_methods:play(text)
  for _, step in ipairs(parse(text)) do self.steps[#self.steps + 1] = step end
  advance(self)
end

--- The module says this now, or after so many seconds; exactly these bytes.
function port_methods:say(bytes, seconds)
  local at = self.clock.time + (seconds or 0)
  local i = #self.arrivals
  while i > 0 and self.arrivals[i].at > at do i = i - 1 end
  table.insert(self.arrivals, i + 1, { at = at, bytes = bytes })
end

--- The module answers with these lines.
function port_methods:reply(...)
  for _, line in ipairs { ... } do self:say("\r\n" .. line .. "\r\n") end
end

--- From now on it is as if it had been unplugged.
function port_methods:unplug(seconds)
  if not seconds then
    self.lost = true
    return
  end
  self.arrivals[#self.arrivals + 1] = { at = self.clock.time + seconds, unplug = true }
end

--- What of the script was not played; nil when all of it was.
function port_methods:left()
  local step = self.steps[1]
  if step then return step.host or step.module end
  if self.heard ~= "" then return self.heard end
end

--- Everything the host wrote.
function port_methods:written()
  return table.concat(self.log)
end

local function take_answer(self)
  while true do
    local line, rest = self.heard:match("^([^\r]*)\r(.*)$")
    if not line then return end
    self.heard = rest
    self.answer(self, line)
  end
end

local function check_heard(self)
  while self.heard ~= "" do
    local step = self.steps[1]
    if not step then
      if self.answer then return take_answer(self) end
      error(("script: it is over, and the host wrote %q"):format(self.heard), 0)
    end
    local want = step.host
    if self.heard:sub(1, #want) == want then
      self.heard = self.heard:sub(#want + 1)
      table.remove(self.steps, 1)
      advance(self)
    elseif want:sub(1, #self.heard) == self.heard then
      return
    elseif self.answer then
      return take_answer(self)
    else
      error(("script: %q was expected, and the host wrote %q"):format(want, self.heard), 0)
    end
  end
end

-- The five methods. ----------------------------------------------------------------

local function arrive(self)
  while self.arrivals[1] and self.arrivals[1].at <= self.clock.time do
    local first = table.remove(self.arrivals, 1)
    if first.unplug then
      self.lost = true
    else
      self.incoming = self.incoming .. first.bytes
    end
  end
end

function port_methods:now()
  return self.clock.time
end

function port_methods:read(max)
  self.reads = self.reads + 1
  if self.closed then return nil, "closed" end
  arrive(self)
  local count = max
  if self.split == "bytes" then
    count = 1
  elseif type(self.split) == "number" and self.offset < self.split then
    count = self.split - self.offset
  end
  if count > max then count = max end
  local bytes = self.incoming:sub(1, count)
  if bytes == "" and self.lost then return nil, "lost" end
  self.incoming = self.incoming:sub(#bytes + 1)
  self.offset = self.offset + #bytes
  return bytes
end

function port_methods:write(bytes)
  self.writes = self.writes + 1
  if self.closed then return nil, "closed" end
  if self.lost then return nil, "lost" end
  if self.write_max then bytes = bytes:sub(1, self.write_max) end
  self.log[#self.log + 1] = bytes
  if self.echo then self:say(bytes) end
  self.heard = self.heard .. bytes
  check_heard(self)
  return #bytes
end

function port_methods:wait(seconds, writable)
  self.waits = self.waits + 1
  if self.closed then return nil, "closed" end
  arrive(self)
  if self.incoming ~= "" then return true end
  if self.lost then return nil, "lost" end
  if writable then return true end
  local clock = self.clock
  if seconds >= 3600 and not clock:next() then
    error("script: nothing is left, and the host waits for ever", 0)
  end
  clock:wait(seconds)
  arrive(self)
  if self.incoming == "" and self.lost then return nil, "lost" end
  return self.incoming ~= ""
end

function port_methods:close()
  self.closed = true
end

-- Pieces of scripts that many specs begin with. -------------------------------------

local ATTACH = [[
> AT
< OK
> AT+CSQ
< +CSQ: 20,0
< OK
> ATE0
< OK
> AT+QICFG="dataformat"
< +QICFG: "dataformat",%d,%d
< OK
> AT+QCFG="dsevent"
< +QCFG: "dsevent",1
< OK
> AT+QNBIOTEVENT?
< +QNBIOTEVENT: 1,1
< OK
> AT+CEREG?
< +CEREG: 0,1
< OK
> AT+CGPADDR
< +CGPADDR: 0,"100.67.249.195"
< OK
> AT+QISTATE?
< OK
]]

--- attach with a given format ("text", "hex" or "raw"), as a module answers that has
-- nothing to be set.
function script.attach(format)
  local setting = format == "hex" and 1 or 0
  return ATTACH:format(setting, setting)
end

--- Calls body(run) once for each of the library's own ways to block; run(fn) runs fn so.
function script.each_loop(body)
  body("without a loop", function(fn) return fn() end)
  body("in bc260y.run", function(fn) return require("bc260y").run(fn) end)
end

--- Calls fn(split) for the stream whole, byte by byte, and cut in two at every place of
-- its first `count` bytes.
function script.each_split(count, fn)
  fn("whole")
  fn("bytes")
  for place = 1, count do fn(place) end
end

--- A modem on a new scripted port, attached in that format, and a TCP socket that is
-- connected; text: what follows. options: as for script.port, and format.
-- Result: socket, port, modem.
function script.connected(text, options)
  local bc260y = require "bc260y"
  options = options or {}
  local given = {}
  for name, value in pairs(options) do given[name] = value end
  local format = options.format or "text"
  given.text = script.attach(format) .. script.connect .. (text or "")
  local port = script.port(given)
  local modem = assert(bc260y.open { port = port, format = format, buffer = options.buffer })
  assert(modem:attach())
  local socket = modem:tcp()
  assert(socket:connect("hf.quectel.com", 8008))
  return socket, port, modem
end

--- connect of the first TCP socket.
script.connect = [[
> AT+QIOPEN=0,0,"TCP","hf.quectel.com",8008,0,1
< OK
< +QIOPEN: 0,0
]]

return script

--- Transcripts: what is said on the wire, written down, and what to make of it.
--
-- It reads spec/transcripts/*.txt and plays one to core.exchange. How one is played to
-- a whole modem is in transcript_modem.lua; the C side is spec/c/transcript.h.
--
--   # manual 4.1.1: ...     the first line says where it comes from
--   > AT+CSQ\r              the user's command: it goes out at once, in these bytes
--   ! AT\r                  the user's command, held back: something else goes first
--   >> AT+CSQ\r             what goes out by itself: a fence, data, a command held back
--   < \r\n+CSQ: 20,0\r\n    what the module says; several in a row are one stream
--   @ 0.2                   so many seconds pass
--   = info +CSQ: 20,0       what the exchange makes of it, all of it, in this order:
--                           info LINE, result STATUS [CODE] [doubtful], urc LINE,
--                           payload ID BYTES, orphan LINE, torn ID TEXT (- no id),
--                           overflow COUNT, reset, trusted
--   % data abc              of the next command: data, timeout SECONDS, prefix TEXT, bare
--   % attach text           first of all: a modem that is attached, with that format; one
--                           fence, AT+CSQ, has passed
--   % format auto           first of all: a modem that is not, and that format
--   % fence                 a fence passes before the next command
--   $ modem:signal() -> 1   Lua alone: the modem's call that gives the next command, and
--                           what it returns; without it that is modem:command
--   $ ...                   Lua alone: the modem gives the next command by itself
--   * closed 0              Lua alone: what the modem's hooks are told beside
--
-- Bytes are printable ASCII, \r \n \0 \\ \xNN, and \*3:a for aaa; none ends in a blank.

local core = require "bc260y.core"

local transcript = {}

transcript.directory = os.getenv("BC260Y_TRANSCRIPTS") or "spec/transcripts"

-- Bytes and their written form. -----------------------------------------------------

local plain = { r = "\r", n = "\n", ["0"] = "\0", ["\\"] = "\\" }
local written = { ["\r"] = "\\r", ["\n"] = "\\n", ["\0"] = "\\0", ["\\"] = "\\\\" }

-- One byte at the beginning of text. Result: it, and the text behind it.
local function take_byte(text)
  if text:sub(1, 1) ~= "\\" then return text:sub(1, 1), text:sub(2) end
  local hex = text:match("^\\x(%x%x)")
  if hex then return string.char(tonumber(hex, 16)), text:sub(5) end
  return assert(plain[text:sub(2, 2)], "no such escape: " .. text), text:sub(3)
end

local function decode(text)
  if not text:find("\\", 1, true) then return text end
  local parts = {}
  while text ~= "" do
    local count, rest = text:match("^\\%*(%d+):(.+)$")
    local byte
    byte, text = take_byte(rest or text)
    parts[#parts + 1] = byte:rep(tonumber(count or 1))
  end
  return table.concat(parts)
end

--- Bytes as a transcript has them.
function transcript.encode(bytes)
  return (bytes:gsub("[%c\\\128-\255]", function(byte)
    return written[byte] or ("\\x%02X"):format(byte:byte())
  end))
end

-- Reading. -------------------------------------------------------------------------

local function new_step(kind, line)
  return { kind = kind, line = line, events = {}, writes = "" }
end

local options = {
  data = decode,
  prefix = decode,
  timeout = tonumber,
  bare = function() return true end,
  fence = function() return true end,
}

local function add_command(t, mark, bytes, line)
  local text = bytes:match("^([Aa][Tt][^\r]*)\r$")
  assert(text, "a command begins with AT and ends in \\r")
  local step = new_step("start", line)
  step.text, step.options = text, t.options
  step.writes = mark == ">" and bytes or ""
  t.options = {}
  t.steps[#t.steps + 1] = step
end

local function add_option(t, rest)
  local name, value = rest:match("^(%l+) ?(.*)$")
  if name == "attach" or name == "format" then
    t.attached, t.format = name == "attach", value
  else
    t.options[name] = assert(options[name], "no such option: " .. rest)(value)
  end
end

local function compile(code, env)
  local load_text = setfenv and loadstring or load -- luacheck: ignore
  local chunk, err = load_text("return " .. code, "=" .. code, "t", env)
  if not chunk then chunk, err = load_text(code, "=" .. code, "t", env) end
  assert(chunk, err)
  return setfenv and setfenv(chunk, env) or chunk -- luacheck: ignore
end

local function add_call(t, rest, line)
  local step = new_step(rest == "..." and "await" or "call", line)
  if step.kind == "call" then
    local code, want = rest:match("^(.-) %-> (.*)$")
    step.call = compile(code or rest, t.env)
    step.want = want and compile(want, t.env)
  end
  t.steps[#t.steps + 1] = step
end

local function last_input(t)
  local step = t.steps[#t.steps]
  assert(step and step.kind ~= "call" and step.kind ~= "await", "of which input?")
  return step
end

-- What each mark means: function(transcript, rest of the line, its number).
local marks = {
  [">"] = function(t, rest, line) add_command(t, ">", decode(rest), line) end,
  ["!"] = function(t, rest, line) add_command(t, "!", decode(rest), line) end,
  ["%"] = add_option,
  ["$"] = add_call,
  ["<"] = function(t, rest, line)
    local step = t.steps[#t.steps]
    if not step or step.kind ~= "say" or t.mark ~= "<" then
      step = new_step("say", line)
      step.bytes = ""
      t.steps[#t.steps + 1] = step
    end
    step.bytes = step.bytes .. decode(rest)
  end,
  ["@"] = function(t, rest, line)
    local step = new_step("pass", line)
    step.ms = math.floor(assert(tonumber(rest), "seconds expected") * 1000 + 0.5)
    t.steps[#t.steps + 1] = step
  end,
  ["="] = function(t, rest)
    local events = last_input(t).events
    events[#events + 1] = decode(rest)
  end,
  [">>"] = function(t, rest)
    local step = last_input(t)
    step.writes = step.writes .. decode(rest)
  end,
  ["*"] = function(t, rest) t.told[#t.told + 1] = decode(rest) end,
}

local function add_line(t, text, line)
  assert(not text:find("[^ -~]"), "printable ASCII alone")
  assert(not text:find(" $"), "a blank at the end")
  if text == "" then return end
  local mark, rest = text:match("^(%p%p?) (.*)$")
  if mark == "#" or text == "#" then
    t.source = t.source or rest
    return
  end
  assert(marks[mark], "no such mark")(t, rest, line)
  t.mark = mark
end

--- Reads a transcript's text. Result: { name, source, steps, told, attached, format, env }.
function transcript.parse(name, text)
  local t = {
    name = name,
    source = nil,  -- what the first line says
    steps = {},
    told = {},     -- what the modem's hooks are told beside
    attached = false, -- the modem is, before the first step
    format = "text",  -- that it sends in
    options = {},  -- of the command to come
    env = setmetatable({}, { __index = _G }), -- what the calls see
    mark = nil,
  }
  local number = 0
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    local ok, err = pcall(add_line, t, line, number)
    if not ok then error(("%s:%d: %s: %s"):format(name, number, err, line), 0) end
  end
  return t
end

--- Reads one file.
function transcript.read(name)
  local file = assert(io.open(transcript.directory .. "/" .. name))
  local text = file:read("*a")
  file:close()
  return transcript.parse(name, text), text
end

--- The names of all files, sorted.
function transcript.names()
  local names = {}
  for name in require("lfs").dir(transcript.directory) do
    if name:find("%.txt$") then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- Cuts. ----------------------------------------------------------------------------

--- The pieces of step, which is a stream. cut: "whole", "bytes", or { step, place }.
function transcript.pieces(step, cut)
  local bytes = step.bytes
  if cut == "bytes" then
    local pieces = {}
    for i = 1, #bytes do pieces[i] = bytes:sub(i, i) end
    return pieces
  end
  if cut[1] == step then return { bytes:sub(1, cut[2]), bytes:sub(cut[2] + 1) } end
  return { bytes }
end

--- Calls fn(cut) for the whole file, byte by byte, and each stream cut at each place.
-- Result: how many that were.
function transcript.each_cut(t, fn)
  fn("whole")
  fn("bytes")
  local count = 2
  for _, step in ipairs(t.steps) do
    for place = 1, step.kind == "say" and #step.bytes - 1 or 0 do
      fn { step, place }
      count = count + 1
    end
  end
  return count
end

local function describe(cut)
  if type(cut) == "string" then return cut end
  return ("cut at %d of the stream in line %d"):format(cut[2], cut[1].line)
end

-- As much of it as a reader wants to see.
local function excerpt(bytes)
  local text = transcript.encode(bytes)
  return #text > 600 and text:sub(1, 600) .. "..." or text
end

--- Raises what went wrong, and where.
function transcript.fail(t, line, cut, what, got, want)
  error(("%s:%d, %s: %s\n  got  %s\n  want %s"):format(t.name, line, describe(cut), what,
    excerpt(got), excerpt(want)), 0)
end

-- The exchange. --------------------------------------------------------------------

-- On 5.1 and 5.2 format's %s ends at a NUL.
local function describe_event(kind, a, b, c)
  if kind == "result" then
    return "result " .. a .. (b and " " .. b or "") .. (c and " doubtful" or "")
  end
  if kind == "payload" then return "payload " .. a .. " " .. b end
  if kind == "torn" then return "torn " .. (b or "-") .. " " .. a end
  if a then return kind .. " " .. a end
  return kind
end

-- Takes all events and writes all that is due, until both are at an end.
local function turn(x, now, log)
  local rounds = 0
  repeat
    local kind, a, b, c = x:next(now)
    while kind do
      log.events[#log.events + 1] = describe_event(kind, a, b, c)
      kind, a, b, c = x:next(now)
    end
    local bytes = x:output(now)
    if bytes then
      log.writes = log.writes .. bytes
      x:written(now, #bytes)
    end
    rounds = rounds + 1
    assert(rounds < 300, "it never comes to rest")
  until not bytes and x:deadline() ~= 0
end

-- Goes from deadline to deadline, as a driver would. Result: the clock in ms.
local function pass(x, ms, step, log)
  local to = ms + step.ms
  local deadline = x:deadline()
  while deadline and deadline * 1000 <= to do
    if deadline * 1000 > ms then ms = deadline * 1000 end
    turn(x, ms / 1000, log)
    deadline = x:deadline()
    assert(not deadline or deadline * 1000 > ms, "a deadline that has passed stays")
  end
  turn(x, to / 1000, log)
  return to
end

local function start(x, now, step, log)
  local given = step.options
  if given.fence then x:fence() end
  assert(x:start(now, step.text, given.data, given.timeout, given.prefix, given.bare))
  turn(x, now, log)
end

-- What attach leaves behind: one fence has passed.
local function attach(x, now)
  local log = { events = {}, writes = "" }
  x:fence()
  assert(x:start(now, "AT"))
  turn(x, now, log)
  x:feed(now, "\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
  turn(x, now, log)
  x:feed(now, "\r\nOK\r\n")
  turn(x, now, log)
  assert(log.writes == "AT+CSQ\rAT\r" and log.events[1] == "result ok")
end

--- Plays a transcript to a new exchange; raises where it is not as written.
function transcript.play(t, cut)
  local x = core.exchange()
  local ms = 1000000
  if t.attached then attach(x, ms / 1000) end
  for _, step in ipairs(t.steps) do
    local log = { events = {}, writes = "" }
    if step.kind == "start" then
      start(x, ms / 1000, step, log)
    elseif step.kind == "pass" then
      ms = pass(x, ms, step, log)
    elseif step.kind == "say" then
      for _, piece in ipairs(transcript.pieces(step, cut)) do
        x:feed(ms / 1000, piece)
        turn(x, ms / 1000, log)
      end
    end
    local got, want = table.concat(log.events, "\n= "), table.concat(step.events, "\n= ")
    if got ~= want then transcript.fail(t, step.line, cut, "events", got, want) end
    if log.writes ~= step.writes then
      transcript.fail(t, step.line, cut, "written", log.writes, step.writes)
    end
  end
  if x:in_flight() then error(t.name .. ": it ends with a command in flight", 0) end
end

return transcript

-- The error codes: chapter 3 of the application note.
--
-- Typed from the manual, apart from csrc/forms.c: what the two say has to be the same.
-- `itself`: how the virtual module comes to say the code by itself, in the fields of
-- manual.lua's rows; `why` says it in words. Every code can be said by a script.

local provoke = require "spec.commands.provoke"

local HOST = "hf.quectel.com"
local OPEN = ('AT+QIOPEN=0,0,"TCP","%s",8008,0,1'):format(HOST)
local FIXED = ('AT+QIOPEN=0,%%d,"TCP","%s",8008,50000,1'):format(HOST)
local PING = 'AT+QPING=0,"10.0.0.9",4,1,32'

local function slow(_, net) net.latency_s = 30 end

local itself = {
  [0] = { why = "the peer listens", host = OPEN, says = { "OK", "+QIOPEN: 0,0" } },
  [552] = { why = "an id over 4, with CMEE", first = { "AT+CMEE=1" }, host = "AT+QICLOSE=5",
    says = { "+CME ERROR: 552" } },
  [563] = { why = "the id is open", scene = "connected", traits = { id_in_use = "urc" },
    host = OPEN, says = { "OK", "+QIOPEN: 0,563" } },
  [564] = { why = "a second name at once", provoke = slow,
    host = 'AT+QIDNSGIP=0,"a"\rAT+QIDNSGIP=0,"b"', says = { "OK", "OK", "+QIDNSGIP: 564" } },
  [565] = { why = "nobody knows the name", host = 'AT+QIDNSGIP=0,"nowhere"',
    says = { "OK", "+QIDNSGIP: 565" } },
  [566] = { why = "nobody listens", scene = "refused", host = OPEN,
    says = { "OK", "+QIOPEN: 0,566" } },
  [567] = { why = "sending on an id that is closed, with CMEE", first = { "AT+CMEE=1" },
    host = 'AT+QISEND=0,1,"a"', says = { "+CME ERROR: 567" } },
  [568] = { why = "a second ping at once", provoke = provoke.silence_of_pings,
    host = PING .. "\r" .. PING,
    says = { "OK", "OK", "+QPING: 568" } },
  [569] = { why = "the peer never answers", scene = "silent", host = OPEN,
    says = { "OK", "+QIOPEN: 0,569" } },
  [572] = { why = "no address yet, with CMEE", first = { "AT+CMEE=1", "AT+CGATT=0" },
    host = OPEN, says = { "+CME ERROR: 572" } },
  [574] = { why = "another socket has that local port", first = { FIXED:format(0) },
    host = FIXED:format(1), says = { "OK", "+QIOPEN: 1,574" } },
}

local words = {
  [0] = "Operation successful",
  [550] = "Unknown error",
  [551] = "Operation blocked",
  [552] = "Invalid parameters",
  [553] = "Memory not enough",
  [554] = "Create socket failed",
  [555] = "Operation not supported",
  [556] = "Socket bind failed",
  [557] = "Socket listen failed",
  [558] = "Socket write failed",
  [559] = "Socket read failed",
  [560] = "Socket accept failed",
  [561] = "Open PDP context failed",
  [562] = "Close PDP context failed",
  [563] = "Socket identity has been used",
  [564] = "DNS busy",
  [565] = "DNS parse failed",
  [566] = "Socket connection failed",
  [567] = "Socket has been closed",
  [568] = "Operation busy",
  [569] = "Operation timeout",
  [570] = "PDP context broken down",
  [571] = "Cancel send",
  [572] = "Operation not allowed",
  [573] = "APN not configured",
  [574] = "Port busy",
}

-- An id that is in use is tried once more as another.
local function scripts(code)
  local list = {}
  for id = 0, 1 do
    list[id + 1] = { match = "QIOPEN=0," .. id, second = ("+QIOPEN: %d,%d"):format(id, code) }
  end
  return list
end

-- What an open that ends with that code looks like.
local function row(code)
  local said = "+QIOPEN: 0," .. code
  return {
    kind = "code", code = code, words = words[code], itself = itself[code],
    form = "+QIOPEN: <connectID>,<err>", host = OPEN, line = said, says = { "OK", said },
    scripts = scripts(code),
    ends = code == 0 and { "ok" } or { "fail", code }, decoder = { "+QIOPEN", 0, code },
    call = ('sock:connect("%s", 8008)'):format(HOST),
    gives = code == 0 and "1" or ('nil, "%s", %d'):format(words[code], code),
    spec = { "spec/codes_spec.lua", ("code %d, %s,"):format(code, words[code]) },
  }
end

local rows = { row(0) }
for code = 550, 574 do rows[#rows + 1] = row(code) end

return { { section = "3", title = "Error codes", rows = rows, scripts = scripts } }

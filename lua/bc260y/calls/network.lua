--- The network: attached, connected, which operator, in which bands.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local reports = require "bc260y.calls.reports"

local calls, checks = {}, {}

local unpack = table.unpack or unpack

local BANDS_MAX = 4

--- Whether the module is attached to packet service (27.007 10.1.9: AT+CGATT?).
-- options: timeout. Result: true or false; or nil, err, code.
function calls.attached(self, options)
  local state, err, code = ask.value(self, ask.deadline(self, options), "CGATT?", "+CGATT")
  if not state then return nil, err, code end
  return state == 1
end

checks.attached = ask.check_options

--- Whether there is a radio connection now (27.007 10.1.30: AT+CSCON?).
-- options: timeout. Result: true or false, and n (1: the module says each change, as
-- the event "+CSCON"); or nil, err, code.
function calls.connected(self, options)
  local lines, err, code = ask.command(self, ask.deadline(self, options), "CSCON?")
  if not lines then return nil, err, code end
  local n, mode = ask.read("+CSCON", lines)
  if not n then return nil, mode end
  return mode == 1, n
end

checks.connected = ask.check_options

--- Sets whether the module says each change of it by itself (AT+CSCON=n).
-- n: 0 no, 1 yes. attach sets it anew after a restart. options: timeout.
-- Result: true; or nil, err, code.
function calls.report_connection(self, n, options)
  return reports.set(self, ask.deadline(self, options), "CSCON", n)
end

checks.report_connection = reports.check

local function is_code(text)
  return text:find("^%d%d%d%d%d%d?$") ~= nil
end

-- The name and what it is: both or none; format 2 is digits.
local function is_operator(format, name)
  if not format or not name then return format == name end
  return name ~= "" and (format ~= 2 or is_code(name))
end

local function set_operator(self, deadline, operator)
  if operator == "auto" then return ask.set(self, deadline, "COPS", 0) end
  if not is_code(operator) then
    return nil, "invalid argument", "oper", "auto, or 5 or 6 digits"
  end
  return ask.set(self, deadline, "COPS operator", operator)
end

--- The operator (27.007 7.3: AT+COPS). Without one it asks; with one it selects it.
-- operator: "auto", or 5 or 6 digits: country and network code. options: timeout.
-- Result: { mode (0 automatic, 1 by hand, 2 none, 3, 4), format (2: digits), operator
-- (text), act (9: NB-IoT) }, each but the mode nil where there is none, or true when it
-- was selected; or nil, err, code.
function calls.operator(self, operator, options)
  if type(operator) == "table" then operator, options = nil, operator end
  local deadline = ask.deadline(self, options)
  if operator then return set_operator(self, deadline, operator) end
  local lines, err, code = ask.command(self, deadline, "COPS?")
  if not lines then return nil, err, code end
  local mode, format, name, act = ask.read("+COPS", lines)
  if not mode then return nil, format end
  if not is_operator(format, name) then return nil, "error" end
  return { mode = mode, format = format, operator = name, act = act }
end

function checks.operator(operator, options)
  if type(operator) == "table" then operator, options = nil, operator end
  check.kind(operator, "string", "operator", 3, true)
  check.options(options, ask.TIMED, 3)
end

-- 5,8; nil if something else stands there.
local function read_bands(text)
  local list = {}
  for band in (text .. ","):gmatch("(.-),") do
    band = band:match("^%s*(%d%d?%d?)%s*$")
    if not band then return nil end
    list[#list + 1] = tonumber(band)
  end
  return list
end

--- The bands that it searches (AT+QBAND). Without a list it asks; with one it sets them.
-- list: of 1 to 4 numbers, 1-88; an empty one: every band that it has. options: timeout.
-- Result: list of numbers, or true when they were set; or nil, err, code.
function calls.bands(self, list, options)
  local deadline = ask.deadline(self, options)
  if list and #list > BANDS_MAX then return nil, "invalid argument", "bands", "0 to 4 bands" end
  if list then return ask.set(self, deadline, "QBAND", #list, unpack(list)) end
  local text, err, code = ask.value(self, deadline, "QBAND?", "+QBAND")
  if not text then return nil, err, code end
  local bands = read_bands(text)
  if not bands then return nil, "error" end
  return bands
end

function checks.bands(list, options)
  check.kind(list, "table", "bands", 3, true)
  local count = 0
  for _ in pairs(list or {}) do count = count + 1 end
  for i = 1, count do check.kind(list[i], "number", "bands[" .. i .. "]", 3) end
  check.options(options, ask.TIMED, 3)
end

return { calls = calls, checks = checks }

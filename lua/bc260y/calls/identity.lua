--- Who the module is, and whose card is in it.

local ask = require "bc260y.calls.ask"

local unpack = table.unpack or unpack

local calls, checks = {}, {}

local function strip_revision(line)
  local revision = line and line:gsub("^Revision: *", ""):match("^(.-) *$")
  return revision ~= "" and revision or nil
end

-- A revision has the module's name in it as well: BC260YCNAAR02A02.
local function is_model(line)
  return line:find("BC260Y", 1, true) ~= nil and not line:find("R%d%dA%d%d")
end

-- ATI gives manufacturer, model and "Revision: ..." (wire forms). Lines may be missing: a
-- manufacturer can be told by what follows alone.
local function read_ati(lines)
  local known = { manufacturer = nil, model = nil, revision = nil }
  for i = 1, #lines do
    local line = lines[i]
    if line:find("^Revision:") then
      known.revision = known.revision or strip_revision(line)
    elseif is_model(line) and not known.model then
      local before = lines[i - 1]
      known.manufacturer = before and not before:find("^Revision:") and before or nil
      known.model = line
    end
  end
  return known
end

-- What a command says, {} when it is refused; nil, err, code when asking itself fails.
local function question(self, deadline, name, ...)
  local lines, err, code = ask.command(self, deadline, name, ...)
  if lines or err == "error" then return lines or {} end
  return nil, err, code
end

-- A bare line says nothing of what it is: of two nobody knows which.
local function only_line(lines)
  return not lines[2] and lines[1] or nil
end

-- Firmware of the module, and who made it. Result: table; or nil, err, code.
local function ask_revision(self, deadline)
  local lines, err, code = ask.command(self, deadline, "ATI")
  if not lines then return nil, err, code end
  local known = read_ati(lines)
  if not known.revision then
    lines, err, code = question(self, deadline, "CGMR")
    if not lines then return nil, err, code end
    known.revision = strip_revision(only_line(lines))
  end
  return known
end

local function digits(text, low, high)
  text = text and text:match("^%d+$")
  return text and #text >= low and #text <= high and text or nil
end

local function read_serial(lines)
  local line = only_line(lines)
  if not line then return nil end
  local serial = line:find("^%+CGSN:") and ask.read("+CGSN", lines) or line:match("^[^%s+].*$")
  return serial ~= "" and serial or nil
end

-- Of +CGSN, so many digits.
local function number_of(size)
  return function(lines) return digits(ask.read("+CGSN", lines), size, size) end
end

-- E.118: 89 and no fewer than 18 in all; some operators have letters among the digits, and
-- an F fills it up.
local function read_iccid(lines)
  local iccid = ask.read("+QCCID", lines)
  iccid = iccid and iccid:match("^89%x+$")
  return iccid and #iccid >= 18 and #iccid <= 22 and iccid or nil
end

-- The rest of it, in the order in which it is asked: its name, the command with its
-- argument, and what reads the lines.
local rest = {
  { "model", { "CGMM" }, only_line },
  { "imei", { "CGSN", 1 }, number_of(15) },
  { "imei_sv", { "CGSN", 2 }, number_of(16) },
  { "sv", { "CGSN", 3 }, number_of(2) },
  { "serial", { "CGSN", 0 }, read_serial },
  { "imsi", { "CIMI" }, function(lines) return digits(only_line(lines), 6, 15) end },
  { "iccid", { "QCCID" }, read_iccid },
}

--- Who it is (ATI, CGMM, CGMR, CGSN, CIMI, QCCID). options: timeout (seconds for all).
-- Result: { manufacturer, model, revision, imei (15 digits), imei_sv (16, with the
-- software's version), sv (2), serial, imsi, iccid }, texts, each nil where the module
-- refuses or says something else (manufacturer: where ATI names no BC260Y behind it); or
-- nil, err, code.
function calls.identity(self, options)
  local deadline = ask.deadline(self, options)
  local known, err, code = ask_revision(self, deadline)
  if not known then return nil, err, code end
  for _, item in ipairs(rest) do
    local name, command, read = item[1], item[2], item[3]
    if not known[name] then
      local lines
      lines, err, code = question(self, deadline, unpack(command))
      if not lines then return nil, err, code end
      known[name] = read(lines) or nil
    end
  end
  return known
end

checks.identity = ask.check_options

--- The firmware's revision alone, for attach. Result: text, nil where it is not said,
-- or nil, err, code.
local function revision(self, options)
  local known, err, code = ask_revision(self, ask.deadline(self, options))
  if not known then return nil, err, code end
  return known.revision
end

return { calls = calls, checks = checks, revision = revision }

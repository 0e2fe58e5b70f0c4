--- Who the module is, and whose card is in it.

local ask = require "bc260y.calls.ask"

local unpack = table.unpack or unpack

local calls, checks = {}, {}

local function strip_revision(line)
  return line and line:gsub("^Revision: *", ""):match("^(.-) *$")
end

-- ATI gives manufacturer, model and "Revision: ..." (wire forms); lines may be missing.
local function read_ati(lines)
  local known = { manufacturer = nil, model = nil, revision = nil }
  for i = 1, #lines do
    local line = lines[i]
    if line:find("^Revision:") then
      known.revision = known.revision or strip_revision(line)
    elseif not known.manufacturer then
      known.manufacturer = line
    else
      known.model = known.model or line
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

-- Firmware of the module, and who made it. Result: table; or nil, err, code.
local function ask_revision(self, deadline)
  local lines, err, code = ask.command(self, deadline, "ATI")
  if not lines then return nil, err, code end
  local known = read_ati(lines)
  if not known.revision then
    lines, err, code = question(self, deadline, "CGMR")
    if not lines then return nil, err, code end
    known.revision = strip_revision(lines[1])
  end
  return known
end

local function digits(text, low, high)
  text = text and text:match("^%d+$")
  return text and #text >= low and #text <= high and text or nil
end

local function first_line(lines)
  return lines[1]
end

-- Of +CGSN, so many digits.
local function number_of(size)
  return function(lines) return digits(ask.read("+CGSN", lines), size, size) end
end

local function read_iccid(lines)
  local iccid = ask.read("+QCCID", lines)
  return iccid and iccid:match("^%x+$")
end

-- The rest of it, in the order in which it is asked: its name, the command with its
-- argument, and what reads the lines.
local rest = {
  { "model", { "CGMM" }, first_line },
  { "imei", { "CGSN", 1 }, number_of(15) },
  { "imei_sv", { "CGSN", 2 }, number_of(16) },
  { "sv", { "CGSN", 3 }, number_of(2) },
  { "serial", { "CGSN", 0 }, function(lines) return ask.read("+CGSN", lines) or lines[1] end },
  { "imsi", { "CIMI" }, function(lines) return digits(lines[1], 6, 15) end },
  { "iccid", { "QCCID" }, read_iccid },
}

--- Who it is (ATI, CGMM, CGMR, CGSN, CIMI, QCCID). options: timeout (seconds for all).
-- Result: { manufacturer, model, revision, imei (15 digits), imei_sv (16, with the
-- software's version), sv (2), serial, imsi, iccid }, texts, each nil where the module
-- refuses or says something else; or nil, err, code.
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

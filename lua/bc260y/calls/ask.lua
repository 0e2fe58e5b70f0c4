--- How a call asks the module: send a command, wait, read the lines of the answer.
--
-- It knows the codec's names and the pump's entries. It does not know what any answer
-- means, that is the other files' of this folder.

local check = require "bc260y.check"
local core = require "bc260y.core"
local errors = require "bc260y.errors"
local new_entry = require("bc260y.pump").entry

local decode, encode = core.decode, core.encode

local ask = {}

-- The options of most calls.
ask.TIMED = { timeout = "number" }

--- The check of a call without other arguments.
function ask.check_options(options)
  check.options(options, ask.TIMED, 3)
end

--- When the caller stops waiting, on the port's clock; nil: it has no timeout.
function ask.deadline(self, options)
  local timeout = options and options.timeout
  return timeout and self.pump:now() + timeout
end

-- What every module answers with a line. An OK alone is then that of an older command, of an
-- earlier process perhaps, and the next one would be this one's, and so on.
local HAS_LINE = { ["AT+CEREG?"] = true, ['AT+QICFG="dataformat"'] = true, ["AT+CSQ"] = true }

local function execute(self, entry)
  local status = self.pump:execute(entry)
  if status ~= "ok" then return errors.of(status, entry.code) end
  if not entry.lines and HAS_LINE[entry.text] then self.pump.line:fence() end
  return entry.lines or {}
end

--- Sends a line that is already written. Result: its information lines; or nil, err, code.
function ask.line(self, text, deadline)
  local entry = new_entry(text)
  entry.deadline = deadline
  entry.bounded = deadline ~= nil
  return execute(self, entry)
end

--- Encodes and sends a command that has no second result.
-- Result: its information lines; or nil, err, code; or nil, "invalid argument", the
-- parameter's name, its range, and nothing was sent.
function ask.command(self, deadline, name, ...)
  local text, err, what, range = encode(name, ...)
  if not text then return nil, err, what, range end
  return ask.line(self, text, deadline)
end

--- Encodes and sends a command that has a second result and needs an address. The
-- caller's deadline ends its own wait, and not the operation. progress: function(line).
-- Result: as of command; or nil, "not attached".
function ask.operation(self, deadline, progress, name, ...)
  local text, err, what, range = encode(name, ...)
  if not text then return nil, err, what, range end
  local attached, why = ask.attached(self)
  if not attached then return nil, why end
  local entry = new_entry(text)
  entry.deadline, entry.progress = deadline, progress
  return execute(self, entry)
end

--- True when the module has an address; or nil, "not attached".
function ask.attached(self)
  if self.pump.down then return nil, self.pump.down end
  if not self.address then return nil, "not attached" end
  return true
end

local function first_of(form, lines, i, first, ...)
  if first ~= nil then return first, ... end
  if i > #lines then return nil, "error" end
  return first_of(form, lines, i + 1, decode(form, lines[i]))
end

--- The fields of the first line that is an answer of that form; or nil, "error".
function ask.read(form, lines)
  return first_of(form, lines, 1, nil)
end

--- How many fields a line has, empty ones too. One that lacks a field has all behind it in
-- the wrong places. Commas inside quotes are counted: no field of ours has any.
function ask.field_count(line)
  return select(2, line:gsub(",", "")) + 1
end

--- Asks for one value: the first field of the answer. Result: it; or nil, err, code.
function ask.value(self, deadline, name, form)
  local lines, err, code = ask.command(self, deadline, name)
  if not lines then return nil, err, code end
  local value, why = ask.read(form, lines)
  if value == nil then return nil, why end
  return value
end

--- Sets something. Result: true; or as of command.
function ask.set(self, deadline, name, ...)
  local lines, err, what, range = ask.command(self, deadline, name, ...)
  if not lines then return nil, err, what, range end
  return true
end

return ask

-- Whether the marks can be missing at all: each row is spoiled for each mark, and then the
-- mark has to be a hole. A mark that no wrong row loses says nothing. What can be missing is
-- not counted: the mark itself is.

local marks = require "spec.commands.marks"
local reach = require "spec.commands.reach"

local doubts = {}

local NOTHING = "+NOTHING: 1"

local spoil = {}

-- Nothing is called.
function spoil.call(row)
  row.call = "true"
end

-- The line reads otherwise; where no decoder reads it, it is another answer or event.
function spoil.decoder(row)
  if type(row.decoder) == "table" then
    row.decoder = { row.decoder[1], "nothing" }
  elseif row.host then
    row.says = { "ERROR" }
  else
    row.event = { "nothing" }
  end
end

-- The module would have to say what it does not.
function spoil.module(row)
  if row.host then row.says = { NOTHING } else row.line = NOTHING end
end

-- No spec has it.
function spoil.spec(row)
  row.key, row.spec = row.spec and row.key or NOTHING, row.spec and { row.spec[1], NOTHING }
end

local function copy(row)
  local other = {}
  for name, value in pairs(row) do other[name] = value end
  return other
end

--- Calls report(false, what is wrong) for each mark of the row that can't be missing.
function doubts.check(row, report)
  for _, name in ipairs(marks.names) do
    local spoiled = copy(row)
    spoil[name](spoiled)
    if marks.one(name, spoiled) then
      report(false, ("%s: %s can't be missing"):format(row.line or row.host, name))
    end
  end
end

--- The same for how a call reaches a parameter: by one that forgets it, or gives nothing.
function doubts.check_parameter(parameter, list, report)
  local spoiled = copy(parameter)
  spoiled.set = parameter.set and "(function() end)($)"
  spoiled.get = parameter.get and "nil"
  if (spoiled.set or spoiled.get) and reach.of(spoiled, list) then
    report(false, ("<%s>: its call can't be missing"):format(parameter[1]))
  end
end

return doubts

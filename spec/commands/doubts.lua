-- Whether the marks can be missing at all: each row is spoiled for each mark, and then the
-- mark has to be a hole. A mark that no wrong row loses says nothing.

local marks = require "spec.commands.marks"

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

--- Calls report(good, what is wrong) for each mark of the row.
function doubts.check(row, report)
  for _, name in ipairs(marks.names) do
    local spoiled = copy(row)
    spoil[name](spoiled)
    report(not marks.one(name, spoiled), ("%s: %s can't be missing"):format(
      row.line or row.host, name))
  end
end

return doubts

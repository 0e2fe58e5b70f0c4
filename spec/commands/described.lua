-- The parameters of a section with their descriptions, ranges and calls.
--
-- It holds the manual's forms, the descriptions of parameters.lua and the codec's fields
-- against each other: what one has and another has not is a hole.

local doubts = require "spec.commands.doubts"
local fields = require "spec.commands.fields"
local forms = require "spec.commands.forms"
local parameters = require "spec.commands.parameters"
local reach = require "spec.commands.reach"

local described = {}

local MISSING = "**missing**"

-- The texts of a parameter's row; or nil and what is missing. list: the codec's fields.
local function describe(parameter, list)
  if not list then return nil, "the codec has no such parameter" end
  local range = fields.range(list)
  if parameter.manual == range then return nil, "the codec's range is the manual's" end
  local ok, call, fault = pcall(reach.of, parameter, list)
  if not ok or not call then return nil, tostring(fault or call) end
  if parameter.manual then range = range .. "<br>manual: " .. parameter.manual end
  return { range = range, call = call }
end

--- The rows of the section's table: { name, range, default, unit, means, call }. Calls
-- report(good, what is missing) for each.
function described.of(section, report)
  local rows, written, known = {}, fields.written(section), fields.of(section)
  for _, parameter in ipairs(parameters[section.section] or {}) do
    local name = parameter[1]
    local what = section.section .. " <" .. name .. ">: "
    local found, fault = describe(parameter, known[forms.plain(name)])
    if found and not written[name] then found, fault = nil, "it is in no form" end
    written[name] = nil
    report(found ~= nil, what .. tostring(fault))
    if found then doubts.check_parameter(parameter, known[forms.plain(name)], report) end
    found = found or { range = MISSING, call = MISSING }
    rows[#rows + 1] = { name = name, range = found.range, default = parameter.default or "",
      unit = parameter.unit or "", means = parameter.means, call = found.call }
  end
  for name in pairs(written) do
    report(false, ("%s <%s>: it is not described"):format(section.section, name))
  end
  return rows
end

return described

-- The parameters that the codec has for a section of the manual, and their ranges as the
-- codec keeps to them. spec/codec_forms_spec.lua tries each at its limits.
--
-- It knows the codec's tables, and asks the exchange how long a payload may be; it knows no
-- parameter by its name.

local core = require "bc260y.core"
local forms = require "spec.commands.forms"

local fields = {}

local LONGER = 4096 -- bytes: no payload is

local function is_payload(size)
  local x = core.exchange()
  x:feed(0, ('\r\n+QIURC: "recv",0,%d,%s\r\n'):format(size, ("x"):rep(size)))
  return x:next(0) == "payload"
end

-- What a payload is cut by is in no table: it is tried.
local function payload_fields()
  local least, greatest
  for size = 0, LONGER do
    if is_payload(size) then
      least, greatest = least or size, size
    end
  end
  return {
    { name = "current_recv_length", kind = "number", min = least, max = greatest },
    { name = "data", kind = "inline", min = least, max = greatest },
  }
end

-- What the section's rows name: the codec's commands, then its responses.
local function forms_of(section)
  local list, seen = {}, {}
  local function add(form)
    if not seen[form.name] then list[#list + 1] = form end
    seen[form.name] = true
  end
  for _, row in ipairs(section.rows) do
    if row.codec then add(forms.command(row.codec[1])) end
  end
  for _, row in ipairs(section.rows) do
    if type(row.decoder) == "table" then add(forms.response(row.decoder[1])) end
    if row.event and row.event[1] == "payload" and not seen.payload then
      add { name = "payload", fields = payload_fields() }
    end
  end
  return list
end

--- name -> list of { form = its name, field } in the codec.
function fields.of(section)
  local found = {}
  for _, form in ipairs(forms_of(section)) do
    for _, field in ipairs(form.fields) do
      for _, name in ipairs(forms.names_of(field)) do
        local list = found[forms.plain(name)] or {}
        found[forms.plain(name)] = list
        list[#list + 1] = { form = form.name, field = field }
      end
    end
  end
  return found
end

--- Every <name> in the forms and answers of the section, as the manual spells them.
function fields.written(section)
  local names = {}
  for _, row in ipairs(section.rows) do
    local text = forms.of(row) .. (row.answer or "")
    for name in text:gmatch("<([^<>]*)>") do names[name] = true end
  end
  return names
end

local function span(field)
  if field.min == field.max then return ("%d"):format(field.min) end
  return ("%d to %d"):format(field.min, field.max)
end

local RANGES = {
  fixed = span,
  number = span,
  quoted = function(field) return span(field) .. " bytes" end,
  inline = span,
  hex = span,
  service = function() return '`"TCP"`, `"UDP"`' end,
  text = function(field) return ("up to %d bytes"):format(field.max) end,
  rest = function(field) return ("up to %d bytes"):format(field.max) end,
}

local function range_of(field)
  return RANGES[field.kind](field)
end

--- The range of a list as above: one, or each with the forms that it holds for.
function fields.range(list)
  local order, names = {}, {}
  for _, item in ipairs(list) do
    local range = range_of(item.field)
    if not names[range] then
      names[range] = {}
      order[#order + 1] = range
    end
    table.insert(names[range], "`" .. item.form .. "`")
  end
  if not order[2] then return order[1] end
  for i, range in ipairs(order) do
    order[i] = table.concat(names[range], ", ") .. ": " .. range
  end
  return table.concat(order, "<br>")
end

return fields

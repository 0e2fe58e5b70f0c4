-- An answer as aligned lines for a person, or completed for JSON. Knows schemas
-- (cli/schema.lua), and no call.

local show = {}

local function name_of(field)
  return type(field) == "table" and field[1] or field
end

-- The schema of a field's value.
local function inside(field)
  if type(field) ~= "table" then
    return {}
  end
  return field.fields or {list = field.list, unit = field.unit}
end

-- The same on each Lua: no ".0".
local function plain(value, unit)
  if value == nil then
    return "-"
  end
  local text = type(value) == "number" and ("%.10g"):format(value) or tostring(value)
  return unit and text .. " " .. unit or text
end

local add

local function add_list(rows, path, value, item)
  if not value[1] then
    rows[#rows + 1] = {path, "none"}
  end
  for i, entry in ipairs(value) do
    add(rows, path .. "." .. i, entry, item)
  end
end

local function add_fields(rows, path, value, fields)
  for _, field in ipairs(fields) do
    local name = name_of(field)
    local row = path and path .. "." .. name or name
    local item = value[name]
    if field.say then
      item = field.say(value)
    end
    if not field.hidden then
      add(rows, row, item, inside(field))
    end
  end
end

-- Adds a row for each field. rows: list of { name, text }. path: what stands before each
-- name, or nil. schema: of value: fields, { list = schema of each }, or { unit = text } of
-- a plain one.
add = function(rows, path, value, schema)
  if type(value) ~= "table" then
    rows[#rows + 1] = {path, plain(value, schema.unit)}
  elseif schema.list then
    add_list(rows, path, value, schema.list)
  else
    add_fields(rows, path, value, schema)
  end
end

show.add = add

-- rows, aligned, as one text.
function show.text(rows)
  local width = 0
  for _, row in ipairs(rows) do
    width = math.max(width, #row[1])
  end
  local lines = {}
  for i, row in ipairs(rows) do
    lines[i] = ("%-" .. width .. "s  %s"):format(row[1], row[2])
  end
  return table.concat(lines, "\n")
end

-- A list of such values as a table with a heading: one line each.
function show.columns(fields, list)
  local lines, widths = {{}}, {}
  for i, field in ipairs(fields) do
    lines[1][i] = name_of(field)
  end
  for k, value in ipairs(list) do
    lines[k + 1] = {}
    for i, field in ipairs(fields) do
      lines[k + 1][i] = plain(value[name_of(field)])
    end
  end
  for _, line in ipairs(lines) do
    for i, text in ipairs(line) do
      widths[i] = math.max(widths[i] or 0, #text)
    end
  end
  for k, line in ipairs(lines) do
    for i, text in ipairs(line) do
      line[i] = i < #line and text .. (" "):rep(widths[i] - #text) or text
    end
    lines[k] = table.concat(line, "  ")
  end
  return table.concat(lines, "\n")
end

-- The same keys whatever is known: null stands where nothing is. Result: a new table, or
-- the value itself where it is plain.
function show.complete(value, schema, null)
  if type(value) ~= "table" then
    return value
  end
  local whole = {}
  for key, item in pairs(value) do
    whole[key] = schema.list and show.complete(item, schema.list, null) or item
  end
  for _, field in ipairs(schema) do
    local name, item = name_of(field), value[name_of(field)]
    if item == nil and not field.say then
      whole[name] = null
    elseif item ~= nil then
      whole[name] = show.complete(item, inside(field), null)
    end
  end
  return whole
end

return show

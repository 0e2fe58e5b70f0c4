-- Forms: how the manual and the codec write a command or a line of the module.
--
-- It knows <name>, [what may be left out] and the codec's tables, and holds one against
-- the other. It knows no row.

local core = require "bc260y.core"

local forms = {}

-- One line to the codec, two in the manual, of which the other is the end of all (2.3.8).
local ALIASES = { finresult = "result" }

--- The codec's name for the manual's.
function forms.plain(name)
  return ALIASES[name] or name
end

local function by_name(kind)
  local map = {}
  for _, form in ipairs(core.forms(kind)) do map[form.name] = form end
  return map
end

local commands, responses = by_name "command", by_name "response"

function forms.command(name)
  return assert(commands[name], "no command is called " .. name)
end

function forms.response(name)
  return assert(responses[name], "no response is called " .. name)
end

--- All names of the codec, sorted.
function forms.names()
  local names = {}
  for _, map in ipairs { commands, responses } do
    for name in pairs(map) do names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- What the manual calls the fields that the codec writes as one.
function forms.names_of(field)
  if field.kind == "inline" or field.kind == "hex" then return { "send_length", field.name } end
  return { field.name }
end

--- The codec's form written as the manual would: for rows that are not the manual's.
function forms.write(form, is_command)
  local parts, brackets = {}, 0
  for i, field in ipairs(form.fields) do
    local text = field.kind == "fixed" and ("%d"):format(field.min) or "<" .. field.name .. ">"
    local comma = i > 1 and "," or ""
    if field.optional then
      brackets = brackets + 1
      comma = "[" .. comma
    end
    parts[i] = comma .. text
  end
  local head = is_command and form.prefix or form.prefix .. ": "
  return head .. table.concat(parts) .. ("]"):rep(brackets)
end

--- How the row's form is written.
function forms.of(row)
  if row.form then return row.form end
  if row.line then return forms.write(forms.response(row.decoder[1]), false) end
  return forms.write(forms.command(row.codec[1]), true)
end

--- True when a written form has the fields of the codec's, in their order. What is fixed
-- or may be left out need not be written, nor a text of which the form is one value.
function forms.same_fields(text, form)
  local at, written = 1, {}
  local _, literals = text:gsub('"[^"<>]*"', "")
  for name in text:gmatch("<([^<>]*)>") do written[#written + 1] = name end
  for _, field in ipairs(form.fields) do
    for _, name in ipairs(forms.names_of(field)) do
      if forms.plain(written[at]) == forms.plain(name) then
        at = at + 1
      elseif field.kind == "text" and literals > 0 then
        literals = literals - 1
      elseif field.kind ~= "fixed" and not field.optional then
        return nil, ("%s: the codec has %s, the form %s"):format(form.name, name,
          tostring(written[at]))
      end
    end
  end
  if written[at] then return nil, ("%s: the codec has no %s"):format(form.name, written[at]) end
  return true
end

-- All that a form with [parts] can be.
local function variants(text, list)
  local open = text:find("[", 1, true)
  if not open then
    list[#list + 1] = text
    return list
  end
  local depth, close = 0, nil
  for at = open, #text do
    local char = text:sub(at, at)
    depth = depth + (char == "[" and 1 or char == "]" and -1 or 0)
    if depth == 0 then
      close = at
      break
    end
  end
  local before, inner, after = text:sub(1, open - 1), text:sub(open + 1, close - 1),
    text:sub(close + 1)
  variants(before .. after, list)
  return variants(before .. inner .. after, list)
end

-- <data> is anything.
local function is_variant(form, line)
  local at, place = 1, 1
  while place <= #form do
    local name = form:match("^<([^<>]*)>", place)
    if name == "data" then return at <= #line end
    local piece = name and (line:match('^"[^"]*"', at) or line:match('^[^,"=]*', at))
      or not name and form:sub(place, place)
    if not piece or line:sub(at, at + #piece - 1) ~= piece then return false end
    at, place = at + #piece, place + (name and #name + 2 or 1)
  end
  return at == #line + 1
end

--- Whether a line is of that form.
function forms.matches(form, line)
  for _, variant in ipairs(variants(form, {})) do
    if is_variant(variant, line) then return true end
  end
  return false
end

return forms

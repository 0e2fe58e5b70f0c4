-- How a Lua call reaches a parameter, seen by doing it: one that is set has to stand in the
-- line that goes to the module, with its least value and with its greatest; one that is got
-- has to be something. An option that is not given has to be its default.

local show = require "spec.commands.show"
local stage = require "spec.commands.stage"

local reach = {}

local WIRE = { text = "0", hex = "1", ["false"] = "0", ["true"] = "1", tcp = "TCP", udp = "UDP" }

-- The call's argument for a value of the field, and what the line has for it then.
local function argument(field, value)
  local kind = field.kind
  if kind == "quoted" then
    local text = ("x"):rep(value)
    return ("%q"):format(text), '"' .. text .. '"'
  elseif kind == "inline" then
    local text = ("x"):rep(value)
    return ("%q"):format(text), ('%d,"%s"'):format(value, text)
  end
  return ("%d"):format(value), ("%d"):format(value)
end

-- The same where the call has words of its own for it.
local function worded(code)
  local word = code:gsub('"', "")
  return code, WIRE[word] or word
end

local function put(text, from, to, piece)
  return text:sub(1, from - 1) .. piece .. text:sub(to + 1)
end

-- Whether a line of the one is a line of the other but for the value.
local function differ_in(heard, others, value, other)
  local lines = {}
  for _, line in ipairs(others) do lines[line] = true end
  for _, line in ipairs(heard) do
    local from, to = line:find(value, 1, true)
    while from do
      local before, after = line:sub(from - 1, from - 1), line:sub(to + 1, to + 1)
      if before:find('[=,"]') and (after == "" or after:find('[,"]'))
        and lines[put(line, from, to, other)] then
        return true
      end
      from, to = line:find(value, from + 1, true)
    end
  end
  return false
end

local function call(parameter, code)
  return stage.call(setmetatable({ call = code }, { __index = parameter }))
end

-- What the module hears when the call takes this for it.
local function heard_with(parameter, code)
  local from, to = parameter.set:find("$", 1, true)
  local _, lines = call(parameter, put(parameter.set, from, to, code))
  return lines
end

-- Whether an option that is not given is its default.
local function keeps_default(parameter, codes, values)
  local without, count = parameter.set:gsub("{[%w_]+ = %$}", "{}")
  if count == 0 or not parameter.default then return true end
  local code = parameter.default
  for i = 1, 2 do
    if values[i] == code then code = codes[i] end
  end
  local _, lines = call(parameter, without)
  return table.concat(lines, "\n") == table.concat(heard_with(parameter, code), "\n")
end

local function set(parameter, field)
  local words, codes, heard, values = parameter.as, {}, {}, {}
  for i, limit in ipairs { "min", "max" } do
    if words then
      codes[i], values[i] = worded(words[i])
    else
      codes[i], values[i] = argument(field, field[limit])
    end
    heard[i] = heard_with(parameter, codes[i])
  end
  if not differ_in(heard[1], heard[2], values[1], values[2]) then
    return nil, "the call does not send its least and its greatest"
  end
  if not keeps_default(parameter, codes, values) then return nil, "its default is another" end
  local text = "`" .. parameter.set:gsub("%$", "<" .. parameter[1] .. ">") .. "`"
  if not words or words[1]:gsub('"', "") == values[1] then return text end
  return ("%s, as `%s` or `%s`"):format(text, words[1], words[2])
end

local ORDINALS = { "first", "second", "third" }

local function get(parameter)
  local value = call(parameter, parameter.get)[parameter.nth or 1]
  if value == nil then return nil, parameter.get .. " does not give it" end
  local which = parameter.nth and " as its " .. ORDINALS[parameter.nth] .. " value" or ""
  return ("`%s` gives `%s`%s"):format(parameter.get, show(value), which)
end

local function settable(list)
  for _, item in ipairs(list) do
    if item.field.kind ~= "fixed" then return item.field end
  end
end

-- Whether no form leaves a choice.
local function is_one(list)
  for _, item in ipairs(list) do
    if not item.field.min or item.field.min ~= item.field.max then return false end
  end
  return true
end

--- How the call reaches it, in words; or nil and what is wrong. list: the codec's fields.
function reach.of(parameter, list)
  if parameter.get then return get(parameter) end
  if parameter.set then return set(parameter, settable(list)) end
  if is_one(list) then return "the library writes it" end
  return parameter.by, "nothing says how a call reaches it"
end

return reach

-- Values as Lua writes them, tables with their keys in order.

local show

local function show_table(t)
  local parts, keys = {}, {}
  for i, value in ipairs(t) do parts[i] = show(value) end
  for key in pairs(t) do
    if type(key) ~= "number" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do parts[#parts + 1] = key .. " = " .. show(t[key]) end
  return parts[1] and "{ " .. table.concat(parts, ", ") .. " }" or "{}"
end

function show(value)
  if type(value) == "string" then
    local quote = value:find('"', 1, true) and "'" or '"'
    return quote .. value .. quote
  end
  if type(value) == "number" then return ("%.10g"):format(value) end
  if type(value) == "table" then return show_table(value) end
  return tostring(value)
end

return show

-- Prints a value as one line of JSON, its keys in order. Knows dkjson, and asks for it
-- only when used.

local cli = require "bc260y.cli"

local json = {}

function json.load()
  return cli.need("dkjson", "lua-dkjson", "--json")
end

-- What stands for a value that is not known.
function json.null()
  return json.load().null
end

-- An object, also where it is empty: an empty table is a list.
function json.object(value)
  return setmetatable(value, {__jsontype = "object"})
end

local function collect(value, keys, seen)
  if type(value) ~= "table" then
    return
  end
  for key, item in pairs(value) do
    if type(key) == "string" and not seen[key] then
      seen[key] = true
      keys[#keys + 1] = key
    end
    collect(item, keys, seen)
  end
end

-- names: keys that are null where value has none, or nil. An empty table is a list.
function json.print(value, names)
  local null = json.null()
  for _, name in ipairs(names or {}) do
    if value[name] == nil then
      value[name] = null
    end
  end
  local keys = {}
  collect(value, keys, {})
  table.sort(keys)
  print((json.load().encode(value, {keyorder = keys})))
  io.stdout:flush()
end

return json

--- What a caller gets wrong is raised, where it was called.
--
-- It knows types and names of options, not what they are for. `level` is that of
-- error() in the function that asks.

local check = {}

-- What no number of seconds is: it would be waited for for ever.
local function is_seconds(value)
  return type(value) == "number" and value >= 0
end

--- A timeout in seconds, or nil.
function check.timeout(value, level)
  if value ~= nil and not is_seconds(value) then
    error("timeout: seconds expected", level + 1)
  end
end

--- A table of options, or nil. types: name -> type, true: any.
function check.options(options, types, level)
  if options == nil then return end
  if type(options) ~= "table" then
    error("options: table expected, got " .. type(options), level + 1)
  end
  for name, value in pairs(options) do
    local want = types[name]
    if not want then error("no option is called " .. tostring(name), level + 1) end
    if want ~= true and type(value) ~= want then
      error(name .. ": " .. want .. " expected, got " .. type(value), level + 1)
    end
  end
  check.timeout(options.timeout, level + 1)
end

--- How many bytes a socket keeps, or nil.
function check.buffer(value, level)
  if value and (value < 0 or value ~= value) then
    error("buffer: a number of bytes expected", level + 1)
  end
end

return check

--- What a caller gets wrong is raised, where it was called.
--
-- It knows types and names of options, not what they are for. `level` is that of
-- error() in the function that asks.

local check = {}

-- What no number of seconds is: it would be waited for for ever.
local function is_seconds(value)
  return type(value) == "number" and value >= 0
end

--- A number of seconds, or nil.
function check.seconds(value, name, level)
  if value ~= nil and not is_seconds(value) then
    error(name .. ": seconds expected", level + 1)
  end
end

function check.timeout(value, level)
  check.seconds(value, "timeout", level + 1)
end

--- A value of that type. optional: or nil.
function check.kind(value, want, name, level, optional)
  if type(value) ~= want and not (optional and value == nil) then
    error(name .. ": " .. want .. " expected, got " .. type(value), level + 1)
  end
end

--- A table of options, or nil. types: name -> type, true: any.
function check.fields(options, types, level)
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
end

--- The same, where a timeout is among them.
function check.options(options, types, level)
  check.fields(options, types, level + 1)
  check.timeout(options and options.timeout, level + 1)
end

--- How many bytes a socket keeps, or nil.
function check.buffer(value, level)
  if value and (value < 0 or value ~= value) then
    error("buffer: a number of bytes expected", level + 1)
  end
end

return check

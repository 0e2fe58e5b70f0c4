-- Prints a value as one line of JSON. Knows dkjson, and asks for it only when used.

local cli = require "bc260y.cli"

-- value: a table; list: print an empty one as [].
return function(value, list)
  local json = cli.need("dkjson", "lua-dkjson", "--json")
  if list then
    setmetatable(value, {__jsontype = "array"})
  end
  print((json.encode(value)))
  io.stdout:flush()
end

-- Runs a user's script in this Lua: what it raises is the script's own.

local cli = require "bc260y.cli"

-- As lua itself says it: the message and where it came from.
local function described(err)
  if type(err) == "string" and err:find("interrupted!", 1, true) then
    return {interrupted = err}
  end
  local meta = getmetatable(err)
  if type(err) == "table" and not (type(meta) == "table" and meta.__tostring) then
    err = "(error object is a table value)"
  end
  return {message = debug.traceback(tostring(err), 2)}
end

local function fail(message)
  io.stderr:write("bc260y: ", message, "\n")
  os.exit(cli.statuses.refused, true)
end

-- args: the command line, with "run" at place, then the script and its arguments.
return function(args, place)
  local script = args[place + 1]
  local first = -1
  while args[first - 1] do first = first - 1 end
  local own = {[-1] = args[first], [0] = script} -- [-1]: the Lua, as where lua runs it
  for i = place + 2, #args do
    own[#own + 1] = args[i]
  end
  local chunk, err = loadfile(script ~= "-" and script or nil)
  if not chunk and err:find("^cannot ") then
    cli.give_up(cli.statuses.usage, err)
  elseif not chunk then
    fail(err)
  end
  _G.arg = own
  local ok, fault = xpcall(function() chunk((table.unpack or unpack)(own)) end, described)
  if ok then
    return
  end
  if fault.interrupted then
    error(fault.interrupted, 0)
  end
  fail(fault.message)
end

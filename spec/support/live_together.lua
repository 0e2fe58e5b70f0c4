-- Several shell commands at once, for what waits: all take as long as the longest.

local live = require "spec.support.live"

local function take(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  os.remove(path)
  return text
end

-- commands: list of shell commands. Result: list of { out, err, status }.
return function(commands)
  local jobs, results = {}, {}
  for i, command in ipairs(commands) do
    local out, err, status = os.tmpname(), os.tmpname(), os.tmpname()
    results[i] = { out = out, err = err, status = status }
    jobs[i] = ("{ %s ; } >%s 2>%s; echo $? >%s"):format(command, out, err, status)
  end
  live.shell("(" .. table.concat(jobs, ") & (") .. ") & wait")
  for _, result in ipairs(results) do
    for name, path in pairs(result) do result[name] = take(path) end
    result.status = tonumber(result.status)
  end
  return results
end

-- The other end of 01_telemetry.lua: a TCP server that takes lines and answers each.
--
--   lua5.4 examples/server.lua --port 8008 [--host 0.0.0.0] [--store readings.log]
--
-- It needs lua-luv, and knows nothing of modems: what it gets has come over an
-- ordinary TCP connection. With --store, every byte received is appended to a file.
-- With --port 0 the system picks a free port; the first line printed says which.

local uv = require "luv"

local options = {port = "8008", host = "0.0.0.0"}
for i = 1, #arg, 2 do
  options[arg[i]:gsub("^%-%-", "")] = arg[i + 1]
end

local store = options.store and assert(io.open(options.store, "wb"))

local function answer(line)
  local number = line:match('"n":(%d+)') or "null"
  return string.format('{"ok":true,"n":%s,"bytes":%d}\n', number, #line)
end

local function serve(client)
  local rest = ""
  client:read_start(function(err, chunk)
    if err or not chunk then
      client:close()
      return
    end
    if store then
      store:write(chunk)
      store:flush()
    end
    rest = (rest .. chunk):gsub("([^\n]*)\n", function(line)
      client:write(answer(line))
      return ""
    end)
  end)
end

local server = uv.new_tcp()
assert(server:bind(options.host, tonumber(options.port)))
assert(server:listen(8, function(err)
  assert(not err, err)
  local client = uv.new_tcp()
  server:accept(client)
  serve(client)
end))
print("listening on port " .. server:getsockname().port)
io.stdout:flush()
uv.run()

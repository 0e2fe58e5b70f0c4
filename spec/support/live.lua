-- What live specs have in common: both loops, the command line as a process, and an end
-- for everything that was started. Knows how to run and to clean up, no command.
--
-- Whatever is started here is stopped by finish(), which belongs into after_each.

local bc260y = require "bc260y"
local uv_client = require "spec.support.uv_client"
local virtual = require "spec.support.virtual"

local live = {}

local CLI_SECONDS = 60

local owned = {}

-- thing: has close() or stop(), both safe to call twice. Result: thing.
function live.own(thing)
  owned[#owned + 1] = thing
  return thing
end

function live.finish()
  for i = #owned, 1, -1 do
    local thing = owned[i]
    owned[i] = nil
    if thing.stop then thing:stop() else thing:close() end
  end
end

-- A virtual module as a process; options as spec/support/virtual.lua has them.
function live.virtual(options)
  return live.own(virtual.start(options))
end

local function close_once(server)
  local close, closed = server.close, false
  function server.close(...)
    if not closed then
      closed = true
      close(...)
    end
  end
  return live.own(server)
end

-- TCP and UDP servers in this process, on ports of the kernel's choice (uv_client.lua).
function live.tcp_server(lazy)
  return close_once(uv_client.tcp_server(lazy))
end

function live.udp_server(answer)
  return close_once(uv_client.udp_server(answer))
end

-- Opens a modem that finish() closes. Raises when it can't.
function live.open(options)
  return live.own(assert(bc260y.open(options)))
end

-- Calls body(run) once for each of the library's own loops; run(fn) runs fn so.
function live.each_loop(body)
  body(function(fn) return fn() end, "block")
  body(function(fn) return bc260y.run(fn) end, "own")
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

live.quote = quote

-- Runs a shell command and waits for it. Result: out, err, status.
function live.shell(command)
  local err_path = os.tmpname()
  local pipe = assert(io.popen(("{ %s ; } 2>%s </dev/null; echo $?"):format(command, err_path)))
  local text = pipe:read("*a")
  pipe:close()
  local err = read_all(err_path)
  os.remove(err_path)
  local out, status = text:match("^(.-)(%d+)\n$")
  return out, err, tonumber(status)
end

-- Runs bc260y with these arguments, of which none is read by the shell.
function live.cli(...)
  local words = { "timeout", tostring(CLI_SECONDS), "bin/bc260y" }
  for _, word in ipairs { ... } do words[#words + 1] = quote(word) end
  return live.shell(table.concat(words, " "))
end

-- Lua code in a process of its own, on this Lua. Result: out, err, status.
function live.lua(code)
  return live.shell(("timeout %d %s -e %s"):format(CLI_SECONDS, virtual.interpreter(),
    quote(code)))
end

-- Counts the events of a modem that should not come. Result: a table of event -> how
-- many, and the list of what they said.
function live.watch(modem, events)
  local counts, said = {}, {}
  for _, event in ipairs(events) do
    counts[event] = 0
    modem:on(event, function(a, b)
      counts[event] = counts[event] + 1
      said[#said + 1] = ("%s: %s %s"):format(event, tostring(a), tostring(b))
    end)
  end
  return counts, said
end

return live

-- The virtual module of an endurance run, a process: lua module.lua PATH [PROFILE [BAUD]] makes
-- a pty that the symlink PATH leads to, and does what it reads on standard input: "reboot",
-- "unplug", "plug".

local station = require "bc260y.virtual.station"
local uv = require "luv"

local path = arg[1]
local one = assert(station.open({ pty = path }, { profile = arg[2], baud = tonumber(arg[3]) }))

local commands = {
  reboot = function() one.module:reset() end,
  unplug = function() one:unplug() end,
  plug = function() assert(one:plug()) end,
}

local input, rest = uv.new_pipe(false), ""
input:open(0)
input:read_start(function(_, bytes)
  if not bytes then return uv.stop() end
  rest = (rest .. bytes):gsub("([^\n]*)\n", function(command)
    commands[command]()
    one:pump()
    return ""
  end)
end)
one:start()
io.stdout:write("listening on ", path, "\n")
io.stdout:flush()
uv.run()

-- The command line: options, exit statuses, and what is said on standard error.
-- Knows argparse; what a command does stands in cli/commands.lua.

local address = require "bc260y.virtual.address"

local cli = {}

-- Exit statuses, as --help gives them.
local statuses = {
  done = 0,
  refused = 1,
  usage = 2,
  port = 3,
  silent = 4,
  missing = 5,
  fault = 70,
}
cli.statuses = statuses

local epilog = [[
Exit status:
  0   done
  1   the module or the network said no, or a script raised an error
  2   wrong usage, or a file that can't be read
  3   the port can't be opened: absent, busy, not permitted, not supported
  4   no answer that can be trusted: timeout, silence, port lost, module restarted
  5   something that bc260y needs is not installed
  70  a fault of bc260y itself
  130 interrupted

--port may be a device (/dev/ttyUSB0), tcp://host:port or unix:/path; without it
the environment's BC260Y_PORT is taken.]]

-- Tells a command that gave up from a table that a script raised.
local failure_mt = {}

-- What the world does wrong, by the short strings of the Lua face.
local silent = {
  ["timeout"] = true,
  ["busy"] = true, -- on a line of our own: an earlier user's answer never came
  ["no response"] = true,
  ["lost"] = true,
  ["module reset"] = true,
  ["torn"] = true,
  ["overflow"] = true,
}

-- A command gives up: message is what the user reads, on one line, whatever was typed:
-- a name with a CR in it, shown raw, would overwrite what stands before it. hint: further
-- lines, or nil.
function cli.give_up(status, message, hint)
  message = message:gsub("%c", function(byte) return ("\\x%02x"):format(byte:byte()) end)
  error(setmetatable({status = status, message = message, hint = hint}, failure_mt), 0)
end

-- What nobody was asked, since it can't be asked.
local wrong = { ["invalid argument"] = true, ["too long"] = true }

-- How it ends when a call gives err.
function cli.status_of(err)
  return silent[err] and statuses.silent or wrong[err] and statuses.usage or statuses.refused
end

-- A call returned nil, err, code: what it was about, and how that ends.
function cli.failed(what, err, code)
  local message = what .. ": " .. tostring(err)
  if code ~= nil then
    message = message .. " (" .. tostring(code) .. ")"
  end
  cli.give_up(cli.status_of(err), message)
end

-- A library that only this command needs.
function cli.need(name, package_name, why)
  local ok, library = pcall(require, name)
  if not ok then
    cli.give_up(statuses.missing, ("%s needs the Lua library %s; on Debian: apt install %s")
      :format(why, name, package_name))
  end
  return library
end

local function seconds(text)
  local value = tonumber(text)
  if not value or value < 0 or value ~= value then
    return nil, "'" .. text .. "' is not a number of seconds"
  end
  return value
end

local function whole(low, high)
  return function(text)
    local value = text:match("^%d+$") and tonumber(text)
    if not value or value < low or value > high then
      return nil, ("'%s' is not a number from %d to %d"):format(text, low, high)
    end
    return value
  end
end

-- NAME or NAME=VALUE, for traits that are on or off.
local function trait(text)
  local name, value = text:match("^([^=]+)=(.*)$")
  return {name or text, value or "true"}
end

local function host_name(text)
  local name, value = text:match("^([^=]+)=(.*)$")
  if not name then
    return nil, "'" .. text .. "' is not NAME=ADDRESS"
  end
  if not address.is_v4(value) and not address.is_v6(value) then
    return nil, "'" .. value .. "' is not an IP address"
  end
  return {name, value}
end

local function tcp_place(text)
  local host, port = text:match("^(.+):(%d+)$")
  port = tonumber(port or text:match("^%d+$"))
  if not port or port > 65535 then
    return nil, "'" .. text .. "' is not [HOST:]PORT with a port from 0 to 65535"
  end
  return (host or "127.0.0.1") .. ":" .. port
end

-- What fits into sockaddr_un beside its NUL.
local UNIX_PATH_MAX = 107

local function unix_path(text)
  if #text > UNIX_PATH_MAX then
    return nil, ("a socket's path has at most %d bytes, this one %d"):format(UNIX_PATH_MAX, #text)
  end
  return text
end

local function add_virtual(parser)
  local virtual = parser:command("virtual", "Play a BC260Y-CN, bridged to the real network;"
    .. " without --pty, --unix or --tcp on a new pseudo terminal.")
  virtual:option("--pty", "A pseudo terminal, with a symbolic link at PATH."):argname("PATH")
    :count("*")
  virtual:option("--unix", "A unix socket at PATH."):argname("PATH"):count("*")
    :convert(unix_path)
  virtual:option("--tcp", "A TCP port; 0 takes a free one."):argname("[HOST:]PORT"):count("*")
    :convert(tcp_place)
  virtual:option("--profile", "The firmware."):default("R02"):choices{"manual", "R01", "R02"}
  virtual:option("--trait", "One difference of firmware, beside the profile's."):count("*")
    :argname("NAME[=VALUE]"):convert(trait)
  virtual:option("--name", "A host name that it resolves itself."):count("*")
    :argname("NAME=ADDRESS"):convert(host_name)
  virtual:option("--pace", "Answer as slowly as a line of BAUD would."):argname("BAUD")
    :convert(whole(1, 4000000))
  virtual:flag("--strict-baud", "A client of the pty at another speed than --pace reads noise.")
  virtual:option("--lifetime", "Stop after so many seconds."):argname("SECONDS")
    :convert(seconds)
end

local function make_parser(argparse)
  local version = require("bc260y").version
  local parser = argparse("bc260y", "Talks to a Quectel BC260Y-CN NB-IoT module.", epilog)
  parser:command_target("command")
  parser:option("-p --port", "Where the module is."):default(os.getenv("BC260Y_PORT"))
  parser:option("-b --baud", "Speed of the serial line."):default("9600")
    :convert(whole(1, 4000000))
  parser:option("-t --timeout", "Seconds to wait; each command has its own default.")
    :convert(seconds)
  parser:flag("-j --json", "Print JSON.")
  parser:flag("-v --verbose", "Say on standard error what goes over the line.")
  parser:flag("--version", "Print the version."):action(function()
    print("bc260y " .. version)
    os.exit(0)
  end)

  parser:command("ports", "List the serial ports.")
  parser:command("info", "Identity, signal, registration and addresses.")
  local at = parser:command("at", "Send one AT command and print its answer.")
  at:argument("text", "The command, as in AT+CSQ.")
  at:option("--data", "What to send after the prompt, if the command prompts.")
  local send = parser:command("send", "Send a file, or standard input, to a TCP server.")
  send:argument("host", "Name or address of the server.")
  send:argument("server_port", "Its port."):convert(whole(1, 65535))
  send:argument("file", "What to send; standard input if absent or -."):args("?")
  send:flag("--udp", "As one UDP datagram, without acknowledgement.")
  send:option("--answer", "Print what comes back until SECONDS pass without any.")
    :argname("SECONDS"):convert(seconds)
  parser:command("listen", "Print what the module says by itself, until interrupted.")
  add_virtual(parser)
  local run = parser:command("run", "Run a Lua script that uses the module bc260y.")
  run:usage("Usage: bc260y run SCRIPT [ARGUMENT...]")
  run:argument("script", "The script, and what it gets as its arguments, options too.")
    :args("+")
  return parser
end

local function say_on_error(err)
  if getmetatable(err) == failure_mt then
    io.stderr:write("bc260y: ", err.message, "\n", err.hint or "")
    return err.status
  end
  if tostring(err):find("interrupted!", 1, true) then
    return 130
  end
  io.stderr:write("bc260y: internal error: ", tostring(err), "\n")
  return statuses.fault
end

-- Where the command stands: behind options, some of which have a value.
local valued = {
  ["-p"] = true, ["--port"] = true, ["-b"] = true, ["--baud"] = true,
  ["-t"] = true, ["--timeout"] = true,
}

local function command_place(args)
  local place = 1
  while args[place] and args[place]:sub(1, 1) == "-" do
    place = place + (valued[args[place]] and 2 or 1)
  end
  return place
end

local function refuse_options_of_run()
  cli.give_up(statuses.usage, "run takes no options: what the script takes, a port too, stands"
    .. " behind its name")
end

local function parse_and_run(args)
  local place = command_place(args)
  local script = args[place] == "run" and args[place + 1]
  if script and (script == "-" or script:sub(1, 1) ~= "-") then
    if place > 1 then
      refuse_options_of_run()
    end
    -- What follows the script's name is the script's, options too.
    return require("bc260y.cli.run")(args, place)
  end
  local argparse = cli.need("argparse", "lua-argparse", "the command line")
  local parser = make_parser(argparse)
  local ok, options = parser:pparse(args)
  if not ok then
    cli.give_up(statuses.usage, tostring(options), parser:get_usage() .. "\n")
  end
  if options.command == "run" then
    refuse_options_of_run()
  end
  local commands = require "bc260y.cli.commands"
  commands[options.command](options)
end

-- args: as Lua's arg. Result: the exit status.
function cli.main(args)
  local ok, err = pcall(parse_and_run, args)
  if ok then
    return statuses.done
  end
  return say_on_error(err)
end

return cli

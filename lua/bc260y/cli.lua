-- The command line: options, exit statuses, and what is said on standard error.
-- Knows argparse; what a command does stands in cli/commands.lua.

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
  1   the module or the network said no
  2   wrong usage, or a file that can't be read
  3   the port can't be opened: absent, busy, not permitted, not supported
  4   no answer that can be trusted: timeout, silence, port lost, module restarted
  5   something that bc260y needs is not installed
  70  a fault of bc260y itself
  130 interrupted

--port may be a device (/dev/ttyUSB0), tcp://host:port or unix:/path; without it
the environment's BC260Y_PORT is taken.]]

-- What the world does wrong, by the short strings of the Lua face.
local silent = {
  ["timeout"] = true,
  ["busy"] = true, -- on a line of our own: an earlier user's answer never came
  ["no response"] = true,
  ["lost"] = true,
  ["module reset"] = true,
  ["torn"] = true,
}

-- A command gives up: message is what the user reads.
function cli.give_up(status, message)
  error({status = status, message = message}, 0)
end

-- What nobody was asked, since it can't be asked.
local wrong = { ["invalid argument"] = true, ["too long"] = true }

-- A call returned nil, err, code: what it was about, and how that ends. The message is
-- one line, whatever the user has typed.
function cli.failed(what, err, code)
  local message = what .. ": " .. tostring(err)
  if code ~= nil then
    message = message .. " (" .. tostring(code) .. ")"
  end
  message = message:gsub("%c", function(byte) return ("\\x%02x"):format(byte:byte()) end)
  local status = silent[err] and statuses.silent or wrong[err] and statuses.usage
  cli.give_up(status or statuses.refused, message)
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

local function pair(text)
  local name, value = text:match("^([^=]+)=(.*)$")
  if not name then
    return nil, "'" .. text .. "' is not NAME=VALUE"
  end
  return {name, value}
end

-- NAME or NAME=VALUE, for traits that are on or off.
local function trait(text)
  return pair(text) or {text, "true"}
end

local function add_virtual(parser)
  local virtual = parser:command("virtual", "Play a BC260Y-CN, bridged to the real network;"
    .. " without --pty, --unix or --tcp on a new pseudo terminal.")
  virtual:option("--pty", "A pseudo terminal, with a symbolic link at PATH."):argname("PATH")
    :count("*")
  virtual:option("--unix", "A unix socket at PATH."):argname("PATH"):count("*")
  virtual:option("--tcp", "A TCP port; 0 takes a free one."):argname("[HOST:]PORT"):count("*")
  virtual:option("--profile", "The firmware."):default("R02"):choices{"manual", "R01", "R02"}
  virtual:option("--trait", "One difference of firmware, beside the profile's."):count("*")
    :argname("NAME[=VALUE]"):convert(trait)
  virtual:option("--name", "A host name that it resolves itself."):count("*")
    :argname("NAME=ADDRESS"):convert(pair)
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
  parser:command("run", "Run a Lua script that uses the module bc260y.")
    :argument("script", "The script and its arguments."):args("+")
  return parser
end

local function say_on_error(err)
  if type(err) ~= "table" then
    if tostring(err):find("interrupted!", 1, true) then
      return 130
    end
    io.stderr:write("bc260y: internal error: ", tostring(err), "\n")
    return statuses.fault
  end
  -- A name with a CR in it, shown raw, would overwrite what stands before it.
  local message = err.message:gsub("[%z\1-\9\11-\31\127]", "?")
  io.stderr:write("bc260y: ", message, "\n")
  return err.status
end

local function parse_and_run(args)
  -- What follows the script's name is the script's, options too.
  if args[1] == "run" and args[2] and args[2]:sub(1, 1) ~= "-" then
    return require("bc260y.cli.run")(args)
  end
  local argparse = cli.need("argparse", "lua-argparse", "the command line")
  local parser = make_parser(argparse)
  local ok, options = parser:pparse(args)
  if not ok then
    cli.give_up(statuses.usage, tostring(options) .. "\n" .. parser:get_usage())
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

-- What can be typed: commands, options and their help. Knows argparse; what a command
-- does stands in cli/commands/.

local convert = require "bc260y.cli.convert"
local out = require "bc260y.cli.out"
local timers = require "bc260y.timers"

local epilog = [[
Exit status:
  0   done
  1   the module or the network said no, or a script raised an error
  2   wrong usage, or a file that can't be read
  3   the port can't be opened: absent, busy, not permitted, not supported
  4   no answer that can be trusted: timeout, silence, port lost, module restarted
  5   something that bc260y needs is not installed
  70  a fault of bc260y itself
  74  what it prints can't be written
  130 interrupted

--port may be a device (/dev/ttyUSB0), tcp://host:port or unix:/path; without it
the environment's BC260Y_PORT is taken.]]

-- Has what is wrong with a value said with the name of its option or argument.
local function reading(name, read)
  return function(text)
    local value, err = read(text)
    if value == nil then
      return nil, name:match("%S+$") .. ": " .. err
    end
    return value
  end
end

-- An option with a value.
local function option(parser, name, shown, read, description)
  return parser:option(name, description):argname(shown):convert(reading(name, read))
end

-- A command, or the program itself, with help that is printed as its results are.
local function with_help(parser)
  return parser:add_help{action = function()
    out.line(parser:get_help())
    os.exit(0, true)
  end}
end

-- examples: what stands behind "bc260y --port PORT ".
local function add(parser, name, description, examples)
  local lines = {"Examples:"}
  for _, example in ipairs(examples) do
    lines[#lines + 1] = "  bc260y --port /dev/ttyUSB0 " .. example
  end
  return with_help(parser:command(name, description):epilog(table.concat(lines, "\n")))
end

local function add_line(parser)
  with_help(parser:command("ports", "List the serial ports."))
  add(parser, "info", "All that the module says of itself and its network.", {
    "info", "--json info",
  })
  local at = add(parser, "at", "Send one AT command and print its answer.", {
    "at AT+CSQ", "at AT+QISEND=0,5 --data hello",
  })
  at:argument("text", "The command, as in AT+CSQ.")
  at:option("--data", "What to send after the prompt, if the command prompts.")
  add(parser, "listen", "Print what the module says by itself, until interrupted.", {
    "listen", "--timeout 60 --json listen",
  })
  local reset = add(parser, "reset", "Restart the module and wait until it is ready.", {
    "reset", "reset --attach",
  })
  reset:flag("--attach", "Then wait until it has an address.")
end

local function add_send(parser)
  local send = add(parser, "send", "Send a file, or standard input, to a TCP server.", {
    "send server.example 8008 readings.txt", "send --udp server.example 7 --answer 5 <query",
  })
  send:argument("host", "Name or address of the server.")
  send:argument("server_port", "Its port.")
    :convert(reading("server_port", convert.whole(1, 65535)))
  send:argument("file", "What to send; standard input if absent or -."):args("?")
  send:flag("--udp", "As one UDP datagram, without acknowledgement.")
  option(send, "--answer", "SECONDS", convert.seconds,
    "Print what comes back until SECONDS pass without any.")
end

local function add_network(parser)
  local ping = add(parser, "ping", "Ask whether a host answers, and how fast.", {
    "ping server.example", "ping --count 10 --size 200 --wait 20 192.0.2.1",
  })
  ping:argument("host", "Its name or IPv4 address.")
  option(ping, "--count", "N", convert.number, "How many requests, 1 to 10 (4).")
  option(ping, "--size", "BYTES", convert.number,
    "Bytes of each, 32 to 1500, by the manual 200 at most (32).")
  option(ping, "--wait", "SECONDS", convert.number,
    "Whole seconds that each is waited for, 1 to 255 (4).")
  local ntp = add(parser, "ntp", "Ask an NTP server for the time.", {
    "ntp ntp.example", "ntp --set --server-port 123 192.0.2.1",
  })
  ntp:argument("server", "Its name or address.")
  option(ntp, "--server-port", "N", convert.number, "Its port (123).")
  ntp:flag("--set", "Set the module's clock by it, and print what that says then.")
  local resolve = add(parser, "resolve", "Print the addresses of a name.", {
    "resolve server.example",
  })
  resolve:argument("name", "The name.")
  local dns = add(parser, "dns", "Print the servers that names are asked of, or set them.", {
    "dns", "dns 192.0.2.1", "dns 192.0.2.1 192.0.2.2",
  })
  dns:argument("primary", "The first server's address."):args("?")
  dns:argument("secondary", "The second's."):args("?")
end

local function add_state(parser)
  local sockets = add(parser, "sockets", "Print which connections are open.", {
    "sockets", "sockets --id 0",
  })
  sockets:mutex(option(sockets, "--id", "N", convert.number, "This one alone, 0 to 4."),
    option(sockets, "--context", "N", convert.number, "Those of this context, 0."))
  local signal = add(parser, "signal", "Print the signal, and the cells that are heard.", {
    "signal", "signal --watch 5", "--json signal --watch 60",
  })
  option(signal, "--watch", "SECONDS", convert.duration,
    "Again every SECONDS, until interrupted.")
  local sleep = add(parser, "sleep", "Print how the module saves power, or set it.", {
    "sleep", "sleep --psm-tau 86400 --psm-active 60 --edrx 163.84", "sleep --no-psm --no-edrx",
    "sleep --lock", "--timeout 600 sleep --wait",
  })
  sleep:mutex(sleep:flag("--lock", "Keep it awake, until --unlock or a restart."),
    sleep:flag("--unlock", "Let it sleep."))
  option(sleep, "--psm-tau", "SECONDS", convert.timer(timers.encode_periodic_tau),
    "Power saving mode: seconds between two updates (T3412).")
  option(sleep, "--psm-active", "SECONDS", convert.timer(timers.encode_active_time),
    "With --psm-tau: seconds that it listens before it sleeps (T3324).")
  sleep:flag("--no-psm", "No power saving mode.")
  sleep:mutex(option(sleep, "--edrx", "SECONDS", convert.timer(timers.encode_cycle),
    "Extended DRX: seconds between two times that it listens."),
    sleep:flag("--no-edrx", "No extended DRX."))
  sleep:flag("--wait", "Print when it falls asleep and wakes, until interrupted.")
end

local function add_virtual(parser)
  local virtual = with_help(parser:command("virtual", "Play a BC260Y-CN, bridged to the real"
    .. " network; without --pty, --unix or --tcp on a new pseudo terminal."))
  virtual:option("--pty", "A pseudo terminal, with a symbolic link at PATH."):argname("PATH")
    :count("*")
  option(virtual, "--unix", "PATH", convert.unix_path, "A unix socket at PATH."):count("*")
  option(virtual, "--tcp", "[HOST:]PORT", convert.tcp_place, "A TCP port; 0 takes a free one.")
    :count("*")
  virtual:option("--profile", "The firmware."):default("R02"):choices{"manual", "R01", "R02"}
  option(virtual, "--trait", "NAME[=VALUE]", convert.trait,
    "One difference of firmware, beside the profile's."):count("*")
  option(virtual, "--name", "NAME=ADDRESS", convert.host_name,
    "A host name that it resolves itself."):count("*")
  option(virtual, "--name-server", "ADDRESS:PORT", convert.name_server,
    "The DNS server that is asked for other names, not the system's.")
  option(virtual, "--pace", "BAUD", convert.whole(1, 4000000),
    "Answer as slowly as a line of BAUD would.")
  virtual:flag("--strict-baud", "A client of the pty at another speed than --pace reads noise.")
  option(virtual, "--lifetime", "SECONDS", convert.seconds,
    "Stop after so many seconds.")
end

local function add_run(parser)
  local run = with_help(parser:command("run", "Run a Lua script that uses the module bc260y."))
  run:usage("Usage: bc260y run SCRIPT [ARGUMENT...]")
  run:argument("script", "The script, and what it gets as its arguments, options too.")
    :args("+")
end

-- argparse: the library. Result: its parser, which gives options with .command.
return function(argparse)
  local version = require("bc260y").version
  local parser = with_help(argparse("bc260y", "Talks to a Quectel BC260Y-CN NB-IoT module.",
    epilog))
  parser:command_target("command")
  parser:option("-p --port", "Where the module is."):argname("PORT")
    :default(os.getenv("BC260Y_PORT"))
  option(parser, "-b --baud", "BAUD", convert.whole(1, 4000000), "Speed of the serial line.")
    :default("9600")
  option(parser, "-t --timeout", "SECONDS", convert.duration,
    "Seconds to wait; each command has its own default.")
  parser:flag("-j --json", "Print JSON.")
  parser:flag("-v --verbose", "Say on standard error what goes over the line.")
  parser:flag("--version", "Print the version."):action(function()
    out.line("bc260y " .. version)
    os.exit(0, true)
  end)
  add_line(parser)
  add_network(parser)
  add_state(parser)
  add_send(parser)
  add_virtual(parser)
  add_run(parser)
  return parser
end

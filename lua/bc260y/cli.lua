-- The command line: exit statuses, and how what goes wrong is said: on standard error,
-- and with --json as an object on standard output too. Knows where the rest of it is:
-- what can be typed in cli/parser.lua, what a command does in cli/commands/.

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
  interrupted = 130,
}
cli.statuses = statuses

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
-- lines, or nil. report: what --json prints beside error, code and message, or nil.
function cli.give_up(status, message, hint, report)
  message = message:gsub("%c", function(byte) return ("\\x%02x"):format(byte:byte()) end)
  local failure = {status = status, message = message, hint = hint, report = report or {}}
  error(setmetatable(failure, failure_mt), 0)
end

-- What nobody was asked, since it can't be asked.
local wrong = { ["invalid argument"] = true, ["too long"] = true }

-- How it ends when a call gives err.
function cli.status_of(err)
  return silent[err] and statuses.silent or wrong[err] and statuses.usage or statuses.refused
end

-- Adds what a call said of its failure to the object that --json prints. code: the
-- module's number, or a text: what was wrong or waited for. Result: report.
function cli.report_error(report, err, code, range)
  report.error = tostring(err)
  report.code = type(code) == "number" and code or nil
  report.detail = type(code) == "string" and code or nil
  report.range = range
  return report
end

-- A call returned nil, err, code, range: what it was about, and how that ends. report: what
-- is known all the same, for --json, or nil.
function cli.failed(what, err, code, range, report)
  local message = what .. ": " .. tostring(err)
  if range ~= nil then
    message = ("%s: %s must be %s"):format(message, tostring(code), tostring(range))
  elseif code ~= nil then
    message = message .. " (" .. tostring(code) .. ")"
  end
  cli.give_up(cli.status_of(err), message, nil, cli.report_error(report or {}, err, code, range))
end

-- A library that only this command needs.
function cli.need(name, package_name, why)
  local ok, library = pcall(require, name)
  if not ok then
    cli.give_up(statuses.missing, ("%s needs the Lua library %s; on Debian: apt install %s")
      :format(why, name, package_name), nil, {error = "missing library", detail = name})
  end
  return library
end

-- Whatever was raised, as a failure.
local function failure_of(err)
  if getmetatable(err) == failure_mt then
    return err
  end
  if tostring(err):find("interrupted!", 1, true) then
    return {status = statuses.interrupted}
  end
  return {status = statuses.fault, message = "internal error: " .. tostring(err), report = {}}
end

-- Names of the statuses that no call gave an err for.
local default_errors = {
  [statuses.usage] = "usage", [statuses.fault] = "internal error",
}

local function print_report(failure)
  local report = failure.report
  report.error = report.error or default_errors[failure.status] or "error"
  report.message = failure.message
  require("bc260y.cli.json").print(report, {"code"})
end

-- json: it was asked for. Result: the exit status.
local function say_on_error(err, json)
  local failure = failure_of(err)
  if failure.message then
    io.stderr:write("bc260y: ", failure.message, "\n", failure.hint or "")
    if json then
      pcall(print_report, failure) -- where JSON can't be printed that is what failed
    end
  end
  return failure.status
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

-- Whether `args` ask for JSON: known before they are understood, or where they can't be.
local function wants_json(args)
  for _, word in ipairs(args) do
    if word == "--json" or word == "-j" then
      return true
    end
  end
  return false
end

local function parse(args)
  local argparse = cli.need("argparse", "lua-argparse", "the command line")
  local parser = require("bc260y.cli.parser")(argparse)
  local ok, options = parser:pparse(args)
  if not ok then
    cli.give_up(statuses.usage, tostring(options), parser:get_usage() .. "\n")
  end
  if options.command == "run" then
    refuse_options_of_run()
  end
  return options
end

local function run_command(args)
  local options = parse(args)
  if options.json then
    require("bc260y.cli.json").load() -- before anything is done of which nothing could be told
  end
  local command = require("bc260y.cli.commands." .. options.command)
  if options.command == "virtual" then
    return command(options) -- it brings a loop of its own
  end
  require("bc260y.cli.task")(command, options)
end

-- args: as Lua's arg. Result: the exit status.
function cli.main(args)
  local place = command_place(args)
  local script = args[place] == "run" and args[place + 1]
  local ok, err
  if script and (script == "-" or script:sub(1, 1) ~= "-") then
    -- What follows the script's name is the script's, options too.
    ok, err = pcall(function()
      if place > 1 then refuse_options_of_run() end
      require("bc260y.cli.commands.run")(args, place)
    end)
    return ok and statuses.done or say_on_error(err, false)
  end
  ok, err = pcall(run_command, args)
  return ok and statuses.done or say_on_error(err, wants_json(args))
end

return cli

-- The command line: exit statuses, and how what goes wrong is said: on standard error,
-- and with --json as an object on standard output too. Knows where the rest of it is:
-- what can be typed in cli/parser.lua, what a command does in cli/commands/.

local words = require "bc260y.cli.words"

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
  output = 74,
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

-- Where "busy" is said of a command nothing of it was sent, since the line was not clear.
local said = { busy = "no answer in time" }

-- "0 to 0" is 0.
local function plain(range)
  local low, high = tostring(range):match("^(%S+) to (%S+)$")
  return low and low == high and low or range
end

-- Adds what a call said of its failure to the object that --json prints. code: the
-- module's number, or a text: what was wrong or waited for. Result: report.
function cli.report_error(report, err, code, range)
  report.error = tostring(err)
  report.code = type(code) == "number" and code or nil
  report.detail = type(code) == "string" and code or nil
  report.range = plain(range)
  return report
end

-- A call returned nil, err, code, range: what it was about, and how that ends. report: what
-- is known all the same, for --json, or nil.
function cli.failed(what, err, code, range, report)
  local message = what .. ": " .. (said[err] or tostring(err))
  if range ~= nil then
    message = ("%s: %s must be %s"):format(message, tostring(code), tostring(plain(range)))
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

-- command: whose report it is, or nil where that is not known.
local function print_report(failure, command)
  local report = failure.report
  report.error = report.error or default_errors[failure.status] or "error"
  report.message = failure.message
  local json = require "bc260y.cli.json"
  for _, field in ipairs(require("bc260y.cli.schema").reports[command] or {}) do
    local name = type(field) == "table" and field[1] or field
    if report[name] == nil then
      report[name] = type(field) == "table" and {} or json.null()
    end
  end
  json.print(report, {"code"})
end

-- json: it was asked for, of that command. Result: the exit status.
local function say_on_error(err, json, command)
  local failure = failure_of(err)
  if failure.message then
    io.stderr:write("bc260y: ", failure.message, "\n", failure.hint or "")
    if json then
      pcall(print_report, failure, command) -- where JSON can't be printed that is what failed
    end
  end
  return failure.status
end

local function refuse_options_of_run()
  cli.give_up(statuses.usage, "run takes no options: what the script takes, a port too, stands"
    .. " behind its name")
end

-- argparse puts its guess on a line of its own.
local function on_one_line(message)
  return (message:gsub("\nDid you mean (.*)%?$", "; did you mean %1?"))
end

local function parse(args)
  local argparse = cli.need("argparse", "lua-argparse", "the command line")
  local parser = require("bc260y.cli.parser")(argparse)
  function parser.error(command, message)
    cli.give_up(statuses.usage, on_one_line(message), command:get_usage() .. "\n")
  end
  local options = parser:parse(words.join(args))
  if options.command == "run" then
    refuse_options_of_run()
  end
  return options
end

local function run_command(options)
  if options.json then
    require("bc260y.cli.json").load() -- before anything is done of which nothing could be told
  end
  local command = require("bc260y.cli.commands." .. options.command)
  if options.command == "virtual" then
    command(options) -- it brings a loop of its own
  else
    require("bc260y.cli.task")(command, options)
  end
end

local function run_script(args, place)
  if place > 1 then
    refuse_options_of_run()
  end
  require("bc260y.cli.commands.run")(args, place)
end

-- args: as Lua's arg. Result: the exit status.
function cli.main(args)
  local place = words.command_place(args)
  local script = args[place] == "run" and args[place + 1]
  if script and (script == "-" or script:sub(1, 1) ~= "-") then
    -- What follows the script's name is the script's, options too.
    local ok, err = pcall(run_script, args, place)
    return ok and statuses.done or say_on_error(err, false)
  end
  local ok, options = pcall(parse, args)
  local err = options
  if ok then
    ok, err = pcall(run_command, options)
  end
  local command = type(options) == "table" and options.command or nil
  return ok and statuses.done or say_on_error(err, words.want_json(args), command)
end

return cli

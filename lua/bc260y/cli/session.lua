-- A modem for one command: open, answering, attached, and given up with words. Knows the
-- options of the command line and the public face; not what the command is for.

local bc260y = require "bc260y"
local cli = require "bc260y.cli"
local patience = require "bc260y.cli.patience"
local probe = require "bc260y.probe"

local statuses = cli.statuses
local now = bc260y.core.now

local ATTACH = 300 -- seconds: a search for a network may take minutes
local ANSWER = 10

local session = {}

-- Control bytes made visible, for what goes over the line.
local function visible(bytes)
  return (bytes:gsub("[%c\127-\255\\]", function(byte)
    local names = {["\r"] = "\\r", ["\n"] = "\\n", ["\\"] = "\\\\"}
    return names[byte] or ("\\x%02x"):format(byte:byte())
  end))
end

local function trace(direction, bytes)
  io.stderr:write(direction, " ", visible(bytes), "\n")
end

-- detail may begin with the port's name, which stands before it already.
local function refuse(port, err, detail)
  local report = cli.report_error({}, err, detail)
  local from, to = tostring(detail):find(port .. ": ", 1, true)
  local reason = from == 1 and detail:sub(to + 1) or detail
  local message = port .. ": " .. tostring(err) .. (reason and " (" .. reason .. ")" or "")
  local status = err == "invalid argument" and statuses.usage or statuses.port
  cli.give_up(status, message, nil, report)
end

-- Nothing is sent yet.
function session.open(options)
  if not options.port then
    cli.give_up(statuses.usage, "which port? give --port, or set BC260Y_PORT;"
      .. " `bc260y ports` lists them")
  end
  local modem, err, detail = bc260y.open{
    port = options.port,
    baud = options.baud,
    trace = options.verbose and trace or nil,
  }
  if not modem then
    refuse(options.port, err, detail)
  end
  return modem
end

-- Opens the port and sees that somebody answers, before anything of the user's is sent.
function session.answering(options)
  local modem = session.open(options)
  local ok, err, detail = probe(modem, now() + (options.timeout or ANSWER))
  if not ok then
    modem:close()
    local report = cli.report_error({}, err, detail)
    local what = err == "timeout" and "no answer in time" or err
    cli.give_up(cli.status_of(err), options.port .. ": " .. what, nil, report)
  end
  return modem
end

-- report: what is known so far, for --json, or nil.
function session.attach(modem, options, report)
  local ok, err, code = patience("waiting for the network", modem.attach, modem,
    {timeout = options.timeout or ATTACH})
  if not ok then
    cli.failed("attach", err, code, nil, report)
  end
end

-- Calls fn(), which needs an address, on a modem of which nothing was asked yet. Before
-- there is an address it refuses what is wrong in its arguments, or says that it is not
-- attached, and sends nothing either way: nobody waits for a network to hear of the former.
-- Result: what fn returns.
function session.attached(modem, options, fn)
  local result, err, code, range = fn()
  if err ~= "not attached" then
    return result, err, code, range
  end
  session.attach(modem, options)
  return fn()
end

return session

-- `bc260y sleep`: how the module saves power, other settings of it, and when it sleeps.

local bc260y = require "bc260y"
local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local schema = require "bc260y.cli.schema"
local session = require "bc260y.cli.session"
local show = require "bc260y.cli.show"
local sleep_events = require "bc260y.sleep_events"

local now = bc260y.core.now

local AWAKE, MAY_SLEEP = 0, 1 -- AT+QSCLK=

-- What options say of PSM and eDRX, as modem:power_saving takes it.
local function settings_of(options, timeout)
  local tau, active = options.psm_tau, options.psm_active
  if (tau == nil) ~= (active == nil) then
    cli.give_up(cli.statuses.usage, "--psm-tau and --psm-active need each other")
  elseif tau and options.no_psm then
    cli.give_up(cli.statuses.usage, "--no-psm and --psm-tau exclude each other")
  end
  local settings = {timeout = timeout}
  if tau then
    settings.psm = {periodic_tau = tau, active_time = active}
  elseif options.no_psm then
    settings.psm = false
  end
  if options.edrx then
    settings.edrx = {cycle = options.edrx}
  elseif options.no_edrx then
    settings.edrx = false
  end
  return settings
end

-- The library's own lock would end with this process.
local function set_lock(modem, options, timeout)
  local value = options.lock and AWAKE or options.unlock and MAY_SLEEP
  if not value then
    return
  end
  local lines, err, code = modem:command(bc260y.core.encode("QSCLK", value),
    {timeout = timeout})
  if not lines then
    cli.failed("lock", err, code)
  end
end

local function print_state(state, options)
  if options.json then
    return json.print(show.complete(state, schema.power_saving, json.null()))
  end
  local rows = {}
  show.add(rows, nil, state, schema.power_saving)
  out.line(show.text(rows))
end

-- Has the module say when it sleeps. Result: a queue of what it says from now on.
local function turn_events_on(modem)
  local said = modem:on("+QNBIOTEVENT")
  local ok, err, code = sleep_events.turn_on(modem)
  if not ok then
    cli.failed("events", err, code)
  end
  return said
end

local function print_event(line, options)
  local what = line:match('"(.-)"') or line
  local event = what:find("^ENTER") and "sleep" or "wake"
  if options.json then
    return json.print{event = event, what = what}
  end
  out.line(event .. ": " .. what)
end

-- Prints what the module says of its sleep, until `--timeout`.
local function follow(said, options)
  local deadline = options.timeout and now() + options.timeout
  while true do
    local line, err = said:wait(deadline and math.max(0, deadline - now()))
    if line then
      print_event(line, options)
    elseif err == "timeout" then
      return
    else
      cli.failed(options.port, err)
    end
  end
end

return function(options)
  -- With --wait it is the time for that, and not for each question.
  local timeout = not options.wait and options.timeout or nil
  local settings = settings_of(options, timeout)
  local modem = session.answering(options)
  set_lock(modem, options, timeout)
  local said = options.wait and turn_events_on(modem)
  local state, err, code, range = modem:power_saving(settings)
  if not state then
    cli.failed("sleep", err, code, range)
  end
  print_state(state, options)
  if said then
    follow(said, options)
  end
  modem:close()
end

--- Saving power: PSM, extended DRX, and the lock that keeps the module awake.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local decode = require("bc260y.core").decode
local events = require "bc260y.sleep_events"
local timers = require "bc260y.timers"

local unpack = table.unpack or unpack

local calls, checks = {}, {}

-- 27.007 7.38 and 7.41; each may be empty.
local CPSMS_FIELDS, CEDRXRDP_FIELDS = 5, 4

-- The fields of the first line of that form, if none is missing: else one would be taken
-- for another. Of a line that is not whole, the first field alone.
local function read_whole(form, count, lines)
  for i = 1, #lines do
    local first = decode(form, lines[i])
    if first and ask.field_count(lines[i]) == count then return decode(form, lines[i]) end
    if first then return first end
  end
end

local function read_psm(self, deadline)
  local lines, err, code = ask.command(self, deadline, "CPSMS?")
  if not lines then return nil, err, code end
  local mode, _, _, tau, active = read_whole("+CPSMS", CPSMS_FIELDS, lines)
  if not mode then return nil, "error" end
  return {
    enabled = mode == 1,
    periodic_tau = (timers.periodic_tau(tau)),
    active_time = (timers.active_time(active)),
  }
end

-- What was asked for, and what the network gave (nothing while it is off). No line at all
-- says that it is off; one that can't be read says nothing.
local function read_edrx(self, deadline)
  local lines, err, code = ask.command(self, deadline, "CEDRXS?")
  if not lines then return nil, err, code end
  local act, asked = ask.read("+CEDRXS", lines)
  if lines[1] and not act then return nil, "error" end
  local edrx = { enabled = (act or 0) ~= 0, requested = timers.cycle(asked) }
  lines, err, code = ask.command(self, deadline, "CEDRXRDP")
  if lines then
    local _, requested, provided, window = read_whole("+CEDRXRDP", CEDRXRDP_FIELDS, lines)
    edrx.requested = edrx.requested or timers.cycle(requested)
    edrx.provided = timers.cycle(provided)
    edrx.paging_window = timers.paging_window(window)
  elseif err ~= "error" then
    return nil, err, code
  end
  edrx.cycle = edrx.provided or edrx.requested
  return edrx
end

local function read_lock(self, deadline)
  local lines, err, code = ask.command(self, deadline, "QSCLK?")
  if not lines then return nil, err, code end
  local value
  value, err = ask.read("+QSCLK", lines)
  if not value then return nil, err end
  return value == 0
end

local READERS = {
  { name = "psm", read = read_psm },
  { name = "edrx", read = read_edrx },
  { name = "sleep_lock", read = read_lock },
  { name = "events", read = events.are_on },
}

local function read_all(self, deadline)
  local result = {}
  for _, reader in ipairs(READERS) do
    local value, err, code = reader.read(self, deadline)
    if value == nil and err ~= "error" then return nil, err, code end
    result[reader.name] = value
  end
  return result
end

-- What has to be written for the settings: a list of commands, each with a function that
-- says of what was read whether it need not be; or nil, "invalid argument", name, range.
local function plan_psm(plan, psm)
  if psm == nil then return true end
  if psm == false then
    plan[#plan + 1] = { "CPSMS off", is_so = function(state)
      return state.psm and not state.psm.enabled
    end }
    return true
  end
  local tau, tau_said = timers.encode_periodic_tau(psm.periodic_tau)
  if not tau then return nil, "invalid argument", "periodic_tau", tau_said end
  local active, active_said = timers.encode_active_time(psm.active_time)
  if not active then return nil, "invalid argument", "active_time", active_said end
  plan[#plan + 1] = { "CPSMS", tau, active, is_so = function(state)
    local is = state.psm
    return is and is.enabled and is.periodic_tau == tau_said and is.active_time == active_said
  end }
  return true
end

local function plan_edrx(plan, edrx)
  if edrx == nil then return true end
  if edrx == false then
    plan[#plan + 1] = { "CEDRXS off", is_so = function(state)
      return state.edrx and not state.edrx.enabled
    end }
    return true
  end
  local bits, said = timers.encode_cycle(edrx.cycle)
  if not bits then return nil, "invalid argument", "cycle", said end
  plan[#plan + 1] = { "CEDRXS", 1, bits, is_so = function(state)
    return state.edrx and state.edrx.enabled and state.edrx.requested == said
  end }
  return true
end

-- Writes what differs. Result: whether anything was written; or nil, err, code.
local function write(self, deadline, plan, state)
  local written = false
  for _, step in ipairs(plan) do
    if not step.is_so(state) then
      local lines, err, code = ask.command(self, deadline, unpack(step))
      if not lines then return nil, err, code end
      written = true
    end
  end
  return written
end

--- How the module saves power; with settings it sets that first, and writes to the
-- module's memory only what differs.
-- settings: psm ({ periodic_tau = 2-35712000, active_time = 0-11160 } seconds, or false:
-- off), edrx ({ cycle = 20.48-10485.76 } seconds, or false: off), timeout. What can't be
-- said exactly is rounded up to the next that can, as the result shows.
-- Result: { psm = { enabled, periodic_tau, active_time }, edrx = { enabled, requested,
-- provided, cycle (the one that the network gave, or else the one asked for),
-- paging_window }, sleep_lock = whether it is kept awake, events = whether it says when it
-- sleeps }, each nil where the module does not know it; or nil, err, code; or nil,
-- "invalid argument", name, range, and nothing was sent.
function calls.power_saving(self, settings)
  local deadline = ask.deadline(self, settings)
  settings = settings or {}
  local plan = {}
  local ok, err, what, range = plan_psm(plan, settings.psm)
  if ok then ok, err, what, range = plan_edrx(plan, settings.edrx) end
  if not ok then return nil, err, what, range end
  local state, failure, code = read_all(self, deadline)
  if not state then return nil, failure, code end
  local written
  written, failure, code = write(self, deadline, plan, state)
  if written == nil then return nil, failure, code end
  if not written then return state end
  return read_all(self, deadline)
end

local SETTINGS = { psm = true, edrx = true, timeout = "number" }

local function check_setting(value, name, fields)
  if value == nil or value == false then return end
  if type(value) ~= "table" then
    error(name .. ": table or false expected, got " .. type(value), 4)
  end
  check.fields(value, fields, 4)
  for field in pairs(fields) do check.kind(value[field], "number", name .. "." .. field, 4) end
end

function checks.power_saving(settings)
  check.options(settings, SETTINGS, 3)
  if not settings then return end
  check_setting(settings.psm, "psm", { periodic_tau = "number", active_time = "number" })
  check_setting(settings.edrx, "edrx", { cycle = "number" })
end

--- Keeps the module awake (AT+QSCLK=0) from true until false, for the running task: it
-- sleeps again when no task asks for this any more, be it that the task has ended.
-- Outside bc260y.run it is counted. After a reset attach tells the module again.
-- Result: true; or nil, err, code: then it is not kept awake.
function calls.sleep_lock(self, on, options)
  return self.lock:hold(on, ask.deadline(self, options))
end

function checks.sleep_lock(on, options)
  check.kind(on, "boolean", "on", 3)
  check.options(options, ask.TIMED, 3)
end

return { calls = calls, checks = checks }

-- The radio network as the module sees it: SIM, coverage, registration, address. Knows
-- +CEREG, +IP and what a loss takes with it, no command and no socket's inside.

local rrc = require "bc260y.virtual.rrc"
local sockets = require "bc260y.virtual.sockets"

local HOME, DENIED, ROAMING = 1, 3, 5

-- What the network granted, or nothing when PSM is off.
local function timers_text(module)
  if not module.traits.cereg_timers or module.settings.psm.mode == 0 then return nil end
  return (',"%s","%s"'):format(module.identity.t3324, module.identity.t3412)
end

local function location(module)
  local tac = module.identity.tac
  if module.traits.tac_decimal then tac = ("%d"):format(tonumber(tac, 16)) end
  return (',"%s","%s",9'):format(tac, module.identity.cell)
end

-- How many fields follow <stat> when all of them are empty, by <n>.
local EMPTY = { [2] = 3, [3] = 5, [4] = 7, [5] = 7 }

-- The fields of +CEREG from <stat> on, as AT+CEREG=<n> asked for them.
local function cereg_fields(module, n)
  local stat, cause = module.registration, module.cause
  local text = tostring(stat)
  if n < 2 then return text end
  if stat ~= HOME and stat ~= ROAMING and stat ~= DENIED then
    return text .. (module.traits.cereg_empty and (","):rep(EMPTY[n]) or "")
  end
  text = text .. location(module)
  local why = cause and n % 2 == 1 and (",%d,%d"):format(cause[1], cause[2])
  local timers = n >= 4 and stat ~= DENIED and timers_text(module)
  return text .. (why or timers and ",," or "") .. (timers or "")
end

local function set_registration(module, stat, cause)
  if stat == module.registration then return end
  module.registration, module.cause = stat, cause
  -- 2.3.9 note 3: the clock follows the network's.
  if stat == HOME or stat == ROAMING then
    module.clock_offset, module.zone = module.network_clock, module.network_zone
  end
  if module.cereg_n > 0 then
    module:urc("+CEREG: " .. cereg_fields(module, module.cereg_n))
  end
end

local function address(module)
  return module.traits.network == "v6" and module.identity.ip6 or module.identity.ip
end

local function stop_search(module)
  if module.attach_timer then module.timers:cancel(module.attach_timer) end
  module.attach_timer = nil
end

local function lose(module, stat, cause)
  module.attached, module.address = false, nil
  stop_search(module)
  sockets.network_lost(module)
  rrc.release(module)
  set_registration(module, stat, cause)
end

local function get_address(module)
  module.attached, module.address = true, address(module)
  if module.traits.ip_urc then module:urc("+IP: " .. module.address) end
end

local function find(module)
  local wanted = module.coverage and module.attach_wanted and module.functionality == 1
    and module.sim == "READY"
  if module.address or module.attach_timer or not wanted then return end
  set_registration(module, 2)
  local found = module.now() + module:time_of("found")
  module.attach_timer = module:later(found, function()
    set_registration(module, module.identity.registered)
    module.attach_timer = module:later(module.now() + module:time_of("ip"), function()
      module.attach_timer = nil
      get_address(module)
    end)
  end)
end

-- Attached, and nothing was said.
local function start_attached(module)
  module.registration, module.attached = module.identity.registered, true
  module.address = address(module)
end

-- Coverage goes or comes back.
local function cover(module, up)
  module.coverage = up
  if up then find(module) else lose(module, 2) end
end

-- The network decides: a <stat> of +CEREG; with 3 (denied) a cause type and a cause.
local function register(module, stat, cause_type, cause)
  if stat == HOME or stat == ROAMING then
    module.identity.registered = stat
    if module.address then set_registration(module, stat) else find(module) end
  else
    lose(module, stat, cause and { cause_type, cause })
  end
end

-- AT+CGATT and AT+COPS.
local function attach(module, on)
  module.attach_wanted = on
  if on then find(module) else lose(module, 0) end
end

-- AT+CFUN: 0 and 4 switch the radio off, 1 on.
local function set_functionality(module, value)
  module.functionality = value
  if value == 1 then find(module) else lose(module, 0) end
end

-- The SIM is there, as its trait says; AT+CPIN may open it.
local function set_sim(module, state)
  module.sim = state
  if state ~= "none" then module:urc("+CPIN: " .. state) end
  find(module)
end

return {
  cereg_fields = cereg_fields, start_attached = start_attached, cover = cover,
  register = register, attach = attach, set_functionality = set_functionality,
  set_sim = set_sim,
}

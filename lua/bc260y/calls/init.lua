--- Where each call is: its file is read when the call is first used.
--
-- It knows their names alone. Such a file returns { calls, checks }, functions by name:
-- calls[name](modem, ...) does it, checks[name](...) raises what is wrong with its
-- arguments, at level 3, before anything is done. Where it can't be found any more, since
-- the directory was changed and Lua's path is relative, require raises.

local homes = {
  addresses = "addresses",
  attach = "attach",
  attached = "network",
  bands = "network",
  battery = "device",
  baud = "device",
  cell = "cell",
  clock = "clock",
  connected = "network",
  data_format = "format",
  detach = "detach",
  dns = "names",
  error_reports = "device",
  functionality = "device",
  identity = "identity",
  ntp = "ntp",
  operator = "network",
  ping = "ping",
  power_saving = "power",
  registration = "registration",
  reset = "reset",
  report_connection = "network",
  report_registration = "registration",
  resolve = "names",
  signal = "signal",
  sleep_lock = "power",
  sim = "device",
  sockets = "sockets",
  supported = "supported",
}

--- The call of that name and the check of its arguments, or nil.
local function find(name)
  local home = homes[name]
  if not home then return nil end
  local file = require("bc260y.calls." .. home)
  return file.calls[name], file.checks[name]
end

return { find = find, homes = homes }

-- What each answer holds, in the order in which it is printed, and its units. Knows the
-- names of the library's calls and of their fields, as the comments of calls/ have them.
--
-- A field: a name, or { name, unit = text }, { name, fields = schema }, { name, list =
-- schema of each }; hidden = true: for --json alone; say = function(value): for people
-- alone, in place of what is hidden.

local DBM, DB, S, V = "dBm", "dB", "s", "V"

local function hidden(...)
  local list = {}
  for i, name in ipairs{...} do
    list[i] = {name, hidden = true}
  end
  return list
end

local function join(...)
  local all = {}
  for _, list in ipairs{...} do
    for _, item in ipairs(list) do
      all[#all + 1] = item
    end
  end
  return all
end

local schema = {}

schema.identity = {
  "manufacturer", "model", "revision", "imei", "imei_sv", "sv", "serial", "imsi", "iccid",
}

schema.signal = {
  {"dbm", unit = DBM}, "rssi", "ber", "rxlev", {"rsrp_dbm", unit = DBM}, "rsrp",
  {"rsrq_db", unit = DB}, "rsrq",
}

local place = {"earfcn", "earfcn_offset", "pci", {"rsrp_dbm", unit = DBM}}

schema.cell = {
  {"serving", fields = join(place, {
    "cell_id", {"rsrq_db", unit = DB}, {"rssi_dbm", unit = DBM}, {"sinr_db", unit = DB}, "band",
    "tac", "ecl", {"tx_power_dbm", unit = DBM}, "operation_mode",
  })},
  {"neighbours", list = place},
}

schema.registration = join({
  "state", "stat", "registered", "tac", "tac_number", "ci", "act", "cause_type", "cause",
  {"active_time", unit = S}, {"periodic_tau", unit = S},
}, hidden("n", "active_time_bits", "periodic_tau_bits"))

schema.operator = {"operator", "mode", "format", "act"}

schema.addresses = {list = {"cid", "address", "address2"}}

-- 2026-11-23 13:43:44 +08:00
local function date_of(t)
  local zone = ""
  if t.zone_quarters then
    local minutes = math.abs(t.zone_quarters) * 15
    zone = (" %s%02d:%02d"):format(t.zone_quarters < 0 and "-" or "+",
      math.floor(minutes / 60), minutes % 60)
  end
  return ("%04d-%02d-%02d %02d:%02d:%02d%s"):format(t.year, t.month, t.day, t.hour, t.min,
    t.sec, zone)
end

schema.time = join({{"date", say = date_of}, "epoch"},
  hidden("text", "year", "month", "day", "hour", "min", "sec", "zone_quarters"))

schema.clock = schema.time

schema.battery = {{"voltage", unit = V}}

schema.power_saving = {
  {"psm", fields = {"enabled", {"periodic_tau", unit = S}, {"active_time", unit = S}}},
  {"edrx", fields = {
    "enabled", {"cycle", unit = S}, {"requested", unit = S}, {"provided", unit = S},
    {"paging_window", unit = S},
  }},
  "sleep_lock", "events",
}

schema.data_format = {"send", "recv"}

schema.dns = {"primary", "secondary", "primary6", "secondary6"}

schema.socket = {
  "id", "service", "host", "remote_port", "local_port", "state_name", "state", "context",
  "access_mode",
}

schema.sockets = {list = schema.socket}

schema.ports = {list = {"name", "description", "usb_vid", "usb_pid", "serial"}}

schema.ping = {
  "address", "sent", "received", "lost", {"min", unit = S}, {"max", unit = S},
  {"avg", unit = S}, {"replies", list = {"address", "bytes", "time", "ttl", "lost", "code"}},
}

-- What the object of a command that fails has beside error, code and message; a list is
-- named in a table.
schema.reports = {
  at = {"command", "ok", {"lines"}},
  dns = schema.dns,
  info = {"identity", "signal", "cell", "registration", "attached", "operator", "addresses",
    "clock", "battery", "power_saving", "data_format", "sockets", "refused"},
  listen = {"urc"},
  ntp = {"text", "epoch", "year", "month", "day", "hour", "min", "sec", "zone_quarters",
    "clock"},
  ping = {"address", "sent", "received", "lost", "min", "max", "avg", {"replies"}},
  reset = {"ready", "attached", "address"},
  resolve = {"name", {"addresses"}},
  send = {"sent", "acknowledged", "answered", "answer"},
  signal = {"signal", "cell", "refused"},
  sleep = {"psm", "edrx", "sleep_lock", "events"},
}

return schema

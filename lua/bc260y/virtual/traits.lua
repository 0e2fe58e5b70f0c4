-- What differs between firmware of the BC260Y-CN, each difference under a name
-- of its own, and three sets of them. Knows values only, no behaviour.

-- Manual V1.0 is the base; the other profiles list what they change.
local manual = {
  -- Identity
  revision = "BC260YCNAAR01A01",
  cgmr_prefix = true,            -- AT+CGMR: "Revision: ..." or the bare revision

  -- Line
  echo = true,                   -- echo after boot (ATE is not saved)
  echo_data = false,             -- echo of the bytes after the prompt
  answer_time = 0,               -- seconds to the first answer: 0.3 at most in M, 5 in L
  line_max = 1600,               -- bytes of a command line; a longer one is ERROR
  extra_blank_line = false,      -- an empty line after OK
  nul_after_result = 0,          -- NULs after the results of QISEND, QICLOSE, QRST

  -- Boot
  boot_text = "",                -- raw bytes before RDY (BROM text, ends in LF CR)
  boot_fota = false,             -- +QIND: "FOTA","END",0 between the boot lines
  sim = "READY",                 -- as +CPIN: says it; "none": there is no SIM
  ip_urc = true,                 -- +IP: is said; without it only AT+CGPADDR tells

  -- Sending
  data_mode = false,             -- AT+QISEND=<id>,<len> prompts
  prompt = "\r\n> ",             -- its exact bytes
  ok_before_prompt = false,      -- OK before the prompt instead of after the data
  send_fail_without_ok = false,  -- a failed send says SEND FAIL alone
  count_final = "OK",            -- "OK", "SEND OK" or "both" ends AT+QISEND=<id>,0
  count_after_close = "zero",    -- "zero" or "error": the count of a closed connection
  tx_buffer = false,             -- unacknowledged bytes above which a send fails

  -- Receiving
  quoted = false,                -- +QIURC: "recv" payload in quotes
  hex_lower = false,             -- digits a-f instead of A-F
  rx_buffer = false,             -- unread bytes above which data is dropped: "buff full"

  -- Sockets
  open_urc_before_ok = false,    -- +QIOPEN comes before its OK
  idle_limit = false,            -- seconds without a packet until the network forgets a
                                 -- connection (4.2)
  open_timeout = 60,             -- seconds (2.3.2 note 2)
  id_in_use = "error",           -- "error" or "urc" (+QIOPEN: <id>,563)
  close_unused = "error",        -- "error" or "ok": QICLOSE of an id that is not open
  close_dead = "ok",             -- "ok" or "error": QICLOSE of a failed or ended connection
  closed_state = 3,              -- <socket_state> after a remote close: 3 or 4
  state_after_close = "none",    -- "none" or "initial": QISTATE lists a closed id as 0
  state_local_port = "asked",    -- "asked" (0 for an allocated one) or "real"
  state_test = false,            -- AT+QISTATE=? gives ranges before OK
  local_port_rest = 120,         -- seconds a fixed local port rests (2.3.2 note 5)
  local_port_code = 566,         -- what an open that came too early reports
  remember_optional = true,      -- an omitted argument takes its previous value (2.1)

  -- DNS, ping, NTP
  network = "v4v6",              -- "v4", "v6" or "v4v6": which DNS servers can be set
  dns_servers = "network",       -- +QIDNSCFG: fields as the network has, "all" four, the
                                 -- "primary" one alone, or "none": no line
  dns_addresses = "first",       -- "first", "counted" (all counted, one told) or "all"
  dns_quoted = false,            -- quotes around the addresses of +QIDNSGIP
  ping_size_max = 200,
  ping_quoted = false,           -- quotes around the address of +QPING
  ping_ttl = false,              -- a fifth field <ttl>
  ping_all_lost = "summary",     -- ends in a "summary", or a "code", or is a code "alone"
  ntp_form = "odd",              -- "odd" (:35 after the seconds), "zone", "plain" (neither)
                                 -- or "odd_plain" (:35 alone)
  ntp_set = 0,                   -- default of <auto_set_time>

  -- Network registration and identity of the context
  tac_decimal = false,           -- +CEREG gives the TAC in decimal
  cereg_empty = false,           -- unregistered: empty fields behind <stat>, or none
  cereg_timers = true,           -- +CEREG: 4 and 5 give T3324 and T3412
  cgpaddr_cid = 5,
  cgpaddr_quoted = true,
  cgpaddr_ipv6 = true,
  cclk_year_digits = 2,
  cclk_quoted = true,
  qeng_short = false,            -- the serving line without its last three fields

  -- Sleep and paging
  rrc_release = 0,               -- seconds of quiet until the radio connection is released
  sleep_after = false,           -- seconds without traffic until it sleeps (QSCLK=1)
  sleep_events = true,           -- QCFG "dsevent" and QNBIOTEVENT are known
  sleep_kind = "DEEPSLEEP",      -- "DEEPSLEEP" or "PSM"
  tcp_over_sleep = "kept",       -- "kept" (2.3.2) or "lost" over deep sleep
  udp_over_sleep = "kept",
  counters_over_sleep = "kept",  -- "kept" or "zero": sent and acked of a kept socket
  wake_command = "lost",         -- the command that wakes: "lost", "crlf" or "answered"
  wake_time = 0.2,               -- seconds from that command to the answer or the blank line
  psm_boot = false,              -- leaving PSM looks like a boot (RDY)
  urc_late = 0,                  -- seconds, the paging cycle of DRX and eDRX: how late a
                                 -- downlink is while the radio is not connected (2.4)
}

local profiles = {
  manual = {},
  R01 = {
    revision = "BC260YCNAAR01A03",
    quoted = true,
    nul_after_result = 1,
    tac_decimal = true,
    remember_optional = false,
    network = "v4",
    cgpaddr_cid = 1,
    cgpaddr_quoted = false,
    cgpaddr_ipv6 = false,
    local_port_rest = 70,
    qeng_short = true,
    tcp_over_sleep = "lost",
  },
  R02 = {
    revision = "BC260YCNAAR02A02",
    cgmr_prefix = false,
    quoted = true,
    data_mode = true,
    remember_optional = false,
    network = "v4",
    cgpaddr_cid = 0,
    cgpaddr_ipv6 = false,
    local_port_rest = 70,
    ping_size_max = 1500,
    ping_ttl = true,
    cclk_year_digits = 4,
    state_test = true,
    tcp_over_sleep = "lost",
  },
}

-- Values a trait may have, where it is not any value of its default's type.
local choices = {
  count_final = { OK = true, ["SEND OK"] = true, both = true },
  count_after_close = { zero = true, error = true },
  id_in_use = { error = true, urc = true },
  close_unused = { error = true, ok = true },
  closed_state = { [3] = true, [4] = true },
  state_after_close = { none = true, initial = true },
  state_local_port = { asked = true, real = true },
  sim = { READY = true, ["SIM PIN"] = true, ["SIM PUK"] = true, ["NOT READY"] = true,
    none = true },
  close_dead = { ok = true, error = true },
  dns_servers = { network = true, all = true, primary = true, none = true },
  dns_addresses = { first = true, counted = true, all = true },
  sleep_kind = { DEEPSLEEP = true, PSM = true },
  network = { v4 = true, v6 = true, v4v6 = true },
  ping_all_lost = { summary = true, code = true, alone = true },
  ntp_form = { odd = true, zone = true, plain = true, odd_plain = true },
  cclk_year_digits = { [2] = true, [4] = true },
  tcp_over_sleep = { kept = true, lost = true },
  udp_over_sleep = { kept = true, lost = true },
  counters_over_sleep = { kept = true, zero = true },
  wake_command = { lost = true, crlf = true, answered = true },
}

-- Traits that are off (false) or a number, of which this is the least: a module that
-- sleeps after no time at all never listens.
local limits = { tx_buffer = 0, rx_buffer = 0, idle_limit = 0, sleep_after = 0.1 }

local function check(name, value)
  local default = manual[name]
  if default == nil then
    error("no such trait: " .. tostring(name), 0)
  end
  local good
  if choices[name] then
    good = choices[name][value]
  elseif limits[name] then
    good = value == false or type(value) == "number" and value >= limits[name]
  else
    good = type(value) == type(default) and (type(value) ~= "number" or value >= 0)
  end
  if not good then
    error(("trait %s: bad value %s"):format(name, tostring(value)), 0)
  end
end

-- The traits of a profile, with overrides. Raises on an unknown name or value.
local function make(profile, overrides)
  local changes = profiles[profile]
  if not changes then
    error("no such profile: " .. tostring(profile), 0)
  end
  local traits = {}
  for name, value in pairs(manual) do traits[name] = value end
  for name, value in pairs(changes) do traits[name] = value end
  for name, value in pairs(overrides or {}) do
    check(name, value)
    traits[name] = value
  end
  return traits
end

-- A trait's value from text, as a command line gives it: "quoted", "true"
-- -> true. Raises like make.
local function from_text(name, text)
  local value = text
  local words = { ["true"] = true, ["false"] = false, yes = true, no = false,
    on = true, off = false }
  if type(manual[name]) == "number" or limits[name] and tonumber(text) then
    value = tonumber(text)
  elseif type(manual[name]) == "boolean" and words[text] ~= nil then
    value = words[text]
  elseif type(manual[name]) == "string" then
    value = text:gsub("\\r", "\r"):gsub("\\n", "\n")
  end
  check(name, value)
  return value
end

local function names(of)
  local list = {}
  for name in pairs(of) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- All values that a trait may have; nil where only their type is known.
local function values(name)
  if choices[name] then
    local list = {}
    for value in pairs(choices[name]) do list[#list + 1] = value end
    table.sort(list)
    return list
  end
  return not limits[name] and type(manual[name]) == "boolean" and { false, true } or nil
end

return {
  make = make,
  from_text = from_text,
  values = values,
  profiles = function() return names(profiles) end,
  names = function() return names(manual) end,
}

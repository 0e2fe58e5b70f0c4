--- What a simulated run is to be: a seed and a mode make a plan, plain data. Same seed,
-- same plan, on every Lua. It knows the kinds of faults and how strong they may be; what
-- one does is in faults.lua, and for those of the host in host.lua.
--
-- plan = { seed, mode ("application" or "tcp"), careful (see line.lua),
--   records, size = { least, most } (of a record), pace (seconds between two puts, on
--   average), calm (from this second on nothing goes wrong), ends (by this one all must have
--   arrived),
--   idle (seconds before a keepalive), window, local_port (0: any), format (of bc260y.open),
--   text (true: records go as lines of text, not as default frames),
--   group (seconds, or nil), segment, limit (of the outbox),
--   profile, traits, baud, grain (bytes in which the module's line moves on), piece (bytes a
--   read gives at most), latency (of the network, one way),
--   server = { host, address, port }, names = { name = address }, faults = list }
--
-- A fault has a kind, `at` (seconds since the beginning), and the fields of its kind.
-- `times`: how often it happens; `seconds`: how long it is in force; `way`: "up", from host
-- to module and server, or "down".
--
--   On the line, after `skip` more bytes: drop, double, nuls, garbage, overrun (count), flip
--   (bit). wrong_baud (seconds), stale_read (seconds, delay: bytes are late), part_write and
--   empty_wait (times), stuck_write (seconds), unplug (seconds, power: the module reboots).
--   In the module: reboot; reboot_in_command (match, times); reboot_in_payload (way, times);
--   hang (seconds, reboot: at its end, keeps: hears then what it was told); boot_loop (count,
--   seconds between them); sleep (sleep: "DEEPSLEEP" or "PSM"); error (match, executed, times),
--   cme_error (code as well), no_answer (the same); send_fail (executed, times); no_send_ok,
--   no_open_result, no_prompt (times); late_final, late_second, early_second (delay, times);
--   closed_lost (times); urcs_lost (seconds); urc_storm (count, gap); echo; id_taken (id);
--   buffer_full (seconds); miscount (form: "zero", "all", "more", "less"; times 1: two in a row
--   would agree).
--   In the network: reset, half_open (give_up: seconds until the module is told, or nil), cut
--   (way, after: bytes, silent, times: 1), nat (limit, seconds), dns (seconds, silent: no
--   answer), silent_open, refuse, lost_acks, stall (seconds), late_acks, server_slow (delay,
--   seconds), server_crash (seconds, silent), coverage (seconds), registration (stat, seconds).
--   The host's, for which the world calls world.host(fault): kill, power (pattern: of damage,
--   0-15) either `at` or at the disk's operation `boundary` of the run, which the host counts;
--   disk_full, short_write, hook_error (seconds), disk_error (seconds, what: "sync", "write",
--   "cut" or "read"), memory, cancel, clock_jump (seconds), policy_error (name: of the
--   function, how: "throw", "yield" or "nonsense", times).

local random = require "spec.simulation.random"

local function way(r) return r:chance(0.5) and "up" or "down" end
local function at_bytes(r, most)
  return { way = way(r), skip = r:range(0, 300), count = r:range(1, most) }
end
local function lasting(low, high)
  return function(r) return { seconds = r:spread(low, high) } end
end
local function often(most)
  return function(r) return { times = r:range(1, most) } end
end

local COMMANDS = { "QISEND", "QIOPEN", "QICLOSE", "QISTATE", "QICFG", "CEREG", "CGPADDR",
  "QISEND=%d,0", "QISEND=%d,[1-9]", "^AT" }

local function answered(r)
  return { match = r:pick(COMMANDS), times = r:range(1, 3), executed = r:chance(0.4) }
end

-- Half of them when the host's disk has been asked so often.
local function at_or_boundary(r)
  return { boundary = r:chance(0.5) and r:range(1, 200) or nil }
end

local function late(low, high)
  return function(r) return { delay = r:spread(low, high), times = r:range(1, 4) } end
end

-- Kind by kind: what makes its fields; and the number of them in a run at most.
local KINDS = {
  { "drop", function(r) return at_bytes(r, 3) end, 4 },
  { "flip", function(r)
    return { way = way(r), skip = r:range(0, 300), bit = r:range(0, 7) }
  end, 4 },
  { "double", function(r) return at_bytes(r, 2) end, 4 },
  { "garbage", function(r) return at_bytes(r, 40) end, 4 },
  { "nuls", function(r) return at_bytes(r, 5) end, 4 },
  { "overrun", function(r)
    return { way = "down", skip = r:range(0, 300), count = r:range(8, 400) }
  end, 2 },
  { "wrong_baud", lasting(0.5, 60), 1 },
  { "stale_read", function(r)
    return { seconds = r:spread(1, 120), delay = r:spread(0.05, 8) }
  end, 2 },
  { "part_write", often(20), 2 },
  { "stuck_write", lasting(0.1, 60), 2 },
  { "empty_wait", often(20), 2 },
  { "unplug", function(r)
    return { seconds = r:spread(0.5, 300), power = r:chance(0.5) }
  end, 2 },

  { "reboot", function() return {} end, 3 },
  { "reboot_in_command", function(r) return { match = r:pick(COMMANDS), times = 1 } end, 2 },
  { "reboot_in_payload", function(r) return { way = way(r), times = 1 } end, 2 },
  { "hang", function(r)
    return { seconds = r:spread(1, 600), reboot = r:chance(0.5), keeps = r:chance(0.5) }
  end, 2 },
  { "boot_loop", function(r)
    return { count = r:range(2, 12), seconds = r:spread(0.1, 20) }
  end, 1 },
  { "sleep", function(r) return { sleep = r:pick { "DEEPSLEEP", "PSM" } } end, 3 },
  { "error", answered, 3 },
  { "cme_error", function(r)
    local fields = answered(r)
    fields.code = r:range(550, 574)
    return fields
  end, 3 },
  { "no_answer", answered, 2 },
  { "send_fail", function(r) return { times = r:range(1, 4), executed = r:chance(0.3) } end, 2 },
  { "no_send_ok", often(3), 2 },
  { "no_open_result", often(2), 1 },
  { "no_prompt", often(2), 2 },
  { "late_final", late(0.5, 30), 2 },
  { "late_second", late(0.5, 90), 2 },
  { "early_second", late(0.05, 2), 2 },
  { "closed_lost", often(3), 2 },
  { "urcs_lost", lasting(1, 300), 2 },
  { "urc_storm", function(r)
    return { count = r:range(10, 200), gap = r:pick { 0, 0.001, 0.1 } }
  end, 2 },
  { "echo", function() return {} end, 2 },
  { "id_taken", function(r) return { id = r:range(0, 2) } end, 2 },
  { "buffer_full", lasting(10, 600), 2 },
  { "miscount", function(r)
    return { form = r:pick { "zero", "all", "more", "less" }, times = 1 }
  end, 2 },

  { "reset", function() return {} end, 3 },
  { "half_open", function(r)
    return { give_up = r:chance(0.3) and r:spread(60, 900) or nil }
  end, 3 },
  { "cut", function(r)
    return { way = way(r), after = r:range(0, 600), silent = r:chance(0.5), times = 1 }
  end, 3 },
  { "nat", function(r) return { limit = r:spread(5, 200), seconds = r:spread(60, 3600) } end, 1 },
  { "dns", function(r) return { seconds = r:spread(1, 600), silent = r:chance(0.3) } end, 2 },
  { "silent_open", lasting(1, 300), 1 },
  { "refuse", lasting(1, 300), 1 },
  { "lost_acks", lasting(1, 300), 2 },
  { "stall", lasting(1, 120), 2 },
  { "late_acks", function(r)
    return { delay = r:spread(0.5, 100), seconds = r:spread(10, 600) }
  end, 2 },
  { "server_slow", function(r)
    return { delay = r:spread(0.1, 60), seconds = r:spread(10, 600) }
  end, 2 },
  { "server_crash", function(r)
    return { seconds = r:spread(0.5, 300), silent = r:chance(0.5) }
  end, 3 },
  { "coverage", lasting(1, 600), 2 },
  { "registration", function(r)
    return { stat = r:pick { 0, 2, 3, 4 }, seconds = r:spread(1, 600) }
  end, 1 },

  { "kill", at_or_boundary, 4 },
  { "power", function(r)
    local fields = at_or_boundary(r)
    fields.pattern = r:range(0, 15)
    return fields
  end, 4 },
  { "disk_full", lasting(1, 600), 2 },
  { "disk_error", function(r)
    return { what = r:pick { "sync", "write", "cut", "read" }, seconds = r:spread(1, 120) }
  end, 2 },
  { "short_write", lasting(1, 600), 1 },
  { "hook_error", lasting(1, 600), 1 },
  { "policy_error", function(r)
    return { name = r:pick { "idle", "keepalive", "backoff", "failed" }, times = r:range(1, 5),
      how = r:pick { "throw", "yield", "nonsense" } }
  end, 1 },
  { "memory", function() return {} end, 1 },
  { "cancel", function() return {} end, 2 },
  { "clock_jump", lasting(1, 600), 2 },
}

-- What firmware may differ in, and how.
local TRAITS = {
  quoted = { true, false }, nul_after_result = { 0, 1, 2 }, extra_blank_line = { true, false },
  ok_before_prompt = { true, false }, send_fail_without_ok = { true, false },
  count_final = { "OK", "SEND OK", "both" }, count_after_close = { "zero", "error" },
  id_in_use = { "error", "urc" }, close_unused = { "error", "ok" },
  close_dead = { "ok", "error" }, closed_state = { 3, 4 },
  state_after_close = { "none", "initial" }, open_urc_before_ok = { true, false },
  ip_urc = { true, false }, tcp_over_sleep = { "kept", "lost" },
  counters_over_sleep = { "kept", "zero" }, wake_command = { "lost", "crlf", "answered" },
  psm_boot = { true, false }, sleep_after = { false, false, false, 20, 60 },
  sleep_kind = { "DEEPSLEEP", "PSM" }, urc_late = { 0, 0, 2.56 }, answer_time = { 0, 0.05, 0.3 },
  boot_fota = { true, false }, hex_lower = { true, false }, echo_data = { false, false, true },
  prompt = { "\r\n> ", "\r\n>", "\r\n>\r\n" }, tx_buffer = { false, false, 2048 },
}
local TRAIT_NAMES = {}
for name in pairs(TRAITS) do TRAIT_NAMES[#TRAIT_NAMES + 1] = name end
table.sort(TRAIT_NAMES)

local NAME, ADDRESS = "server.example", "10.0.0.1"

local BYTES_PACE = 300

-- Seconds before the calm in which nothing more begins.
local QUIET = 5

-- Longer than all back-offs, checks and resting ports together.
local CALM = 7200

-- Seconds between two records, least and most.
local PACES = {
  { 0.05, 1 }, { 1, 30 }, { 30, 600 }, { 1800, 14400 },
}

local function make_traits(r)
  local traits = {}
  for _, name in ipairs(TRAIT_NAMES) do
    local value = r:pick(TRAITS[name])
    if r:chance(0.3) then traits[name] = value end
  end
  return traits
end

-- No fault reaches into the calm.
local function clip(fault, calm)
  local room = calm - fault.at - 1
  if fault.seconds and fault.seconds > room then fault.seconds = room end
end

-- Troubles come together, often: what one has left half done meets the next.
local function make_instants(r, length)
  local instants = { 0 }
  for place = 1, r:range(1, 5) do instants[place + 1] = r.number() * length end
  return instants
end

local function instant(r, instants, length)
  if r:chance(0.4) then return r.number() * length end
  return math.min(r:pick(instants) + r:spread(0.01, 60), length)
end

local function make_faults(r, length)
  local faults, instants = {}, make_instants(r, length)
  for _, kind in ipairs(KINDS) do
    local name, fields, most = kind[1], kind[2], kind[3]
    -- All numbers are drawn, so that a kind more leaves the others as they are.
    local enabled, count, seed = r:chance(0.5), r:range(1, most), r:range(1, 2000000000)
    local own = enabled and random.new(seed)
    for _ = 1, enabled and count or 0 do
      local fault = fields(own)
      fault.kind = name
      if not fault.boundary then
        fault.at = instant(own, instants, length)
        clip(fault, length + QUIET)
      end
      faults[#faults + 1] = fault
    end
  end
  table.sort(faults, function(a, b)
    if not a.at or not b.at then return (a.at or -a.boundary) < (b.at or -b.boundary) end
    return a.at < b.at
  end)
  return faults
end

--- mode: "application" or "tcp".
local function make(seed, mode)
  local r = random.new(seed * 2 + (mode == "tcp" and 1 or 0))
  local pace = r:pick(PACES)
  local plan = { seed = seed, mode = mode, records = r:range(5, 40),
    size = { 0, r:pick { 20, 200, 1000 } }, pace = r:spread(pace[1], pace[2]) }
  plan.text = mode == "tcp" and r:chance(0.2)
  plan.careful = mode == "tcp"
  plan.profile = r:pick { "manual", "R01", "R02", "R02" }
  plan.format = plan.text and "text" or plan.profile == "R02" and r:pick { "auto", "raw", "hex" }
    or "hex"
  plan.traits = make_traits(r)
  plan.baud = r:pick { 9600, 115200, 115200, 460800 }
  plan.grain = r:pick { 1, 7, 64, 1024, 1024, 1024 }
  plan.piece = r:pick { 1, 16, 65536, 65536, 65536, 65536 }
  -- Days byte by byte take long, and show no more than minutes do.
  if plan.pace > BYTES_PACE then plan.grain, plan.piece = 1024, 65536 end
  plan.latency = r:spread(0.02, 3)
  plan.idle = plan.pace > 300 and r:range(300, 600) or r:range(20, 120)
  plan.local_port = r:pick { 0, 0, 50123 }
  plan.group = r:pick { false, 0.5 } or nil
  plan.segment = r:pick { 4096, 65536 }
  plan.limit = plan.segment * r:pick { 4, 16 }
  plan.window = r:pick { 512, 2048, 4096 }
  plan.server = { host = r:pick { NAME, ADDRESS }, address = ADDRESS, port = 7000 }
  plan.names = { [NAME] = ADDRESS }
  plan.calm = math.max(120, plan.records * plan.pace * 1.2)
  plan.ends = plan.calm + CALM
  plan.faults = make_faults(r, plan.calm - QUIET)
  return plan
end

local function kinds()
  local list = {}
  for place, kind in ipairs(KINDS) do list[place] = kind[1] end
  return list
end

return { make = make, kinds = kinds }

--- Which firmware, network and peers make the virtual module say what a transcript has it
-- say. One scene a file (spec/support/transcript_virtual.lua has the fields); chapter 4's
-- own are in spec/virtual/chapter4_spec.lua. And the files that no module says, with why.

local play = require "spec.support.transcript_virtual"

local wait = play.wait
local never = math.huge

-- The names and numbers that stand in the transcripts.
local function options(profile, traits, more)
  local all = {
    profile = profile, traits = traits, rssi = 20,
    imei = "869951040000000", imsi = "460040000000000", sn = "MPN20E01234",
    iccid = "89860000000000000000", clock = 1702515673,
    names = { ["hf.quectel.com"] = "220.180.239.212", ["iot.quectel.com"] = "47.100.63.174",
      ["ntp5.aliyun.com"] = "203.107.6.88" },
  }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

-- Changes and cues. ----------------------------------------------------------------

local function trait(name, value)
  return function(player) player.module.traits[name] = value end
end

-- What the host does beside the transcript.
local function types(...)
  local commands = { ... }
  return function(player)
    for _, text in ipairs(commands) do player:send(text) end
  end
end

local function all_of(...)
  local list = { ... }
  return function(player)
    for _, fn in ipairs(list) do fn(player) end
  end
end

local function listen(server)
  return function(player)
    for _, port in ipairs { 8008, 8009 } do
      player.net:listen("TCP", "220.180.239.212", port, server)
    end
  end
end

-- The socket of that id is open.
local function open(id, server)
  return function(player) player:open(id, server) end
end

local function push(id, bytes)
  return function(player) assert(player.module:push(id, bytes)) end
end

local function peer_closes(id)
  return function(player) player.module.sockets[id].handle.peer:close() end
end

local function urc(line)
  return function(player) player.module:urc(line) end
end

local function network(up)
  return function(player) player.module:network(up) end
end

local function reset(player)
  player.module:reset()
end

-- Gives delay(what, command, line) from a list of { what, pattern of the command or the
-- line, seconds }; the first that fits holds, and only count times where it has one.
local function late(...)
  local rules = { ... }
  return function(what, command, line)
    for _, rule in ipairs(rules) do
      local text = what == "urc" and line or command
      if rule[1] == what and text:find(rule[2], 1, true) and rule.count ~= 0 then
        rule.count = rule.count and rule.count - 1
        return rule[3]
      end
    end
  end
end

local HEX_OUT = types 'AT+QICFG="dataformat",1,0'
local HEX_IN = types 'AT+QICFG="dataformat",0,1'

local scenes = {}

-- Boot, sleep, framing. -------------------------------------------------------------

local silent_boot = { rdy = 0, cfun = 0, cpin = never, ip = 0 }
scenes["boot.txt"] = { options = options("manual", { echo = false }, { boot = true,
  timing = { rdy = 1e-4, cfun = 0, cpin = 0.5, ip = 3 } }), cues = { wait(1e-4) } }
scenes["boot_during_command.txt"] = { options = options("manual", { echo = true },
  { timing = silent_boot, delay = late { "second", "QISEND", never } }), setup =
  all_of(types "ATE0", open(0), HEX_OUT), cues = { reset } }
scenes["boot_on_purpose.txt"] = { options = options("manual", nil,
  { timing = { off = 2, rdy = 0, cfun = 0, cpin = 0, ip = 0 } }) }
scenes["boot_with_fota.txt"] = { options = options("R02", { boot_fota = true, ip_urc = false,
  echo = true }, { boot = true, timing = { rdy = 1e-4, cfun = 0, cpin = 0, ip = 0 } }),
  cues = { wait(1e-4) } }
scenes["framing_brom_text.txt"] = { options = options("manual", { boot_text =
  "F1: 0000 0000\n\rV0: 0000 0000 [0001]\n\r00: 0007 4000\n\r01: 0000 0000\n\r"
  .. "BP: 0000 0209 [0000]\n\r\n\r" }, { timing = silent_boot }), cues = { reset } }
scenes["framing_blocks.txt"] = { options = options("manual", nil, { ip = "10.18.237.42" }),
  setup = open(3), cues = { all_of(network(false), network(true)), wait(0.1) } }
scenes["framing_echo.txt"] = { options = options("manual", { echo = true }) }
scenes["framing_echo_of_data.txt"] = { options = options("manual", { echo = true }),
  setup = all_of(types "ATE0", open(0), types "ATE1"), changes = { [2] = trait("tx_buffer", 0) } }
scenes["framing_late_answer.txt"] = { options = options("manual", nil, { delay = late(
  { "info", "CGATT", 4.999, count = 1 }, { "info", "CGATT", 5.1 }) }), cues = { wait(0.1) } }
scenes["framing_late_answer_and_fence.txt"] = { options = options("manual", nil,
  { delay = late { "info", "CGATT", 10.1 } }), changes = { [4] = function(player)
    player.module.traits.revision = "BC260YCNAAR01A07"
  end }, cues = { wait(0.1) } }
scenes["framing_lower_case.txt"] = { options = options("manual", { echo = true }),
  changes = { [2] = types "ATE0" } }
scenes["framing_own_timeout.txt"] = { options = options("manual", nil, { delay = late(
  { "info", "CSQ", 0.299, count = 1 }, { "info", "CSQ", 0.31 }) }), cues = { wait(0.01) } }
scenes["framing_silence.txt"] = { options = options("manual", nil,
  { delay = late { "final", "AT", never } }) }
scenes["framing_urc_inside.txt"] = { options = options("manual", nil, { delay = late(
  { "info", "CSQ", 0.1 }, { "final", "CSQ", 0.2 }) }), setup = open(0),
  cues = { urc "+IP: 10.18.237.42", wait(0.1), peer_closes(0), wait(0.1) } }

-- Errors, network, format. ----------------------------------------------------------

scenes["network_addresses.txt"] = { options = options("R02", nil, { ip = "100.67.249.195" }),
  changes = {
    [2] = all_of(trait("cgpaddr_cid", 1), trait("cgpaddr_quoted", false)),
    [3] = all_of(trait("cgpaddr_cid", 5), trait("cgpaddr_quoted", true),
      trait("cgpaddr_ipv6", true)),
    [4] = all_of(trait("cgpaddr_cid", 1), network(false)),
  } }
scenes["network_cereg_query.txt"] = { options = options("manual", { ip_urc = false }),
  setup = network(false),
  changes = {
    [2] = all_of(types "AT+CEREG=2", function(player)
      player.module:network(true)
      player:run(1)
    end),
    [3] = all_of(types "AT+CEREG=3", function(player)
      player.module:register(3, 0, 15)
      player:run(1)
    end),
    [4] = all_of(types "AT+CEREG=5", function(player)
      player.module:register(1)
      player:run(1)
    end),
  } }
scenes["network_identity.txt"] = { options = options("R02", { cgmr_prefix = true }) }
scenes["network_values.txt"] = { options = options("R02", nil, { rssi = 22 }) }
scenes["network_cereg_urc.txt"] = { options = options("manual", { ip_urc = false }),
  setup = types "AT+CEREG=2",
  cues = { network(false), network(true),
    all_of(types "AT+CEREG=0", network(false), types "AT+CEREG=5", network(true)),
    all_of(types "AT+CEREG=1", function(player) player.module:register(5) end) } }
scenes["call_data_format.txt"] = { options = options "manual", setup = HEX_IN }
scenes["call_attach_r01.txt"] = { options = options("R01",
  { revision = "BC260YCNAAR01A07", echo = true, sleep_events = false },
  { timing = { found = 0, ip = 1 } }),
  setup = function(player)
    player.module:network(false)
    player.module:later(player.time + 0.5, function() player.module:network(true) end)
  end }

-- Names, pings, time. ---------------------------------------------------------------

scenes["dns_one.txt"] = { options = options("manual", nil, { names = {} }),
  setup = function(player) player.net.hosts["hf.quectel.com"] = { "220.180.239.212" } end,
  changes = { [2] = function(player)
    player.net.latency_s = 1.2
    player.module.traits.dns_quoted = true
  end } }
scenes["dns_several.txt"] = { options = options("manual", { dns_addresses = "all" }, { names =
  { ["iot.quectel.com"] = { "47.100.63.174", "47.100.63.175", "240E:5A::6666" } } }),
  changes = { [2] = function(player)
    player.module.traits.dns_addresses = "first"
    player.module.delay = late({ "final", "QIDNSGIP", 0.1 }, { "second", "QIDNSGIP", 0 })
  end }, cues = { wait(0.1) } }
scenes["call_resolve.txt"] = { options = options "manual", changes = { [2] = function(player)
  player.module.traits.dns_quoted, player.module.traits.dns_addresses = true, "all"
  player.module.names["hf.quectel.com"] = { "220.180.239.212", "240E:5A::6666" }
  player.module.delay = late({ "final", "QIDNSGIP", 0.1 }, { "second", "QIDNSGIP", 0 })
end, [3] = function(player) player.module.delay = nil end }, cues = { wait(0.1) } }
scenes["dns_first_alone.txt"] = { options = options("manual", { dns_addresses = "all" },
  { names = { ["iot.quectel.com"] = { "47.100.63.174", "47.100.63.175" } },
    delay = function(what, _, line)
      return what == "second" and line:find("175", 1, true) and 0.21 or nil
    end }), cues = { wait(0.01) } }
scenes["dns_servers_missing.txt"] = { options = options("R02", { dns_servers = "primary" }),
  changes = { [2] = trait("dns_servers", "none") } }
scenes["ping_forms.txt"] = { options = options("R02", { ping_quoted = true }),
  setup = function(player) player.net.pings, player.net.ttl = { 369, false, 371 }, 56 end,
  cues = { wait(4) } }
scenes["ping_lost.txt"] = { options = options "manual" }
scenes["ping_lost_code.txt"] = { options = options("manual", { ping_all_lost = "code" }) }
scenes["ping_fails.txt"] = { options = options "manual" }
scenes["ntp_forms.txt"] = { options = options("manual", { ntp_form = "zone" }),
  setup = function(player) player.net.utc = 1702515673 end,
  changes = {
    -- Without a zone it is UTC.
    [2] = all_of(trait("ntp_form", "plain"), function(player)
      player.net.utc = 1702515673 + 8 * 3600
    end),
    [4] = function(player)
      player.net.utc = nil
      player.module.delay = late({ "final", "QNTP", 0.1 }, { "second", "QNTP", 0 })
    end,
  }, cues = { wait(0.1) } }

-- Payloads. -------------------------------------------------------------------------

local function downlinks(profile, setup, ...)
  return { options = options(profile), setup = all_of(open(0), open(1), open(2), open(3),
    open(4), setup or function() end), cues = { ... } }
end
local hostile = { push(0, "\r\nOK\r\n\r\nERROR\r\n\r\n> "),
  push(0, '\r\n+QIURC: "closed",0\r\nRDY\r\n'), push(1, "\0\255\"\r"), wait(0.1) }
for name, profile in pairs { quoted = "R02", unquoted = "manual" } do
  local scene = downlinks(profile)
  scene.options.delay = late { "info", "CSQ", 0.1 }
  scene.cues = hostile
  scenes["payload_hostile_" .. name .. ".txt"] = scene
end
scenes["payload_hostile_recv.txt"] = downlinks("R02", nil,
  push(0, '\r\n+QIURC: "recv",1,2,"ab"\r\n'), push(0, '\r\n+QIURC: "recv",1,99,"\r\n'))
scenes["payload_quoted_hex.txt"] = downlinks("R02", HEX_IN, push(0, "Test"), push(0, "\r"))
scenes["payload_quoted_text.txt"] = downlinks("R02", nil, push(0, "hi,quectel"),
  push(1, '{"a":"b"}'), push(2, '"'), push(2, '","'))
scenes["payload_unquoted_text.txt"] = downlinks("manual", nil, push(0, "hi,quectel"),
  push(4, "x"))
scenes["payload_hex_1024.txt"] = downlinks("R02", HEX_IN, push(0, ("D"):rep(1023) .. "\n"),
  push(0, "B"))
scenes["payload_text_1024.txt"] = downlinks("R02", nil, push(0, ("a"):rep(1023) .. '"cd'))
scenes["payload_inside_answer.txt"] = downlinks("R02", nil, push(0, "r1"), wait(0.1),
  push(0, "SEND FAIL"), wait(0.1))
scenes["payload_inside_answer.txt"].options.delay =
  late({ "final", "QISEND", 0.1 }, { "second", "QISEND", 0.2 })
scenes["payload_buffer_full.txt"] = downlinks("R02", trait("rx_buffer", 0), push(1, "x"),
  push(0, "x"), wait(0.1))
scenes["payload_buffer_full.txt"].options.delay = late { "final", "AT", 0.1 }

-- Sockets. --------------------------------------------------------------------------

scenes["socket_open.txt"] = { options = options("manual", nil,
  { delay = late { "final", "QIOPEN=0,1", 0.05 } }), setup = function(player)
    listen()(player)
    player.net.latency_s = 0.45
  end, changes = { [2] = function(player) player.net.latency_s = 0 end } }
scenes["socket_open_at_its_deadline.txt"] = { options = options "manual",
  setup = listen { silent = true } }
scenes["socket_open_fails.txt"] = { options = options("manual", { close_dead = "error" }),
  setup = function(player)
    player.net.latency_s = 0.071
  end, changes = { [2] = trait("close_dead", "ok"), [3] = function(player)
    player.module.names["hf.quectel.com"] = nil
    player.net.latency_s = 0
  end, [4] = trait("close_dead", "error") } }
scenes["socket_open_refused.txt"] = { options = options "manual", setup = all_of(listen(),
  open(0)), changes = { [3] = all_of(open(0), trait("id_in_use", "urc")) } }
scenes["socket_open_others_data.txt"] = { options = options "R02", setup = function(player)
  player:open(0)
  listen()(player)
  player.net.latency_s = 1
end, cues = { push(0, "hi"), function(player)
  player.net.latency_s = 0
  peer_closes(0)(player)
end, wait(1) } }
scenes["socket_open_port_at_rest.txt"] = { options = options "manual", setup = all_of(listen(),
  types('AT+QIOPEN=0,0,"TCP","220.180.239.212",8009,50000,1', "AT+QICLOSE=0")),
  changes = { [3] = trait("local_port_code", 556) } }
scenes["socket_open_then_data.txt"] = { options = options "R02", setup = listen {
  connect = function(peer)
    peer:send "hello"
    peer:close()
  end } }
scenes["socket_open_too_late.txt"] = { options = options("manual", { open_timeout = 100 }),
  setup = function(player)
    listen()(player)
    player.net.latency_s = 66.1
  end, changes = { [2] = function(player) player.net.latency_s = 1 end }, cues = { wait(0.1) } }
scenes["socket_open_urc_before_ok.txt"] = { options = options("manual",
  { open_urc_before_ok = true }, { delay = late { "final", "QIOPEN=0,1", 0.2 } }),
  setup = listen(), changes = { [2] = listen { refuse = 566 } } }
scenes["socket_open_urc_without_ok.txt"] = { options = options("manual",
  { open_urc_before_ok = true }, { delay = late { "final", "QIOPEN", 0.31 } }), setup =
  all_of(listen(), HEX_OUT), cues = { wait(0.01) } }
scenes["socket_close_forms.txt"] = { options = options("manual", nil, { delay = late(
  { "second", "QICLOSE=0", 2 }, { "second", "QICLOSE=2", 0 }, { "final", "QICLOSE=2", 0.1 }) }),
  setup = all_of(open(0), open(1), open(2)), cues = { peer_closes(1), wait(0.1) } }
scenes["socket_close_too_late.txt"] = { options = options("manual", nil, { delay = late(
  { "second", "QICLOSE=0", 10.1 }, { "second", "QICLOSE=1", 0.2 }) }), setup =
  all_of(open(0), open(1)), cues = { wait(0.1), wait(0.1) } }

local function acknowledge(count)
  return function(player) player.module.sockets[0].handle.peer:ack(count) end
end
local counted = all_of(open(0, { auto_ack = false }), types 'AT+QISEND=0,10,"0123456789"',
  acknowledge(7))
scenes["socket_count.txt"] = { options = options "manual", setup = counted, changes = {
  [2] = trait("count_final", "SEND OK"), [4] = all_of(trait("count_final", "both"),
    acknowledge()) } }
scenes["socket_count_refused.txt"] = { options = options "manual", setup = all_of(open(0),
  peer_closes(0)), changes = { [2] = trait("count_after_close", "error") } }
scenes["socket_count_stray_send_ok.txt"] = { options = options("manual",
  { count_final = "both" }, { delay = late({ "second", "QISEND=0,0", 0.1 },
    { "final", "QISEND=0,3", 0.2 }) }), setup = all_of(counted, HEX_OUT),
  changes = { [2] = trait("tx_buffer", 0) }, cues = { wait(0.1), wait(0.1) } }
scenes["socket_no_data_mode.txt"] = { options = options "R01", setup = all_of(open(0), HEX_OUT,
  trait("nul_after_result", 0)) }
for name, prompt in pairs { prompt = "\r\n>", prompt_blank = "\r\n> ",
  prompt_crlf = "\r\n>\r\n" } do
  scenes["socket_" .. name .. ".txt"] = { options = options("R02", { prompt = prompt }),
    setup = all_of(open(0), open(4)) }
end
scenes["socket_prompt_crlf.txt"].changes = { [3] = all_of(types "ATE1",
  trait("tx_buffer", 0)) }
scenes["socket_prompt_and_urcs.txt"] = { options = options("R02", nil, { delay = late(
  { "prompt", "QISEND", 0.1 }, { "final", "QISEND", 0.1 }) }), setup = all_of(open(0), open(1)),
  cues = { push(0, "\r\n>"), wait(0.1), peer_closes(1), push(0, "x"), wait(0.1) } }
scenes["socket_send_before_ok.txt"] = { options = options("manual", nil, { delay = late(
  { "second", "QISEND", 0 }, { "final", "QISEND", 0.1 }) }), setup = all_of(open(0), HEX_OUT),
  cues = { wait(0.1) } }
scenes["socket_send_fails.txt"] = { options = options("manual", { tx_buffer = 0 }),
  setup = all_of(open(0), HEX_OUT), changes = { [2] = trait("send_fail_without_ok", true),
    [4] = function(player)
      player.module.traits.send_fail_without_ok = false
      player.module.delay = late({ "second", "QISEND", 0 }, { "final", "QISEND", 0.1 })
    end }, cues = { wait(0.1) } }
scenes["socket_send_forms.txt"] = { options = options "manual", setup = all_of(open(0),
  HEX_OUT), changes = { [3] = types 'AT+QICFG="dataformat",0,0' } }
scenes["socket_send_later.txt"] = { options = options("R02", nil, { delay = late(
  { "final", "QISEND", 0.1 }, { "second", "QISEND", 10 }) }), setup = all_of(open(0), HEX_OUT),
  cues = { push(0, "ok"), urc "+CEREG: 1" } }
scenes["socket_send_too_late.txt"] = { options = options("manual", nil, { delay = late(
  { "second", '"a"', 10.1 }, { "second", '"b"', 0.2 }) }), setup = open(0),
  cues = { wait(0.1), wait(0.1) } }

-- Calls of the driver. --------------------------------------------------------------

scenes["call_tcp_text.txt"] = { options = options "manual", setup = listen(),
  cues = { push(0, "hi,quectel\r\n") } }
scenes["call_tcp_raw.txt"] = { options = options "R02", setup = listen(),
  cues = { push(0, "\r\n>") } }
scenes["call_tcp_reset.txt"] = { options = options("manual", nil, { timing = silent_boot,
  delay = late { "second", "QISEND", never } }), setup = listen(), cues = { reset } }
scenes["call_tcp_closed_by_peer.txt"] = { options = options("manual",
  { close_dead = "error" }), setup = listen(), cues = { push(0, "abc"), peer_closes(0) } }
scenes["call_tcp_gap.txt"] = { options = options "R02", setup = listen(),
  cues = { push(0, "ab"), all_of(trait("rx_buffer", 0), push(0, "lost"),
    trait("rx_buffer", false)), push(0, "cd") } }
scenes["call_tcp_open_fails.txt"] = { options = options "manual", setup = function(player)
  player.net.latency_s = 0.071
end, changes = { [3] = function(player)
  player.net.latency_s = 0
  listen()(player)
end } }
scenes["call_tcp_id_in_use.txt"] = { options = options "manual", setup = all_of(listen(),
  open(0), types 'AT+QIOPEN=0,2,"TCP","10.0.0.9",9'), changes = {
    [4] = all_of(trait("id_in_use", "urc"), trait("close_dead", "error")) } }
scenes["call_tcp_send_fails.txt"] = { options = options("manual", { tx_buffer = 0,
  send_fail_without_ok = true }), setup = listen() }
scenes["call_tcp_send_settled.txt"] = { options = options("manual", nil, { delay = late {
  "second", "QISEND=0,3", never } }), setup = listen { auto_ack = false } }
scenes["call_udp.txt"] = { options = options "R02", cues = { push(0, "\r\n"),
  push(0, "hello") } }


-- What is left: why no module says it, or not this one. -----------------------------

local BROKEN = "broken lines: bytes lost, or others among them"
local NOISE = "made of lines that no module says as they stand"
local TWO = "two modules in one file: its forms contradict one another"

local unsaid = {
  ["boot_forgets_owed.txt"] = "a send on a socket that the boot has taken is ERROR",
  ["boot_sleep.txt"] = "EXIT DEEPSLEEP comes when it wakes, not with the next command",
  ["call_addresses.txt"] = "two contexts; the module has one",
  ["call_attach_r02.txt"] = "OK twice for one command",
  ["call_identity.txt"] = TWO,
  ["call_registration.txt"] = "its URC and its answer contradict one another",
  ["call_signal.txt"] = NOISE,
  ["call_sockets.txt"] = "a UDP socket that is remotely closed; only TCP is (2.4.1)",
  ["call_supported.txt"] = "lists access mode 0, which is not supported (2.3.2)",
  ["call_tcp_hex.txt"] = "digits of both cases in one payload",
  ["dns_fails.txt"] = "a name that has 0 addresses is 565",
  ["dns_too_late.txt"] = "a second name meanwhile is 564",
  ["error_behind_lines.txt"] = "ERROR behind half an answer",
  ["error_forms.txt"] = "552 for arguments that are right",
  ["error_while_open.txt"] = "ERROR in place of the second result",
  ["framing_blank_line_after_ok.txt"] = NOISE,
  ["framing_echo_exact.txt"] = NOISE,
  ["framing_line_ends.txt"] = NOISE,
  ["framing_line_too_long.txt"] = NOISE,
  ["framing_nul_after_results.txt"] = "NULs in other numbers after each result",
  ["framing_nul_inside_payload.txt"] = "NULs before the first line",
  ["framing_stray_results.txt"] = NOISE,
  ["framing_test_answers.txt"] = "lists access mode 0, which is not supported (2.3.2)",
  ["network_cereg_urc_during_query.txt"] = "its URC and its answer contradict one another",
  ["payload_pauses.txt"] = BROKEN,
  ["payload_quoting_after_reset.txt"] = "data of a socket that the boot has taken",
  ["payload_stalls.txt"] = BROKEN,
  ["payload_too_long.txt"] = "a length above 1,024, or none",
  ["payload_torn_by_a_reply.txt"] = BROKEN,
  ["payload_torn_by_lost_bytes.txt"] = BROKEN,
  ["payload_torn_like_unquoted.txt"] = BROKEN,
  ["payload_unquoted_hex.txt"] = "digits of both cases in one payload",
  ["ping_too_late.txt"] = "a second ping meanwhile is 568",
  ["socket_count_late_ok.txt"] = "OK behind SEND OK",
  ["socket_no_prompt.txt"] = "a prompt that is no part of an answer",
  ["socket_prompt_behind_ok.txt"] = "OK twice for one command",
  ["socket_send_refused.txt"] = "50 for bad hex; the module's code is 552",
  ["socket_states.txt"] = TWO,
  ["socket_states_test.txt"] = "ranges in other words; their text is not known",
}

return { scenes = scenes, unsaid = unsaid }

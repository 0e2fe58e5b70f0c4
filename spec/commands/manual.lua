-- The application note, line by line: chapters 2.3 and 2.4 in its order.
--
-- It knows what the manual says and what is called for it, and finds nothing out: that is
-- marks.lua's. A row:
--   kind     "command", "late" (a result after OK), "urc"; nil: not of the manual's list
--   form     as the manual spells it
--   answer   how the manual spells the line that comes before OK
--   host     the line that goes to the module
--   says     the lines that the module answers with, all of them
--   line     the one of them that the row is about, where it is not a command's row
--   call     the Lua code that sends the line, or gets what the module says
--   gives    what the call returns, as Lua code; nil: anything but nil
--   codec    the encoder's name and arguments, which write `host`
--   decoder  the decoder's name and the fields that it reads; "supported": that call reads it
--   ends     how the exchange ends the command: { status, code }; { "ok" }
--   more     the module says more behind these lines
--   event    what the exchange makes of a line that nobody asked for; { "urc", line }
--   data     what follows the prompt
--   key      where the line is put together by its spec: what stands there in its place
--   spec     { path, words of the sentence }: where it is run; nil: it is looked for
-- and the circumstances, which stage.lua brings about: scene, profile, traits, format (the
-- modem's), first (lines typed before), scripts (virtual.md), provoke (function(module, net)).

local provoke = require "spec.commands.provoke"

local STATE = "+QISTATE: <connectID>,<service_type>,<host>,<remote_port>,<local_port>,"
  .. "<socket_state>,<contextID>,<access_mode>"
local HOST = '"hf.quectel.com"'
local OPEN = 'AT+QIOPEN=0,0,"TCP",' .. HOST .. ",8008,0,1"
local CONNECT = "sock:connect(" .. HOST .. ", 8008)"

return {
  { section = "2.3.1", title = "AT+QICFG: optional parameters", rows = {
    { kind = "command", form = "AT+QICFG=?", host = "AT+QICFG=?",
      says = { '+QICFG: "dataformat",(0,1),(0,1)', "OK" }, decoder = "supported",
      call = 'modem:supported("QICFG")',
      gives = '{ "dataformat", { values = { 0, 1 } }, { values = { 0, 1 } }, '
        .. [[text = '"dataformat",(0,1),(0,1)' }]] },
    { kind = "command", form = 'AT+QICFG="dataformat"', host = 'AT+QICFG="dataformat"',
      says = { '+QICFG: "dataformat",0,0', "OK" },
      answer = '+QICFG: "dataformat",<send_data_format>,<recv_data_format>',
      codec = { "QICFG?" }, decoder = { "+QICFG", "dataformat", 0, 0 },
      call = "modem:data_format()", gives = '{ send = "text", recv = "text" }' },
    { kind = "command", form = 'AT+QICFG="dataformat"[,<send_data_format>,<recv_data_format>]',
      host = 'AT+QICFG="dataformat",1,0', says = { "OK" }, codec = { "QICFG", 1, 0 },
      call = 'modem:data_format("hex", "text")', gives = '{ send = "hex", recv = "text" }' },
  } },

  { section = "2.3.2", title = "AT+QIOPEN: opens a socket", rows = {
    { kind = "command", form = "AT+QIOPEN=?", host = "AT+QIOPEN=?",
      says = { '+QIOPEN: (0-11),(0-4),"TCP/UDP",<host>,<remote_port>,<local_port>,(1)', "OK" },
      decoder = "supported", call = 'modem:supported("QIOPEN")',
      gives = '{ { min = 0, max = 11 }, { min = 0, max = 4 }, { values = { "TCP", "UDP" } }, '
        .. '{ name = "host" }, { name = "remote_port" }, { name = "local_port" }, '
        .. [[{ values = { 1 } }, text = '(0-11),(0-4),"TCP/UDP",]]
        .. [[<host>,<remote_port>,<local_port>,(1)' }]] },
    { kind = "command", form = "AT+QIOPEN=<contextID>,<connectID>,<service_type>,<host>,"
        .. "<remote_port>[,<local_port>[,<access_mode>]]",
      host = OPEN, says = { "OK", "+QIOPEN: 0,0" },
      codec = { "QIOPEN", 0, "TCP", "hf.quectel.com", 8008, 0 },
      call = CONNECT, gives = "1" },
    { form = "AT+QIOPEN=<contextID>,<connectID>,<service_type>,<host>,"
        .. "<remote_port>[,<local_port>[,<access_mode>]]",
      host = 'AT+QIOPEN=0,0,"UDP","220.180.239.212",8009,50000,1',
      says = { "OK", "+QIOPEN: 0,0" },
      codec = { "QIOPEN", 0, "UDP", "220.180.239.212", 8009, 50000 },
      call = 'modem:udp{local_port = 50000}:connect("220.180.239.212", 8009)', gives = "1" },
    { kind = "late", form = "+QIOPEN: <connectID>,<err>", host = OPEN,
      says = { "OK", "+QIOPEN: 0,566" }, line = "+QIOPEN: 0,566", ends = { "fail", 566 },
      decoder = { "+QIOPEN", 0, 566 }, scene = "refused",
      call = CONNECT, gives = 'nil, "Socket connection failed", 566' },
    { kind = "urc", form = "+IP: <address>", line = "+IP: 10.18.237.42",
      decoder = { "+IP", "10.18.237.42" }, scene = "booting",
      call = 'modem:wait("ip", 60)', gives = '"10.18.237.42"' },
  } },

  { section = "2.3.3", title = "AT+QICLOSE: closes a socket", rows = {
    { kind = "command", form = "AT+QICLOSE=?", host = "AT+QICLOSE=?",
      says = { "+QICLOSE: (0-4)", "OK" }, decoder = "supported",
      call = 'modem:supported("QICLOSE")',
      gives = '{ { min = 0, max = 4 }, text = "(0-4)" }' },
    { kind = "command", form = "AT+QICLOSE=<connectID>", host = "AT+QICLOSE=0",
      says = { "OK", "CLOSE OK" }, codec = { "QICLOSE", 0 }, scene = "connected",
      call = "sock:close()", gives = "1" },
    { kind = "late", form = "CLOSE OK", host = "AT+QICLOSE=0", says = { "OK", "CLOSE OK" },
      line = "CLOSE OK", scene = "connected", call = "sock:close{flush = 5}", gives = "1" },
  } },

  { section = "2.3.4", title = "AT+QISTATE: the state of sockets", rows = {
    { kind = "command", form = "AT+QISTATE=?", host = "AT+QISTATE=?", says = { "OK" },
      decoder = "supported", call = 'modem:supported("QISTATE")', gives = "{}" },
    { kind = "command", form = "AT+QISTATE?", host = "AT+QISTATE?", scene = "connected",
      says = { '+QISTATE: 0,"TCP","hf.quectel.com",8008,0,2,0,1', "OK" },
      codec = { "QISTATE?" }, answer = STATE,
      decoder = { "+QISTATE", 0, "TCP", "hf.quectel.com", 8008, 0, 2, 0, 1 },
      call = "modem:sockets()",
      gives = '{ { id = 0, service = "TCP", host = "hf.quectel.com", remote_port = 8008, '
        .. 'local_port = 0, state = 2, state_name = "connected", context = 0, '
        .. "access_mode = 1 } }" },
    { kind = "command", form = "AT+QISTATE=<query_type>,<contextID>", host = "AT+QISTATE=0,0",
      scene = "connected", says = { '+QISTATE: 0,"TCP","hf.quectel.com",8008,0,2,0,1', "OK" },
      codec = { "QISTATE context", 0 }, answer = STATE,
      decoder = { "+QISTATE", 0, "TCP", "hf.quectel.com", 8008, 0, 2, 0, 1 },
      call = "modem:sockets{context = 0}" },
    { kind = "command", form = "AT+QISTATE=<query_type>,<connectID>", host = "AT+QISTATE=1,0",
      scene = "connected", says = { '+QISTATE: 0,"TCP","hf.quectel.com",8008,0,2,0,1', "OK" },
      codec = { "QISTATE id", 0 }, answer = STATE,
      decoder = { "+QISTATE", 0, "TCP", "hf.quectel.com", 8008, 0, 2, 0, 1 },
      call = "modem:sockets{id = 0}" },
  } },

  { section = "2.3.5", title = "AT+QISEND: sends data", rows = {
    { kind = "command", form = "AT+QISEND=?", host = "AT+QISEND=?",
      says = { "+QISEND: (0-4),(0-1024),<data>,<rai_mode>", "OK" }, decoder = "supported",
      call = 'modem:supported("QISEND")',
      gives = '{ { min = 0, max = 4 }, { min = 0, max = 1024 }, { name = "data" }, '
        .. '{ name = "rai_mode" }, text = "(0-4),(0-1024),<data>,<rai_mode>" }' },
    { kind = "command", form = "AT+QISEND=<connectID>,<send_length>,<data>",
      host = 'AT+QISEND=0,10,"1234567890"', says = { "OK", "SEND OK" },
      codec = { "QISEND text", 0, "1234567890" }, scene = "connected",
      call = 'sock:send("1234567890")', gives = "10" },
    { form = "AT+QISEND=<connectID>,<send_length>,<data>,<rai_mode>",
      host = 'AT+QISEND=0,3,"a;b",2', says = { "OK", "SEND OK" },
      codec = { "QISEND text", 0, "a;b", 2 }, scene = "connected",
      call = 'sock:send("a;b", 1, -1, {rai = 2})', gives = "3" },
    { form = "AT+QISEND=<connectID>,<send_length>,<data>",
      host = "AT+QISEND=0,3,313233", says = { "OK", "SEND OK" }, format = "hex",
      codec = { "QISEND hex", 0, "123" }, scene = "connected",
      call = 'sock:send("123")', gives = "3" },
    { form = "AT+QISEND=<connectID>,<send_length>", host = "AT+QISEND=0,4", data = "a\r\n\0",
      says = { ">", "OK", "SEND OK" }, format = "raw", profile = "R02",
      codec = { "QISEND raw", 0, 4 }, scene = "connected",
      call = [[sock:send("a\r\n\0")]], gives = "4" },
    { kind = "late", form = "SEND OK", host = 'AT+QISEND=0,10,"1234567890"',
      says = { "OK", "SEND OK" }, line = "SEND OK", scene = "connected",
      call = 'sock:send("1234567890")', gives = "10" },
    { kind = "late", form = "SEND FAIL", host = 'AT+QISEND=0,10,"1234567890"',
      says = { "OK", "SEND FAIL" }, line = "SEND FAIL", ends = { "fail" }, scene = "connected",
      scripts = { { match = "QISEND=0,10", second = "SEND FAIL" } },
      call = 'sock:send("1234567890")', gives = 'nil, "error", 0' },
    { kind = "command", form = "AT+QISEND=<connectID>,0", host = "AT+QISEND=0,0",
      answer = "+QISEND: <sent>,<acked>,<nAcked>",
      says = { "+QISEND: 0,0,0", "OK" }, codec = { "QISEND count", 0 },
      decoder = { "+QISEND", 0, 0, 0 }, scene = "connected",
      call = "sock:acked()", gives = "0, 0, 0" },
  } },

  { section = "2.3.6", title = "AT+QIDNSGIP: the address of a name", rows = {
    { kind = "command", form = "AT+QIDNSGIP=?", host = "AT+QIDNSGIP=?",
      says = { "+QIDNSGIP: (0-11),<host_name>", "OK" }, decoder = "supported",
      call = 'modem:supported("QIDNSGIP")',
      gives = '{ { min = 0, max = 11 }, { name = "host_name" }, text = "(0-11),<host_name>" }' },
    { kind = "command", form = "AT+QIDNSGIP=<contextID>,<host_name>",
      host = "AT+QIDNSGIP=0," .. HOST,
      says = { "OK", "+QIDNSGIP: 0,1,0", "+QIDNSGIP: 220.180.239.212" },
      codec = { "QIDNSGIP", "hf.quectel.com" },
      call = "modem:resolve(" .. HOST .. ")", gives = '{ "220.180.239.212" }' },
    { kind = "late", form = "+QIDNSGIP: <err>,<ip_count>,<dns_ttl>",
      host = "AT+QIDNSGIP=0," .. HOST, line = "+QIDNSGIP: 0,1,0",
      says = { "OK", "+QIDNSGIP: 0,1,0", "+QIDNSGIP: 220.180.239.212" },
      decoder = { "+QIDNSGIP", 0, 1, 0 },
      call = "modem:resolve(" .. HOST .. ")", gives = '{ "220.180.239.212" }' },
    { kind = "late", form = "+QIDNSGIP: <hostIPaddr>",
      host = "AT+QIDNSGIP=0," .. HOST, line = "+QIDNSGIP: 220.180.239.212",
      says = { "OK", "+QIDNSGIP: 0,1,0", "+QIDNSGIP: 220.180.239.212" },
      decoder = { "+QIDNSGIP address", "220.180.239.212" },
      call = "modem:resolve(" .. HOST .. ")", gives = '{ "220.180.239.212" }' },
    { kind = "late", form = "+QIDNSGIP: <err>", host = 'AT+QIDNSGIP=0,"nowhere"',
      says = { "OK", "+QIDNSGIP: 565" }, line = "+QIDNSGIP: 565", ends = { "fail", 565 },
      decoder = { "+QIDNSGIP", 565 },
      call = 'modem:resolve("nowhere")', gives = 'nil, "DNS parse failed", 565' },
  } },

  { section = "2.3.7", title = "AT+QIDNSCFG: servers that know names", rows = {
    { kind = "command", form = "AT+QIDNSCFG=?", host = "AT+QIDNSCFG=?",
      says = { "+QIDNSCFG: (0-11),<pridnsaddr>,<secdnsaddr>", "OK" }, decoder = "supported",
      call = 'modem:supported("QIDNSCFG")',
      gives = '{ { min = 0, max = 11 }, { name = "pridnsaddr" }, { name = "secdnsaddr" }, '
        .. 'text = "(0-11),<pridnsaddr>,<secdnsaddr>" }' },
    { kind = "command", form = "AT+QIDNSCFG=<contextID>,<pridnsaddr>[,<secdnsaddr>]",
      host = 'AT+QIDNSCFG=0,"218.2.2.2","8.8.8.8"', says = { "OK" },
      codec = { "QIDNSCFG", "218.2.2.2", "8.8.8.8" },
      call = 'modem:dns("218.2.2.2", "8.8.8.8")' },
    { kind = "command", form = "AT+QIDNSCFG=<contextID>", host = "AT+QIDNSCFG=0",
      first = { 'AT+QIDNSCFG=0,"218.2.2.2","8.8.8.8"' },
      says = { '+QIDNSCFG: 0,"218.2.2.2","8.8.8.8","240E:5A::6666","240E:5B::6666"', "OK" },
      answer = "+QIDNSCFG: <contextID>,<pridnsaddr_IPv4>,<secdnsaddr_IPv4>,<pridnsaddr_IPv6>,"
        .. "<secdnsaddr_IPv6>",
      codec = { "QIDNSCFG?" },
      decoder = { "+QIDNSCFG", 0, "218.2.2.2", "8.8.8.8", "240E:5A::6666", "240E:5B::6666" },
      call = "modem:dns()" },
  } },

  { section = "2.3.8", title = "AT+QPING: whether a host answers", rows = {
    { kind = "command", form = "AT+QPING=?", host = "AT+QPING=?",
      says = { "+QPING: (0-11),<host>,(1-255),(1-10),(32-200)", "OK" }, decoder = "supported",
      call = 'modem:supported("QPING")',
      gives = '{ { min = 0, max = 11 }, { name = "host" }, { min = 1, max = 255 }, '
        .. "{ min = 1, max = 10 }, { min = 32, max = 200 }, "
        .. 'text = "(0-11),<host>,(1-255),(1-10),(32-200)" }' },
    { kind = "command", form = 'AT+QPING=<contextID>,"<host>"[,<time_out>[,<ping_num>'
        .. "[,<ping_size>]]]",
      host = 'AT+QPING=0,"iot.quectel.com",4,4,32',
      codec = { "QPING", "iot.quectel.com", 4, 4, 32 },
      says = { "OK", "+QPING: 0,47.100.63.174,32,369", "+QPING: 0,47.100.63.174,32,479",
        "+QPING: 0,47.100.63.174,32,484", "+QPING: 0,47.100.63.174,32,260",
        "+QPING: 0,4,4,0,260,484,398" },
      call = 'modem:ping("iot.quectel.com")' },
    { kind = "late", form = "+QPING: <result>,<IP_address>,<bytes>,<time>",
      host = 'AT+QPING=0,"iot.quectel.com",4,1,32', line = "+QPING: 0,47.100.63.174,32,369",
      says = { "OK", "+QPING: 0,47.100.63.174,32,369", "+QPING: 0,1,1,0,369,369,369" },
      decoder = { "+QPING result", 0, "47.100.63.174", 32, 369 },
      call = 'modem:ping("iot.quectel.com", {count = 1})' },
    { kind = "late", form = "+QPING: <result>", line = "+QPING: 569",
      host = 'AT+QPING=0,"iot.quectel.com",4,1,32', provoke = provoke.silence_of_pings,
      says = { "OK", "+QPING: 569", "+QPING: 0,1,0,1,0,0,0" },
      decoder = { "+QPING code", 569 },
      call = 'modem:ping("iot.quectel.com", {count = 1})' },
    { kind = "late", form = "+QPING: <finresult>,<sent>,<rcvd>,<lost>,<min>,<max>,<avg>",
      host = 'AT+QPING=0,"iot.quectel.com",4,4,32', line = "+QPING: 0,4,4,0,260,484,398",
      says = { "OK", "+QPING: 0,47.100.63.174,32,369", "+QPING: 0,47.100.63.174,32,479",
        "+QPING: 0,47.100.63.174,32,484", "+QPING: 0,47.100.63.174,32,260",
        "+QPING: 0,4,4,0,260,484,398" },
      decoder = { "+QPING summary", 0, 4, 4, 0, 260, 484, 398 },
      call = 'modem:ping("iot.quectel.com")' },
    { kind = "late", form = "+QPING: <finresult>", host = 'AT+QPING=0,"nowhere",4,4,32',
      says = { "OK", "+QPING: 565" }, line = "+QPING: 565", ends = { "fail", 565 },
      decoder = { "+QPING code", 565 },
      call = 'modem:ping("nowhere")', gives = 'nil, "DNS parse failed", 565, {}' },
  } },

  { section = "2.3.9", title = "AT+QNTP: the time of a server", rows = {
    { kind = "command", form = "AT+QNTP=?", host = "AT+QNTP=?",
      says = { "+QNTP: (0-11),<server>,<port>,(0,1)", "OK" }, decoder = "supported",
      call = 'modem:supported("QNTP")',
      gives = '{ { min = 0, max = 11 }, { name = "server" }, { name = "port" }, '
        .. '{ values = { 0, 1 } }, text = "(0-11),<server>,<port>,(0,1)" }' },
    { kind = "command", form = 'AT+QNTP=<contextID>,"<server>"[,<port>[,<auto_set_time>]]',
      host = 'AT+QNTP=0,"ntp5.aliyun.com",123,0', codec = { "QNTP", "ntp5.aliyun.com", 123, 0 },
      says = { "OK", '+QNTP: 0,"19/06/11,11:08:20:35+32"' },
      call = 'modem:ntp("ntp5.aliyun.com")' },
    { kind = "late", form = "+QNTP: <err>,<time>", host = 'AT+QNTP=0,"ntp5.aliyun.com",123,1',
      says = { "OK", '+QNTP: 0,"19/06/11,11:08:20:35+32"' },
      line = '+QNTP: 0,"19/06/11,11:08:20:35+32"',
      decoder = { "+QNTP", 0, "19/06/11,11:08:20:35+32" },
      call = 'modem:ntp("ntp5.aliyun.com", {set = true})' },
    { kind = "late", form = "+QNTP: <err>", host = 'AT+QNTP=0,"nowhere",123,0',
      says = { "OK", "+QNTP: 565" }, line = "+QNTP: 565", ends = { "fail", 565 },
      decoder = { "+QNTP", 565 },
      call = 'modem:ntp("nowhere")', gives = 'nil, "DNS parse failed", 565' },
  } },

  { section = "2.4.1", title = "The connection is closed", rows = {
    { kind = "urc", form = '+QIURC: "closed",<connectID>', line = '+QIURC: "closed",0',
      decoder = { "+QIURC", "closed", 0 }, scene = "connected", provoke = provoke.hang_up,
      call = 'modem:wait("closed", 60)', gives = "0" },
  } },

  { section = "2.4.2", title = "Data has come", rows = {
    { kind = "urc", form = '+QIURC: "recv",<connectID>,<current_recv_length>,<data>',
      line = '+QIURC: "recv",0,10,hi,quectel', event = { "payload", 0, "hi,quectel" },
      scene = "connected", provoke = provoke.answer "hi,quectel",
      call = "sock:receive(10)", gives = '"hi,quectel"' },
    { kind = "urc", form = '+QIURC: "recv",<connectID>,<current_recv_length>,<data>',
      line = '+QIURC: "recv",0,10,31323334353637383930', event = { "payload", 0, "1234567890" },
      scene = "connected", format = "hex", provoke = provoke.answer "1234567890",
      call = "sock:receive(10)", gives = '"1234567890"' },
    { form = '+QIURC: "recv",<connectID>,"buff full"', line = '+QIURC: "recv",0,"buff full"',
      decoder = { "+QIURC", "recv", 0, "buff full" }, scene = "connected",
      traits = { rx_buffer = 4 }, provoke = provoke.answer "1234567890",
      call = 'modem:wait("buffer full", 60)', gives = "0" },
  } },
}

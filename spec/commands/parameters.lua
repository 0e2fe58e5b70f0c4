-- The application note's tables of parameters: what each is for, section by section.
--
-- Their ranges are the codec's and stand in fields.lua; how a call is seen to reach them,
-- in reach.lua. A parameter:
--   [1]      its name in the manual
--   means    what it is for
--   manual   the manual's own range, where the codec's is another
--   default  what the call takes when it is not given
--   unit     what it is counted in
--   set      the Lua code of a call that takes it: $ stands for it
--   as       what the call takes for its least and its greatest: Lua code each
--   get      the Lua code of a call that gives it
--   nth      which of its values
--   by       who else takes care of it
-- and the circumstances, as in manual.lua.

local provoke = require "spec.commands.provoke"

local WORDS = "an error code of chapter 3, 0 when all is well"
local CODES = "0, 550 to 574"
local CONTEXT = { "contextID", manual = "0 to 11", default = "0",
  means = "the PDP context; the manual knows no other than 0 today" }
local OWN = "each socket has its own"

local SOCKETS = "modem:sockets()[1]."
local PING = 'modem:ping("iot.quectel.com")'
local CONNECT = 'sock:connect("hf.quectel.com", 8008)'

return {
  ["2.3.1"] = {
    { "send_data_format", means = "how data is written in commands: 0 text, 1 hex",
      default = "0", set = 'modem:data_format($, "hex")', as = { '"text"', '"hex"' } },
    { "recv_data_format", means = "how data is written in URCs: 0 text, 1 hex",
      default = "0", set = 'modem:data_format("hex", $)', as = { '"text"', '"hex"' } },
  },
  ["2.3.2"] = {
    CONTEXT,
    { "connectID", means = "the socket's id in the module, a free one of the library's choice",
      get = SOCKETS .. "id", scene = "connected" },
    { "service_type", means = "what kind of socket", set = "modem:$():connect(\"h\", 1)",
      as = { "tcp", "udp" } },
    { "host", means = "address or name of the peer", set = "sock:connect($, 8008)" },
    { "remote_port", means = "the peer's port", set = 'sock:connect("hf.quectel.com", $)' },
    { "local_port", means = "the module's port, 0: it takes one; five digits are advised, and "
        .. "no well-known one", default = "0",
      set = 'modem:tcp{local_port = $}:connect("hf.quectel.com", 8008)' },
    { "access_mode", manual = "0, 1", default = "1",
      means = "1: data is pushed as it comes; 0, kept until it is asked for, is not supported" },
    { "err", manual = CODES, means = WORDS, get = CONNECT, nth = 3, scene = "refused" },
    { "address", means = "the module's address", get = 'modem:wait("ip", 60)',
      scene = "booting" },
  },
  ["2.3.3"] = {
    { "connectID", means = "the socket to close", by = OWN },
  },
  ["2.3.4"] = {
    { "query_type", means = "0: those of a context, 1: one socket" },
    { "contextID", means = CONTEXT.means, manual = CONTEXT.manual,
      set = "modem:sockets{context = $}" },
    { "connectID", means = "the socket's id in the module", set = "modem:sockets{id = $}" },
    { "service_type", means = "what kind of socket, `TCP` or `UDP`",
      get = SOCKETS .. "service", scene = "connected" },
    { "host", means = "the peer, as it was given", get = SOCKETS .. "host",
      scene = "connected" },
    { "remote_port", means = "the peer's port", get = SOCKETS .. "remote_port",
      scene = "connected" },
    { "local_port", means = "the module's port; 0 where it took one itself",
      get = SOCKETS .. "local_port", scene = "connected" },
    { "socket_state", means = "0 initial, 1 connecting, 2 connected, 3 closing, 4 the peer closes",
      get = SOCKETS .. "state", scene = "connected" },
    { "access_mode", means = "1: data is pushed as it comes; 0: kept, not supported",
      get = SOCKETS .. "access_mode", scene = "connected" },
  },
  ["2.3.5"] = {
    { "connectID", means = "the socket that sends", by = OWN },
    { "send_length", unit = "bytes", set = "sock:send($)", scene = "datagrams",
      means = "how long the data is, as text or before it is written in hex; 0 asks" },
    { "data", means = "the data, as text between quotes or in hex", unit = "bytes",
      set = "sock:send($)", scene = "datagrams" },
    { "rai_mode", means = "release assistance: 0 none, 1 the radio connection ends "
        .. "after this packet, 2 after the next answer",
      set = 'sock:send("a", 1, 1, {rai = $})', scene = "connected" },
    { "sent", unit = "bytes", means = "how much the connection has sent", get = "sock:acked()",
      nth = 1, scene = "connected" },
    { "acked", unit = "bytes", means = "how much of it the peer's TCP has acknowledged",
      get = "sock:acked()", nth = 2, scene = "connected" },
    { "nAcked", unit = "bytes", means = "how much of it not yet", get = "sock:acked()", nth = 3,
      scene = "connected" },
  },
  ["2.3.6"] = {
    CONTEXT,
    { "host_name", means = "the name", set = "modem:resolve($)" },
    { "err", manual = CODES, means = WORDS, get = 'modem:resolve("nowhere")', nth = 3 },
    { "ip_count", means = "how many addresses the name has",
      get = '#modem:resolve("hf.quectel.com")' },
    { "dns_ttl", means = "the answer's time to live; always 0 today", by = "not given" },
    { "hostIPaddr", means = "an address of the name", get = 'modem:resolve("hf.quectel.com")[1]' },
  },
  ["2.3.7"] = {
    CONTEXT,
    { "pridnsaddr", means = "the first server's address", set = "modem:dns($)",
      as = { '"8.8.8.8"', '"218.2.2.2"' } },
    { "secdnsaddr", means = "the second server's address", set = 'modem:dns("1.1.1.1", $)',
      as = { '"8.8.8.8"', '"218.2.2.2"' } },
    { "pridnsaddr_IPv4", means = "the first server's IPv4 address", get = "modem:dns().primary" },
    { "secdnsaddr_IPv4", means = "the second server's IPv4 address",
      get = "modem:dns().secondary" },
    { "pridnsaddr_IPv6", means = "the first server's IPv6 address",
      get = "modem:dns().primary6" },
    { "secdnsaddr_IPv6", means = "the second server's IPv6 address",
      get = "modem:dns().secondary6" },
  },
  ["2.3.8"] = {
    CONTEXT,
    { "host", means = "a name, or an IPv4 address with dots", set = "modem:ping($)" },
    { "time_out", unit = "s", default = "4", means = "how long each request's answer is awaited",
      set = 'modem:ping("iot.quectel.com", {timeout = $})' },
    { "ping_num", unit = "requests", default = "4", means = "how many are sent at most",
      set = 'modem:ping("iot.quectel.com", {count = $})' },
    { "ping_size", unit = "bytes", default = "32", manual = "32 to 200",
      means = "how long each is; later editions go up to 1500",
      set = 'modem:ping("iot.quectel.com", {size = $})' },
    { "result", manual = CODES, means = "of each request: 0, or why it has no answer",
      get = PING .. ".replies[1].code", provoke = provoke.silence_of_pings },
    { "IP_address", means = "who answered", get = PING .. ".replies[1].address" },
    { "bytes", unit = "bytes", means = "how long the request was",
      get = PING .. ".replies[1].bytes" },
    { "time", unit = "ms", means = "how long the answer took; in Lua in seconds",
      get = PING .. ".replies[1].time" },
    { "finresult", manual = CODES, means = "of all: 0, or why the ping failed",
      get = 'modem:ping("nowhere")', nth = 3 },
    { "sent", unit = "requests", get = PING .. ".sent",
      means = "how many were sent; the table says bytes, its example and modules count requests" },
    { "rcvd", unit = "requests", means = "how many were answered", get = PING .. ".received" },
    { "lost", unit = "requests", means = "how many were not", get = PING .. ".lost" },
    { "min", unit = "ms", means = "the shortest time; in Lua in seconds", get = PING .. ".min" },
    { "max", unit = "ms", means = "the longest time; in Lua in seconds", get = PING .. ".max" },
    { "avg", unit = "ms", means = "the average time; in Lua in seconds", get = PING .. ".avg" },
  },
  ["2.3.9"] = {
    CONTEXT,
    { "server", means = "the time server, a name or an IPv4 address", set = "modem:ntp($)" },
    { "port", default = "123", means = "its port",
      set = 'modem:ntp("ntp5.aliyun.com", {port = $})' },
    { "auto_set_time", default = "0", means = "1: the module's clock is set by it",
      set = 'modem:ntp("ntp5.aliyun.com", {set = $})', as = { "false", "true" } },
    { "err", manual = CODES, means = WORDS, get = 'modem:ntp("nowhere")', nth = 3 },
    { "time", means = "the time as `YY/MM/DD,hh:mm:ss`, and with a zone in quarter hours behind it",
      get = 'modem:ntp("ntp5.aliyun.com").text' },
  },
  ["2.4.1"] = {
    { "connectID", means = "the socket that has been closed", get = 'modem:wait("closed", 60)',
      scene = "connected", provoke = provoke.hang_up },
  },
  ["2.4.2"] = {
    { "connectID", means = "the socket that has got it", get = 'modem:wait("recv", 60)', nth = 1,
      scene = "connected", provoke = provoke.answer "hi,quectel" },
    { "current_recv_length", unit = "bytes", get = "#sock:receive(10)",
      means = "how long the data is, before it was written in hex",
      scene = "connected", provoke = provoke.answer "hi,quectel" },
    { "data", unit = "bytes", means = "the data, as text or in hex", get = "sock:receive(10)",
      scene = "connected", provoke = provoke.answer "hi,quectel" },
  },
}

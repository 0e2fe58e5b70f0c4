-- The application note's rules, notes and remarks, in its order: what has to be shown.
--
-- A note:
--   [1]     its section
--   [2]     its name there: "note 2", "property" of the command, a "table"'s parameter; ""
--           is the section's own text
--   [3]     what it says, in our words
--   shown   what shows it: transcripts, or { path, words of the sentence }. nil: it is
--           shown by the sentences of spec/manual_notes*_spec.lua that have its name

local NVRAM = { "spec/manual_notes_spec.lua", "2.3.1 property: it is kept in NVRAM" }
local IDLE = "(4.2) "

return {
  { "2.1", "optional arguments", "One that is left out takes the value that it had before, or "
    .. "its default." },
  { "2.2", "prefix", "`AT` or `at` begins each command line.",
    shown = { "framing_lower_case.txt" } },
  { "2.2", "line ends", "CR ends a command; an answer stands between CR LF and CR LF.",
    shown = { "framing_blocks.txt", "framing_line_ends.txt" } },
  { "2.2", "kinds", "A test form tells ranges, a query form values, a set form sets them, an "
    .. "execution form acts.",
    shown = { { "spec/calls/virtual_spec.lua", "supported reads the test form of all nine" } } },
  { "2.3", "response time", "Each command answers within 300 ms; later editions say 5 s, which "
    .. "is waited for.",
    shown = { "framing_own_timeout.txt", { "spec/command_spec.lua", "gives up after 5 s" } } },
  { "2.3.1", "property", "It takes effect at once; both formats are kept in NVRAM, and hold "
    .. "after deep sleep." },
  { "2.3.2", "property", "It takes effect at once; what was opened holds after deep sleep, and "
    .. "is not kept in NVRAM." },
  { "2.3.2", "note 1", "Only context 0 is supported." },
  { "2.3.2", "note 2", "`+QIOPEN` comes within 60 s, and nothing else is done before it has." },
  { "2.3.2", "note 3", "After an open that failed, `AT+QICLOSE` closes the socket." },
  { "2.3.2", "note 4", "After power-on it waits for the URC of the address." },
  { "2.3.2", "note 5", "A local port of one's own rests for 120 s after `AT+QICLOSE`." },
  { "2.3.4", "note 1", "Only context 0 is supported." },
  { "2.3.4", "note 2", "No `+QISTATE` line means that there is no connection." },
  { "2.3.5", "note 1", "`SEND OK` only says that the data is in the module's stack." },
  { "2.3.5", "note 2", "The declared length has to be the data's." },
  { "2.3.5", "note 3", "The next send comes after `SEND OK` or `SEND FAIL`." },
  { "2.3.5", "note 4", "Data of a special format, as JSON, stands between quotes." },
  { "2.3.5", "table, <send_length>", "1,024 bytes at most as text, 512 in hex." },
  { "2.3.5", "table, <rai_mode>", "The network may be asked to end the radio connection after "
    .. "a packet, or after the answer to it." },
  { "2.3.5", "table, <nAcked>", "Acknowledgements are counted for TCP alone." },
  { "2.3.6", "note 1", "Only context 0 is supported." },
  { "2.3.6", "note 2", "Only the first address that the server returns is given." },
  { "2.3.7", "note 1", "Only context 0 is supported." },
  { "2.3.7", "note 2", "A network of IPv4 alone takes IPv4 servers alone, one of IPv6 alone "
    .. "IPv6 servers." },
  { "2.3.7", "note 3", "After power-on, setting waits for the URC of the address." },
  { "2.3.7", "note 4", "The query gives the module's own servers or the network's, too." },
  { "2.3.8", "note", "Only context 0 is supported." },
  { "2.3.9", "note 1", "Only context 0 is supported." },
  { "2.3.9", "note 2", "With `auto_set_time` 1 the module's clock is set; `AT+CCLK?` tells it." },
  { "2.3.9", "note 3", "Once registered, the module sets its clock by itself." },
  { "2.4", "form", "The URCs of TCP/IP are CR LF, `+QIURC: <type>...`, CR LF.",
    shown = { "manual_4_1_08_receive_text.txt" } },
  { "2.4", "note 1", "In PSM no URC comes." },
  { "2.4", "note 2", "In DRX and eDRX a URC is late by a paging cycle." },
  { "2.4", "note 3", "While the modem is connected URCs come as they are." },
  { "2.4", "note 4", "Downlink data of more than 1,024 bytes comes in several URCs." },
  { "2.4.1", "", "After `closed` the state is closing until `AT+QICLOSE` sets it to initial." },
  { "4.1.1", "note", "TCP and UDP wait until the module has told its address." },
  { "4.1.1", "remark", "Registration is asked for again until it is there, then the address.",
    shown = { "manual_4_1_01_init.txt", { "spec/attach_spec.lua", "registration, address" } } },
  { "4.1.2", "remark", "A local port that is left out is chosen by the module; `AT+QISTATE` tells "
    .. "the connection's state.", shown = { "manual_4_1_02_connect.txt" } },
  { "4.1.3", "remark", "Text is the default; a format is saved at once and need not be set again; "
    .. "so in 4.1.4, 4.1.8 and 4.1.9.", shown = { NVRAM } },
  { "4.1.5", "remark", "The length is the data's; JSON and the like stand between quotes.",
    shown = { "manual_4_1_05_send_text.txt" } },
  { "4.1.6", "remark", "Data that is not hex is an `ERROR`; the length is half its digits.",
    shown = { "manual_4_1_06_send_hex.txt", { "spec/virtual/errors_spec.lua", "4.1.6: " } } },
  { "4.1.7", "remark", "The counts are of one connection, and 0 once it has ended.",
    shown = { "manual_4_1_07_acknowledged.txt", { "spec/virtual/chapter4_spec.lua", "4.1.7: " } } },
  { "4.1.10", "note", "The acknowledgement is checked before a close; what has none is sent "
    .. "again on a new connection." },
  { "4.2", "remark 1", "How long an idle connection lives is not certain, 10 minutes in tests; a "
    .. "short packet more often keeps it.",
    shown = { { "spec/virtual/variants_spec.lua", IDLE .. "lives while packets go" } } },
  { "4.2", "remark 2", "After a long silence a short packet is sent and the counts are asked for; "
    .. "`closed` may come within 30 s.", shown = { "manual_4_2_session_closed.txt" } },
  { "4.2", "remark 3", "Where it does not, the counts are asked for again after 120 s; without an "
    .. "answer of the peer the socket is closed and connects anew.",
    shown = { "manual_4_2_session_checked_again.txt",
      { "spec/virtual/variants_spec.lua", IDLE .. "sends and is never acknowledged" } } },
}

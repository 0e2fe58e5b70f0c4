--- How data is written in commands and URCs.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"

local calls, checks = {}, {}

local FORMATS = { text = 0, hex = 1 }
local RANGE = "text or hex"
local FORMAT_NAMES = { [0] = "text", [1] = "hex" }

--- The format of data (manual 2.3.1), "text" or "hex" each way. Without arguments it
-- asks; with both it sets them, and writes to the module's memory only what differs: it
-- keeps them. They hold at once for all sockets, which send in that format from then on:
-- data mode is for text alone, and hex ends it until the next attach, which sets what the
-- modem's format needs.
-- options: timeout. Result: { send, recv }; or nil, err, code.
function calls.data_format(self, send, recv, options)
  if type(send) == "table" then send, options = nil, send end
  local deadline = ask.deadline(self, options)
  if send and not FORMATS[send] then
    return nil, "invalid argument", "send_data_format", RANGE
  end
  if recv and not FORMATS[recv] then
    return nil, "invalid argument", "recv_data_format", RANGE
  end
  local lines, err, code = ask.command(self, deadline, "QICFG?")
  if not lines then return nil, err, code end
  local kind, is_send, is_recv = ask.read("+QICFG", lines)
  if kind ~= "dataformat" then return nil, "error" end
  if send and (FORMATS[send] ~= is_send or FORMATS[recv] ~= is_recv) then
    lines, err, code = ask.command(self, deadline, "QICFG", FORMATS[send], FORMATS[recv])
    if not lines then return nil, err, code end
    is_send, is_recv = FORMATS[send], FORMATS[recv]
  end
  if send and not (send == "text" and self.send_format == "raw") then
    self.send_format = send
  end
  return { send = FORMAT_NAMES[is_send], recv = FORMAT_NAMES[is_recv] }
end

function checks.data_format(send, recv, options)
  if type(send) == "table" then send, options = nil, send end
  if (send == nil) ~= (recv == nil) then error("send and recv: both or none", 3) end
  check.kind(send, "string", "send", 3, true)
  check.kind(recv, "string", "recv", 3, true)
  check.options(options, ask.TIMED, 3)
end

return { calls = calls, checks = checks }

-- QICFG, QIOPEN, QICLOSE, QISTATE and QISEND: sections 2.3.1 to 2.3.5.

local parse = require "bc260y.virtual.parse"
local sockets = require "bc260y.virtual.sockets"

local HOST_MAX, TEXT_MAX, HEX_MAX = 150, 1024, 512
local OK_HELD_MAX = 3          -- seconds OK waits for a +QIOPEN that comes before it

local function qicfg(module, answer, raw)
  local args = parse.reader(raw)
  local name = args:str(32)
  if args.bad or name ~= "dataformat" then return answer:fail(552) end
  local nvram = module.nvram
  if not args:more() then
    answer:info(('+QICFG: "dataformat",%d,%d'):format(nvram.send_format, nvram.recv_format))
    return answer:ok()
  end
  local send_format, recv_format = args:int(0, 1), args:int(0, 1)
  if not args:done() then return answer:fail(552) end
  nvram.send_format, nvram.recv_format = send_format, recv_format
  module.nvram_writes = module.nvram_writes + 1
  answer:ok()
end

-- An omitted argument takes its previous value or its default (2.1).
local function previous(module, name, default)
  return module.traits.remember_optional and module.previous[name] or default
end

local function open_arguments(module, raw)
  local args = parse.reader(raw)
  args:int(0, 0)               -- 2.3.2 note 1: only context 0
  local spec = { id = args:int(0, 4), kind = args:str(3), host = args:str(HOST_MAX) }
  spec.port = args:int(1, 65535)
  spec.local_port = args:int_or(previous(module, "local_port", 0), 0, 65535)
  args:int_or(1, 1, 1)         -- 0, buffer mode, is not supported
  if not args:done() or spec.kind ~= "TCP" and spec.kind ~= "UDP" then return nil end
  return spec
end

local function qiopen(module, answer, raw)
  local spec = open_arguments(module, raw)
  if not spec then return answer:fail(552) end
  if not module.address then return answer:fail(572) end
  local t = module.traits
  if sockets.in_use(module, spec.id) then
    if t.id_in_use == "error" then return answer:fail(563) end
    answer:ok()
    return answer:second(("+QIOPEN: %d,563"):format(spec.id))
  end
  module.previous.local_port = spec.local_port
  local early = t.open_urc_before_ok
  local function ok()
    if not answer.ok_said then answer:ok() end
    answer.ok_said = true
  end
  answer.seconds_first = early
  if early then module:later(module.now() + OK_HELD_MAX, ok) else ok() end
  sockets.open(module, spec, function(code)
    answer:second(("+QIOPEN: %d,%d"):format(spec.id, code))
    ok()
  end)
end

local function qiclose(module, answer, raw)
  local args = parse.reader(raw)
  local id = args:int(0, 4)
  if not args:done() then return answer:fail(552) end
  answer.nul_after = true
  if not sockets.in_use(module, id) then
    if module.traits.close_unused == "error" then return answer:fail(567) end
  else
    local dead = sockets.is_dead(module.sockets[id])
    sockets.close(module, module.sockets[id])
    if dead and module.traits.close_dead == "error" then return answer:fail(567) end
  end
  answer:ok()
  answer:second("CLOSE OK")
end

local function list_states(module, answer, first, last)
  for id = first, last do
    local socket = module.sockets[id]
    if socket then answer:info(sockets.state_line(module, socket)) end
  end
  answer:ok()
end

local function qistate(module, answer, raw)
  local args = parse.reader(raw)
  local query = args:int(0, 1)
  local id = args:int(0, query == 0 and 0 or 4)
  if not args:done() then return answer:fail(552) end
  if query == 0 then return list_states(module, answer, 0, 4) end
  list_states(module, answer, id, id)
end

local function qistate_test(module, answer)
  if module.traits.state_test then answer:info("+QISTATE: (0,1),(0-4)") end
  answer:ok()
end

local function count(module, answer, socket)
  local t = module.traits
  local sent, acked, unacked = sockets.counters(socket)
  if not sent then
    if t.count_after_close == "error" then return answer:fail(567) end
    sent, acked, unacked = 0, 0, 0
  end
  if module.count then sent, acked, unacked = module.count(sent, acked, unacked) end
  answer:info(("+QISEND: %d,%d,%d"):format(sent, acked, unacked))
  answer:ok(t.count_final == "SEND OK" and "SEND OK" or nil)
  if t.count_final == "both" then answer:second("SEND OK") end
end

-- Data is cut by its declared length, never by its quotes: 4.1.5 sends
-- "{"a":"b","b":"b"}" as 17 bytes. Gives the data and <rai_mode>, or nil.
local function inline_data(rest, size)
  local data, tail
  if rest:sub(1, 1) == '"' then
    data = rest:sub(2, size + 1)
    if rest:sub(size + 2, size + 2) ~= '"' then return nil end
    tail = rest:sub(size + 3)
  else
    data, tail = rest:sub(1, size), rest:sub(size + 1)
    -- 2.3.5 note 4: special characters only between quotes.
    if data:find('["{}%[%],]') then return nil end
  end
  if #data ~= size or tail ~= "" and not tail:find("^,[012]$") then return nil end
  return data, tonumber(tail:sub(2)) or 0
end

local function inline_bytes(module, rest, size)
  local hex = module.nvram.send_format == 1
  if size > (hex and HEX_MAX or TEXT_MAX) then return nil end
  local text, rai = inline_data(rest, hex and size * 2 or size)
  if not text or text:find("[^\32-\126]") then return nil end
  if hex then text = parse.from_hex(text) end
  return text, rai
end

-- The socket was there when the command came; it may be gone by now.
local function transmit(module, answer, socket, bytes, rai, ok_said)
  local action = answer.action
  local refused = action and action.second == "SEND FAIL" and not action.executed
  local good = not refused and sockets.send(module, socket, bytes, rai)
  if good or not module.traits.send_fail_without_ok then
    if ok_said then answer:finish() else answer:ok() end
    return answer:second(good and "SEND OK" or "SEND FAIL")
  end
  if ok_said then
    answer:finish()
    return answer:second("SEND FAIL")
  end
  answer:ok("SEND FAIL")
end

local function data_mode(module, answer, socket, size)
  local early = module.traits.ok_before_prompt
  if early then answer:early_ok() end
  answer:prompt(size, function(bytes)
    transmit(module, answer, socket, bytes, 0, early)
  end)
end

local function qisend(module, answer, raw)
  answer.nul_after = true
  local id_text, size_text, comma, rest = raw:match("^(%d+),(%d+)(,?)(.*)$")
  local id, size = tonumber(id_text), tonumber(size_text)
  if not id or id > 4 or #size_text > 5 or size > TEXT_MAX or comma == "" and rest ~= "" then
    return answer:fail(552)
  end
  local bytes, rai
  if comma == "," then
    if size > 0 then bytes, rai = inline_bytes(module, rest, size) end
    if not bytes then return answer:fail(552) end
  end
  local socket = sockets.in_use(module, id) and module.sockets[id]
  if not socket or socket.state == sockets.CONNECTING then return answer:fail(567) end
  if bytes then return transmit(module, answer, socket, bytes, rai, false) end
  if size == 0 then
    answer.nul_after = false
    return count(module, answer, socket)
  end
  if not module.traits.data_mode then return answer:fail(552) end
  data_mode(module, answer, socket, size)
end

return {
  ["+QICFG"] = { set = qicfg, test = '+QICFG: "dataformat",(0,1),(0,1)' },
  ["+QIOPEN"] = { set = qiopen,
    test = '+QIOPEN: (0-11),(0-4),"TCP/UDP",<host>,<remote_port>,<local_port>,(1)' },
  ["+QICLOSE"] = { set = qiclose, test = "+QICLOSE: (0-4)" },
  ["+QISTATE"] = {
    read = function(module, answer) list_states(module, answer, 0, 4) end,
    set = qistate, test = qistate_test,
  },
  ["+QISEND"] = { set = qisend, test = "+QISEND: (0-4),(0-1024),<data>,<rai_mode>" },
}

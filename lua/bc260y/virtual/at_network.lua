-- Commands about the radio network: SIM, registration, attachment, signal.

local parse = require "bc260y.virtual.parse"
local radio = require "bc260y.virtual.radio"

-- What a command about the SIM fails with (27.007), by its state.
local SIM_ERRORS = { none = 10, ["SIM PIN"] = 11, ["SIM PUK"] = 12, ["NOT READY"] = 14 }

local function cpin_read(module, answer)
  if module.sim == "none" then return answer:fail(10) end
  answer:info("+CPIN: " .. module.sim)
  answer:ok()
end

local function cpin_set(module, answer, raw)
  local args = parse.reader(raw)
  local pin = args:str(8)
  if not args:done() then return answer:fail(50) end
  if module.sim ~= "SIM PIN" then return answer:fail(SIM_ERRORS[module.sim] or 3) end
  if pin ~= module.identity.pin then return answer:fail(16) end
  answer.at_end = function() radio.set_sim(module, "READY") end
  answer:ok()
end

-- A line that the SIM gives.
local function from_sim(prefix, field)
  return function(module, answer)
    if module.sim ~= "READY" then return answer:fail(SIM_ERRORS[module.sim]) end
    answer:info(prefix .. module.identity[field])
    answer:ok()
  end
end

local function cereg_read(module, answer)
  answer:info(("+CEREG: %d,%s"):format(module.cereg_n,
    radio.cereg_fields(module, module.cereg_n)))
  answer:ok()
end

local function cereg_set(module, answer, raw)
  local args = parse.reader(raw)
  local n = args:int(0, 5)
  if not args:done() then return answer:fail(50) end
  module.cereg_n = n
  answer:ok()
end

local function cgatt_read(module, answer)
  answer:info("+CGATT: " .. (module.attached and "1" or "0"))
  answer:ok()
end

local function cgatt_set(module, answer, raw)
  local args = parse.reader(raw)
  local state = args:int(0, 1)
  if not args:done() then return answer:fail(50) end
  radio.attach(module, state == 1)
  answer:ok()
end

local function say_address(module, answer, cid)
  local t = module.traits
  local line = ("+CGPADDR: %d"):format(cid)
  if module.address and cid == t.cgpaddr_cid then
    local form = t.cgpaddr_quoted and ',"%s"' or ",%s"
    line = line .. form:format(module.address)
    if t.cgpaddr_ipv6 and t.network ~= "v6" then line = line .. form:format(module.identity.ip6) end
  end
  answer:info(line)
  answer:ok()
end

local function cgpaddr(module, answer, raw)
  local args = parse.reader(raw)
  local cid = args:int(0, 11)
  if not args:done() then return answer:fail(50) end
  say_address(module, answer, cid)
end

local function csq(module, answer)
  answer:info(module.coverage and ("+CSQ: %d,0"):format(module.identity.rssi) or "+CSQ: 99,99")
  answer:ok()
end

local function cesq(module, answer)
  answer:info(module.coverage and "+CESQ: 41,0,255,255,25,57" or "+CESQ: 99,99,255,255,255,255")
  answer:ok()
end

local function cscon_read(module, answer)
  answer:info(("+CSCON: %d,%d"):format(module.cscon_n, module.rrc.up and 1 or 0))
  answer:ok()
end

local function cscon_set(module, answer, raw)
  local args = parse.reader(raw)
  local n = args:int(0, 1)
  if not args:done() then return answer:fail(50) end
  module.cscon_n = n
  answer:ok()
end

local function cops_read(module, answer)
  answer:info(("+COPS: %d"):format(module.cops_mode)
    .. (module.attached and (',2,"%s",9'):format(module.identity.operator) or ""))
  answer:ok()
end

-- 0: whichever is found; 2: none; 1,2,"46008": that one, if it is there.
local function cops_set(module, answer, raw)
  local args = parse.reader(raw)
  local mode = args:int(0, 2)
  if mode == 1 then
    args:int(2, 2)
    local operator = args:str(6)
    if args:done() and operator ~= module.identity.operator then return answer:fail(30) end
  end
  if not args:done() then return answer:fail(50) end
  module.cops_mode = mode
  radio.attach(module, mode ~= 2)
  answer:ok()
end

local function qband_set(module, answer, raw)
  local args = parse.reader(raw)
  local count = args:int(0, 4)
  local bands = {}
  for place = 1, count do bands[place] = args:int(1, 88) end
  if not args:done() then return answer:fail(50) end
  -- 0 gives all bands back.
  module.settings.bands = count > 0 and table.concat(bands, ",") or "5,8"
  answer:ok()
end

local function qband_read(module, answer)
  answer:info("+QBAND: " .. module.settings.bands)
  answer:ok()
end

local function is_timer(text)
  return text == "" or #text == 8 and not text:find("[^01]")
end

local function cpsms_set(module, answer, raw)
  local list = parse.fields(raw)
  local mode = list and list[1].text
  if not list or #list ~= 1 and #list ~= 5 or mode ~= "0" and mode ~= "1" and mode ~= "2" then
    return answer:fail(50)
  end
  local tau, active = list[4] and list[4].text or "", list[5] and list[5].text or ""
  if not is_timer(tau) or not is_timer(active) then return answer:fail(50) end
  module.settings.psm = { mode = mode == "1" and 1 or 0,
    tau = tau ~= "" and tau or "01000001", active = active ~= "" and active or "00100011" }
  answer:ok()
end

local function cpsms_read(module, answer)
  local psm = module.settings.psm
  if psm.mode == 0 then
    answer:info("+CPSMS: 0")
  else
    answer:info(('+CPSMS: 1,,,"%s","%s"'):format(psm.tau, psm.active))
  end
  answer:ok()
end

local function cedrxs_set(module, answer, raw)
  local args = parse.reader(raw)
  local mode = args:int(0, 3)
  local act = args:int_or(5, 5, 5)
  local value = args:more() and args:str(4) or "0101"
  if not args:done() or #value ~= 4 or value:find("[^01]") then return answer:fail(50) end
  module.settings.edrx = { mode = mode, act = act, value = value }
  answer:ok()
end

local function cedrxs_read(module, answer)
  local edrx = module.settings.edrx
  if edrx.mode == 1 or edrx.mode == 2 then
    answer:info(('+CEDRXS: %d,"%s"'):format(edrx.act, edrx.value))
  end
  answer:ok()
end

-- Asked for, granted by the network, and the paging window.
local function cedrxrdp(module, answer)
  local edrx = module.settings.edrx
  local on = edrx.mode == 1 or edrx.mode == 2
  answer:info(on and ('+CEDRXRDP: %d,"%s","%s","0011"'):format(edrx.act, edrx.value, edrx.value)
    or "+CEDRXRDP: 0")
  answer:ok()
end

-- 14 fields of the serving cell, then 5 of a neighbour.
local function qeng(module, answer, raw)
  if raw ~= "0" then return answer:fail(50) end
  if not module.coverage then return answer:ok() end
  local tac = module.identity.tac
  local serving = ('+QENG: 0,3684,2,308,"%s",-72,-10,-62,14,8,"%s",0'):format(
    module.identity.cell, tac)
  answer:info(serving .. (module.traits.qeng_short and ",," or ",-7,2"))
  answer:info("+QENG: 1,3684,,132,-84")
  answer:ok()
end

return {
  ["+CPIN"] = { read = cpin_read, set = cpin_set, test = "" },
  ["+CIMI"] = { exec = from_sim("", "imsi"), test = "" },
  ["+QCCID"] = { exec = from_sim("+QCCID: ", "iccid"), test = "" },
  ["+CEREG"] = { read = cereg_read, set = cereg_set, test = "+CEREG: (0,1,2,3,4,5)" },
  ["+CGATT"] = { read = cgatt_read, set = cgatt_set, test = "+CGATT: (0,1)" },
  ["+CGPADDR"] = {
    exec = function(module, answer) say_address(module, answer, module.traits.cgpaddr_cid) end,
    set = cgpaddr, test = "+CGPADDR: (0-11)",
  },
  ["+CSQ"] = { exec = csq, test = "+CSQ: (0-31,99),(0-7,99)" },
  ["+CESQ"] = { exec = cesq,
    test = "+CESQ: (0-63,99),(0-7,99),(255),(255),(0-34,255),(0-97,255)" },
  ["+CSCON"] = { read = cscon_read, set = cscon_set, test = "+CSCON: (0,1)" },
  ["+COPS"] = { read = cops_read, set = cops_set,
    test = '+COPS: (2,"46008","46008","46008",9),,(0-2),(2)' },
  ["+QBAND"] = { read = qband_read, set = qband_set, test = "+QBAND: (0-4),(3,5,8)" },
  ["+CPSMS"] = { read = cpsms_read, set = cpsms_set, test = "+CPSMS: (0,1,2),,,(8 bits),(8 bits)" },
  ["+CEDRXS"] = { read = cedrxs_read, set = cedrxs_set,
    test = '+CEDRXS: (0-3),(5),("0000"-"1111")' },
  ["+CEDRXRDP"] = { exec = cedrxrdp, test = "" },
  ["+QENG"] = { set = qeng, test = "+QENG: (0)" },
}

-- Commands about the module itself: identity, line, clock, battery, power.
-- Each form is a function(module, answer, raw arguments) or a fixed text.

local boot = require "bc260y.virtual.boot"
local clock = require "bc260y.virtual.clock"
local parse = require "bc260y.virtual.parse"
local radio = require "bc260y.virtual.radio"

local function plain(_, answer, digits)
  if digits ~= "" then return answer:fail(50) end
  answer:ok()
end

local function set_echo(module, answer, digits)
  if digits ~= "" and digits ~= "0" and digits ~= "1" then return answer:fail(50) end
  module.echo = digits == "1"
  answer:ok()
end

local function ati(module, answer, digits)
  if digits ~= "" and digits ~= "0" then return answer:fail(50) end
  answer:info("Quectel_Ltd\r\nQuectel_BC260Y-CN\r\nRevision: " .. module.traits.revision)
  answer:ok()
end

local function cgmr(module, answer)
  answer:info((module.traits.cgmr_prefix and "Revision: " or "") .. module.traits.revision)
  answer:ok()
end

local function serial(module, answer)
  answer:info(module.identity.sn)
  answer:ok()
end

local function cgsn(module, answer, raw)
  local args = parse.reader(raw)
  local kind = args:int(0, 3)
  if not args:done() then return answer:fail(50) end
  local imei = module.identity.imei
  local texts = {
    [0] = module.identity.sn, "+CGSN: " .. imei, "+CGSN: " .. imei:sub(1, 14) .. "01",
    "+CGSN: 01",
  }
  answer:info(texts[kind])
  answer:ok()
end

local function cfun(module, answer, raw)
  local args = parse.reader(raw)
  local value = args:int(0, 4)
  local restart = args:int_or(0, 0, 1)
  if not args:done() or value == 2 or value == 3 then return answer:fail(50) end
  if restart == 1 then
    answer.at_end = function() boot.restart(module) end
    return answer:ok()
  end
  radio.set_functionality(module, value)
  answer:ok()
end

-- A stored number behind a read and a set form.
local function setting(prefix, place, low, high, test)
  return {
    test = test,
    read = function(module, answer)
      answer:info(("%s%d"):format(prefix, module[place]))
      answer:ok()
    end,
    set = function(module, answer, raw)
      local args = parse.reader(raw)
      local value = args:int(low, high)
      if not args:done() then return answer:fail(50) end
      module[place] = value
      answer:ok()
    end,
  }
end

local function cclk_read(module, answer)
  local t = module.traits
  local utc = module.now() + module.clock_offset
  local text = clock.text(utc + module.zone * 900, t.cclk_year_digits)
    .. ("%+03d"):format(module.zone)
  answer:info("+CCLK: " .. (t.cclk_quoted and '"' .. text .. '"' or text))
  answer:ok()
end

local function cclk_set(module, answer, raw)
  local year, month, day, hour, min, sec, zone =
    raw:match('^"(%d%d%d?%d?)/(%d%d)/(%d%d),(%d%d):(%d%d):(%d%d)([+-]%d%d)"$')
  if not year or #year == 3 then return answer:fail(50) end
  local seconds = clock.epoch {
    year = #year == 2 and 2000 + tonumber(year) or tonumber(year), month = tonumber(month),
    day = tonumber(day), hour = tonumber(hour), min = tonumber(min), sec = tonumber(sec),
  }
  if clock.text(seconds, #year) ~= raw:sub(2, -5) then return answer:fail(50) end
  module.zone = tonumber(zone)
  module.clock_offset = seconds - module.zone * 900 - module.now()
  answer:ok()
end

local function cmee_read(module, answer)
  answer:info(("+CMEE: %d"):format(module.nvram.cmee))
  answer:ok()
end

local function cmee_set(module, answer, raw)
  local args = parse.reader(raw)
  local value = args:int(0, 2)
  if not args:done() then return answer:fail(50) end
  module.nvram.cmee = value
  answer:ok()
end

local function qcfg(module, answer, raw)
  if not module.traits.sleep_events then return answer:fail(4) end
  local args = parse.reader(raw)
  local name = args:str(32):lower()
  if args.bad or name ~= "dsevent" then return answer:fail(50) end
  if not args:more() then
    answer:info(('+QCFG: "dsevent",%d'):format(module.nvram.dsevent))
    return answer:ok()
  end
  local value = args:int(0, 1)
  if not args:done() then return answer:fail(50) end
  module.nvram.dsevent = value
  answer:ok()
end

local function event_read(module, answer)
  if not module.traits.sleep_events then return answer:fail(4) end
  answer:info(("+QNBIOTEVENT: %d,1"):format(module.nvram.sleep_event))
  answer:ok()
end

local function event_set(module, answer, raw)
  if not module.traits.sleep_events then return answer:fail(4) end
  local args = parse.reader(raw)
  local value = args:int(0, 1)
  args:int(1, 1)
  if not args:done() then return answer:fail(50) end
  module.nvram.sleep_event = value
  answer:ok()
end

local function qrst(module, answer, raw)
  local args = parse.reader(raw)
  args:int(1, 1)
  if not args:done() then return answer:fail(50) end
  answer.nul_after = true
  answer.at_end = function() boot.restart(module) end
  answer:ok()
end

local RATES = { [0] = true, [4800] = true, [9600] = true, [57600] = true, [115200] = true,
  [230400] = true, [460800] = true }

-- The line takes the new rate once OK has left it at the old one; 0 finds the rate by itself.
local function change_rate(module, rate)
  module.settings.rate = rate
  if not module.wire.baud or rate == 0 then return end
  module:later(math.max(module.now(), module.wire.free_at), function() module.wire.baud = rate end)
end

local function ipr_set(module, answer, raw)
  local args = parse.reader(raw)
  local rate = args:int(0, 460800)
  if not args:done() or not RATES[rate] then return answer:fail(50) end
  answer.at_end = function() change_rate(module, rate) end
  answer:ok()
end

local function ipr_read(module, answer)
  answer:info(("+IPR: %d"):format(module.settings.rate))
  answer:ok()
end

return {
  [""] = { exec = plain },
  E = { exec = set_echo },
  I = { exec = ati },
  ["+CGMI"] = { exec = "Quectel_Ltd", test = "" },
  ["+CGMM"] = { exec = "Quectel_BC260Y-CN", test = "" },
  ["+CGMR"] = { exec = cgmr, test = "" },
  ["+CGSN"] = { exec = serial, set = cgsn, test = "+CGSN: (0-3)" },
  ["+CFUN"] = {
    read = function(module, answer)
      answer:info(("+CFUN: %d"):format(module.functionality))
      answer:ok()
    end,
    set = cfun, test = "+CFUN: (0,1,4),(0,1)",
  },
  ["+CCLK"] = { read = cclk_read, set = cclk_set, test = "" },
  ["+CBC"] = { exec = "+CBC: 3470", test = "" },
  ["+CMEE"] = { read = cmee_read, set = cmee_set, test = "+CMEE: (0,1,2)" },
  ["+QSCLK"] = setting("+QSCLK: ", "sleep_lock", 0, 2, "+QSCLK: (0-2)"),
  ["+QCFG"] = { set = qcfg, test = '+QCFG: "dsevent",(0,1)' },
  ["+QNBIOTEVENT"] = { read = event_read, set = event_set, test = "+QNBIOTEVENT: (0,1),(1)" },
  ["+QRST"] = { set = qrst, test = "+QRST: (1)" },
  ["+IPR"] = { read = ipr_read, set = ipr_set,
    test = "+IPR: (0,4800,9600,57600,115200,230400,460800)" },
}

-- The same answer gives the same result however it is cut, and none that is spoilt makes a
-- call raise, wait for ever, or give a value that is none.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local unpack = table.unpack or unpack

-- Name, arguments, and what goes over the line; each gives a table or a plain value.
local cases = {
  { "identity", {}, [[
> ATI
< Quectel_Ltd
< Quectel_BC260Y-CN
< Revision: BC260YCNAAR02A02
< OK
> AT+CGSN=1
< +CGSN: 866207051234560
< OK
> AT+CGSN=2
< +CGSN: 8662070512345601
< OK
> AT+CGSN=3
< +CGSN: 01
< OK
> AT+CGSN=0
< D1X20BL01000012
< OK
> AT+CIMI
< 460081234567890
< OK
> AT+QCCID
< +QCCID: 89860414102070012345
< OK
]] },
  { "signal", {}, "> AT+CSQ\n< +CSQ: 20,0\n< OK\n"
    .. "> AT+CESQ\n< +CESQ: 41,0,255,255,25,57\n< OK" },
  { "cell", {}, '> AT+QENG=0\n< +QENG: 0,3684,2,308,"084958B4",-72,-10,-62,14,8,"4C10",0,-7,2\n'
    .. "< +QENG: 1,3684,,132,-84\n< OK" },
  { "registration", {}, '> AT+CEREG?\n< +CEREG: 5,1,"4C10","084958B4",9,,,"00100101",'
    .. '"00111000"\n< OK' },
  { "addresses", {}, '> AT+CGPADDR\n< +CGPADDR: 0,"100.67.249.195"\n< OK' },
  { "attached", {}, "> AT+CGATT?\n< +CGATT: 1\n< OK" },
  { "connected", {}, "> AT+CSCON?\n< +CSCON: 0,1\n< OK" },
  { "operator", {}, '> AT+COPS?\n< +COPS: 0,2,"46008",9\n< OK' },
  { "bands", {}, "> AT+QBAND?\n< +QBAND: 5,8\n< OK" },
  { "battery", {}, "> AT+CBC\n< +CBC: 3470\n< OK" },
  { "sim", {}, "> AT+CPIN?\n< +CPIN: READY\n< OK" },
  { "functionality", {}, "> AT+CFUN?\n< +CFUN: 1\n< OK" },
  { "baud", {}, "> AT+IPR?\n< +IPR: 9600\n< OK" },
  { "error_reports", { 1 }, "> AT+CMEE?\n< +CMEE: 0\n< OK\n> AT+CMEE=1\n< OK" },
  { "clock", {}, '> AT+CCLK?\n< +CCLK: "23/12/14,09:01:13+32"\n< OK' },
  { "dns", {}, '> AT+QIDNSCFG=0\n< +QIDNSCFG: 0,"218.2.2.2","218.4.4.4","::1","::2"\n< OK' },
  { "resolve", { "a" }, '> AT+QIDNSGIP=0,"a"\n< OK\n< +QIDNSGIP: 0,1,0\n'
    .. "< +QIDNSGIP: 10.1.2.3" },
  { "ping", { "a", { count = 2 } }, '> AT+QPING=0,"a",4,2,32\n< OK\n< +QPING: 569\n'
    .. "< +QPING: 0,10.1.2.3,32,369,64\n< +QPING: 0,2,1,1,369,369,369" },
  { "ntp", { "a" }, '> AT+QNTP=0,"a",123,0\n< OK\n< +QNTP: 0,"19/06/11,11:08:20:35+32"' },
  { "sockets", {}, '> AT+QISTATE?\n< +QISTATE: 0,"TCP","a",80,0,2,0,1\n< OK' },
  { "data_format", {}, '> AT+QICFG="dataformat"\n< +QICFG: "dataformat",0,1\n< OK' },
  { "supported", { "QIOPEN" }, '> AT+QIOPEN=?\n< +QIOPEN: (0-11),(0-4),"TCP/UDP",<host>\n< OK' },
}

-- What the call gives when that is said, cut so.
local function play(case, text, split)
  local port = script.port { text = text, split = split,
    answer = function(port) port:reply("ERROR") end }
  local modem = bc260y.open { port = port }
  modem.address = "10.0.0.1"
  local results = { modem[case[1]](modem, unpack(case[2])) }
  modem:close()
  return results
end

script.each_loop(function(how, run)
  describe("A typed call " .. how, function()
    for _, case in ipairs(cases) do
      it(case[1] .. " gives the same however the answer is cut", function()
        run(function()
          local whole = play(case, case[3], "whole")
          assert.is_not_nil(whole[1])
          script.each_split(90, function(split)
            assert.same(whole, play(case, case[3], split))
          end)
        end)
      end)
    end
  end)
end)

-- What may stand where a field of an answer does.
local spoilt = { "", "x", "-1", "0", "99999999999", "1.5", '"', '""', '"x"', "(0-1)", "1,1",
  "\\x00", "nan", "+IP: 1", "0x10", ("9"):rep(300), "1e5", " " }

-- The lines of the script that the module says, with its fields.
local function answer_lines(text)
  local list = {}
  for at, line in text:gmatch("()< ([^\n]*)") do
    if line ~= "OK" then list[#list + 1] = { at = at, text = line } end
  end
  return list
end

-- Every plain value inside, with its path.
local function each_value(value, path, fn)
  if type(value) ~= "table" then return fn(path, value) end
  for key, inner in pairs(value) do each_value(inner, path .. "." .. tostring(key), fn) end
end

-- Whatever is given is of the type that the good answer has at that place.
local function check_types(good, bad, what)
  local types = {}
  each_value(good, "", function(path, value) types[path:gsub("%d+", "#")] = type(value) end)
  each_value(bad, "", function(path, value)
    local want = types[path:gsub("%d+", "#")]
    assert.is_true(want == nil or want == type(value), what .. path .. "=" .. tostring(value))
    assert.is_true(value == value and value ~= math.huge, what .. path)
  end)
end

local errors = { error = true, timeout = true, overflow = true, torn = true }
for code = 550, 574 do errors[bc260y.errors[code]] = true end

describe("A spoilt answer", function()
  for _, case in ipairs(cases) do
    it("to " .. case[1] .. " gives an error or values of the right kind", function()
      local good = play(case, case[3], "whole")[1]
      for _, line in ipairs(answer_lines(case[3])) do
        local before, after = case[3]:sub(1, line.at - 1), case[3]:sub(line.at + 2 + #line.text)
        for from, field, to in line.text:gmatch("()([^,: ]+)()") do
          for _, text in ipairs(spoilt) do
            local bad = line.text:sub(1, from - 1) .. text .. line.text:sub(to)
            local what = bad .. ": " .. field .. ": "
            local results = play(case, before .. "<< \\r\\n" .. bad .. "\\r\\n" .. after, "whole")
            if results[1] == nil then
              assert.is_true(errors[results[2]], what .. tostring(results[2]))
            else
              check_types(good, results[1], what)
            end
          end
        end
      end
    end)
  end
end)

-- Each trait alone, at each of its values: a long session goes on, and the host sees that
-- the trait is another. What each means is in the other specs.

local clock = require "spec.support.virtual_clock"
local traits = require "bc260y.virtual.traits"

-- What shows the others: data mode has a prompt, a network of IPv4 lacks fields of IPv6.
local BASE = { data_mode = true, network = "v4", sleep_after = 300 }

-- Where any value of its type is good: one that is another.
local OTHERS = {
  revision = { "BC260YCNAAR99A99" }, line_max = { 12 }, nul_after_result = { 2 },
  answer_time = { 0.3, 4.9 }, boot_text = { "F1: 0000\n\r" }, prompt = { ">", "\r\n>\r\n" },
  tx_buffer = { 0 }, rx_buffer = { 0 }, open_timeout = { 5 }, local_port_rest = { 0 },
  idle_limit = { 100 },
  local_port_code = { 556 }, ping_size_max = { 1500 }, ntp_set = { 1 }, cgpaddr_cid = { 0 },
  rrc_release = { 3 }, sleep_after = { false, 280 }, wake_time = { 3 }, urc_late = { 2.56 },
}

local NAMES = { ["a.test"] = { "10.0.0.1", "10.0.0.2", "fd00::1" }, ["b.test"] = 565 }

-- Everything that is said, each piece with when the host could know it.
local function session(options)
  options.boot, options.names, options.clock = true, NAMES, 1702515673
  local player = clock.new(options)
  local parts = {}
  local function hear(said)
    if said ~= "" then parts[#parts + 1] = ("%.3f %s"):format(player.time, said) end
  end
  local function run(seconds)
    for _ = 1, seconds * 2 do hear(player:run(0.5)) end
  end
  local function types(...)
    for _, text in ipairs { ... } do
      player.module:input(text .. "\r")
      run(6)
    end
  end
  local net, module = player.net, player.module
  local server = { data = function(peer, bytes) peer:send(bytes) end }
  net:listen("TCP", "10.0.0.1", 80, server)
  net:listen("TCP", "10.0.0.1", 81, { silent = true })
  net.pings, net.utc = { 5, false, false }, 1704164645
  run(2)
  types("AT+CMEE=1", "ATI", "AT+CGMR", "AT+CPIN?", "AT+CEREG=5", "AT+CEREG?", "AT+CGPADDR",
    "AT+CGPADDR=0", "AT+CCLK?", "AT+QENG=0", "AT+CSCON=1", 'AT+QCFG="dsevent",1',
    "AT+QNBIOTEVENT=1,1", "AT+QISTATE=?", "AT+QPING=?", "AT+QIDNSCFG=0")
  module:network(false)
  run(1)
  types("AT+CEREG?")
  module:network(true)
  run(1)
  types('AT+QIDNSGIP=0,"a.test"', 'AT+QPING=0,"10.0.0.1",1,2,32', 'AT+QPING=0,"10.0.0.1",1,1,32',
    'AT+QNTP=0,"10.0.0.1"', "AT+CCLK?", 'AT+QIDNSCFG=0,"fd00::53"')
  types('AT+QIOPEN=0,0,"TCP","10.0.0.1",80,50000', "AT+QISTATE?", 'AT+QIOPEN=0,0,"TCP","a.test",80',
    'AT+QISEND=0,2,"hi"', "AT+QISEND=0,0", "AT+QICLOSE=0", "AT+QICLOSE=4", "AT+QISTATE?",
    'AT+QIOPEN=0,1,"TCP","10.0.0.1",80', "AT+QICLOSE=1", 'AT+QIOPEN=0,1,"TCP","10.0.0.1",81,0')
  run(65)
  types("AT+QICLOSE=1", 'AT+QIOPEN=0,2,"TCP","10.0.0.1",80,0,1', "AT+QISEND=2,2")
  module:input("ab")
  run(2)
  types('AT+QICFG="dataformat",0,1')
  module:push(2, "\254z")
  run(3)
  if net.peers[1] then net.peers[#net.peers]:close() end
  run(3)
  types("AT+QISTATE=1,2", "AT+QISEND=2,0", 'AT+QISEND=2,1,"x"', "AT+QICLOSE=2",
    'AT+QIOPEN=0,3,"TCP","10.0.0.1",80,0,1', 'AT+QIOPEN=0,4,"UDP","10.0.0.1",80,0,1',
    'AT+QISEND=3,3,"abc"', "AT+CPSMS?")
  run(400)
  types("AT", "AT+QISTATE?", 'AT+QISEND=3,3,"abc"', "AT+QISEND=3,0", "AT+QCFG=\"dsevent\"")
  module:sleep "PSM"
  run(1)
  types("AT", "AT+QISTATE?", "AT+QICLOSE=4")
  return table.concat(parts)
end

local function with(name, value)
  local changed = {}
  for other, its in pairs(BASE) do changed[other] = its end
  changed[name] = value
  return { profile = "manual", traits = changed }
end

local function show(name, value)
  return ("%s = %s"):format(name, (("%q"):format(tostring(value)):gsub("%c", " ")))
end

describe("The trait", function()
  local base = session(with("sleep_after", BASE.sleep_after))
  local defaults = traits.make("manual", BASE)

  for _, name in ipairs(traits.names()) do
    for _, value in ipairs(traits.values(name) or OTHERS[name] or { "?" }) do
      if value ~= defaults[name] then
        it(show(name, value) .. " is seen by the host, and nothing breaks", function()
          local said = session(with(name, value))
          assert.is_true(said ~= base)
          assert.is_truthy(said:find("\r\nOK\r\n$") or said:find("\r\n%+CME ERROR: %d+\r\n$")
            or said:find("CLOSE OK\r\n%z*$") or said:find("OK\r\n\r\n$"), said:sub(-80))
        end)
      end
    end
  end

  it("is the same module twice with the same traits", function()
    assert.equal(base, session(with("sleep_after", BASE.sleep_after)))
  end)
end)

-- A value as docs/virtual.md writes it.
local function written(value)
  if value == "" then return "none" end
  if type(value) ~= "string" then return tostring(value) end
  return "`" .. value:gsub("\r", "\\r"):gsub("\n", "\\n") .. "`"
end

describe("docs/virtual.md", function()
  it("has each trait with its value in each profile, blank where it is the manual's", function()
    local file = assert(io.open("docs/virtual.md"))
    local text = file:read("*a")
    file:close()
    for _, name in ipairs(traits.names()) do
      local manual, r01, r02 =
        text:match("\n| `" .. name .. "` | [^|]* | ([^|]*) |([^|]*)|([^|]*)|\n")
      assert(manual, name .. " has no row")
      local default = traits.make("manual")[name]
      assert.equal(written(default), manual, name)
      for profile, cell in pairs { R01 = r01, R02 = r02 } do
        local value = traits.make(profile)[name]
        assert.equal(value == default and "" or written(value), (cell:gsub(" ", "")), name)
      end
    end
  end)
end)

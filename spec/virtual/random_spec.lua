-- Anything in any order: commands with good and bad arguments, data, time, sleep, coverage,
-- boots and peers, on modules of any traits. Nothing raises, there are never more final
-- results than commands, and after all of it the module answers AT. SEED and ROUNDS may be
-- given; a failure names its seed.

local clock = require "spec.support.virtual_clock"
local traits = require "bc260y.virtual.traits"

local SEED = tonumber(os.getenv("SEED") or os.time() % 1000000)
local ROUNDS = tonumber(os.getenv("ROUNDS") or 60)
local STEPS = 60

local NUMBERS = { open_timeout = { 1, 60 }, local_port_rest = { 0, 70 },
  nul_after_result = { 0, 2 }, answer_time = { 0, 4.9 }, rx_buffer = { false, 0, 100 },
  tx_buffer = { false, 0, 100 },
  idle_limit = { false, 30 }, sleep_after = { false, 1, 20 }, rrc_release = { 0, 5 },
  urc_late = { 0, 2.56 }, wake_time = { 0, 1.8 } }

local COMMANDS = {
  "AT", "ATE#", "ATI", "AT+CFUN=#", "AT+CFUN=1,1", "AT+CPIN?", 'AT+CPIN="1234"', "AT+CEREG=#",
  "AT+CEREG?", "AT+CGATT=#", "AT+CGPADDR", "AT+CSCON=#", "AT+COPS=#", "AT+CMEE=#", "AT+QSCLK=#",
  'AT+QCFG="dsevent",#', "AT+QNBIOTEVENT=#,1", "AT+QENG=0", "AT+CCLK?", "AT+CPSMS=#", "AT+CEDRXS=#",
  'AT+QICFG="dataformat",#,#', 'AT+QIOPEN=0,#,"TCP","a.test",80,,1', "AT+QISTATE?", "AT+QICLOSE=#",
  'AT+QIOPEN=0,#,"UDP","10.0.0.1",80,5000#', 'AT+QIOPEN=0,#,"TCP","10.0.0.2",80', "AT+QISTATE=1,#",
  'AT+QISEND=#,3,"abc"', "AT+QISEND=#,2,6162,#", "AT+QISEND=#,0", "AT+QISEND=#,4", "abcd",
  'AT+QIDNSGIP=0,"a.test"', 'AT+QIDNSGIP=0,"b.test"', 'AT+QIDNSCFG=0,"8.8.8.#"', "AT+QIDNSCFG=0",
  'AT+QPING=0,"a.test",1,2,32', 'AT+QNTP=0,"a.test",123,#', "AT+QRST=1", "AT+IPR=9600", "noise\255",
}

-- The same numbers on each Lua.
local function new_random(seed)
  local state = seed % 2147483646 + 1
  return function(count)
    state = (state * 16807) % 2147483647
    return state % count + 1
  end
end

local function module_of(random)
  local profiles = traits.profiles()
  local chosen = {}
  for _, name in ipairs(traits.names()) do
    local values = traits.values(name) or NUMBERS[name]
    if values and random(3) == 1 then chosen[name] = values[random(#values)] end
  end
  local player = clock.new { profile = profiles[random(#profiles)], traits = chosen, boot = true,
    baud = random(2) == 1 and 9600 or nil, names = { ["a.test"] = "10.0.0.1" } }
  player.net:listen("TCP", "10.0.0.1", 80, { data = function(peer, bytes) peer:send(bytes) end })
  player.net.latency_s = random(3) - 1
  return player
end

-- How many final results stand in it; no payload here holds one.
local function count_finals(said)
  local count = 0
  for _, final in ipairs { "\r\nOK\r\n", "\r\nERROR\r\n", "\r\n%+CME ERROR: [%w ]+\r\n" } do
    count = count + select(2, said:gsub(final, "%0"))
  end
  return count
end

-- Does something; gives what the module said, and how many commands it was told.
local function step(player, random)
  local kind, module = random(20), player.module
  if kind <= 13 then
    local text = COMMANDS[random(#COMMANDS)]
    text = text:gsub("#", function() return tostring(random(6) - 1) end)
    local is_command = text:find("^AT") and 1 or 0
    return player:write(text .. (text == "abcd" and "" or "\r"), random(3) - 1), is_command
  elseif kind == 14 then
    module:network(random(2) == 1)
  elseif kind == 15 then
    module:sleep(random(2) == 1 and "PSM" or "DEEPSLEEP")
  elseif kind == 16 then
    module:push(random(5) - 1, ("x\r\n"):rep(random(400)))
  elseif kind == 17 then
    local peer = player.net.peers[random(8)]
    if peer then peer:close() end
  elseif kind == 18 then
    module:register(random(6) - 1, 0, 15)
  elseif kind == 19 and random(4) == 1 then
    module:reset()
  end
  return player:run(random(100)), 0
end

describe(("The virtual module, SEED=%d,"):format(SEED), function()
  it("goes on whatever is done to it", function()
    for round = 1, ROUNDS do
      local random = new_random(SEED + round)
      local player = module_of(random)
      local ok, err = pcall(function()
        local finals, commands = 0, 0
        for _ = 1, STEPS do
          local said, told = step(player, random)
          finals, commands = finals + count_finals(said), commands + told
          assert(finals <= commands, "a final result that nobody asked for")
        end
        -- A prompt takes bytes, and a boot is deaf: what was begun comes to its end.
        for _ = 1, 3 do player:write(("\r"):rep(1024), 100) end
        player.module:reset()
        player:run(100)
        local said = ""
        for _ = 1, 20 do                    -- it may be asleep
          said = said .. player:send("AT", 0.5)
        end
        said = said .. player:run(10)
        assert(said:find("\r\nOK\r\n", 1, true), "no answer: " .. said)
      end)
      assert(ok, ("SEED=%d: %s"):format(SEED + round - 1, tostring(err)))
    end
  end)
end)

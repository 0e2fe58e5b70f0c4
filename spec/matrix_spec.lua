-- The main road (spec/support/road.lua) on every profile with every trait at each of its
-- values, then with many traits at once, in both loops, on a virtual clock.
--
-- In the environment: MATRIX, one combination as a failure names it, alone:
--   MATRIX='R01 loop=own format=hex prompt=\13\10>' lua5.4 /usr/bin/busted spec/matrix_spec.lua
-- SEED and COMBINATIONS: of the random part.

local bc260y = require "bc260y"
local road = require "spec.support.road"
local road_rig = require "spec.support.road_rig"
local traits = require "bc260y.virtual.traits"

local SEED = tonumber(os.getenv("SEED")) or os.time() % 1000000 + 1
local COMBINATIONS = tonumber(os.getenv("COMBINATIONS")) or 60
local ONE = os.getenv("MATRIX")

local FORMATS = { "auto", "text", "hex", "raw" }
local LOOPS = { "block", "own" }

-- What numbers and strings are tried: the manual's own, wire.md's, and the ends. All
-- values of the other traits are known to the virtual module.
local VALUES = {
  answer_time = { 0, 0.3, 4.9 },
  boot_text = { "", "\n\r", "F1: 0000 0000\n\rV0: 0000 0000 [0001]\n\r00: 0007 4000\n\r\n\r" },
  cgpaddr_cid = { 0, 1, 5, 11 },
  idle_limit = { false, 60, 3600 },
  line_max = { 1045, 1600, 100000 },
  local_port_code = { 566, 556, 574 },
  local_port_rest = { 0, 1, 70, 120, 600 },
  nul_after_result = { 0, 1, 3, 100 },
  ntp_set = { 0, 1 },
  open_timeout = { 0, 1, 60, 64 },
  ping_size_max = { 32, 200, 1500 },
  prompt = { "\r\n> ", "\r\n>", "\r\n>\r\n" },
  revision = { "BC260YCNAAR01A01", "BC260YCNAAR01A03", "BC260YCNAAR02A01",
    "BC260YCNAAR02A02", "BC260Y" },
  rrc_release = { 0, 5, 20 },
  rx_buffer = { false, 0, 60, 1500, 100000 },
  sleep_after = { false, 2.5, 7.3, 3600 },
  tx_buffer = { false, 0, 100, 512, 100000 },
  urc_late = { 0, 0.1, 2.56, 20.48 },
  wake_time = { 0, 0.2, 1.8, 4.5 },
}

-- What a trait shows in.
local BESIDE = {
  prompt = { format = "raw", traits = { data_mode = true } },
  ok_before_prompt = { format = "raw", traits = { data_mode = true } },
  echo_data = { format = "raw", traits = { data_mode = true } },
  hex_lower = { format = "hex", traits = {} },
}

local function values_of(name)
  return traits.values(name) or VALUES[name]
    or error("trait " .. name .. " has no values in spec/matrix_spec.lua")
end

-- One combination: profile, loop, format, traits, and for the module's line: baud, latency
-- (seconds of its network), piece (bytes a read gives at most). --------------------------

local function escape(value)
  return (tostring(value):gsub(".", function(char)
    if char ~= "\\" and char:find("[%w%p]") then return nil end
    return ("\\%03d"):format(char:byte())
  end))
end

local function unescape(text)
  return (text:gsub("\\(%d%d?%d?)", function(digits) return string.char(tonumber(digits)) end))
end

local LINE = { "baud", "cmee", "latency", "piece" }

-- As MATRIX takes it.
local function spell(one)
  local words = { one.profile, "loop=" .. one.loop, "format=" .. one.format }
  for _, name in ipairs(LINE) do
    if one[name] then words[#words + 1] = name .. "=" .. one[name] end
  end
  for _, name in ipairs(traits.names()) do
    if one.traits[name] ~= nil then
      words[#words + 1] = name .. "=" .. escape(one.traits[name])
    end
  end
  return table.concat(words, " ")
end

local function parse(text)
  local one = { profile = text:match("^%S+"), loop = "block", format = "auto", traits = {} }
  for name, value in text:gmatch("(%S+)=(%S*)") do
    if name == "loop" or name == "format" then
      one[name] = value
    elseif table.concat(LINE, " "):find(name, 1, true) then
      one[name] = tonumber(value)
    else
      one.traits[name] = traits.from_text(name, unescape(value))
    end
  end
  return one
end

local played = {}

local function go(one, worlds)
  local world = road_rig.new {
    profile = one.profile, traits = one.traits, format = one.format,
    baud = one.baud, latency = one.latency, piece = one.piece, cmee = one.cmee,
  }
  worlds[1] = world
  return road.travel(world)
end

local function play(one)
  local worlds = {}
  local ok, result = xpcall(function()
    if one.loop == "block" then return go(one, worlds) end
    return bc260y.run(go, one, worlds)
  end, function(err)
    return type(err) == "string" and debug.traceback(err, 2) or debug.traceback(tostring(err), 2)
  end)
  if ok then
    for name in pairs(result) do played[name] = true end
    return
  end
  if worlds[1] then worlds[1].modem:close() end
  error(("in \"%s\": %s\nMATRIX='%s'"):format(worlds[1] and worlds[1].at or "open", result,
    spell(one)), 0)
end

if ONE then
  describe("The main road of MATRIX", function()
    it("is passed", function() play(parse(ONE)) end)
  end)
  return
end

describe("The main road", function()
  for _, profile in ipairs(traits.profiles()) do
    describe("on " .. profile, function()
      for _, format in ipairs(FORMATS) do
        it("is passed in format " .. format, function()
          for _, loop in ipairs(LOOPS) do
            play { profile = profile, loop = loop, format = format, traits = {} }
          end
        end)
      end

      for _, name in ipairs(traits.names()) do
        it("is passed with each other value of " .. name, function()
          local beside = BESIDE[name] or { format = "auto", traits = {} }
          local usual = traits.make(profile)[name]
          for _, value in ipairs(values_of(name)) do
            local given = { [name] = value }
            for other, its in pairs(beside.traits) do given[other] = its end
            for _, loop in ipairs(value ~= usual and LOOPS or {}) do
              play { profile = profile, loop = loop, format = beside.format, traits = given }
            end
          end
        end)
      end
    end)
  end
end)

-- The same numbers on each Lua.
local function new_random(seed)
  local state = seed % 2147483646 + 1
  return function(count)
    state = (state * 16807) % 2147483647
    return state % count + 1
  end
end

local function pick(random, list)
  return list[random(#list)]
end

-- Between none and half of all traits, each at any of its values.
local function combination(random)
  local profiles = traits.profiles()
  local one = {
    profile = pick(random, profiles), loop = pick(random, LOOPS), format = pick(random, FORMATS),
    traits = {},
    baud = pick(random, { false, false, 9600, 115200 }) or nil,
    cmee = random(3) - 1,
    latency = pick(random, { 0, 0.1, 0.4 }),
    piece = pick(random, { false, false, 1, 7, 100 }) or nil,
  }
  local share = random(50)
  for _, name in ipairs(traits.names()) do
    if random(100) <= share then one.traits[name] = pick(random, values_of(name)) end
  end
  if one.traits.open_timeout == 0 then one.latency = 0 end -- else nothing ever opens
  if one.traits.sleep_after == 2.5 and one.traits.sleep_events == false then
    one.traits.answer_time = nil -- before it answers it would sleep again, and not say so
  end
  if one.traits.sim and random(10) > 1 then one.traits.sim = nil end -- the road is short without
  return one
end

describe(("The main road on %d modules of many traits, SEED=%d,"):format(COMBINATIONS, SEED),
  function()
    local random = new_random(SEED)
    for i = 1, COMBINATIONS do
      it("is passed, number " .. i, function() play(combination(random)) end)
    end
  end)

describe("Each scenario of the main road", function()
  it("was played", function()
    for _, one in ipairs(road.scenarios) do assert.is_true(played[one.name], one.name) end
  end)
end)

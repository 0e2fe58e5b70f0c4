-- The main road as a list of scenarios: what a script does with a module, from boot to
-- reset. Each is played in a world (road_rig.lua: a virtual clock; road_live.lua: a child
-- process, a real port and real servers), on whatever firmware that world has.
--
-- A world offers:
--   world.modem, attached; world.traits of its module; world.name, which the network
--   knows, and world.address, that name's; world.patience (seconds), world.delay
--   (seconds, at most, until an answer of a peer has come)
--   world:tcp_server([options]) -> server with .port and :accept() -> peer with
--   :take(count), :write(bytes), :close(), :wait_end()
--   world:udp_server(answer) -> server with .port and .received, a list of datagrams
--   world:closed_port() -> where nobody listens
--   world:await(fn) until fn() gives true; world:pass(seconds)
--   world.module, the virtual module itself, where it is at hand

local assert = require "luassert"
local tools = require "spec.support.road_tools"

local scenarios = {}
for _, name in ipairs { "road_module", "road_network", "road_calls", "road_data",
  "road_sleep" } do
  for _, one in ipairs(require("spec.support." .. name)) do scenarios[#scenarios + 1] = one end
end

-- What may not come unless a scenario says so.
local ODD = { "torn", "orphan", "overflow", "reset", "lost", "error", "buffer full" }

local WAKING = 2 -- seconds: attach takes a module that is silent for longer for a sleeper

local function may_sleep(world, one)
  local traits = world.traits
  return one.sleeps or traits.sleep_after or traits.answer_time > WAKING
end

-- Counts the events that are odd. Result: a table of event -> count, and what they said.
local function watch(world)
  local counts, said = {}, {}
  for _, event in ipairs(ODD) do
    counts[event] = 0
    world.modem:on(event, function(a, b)
      -- Behind the count's own OK it belongs to nothing.
      if a == "SEND OK" and world.traits.count_final == "both" then return end
      counts[event] = counts[event] + 1
      said[#said + 1] = ("%s: %s %s"):format(event, tostring(a), tostring(b))
    end)
  end
  return counts, said
end

local function check_odd(world, one, counts, said)
  world:pass(0.001)
  -- What has to wake the module may be answered when nobody awaits it any more.
  if may_sleep(world, one) then counts.orphan = one.odd.orphan or 0 end
  for _, event in ipairs(ODD) do
    assert.equal(one.odd[event] or 0, counts[event], table.concat(said, "; "))
    counts[event] = 0
  end
  for i = #said, 1, -1 do said[i] = nil end
end

local function fits(world, one)
  if one.inside and not world.module then return false end
  if one.idle and not tools.lasts(world, one.idle) then return false end
  return not one.fits or one.fits(world)
end

-- Without a SIM that is open there is no network, and all else answers.
local function stay_off(world)
  local modem = world.modem
  assert.same({ nil, "timeout", "registration" }, { modem:attach { timeout = world.patience } })
  assert.equal(world.traits.revision, modem:identity().revision)
  assert.is_false(modem:registration().registered)
  assert.same({}, modem:addresses())
  assert.same({}, modem:sockets())
  assert.same({ nil, "not attached" }, { modem:tcp():connect(world.address, 80) })
  assert.same({ nil, "not attached" }, { modem:resolve(world.name) })
end

-- Attaches the world's modem, plays each scenario that fits, and closes the modem.
-- world.at says meanwhile which one. Result: names of those that were played -> true.
local function travel(world)
  local modem, played = world.modem, {}
  world.at = "attach"
  if world.traits.sim ~= "READY" then
    stay_off(world)
    modem:close()
    return played
  end
  assert(modem:attach { timeout = world.patience })
  local counts, said = watch(world)
  for _, one in ipairs(scenarios) do
    if fits(world, one) then
      world.at = one.name
      local timeouts = modem:stats().timeouts
      one.run(world)
      check_odd(world, one, counts, said)
      if not may_sleep(world, one) then
        assert.equal(timeouts, modem:stats().timeouts, "timeouts")
      end
      played[one.name] = true
    end
  end
  modem:close()
  return played
end

return { scenarios = scenarios, travel = travel }

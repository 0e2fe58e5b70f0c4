-- The main road's scenarios of names, pings, times and servers: sections 2.3.6 to 2.3.9.

local assert = require "luassert"
local bc260y = require "bc260y"
local tools = require "spec.support.road_tools"

local scenarios, scenario = tools.list()

local UTC = 1560222515 -- 2019-06-11 03:08:35

scenario("resolves a name, and says so of one that is unknown", {
  run = function(world)
    assert.same({ world.address }, world.modem:resolve(world.name))
    if world.module then
      assert.same({ nil, bc260y.errors[565], 565 }, { world.modem:resolve("none.example") })
    end
    assert.same({ world.address }, world.modem:resolve(world.name))
  end,
})

-- What AT+QIDNSCFG=0 tells of the servers that are set below.
local function told(traits)
  local servers = {}
  if traits.dns_servers == "none" then return servers end
  local all = traits.dns_servers ~= "primary"
  if traits.network ~= "v6" then
    servers.primary, servers.secondary = "10.9.8.7", all and "10.9.8.6" or nil
  end
  if traits.network == "v6" or traits.network == "v4v6" and all then
    servers.primary6, servers.secondary6 = "2001:db8::7", all and "2001:db8::6" or nil
  end
  return servers
end

scenario("asks and sets the servers of names that its network can use", {
  run = function(world)
    local modem, network = world.modem, world.traits.network
    local function set(...)
      local ok, err = modem:dns(...)
      return ok or err
    end
    assert.equal(network ~= "v6" or "error", set("10.9.8.7", "10.9.8.6"))
    assert.equal(network ~= "v4" or "error", set("2001:db8::7", "2001:db8::6"))
    assert.same(told(world.traits), modem:dns())
  end,
})

scenario("pings, and counts what was lost", {
  inside = true,
  idle = 20,
  run = function(world)
    local modem, net, traits = world.modem, world.rig.net, world.traits
    net.pings = { 11, false, 33, 22 }
    local heard = modem:on("ping")
    local result = assert(modem:ping(world.name, { size = traits.ping_size_max, timeout = 2 }))
    assert.same({ world.address, 4, 3, 1, 0.011, 0.033, 0.022 }, { result.address, result.sent,
      result.received, result.lost, result.min, result.max, result.avg })
    local ttl = traits.ping_ttl and 64 or nil
    local function reply(seconds)
      return { address = world.address, bytes = traits.ping_size_max, time = seconds, ttl = ttl }
    end
    local lost = { lost = true, code = 569 }
    assert.same({ reply(0.011), lost, reply(0.033), reply(0.022) }, result.replies)
    for i = 1, 4 do assert.same({ result.replies[i], i }, { heard:wait(1) }) end
    heard:cancel()
  end,
})

scenario("pings in vain", {
  inside = true,
  idle = 20,
  run = function(world)
    local modem, traits = world.modem, world.traits
    world.rig.net.pings = { false, false }
    local result, err, code, replies = modem:ping(world.name, { count = 2, timeout = 1 })
    if traits.ping_all_lost == "summary" then
      assert.same({ 2, 0, 2 }, { result.sent, result.received, result.lost })
      assert.equal(2, #result.replies)
    else
      assert.same({ nil, bc260y.errors[569], 569 }, { result, err, code })
      assert.equal(traits.ping_all_lost == "code" and 2 or 1, #replies)
    end
    local size = traits.ping_size_max + 1
    assert.is_nil(modem:ping(world.name, { count = 1, size = size }))
    assert.same({ nil, bc260y.errors[565], 565, {} }, { modem:ping("none.example") })
  end,
})

scenario("sets its clock by a server", {
  inside = true,
  idle = 20,
  run = function(world)
    local modem, traits = world.modem, world.traits
    world.rig.net.utc = UTC
    local zone = not traits.ntp_form:find("plain") and 32 or nil
    local hour = zone and 11 or 3 -- UTC, where no zone is said
    for _, set in ipairs { false, true } do
      local now = assert(modem:ntp(world.name, { set = set }))
      assert.same({ zone, UTC, hour }, { now.zone_quarters, now.epoch, now.hour })
    end
    local clock = assert(modem:clock())
    assert.same({ 32, 2019 }, { clock.zone_quarters, clock.year })
    assert.is_true(clock.epoch - UTC < 10)
    assert.is_true(modem:clock(UTC + 86400))
    assert.is_true(modem:clock().epoch - UTC - 86400 < 10)
    world.rig.net.utc = nil
    assert.same({ nil, bc260y.errors[569], 569 }, { modem:ntp(world.name) })
  end,
})

return scenarios

-- Names over the whole road: the driver, a virtual module as a process, and a real name
-- server, dnsmasq, on loopback.

local live = require "spec.support.live"
local servers = require "spec.support.servers"

local RECORDS = {
  { "one.test", "10.1.2.3" },
  { "both.test", "10.1.2.4", "fd00::4" },
  { "six.test", "fd00::6" },
  { "here.test", "127.0.0.1" },
}

describe("A real name server #integration", function()
  after_each(live.finish)

  -- A server, and a modem whose module asks it.
  local function attached(profile, traits)
    local server = servers.dnsmasq(RECORDS)
    local process = live.virtual { profile = profile, traits = traits,
      name_server = { server.address, server.port } }
    local modem = live.open { port = process.port }
    assert(modem:attach())
    return modem, server
  end

  local function check(name, body)
    it(name, function()
      if not servers.has("dnsmasq") then pending("there is no dnsmasq on this machine") end
      body()
    end)
  end

  check("gives the addresses of its names, and none of others, under each profile", function()
    for _, profile in ipairs { "manual", "R01", "R02" } do
      local modem = attached(profile)
      assert.same({ "10.1.2.3" }, modem:resolve("one.test"))
      assert.same({ "10.1.2.4" }, modem:resolve("both.test"))
      assert.same({ nil, "DNS parse failed", 565 }, { modem:resolve("other.test") })
      live.finish()
    end
  end)

  check("gives what the network can reach: IPv4, IPv6, or both", function()
    local modem = attached("R02")
    assert.same({ nil, "DNS parse failed", 565 }, { modem:resolve("six.test") })
    modem = attached("R02", { network = "v6" })
    assert.same({ "FD00:0:0:0:0:0:0:6" }, modem:resolve("six.test"))
    assert.same({ nil, "DNS parse failed", 565 }, { modem:resolve("one.test") })
    modem = attached("manual", { dns_addresses = "all", dns_quoted = true })
    assert.same({ "10.1.2.4", "FD00:0:0:0:0:0:0:4" }, modem:resolve("both.test"))
  end)

  check("is the one that was set, and the second one where the first is silent", function()
    local modem, server = attached("R02")
    servers.dnsmasq({ { "one.test", "10.9.9.9" } }, "127.0.0.3", server.port)
    assert.is_true(modem:dns("127.0.0.3"))
    assert.same({ "10.9.9.9" }, modem:resolve("one.test"))
    -- Nobody listens there: the question is refused at once.
    assert.is_true(modem:dns("127.0.0.2", "127.0.0.1"))
    assert.same({ primary = "127.0.0.2", secondary = "127.0.0.1" }, modem:dns())
    assert.same({ "10.1.2.3" }, modem:resolve("one.test"))
    assert.is_true(modem:dns("127.0.0.2", "127.0.0.4"))
    assert.same({ nil, "DNS parse failed", 565 }, { modem:resolve("one.test") })
  end)

  check("leads a socket to its host", function()
    local modem = attached("R02")
    local host = live.tcp_server()
    local socket = live.own(assert(modem:tcp()))
    assert.equal(1, socket:connect("here.test", host.port))
    local _, err, code = assert(modem:tcp()):connect("other.test", host.port)
    assert.equal("DNS parse failed", err)
    assert.equal(565, code)
  end)
end)

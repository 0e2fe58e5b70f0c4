-- The time over the whole road: the driver, a virtual module as a process, and a real time
-- server, chrony, on loopback. It gives this machine's own time, which is what the results
-- are held against; a zone that is misread makes hours.

local live = require "spec.support.live"
local servers = require "spec.support.servers"

local MINUTE = 60

describe("A real time server #integration", function()
  after_each(live.finish)

  local function attached(options)
    options.names = { ["time.test"] = "127.0.0.1" }
    local process = live.virtual(options)
    local modem = live.open { port = process.port }
    assert(modem:attach())
    return modem
  end

  local function check(name, body)
    it(name, function()
      if not servers.has("chronyd") then pending("there is no chronyd on this machine") end
      body(servers.chrony())
    end)
  end

  local function is_now(t)
    assert.is_true(math.abs(t.epoch - os.time()) < MINUTE, t.text)
  end

  check("gives the time in each form of the answer, and in each zone", function(server)
    for form, zone in pairs { odd = 32, zone = -14, plain = 32 } do
      local modem = attached { traits = { ntp_form = form }, module = { zone = zone } }
      local t = assert(modem:ntp("time.test", { port = server.port }))
      is_now(t)
      assert.equal(form ~= "plain" and zone or nil, t.zone_quarters)
      assert.equal(form == "odd", t.text:find(":35+32", 1, true) ~= nil)
    end
  end)

  check("sets the module's clock if it is asked to, under each profile", function(server)
    for _, profile in ipairs { "manual", "R01", "R02" } do
      -- To the network of this module it is 2001.
      local modem = attached { profile = profile, module = { clock = 1e9 } }
      local function is_late()
        assert.is_true(modem:clock().epoch < os.time() - MINUTE)
      end
      is_late()
      is_now(assert(modem:ntp("127.0.0.1", { port = server.port })))
      is_late()
      is_now(assert(modem:ntp("127.0.0.1", { port = server.port, set = true })))
      is_now(modem:clock())
      live.finish()
      server = servers.chrony()
    end
  end)

  check("leaves this machine's clock alone", function(server)
    assert.is_truthy(server:log():find("Disabled control of system clock", 1, true))
  end)
end)

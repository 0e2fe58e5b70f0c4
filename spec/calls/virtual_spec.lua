-- Every typed call against the virtual module, in each of its profiles.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"
local virtual = require "bc260y.virtual"

local unpack = table.unpack or unpack

-- Calls body(modem, rig, profile) on an attached modem of each profile; traits: as of
-- virtual.new.
local function on_each(body, traits)
  for _, profile in ipairs(virtual.profiles()) do
    local world = rig.new { profile = profile, traits = traits }
    world.net.hosts["a.example"] = { "10.1.2.3" }
    local modem = bc260y.open { port = world.port }
    assert(modem:attach { timeout = 60 })
    body(modem, world, profile)
    modem:close()
  end
end

-- The value of each profile.
local function of(profile, values)
  return values[profile]
end

local revisions = {
  manual = "BC260YCNAAR01A01", R01 = "BC260YCNAAR01A03", R02 = "BC260YCNAAR02A02",
}

describe("On a virtual module of each profile", function()
  it("identity gives all that there is", function()
    on_each(function(modem, _, profile)
      assert.same({
        manufacturer = "Quectel_Ltd", model = "Quectel_BC260Y-CN", revision = revisions[profile],
        imei = "866207051234560", imei_sv = "8662070512345601", sv = "01",
        serial = "D1X20BL01000012", imsi = "460081234567890", iccid = "89860414102070012345",
      }, modem:identity())
    end)
  end)

  it("signal and cell give what is measured, and nothing out of coverage", function()
    on_each(function(modem, world, profile)
      assert.same({
        rssi = 22, dbm = -69, ber = 0, rxlev = 41, rsrq = 25, rsrq_db = -7.5, rsrp = 57,
        rsrp_dbm = -84,
      }, modem:signal())
      local cell = modem:cell()
      assert.same({ { earfcn = 3684, pci = 132, rsrp_dbm = -84 } }, cell.neighbours)
      local serving = cell.serving
      assert.same({ 3684, 2, 308, "084958B4", -72, -10, -62, 14, 8 }, { serving.earfcn,
        serving.earfcn_offset, serving.pci, serving.cell_id, serving.rsrp_dbm, serving.rsrq_db,
        serving.rssi_dbm, serving.sinr_db, serving.band })
      assert.equal(profile ~= "R01" and -7 or nil, serving.tx_power_dbm)
      world.module.coverage = false
      assert.same({}, modem:signal())
      assert.same({ neighbours = {} }, modem:cell())
    end)
  end)

  it("registration gives the place, as much as was asked for", function()
    on_each(function(modem, _, profile)
      assert.same({ n = 0, stat = 1, state = "home", registered = true }, modem:registration())
      for n = 1, 5 do
        assert.is_true(modem:report_registration(n))
        local state = modem:registration()
        assert.same({ n, 1 }, { state.n, state.stat })
        if n >= 2 then
          assert.same({ "084958B4", 0x4C10, of(profile, { manual = "4C10", R02 = "4C10",
            R01 = "19472" }) }, { state.ci, state.tac_number, state.tac })
        end
        if n >= 4 then
          assert.same({ 300, 86400 }, { state.active_time, state.periodic_tau })
        end
      end
    end)
  end)

  it("addresses, attached, connected, operator and bands say what the network has given", function()
    on_each(function(modem, _, profile)
      local list = modem:addresses()
      assert.same({ 1, of(profile, { manual = 5, R01 = 1, R02 = 0 }), "100.85.29.214" },
        { #list, list[1].cid, list[1].address })
      assert.is_true(modem:attached())
      assert.equal("boolean", type((modem:connected())))
      assert.is_true(modem:report_connection(1))
      assert.equal(1, select(2, modem:connected()))
      assert.same({ mode = 0, format = 2, operator = "46008", act = 9 }, modem:operator())
      assert.is_true(modem:operator("auto"))
      assert.same({ 5, 8 }, modem:bands())
      assert.is_true(modem:bands { 8 })
      assert.same({ 8 }, modem:bands())
      assert.is_true(modem:bands {})
    end)
  end)

  it("battery, sim, functionality, baud and error_reports ask and set", function()
    on_each(function(modem, world)
      assert.same({ voltage = 3.47 }, modem:battery())
      assert.equal("READY", modem:sim())
      assert.equal(1, modem:functionality())
      assert.is_true(modem:functionality(0))
      assert.equal(0, modem:functionality())
      assert.is_true(modem:functionality(1))
      assert.equal("number", type(modem:baud()))
      assert.equal(0, modem:error_reports())
      local writes = world.module.nvram_writes
      assert.is_true(modem:error_reports(0))
      assert.equal(writes, world.module.nvram_writes)
      assert.is_true(modem:error_reports(1))
      assert.same({ nil, "error", 50 }, { modem:command("AT+CMEE=3") })
    end)
  end)

  it("clock asks and sets", function()
    on_each(function(modem, world)
      assert.is_true(modem:clock(1702515673))
      world.time = world.time + 60
      assert.equal(1702515733, modem:clock().epoch)
      local noon = { year = 2024, month = 2, day = 29, hour = 12, min = 0, sec = 0,
        zone_quarters = -14 }
      assert.is_true(modem:clock(noon))
      local now = modem:clock()
      assert.same({ 2024, 2, 29, 12, 0, -14 },
        { now.year, now.month, now.day, now.hour, now.min, now.zone_quarters })
    end)
  end)

  it("resolve and dns ask the network", function()
    on_each(function(modem, _, profile)
      assert.same({ "10.1.2.3" }, modem:resolve("a.example"))
      assert.same({ nil, "DNS parse failed", 565 }, { modem:resolve("b.example") })
      local servers = modem:dns()
      assert.same({ "218.2.2.2", "218.4.4.4" }, { servers.primary, servers.secondary })
      assert.equal(profile == "manual" and "240E:5A::6666" or nil, servers.primary6)
      assert.is_true(modem:dns("1.1.1.1", "8.8.4.4"))
      servers = modem:dns()
      assert.same({ "1.1.1.1", "8.8.4.4" }, { servers.primary, servers.secondary })
      if profile ~= "manual" then
        assert.same({ nil, "error" }, { modem:dns("2001:db8::1") })
      end
    end)
  end)

  it("ping gives replies and lost ones", function()
    on_each(function(modem, world, profile)
      world.net.pings = { 100, false, 300 }
      local ttl = profile == "R02" and 64 or nil
      assert.same({
        address = "10.1.2.3", sent = 3, received = 2, lost = 1, min = 0.1, max = 0.3, avg = 0.2,
        replies = { { address = "10.1.2.3", bytes = 64, time = 0.1, ttl = ttl },
          { lost = true, code = 569 },
          { address = "10.1.2.3", bytes = 64, time = 0.3, ttl = ttl } },
      }, modem:ping("a.example", { count = 3, size = 64, timeout = 2 }))
      assert.same({ nil, "DNS parse failed", 565, {} }, { modem:ping("b.example") })
      local result = { modem:ping("10.9.9.9", { size = 1500 }) }
      if profile == "R02" then
        assert.equal(4, result[1].lost)
      else
        assert.same({ nil, "error", nil, {} }, { unpack(result, 1, 4) })
      end
    end)
  end)

  it("ping fails where all are lost and the module says it with a code", function()
    local lost = { lost = true, code = 569 }
    on_each(function(modem)
      local result, err, code, replies = modem:ping("a.example", { count = 2 })
      assert.same({ nil, "Operation timeout", 569 }, { result, err, code })
      assert.same({ lost, lost }, replies)
    end, { ping_all_lost = "code" })
    on_each(function(modem)
      local result, err, code = modem:ping("a.example", { count = 2 })
      assert.same({ nil, "Operation timeout", 569 }, { result, err, code })
    end, { ping_all_lost = "alone" })
  end)

  it("ntp gives the time of the server, in each form, and sets the clock by it", function()
    for _, form in ipairs { "odd", "zone", "plain" } do
      local zone, hour = 32, 11
      if form == "plain" then zone, hour = nil, 3 end
      on_each(function(modem, world)
        world.net.utc = 1560222500
        local now = modem:ntp("a.example", { port = 1123, set = true })
        assert.same({ 1560222500, 2019, hour, zone },
          { now.epoch, now.year, now.hour, now.zone_quarters })
        assert.is_true(math.abs(modem:clock().epoch - 1560222500) <= 1)
        world.net.utc = 1660222500
        assert.equal(1660222500, modem:ntp("a.example").epoch)
        assert.is_true(math.abs(modem:clock().epoch - 1560222500) <= 1)
        world.net.utc = nil
        assert.same({ nil, "Operation timeout", 569 }, { modem:ntp("a.example") })
        assert.same({ nil, "DNS parse failed", 565 }, { modem:ntp("b.example") })
      end, { ntp_form = form })
    end
  end)

  it("sockets and data_format say how it stands", function()
    on_each(function(modem, world, profile)
      world.net:listen("TCP", "10.1.2.3", 80)
      local sock = modem:tcp()
      assert(sock:connect("a.example", 80))
      local list = modem:sockets { id = 0 }
      assert.same({ 0, "TCP", "a.example", 80, "connected", 1 }, { list[1].id, list[1].service,
        list[1].host, list[1].remote_port, list[1].state_name, #modem:sockets() })
      assert.equal(1, #modem:sockets { context = 0 })
      assert.same({}, modem:sockets { id = 1 })
      local format = profile == "R02" and "text" or "hex"
      assert.same({ send = format, recv = format }, modem:data_format())
    end)
  end)

  it("supported reads the test form of all nine commands, and of others", function()
    on_each(function(modem, _, profile)
      for name, count in pairs {
        QICFG = 3, QIOPEN = 7, QICLOSE = 1, QISEND = false, QIDNSGIP = 2, QIDNSCFG = 3, QPING = 5,
        QNTP = 4, CEREG = 1, CGSN = 1, CFUN = 2,
      } do
        local list = assert(modem:supported(name), name)
        assert.equal(count or #list, #list, name)
        assert.is_true(#list > 0)
        for i = 1, #list do assert.is_not_nil(list[i]) end
      end
      assert.same({ min = 0, max = 4 }, modem:supported("QIOPEN")[2])
      assert.same({ min = 32, max = of(profile, { manual = 200, R01 = 200, R02 = 1500 }) },
        modem:supported("QPING")[5])
      if profile ~= "R02" then assert.same({}, modem:supported("QISTATE")) end
      assert.same({ nil, "error" }, { modem:supported("QNOTHING") })
    end)
  end)
end)

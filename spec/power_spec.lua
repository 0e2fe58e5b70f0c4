local bc260y = require "bc260y"
local script = require "spec.support.port"
local support = require "spec.support.heard"

local attached, count, slice = support.attached, support.count, support.slice

local HOUR = 3600

-- How often the module's sleep lock was written, by value.
local function locks(heard)
  return count(heard, "AT+QSCLK=0"), count(heard, "AT+QSCLK=1")
end

local function open(text)
  local port = script.port { text = text }
  return bc260y.open { port = port }, port
end

local ASKED = '> AT+CPSMS?\n< +CPSMS: 1,,,"00111000","00100101"\n< OK\n'
  .. '> AT+CEDRXS?\n< +CEDRXS: 5,"0101"\n< OK\n'
  .. '> AT+CEDRXRDP\n< +CEDRXRDP: 5,"0101","1001","0011"\n< OK\n'
  .. "> AT+QSCLK?\n< +QSCLK: 0\n< OK\n"
  .. '> AT+QCFG="dsevent"\n< +QCFG: "dsevent",1\n< OK\n'
  .. "> AT+QNBIOTEVENT?\n< +QNBIOTEVENT: 1,1\n< OK\n"
local ANSWER = {
  psm = { enabled = true, periodic_tau = 24 * HOUR, active_time = 300 },
  edrx = { enabled = true, requested = 81.92, provided = 163.84, cycle = 163.84,
    paging_window = 10.24 },
  sleep_lock = true, events = true,
}

script.each_loop(function(how, run)
  describe("power saving, " .. how .. ",", function()
    it("is told in seconds", function()
      run(function()
        local modem, port = open(ASKED)
        assert.same(ANSWER, modem:power_saving())
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("is told when it is off, and what the module does not know is nil", function()
      run(function()
        local modem, port = open("> AT+CPSMS?\n< +CPSMS: 0\n< OK\n> AT+CEDRXS?\n< OK\n"
          .. "> AT+CEDRXRDP\n< +CEDRXRDP: 0\n< OK\n> AT+QSCLK?\n< +QSCLK: 1\n< OK\n"
          .. '> AT+QCFG="dsevent"\n< +QCFG: "dsevent",0\n< OK\n'
          .. "> AT+QNBIOTEVENT?\n< +QNBIOTEVENT: 1,1\n< OK\n"
          .. "> AT+CPSMS?\n< ERROR\n> AT+CEDRXS?\n< ERROR\n> AT+QSCLK?\n< +CME ERROR: 4\n"
          .. '> AT+QCFG="dsevent"\n< ERROR\n'
          .. "> AT+CPSMS?\n< OK\n> AT+CEDRXS?\n< +CEDRXS: 5,\"0010\"\n< OK\n> AT+CEDRXRDP\n"
          .. "< +CEDRXRDP: 0\n< OK\n> AT+QSCLK?\n< +QSCLK: 9\n< OK\n"
          .. '> AT+QCFG="dsevent"\n< OK\n')
        assert.same({ psm = { enabled = false }, edrx = { enabled = false }, sleep_lock = false,
          events = false }, modem:power_saving())
        assert.same({}, modem:power_saving())
        assert.same({ edrx = { enabled = true, requested = 20.48, cycle = 20.48 } },
          modem:power_saving())
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("takes no timer for another where a field is missing", function()
      run(function()
        for _, case in ipairs {
          { '1,,"01000001","00100011"' }, { '1,"01000001","00100011"' },
          { '1,,,"01000001"' }, { '1,,,,"00100101"', active_time = 300 },
          { '1,,,"00111000",', periodic_tau = 24 * HOUR }, { '1,"","","",""' },
        } do
          local modem, port = open("> AT+CPSMS?\n< +CPSMS: " .. case[1]
            .. "\n< OK\n> AT+CEDRXS?\n< ERROR\n> AT+QSCLK?\n< ERROR\n"
            .. '> AT+QCFG="dsevent"\n< ERROR\n')
          assert.same({ psm = { enabled = true, active_time = case.active_time,
            periodic_tau = case.periodic_tau } }, modem:power_saving(), case[1])
          assert.is_nil(port:left())
          modem:close()
        end
        for _, given in ipairs { '5,"0101","0011"', '5,"0011"', '5,"0101","0101","0011",1', "x" } do
          local modem, port = open("> AT+CPSMS?\n< ERROR\n> AT+CEDRXS?\n< +CEDRXS: 5,\"0101\"\n"
            .. "< OK\n> AT+CEDRXRDP\n< +CEDRXRDP: " .. given .. "\n< OK\n> AT+QSCLK?\n< ERROR\n"
            .. '> AT+QCFG="dsevent"\n< ERROR\n')
          assert.same({ edrx = { enabled = true, requested = 81.92, cycle = 81.92 } },
            modem:power_saving(), given)
          assert.is_nil(port:left())
          modem:close()
        end
      end)
    end)

    it("ends at the caller's timeout", function()
      run(function()
        local modem, port = open("> AT+CPSMS?\n< OK\n> AT+CEDRXS?\n")
        assert.same({ nil, "timeout" }, { modem:power_saving { timeout = 2 } })
        assert.is_true(math.abs(port.clock.time - 1002) < 0.1)
        modem:close()
      end)
    end)

    it("is set in what the module can say, rounded up", function()
      run(function()
        local modem, rig, heard = attached()
        local from = #heard + 1
        local result = modem:power_saving {
          psm = { periodic_tau = 24 * HOUR + 1, active_time = 61 }, edrx = { cycle = 300 },
        }
        assert.same({ enabled = true, periodic_tau = 25 * HOUR, active_time = 62 }, result.psm)
        assert.equal(327.68, result.edrx.requested)
        local said = slice(heard, from)
        assert.equal(1, count(said, 'AT+CPSMS=1,,,"00111001","00011111"'))
        assert.equal(1, count(said, 'AT+CEDRXS=1,5,"1010"'))
        assert.is_truthy(rig)
        modem:close()
      end)
    end)

    it("is written to the module's memory only where it differs", function()
      run(function()
        local modem, _, heard = attached()
        local settings = { psm = { periodic_tau = HOUR, active_time = 10 }, edrx = { cycle = 21 } }
        local first = modem:power_saving(settings)
        local from = #heard + 1
        assert.same(first, modem:power_saving(settings))
        for _, line in ipairs(slice(heard, from)) do
          assert.is_nil(line:find("CPSMS=", 1, true) or line:find("CEDRXS=", 1, true))
        end
        settings.psm.active_time = 12
        assert.equal(12, modem:power_saving(settings).psm.active_time)
        settings.psm.periodic_tau = 2 * HOUR
        assert.equal(2 * HOUR, modem:power_saving(settings).psm.periodic_tau)
        assert.is_false(modem:power_saving({ psm = false, edrx = false }).psm.enabled)
        from = #heard + 1
        local off = modem:power_saving { psm = false, edrx = false }
        assert.same({ false, false }, { off.psm.enabled, off.edrx.enabled })
        assert.equal(0, count(slice(heard, from), "AT+CPSMS=0"))
        assert.equal(0, count(slice(heard, from), "AT+CEDRXS=0"))
        modem:close()
      end)
    end)

    it("is refused with the module's word", function()
      run(function()
        local modem, port = open(ASKED .. '> AT+CPSMS=1,,,"00000110","00000001"\n'
          .. "< +CME ERROR: 50\n")
        assert.same({ nil, "error", 50 },
          { modem:power_saving { psm = { periodic_tau = HOUR, active_time = 2 } } })
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("is refused out of range before a byte is sent", function()
      run(function()
        local modem, port = open("")
        for _, case in ipairs {
          { { psm = { periodic_tau = 1, active_time = 2 } }, "periodic_tau", "2 to 35712000" },
          { { psm = { periodic_tau = 4e7, active_time = 2 } }, "periodic_tau", "2 to 35712000" },
          { { psm = { periodic_tau = 60, active_time = -1 } }, "active_time", "0 to 11160" },
          { { psm = { periodic_tau = 60, active_time = 11161 } }, "active_time", "0 to 11160" },
          { { edrx = { cycle = 0 } }, "cycle", "20.48 to 10485.76" },
          { { edrx = { cycle = 1.5 } }, "cycle", "20.48 to 10485.76" },
          { { edrx = { cycle = 1e5 }, psm = false }, "cycle", "20.48 to 10485.76" },
        } do
          assert.same({ nil, "invalid argument", case[2], case[3] },
            { modem:power_saving(case[1]) })
        end
        assert.equal("", port:written())
        modem:close()
      end)
    end)

    it("raises on what is no setting", function()
      run(function()
        local modem = open("")
        for _, settings in ipairs {
          5, { psm = true }, { psm = {} }, { psm = { periodic_tau = 60 } }, { edrx = "20" },
          { psm = { periodic_tau = "60", active_time = 2 } }, { cycle = 20 },
          { edrx = { cycle = 20, window = 1 } }, { timeout = "5" },
        } do
          assert.is_false((pcall(modem.power_saving, modem, settings)))
        end
        modem:close()
      end)
    end)
  end)

  describe("the sleep lock, " .. how .. ",", function()
    it("keeps the module awake from true until false", function()
      run(function()
        local modem, rig, heard = attached { sleep_after = 10 }
        assert.is_true(modem:sleep_lock(true))
        assert.is_true(modem:power_saving().sleep_lock)
        modem:wait("nothing", 100)
        assert.equal("on", rig.module.power)
        assert.is_true(modem:sleep_lock(false))
        assert.is_nil(modem:asleep())
        modem:wait("nothing", 100)
        assert.equal("DEEPSLEEP", modem:asleep())
        assert.same({ 1, 1 }, { locks(heard) })
        modem:close()
      end)
    end)

    it("is counted, and written only where it changes", function()
      run(function()
        local modem, _, heard = attached()
        for _ = 1, 3 do assert.is_true(modem:sleep_lock(true)) end
        for _ = 1, 2 do assert.is_true(modem:sleep_lock(false)) end
        assert.same({ 1, 0 }, { locks(heard) })
        assert.is_true(modem:sleep_lock(false))
        assert.same({ 1, 1 }, { locks(heard) })
        assert.is_true(modem:sleep_lock(false))
        assert.same({ 1, 1 }, { locks(heard) })
        modem:close()
      end)
    end)

    it("is told anew by attach after a reset, and only while it is held", function()
      run(function()
        local modem, rig, heard = attached()
        assert.is_true(modem:sleep_lock(true))
        rig.module:reset()
        assert(modem:wait("reset", 5))
        assert.is_true(modem:attach())
        assert.same({ 2, 0 }, { locks(heard) })
        assert.equal(0, rig.module.sleep_lock)
        assert.is_true(modem:attach())
        assert.same({ 2, 0 }, { locks(heard) })
        assert.is_true(modem:sleep_lock(false))
        rig.module:reset()
        assert(modem:wait("reset", 5))
        assert.is_true(modem:attach())
        assert.same({ 2, 1 }, { locks(heard) })
        modem:close()
      end)
    end)

    it("that the module refuses is not held", function()
      run(function()
        local modem, port = open("> AT+QSCLK=0\n< ERROR\n> AT+QSCLK=1\n< ERROR\n"
          .. "> AT+QSCLK=0\n< OK\n> AT+QSCLK=1\n< OK\n")
        assert.same({ nil, "error" }, { modem:sleep_lock(true) })
        assert.is_true(modem:sleep_lock(true))
        assert.is_true(modem:sleep_lock(false))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("that could not be given back is given back by the next call", function()
      run(function()
        local modem, port = open("> AT+QSCLK=0\n< OK\n> AT+QSCLK=1\n< ERROR\n"
          .. "> AT+QSCLK=1\n< OK\n")
        assert.is_true(modem:sleep_lock(true))
        assert.same({ nil, "error" }, { modem:sleep_lock(false) })
        assert.is_true(modem:sleep_lock(false))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("wakes the module first", function()
      run(function()
        local modem, rig, heard = attached()
        support.fall_asleep(modem, rig)
        assert.is_true(modem:sleep_lock(true))
        assert.same({ 1, 0 }, { locks(heard) })
        assert.equal(0, rig.module.sleep_lock)
        modem:close()
      end)
    end)

    it("held, no silence is taken for sleep", function()
      run(function()
        local modem, _, heard = attached({}, { sleep_after = 5 })
        assert.is_true(modem:sleep_lock(true))
        local before = count(heard, "AT")
        modem:wait("nothing", 60)
        assert(modem:command("AT+CBC"))
        assert.equal(before, count(heard, "AT"))
        assert.is_true(modem:sleep_lock(false))
        modem:wait("nothing", 60)
        assert(modem:command("AT+CBC"))
        assert.equal(before + 1, count(heard, "AT"))
        modem:close()
      end)
    end)

    it("raises on what is neither true nor false", function()
      run(function()
        local modem = open("")
        for _, on in ipairs { 1, "true", {} } do
          assert.is_false((pcall(modem.sleep_lock, modem, on)))
        end
        assert.is_false((pcall(modem.sleep_lock, modem)))
        assert.is_false((pcall(modem.sleep_lock, modem, true, { timeout = -1 })))
        modem:close()
      end)
    end)
  end)
end)

describe("the sleep lock", function()
  it("is held while one task asks for it, whatever the others say", function()
    bc260y.run(function()
      local modem, rig, heard = attached()
      local function hold(seconds)
        return bc260y.spawn(function()
          assert(modem:sleep_lock(true))
          bc260y.sleep(seconds)
          assert(modem:sleep_lock(false))
          assert(modem:sleep_lock(false))
        end)
      end
      local first, second = hold(5), hold(10)
      first:wait()
      assert.equal(0, rig.module.sleep_lock)
      second:wait()
      assert.equal(1, rig.module.sleep_lock)
      assert.same({ 1, 1 }, { locks(heard) })
      modem:close()
    end)
  end)

  it("is given back by a task that ends, also by an error", function()
    bc260y.run(function()
      local modem, rig, heard = attached()
      bc260y.spawn(function()
        assert(modem:sleep_lock(true))
        assert(modem:sleep_lock(true))
      end):wait()
      modem:wait("nothing", 1)
      assert.equal(1, rig.module.sleep_lock)
      modem:on("+NOW", function()
        assert(modem:sleep_lock(true))
        error("on purpose")
      end)
      modem.hooks:emit("+NOW")
      modem:wait("nothing", 1)
      assert.equal(1, modem:stats().hook_errors)
      assert.equal(1, rig.module.sleep_lock)
      assert.same({ 2, 2 }, { locks(heard) })
      modem:close()
    end)
  end)

  it("asked for while another gives it back is on in the end", function()
    bc260y.run(function()
      local modem, rig = attached()
      assert(modem:sleep_lock(true))
      local other = bc260y.spawn(function()
        assert(modem:sleep_lock(true))
        bc260y.sleep(5)
      end)
      assert(modem:sleep_lock(false)) -- both are under way at once
      modem:wait("nothing", 1)
      assert.equal(0, rig.module.sleep_lock)
      other:wait()
      modem:wait("nothing", 1)
      assert.equal(1, rig.module.sleep_lock)
      modem:close()
    end)
  end)
end)

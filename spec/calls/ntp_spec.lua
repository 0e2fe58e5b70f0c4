local bc260y = require "bc260y"
local call = require "spec.support.call"
local script = require "spec.support.port"

local function ntp(line)
  return call('> AT+QNTP=0,"ntp.example",123,0\n< OK\n~ 1\n< +QNTP: ' .. line .. "\n", "ntp",
    "ntp.example")
end

describe("modem:ntp", function()
  it("gives the time as text, fields and seconds since 1970", function()
    assert.same({
      text = "19/06/11,11:08:20:35+32", year = 2019, month = 6, day = 11, hour = 11, min = 8,
      sec = 20, zone_quarters = 32, epoch = 1560222500,
    }, (ntp '0,"19/06/11,11:08:20:35+32"'))
  end)

  it("takes every form of it", function()
    for text, epoch in pairs {
      ['"19/06/11,11:08:20+32"'] = 1560222500, ['"19/06/11,03:08:20"'] = 1560222500,
      ['"19/06/11,03:08:20:35"'] = 1560222500, ["19/06/11,11:08:20+32"] = 1560222500,
      ['"2019/06/11,11:08:20+32"'] = 1560222500, ['"19/06/10,21:23:20-23"'] = 1560222500,
    } do
      assert.equal(epoch, ntp("0," .. text).epoch, text)
    end
    assert.is_nil(ntp('0,"19/06/11,03:08:20"').zone_quarters)
  end)

  it("gives the module's reason where it fails", function()
    for code = 550, 574 do
      assert.same({ nil, bc260y.errors[code], code }, { ntp(tostring(code)) })
    end
    assert.same({ nil, "error", 50 }, { call('> AT+QNTP=0,"ntp.example",123,0\n'
      .. "< +CME ERROR: 50", "ntp", "ntp.example") })
  end)

  it("is an error where the time is none", function()
    for _, line in ipairs {
      '0,"19/13/11,11:08:20+32"', '0,"19/06/31,11:08:20+32"', '0,"19/06/11,25:08:20+32"',
      '0,"19/06/11"', '0,""', "0,", "0", '0,"19/06/11,11:08:20+99"', '0,"x"',
      '0,"19/06/11,11:08:20+32",1', "0,-1", '0,0,"19/06/11,11:08:20+32"',
    } do
      local time, err = ntp(line)
      assert.is_nil(time, line)
      assert.is_true(err == "error" or err == "timeout", line .. " " .. tostring(err))
    end
    assert.same({ nil, "timeout" }, { call('> AT+QNTP=0,"ntp.example",123,0\n< OK', "ntp",
      "ntp.example", { timeout = 5 }) })
  end)

  it("writes port and setting always", function()
    local answer = '\n< OK\n< +QNTP: 0,"19/06/11,11:08:20+32"\n'
    assert(call('> AT+QNTP=0,"a",123,1' .. answer, "ntp", "a", { set = true }))
    assert(call('> AT+QNTP=0,"a",123,0' .. answer, "ntp", "a", { set = false }))
    assert(call('> AT+QNTP=0,"a",65535,0' .. answer, "ntp", "a", { port = 65535 }))
  end)

  it("refuses what is out of its range before a byte is sent, and needs an address", function()
    for _, port in ipairs { 0, 65536, 1.5, -1, 0/0 } do
      assert.same({ nil, "invalid argument", "port", "1 to 65535" },
        { call("", "ntp", "a", { port = port }) })
    end
    for _, server in ipairs { "", 'a"b', "a\n", ("x"):rep(151) } do
      local _, err, what = call("", "ntp", server)
      assert.same({ "invalid argument", "server" }, { err, what })
    end
    for _, options in ipairs { { set = 1 }, { port = "123" }, { timeout = -1 }, { zone = 1 } } do
      assert.is_false((pcall(call, "", "ntp", "a", options)))
    end
    assert.is_false((pcall(call, "", "ntp")))
    local modem = bc260y.open { port = script.port {} }
    assert.same({ nil, "not attached" }, { modem:ntp("a") })
    modem:close()
  end)
end)

local bc260y = require "bc260y"
local call = require "spec.support.call"
local script = require "spec.support.port"

local function resolve(...)
  local text = '> AT+QIDNSGIP=0,"hf.quectel.com"\n< OK\n'
  for _, line in ipairs { ... } do text = text .. "< +QIDNSGIP: " .. line .. "\n" end
  return call(text, "resolve", "hf.quectel.com")
end

describe("modem:resolve", function()
  it("gives the addresses, or the module's reason", function()
    assert.same({ "220.180.239.212" }, (resolve("0,1,0", "220.180.239.212")))
    assert.same({ "1.2.3.4", "5.6.7.8" }, (resolve("0,2,0", '"1.2.3.4"', '"5.6.7.8"')))
    assert.same({ "2001:db8::1" }, (resolve("0,1,0", '"2001:db8::1"')))
    for code = 550, 574 do
      assert.same({ nil, bc260y.errors[code], code }, { resolve(tostring(code)) })
    end
  end)

  it("never gives for an address what is none", function()
    for _, text in ipairs { "x", "1.2.3", "1.2.3.256", '""', "1.2.3.4.5", "-1", "0,2,0" } do
      local list, err = resolve("0,1,0", text)
      assert.is_nil(list, text)
      assert.is_true(err == "error" or err == "timeout", text)
      list = resolve("0,2,0", text, "1.2.3.4")
      assert.is_true(list == nil or #list == 1 and list[1] == "1.2.3.4", text)
    end
  end)

  it("has a timeout, which ends the caller's wait alone", function()
    assert.same({ nil, "timeout" }, { resolve() })
    local port = script.port { text = '> AT+QIDNSGIP=0,"a"\n< OK\n~ 5\n< +QIDNSGIP: 565\n'
      .. "> AT+CBC\n< +CBC: 3470\n< OK" }
    local modem = bc260y.open { port = port }
    modem.address = "10.0.0.1"
    assert.same({ nil, "timeout" }, { modem:resolve("a", { timeout = 1 }) })
    assert.same({ voltage = 3.47 }, modem:battery())
    modem:close()
  end)

  it("refuses a name before a byte is sent, and needs an address", function()
    for _, name in ipairs { "", 'a"b', "a\r", ("x"):rep(151) } do
      local list, err, what = call("", "resolve", name)
      assert.is_nil(list)
      assert.equal("invalid argument", err)
      assert.equal("host_name", what)
    end
    local modem = bc260y.open { port = script.port {} }
    assert.same({ nil, "not attached" }, { modem:resolve("a") })
    assert.is_false((pcall(modem.resolve, modem, 5)))
    modem:close()
  end)
end)

local function dns(line)
  return call("> AT+QIDNSCFG=0\n< +QIDNSCFG: " .. line .. "\n< OK", "dns")
end

describe("modem:dns without arguments", function()
  it("gives the servers of both families, nil where one is missing", function()
    assert.same({
      primary = "218.2.2.2", secondary = "218.4.4.4", primary6 = "240E:5A::6666",
      secondary6 = "240E:5B::6666",
    }, (dns '0,"218.2.2.2","218.4.4.4","240E:5A::6666","240E:5B::6666"'))
    assert.same({ primary = "218.2.2.2" }, (dns '0,"218.2.2.2"'))
    assert.same({ primary = "218.2.2.2", secondary = "218.4.4.4" },
      (dns "0,218.2.2.2,218.4.4.4"))
    assert.same({ primary = "218.2.2.2", primary6 = "::1" }, (dns '0,"218.2.2.2","","::1",""'))
    assert.same({ primary6 = "::1", secondary6 = "::ffff:1.2.3.4" },
      (dns '0,,,"::1","::ffff:1.2.3.4"'))
    assert.same({}, (dns "0"))
    assert.same({}, (dns '0,"0.0.0.0","","::",""'))
    assert.same({}, (call("> AT+QIDNSCFG=0\n< OK", "dns")))
  end)

  it("knows a server by what it is, where fields before it are missing", function()
    assert.same({ primary6 = "240E::1", secondary6 = "240E::2" }, (dns '0,"240E::1","240E::2"'))
    assert.same({ primary = "1.1.1.1", primary6 = "240E::1" }, (dns '0,"1.1.1.1","240E::1"'))
    assert.same({ primary6 = "254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1" },
      (dns '0,"254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1"'))
  end)

  it("never makes the secondary the primary where that one is empty", function()
    assert.same({ secondary = "8.8.8.8" }, (dns '0,"","8.8.8.8"'))
    assert.same({ secondary = "8.8.8.8" }, (dns '0,,8.8.8.8,,'))
    assert.same({ secondary = "8.8.8.8" }, (dns '0,"0.0.0.0","8.8.8.8"'))
    assert.same({ secondary6 = "240E::2" }, (dns '0,"","","","240E::2"'))
    assert.same({ primary = "1.1.1.1", secondary6 = "240E::2" },
      (dns '0,"1.1.1.1","","::","240E::2"'))
  end)

  it("never gives for a server what is none", function()
    for _, text in ipairs {
      "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.4x", "1..2.3", "1234.1.1.1", "x",
      "5", "-1", ":", ":::", "1:2", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", "g::1",
      "1:2:3:4:5:6:7::8", "1.2.3.4::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "::1:",
    } do
      assert.same({ primary = "1.1.1.1" }, (dns('0,"1.1.1.1","' .. text .. '"')), text)
    end
    assert.same({ nil, "error" }, { dns "x" })
    assert.same({ nil, "error" }, { dns "-1" })
    assert.same({ nil, "error" }, { dns '0,"1.1.1.1","","","","9.9.9.9"' })
    assert.same({ nil, "error" }, { call("> AT+QIDNSCFG=0\n< ERROR", "dns") })
  end)

  it("asks at any time", function()
    local modem = bc260y.open { port = script.port { text = "> AT+QIDNSCFG=0\n< OK" } }
    assert.same({}, modem:dns { timeout = 5 })
    modem:close()
  end)
end)

describe("modem:dns with servers", function()
  it("sets one or two", function()
    assert.is_true(call('> AT+QIDNSCFG=0,"1.1.1.1"\n< OK', "dns", "1.1.1.1"))
    assert.is_true(call('> AT+QIDNSCFG=0,"1.1.1.1","8.8.4.4"\n< OK', "dns", "1.1.1.1", "8.8.4.4"))
    assert.is_true(call('> AT+QIDNSCFG=0,"2001:db8::1"\n< OK', "dns", "2001:db8::1",
      { timeout = 1 }))
    assert.is_true(call('> AT+QIDNSCFG=0,"1:2:3:4:5:6:7:8","::"\n< OK', "dns",
      "1:2:3:4:5:6:7:8", "::"))
    assert.is_true(call('> AT+QIDNSCFG=0,"::","1:2:3:4:5:6:1.2.3.4"\n< OK', "dns", "::",
      "1:2:3:4:5:6:1.2.3.4"))
    assert.same({ nil, "error", 572 },
      { call('> AT+QIDNSCFG=0,"1.1.1.1"\n< +CME ERROR: 572', "dns", "1.1.1.1") })
  end)

  it("refuses what is no address before a byte is sent", function()
    for _, text in ipairs {
      "", "dns.example", "1.2.3", "1.2.3.256", "1.2.3.4 ", '1.1.1.1"', "1::2::3", "fe80::1%1",
      "1.2.3.4\r", "[::1]", "1:2:3:4:5:6:7:8:9", ("1"):rep(65), "1.2.3.4\0", ":1:2:3:4:5:6:7:8",
    } do
      local range = "an IPv4 or IPv6 address"
      assert.same({ nil, "invalid argument", "pridnsaddr", range }, { call("", "dns", text) })
      assert.same({ nil, "invalid argument", "secdnsaddr", range },
        { call("", "dns", "1.1.1.1", text) })
    end
    for _, given in ipairs { { 1 }, { "1.1.1.1", 1 }, { nil, "1.1.1.1" },
      { "1.1.1.1", { time = 1 } } } do
      assert.is_false((pcall(call, "", "dns", given[1], given[2])))
    end
  end)

  it("needs an address of the module", function()
    local modem = bc260y.open { port = script.port {} }
    assert.same({ nil, "not attached" }, { modem:dns("1.1.1.1") })
    modem:close()
    assert.same({ nil, "closed" }, { modem:dns("1.1.1.1") })
  end)
end)

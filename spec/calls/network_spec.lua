local bc260y = require "bc260y"
local call = require "spec.support.call"
local script = require "spec.support.port"

-- What the call gives on that answer to its question.
local function ask(command, name, line)
  return call("> AT+" .. command .. "?\n< " .. line .. "\n< OK", name)
end

local function errors_on(command, name, lines)
  for _, line in ipairs(lines) do
    assert.same({ nil, "error" }, { ask(command, name, line) }, line)
  end
  assert.same({ nil, "error", 30 },
    { call("> AT+" .. command .. "?\n< +CME ERROR: 30", name) })
  assert.same({ nil, "error" }, { call("> AT+" .. command .. "?\n< OK", name) })
  assert.same({ nil, "timeout" }, { call("> AT+" .. command .. "?\n", name, { timeout = 1 }) })
end

local function refuses(what, range, name, ...)
  for _, value in ipairs { ... } do
    assert.same({ nil, "invalid argument", what, range }, { call("", name, value) })
  end
end

describe("modem:attached", function()
  it("says whether it is", function()
    assert.is_true(ask("CGATT", "attached", "+CGATT: 1"))
    assert.is_false(ask("CGATT", "attached", "+CGATT: 0"))
  end)

  it("is an error where the answer is none", function()
    errors_on("CGATT", "attached", { "+CGATT: ", "+CGATT: 2", "+CGATT: -1", "+CGATT: x",
      "+CGATT: 1,1", "+CGATT: 11", "+CSCON: 1,1", "+CGATT: 4294967297" })
  end)
end)

describe("modem:connected", function()
  it("says whether there is a radio connection, and whether it is told", function()
    assert.same({ true, 1 }, { ask("CSCON", "connected", "+CSCON: 1,1") })
    assert.same({ false, 0 }, { ask("CSCON", "connected", "+CSCON: 0,0") })
    assert.same({ true, 1 }, { ask("CSCON", "connected", "+CSCON: 1,1,7") })
  end)

  it("is an error where the answer is none", function()
    errors_on("CSCON", "connected", { "+CSCON: ", "+CSCON: ,1", "+CSCON: 1,",
      "+CSCON: 2,1", "+CSCON: 1,2", "+CSCON: 1,-1", "+CSCON: 1,x", "+CSCON: 1,1,7,1" })
  end)

  it("is told by itself where that is set", function()
    for n = 0, 1 do
      assert.is_true(call("> AT+CSCON=" .. n .. "\n< OK", "report_connection", n))
    end
    refuses("n", "0 to 1", "report_connection", -1, 2, 0.5)
    assert.is_false((pcall(call, "", "report_connection", "1")))
  end)
end)

describe("modem:operator", function()
  it("says which one, and how it was selected", function()
    assert.same({ mode = 0, format = 2, operator = "46008", act = 9 },
      (ask("COPS", "operator", '+COPS: 0,2,"46008",9')))
    assert.same({ mode = 1, format = 0, operator = "CHINA MOBILE" },
      (ask("COPS", "operator", '+COPS: 1,0,"CHINA MOBILE"')))
    assert.same({ mode = 0 }, (ask("COPS", "operator", "+COPS: 0")))
    assert.same({ mode = 2 }, (ask("COPS", "operator", "+COPS: 2")))
  end)

  it("is an error where the answer is none", function()
    errors_on("COPS", "operator", { "+COPS: ", '+COPS: 0,"46008",9', "+COPS: 0,2,9",
      '+COPS: 2,"46008",9', '+COPS: 0,2,2,"46008"', '+COPS: 0,2,"46008",9,9', "+COPS: 0,2",
      '+COPS: 0,,"46008"', '+COPS: 0,2,"4600x",9', '+COPS: 0,2,"",9', '+COPS: 0,0,"",9',
      '+COPS: 5,2,"46008",9', '+COPS: 0,3,"46008",9', '+COPS: 0,2,"46008",16',
      '+COPS: -1,2,"46008",9' })
  end)

  it("selects one, or lets the module do it", function()
    assert.is_true(call("> AT+COPS=0\n< OK", "operator", "auto"))
    assert.is_true(call('> AT+COPS=1,2,"46008"\n< OK', "operator", "46008"))
    assert.is_true(call('> AT+COPS=1,2,"310410"\n< OK', "operator", "310410", { timeout = 9 }))
    assert.same({ nil, "error" }, { call("> AT+COPS=0\n< ERROR", "operator", "auto") })
    refuses("oper", "auto, or 5 or 6 digits", "operator", "", "4600", "4600812", "Auto",
      "4600x", '46008"', "46008\r")
    assert.is_false((pcall(call, "", "operator", 46008)))
  end)
end)

describe("modem:bands", function()
  it("lists them", function()
    assert.same({ 5, 8 }, (ask("QBAND", "bands", "+QBAND: 5,8")))
    assert.same({ 3 }, (ask("QBAND", "bands", "+QBAND: 3")))
  end)

  it("is an error where the answer is none", function()
    for _, line in ipairs { "+QBAND: ", "+QBAND: 5,", "+QBAND: 5,,8", "+QBAND: x", "+QBAND: -5",
      "+QBAND: 5;8", "+QBAND: 1234", "+CSQ: 5,8" } do
      assert.same({ nil, "error" }, { ask("QBAND", "bands", line) }, line)
    end
    assert.same({ nil, "error" }, { call("> AT+QBAND?\n< ERROR", "bands") })
  end)

  it("sets up to four, or all there are", function()
    assert.is_true(call("> AT+QBAND=0\n< OK", "bands", {}))
    assert.is_true(call("> AT+QBAND=1,8\n< OK", "bands", { 8 }))
    assert.is_true(call("> AT+QBAND=4,1,3,5,88\n< OK", "bands", { 1, 3, 5, 88 }))
    refuses("bands", "0 to 4 bands", "bands", { 1, 2, 3, 4, 5 })
    refuses("band1", "1 to 88", "bands", { 0 }, { 89 }, { -1 }, { 1.5 })
    refuses("band3", "1 to 88", "bands", { 1, 2, 89 })
    for _, list in ipairs { { timeout = 1 }, { "5" }, { 1, nil, 3, x = 1 }, 5 } do
      assert.is_false((pcall(call, "", "bands", list)))
    end
  end)
end)

describe("modem:addresses", function()
  local function addresses(...)
    local text = "> AT+CGPADDR\n"
    for _, line in ipairs { ... } do text = text .. "< " .. line .. "\n" end
    return call(text .. "< OK", "addresses")
  end

  it("lists the contexts that have one", function()
    assert.same({ { cid = 5, address = "10.177.135.245", address2 = "36.14.1.0" } },
      (addresses("+CGPADDR: 1", '+CGPADDR: 5,"10.177.135.245","36.14.1.0"')))
    assert.same({ { cid = 0, address = "100.67.249.195" }, { cid = 1, address = "10.0.0.1" } },
      (addresses("+CGPADDR: 0,100.67.249.195", '+CGPADDR: 1,"10.0.0.1",""')))
    local v6 = { { cid = 0, address = "2001:db8::1" } }
    assert.same(v6, (addresses '+CGPADDR: 0,"","2001:db8::1"'))
    assert.same(v6, (addresses '+CGPADDR: 0,"2001:db8::1"'))
  end)

  it("tells the modem that it has one", function()
    local port = script.port { text = '> AT+CGPADDR\n< +CGPADDR: 0,"10.0.0.1"\n< OK\n'
      .. '> AT+QIDNSGIP=0,"a"\n< OK\n< +QIDNSGIP: 565' }
    local modem = bc260y.open { port = port }
    assert.same({ nil, "not attached" }, { modem:resolve("a") })
    assert.equal(1, #modem:addresses())
    assert.same({ nil, "DNS parse failed", 565 }, { modem:resolve("a") })
    modem:close()
  end)

  it("takes for none what says none", function()
    assert.same({}, (addresses()))
    for _, line in ipairs { "+CGPADDR: 1", "+CGPADDR: 0,0.0.0.0", '+CGPADDR: 0,""',
      '+CGPADDR: 0,"0.0.0.0","::"', "+CGPADDR: 0,x", '+CGPADDR: 0,0', '+CGPADDR: 0,"1.2.3"',
      '+CGPADDR: 0,"999.1.1.1"' } do
      assert.same({}, (addresses(line)), line)
    end
  end)

  it("is an error where a line can't be read, whatever the others say", function()
    for _, line in ipairs { "+CGPADDR: x,1.2.3.4", "+CGPADDR: -1,1.2.3.4",
      "+CGPADDR: 16,1.2.3.4", "+CGPADDR: ", "+CGPADDR: 1.2.3.4", '+CGPADDR: 0,"1.2.3.4',
      "+CGPADDR: 0,1.2.3.4,5.6.7.8,9" } do
      assert.same({ nil, "error" }, { addresses(line) }, line)
      assert.same({ nil, "error" }, { addresses('+CGPADDR: 1,"10.0.0.1"', line) }, line)
    end
    assert.same({ nil, "error" }, { call("> AT+CGPADDR\n< ERROR", "addresses") })
  end)
end)

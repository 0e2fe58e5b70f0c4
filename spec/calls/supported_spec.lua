local call = require "spec.support.call"

local function answers(...)
  local text = "> AT+QICFG=?\n"
  for _, line in ipairs { ... } do text = text .. "< " .. line .. "\n" end
  return text .. "< OK"
end

-- The parameters of one line.
local function read(line)
  local list = assert(call(answers("+QICFG: " .. line), "supported", "QICFG"))
  assert.equal(line, list.text)
  list.text = nil
  return list
end

describe("modem:supported", function()
  it("reads ranges, lists, choices and names", function()
    assert.same({
      { min = 0, max = 11 }, { min = 0, max = 4 }, { values = { "TCP", "UDP" } },
      { name = "host" }, { name = "remote_port" }, { name = "local_port" },
      { values = { 0, 1 } },
    }, read '(0-11),(0-4),"TCP/UDP",<host>,<remote_port>,<local_port>,(0,1)')
    assert.same({ "dataformat", { values = { 0, 1 } }, { values = { 0, 1 } } },
      read '"dataformat",(0,1),(0,1)')
    assert.same({ { min = 0, max = 31, values = { 99 } }, { min = 0, max = 7, values = { 99 } } },
      read "(0-31,99),(0-7,99)")
    assert.same({ { min = -5, max = -1 }, { min = -5, max = 10 }, { values = { -5 } } },
      read "(-5--1),(-5-10),(-5)")
    assert.same({ { values = { "IP", "IPV6" } }, { min = "0000", max = "1111" } },
      read '("IP","IPV6"),("0000"-"1111")')
    assert.same({ { min = 5, max = 5 }, { values = { 123456789012345 } } },
      read "(5-5),(123456789012345)")
    assert.same({ { min = "a", max = "a" } }, read '("a"-"a")')
    assert.same({ { values = { 9600 } }, { name = "optional" }, { min = 0, max = 2 } },
      read '( 9600 )[,<optional>[,(0-2)]]')
  end)

  it("gives as it stands what it can't read", function()
    for _, line in ipairs {
      "", "(", ")", "()", "(0-", "(4-0)", "(8 bits)", "(0-1-2)", "(0-1,3-4)", "<>x", "(<a>)",
      '"', '"a', "(,)", "(0,)", "<a", "(1234567890123456)", '(x"a"-"b")', '("a"-"b"x)',
      "(999999999999999999)", "(0-999999999999999999)",
      "text", "5", "--", '("b"-1)', "(0x10)", "(1.5)", "((0-1))",
      "x(0-1)", "(0-1)x", "x<a>", "<a>x", 'x"a"', '"a"x',
    } do
      assert.same({ line }, read(line))
    end
    assert.same({ "", "", "x" }, read ",,x")
  end)

  it("keeps every line of several", function()
    local list = call(answers('+QICFG: "a",(0,1)', '+QICFG: "b",<x>'), "supported", "QICFG")
    assert.same({ "a", { values = { 0, 1 } } }, { list[1], list[2] })
    assert.same({ { "a", { values = { 0, 1 } } }, { "b", { name = "x" } } }, list.lines)
    assert.equal('"a",(0,1)\n"b",<x>', list.text)
  end)

  it("gives an empty list where the module only says that it knows the command", function()
    assert.same({}, (call("> AT+QISTATE=?\n< OK", "supported", "at+qistate")))
    assert.same({}, (call("> AT+QISTATE=?\n< OK", "supported", "+QISTATE")))
  end)

  it("says what the module does not know, and refuses what is no name", function()
    assert.same({ nil, "error" }, { call("> AT+NO=?\n< ERROR", "supported", "NO") })
    assert.same({}, (call("> AT+" .. ("X"):rep(16) .. "=?\n< OK", "supported", ("x"):rep(16))))
    assert.same({ nil, "error", 4 },
      { call("> AT+NO=?\n< +CME ERROR: 4", "supported", "NO") })
    for _, name in ipairs { "", "X=1;", "AT", "+", "X\r", ("X"):rep(17), "-X",
      "A+B", "++X" } do
      assert.same({ nil, "invalid argument", "command", "a name of 1 to 16 letters" },
        { call("", "supported", name) })
    end
  end)
end)

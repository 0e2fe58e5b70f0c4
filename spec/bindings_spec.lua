--- What crosses between Lua and the C core: values, errors, objects.

local core = require "bc260y.core"

local function drain(x, now)
  local events = {}
  while true do
    local event = {x:next(now)}
    if event[1] == nil then return events end
    events[#events + 1] = event
  end
end

-- Writes what the exchange has to say, all at once.
local function flush(x, now)
  local out = {}
  while true do
    local bytes = x:output(now)
    if not bytes then return table.concat(out) end
    out[#out + 1] = bytes
    x:written(now, #bytes)
  end
end

describe("core.encode", function()
  it("writes the commands of the manual", function()
    assert.equal("AT", core.encode("AT"))
    assert.equal("ATE0", core.encode("ATE", 0))
    assert.equal('AT+QIOPEN=0,1,"TCP","220.180.239.212",8009,0,1',
      core.encode("QIOPEN", 1, "TCP", "220.180.239.212", 8009, 0))
    assert.equal('AT+QISEND=0,9,"{"a":"b"}"', core.encode("QISEND text", 0, '{"a":"b"}'))
    assert.equal("AT+QISEND=0,3,00FF31", core.encode("QISEND hex", 0, "\0\2551"))
    assert.equal("AT+QISEND=0,3,313233,2", core.encode("QISEND hex", 0, "123", 2))
    assert.equal("AT+QISEND=4,0", core.encode("QISEND count", 4))
  end)

  it("names what it refuses, and says what it may be", function()
    local function refused(parameter, ...)
      local text, err, name, range = core.encode(...)
      assert.is_nil(text)
      assert.equal("invalid argument", err)
      assert.equal(parameter, name)
      assert.is_string(range)
    end
    refused("connectID", "QIOPEN", 5, "TCP", "h", 1, 0)
    refused("connectID", "QIOPEN", -1, "TCP", "h", 1, 0)
    refused("connectID", "QIOPEN", 1.5, "TCP", "h", 1, 0)
    refused("connectID", "QIOPEN", 0 / 0, "TCP", "h", 1, 0)
    refused("connectID", "QIOPEN", 1e300, "TCP", "h", 1, 0)
    refused("service_type", "QIOPEN", 1, "SCTP", "h", 1, 0)
    refused("host", "QIOPEN", 1, "TCP", "", 1, 0)
    refused("host", "QIOPEN", 1, "TCP", ("h"):rep(151), 1, 0)
    refused("remote_port", "QIOPEN", 1, "TCP", "h", 0, 0)
    refused("remote_port", "QIOPEN", 1, "TCP", "h", 65536, 0)
    refused("local_port", "QIOPEN", 1, "TCP", "h", 1, 65536)
    for _, bad in ipairs{'a"b', "a\rb", "a\nb", "a\0b", "a\26b", "a\127b"} do
      refused("host", "QIOPEN", 1, "TCP", bad, 1, 0)
    end
    for _, bad in ipairs{"", "a\rb", "a\0b", "a\127b", "a\200b", ("x"):rep(1025)} do
      refused("data", "QISEND text", 1, bad)
    end
    refused("data", "QISEND hex", 1, ("x"):rep(513))
  end)

  it("raises on wrong types, unknown names and too many arguments", function()
    for _, arguments in ipairs{
      {"NOSUCH"}, {}, {"ATE"}, {"ATE", "0"}, {"ATE", {}}, {"ATE", true}, {"AT", 1},
      {"QIOPEN", 1, 2, "h", 80, 0, 7}, {"QISEND text", 1, {}}, {"QIOPEN", 1, "TCP", nil, 80, 0},
    } do
      assert.has_error(function()
        core.encode(arguments[1], arguments[2], arguments[3], arguments[4], arguments[5],
          arguments[6], arguments[7])
      end)
    end
  end)

  it("writes the longest text and the longest hex", function()
    local text = ("~"):rep(1024)
    assert.equal('AT+QISEND=4,1024,"' .. text .. '",2', core.encode("QISEND text", 4, text, 2))
    assert.equal("AT+QISEND=4,512," .. ("FF"):rep(512),
      core.encode("QISEND hex", 4, ("\255"):rep(512)))
  end)
end)

describe("core.decode", function()
  it("gives one value for each field, nil for what was left out", function()
    assert.same({22, 0}, {core.decode("+CSQ", "+CSQ: 22,0")})
    local n, stat, tac, ci, act, kind, cause, active, periodic = core.decode("+CEREG",
      '+CEREG: 5,1,"4C10","084958B4",9,,,"00100101","00111000"')
    assert.same({5, 1, "4C10", "084958B4", 9}, {n, stat, tac, ci, act})
    assert.is_nil(kind)
    assert.is_nil(cause)
    assert.same({"00100101", "00111000"}, {active, periodic})
    assert.same({4294967295, 0, 4294967295},
      {core.decode("+QISEND", "+QISEND: 4294967295,0,4294967295")})
  end)

  it("gives whole numbers that print as such", function()
    assert.equal("22", tostring((core.decode("+CSQ", "+CSQ: 22,0"))))
    assert.equal("4294967295",
      ("%.0f"):format((core.decode("+QISEND", "+QISEND: 4294967295,0,0"))))
  end)

  it("names the field that is malformed", function()
    assert.same({n = 3, nil, "malformed", "ber"},
      (function(...) return {n = select("#", ...), ...} end)(core.decode("+CSQ", "+CSQ: 22,x")))
    for _, line in ipairs{"", "+CSQ", "+CSQ: ", "+CSQ: 22", "+CSQ: 22,0,1", "+CSQX: 22,0",
      "+CSQ: 22,", '+CSQ: "22",0', "+CSQ: 4294967297,0", "+CSQ: 22,0\0"} do
      local value, err = core.decode("+CSQ", line)
      assert.is_nil(value)
      assert.equal("malformed", err)
    end
  end)

  it("raises on unknown names and on what is no line", function()
    assert.has_error(function() core.decode("NOSUCH", "+CSQ: 1,2") end)
    assert.has_error(function() core.decode("+CSQ") end)
    assert.has_error(function() core.decode("+CSQ", {}) end)
  end)
end)

describe("core.errors", function()
  it("has the manual's words for 550 to 574", function()
    for code = 550, 574 do assert.is_string(core.errors[code]) end
    assert.equal("Socket bind failed", core.errors[556])
    assert.is_nil(core.errors[549])
    assert.is_nil(core.errors[575])
  end)
end)

describe("the exchange", function()
  it("gives a command's lines and its result", function()
    local x = core.exchange()
    assert.is_true(x:start(0, "AT+CSQ"))
    assert.is_true(x:in_flight())
    assert.equal("AT+CSQ\r", flush(x, 0))
    assert.is_nil(x:output(0))
    x:feed(0.01, "AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\n+IP: 1.2.3.4\r\n\r\nOK\r\n")
    local events = drain(x, 0.01)
    assert.same({"info", "+CSQ: 20,0"}, events[1])
    assert.same({"urc", "+IP: 1.2.3.4"}, events[2])
    assert.equal("result", events[3][1])
    assert.equal("ok", events[3][2])
    assert.is_nil(events[3][3])
    assert.is_false(events[3][4])
    assert.equal(3, #events)
    assert.is_false(x:in_flight())
    assert.is_nil(x:deadline())
  end)

  it("gives an error's number", function()
    for line, number in pairs{["+CME ERROR: 10"] = 10, ["+CMS ERROR: 304"] = 304} do
      local x = core.exchange()
      x:start(0, "AT+CPIN?")
      flush(x, 0)
      x:feed(0, "\r\n" .. line .. "\r\n")
      local kind, status, code = x:next(0)
      assert.same({"result", "error", number}, {kind, status, code})
    end
  end)

  it("fences with what no late answer can look like", function()
    for late, fence in pairs{["AT+CSQ"] = "AT+CGSN=1\r", ["AT+CSQX"] = "AT+CSQ\r",
      ["AT+CS"] = "AT+CSQ\r", ["AT+CGSN=0"] = "AT+CSQ\r"} do
      local x = core.exchange()
      x:start(0, late, nil, 1)
      flush(x, 0)
      assert.equal("result", (x:next(1)))
      x:start(1, "AT")
      assert.equal(fence, flush(x, 1))
    end
  end)

  it("passes its deadline at the time it names, in seconds", function()
    for _, start in ipairs{0, 1.001, 1234567.891, 4294967.3} do
      local x = core.exchange()
      x:start(start, "AT", nil, 0.3)
      flush(x, start)
      local deadline = x:deadline()
      assert.is_true(math.abs(deadline - start - 0.3) < 0.002)
      assert.is_nil((x:next(deadline - 0.002)))
      local kind, status = x:next(deadline)
      assert.same({"result", "timeout"}, {kind, status})
    end
  end)

  it("takes a time before the clock's beginning, or none, for the beginning", function()
    for _, now in ipairs{-5, -1e300, 0 / 0} do
      local x = core.exchange()
      x:start(now, "AT", nil, 0.25)
      flush(x, now)
      assert.equal(0.25, x:deadline())
      assert.is_nil((x:next(-1)))
      assert.equal("result", (x:next(0.25)))
    end
  end)

  it("takes 0 seconds as short as can be", function()
    local x = core.exchange()
    x:start(7, "AT", nil, 0)
    flush(x, 7)
    assert.equal(7.001, x:deadline())
  end)

  it("takes no time as longer than it can count", function()
    local x = core.exchange()
    x:start(0, "AT", nil, 1e10)
    flush(x, 0)
    assert.equal((2 ^ 32 - 1) / 1000, x:deadline())
    x = core.exchange()
    x:start(1e300, "AT", nil, 0.25)
    flush(x, 1e300)
    assert.equal((2 ^ 53 + 250) / 1000, x:deadline())
    assert.is_nil((x:next(1e300)))
  end)

  it("says why it refuses a command", function()
    local x = core.exchange()
    assert.same({n = 3, nil, "invalid argument", "command"},
      (function(...) return {n = select("#", ...), ...} end)(x:start(0, "hello")))
    assert.equal("invalid argument", select(2, x:start(0, "AT\r")))
    for _, text in ipairs{"AT+QISEND=0,5", 'AT+CMGS="1"', "at+cmgw=5"} do
      assert.equal("invalid argument", select(2, x:start(0, text)))
    end
    assert.equal("too long", select(2, x:start(0, "AT+" .. ("X"):rep(2000))))
    assert.is_true(x:start(0, "AT"))
    assert.equal("busy", select(2, x:start(0, "AT")))
    assert.is_true(x:cancel())
    assert.is_false(x:cancel())
    assert.is_true(x:start(0, "AT"))
    flush(x, 0)
    assert.is_false(x:cancel())
  end)

  it("gives payloads decoded, and counts them", function()
    local x = core.exchange()
    x:feed(0, '\r\n+QIURC: "recv",3,4,54657374\r\n')
    assert.same({{"payload", 3, "Test"}}, drain(x, 0))
    local stats = x:stats()
    assert.equal(1, stats.payloads)
    assert.equal(4, stats.payload_bytes)
    assert.equal(0, stats.torn)
  end)

  it("reports a reset and a line that is too long", function()
    local x = core.exchange(2112)
    x:feed(0, ("x"):rep(5000) .. "\r\n\r\nRDY\r\n")
    local events = drain(x, 0)
    assert.same({"overflow", 5000}, events[1])
    assert.same({"reset"}, events[2])
  end)

  it("takes for torn what is left of a payload's header, unless it was asked for", function()
    for _, line in ipairs{'recv",1,', 'cv: "recv",1,4,abcd', "x recv,1,4,x"} do
      local x = core.exchange()
      x:feed(0, "\r\n" .. line .. "\r\n")
      assert.same({{"torn", line}}, drain(x, 0))
    end
    local echo = 'AT+QISEND=0,10,"recv,1,2,ab"'
    local x = core.exchange()
    x:start(0, echo)
    flush(x, 0)
    x:feed(0, echo .. "\r\r\nOK\r\n\r\nSEND OK\r\n")
    local kind, status = x:next(0)
    assert.same({"result", "ok"}, {kind, status})
    x = core.exchange()
    x:start(0, "AT+QCFG=?")
    flush(x, 0)
    x:feed(0, '\r\n+QCFG: "recv",1,2,3\r\n\r\nOK\r\n')
    assert.same({"info", '+QCFG: "recv",1,2,3'}, {x:next(0)})
    assert.equal("result", (x:next(0)))
  end)

  it("awaits an OK behind the last address no longer than for any answer", function()
    local x = core.exchange()
    x:start(0, 'AT+QIDNSGIP=0,"h"')
    flush(x, 0)
    assert.equal(5, x:deadline())
    x:feed(4.9, '\r\n+QIDNSGIP: 0,1,60\r\n\r\n+QIDNSGIP: "1.2.3.4"\r\n')
    assert.equal(2, #drain(x, 4.9))
    assert.equal(5, x:deadline())
    local kind, status, _, doubtful = x:next(5)
    assert.same({"result", "ok", false}, {kind, status, doubtful})
  end)

  it("raises when it is fed before the last string is drained", function()
    local x = core.exchange()
    x:feed(0, "\r\n+IP: 1.2.3.4\r\n")
    assert.has_error(function() x:feed(0, "x") end)
    assert.same({{"urc", "+IP: 1.2.3.4"}}, drain(x, 0))
    x:feed(0, "")
    x:feed(0, "")
  end)

  it("takes a string larger than its buffer", function()
    local x = core.exchange(2112)
    x:feed(0, ('\r\n+QIURC: "recv",0,3,abc\r\n'):rep(2000))
    local events = drain(x, 0)
    assert.equal(2000, #events)
    assert.same({"payload", 0, "abc"}, events[2000])
  end)

  it("settles what is owed by kind, and raises on other kinds", function()
    local x = core.exchange()
    x:settle("send")
    x:settle("close")
    x:settle("open", 4)
    assert.is_false((pcall(x.settle, x, "dns"))) -- nothing can settle that
    assert.has_error(function() x:settle("open") end)
    assert.has_error(function() x:settle("open", 5) end)
    assert.has_error(function() x:settle("open", -1) end)
    assert.has_error(function() x:settle("sent") end)
  end)

  it("raises on wrong types", function()
    local x = core.exchange()
    assert.has_error(function() x:start("AT") end)
    assert.has_error(function() x:start(0) end)
    assert.has_error(function() x:start(0, "AT", {}) end)
    assert.has_error(function() x:start(0, "AT", nil, "soon") end)
    assert.has_error(function() x:feed("x") end)
    assert.has_error(function() x:next() end)
    assert.has_error(function() x:output() end)
    assert.has_error(function() x:written(0, -1) end)
    assert.has_error(function() x.next(core.framer(), 0) end)
    assert.has_error(function() core.exchange(100) end)
    assert.is_false(x:in_flight())
  end)
end)

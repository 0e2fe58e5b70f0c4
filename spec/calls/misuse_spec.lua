-- What a program gets wrong in a typed call raises where it called, and says what is wrong.

local bc260y = require "bc260y"
local raised = require "spec.support.raised"
local script = require "spec.support.port"

describe("A typed call that is misused", function()
  it("raises where it was called, before anything is sent", function()
    local modem = bc260y.open { port = script.port {} }
    local day = { year = 2024, month = 1, day = 1, hour = 0, min = 0 }
    for want, fn in pairs {
      ["host: string expected, got nil"] = function() local _ = modem:ping() end,
      ["no option is called number"] = function() local _ = modem:ping("a", { number = 1 }) end,
      ["count: number expected, got string"] =
        function() local _ = modem:ping("a", { count = "1" }) end,
      ["limit: seconds expected"] = function() local _ = modem:ping("a", { limit = -1 }) end,
      ["server: string expected, got number"] = function() local _ = modem:ntp(5) end,
      ["set: boolean expected, got number"] = function() local _ = modem:ntp("a", { set = 1 }) end,
      ["timeout: seconds expected"] = function() local _ = modem:ntp("a", { timeout = -1 }) end,
      ["no option is called wait"] = function() local _ = modem:resolve("a", { wait = 1 }) end,
      ["no option is called whence"] =
        function() local _ = modem:data_format("hex", "hex", { whence = 1 }) end,
      ["recv: string expected, got number"] = function() local _ = modem:data_format("hex", 1) end,
      ["name: string expected, got nil"] = function() local _ = modem:resolve() end,
      ["primary: string expected, got number"] = function() local _ = modem:dns(1) end,
      ["primary: string expected, got nil"] = function() local _ = modem:dns(nil, "::") end,
      ["secondary: string expected, got number"] = function() local _ = modem:dns("::", 1) end,
      ["time: table expected, got string"] = function() local _ = modem:clock("now") end,
      ["sec: number expected, got nil"] = function() local _ = modem:clock(day) end,
      ["zone_quarters: number expected, got string"] = function()
        local _ = modem:clock { year = 2024, month = 1, day = 1, hour = 0, min = 0, sec = 0,
          zone_quarters = "0" }
      end,
      ["no option is called when"] = function() local _ = modem:clock(1702515673, { when = 1 }) end,
      ["no option is called a"] = function() local _ = modem:report_registration(1, { a = 1 }) end,
      ["no option is called b"] = function() local _ = modem:report_connection(1, { b = 1 }) end,
      ["no option is called c"] = function() local _ = modem:operator("auto", { c = 1 }) end,
      ["no option is called d"] = function() local _ = modem:bands({}, { d = 1 }) end,
      ["no option is called e"] = function() local _ = modem:dns("::", "::1", { e = 1 }) end,
      ["no option is called f"] = function() local _ = modem:supported("QIOPEN", { f = 1 }) end,
      ["no option is called how"] = function() local _ = modem:functionality(1, { how = 1 }) end,
      ["no option is called month"] = function() local _ = modem:clock { month = 1 } end,
      ["n: number expected, got nil"] = function() local _ = modem:report_registration() end,
      ["n: number expected, got string"] = function() local _ = modem:report_connection("1") end,
      ["operator: string expected, got number"] = function() local _ = modem:operator(46008) end,
      ["bands: table expected, got number"] = function() local _ = modem:bands(5) end,
      ["bands[1]: number expected, got nil"] = function() local _ = modem:bands { timeout = 1 } end,
      ["fun: number expected, got string"] = function() local _ = modem:functionality("1") end,
      ["rate: number expected, got string"] = function() local _ = modem:baud("9600") end,
      ["n: number expected, got boolean"] = function() local _ = modem:error_reports(true) end,
      ["options: table expected, got number"] = function() local _ = modem:cell(3) end,
      ["no option is called timout"] = function() local _ = modem:sim { timout = 1 } end,
      ["timeout: number expected, got string"] =
        function() local _ = modem:battery { timeout = "1" } end,
      ["send: string expected, got number"] = function() local _ = modem:data_format(1, 1) end,
      ["send and recv: both or none"] = function() local _ = modem:data_format("hex") end,
      ["command: string expected, got nil"] = function() local _ = modem:supported() end,
      ["id and context: one or none"] =
        function() local _ = modem:sockets { id = 0, context = 0 } end,
      ["context: number expected, got string"] =
        function() local _ = modem:sockets { context = "0" } end,
    } do
      assert.equal(want, raised(fn))
    end
    modem:close()
  end)

  it("says so when the port is gone, as every call does", function()
    local modem = bc260y.open { port = script.port {} }
    modem.address = "10.0.0.1"
    modem:close()
    for _, given in ipairs { { "identity" }, { "signal" }, { "cell" }, { "registration" },
      { "report_registration", 1 }, { "addresses" }, { "attached" }, { "connected" },
      { "report_connection", 1 }, { "operator" }, { "operator", "auto" }, { "bands" },
      { "bands", {} }, { "battery" }, { "sim" }, { "functionality" }, { "functionality", 1 },
      { "baud" }, { "baud", 9600 }, { "error_reports" }, { "error_reports", 1 }, { "clock" },
      { "clock", 1702515673 }, { "dns" }, { "dns", "1.1.1.1" }, { "resolve", "a" },
      { "ping", "a" }, { "ntp", "a" }, { "sockets" }, { "data_format" },
      { "supported", "QIOPEN" } } do
      local result, err = modem[given[1]](modem, given[2])
      assert.same({ nil, "closed" }, { result, err }, given[1])
    end
  end)
end)

describe("modem:command", function()
  it("says what of its arguments is refused, and what it may be", function()
    local modem = bc260y.open { port = script.port {} }
    local command = "one command that begins with AT, without control bytes, ;, ATV0 and AT+CMGS"
    for _, text in ipairs { "", "CSQ", "AT+A;+B", "AT\r", "ATV0", "AT+CMGS=1", "AT+QISEND=5,1" } do
      assert.same({ nil, "invalid argument", "command", command }, { modem:command(text) })
    end
    local data = "as many bytes as the command says, for one that prompts alone"
    for _, given in ipairs { { "AT+QISEND=0,5" }, { "AT+QISEND=0,5", "abcd" },
      { "AT+CSQ", "a" } } do
      assert.same({ nil, "invalid argument", "data", data },
        { modem:command(given[1], { data = given[2] }) })
    end
    assert.same({ nil, "invalid argument", "prefix", "at most 24 bytes" },
      { modem:command("AT+CSQ", { prefix = ("+"):rep(25) }) })
    modem:close()
  end)
end)

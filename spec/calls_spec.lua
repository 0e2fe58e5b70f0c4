local bc260y = require "bc260y"
local script = require "spec.support.port"

local unpack = table.unpack or unpack

-- What the call gives on a module that plays this.
local function call(text, name, ...)
  local port = script.port { text = text }
  local modem = bc260y.open { port = port }
  modem.address = "10.0.0.1"
  local results = { modem[name](modem, ...) }
  assert.is_nil(port:left())
  modem:close()
  return unpack(results, 1, 4)
end

describe("a typed call", function()
  it("addresses lists the contexts that have one", function()
    assert.same({ { cid = 5, address = "10.177.135.245", address2 = "36.14.1.0" } },
      (call('> AT+CGPADDR\n< +CGPADDR: 1\n< +CGPADDR: 5,"10.177.135.245","36.14.1.0"\n< OK',
        "addresses")))
    assert.same({}, (call("> AT+CGPADDR\n< OK", "addresses")))
  end)

  it("resolve gives the addresses, or the module's reason", function()
    local ask = '> AT+QIDNSGIP=0,"hf.quectel.com"\n'
    assert.same({ "220.180.239.212" }, (call(ask
      .. "< OK\n~ 1\n< +QIDNSGIP: 0,1,0\n< +QIDNSGIP: 220.180.239.212\n", "resolve",
      "hf.quectel.com")))
    assert.same({ "1.2.3.4", "5.6.7.8" }, (call(ask
      .. '< OK\n< +QIDNSGIP: 0,2,0\n< +QIDNSGIP: "1.2.3.4"\n< +QIDNSGIP: "5.6.7.8"\n', "resolve",
      "hf.quectel.com")))
    assert.same({ nil, "DNS parse failed", 565 },
      { call(ask .. "< OK\n< +QIDNSGIP: 565\n", "resolve", "hf.quectel.com") })
    assert.same({ nil, "timeout" }, { call(ask .. "< OK\n", "resolve", "hf.quectel.com") })
    assert.same({ nil, "timeout" },
      { call(ask .. "< OK\n", "resolve", "hf.quectel.com", { timeout = 1 }) })
  end)

  it("resolve refuses a name before a byte is sent, and needs an address", function()
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

  it("sockets lists what is open, whose ever it is", function()
    local line = '+QISTATE: 2,"UDP","hf.quectel.com",8008,0,2,0,1'
    local socket = {
      id = 2, service = "UDP", host = "hf.quectel.com", remote_port = 8008, local_port = 0,
      state = 2, state_name = "connected", context = 0, access_mode = 1,
    }
    assert.same({ socket }, (call("> AT+QISTATE?\n< " .. line .. "\n< OK", "sockets")))
    assert.same({ socket },
      (call("> AT+QISTATE=1,2\n< " .. line .. "\n< OK", "sockets", { id = 2 })))
    assert.same({}, (call("> AT+QISTATE=0,0\n< OK", "sockets", { context = 0 })))
    assert.same({ nil, "invalid argument", "connectID", "0 to 4" },
      { call("", "sockets", { id = 5 }) })
    assert.same({ nil, "invalid argument", "contextID", "0 to 0" },
      { call("", "sockets", { context = 1 }) })
  end)

  it("data_format asks, and writes only what differs", function()
    local ask = '> AT+QICFG="dataformat"\n< +QICFG: "dataformat",0,1\n< OK\n'
    assert.same({ send = "text", recv = "hex" }, (call(ask, "data_format")))
    assert.same({ send = "text", recv = "hex" }, (call(ask, "data_format", "text", "hex")))
    assert.same({ send = "hex", recv = "hex" }, (call(ask
      .. '> AT+QICFG="dataformat",1,1\n< OK', "data_format", "hex", "hex")))
    assert.same({ nil, "error", 50 }, { call(ask
      .. '> AT+QICFG="dataformat",1,0\n< +CME ERROR: 50', "data_format", "hex", "text") })
    assert.same({ nil, "invalid argument", "send" }, { call("", "data_format", "raw", "hex") })
    assert.is_false((pcall(call, "", "data_format", "hex")))
  end)

  it("gives the manual's words for its error codes", function()
    assert.equal("Socket bind failed", bc260y.errors[556])
    assert.equal("Unknown error", bc260y.errors[550])
    assert.equal("Port busy", bc260y.errors[574])
    assert.is_nil(bc260y.errors[549])
  end)
end)

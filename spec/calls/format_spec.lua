local bc260y = require "bc260y"
local call = require "spec.support.call"
local script = require "spec.support.port"

local QUESTION = '> AT+QICFG="dataformat"\n< +QICFG: '

describe("modem:data_format", function()
  it("asks, and writes only what differs", function()
    local ask = QUESTION .. '"dataformat",0,1\n< OK\n'
    assert.same({ send = "text", recv = "hex" }, (call(ask, "data_format")))
    assert.same({ send = "text", recv = "hex" }, (call(ask, "data_format", "text", "hex")))
    assert.same({ send = "hex", recv = "hex" }, (call(ask
      .. '> AT+QICFG="dataformat",1,1\n< OK', "data_format", "hex", "hex")))
    assert.same({ nil, "error", 50 }, { call(ask
      .. '> AT+QICFG="dataformat",1,0\n< +CME ERROR: 50', "data_format", "hex", "text") })
  end)

  it("says how sockets send from then on; data mode is for text alone", function()
    for format, value in pairs { text = 0, hex = 1 } do
      local text = ('%s"dataformat",%d,%d\n< OK\n'):format(QUESTION, value, value)
      for _, before in ipairs { "text", "hex", "raw" } do
        local modem = bc260y.open { port = script.port { text = text .. text } }
        modem.send_format = before
        modem:data_format()
        assert.equal(before, modem.send_format)
        modem:data_format(format, format)
        local stays = before == "raw" and format == "text"
        assert.equal(stays and "raw" or format, modem.send_format)
        modem:close()
      end
    end
  end)

  it("is an error where the answer is none", function()
    for _, said in ipairs { "", '"dataformat"', '"dataformat",0', '"dataformat",0,2',
      '"dataformat",,1', '"dataformat",-1,1', '"dataformat",x,1', '"dataformat",0,1,1', "0,1",
      '"dsevent",1', '"dsevent",1,1' } do
      assert.same({ nil, "error" }, { call(QUESTION .. said .. "\n< OK", "data_format") }, said)
    end
  end)

  it("refuses what is no format before a byte is sent", function()
    assert.same({ nil, "invalid argument", "send_data_format", "text or hex" },
      { call("", "data_format", "raw", "hex") })
    assert.same({ nil, "invalid argument", "recv_data_format", "text or hex" },
      { call("", "data_format", "hex", "") })
    for _, given in ipairs { { "hex" }, { nil, "hex" }, { 1, 1 }, { "hex", 0 } } do
      assert.is_false((pcall(call, "", "data_format", given[1], given[2])))
    end
  end)
end)

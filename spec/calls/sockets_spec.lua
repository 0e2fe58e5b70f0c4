local call = require "spec.support.call"

local function sockets(line)
  return call("> AT+QISTATE?\n< " .. line .. "\n< OK", "sockets")
end

describe("modem:sockets", function()
  it("lists what is open, whose ever it is", function()
    local line = '+QISTATE: 2,"UDP","hf.quectel.com",8008,0,2,0,1'
    local socket = {
      id = 2, service = "UDP", host = "hf.quectel.com", remote_port = 8008, local_port = 0,
      state = 2, state_name = "connected", context = 0, access_mode = 1,
    }
    assert.same({ socket }, (sockets(line)))
    assert.same({ socket },
      (call("> AT+QISTATE=1,2\n< " .. line .. "\n< OK", "sockets", { id = 2 })))
    assert.same({}, (call("> AT+QISTATE?\n< OK", "sockets", { timeout = 5 })))
    assert.same({}, (call("> AT+QISTATE=0,0\n< OK", "sockets", { context = 0 })))
    assert.same({ nil, "error" }, { call("> AT+QISTATE=1,0\n< ERROR", "sockets", { id = 0 }) })
  end)

  it("names every state", function()
    for state, name in pairs { [0] = "initial", "connecting", "connected", "closing",
      "remote closing" } do
      local list = sockets('+QISTATE: 0,"TCP","a",1,1,' .. state .. ",0,1")
      assert.same({ state, name }, { list[1].state, list[1].state_name })
    end
  end)

  it("is an error where a line is no socket", function()
    local fields = { "0", '"TCP"', '"a"', "80", "81", "2", "0", "1" }
    local function list_with(place, text, text2)
      local copy = {}
      for i, field in ipairs(fields) do
        if i == place then field = text end
        copy[#copy + 1] = field
        if i == place then copy[#copy + 1] = text2 end
      end
      return { sockets("+QISTATE: " .. table.concat(copy, ",")) }
    end
    assert.equal(1, #list_with(1, "4")[1])
    for place = 1, #fields do
      assert.same({ nil, "error" }, list_with(place, nil), place)
      assert.same({ nil, "error" }, list_with(place, fields[place], fields[place]), place)
    end
    for _, place in ipairs { 1, 4, 5, 6, 7, 8 } do
      for _, text in ipairs { "", "x", "-1", "65536", "4294967296" } do
        assert.same({ nil, "error" }, list_with(place, text), place .. text)
      end
    end
  end)

  it("is an error where a socket is another than was asked for, or told twice", function()
    local mine, other = '+QISTATE: 0,"TCP","a",80,0,2,0,1', '+QISTATE: 1,"UDP","b",80,0,2,0,1'
    local both = { nil, "error" }
    assert.equal(2, #sockets(mine .. "\n< " .. other))
    assert.same(both, { sockets(mine .. "\n< " .. mine) })
    for _, lines in ipairs { other, mine .. "\n< " .. other } do
      assert.same(both, { call("> AT+QISTATE=1,0\n< " .. lines .. "\n< OK", "sockets",
        { id = 0 }) })
    end
    assert.same(both, { call('> AT+QISTATE=0,0\n< +QISTATE: 0,"TCP","a",80,0,2,1,1\n< OK',
      "sockets", { context = 0 }) })
  end)

  it("is an error where the service is neither TCP nor UDP", function()
    for _, service in ipairs { "XYZ", "tcp", "TC", "1", "" } do
      assert.same({ nil, "error" },
        { sockets('+QISTATE: 0,"' .. service .. '","a",80,0,2,0,1') }, service)
    end
  end)

  it("refuses what is out of its range before a byte is sent", function()
    for _, id in ipairs { -1, 5, 0.5, 0/0 } do
      assert.same({ nil, "invalid argument", "connectID", "0 to 4" },
        { call("", "sockets", { id = id }) })
    end
    for _, context in ipairs { -1, 1, 11, 0.5 } do
      assert.same({ nil, "invalid argument", "contextID", "0 to 0" },
        { call("", "sockets", { context = context }) })
    end
  end)
end)

-- modem:data_format("hex", "hex") in data mode left the sockets sending bytes as they are:
-- what a module does with those under that setting is not known, and each send with rai,
-- which goes as text, was refused.

local bc260y = require "bc260y"
local new_rig = require("spec.support.rig").new

local BINARY = "\0\1\255\r\nOK\r\n"

describe("a format that is set in data mode", function()
  local bench, modem, socket

  before_each(function()
    bench = new_rig { profile = "R02" }
    bench.net:listen("TCP", "1.2.3.4", 80)
    modem = assert(bc260y.open { port = bench.port })
    assert(modem:attach())
    assert.equal("raw", modem.send_format)
    socket = modem:tcp()
    socket:settimeout(30)
    assert.equal(1, socket:connect("1.2.3.4", 80))
  end)

  after_each(function() modem:close() end)

  it("is the one that the sockets send in from then on, with rai as well", function()
    assert.same({ send = "hex", recv = "hex" }, modem:data_format("hex", "hex"))
    assert.equal(3, socket:send("abc"))
    assert.equal(#BINARY, socket:send(BINARY, 1, -1, { rai = 1 }))
    modem:wait("nothing", 5)
    assert.equal("abc" .. BINARY, bench.net.peers[1]:text())
  end)

  it("leaves data mode where that can stay", function()
    assert.same({ send = "text", recv = "text" }, modem:data_format("text", "text"))
    assert.equal("raw", modem.send_format)
    assert.same({ send = "text", recv = "hex" }, modem:data_format("text", "hex"))
    assert.equal(#BINARY, socket:send(BINARY))
    modem:wait("nothing", 5)
    assert.equal(BINARY, bench.net.peers[1]:text())
  end)

  it("is undone by attach", function()
    assert(modem:data_format("hex", "hex"))
    assert(modem:attach())
    assert.equal("raw", modem.send_format)
    assert.equal(#BINARY, socket:send(BINARY))
    modem:wait("nothing", 5)
    assert.equal(BINARY, bench.net.peers[1]:text())
  end)
end)

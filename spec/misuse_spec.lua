-- What a program gets wrong raises where it called, and says what is wrong.

local bc260y = require "bc260y"
local raised = require "spec.support.raised"
local script = require "spec.support.port"

describe("bc260y.open", function()
  it("raises on options that it does not know, and on values that it can't take", function()
    local port = script.port {}
    for want, options in pairs {
      ["no option is called bauds"] = { port = port, bauds = 9600 },
      ["no option is called 1"] = { "/dev/ttyUSB0" },
      ["baud: whole number expected"] = { port = port, baud = 0 },
      ["baud: number expected, got string"] = { port = port, baud = "9600" },
      ["buffer: a number of bytes expected"] = { port = port, buffer = -1 },
      ["trace: function expected, got boolean"] = { port = port, trace = true },
      ["port: a device's name or a port object expected, got nil"] = {},
      ["port: an object with read, write, wait, now and close expected, has no read"] =
        { port = {} },
      ["port: an object with read, write, wait, now and close expected, has no wait"] =
        { port = io.stdout },
    } do
      assert.equal(want, raised(function() local _ = bc260y.open(options) end))
    end
    for _, baud in ipairs { -1, 1.5, 0/0, math.huge } do
      assert.equal("baud: whole number expected",
        raised(function() local _ = bc260y.open { port = port, baud = baud } end))
    end
    assert.equal("options: table expected, got nil",
      raised(function() local _ = bc260y.open() end))
  end)

  it("refuses a name with a NUL, of which the system would see one half", function()
    assert.same({ nil, "invalid argument", "port" }, { bc260y.open { port = "/dev/null\0b" } })
  end)
end)

describe("a modem without a loop", function()
  local modem, queue, socket, datagrams

  setup(function()
    modem = bc260y.open { port = script.port {} }
    queue, socket, datagrams = modem:on("urc"), modem:tcp(), modem:udp {}
  end)

  teardown(function() modem:close() end)

  local seconds = "timeout: seconds expected"
  local cases = {
    { "no option is called timout", function() local _ = modem:signal { timout = 1 } end },
    { "timeout: number expected, got string",
      function() local _ = modem:identity { timeout = "1" } end },
    { seconds, function() local _ = modem:addresses { timeout = -1 } end },
    { seconds, function() local _ = modem:registration { timeout = 0/0 } end },
    { seconds, function() local _ = modem:attach { timeout = 0/0 } end },
    { seconds, function() local _ = modem:command("AT", { timeout = -1 }) end },
    { seconds, function() local _ = modem:wait("urc", "x") end },
    { seconds, function() local _ = queue:wait("x") end },
    { seconds, function() local _ = queue:wait(0/0) end },
    { "options: table expected, got number", function() local _ = modem:signal(3) end },
    { "options: table expected, got number", function() local _ = modem:attach(3) end },
    { "options: table expected, got number", function() local _ = modem:command("AT", 3) end },
    { "no option is called foo", function() local _ = modem:command("AT", { foo = 1 }) end },
    { "id: number expected, got string", function() local _ = modem:sockets { id = "x" } end },
    { "no option is called ids", function() local _ = modem:sockets { ids = 1 } end },
    { "name: string expected, got nil", function() local _ = modem:resolve() end },
    { "send and recv: both or none", function() local _ = modem:data_format("hex") end },
    { "command: string expected, got nil", function() local _ = modem:supported() end },
    { "no option is called buf", function() local _ = modem:tcp { buf = 1 } end },
    { "buffer: a number of bytes expected", function() local _ = modem:udp { buffer = -1 } end },
    { "buffer: a number of bytes expected", function() local _ = modem:tcp { buffer = 0/0 } end },
    { "options: table expected, got number", function() local _ = modem:tcp(5) end },
    { "timeout: number expected, got NaN", function() local _ = socket:settimeout(0/0) end },
    { "size: number expected", function() local _ = datagrams:receive("*l") end },
    { "seconds: number expected", function() bc260y.sleep(0/0) end },
  }

  it("raises where it was called, before anything is sent", function()
    for i, case in ipairs(cases) do
      assert.equal(case[1] .. " " .. i, raised(case[2]) .. " " .. i)
    end
  end)

  it("takes numbers and strings for one another where LuaSocket does", function()
    assert.equal(1, socket:settimeout("1"))
    assert.equal(1, socket:settimeout("0.5", "total"))
    assert.same({ nil, "closed", 0 }, { socket:send(42) })
    assert.same({ nil, "closed" }, { datagrams:send(42, "1") })
  end)
end)

describe("modem:resolve", function()
  it("on a port that is gone or closed says so, as the others do", function()
    local port = script.port { text = script.attach("text") }
    local modem = bc260y.open { port = port, format = "text" }
    assert(modem:attach())
    port.lost = true
    assert.same({ nil, "lost" }, { modem:signal() })
    assert.same({ nil, "lost" }, { modem:resolve("a") })
    modem = bc260y.open { port = script.port {} }
    modem:close()
    assert.same({ nil, "closed" }, { modem:resolve("a") })
  end)
end)

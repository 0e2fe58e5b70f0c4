--- core.line on real descriptors, where a port is not ready, or no more.
--
-- That it does what lua/bc260y/line.lua does is shown by every spec that plays on both;
-- here is what only a descriptor can do: fill up, hang up, be closed.

local core = require "bc260y.core"
local peer = require "spec.support.peer"

local QUICK, PATIENT = 0.02, 5

describe("core.line #integration", function()
  local far, port, line

  before_each(function()
    far = peer.unix()
    port = assert(core.open(far.name))
    far:accept()
    line = core.line(port)
  end)

  after_each(function()
    port:close()
    far:close()
  end)

  local function fill_up()
    local sent = 0
    repeat
      local count = assert(port:write(("x"):rep(4096)))
      sent = sent + count
    until count == 0
    return sent
  end

  local function events_until_nil(event)
    local events = {}
    while event do
      events[#events + 1] = event
      if event == "lost" then break end
      event = line:next()
    end
    return events
  end

  it("waits until there is something to read, or the time has passed", function()
    assert.is_false(line:wait(0))
    assert.is_false(line:wait(QUICK))
    far:write("\r\nRDY\r\n")
    assert.is_true(line:wait(PATIENT))
    assert.is_true(line:wait())
    assert.equal("reset", (line:turn(true)))
    assert.is_false(line:wait(0))
  end)

  it("waits no longer than a command may take", function()
    assert.is_true(line:start("AT", nil, QUICK))
    assert.is_false(line:wait(-1))
    assert.equal(0, (line:due()))
    assert.is_false(line:wait(PATIENT))
    local kind, status = line:turn(false)
    assert.same({"result", "timeout"}, {kind, status})
  end)

  it("gives what it read before it says that the port is lost", function()
    far:write("\r\n+IP: 10.0.0.1\r\n")
    far:close()
    assert.same({"urc", "+IP: 10.0.0.1"}, {line:step(PATIENT)})
    assert.is_nil(line:next())
    line:wait(PATIENT)
    assert.equal("lost", line:turn(true))
    assert.equal("lost", line:turn(true))
    assert.equal("lost", line:next())
    assert.is_nil(line:wait(0))
    assert.same({0, false}, {line:due()})
  end)

  it("starts a command on a port that is gone: the next event says so", function()
    far:close()
    assert.is_true(line:start("AT"))
    assert.equal("lost", line:next())
    assert.same({0, false}, {line:due()})
  end)

  it("gives a result although the port takes nothing more, and then says so", function()
    assert.is_true(line:start("AT+QISEND=0,4", "data"))
    far:read(#"AT+QISEND=0,4\r")
    far:write('\r\n> \r\n+QIURC: "recv",1,x\r\n')
    far:close()
    assert.equal("torn", (line:step(PATIENT)))
    local kind, status, _, _, last = line:next()
    assert.same({"result", "no prompt", nil}, {kind, status, last})
    assert.equal("lost", line:next())
  end)

  it("asks for room while the port takes nothing, and goes on when it does", function()
    local sent = fill_up()
    assert.is_true(line:start("AT+CSQ"))
    assert.same({false, true}, {(select(1, line:due())) == nil, select(2, line:due())})
    assert.is_false(line:wait(0))
    assert.is_nil(line:turn(false))
    far:read(sent)
    assert.is_true(line:wait(PATIENT))
    assert.is_nil(line:turn(false))
    assert.equal("AT+CSQ\r", far:read(7))
    assert.is_false((select(2, line:due())))
    far:write("\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
    assert.same({"info", "+CSQ: 20,0"}, {line:step(PATIENT)})
    local kind, status, _, _, last = line:next()
    assert.same({"result", "ok", true}, {kind, status, last})
  end)

  it("asks for no room once it is lost", function()
    fill_up()
    assert.is_true(line:start("AT"))
    assert.is_true((select(2, line:due())))
    far:close()
    assert.equal("lost", line:turn(true))
    assert.same({0, false}, {line:due()})
  end)

  it("reads on while reads are full, and no further", function()
    local lines, text = 4096 / 64, "\r\n+IP: " .. ("7"):rep(55) .. "\r\n"
    for _, behind in ipairs{0, 1, 40} do
      far:write(text:rep(lines + behind))
      local events = events_until_nil((line:step(PATIENT)))
      assert.equal(lines + behind, #events)
    end
    far:write(text:rep(lines))
    far:close()
    local events = events_until_nil((line:step(PATIENT)))
    assert.equal(lines + 1, #events)
    assert.equal("lost", events[lines + 1])
  end)

  it("lets others have their turn while a module never stops talking", function()
    local text = ("\r\n+IP: " .. ("7"):rep(55) .. "\r\n"):rep(64)
    for _ = 1, 12 do far:write(text) end
    local first = #events_until_nil((line:step(PATIENT)))
    assert.is_true(first < 12 * 64)
    assert.equal(12 * 64 - first, #events_until_nil((line:step(PATIENT))))
  end)

  it("says what can't be run, and runs the rest", function()
    assert.same({"refused", "invalid argument", "command"}, {line:run("hello")})
    local text, err = line:run("AT" .. ("+"):rep(2000))
    assert.same({"refused", "too long"}, {text, err})
    far:write("\r\nOK\r\n")
    local kind, status = line:run("AT")
    assert.same({"result", "ok"}, {kind, status})
    assert.equal("AT\r", far:read(3))
  end)

  it("has the port's descriptor and clock, and none of it after close", function()
    assert.equal(port:fd(), line:fd())
    assert.is_true(line:now() <= core.now())
    assert.is_nil(line:close())
    assert.is_nil(line:fd())
    assert.is_nil(line:wait(0))
    assert.equal("lost", line:turn(true))
    assert.same({nil, "closed"}, {port:read()})
    line:close()
  end)

  it("is given no port but those of the system", function()
    for _, other in ipairs{"/dev/null", {}, io.stdout, core.framer(), false} do
      assert.has_error(function() core.line(other) end)
    end
    assert.has_error(function() line.wait(port) end)
    assert.has_error(function() line:wait("soon") end)
    assert.has_error(function() line:step({}) end)
  end)
end)

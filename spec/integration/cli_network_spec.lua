-- The command line's questions to the network: ping, ntp, resolve and dns, as text and as
-- JSON, answered and not. Names, pings and times are real, on loopback.

local host = require "bc260y.host"
local live = require "spec.support.live"
local live_child = require "spec.support.live_child"
local live_json = require "spec.support.live_json"
local refused = require "spec.support.live_cli"
local together = require "spec.support.live_together"

local null = live_json.null

-- No part of a name has so many letters: that it does not resolve is known at once.
local NO_NAME = ("x"):rep(64) .. ".example"

local UTC = 1700000000 -- 2023-11-14 22:13:20

local function start(options)
  local given = { module = { boot = false }, names = { ["x.example"] = "127.0.0.1" } }
  for name, value in pairs(options or {}) do given[name] = value end
  return live.virtual(given)
end

-- Runs it on that port where it succeeds. Result: what it printed.
local function run(port, ...)
  local out, err, status = live.cli("--port", port, ...)
  assert.equal(0, status, err)
  assert.equal("", err)
  return out
end

-- Where this machine allows no ICMP socket the virtual module can't but lose each request.
local function can_ping()
  local fd = host.icmp()
  if fd then host.close(fd) end
  return fd ~= nil
end

-- An SNTP server (RFC 4330) in a process of its own, whose time stands still.
local function ntp_server()
  return live_child.start(([[
    local uv = require "luv"
    local udp = uv.new_udp()
    udp:bind("127.0.0.1", 0)
    local seconds = %d + 2208988800
    local stamp = ""
    for _ = 1, 4 do
      stamp = string.char(seconds %% 256) .. stamp
      seconds = math.floor(seconds / 256)
    end
    stamp = stamp .. ("\0"):rep(4)
    udp:recv_start(function(_, bytes, from)
      if not from then return end
      local answer = "\36\2\6\236" .. ("\0"):rep(8) .. "\127\0\0\1" .. stamp
        .. bytes:sub(41, 48) .. stamp .. stamp
      udp:send(answer, from.ip, from.port, function() end)
    end)
    print(udp:getsockname().port)
    io.stdout:flush()
    uv.run() ]]):format(UTC)).line
end

-- A DNS server that answers each question with 192.0.2.7 (RFC 1035, 4.1).
local function name_server()
  return live_child.start([[
    local uv = require "luv"
    local udp = uv.new_udp()
    udp:bind("127.0.0.1", 0)
    udp:recv_start(function(_, query, from)
      if not from then return end
      local answer = query:sub(1, 2) .. "\129\128\0\1\0\1\0\0\0\0" .. query:sub(13)
        .. "\192\12\0\1\0\1\0\0\0\60\0\4\192\0\2\7"
      udp:send(answer, from.ip, from.port, function() end)
    end)
    print(udp:getsockname().port)
    io.stdout:flush()
    uv.run() ]]).line
end

-- Each command that needs an address, in its shortest form.
local NEED_ADDRESS = {
  { "ping", "x.example" }, { "ntp", "x.example" }, { "resolve", "x.example" },
  { "dns", "192.0.2.1" },
}

describe("bc260y ping #integration", function()
  after_each(live.finish)

  it("prints each reply and what they add up to", function()
    local port = start().port
    local out, err, status = live.cli("--port", port, "ping", "x.example", "--count", "2",
      "--size", "64", "--wait", "1")
    if can_ping() then
      assert.equal(0, status, err)
      local reply = "request %d: 64 bytes from 127%%.0%%.0%%.1 ttl=%%d+ time=%%d+ ms\n"
      assert.matches("^" .. reply:format(1) .. reply:format(2)
        .. "2 sent, 2 received, 0 lost; min %d+ ms, avg %d+ ms, max %d+ ms\n$", out)
    else
      assert.equal(1, status)
      assert.equal("request 1: lost\nrequest 2: lost\n2 sent, 0 received, 2 lost\n", out)
    end
  end)

  it("as JSON is one object, of each request and of all", function()
    local port, ok = start().port, can_ping()
    local result = live_json.run(ok and 0 or 1, "--port", port, "ping", "127.0.0.1", "--count",
      "1", "--wait", "1")
    assert.same({ 1, ok and 1 or 0, ok and 0 or 1 }, { result.sent, result.received, result.lost })
    assert.equal(ok and "127.0.0.1" or null, result.address)
    assert.equal(ok and "number" or "table", type(result.avg))
    assert.equal(1, #result.replies)
    assert.equal(ok and 32 or null, result.replies[1].bytes)
    assert.equal(not ok and 569 or nil, result.code)
  end)

  it("ends with status 1 where nobody answers", function()
    local process = start { scripts = { { match = "QPING", second = "+QPING: 569", times = 2 } } }
    local args = { "--port", process.port, "ping", "x.example", "--count", "1", "--wait", "1" }
    local out, err, status = live.cli((table.unpack or unpack)(args))
    assert.same({ "request 1: lost\n", 1 }, { out, status })
    assert.equal("bc260y: ping x.example: Operation timeout (569)\n", err)
    local failure = live_json.failed(1, (table.unpack or unpack)(args))
    assert.same({ "Operation timeout", 569 }, { failure.error, failure.code })
    assert.is_true(failure.replies[1].lost)
  end)

  -- No socket of a process without SO_BROADCAST may send there.
  it("ends with status 1 where every request is lost", function()
    local failure = live_json.failed(1, "--port", start().port, "ping", "255.255.255.255",
      "--count", "1", "--wait", "1")
    assert.same({ "Operation timeout", 569, 1, 0, 1 },
      { failure.error, failure.code, failure.sent, failure.received, failure.lost })
    assert.equal(null, failure.min)
  end)

  it("ends with status 1 and the replies so far where the module gives it up", function()
    local port = start { scripts = { { match = "QPING", second = "+QPING: 565", times = 2 } } }.port
    local out, err, status = live.cli("--port", port, "ping", "x.example", "--count", "1",
      "--wait", "1")
    assert.same({ "request 1: lost\n", "bc260y: ping x.example: DNS parse failed (565)\n", 1 },
      { out, err, status })
    local failure = live_json.failed(1, "--port", port, "ping", "x.example", "--count", "1",
      "--wait", "1")
    assert.same({ "DNS parse failed", 565, null },
      { failure.error, failure.code, failure.received })
    assert.equal(565, failure.replies[1].code)
  end)
end)

describe("bc260y ntp #integration", function()
  after_each(live.finish)

  it("prints the time of the server", function()
    local server, process = ntp_server(), start()
    assert.equal("time.date   2023-11-15 06:13:20 +08:00\ntime.epoch  1700000000\n",
      run(process.port, "ntp", "x.example", "--server-port", server))
    local time = live_json.run(0, "--port", process.port, "ntp", "127.0.0.1", "--server-port",
      server)
    assert.same({ UTC, 2023, 32, null },
      { time.epoch, time.year, time.zone_quarters, time.clock })
  end)

  it("--set sets the module's clock, and prints that too", function()
    local server, process = ntp_server(), start()
    local out = run(process.port, "ntp", "x.example", "--set", "--server-port", server)
    assert.matches("\nclock%.date +2023%-11%-15 06:1%d:%d%d %+08:00\nclock%.epoch +17000000%d%d\n$",
      out)
    local time = live_json.run(0, "--port", process.port, "ntp", "x.example", "--set",
      "--server-port", server)
    assert.equal(UTC, time.epoch)
    assert.is_true(time.clock.epoch - UTC >= 0 and time.clock.epoch - UTC < 60)
  end)

  it("ends with status 1 where no server answers", function()
    local server = ntp_server()
    local port = start { scripts = { { match = "QNTP", second = "+QNTP: 569", times = 2 } } }.port
    refused(1, "^bc260y: ntp x.example: Operation timeout %(569%)", "--port", port, "ntp",
      "x.example", "--server-port", server)
    local failure = live_json.failed(1, "--port", port, "ntp", "x.example", "--server-port",
      server)
    assert.same({ "Operation timeout", 569 }, { failure.error, failure.code })
  end)
end)

describe("bc260y resolve #integration", function()
  after_each(live.finish)

  it("prints the addresses of a name", function()
    local port = start().port
    assert.equal("127.0.0.1\n", run(port, "resolve", "x.example"))
    assert.equal('{"addresses":["127.0.0.1"],"name":"x.example"}\n',
      run(port, "--json", "resolve", "x.example"))
  end)

  it("asks the name server that the virtual module was given", function()
    local path = os.tmpname()
    os.remove(path)
    local out, err = live.shell(("bin/bc260y virtual --unix %s --name-server 127.0.0.1:%s"
      .. " --lifetime 30 >/dev/null & until [ -S %s ]; do sleep 0.1; done;"
      .. " timeout 30 bin/bc260y --port unix:%s resolve server.example; kill $!")
      :format(path, name_server(), path, path))
    assert.equal("192.0.2.7\n", out, err)
  end)

  it("ends with status 1 where there is no such name", function()
    local port = start().port
    refused(1, "^bc260y: resolve x+%.example: DNS parse failed %(565%)", "--port", port,
      "resolve", NO_NAME)
    local failure = live_json.failed(1, "--port", port, "resolve", NO_NAME)
    assert.same({ "DNS parse failed", 565, NO_NAME },
      { failure.error, failure.code, failure.name })
    assert.same({}, failure.addresses)
  end)
end)

describe("bc260y dns #integration", function()
  after_each(live.finish)

  it("prints the servers, and sets one or two", function()
    local port = start().port
    assert.equal("primary     218.2.2.2\nsecondary   218.4.4.4\nprimary6    -\nsecondary6  -\n",
      run(port, "dns"))
    assert.equal('{"primary":"192.0.2.1","primary6":null,"secondary":"218.4.4.4",'
      .. '"secondary6":null}\n', run(port, "--json", "dns", "192.0.2.1"))
    assert.matches("^primary     192%.0%.2%.2\nsecondary   192%.0%.2%.3\n",
      run(port, "dns", "192.0.2.2", "192.0.2.3"))
  end)

  it("asks also where the module has no address", function()
    local port = live.virtual { module = { timing = { found = 3600 } } }.port
    assert.equal("table", type(live_json.run(0, "--port", port, "dns")))
  end)

  it("ends with status 1 where the module refuses a server", function()
    local port = start { scripts = { { match = "QIDNSCFG=0,", answer = 552, times = 2 } } }.port
    refused(1, "^bc260y: dns: [^\n]+ %(552%)", "--port", port, "dns", "192.0.2.1")
    assert.equal(552, live_json.failed(1, "--port", port, "dns", "192.0.2.1").code)
  end)
end)

describe("What needs an address #integration", function()
  after_each(live.finish)

  it("waits, says so where that takes long, and in the end for what it waited", function()
    local commands = {}
    for i, command in ipairs(NEED_ADDRESS) do
      local port = live.virtual { module = { timing = { ip = 3600 } } }.port
      commands[i] = ("bin/bc260y --json --timeout 2.2 --port %s %s"):format(port,
        table.concat(command, " "))
    end
    for _, result in ipairs(together(commands)) do
      assert.equal(4, result.status)
      assert.matches("^bc260y: waiting for the network, %d s so far\n"
        .. "bc260y: attach: timeout %(address%)\n$", result.err)
      local failure = live_json.decode(result.out)
      assert.same({ "timeout", null, "address" }, { failure.error, failure.code, failure.detail })
    end
  end)

  it("refuses what is wrong before a byte is sent, with the name and the range", function()
    local process = start()
    local name = "%u+ must be 1 to 150 bytes, no quote, no control byte\n$"
    local cases = {
      { name, "ping", 'x"y' }, { name, "ntp", "x\ry" }, { name, "resolve", "" },
      { name, "resolve", ("x"):rep(151) }, { name, "send", 'x"y', "7" },
      { "%-%-count must be 1 to 10\n$", "ping", "x", "--count", "11" },
      { "%-%-count must be 1 to 10\n$", "ping", "x", "--count=-1" },
      { "%-%-size must be 32 to 1500\n$", "ping", "x", "--size", "31" },
      { "%-%-wait must be 1 to 255\n$", "ping", "x", "--wait", "256" },
      { "%-%-wait must be 1 to 255\n$", "ping", "x", "--wait", ("9"):rep(40) },
      { "%-%-server%-port must be 1 to 65535\n$", "ntp", "x", "--server-port", "0" },
      { "PRIMARY must be an IPv4 or IPv6 address\n$", "dns", "server.example" },
      { "SECONDARY must be an IPv4 or IPv6 address\n$", "dns", "192.0.2.1", "192.0.2" },
    }
    for _, case in ipairs(cases) do
      refused(2, ": invalid argument: " .. case[1], "--port", process.port,
        (table.unpack or unpack)(case, 2))
    end
    local failure = live_json.failed(2, "--port", process.port, "ping", "x", "--count", "0")
    assert.same({ "invalid argument", null, "--count", "1 to 10" },
      { failure.error, failure.code, failure.detail, failure.range })
    assert.not_matches("host ", process:log(), 1, true)
  end)
end)

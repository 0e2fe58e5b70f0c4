-- The main road: script, Lua layer, exchange, port, module, a real server and back; over
-- each kind of endpoint, on each firmware, in both loops.

local bc260y = require "bc260y"
local live = require "spec.support.live"
local live_child = require "spec.support.live_child"
local uv_client = require "spec.support.uv_client"

local SECONDS = 30
local TRIES = 400

local ODD = { "torn", "orphan", "overflow", "reset", "lost", "error" }

-- Result: modem, and a check that nothing odd has come since it was attached. (Before,
-- its boot may cross the first command.)
local function attached(process, options)
  local given = { port = process.port }
  for name, value in pairs(options or {}) do given[name] = value end
  local modem = live.open(given)
  assert(modem:attach { timeout = SECONDS })
  local timeouts = modem:stats().timeouts
  local _, said = live.watch(modem, ODD)
  return modem, function()
    bc260y.sleep(0)
    assert.equal("", table.concat(said, "; "))
    assert.equal(timeouts, modem:stats().timeouts)
  end
end

local function connected(modem, kind, port, options)
  local socket = modem[kind](modem, options)
  socket:settimeout(SECONDS)
  assert(socket:connect("127.0.0.1", port))
  return socket
end

-- Until the module says that the peer has all of it. Result: sent, acked, unacked.
local function all_acked(socket)
  local sent, acked, unacked
  for _ = 1, TRIES do
    sent, acked, unacked = socket:acked()
    if not sent or unacked == 0 then return sent, acked, unacked end
    bc260y.sleep(0.02)
  end
  return sent, acked, unacked
end

local function tcp_road(modem, server)
  assert.same({ "127.0.0.1" }, modem:resolve("readings.example"))
  local socket = modem:tcp()
  socket:settimeout(SECONDS)
  assert.equal(1, socket:connect("readings.example", server.port))
  assert.same({ "readings.example", server.port }, { socket:getpeername() })
  local peer = server:accept()
  local sent = 0
  for i = 1, 5 do
    local reading = ('{"n":%d,"t":"21.%d"}\n'):format(i, i)
    assert.equal(#reading, socket:send(reading))
    assert.equal(reading, peer:take(#reading))
    peer:write(("stored %d\r\n"):format(i))
    assert.equal("stored " .. i, socket:receive("*l"))
    sent = sent + #reading
  end
  assert.same({ sent, sent, 0 }, { all_acked(socket) })
  assert.equal("connected", modem:sockets()[1].state_name)
  assert.equal(1, socket:close())
  assert.equal(1, socket:close())
  assert.is_true(peer:wait_end())
  assert.same({ nil, "closed", 0 }, { socket:send("x") })
end

local function udp_road(modem, server)
  local socket = connected(modem, "udp", server.port)
  local before = #server.received
  for i = 1, 3 do
    assert.equal(9, socket:send("reading " .. i))
    assert.is_true(uv_client.wait(function() return #server.received == before + i end))
    assert.equal("reading " .. i, server.received[before + i])
    assert.equal("re:reading " .. i, socket:receive())
  end
  assert.same({ nil, "not supported" }, { socket:acked() })
  assert.equal(1, socket:close())
  assert.same({}, modem:sockets())
end

describe("The main road #integration", function()
  after_each(live.finish)

  for _, endpoint in ipairs { "pty", "unix", "tcp" } do
    for _, profile in ipairs { "manual", "R01", "R02" } do
      it(("carries readings over %s to firmware %s"):format(endpoint, profile), function()
        live.each_loop(function(run)
          local tcp = live.tcp_server()
          local udp = live.udp_server(function(bytes) return "re:" .. bytes end)
          local process = live.virtual { endpoint = endpoint, profile = profile,
            names = { ["readings.example"] = "127.0.0.1" } }
          run(function()
            local modem, check_odd = attached(process)
            tcp_road(modem, tcp)
            udp_road(modem, udp)
            check_odd()
            modem:close()
          end)
          live.finish()
        end)
      end)
    end
  end

  it("carries 64 KiB both ways, byte for byte, in each format that takes them", function()
    local parts = {}
    for i = 1, 65536 do parts[i] = string.char((i * 7 + (i - i % 256) / 256) % 256) end
    local data = table.concat(parts)
    for _, format in ipairs { "hex", "raw" } do
      live.each_loop(function(run)
        local echo = live_child.echo()
        local process = live.virtual { verbose = false }
        run(function()
          local modem, check_odd = attached(process, { format = format, buffer = 2 * #data })
          local socket = connected(modem, "tcp", echo.tcp)
          assert.equal(#data, socket:send(data))
          assert.is_true(socket:receive(#data) == data)
          assert.same({ #data, #data, 0 }, { all_acked(socket) })
          local received, sent = socket:getstats()
          assert.same({ #data, #data }, { received, sent })
          check_odd()
          modem:close()
        end)
        live.finish()
      end)
    end
  end)

  it("sends by text mode what text mode can carry", function()
    local server = live.tcp_server()
    for _, profile in ipairs { "manual", "R01", "R02" } do
      local modem, check_odd = attached(live.virtual { profile = profile }, { format = "text" })
      local socket = connected(modem, "tcp", server.port)
      local peer = server:accept()
      local text = ('{"a":"b"} '):rep(120) .. "~!"
      assert.equal(#text, socket:send(text))
      assert.equal(text, peer:take(#text))
      check_odd()
      modem:close()
    end
  end)

  it("gives the rest of what came when the peer closes, and then says closed", function()
    live.each_loop(function(run)
      local server = live.tcp_server()
      local process = live.virtual()
      run(function()
        local modem, check_odd = attached(process)
        local socket = connected(modem, "tcp", server.port)
        local peer = server:accept()
        local text = ("line\r\n"):rep(700) .. "no end"
        peer:write(text)
        peer:close()
        assert.equal(text, socket:receive("*a"))
        assert.same({ nil, "closed", "" }, { socket:receive("*a") })
        assert.same({ nil, "closed" }, { socket:acked() })
        local again = connected(modem, "tcp", server.port)
        assert.equal(2, again:send("ok"))
        check_odd()
        modem:close()
      end)
      live.finish()
    end)
  end)
end)

describe("Several sockets and modems in one process #integration", function()
  after_each(live.finish)

  -- Sends records and takes each back from the echo server.
  local function talk(socket, name, count)
    for i = 1, count do
      local record = ("%s %d;"):format(name, i)
      assert.equal(#record, socket:send(record))
      local got = socket:receive(#record)
      assert.equal(record, got)
    end
    return true
  end

  it("five sockets of one modem, each a task of its own, keep their data apart", function()
    local echo = live_child.echo()
    local process = live.virtual()
    bc260y.run(function()
      local modem, check_odd = attached(process)
      local tasks = {}
      for i = 1, 5 do
        local kind = i % 2 == 1 and "tcp" or "udp"
        local socket = connected(modem, kind, echo[kind])
        tasks[i] = bc260y.spawn(talk, socket, kind .. i, 20)
      end
      assert.equal(5, #modem:sockets())
      assert.same({ nil, bc260y.errors[563], 563 }, { modem:tcp():connect("127.0.0.1", echo.tcp) })
      for i = 1, 5 do assert.is_true(tasks[i]:wait(SECONDS)) end
      check_odd()
      modem:close()
    end)
  end)

  it("two modems in one loop, on different ports and firmware, do not meet", function()
    local echo = live_child.echo()
    local first = live.virtual { endpoint = "pty", profile = "R02" }
    local second = live.virtual { endpoint = "tcp", profile = "manual" }
    bc260y.run(function()
      local tasks = {}
      for i, process in ipairs { first, second } do
        tasks[i] = bc260y.spawn(function()
          local modem, check_odd = attached(process)
          local tcp = connected(modem, "tcp", echo.tcp)
          local udp = connected(modem, "udp", echo.udp)
          local other = bc260y.spawn(talk, udp, "udp of " .. i, 20)
          talk(tcp, "tcp of " .. i, 20)
          assert.is_true(other:wait(SECONDS))
          check_odd()
          modem:close()
          return true
        end)
      end
      assert.is_true(tasks[1]:wait(SECONDS))
      assert.is_true(tasks[2]:wait(SECONDS))
    end)
  end)

  it("two modems without a loop take turns, and neither's bytes are lost meanwhile", function()
    local echo = live_child.echo()
    local sockets, checks = {}, {}
    for i, endpoint in ipairs { "pty", "unix" } do
      local modem
      modem, checks[i] = attached(live.virtual { endpoint = endpoint })
      sockets[i] = connected(modem, "tcp", echo.tcp)
    end
    for round = 1, 20 do
      for i = 1, 2 do assert(sockets[i]:send(("%d.%d\n"):format(i, round))) end
      for i = 1, 2 do assert.equal(("%d.%d"):format(i, round), sockets[i]:receive("*l")) end
    end
    for i = 1, 2 do checks[i]() end
  end)
end)

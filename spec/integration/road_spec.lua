-- The main road (spec/support/road.lua): script, Lua layer, exchange, port, module, a real
-- server and back; over each kind of endpoint, on each firmware, in both loops. Each trait
-- of the module is tried in spec/matrix_spec.lua.

local bc260y = require "bc260y"
local live = require "spec.support.live"
local live_child = require "spec.support.live_child"
local road = require "spec.support.road"
local road_live = require "spec.support.road_live"

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

describe("The main road #integration", function()
  after_each(live.finish)

  local function travel(options)
    live.each_loop(function(run)
      local open = road_live.start(options)
      run(function() road.travel(open()) end)
      live.finish()
    end)
  end

  for _, endpoint in ipairs { "pty", "unix", "tcp" } do
    for _, profile in ipairs { "manual", "R01", "R02" } do
      it(("is passed over %s on firmware %s"):format(endpoint, profile), function()
        travel { endpoint = endpoint, profile = profile }
      end)
    end
  end

  for _, format in ipairs { "text", "hex", "raw" } do
    it("is passed in format " .. format, function()
      travel { profile = "R02", format = format }
    end)
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

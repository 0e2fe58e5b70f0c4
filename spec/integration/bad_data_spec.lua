-- Data that can't be carried or must not be believed: payload dressed as results, names
-- that would break a command, datagrams and text beyond the module's limits. What is
-- refused is refused before a byte is sent.

local live = require "spec.support.live"
local live_child = require "spec.support.live_child"
local refused = require "spec.support.live_cli"
local uv_client = require "spec.support.uv_client"

local SECONDS = 30

-- A modem on a virtual module, attached. Result: modem, and a count of bytes written.
local function attached(process, options)
  local written = 0
  local given = { port = process.port, trace = function(direction, bytes)
    if direction == "out" then written = written + #bytes end
  end }
  for name, value in pairs(options or {}) do given[name] = value end
  local modem = live.open(given)
  assert(modem:attach { timeout = SECONDS })
  return modem, function() return written end
end

local function connected(modem, kind, port)
  local socket = modem[kind](modem)
  socket:settimeout(SECONDS)
  assert(socket:connect("127.0.0.1", port))
  return socket
end

describe("A peer that sends results as payload #integration", function()
  after_each(live.finish)

  it("completes no command whose own result is missing", function()
    live.each_loop(function(run)
      local server = live.tcp_server()
      local process = live.virtual { scripts = { { match = "CCLK", mute = true } } }
      run(function()
        local peer
        local modem = attached(process, { trace = function(_, bytes)
          if peer and bytes:find("AT+CCLK?", 1, true) then peer:write("\r\nOK\r\n") end
        end })
        local socket = connected(modem, "tcp", server.port)
        peer = server:accept()
        assert.same({ nil, "timeout" }, { modem:command("AT+CCLK?", { timeout = 0.3 }) })
        assert.equal("\r\nOK\r\n", socket:receive(6))
        assert.equal(1, #modem:command("AT+CCLK?"))
        assert.equal("\r\nOK\r\n", socket:receive(6))
        modem:close()
      end)
      live.finish()
    end)
  end)

  it("fails and completes no send", function()
    local RESULTS = "\r\nERROR\r\n\r\nSEND FAIL\r\n\r\nOK\r\n\r\nSEND OK\r\n"
    live.each_loop(function(run)
      local server = live.tcp_server()
      local process = live.virtual()
      run(function()
        local peer
        local modem = attached(process, { trace = function(_, bytes)
          if peer and bytes:find("QISEND", 1, true) then
            peer:write(RESULTS)
          end
        end })
        local socket = connected(modem, "tcp", server.port)
        peer = server:accept()
        for _ = 1, 10 do assert.equal(5, socket:send("hello")) end
        assert.equal(("hello"):rep(10), peer:take(50))
        assert.equal(RESULTS:rep(10), socket:receive(10 * #RESULTS))
        modem:close()
      end)
      live.finish()
    end)
  end)

  it("is printed by the command line as it is", function()
    local echo = live_child.echo()
    local process = live.virtual()
    local payload = "\r\nOK\r\n\r\n+QIURC: \"closed\",0\r\n"
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(payload)
    file:close()
    local out, err, status = live.cli("--port", process.port, "send", "127.0.0.1",
      tostring(echo.tcp), path, "--answer", "0.5")
    os.remove(path)
    assert.equal(0, status, err)
    assert.equal(payload, out)
  end)
end)

describe("A host's name #integration", function()
  after_each(live.finish)

  local NAMES = { 'a"b', '"', "a\rb", "a\nb", "\r\nAT+QRST=1\r", "a\0b", "a\27b", "\127", "",
    ("n"):rep(151) }

  it("with quotes, CR or other bytes that no name has is refused before a byte is sent",
    function()
      local process = live.virtual()
      live.each_loop(function(run)
        run(function()
          local modem, written = attached(process)
          local before = written()
          for _, name in ipairs(NAMES) do
            for _, kind in ipairs { "tcp", "udp" } do
              local ok, err, what = modem[kind](modem):connect(name, 80)
              assert.same({ nil, "invalid argument", "host" }, { ok, err, what })
            end
            local list, err, what = modem:resolve(name)
            assert.is_nil(list)
            assert.equal("invalid argument", err)
            assert.equal("string", type(what))
          end
          assert.equal(before, written())
          assert.same({}, modem:sockets())
          modem:close()
        end)
      end)
    end)

  it("leaves the socket that refused it usable", function()
    local server = live.tcp_server()
    local modem = attached(live.virtual())
    local socket = modem:tcp()
    socket:settimeout(SECONDS)
    assert.is_nil((socket:connect('a"b', 80)))
    assert.equal(1, socket:connect("127.0.0.1", server.port))
    assert.equal(2, socket:send("ok"))
  end)

  it("that is wrong is told by the command line", function()
    local process = live.virtual()
    for _, name in ipairs { 'a"b', "a\rb", "\r\nAT+QRST=1\r", ("n"):rep(151) } do
      refused(2, "invalid argument", "--port", process.port, "send", name, "80", "README.md")
      refused(2, "invalid argument", "--port", process.port, "send", "--udp", name, "80",
        "LICENSE")
    end
    for _, text in ipairs { "AT\rAT+QRST=1", "AT\n", "AT\27" } do
      refused(2, "invalid argument", "--port", process.port, "at", text)
    end
    assert.not_matches("QRST", process:log())
  end)
end)

describe("A datagram of 1,025 bytes #integration", function()
  after_each(live.finish)

  it("is too long to be sent, in hex of 513, and nothing of it is", function()
    local server = live.udp_server()
    for _, case in ipairs { { "raw", 1024 }, { "text", 1024 }, { "hex", 512 } } do
      live.each_loop(function(run)
        local process = live.virtual()
        run(function()
          local modem, written = attached(process, { format = case[1] })
          local socket = connected(modem, "udp", server.port)
          local before, received = written(), #server.received
          assert.same({ nil, "too long" }, { socket:send(("d"):rep(case[2] + 1)) })
          assert.same({ nil, "too long" }, { socket:send(("d"):rep(100000)) })
          assert.equal(before, written())
          assert.equal(case[2], socket:send(("d"):rep(case[2])))
          assert.is_true(uv_client.wait(function() return #server.received > received end))
          assert.equal(received + 1, #server.received)
          assert.equal(("d"):rep(case[2]), server.received[received + 1])
          modem:close()
        end)
        process:stop()
      end)
    end
  end)

  it("comes in two pieces, of which the first may be known by its size", function()
    local answer
    local server = live.udp_server(function() return answer end)
    for _, format in ipairs { "raw", "hex" } do
      live.each_loop(function(run)
        local process = live.virtual()
        run(function()
          local modem = attached(process, { format = format })
          local socket = connected(modem, "udp", server.port)
          for _, size in ipairs { 1023, 1024, 1025, 2049 } do
            answer = ("\0\r\n"):rep(size):sub(1, size - 1) .. "z"
            local count = #server.received
            assert.equal(1, socket:send("?"))
            assert.is_true(uv_client.wait(function() return #server.received > count end))
            for first = 1, size, 1024 do
              assert.equal(answer:sub(first, first + 1023), socket:receive())
            end
          end
          socket:settimeout(0)
          assert.same({ nil, "timeout" }, { socket:receive() })
          modem:close()
        end)
        process:stop()
      end)
    end
  end)

  it("is refused by the command line", function()
    local process = live.virtual()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(("d"):rep(1025))
    file:close()
    refused(2, "too long", "--port", process.port, "send", "--udp", "127.0.0.1", "9", path)
    os.remove(path)
  end)
end)

describe("Text that text format can't carry #integration", function()
  after_each(live.finish)

  it("is refused whole before a byte is sent, and what it can carry goes", function()
    local tcp_server, udp_server = live.tcp_server(), live.udp_server()
    for _, profile in ipairs { "manual", "R01", "R02" } do
      live.each_loop(function(run)
        local process = live.virtual { profile = profile }
        run(function()
          local modem, written = attached(process, { format = "text" })
          local tcp = connected(modem, "tcp", tcp_server.port)
          local udp = connected(modem, "udp", udp_server.port)
          local peer = tcp_server:accept()
          local before = written()
          for _, char in ipairs { "\0", "\r", "\n", "\26", "\27", "\127", "\128", "\255", "\t" } do
            local data = ("good "):rep(300) .. char .. "good"
            assert.same({ nil, "invalid argument", 0, "data" }, { tcp:send(data) })
            assert.same({ nil, "invalid argument", "data" }, { udp:send("good" .. char) })
          end
          assert.equal(before, written())
          assert.equal(5, tcp:send("good\0bad", 1, 4) + 1)
          assert.equal("good", peer:take(4))
          local text = 'all "printable" bytes, >~!'
          assert.equal(#text, tcp:send(text))
          assert.equal(text, peer:take(#text))
          assert.equal(#text, udp:send(text))
          modem:close()
        end)
        process:stop()
      end)
    end
  end)

  it("goes by the formats that can, and by the command line", function()
    local server = live.tcp_server()
    local all = {}
    for byte = 0, 255 do all[byte + 1] = string.char(byte) end
    all = table.concat(all)
    for _, format in ipairs { "raw", "hex" } do
      local modem = attached(live.virtual(), { format = format })
      local socket = connected(modem, "tcp", server.port)
      local peer = server:accept()
      assert.equal(256, socket:send(all))
      assert.is_true(peer:take(256) == all)
      modem:close()
    end
    local echo, process = live_child.echo(), live.virtual { profile = "manual" }
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(all)
    file:close()
    local out, err, status = live.cli("--port", process.port, "send", "127.0.0.1",
      tostring(echo.tcp), path, "--answer", "0.5")
    os.remove(path)
    assert.equal(0, status, err)
    assert.is_true(out == all)
  end)
end)

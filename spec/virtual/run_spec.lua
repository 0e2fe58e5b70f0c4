-- The virtual module as a process: endpoints, real TCP, UDP, ping and NTP.

local uv_client = require "spec.support.uv_client"
local virtual = require "spec.support.virtual"
local uv = require "luv"

local READY = "+IP: 100.85.29.214\r\n"

describe("The virtual module as a process #integration", function()
  local process, client, server

  local function start(options)
    process = virtual.start(options)
    client = assert(uv_client.open(process.port))
    return client
  end

  -- A module that has booted, without echo.
  local function ready()
    client:expect(READY)
    client:send "ATE0"
  end

  local function open_socket(id, kind, port)
    client:send(('AT+QIOPEN=0,%d,"%s","127.0.0.1",%d,0,1'):format(id, kind, port),
      ("+QIOPEN: %d,0\r\n"):format(id))
  end

  after_each(function()
    if client then client:close() end
    if server then server:close() end
    if process then process:stop() end
    process, client, server = nil, nil, nil
  end)

  it("boots on a pty and is still there for the next client", function()
    start()
    local boot = client:expect(READY)
    assert.are.equal("\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\n" .. READY, boot)
    assert.are.equal("AT\r\r\nOK\r\n", client:send "AT")
    client:send "ATE0"
    client:close()
    client = assert(uv_client.open(process.port))
    assert.are.equal("\r\nOK\r\n", client:send "AT")
  end)

  it("serves one client at a time on unix and TCP, and outlives it", function()
    for _, endpoint in ipairs { "unix", "tcp" } do
      start { endpoint = endpoint }
      client:expect(READY)
    client:send("AT", "OK\r\n")
      local second = assert(uv_client.open(process.port))
      assert.is_truthy(second:wait_end())
      second:close()
      client:send("ATE0", "OK\r\n")
      client:close()
      -- The module sees the first client go before it takes the next.
      local text
      for _ = 1, 50 do
        client = assert(uv_client.open(process.port))
        client:write "AT\r"
        uv_client.wait(function() return client.text ~= "" or client.ended end)
        text = client.text
        if text ~= "" then break end
        client:close()
      end
      assert.are.equal("\r\nOK\r\n", text)
      client:close()
      process:stop()
    end
  end)

  it("makes a symlink, replaces a stale one, refuses one in use, removes its own", function()
    local link = os.tmpname()
    os.remove(link)
    assert(uv.fs_symlink("/dev/pts/no-such-one", link))
    start { endpoint = { pty = link } }
    assert.are.equal(link, process.port)
    client:expect(READY)
    client:send("AT", "OK\r\n")
    local ok, err = pcall(virtual.start, { endpoint = { pty = link } })
    assert.is_false(ok)
    assert.is_truthy(tostring(err):find("is in use", 1, true))
    client:close()
    process:stop()
    assert.is_nil(uv.fs_lstat(link))
    local file = io.open(link, "w")
    file:close()
    ok, err = pcall(virtual.start, { endpoint = { pty = link } })
    assert.is_false(ok)
    assert.is_truthy(tostring(err):find("is no symlink", 1, true))
    os.remove(link)
  end)

  it("ends at its lifetime, and says what is wrong with an endpoint", function()
    start { endpoint = "tcp", lifetime = 1 }
    assert.is_truthy(client:wait_end())
    local ok, err = pcall(virtual.start, { endpoint = { tcp = "nonsense" } })
    assert.is_false(ok)
    assert.is_truthy(tostring(err):find("host:port", 1, true))
    ok, err = pcall(virtual.start, { endpoint = { unix = "/no/such/dir/x" } })
    assert.is_false(ok)
    assert.is_truthy(tostring(err):find("cannot bind", 1, true))
  end)

  it("replaces the socket file of a killed process, not that of a living one", function()
    start { endpoint = "unix" }
    local path = process.port:match("^unix:(.*)")
    assert.is_false(pcall(virtual.start, { endpoint = { unix = path } }))
    client:close()
    process:stop()
    local left = uv.new_pipe(false)
    left:bind(path)
    os.execute("cp -a " .. path .. " " .. path .. ".left")
    left:close()
    uv.run("nowait")
    os.rename(path .. ".left", path)
    start { endpoint = { unix = path } }
    client:expect(READY)
    client:send("AT", "OK\r\n")
  end)

  it("bridges text, hex and data mode to a real TCP server and back", function()
    server = uv_client.tcp_server()
    start { names = { ["hf.quectel.com"] = "127.0.0.1" } }
    ready()
    client:send(('AT+QIOPEN=0,0,"TCP","hf.quectel.com",%d'):format(server.port), "+QIOPEN: 0,0\r\n")
    local peer = server:accept()
    client:send('AT+QISEND=0,17,"{"a":"b","b":"b"}"', "\r\nSEND OK\r\n")
    assert.are.equal('{"a":"b","b":"b"}', peer:take(17))
    client:send("AT+QISEND=0,6", "\r\n> ")
    client:write "\r\nOK\r\0"
    client:expect("\r\nSEND OK\r\n")
    assert.are.equal("\r\nOK\r\0", peer:take(6))
    peer:write '\r\nOK\r\n"\0'
    assert.are.equal('\r\n+QIURC: "recv",0,8,"\r\nOK\r\n"\0"\r\n', client:take(33))
    client:send 'AT+QICFG="dataformat",1,1'
    client:send("AT+QISEND=0,3,00FF31", "\r\nSEND OK\r\n")
    assert.are.equal("\0\2551", peer:take(3))
    peer:write "\0\255"
    assert.are.equal('\r\n+QIURC: "recv",0,2,"00FF"\r\n', client:take(29))
    assert.are.equal("\r\n+QISEND: 26,26,0\r\n\r\nOK\r\n", client:send "AT+QISEND=0,0")
    client:send("AT+QICLOSE=0", "CLOSE OK\r\n")
    assert.is_truthy(peer:wait_end())
  end)

  it("counts what the peer's kernel has not acknowledged", function()
    server = uv_client.tcp_server(true)
    start()
    ready()
    open_socket(0, "TCP", server.port)
    server:accept()
    local chunk = ("x"):rep(1024)
    local sent, acked, unacked = 0, 0, 0
    for _ = 1, 20 do
      for _ = 1, 500 do
        client:write("AT+QISEND=0,1024\r" .. chunk)
        client:expect("SEND OK\r\n")
        sent = sent + 1024
      end
      local line = client:send "AT+QISEND=0,0"
      local said
      said, acked, unacked = line:match("QISEND: (%d+),(%d+),(%d+)")
      assert.are.equal(sent, tonumber(said))
      assert.are.equal(sent, acked + unacked)
      if tonumber(unacked) > 0 then break end
    end
    assert.is_true(tonumber(unacked) > 0)
    assert.is_true(tonumber(acked) > 0)
  end)

  it("reports a close, a reset and a refusal of the peer", function()
    server = uv_client.tcp_server()
    start()
    ready()
    open_socket(0, "TCP", server.port)
    open_socket(1, "TCP", server.port)
    local first, second = server:accept(), server:accept()
    first:write "last words"
    first:close()
    assert.are.equal('\r\n+QIURC: "recv",0,10,"last words"\r\n\r\n+QIURC: "closed",0\r\n',
      client:expect('"closed",0\r\n'))
    second.stream:close_reset()
    client:expect('+QIURC: "closed",1\r\n')
    local port = server.port
    server:close()
    server = nil
    assert.are.equal("\r\nOK\r\n\r\n+QIOPEN: 2,566\r\n",
      client:send(('AT+QIOPEN=0,2,"TCP","127.0.0.1",%d,0,1'):format(port), "+QIOPEN: 2,566\r\n"))
    assert.are.equal("\r\nOK\r\n\r\nSEND FAIL\r\n", client:send('AT+QISEND=0,1,"x"', "FAIL\r\n"))
  end)

  it("sends and receives datagrams, long ones in several URCs", function()
    server = uv_client.udp_server(function(bytes)
      return bytes == "big" and ("d"):rep(1025) or "re:" .. bytes
    end)
    start()
    ready()
    open_socket(3, "UDP", server.port)
    client:send('AT+QISEND=3,2,"hi"', "SEND OK\r\n")
    assert.are.equal('\r\n+QIURC: "recv",3,5,"re:hi"\r\n', client:take(30))
    client:send('AT+QISEND=3,3,"big"', "SEND OK\r\n")
    assert.are.equal('\r\n+QIURC: "recv",3,1024,"' .. ("d"):rep(1024)
      .. '"\r\n\r\n+QIURC: "recv",3,1,"d"\r\n', client:take(1024 + 28 + 26))
    assert.are.same({ "hi", "big" }, server.received)
  end)

  it("uses the local port it is told", function()
    server = uv_client.udp_server()
    start()
    ready()
    local probe = uv.new_udp()
    probe:bind("127.0.0.1", 0)
    local free = probe:getsockname().port
    probe:close()
    uv.run("nowait")
    client:send(('AT+QIOPEN=0,0,"UDP","127.0.0.1",%d,%d,1'):format(server.port, free),
      "+QIOPEN: 0,0\r\n")
    client:send('AT+QISEND=0,1,"x"', "SEND OK\r\n")
    uv_client.wait(function() return server.from end)
    assert.are.equal(free, server.from.port)
  end)

  it("asks the system for a name", function()
    start()
    ready()
    assert.are.equal("\r\nOK\r\n\r\n+QIDNSGIP: 0,1,0\r\n\r\n+QIDNSGIP: 127.0.0.1\r\n",
      client:send('AT+QIDNSGIP=0,"localhost"', "127.0.0.1\r\n"))
  end)

  it("asks a real NTP server", function()
    -- 2024-01-02 03:04:05 UTC in the transmit field of an SNTP answer.
    local seconds = 1704164645 + 2208988800
    local stamp = {}
    for place = 4, 1, -1 do
      stamp[place] = string.char(seconds % 256)
      seconds = math.floor(seconds / 256)
    end
    server = uv_client.udp_server(function(bytes)
      return #bytes == 48 and "\36\1" .. ("\0"):rep(38) .. table.concat(stamp) .. ("\0"):rep(4)
    end)
    start()
    ready()
    assert.are.equal('\r\nOK\r\n\r\n+QNTP: 0,"24/01/02,11:04:05:35+32"\r\n',
      client:send(('AT+QNTP=0,"127.0.0.1",%d,1'):format(server.port), '"\r\n'))
    assert.is_truthy(client:send("AT+CCLK?"):find("2024/01/02,11:04", 1, true))
  end)

  it("pings loopback, and where there is no ICMP socket every ping is lost", function()
    local host = require "bc260y.host"
    local fd = host.icmp()
    if fd then host.close(fd) end
    start()
    ready()
    local said = client:send('AT+QPING=0,"127.0.0.1",1,2,100', '+QPING: 0,2,'
      .. (fd and "2,0," or "0,2"))
    assert.is_truthy(said:find(fd and "^\r\nOK\r\n\r\n%+QPING: 0,127%.0%.0%.1,100,%d+,%d+\r\n"
      or "^\r\nOK\r\n\r\n%+QPING: "))
  end)

  it("gives noise to a client at another rate, if it is strict", function()
    start { baud = 9600, strict_baud = true }
    os.execute("stty -F " .. process.port .. " 115200")
    client:write "AT\rAT\r"
    uv_client.wait(function() return client.text ~= "" end, 500)
    assert.is_nil(client.text:find("OK", 1, true))
    os.execute("stty -F " .. process.port .. " 9600")
    client:write "\r"
    client:send("AT", "\r\nOK\r\n")
  end)

  it("carries hostile payloads to the pty byte for byte", function()
    server = uv_client.tcp_server()
    start()
    ready()
    open_socket(0, "TCP", server.port)
    local peer = server:accept()
    local pieces = { "\r\nOK\r\n", '\r\n+QIURC: "closed",0\r\n', '"', "\0", "\255", ">",
      "\r\nERROR\r\n", "plain", "\17\19\3\4\26\28\127" }
    local state, expected = 11, {}
    local function random(count)
      state = (state * 16807) % 2147483647
      return state % count + 1
    end
    for place = 1, 300 do
      local parts = {}
      for part = 1, random(20) do parts[part] = pieces[random(#pieces)] end
      expected[place] = table.concat(parts)
    end
    local whole = table.concat(expected)
    for _, format in ipairs { 0, 1 } do
      client:send(('AT+QICFG="dataformat",0,%d'):format(format))
      for _, bytes in ipairs(expected) do peer:write(bytes) end
      local got, size = {}, 0
      while size < #whole do
        local head = client:expect('+QIURC: "recv",0,')
        assert.are.equal('\r\n+QIURC: "recv",0,', head)
        local length = tonumber((client:expect(","):gsub(",", "")))
        local data = client:take((format + 1) * length + 4)
        assert.are.equal('"', data:sub(1, 1))
        assert.are.equal('"\r\n', data:sub(-3))
        data = data:sub(2, -4)
        if format == 1 then
          data = data:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
        end
        got[#got + 1] = data
        size = size + length
      end
      assert.is_true(table.concat(got) == whole)
    end
  end)
end)

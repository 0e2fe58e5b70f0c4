-- What the peer's kernel has, and what a reader who comes late finds: the counters of
-- sent, acknowledged and not yet acknowledged bytes against the kernel's own tables, and
-- the gap that a full receive buffer leaves.

local bc260y = require "bc260y"
local live = require "spec.support.live"
local uv_client = require "spec.support.uv_client"

local SECONDS = 30
local TRIES = 400

local function connected(server, options)
  local modem = live.open { port = live.virtual().port }
  assert(modem:attach { timeout = SECONDS })
  local socket = modem:tcp(options)
  socket:settimeout(SECONDS)
  assert(socket:connect("127.0.0.1", server.port))
  return socket, modem
end

-- What Linux says of the connections of a port: bytes that the server's kernel holds
-- unread, and bytes that the sender's kernel holds unacknowledged.
local function kernel_queues(port)
  local own = (":%04X"):format(port)
  local unread, unacked
  for line in io.lines("/proc/net/tcp") do
    local here, there, state, tx, rx = line:match("%x+(:%x+) %x+(:%x+) (%x%x) (%x+):(%x+)")
    if state == "01" and here == own then unread = tonumber(rx, 16) end
    if state == "01" and there == own then unacked = tonumber(tx, 16) end
  end
  return unread, unacked
end

-- Asks module and kernel in turn until nothing moves between them: an acknowledgement may
-- be delayed, but the module never claims more than the peer's kernel holds.
-- Result: sent, acked.
local function settled(socket, port)
  for _ = 1, TRIES do
    local _, before = kernel_queues(port)
    local sent, acked, unacked = socket:acked()
    assert.equal(sent, acked + unacked)
    local unread, left = kernel_queues(port)
    assert.is_true(acked <= unread)
    assert.is_true(unacked <= before and unacked >= left)
    if acked == unread and unacked == left then return sent, acked end
    bc260y.sleep(0.02)
  end
  error("the counters never agreed with the kernel's")
end

describe("Acknowledgements #integration", function()
  after_each(live.finish)

  it("are the peer's kernel's: no more than it holds, and all once the peer reads", function()
    local server = live.tcp_server(true) -- a small window, and nobody reads
    local socket = connected(server)
    assert.same({ 0, 0, 0 }, { socket:acked() })
    assert.equal(100, socket:send(("a"):rep(100)))
    assert.same({ 100, 100 }, { settled(socket, server.port) })
    local size = 100
    local acked = 100
    while acked == size do -- until its window is full
      assert.equal(4096, socket:send(("b"):rep(4096)))
      size = size + 4096
      assert.is_true(size < 1e7, "the window never filled")
      local sent
      sent, acked = settled(socket, server.port)
      assert.equal(size, sent)
    end
    local got = 0
    local peer = server:accept()
    peer.stream:read_start(function(_, bytes) got = got + (bytes and #bytes or 0) end)
    assert.is_true(uv_client.wait(function() return got == size end))
    local sent, left
    for _ = 1, TRIES do
      sent, acked, left = socket:acked()
      if left == 0 then break end
      bc260y.sleep(0.02)
    end
    assert.same({ size, size, 0 }, { sent, acked, left })
  end)

  it("stop at what came before the peer stopped, and after a close nothing is claimed",
    function()
      local server = live.tcp_server(true)
      local socket = connected(server)
      assert.equal(20000, socket:send(("x"):rep(20000)))
      local sent, acked = settled(socket, server.port)
      assert.equal(20000, sent)
      assert.is_true(acked < sent)
      server:accept().stream:close_reset()
      require("luv").run("nowait")
      local ok, err
      for _ = 1, TRIES do
        ok, err = socket:acked()
        if not ok then break end
        assert.same({ 20000, 20000 }, { ok, ok })
        assert.is_true(err < 20000)
        bc260y.sleep(0.02)
      end
      assert.same({ nil, "closed" }, { ok, err })
    end)
end)

describe("A receive buffer that is full #integration", function()
  after_each(live.finish)

  -- Bytes that say where they stand.
  local function pattern(from, to)
    local parts = {}
    for i = from, to do parts[#parts + 1] = string.char(i * 31 % 251) end
    return table.concat(parts)
  end

  -- Lets all come in while nobody reads.
  local function let_come(modem, total)
    for _ = 1, TRIES do
      if modem:stats().payload_bytes >= total then return end
      bc260y.sleep(0.02)
    end
    error(("%d of %d bytes came"):format(modem:stats().payload_bytes, total))
  end

  it("keeps 64 KiB, tells how much is missing, and then gives what came later", function()
    live.each_loop(function(run)
      local server = live.tcp_server()
      run(function()
        local socket, modem = connected(server)
        local peer = server:accept()
        local total = 80000
        peer:write(pattern(1, total))
        let_come(modem, total)

        local at, gaps = 0, 0
        repeat
          local got, err, partial, missing = socket:receive(total - at)
          got = got or partial
          assert.is_true(got == pattern(at + 1, at + #got), "wrong bytes from " .. at)
          at = at + #got
          if err then
            assert.equal("overflow", err)
            assert.is_true(at > 65536 - 1024)
            assert.is_true(missing > 0)
            at, gaps = at + missing, gaps + 1
          end
        until at == total
        assert.is_true(gaps > 0)

        peer:write("later\n")
        assert.equal("later", socket:receive("*l"))
        assert.equal(total + 6, (socket:getstats()))
        assert.equal(2, socket:send("ok"))
        assert.equal("ok", peer:take(2))
        modem:close()
      end)
      live.finish()
    end)
  end)

  it("of any size is full only for its own socket", function()
    local server = live.tcp_server()
    local socket, modem = connected(server, { buffer = 1000 })
    local peer = server:accept()
    local other = modem:tcp()
    other:settimeout(SECONDS)
    assert(other:connect("127.0.0.1", server.port))
    local other_peer = server:accept()
    peer:write(("x"):rep(900))
    let_come(modem, 900)
    peer:write(("y"):rep(600))
    let_come(modem, 1500)
    other_peer:write(("z"):rep(5000))
    let_come(modem, 6500)
    assert.equal(("z"):rep(5000), other:receive(5000))
    assert.same({ nil, "overflow", ("x"):rep(900), 600 }, { socket:receive(1500) })
    peer:write("w")
    assert.equal("w", socket:receive(1))
  end)
end)

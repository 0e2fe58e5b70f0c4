-- Pings by luv, with a scripted system below: which reply is taken for whose.

local uv = require "luv"

-- host.icmp gives a pipe's end, on which each reply is one byte; host.echoed gives the
-- reply's fields.
local function fake_host(raw, replies)
  local pipe = uv.pipe({ nonblock = true }, { nonblock = true })
  local host = { asked = {}, closed = 0 }
  function host.icmp()
    if raw == nil then return nil end
    return pipe.read, raw
  end
  function host.echo(_, address, id, sequence, size)
    host.asked = { address = address, sequence = sequence, size = size, id = id }
    uv.fs_write(pipe.write, ("."):rep(#replies), -1)
    return replies.sent ~= false
  end
  function host.echoed(fd)
    uv.fs_read(fd, 1, -1)
    local reply = table.remove(replies, 1)
    return reply.sequence, reply.ttl, reply.id or host.asked.id
  end
  function host.close()
    host.closed = host.closed + 1
  end
  function host.done()
    uv.fs_close(pipe.read)
    uv.fs_close(pipe.write)
  end
  return host
end

describe("virtual.net_ping", function()
  local real = package.loaded["bc260y.host"]

  after_each(function()
    package.loaded["bc260y.host"] = real
    package.loaded["bc260y.virtual.net_ping"] = nil
  end)

  -- Pings once. Result: the host, how often it called back, and the two values.
  local function ping(raw, replies, timeout_s)
    local host = fake_host(raw, replies)
    package.loaded["bc260y.host"] = host
    package.loaded["bc260y.virtual.net_ping"] = nil
    local calls, ms, ttl = 0, nil, nil
    require("bc260y.virtual.net_ping").once("10.0.0.1", 100, timeout_s, 65543, function(a, b)
      calls, ms, ttl = calls + 1, a, b
    end)
    while calls == 0 do uv.run("once") end -- its timer bounds it
    uv.run("nowait") -- what was closed goes
    host.done()
    return host, calls, ms, ttl
  end

  it("gives the milliseconds and the TTL of its own reply", function()
    local host, calls, ms, ttl = ping(false, { { sequence = 7, ttl = 55 } }, 30)
    assert.same({ 1, 55, 1 }, { calls, ttl, host.closed })
    assert.is_true(ms >= 0)
    assert.same({ "10.0.0.1", 7, 100 },
      { host.asked.address, host.asked.sequence, host.asked.size })
  end)

  it("passes over another ping's reply, and on a raw socket another process's", function()
    local _, calls, _, ttl = ping(true, {
      { sequence = 6, ttl = 1 }, { sequence = 7, ttl = 2, id = -1 }, { sequence = 7, ttl = 3 },
    }, 30)
    assert.same({ 1, 3 }, { calls, ttl })
  end)

  it("is lost after its time without a reply, a socket, or a way to send", function()
    for _, case in ipairs { { false, {} }, { nil, {} }, { false, { sent = false } } } do
      local host, calls, ms = ping(case[1], case[2], 0.01)
      assert.equal(1, calls)
      assert.is_nil(ms)
      assert.equal(case[1] == nil and 0 or 1, host.closed)
    end
  end)
end)

-- Pings by luv, on a scripted luv and a scripted system: whose reply is taken for whose.

-- icmp: what host.icmp gives; sent: what host.echo gives.
local function new_system(icmp, raw, sent)
  local system = { open = 0, now_ns = 0, asked = nil, expire = nil, readable = nil }
  local function handle(field)
    system.open = system.open + 1
    return {
      start = function(_, a, b, c) system[field], system.first = c or b, system.first or a end,
      close = function() system.open = system.open - 1 end,
    }
  end
  system.luv = {
    new_timer = function() return handle "expire" end,
    new_poll = function() return handle "readable" end,
    hrtime = function() return system.now_ns end,
    os_getpid = function() return 42 end,
  }
  system.host = {
    icmp = function()
      system.open = system.open + (icmp and 1 or 0)
      return icmp, raw
    end,
    echo = function(_, address, id, sequence, size)
      system.asked = { address, id, sequence, size }
      return sent
    end,
    echoed = function() return system.reply[1], system.reply[2], system.reply[3] end,
    close = function() system.open = system.open - 1 end,
  }
  return system
end

describe("virtual.net_ping", function()
  local names = { "luv", "bc260y.host", "bc260y.virtual.net_ping" }
  local real, results

  before_each(function()
    real, results = {}, {}
    for _, name in ipairs(names) do real[name] = package.loaded[name] end
  end)

  after_each(function()
    for _, name in ipairs(names) do package.loaded[name] = real[name] end
  end)

  local function ping(icmp, raw, sent)
    local system = new_system(icmp, raw, sent)
    package.loaded.luv = system.luv
    package.loaded["bc260y.host"] = system.host
    package.loaded["bc260y.virtual.net_ping"] = nil
    require("bc260y.virtual.net_ping").once("10.0.0.1", 100, 4, 65543, function(ms, ttl)
      results[#results + 1] = { ms, ttl }
    end)
    return system
  end

  it("gives the milliseconds and the TTL of its own reply, once", function()
    local system = ping(3, false, true)
    assert.same({ "10.0.0.1", 42, 7, 100 }, system.asked)
    system.now_ns, system.reply = 5e6, { 7, 55, 9 }
    system.readable(nil)
    system.expire()
    assert.same({ { 5, 55 } }, results)
    assert.equal(0, system.open)
  end)

  it("passes over another ping's reply, and on a raw socket another process's", function()
    local system = ping(3, true, true)
    for _, reply in ipairs { { 6, 1, 42 }, { 7, 2, 43 }, { 7, 3, 42 } } do
      system.reply = reply
      system.readable(nil)
    end
    assert.same({ { 0, 3 } }, results)
  end)

  it("is lost after its time without a reply, a socket, or a way to send", function()
    for _, case in ipairs { { 3, true }, { nil, true }, { 3, false } } do
      results = {}
      local system = ping(case[1], false, case[2])
      assert.equal(4000, system.first)
      assert.same({}, results)
      system.expire()
      assert.same({ {} }, results)
      assert.equal(0, system.open)
    end
  end)
end)

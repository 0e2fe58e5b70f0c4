-- Pings over the whole road: the driver, a virtual module as a process, and the kernel's own
-- answers on loopback. Where this user may open no ICMP socket every ping is lost, and that
-- is what is held then; spec/virtual/net_ping_spec.lua scripts the socket.

local host = require "bc260y.host"
local live = require "spec.support.live"

-- May the module ping? Said once, so that a log shows which half was tried.
local function is_allowed()
  local fd = host.icmp()
  if fd then host.close(fd) end
  return fd ~= nil
end

describe("A real ping #integration", function()
  local allowed = is_allowed()
  after_each(live.finish)

  local function attached(options)
    options.names = { ["here.test"] = "127.0.0.1" }
    local process = live.virtual(options)
    local modem = live.open { port = process.port }
    assert(modem:attach())
    return modem
  end

  local function check_lost(count, result)
    assert.equal(count, result.sent)
    assert.equal(0, result.received)
    assert.equal(count, result.lost)
    assert.is_nil(result.avg)
    for place = 1, count do assert.same({ lost = true, code = 569 }, result.replies[place]) end
  end

  local function check_answered(count, size, has_ttl, result)
    assert.same({ count, count, 0 }, { result.sent, result.received, result.lost })
    assert.equal("127.0.0.1", result.address)
    assert.equal(count, #result.replies)
    for _, reply in ipairs(result.replies) do
      assert.equal("127.0.0.1", reply.address)
      assert.equal(size, reply.bytes)
      assert.is_true(reply.time >= result.min and reply.time <= result.max)
      assert.equal(has_ttl, (reply.ttl or 0) > 0)
    end
  end

  it("of loopback is answered " .. (allowed and "(ICMP is allowed here)"
    or "by nobody (ICMP is not allowed here)"), function()
    for profile, has_ttl in pairs { manual = false, R01 = false, R02 = true } do
      local modem = attached { profile = profile }
      local count = allowed and 2 or 1
      local result = assert(modem:ping("here.test", { count = count, size = 200, timeout = 1 }))
      if allowed then check_answered(2, 200, has_ttl, result) else check_lost(1, result) end
      live.finish()
    end
  end)

  it("that can't be sent is lost", function()
    -- No kernel sends to everybody unless it was asked to.
    local modem = attached { profile = "R02" }
    check_lost(1, assert(modem:ping("255.255.255.255", { count = 1, timeout = 1 })))
  end)
end)

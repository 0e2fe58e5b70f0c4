-- A message of which the module had taken one part, and refused the next, waited for room, and
-- meanwhile a record went out behind the first part, or another task's message did.

local bc260y = require "bc260y"
local support = require "spec.support.session"

describe("a message that waits for room", function()
  -- A message of two parts, in a module that has room for one at a time: other(bench, session)
  -- goes on beside it while the peer acknowledges every 5 s. Result: what the peer got, and
  -- the seconds from the last but one to the last of it.
  local function beside(after, other, policy)
    local text, before, last
    bc260y.run(function()
      local bench
      local server = { auto_ack = false, data = function() before, last = last, bench:now() end }
      bench = support.new { traits = { tx_buffer = 600 }, server = server,
        session = { policy = policy } }
      local session = bench.session
      session:wait()
      for i = 1, 8 do bench:after(i * 5, function() bench:peer():ack() end) end
      local message = bc260y.spawn(session.send, session, ("a"):rep(1024))
      bc260y.sleep(after)
      other(bench, session)
      assert.is_true(message:wait())
      text = bench:peer():text()
      assert.equal(1, session:stats().connections)
      bench.modem:close()
    end)
    return text, last - before
  end

  it("has no record between its parts, which goes behind it", function()
    for _, after in ipairs { 0, 2 } do
      local text, seconds = beside(after, function(_, session)
        local outbox = bc260y.outbox.memory()
        outbox:put("record")
        assert.is_true((session:deliver(outbox, { drain = true, acknowledge = "tcp",
          encode = function(record) return record end })))
      end)
      assert.equal(("a"):rep(1024) .. "record", text)
      assert.is_true(seconds < 0.2)
    end
  end)

  it("has no other message between its parts, which goes behind it", function()
    for _, after in ipairs { 0, 2 } do
      local text, seconds = beside(after, function(_, session)
        assert.is_true(session:send("b"))
      end)
      assert.equal(("a"):rep(1024) .. "b", text)
      assert.is_true(seconds < 0.2)
    end
  end)

  it("has no keepalive between its parts", function()
    local text = beside(2, function() bc260y.sleep(30) end, { idle = 1, keepalive = "k" })
    assert.is_truthy(text:find("^" .. ("a"):rep(1024) .. "k+$"))
  end)

  it('lets one whose time is too short be "busy", of which nothing went', function()
    for _, after in ipairs { 0, 2 } do
      assert.equal(("a"):rep(1024), (beside(after, function(bench, session)
        assert.same({ nil, "busy" }, { session:send("b", { timeout = 1 }) })
        assert.is_true(bench:now() < 5)
      end)))
    end
  end)
end)

local bc260y = require "bc260y"
local frames = require "bc260y.frames"
local script = require "spec.support.port"
local support = require "spec.support.delivery"

local ID = support.ID

-- An outbox whose methods can be played.
local function played(methods)
  local outbox = require("bc260y.outbox").memory { id = ID }
  local proxy = {}
  for _, name in ipairs { "put", "peek", "release", "range", "size", "id", "on_put", "close" } do
    proxy[name] = function(_, ...)
      if methods[name] then return methods[name](outbox, ...) end
      return outbox[name](outbox, ...)
    end
  end
  return proxy
end

-- Calls fn where it may raise: on 5.1 no task can wait inside pcall.
local function attempt(bench, fn)
  local loop = bench.modem.pump.loop
  if loop.inline then return pcall(fn) end
  local ok, err
  loop:spawn(function(...) ok, err = ... end, fn):wait()
  return ok, err
end

script.each_loop(function(how, run)
  describe("session:deliver " .. how, function()
    local bench

    local function open(options)
      bench = support.new(options)
      return bench
    end

    local function deliver(options)
      return bench.session:deliver(bench.outbox, options)
    end

    local function released()
      return (bench.outbox:range()) - 1
    end

    it("comes to an encoder's fault when all before it is released, and goes on later", function()
      for _, case in ipairs {
        { function() error("no", 0) end, "encode raised: no (record 3)" },
        { function() coroutine.yield() end, "encode tried to wait (record 3)" },
        { function() return "" end, "encode returned no bytes (record 3)" },
        { function() return 12 end, "encode returned no bytes (record 3)" },
        { function() end, "encode returned no bytes (record 3)" },
      } do
        run(function()
          local calls = 0
          open()
          bench:put(5, 700)
          local function encode(record, sequence, id)
            calls = calls + 1
            if sequence == 3 then return case[1]() end
            return frames.encode(id, sequence, record)
          end
          local function stored() return bench.server.highest end
          local ok, err, detail = deliver { encode = encode, acknowledge = stored }
          assert.same({ nil, "error" }, { ok, err })
          assert.is_truthy(detail:find(case[2], 1, true), detail)
          assert.same({ 2, 3 }, { released(), calls })
          assert.is_true((deliver { drain = true }))
          bench:check_all_stored()
          assert.same({ 0, 1 }, { bench.server.duplicates, #bench.server.peers })
          bench.modem:close()
        end)
      end
    end)

    it("ends with a fault of the function that reads acknowledgements", function()
      for _, case in ipairs {
        { function() error("no", 0) end, "acknowledge raised: no" },
        { function() coroutine.yield() end, "acknowledge tried to wait" },
        { function() return "1" end, "acknowledge returned no sequence" },
        { function() return 1.5 end, "acknowledge returned no sequence" },
        { function() return -1 end, "acknowledge returned no sequence" },
        { function() return 0 / 0 end, "acknowledge returned no sequence" },
      } do
        run(function()
          open()
          bench:put(2)
          assert.same({ nil, "error", case[2] }, { deliver { acknowledge = case[1] } })
          assert.equal(0, released())
          assert.is_true((deliver { drain = true, timeout = 200 }))
          bench:check_all_stored()
          bench.modem:close()
        end)
      end
    end)

    it("lets others release records meanwhile", function()
      run(function()
        local heard = 0
        open { server = { mute = true, before = function()
          heard = heard + 1
          if heard == 2 then bench.outbox:release(4) end
          if heard == 5 then bench.outbox:release(20) end
        end } }
        bench:put(20, 300)
        assert.is_true((deliver { drain = true, timeout = 100, window = 1500 }))
        bench:pass(1)
        assert.same({ 0, 1 }, { bench.server.damaged, #bench.server.peers })
        assert.same({}, bench:told("disconnected"))
        bench.modem:close()
      end)
    end)

    it("ends with an outbox that is closed in the middle", function()
      run(function()
        open { server = { before = function(peer)
          if peer.received_size > 3000 then bench.outbox:close() end
        end } }
        bench:put(20, 300)
        assert.same({ nil, "closed" }, { deliver { drain = true, timeout = 100 } })
        assert.is_true(bench.server.highest >= 9)
        bench:pass(0)
        assert.same({ "closed" }, bench:told("disconnected")) -- which has a record in part
        bench.modem:close()
      end)
    end)

    it("comes to a damaged record when all before it is released", function()
      for _, err in ipairs { "damaged", "disk error" } do
        run(function()
          local broken = true
          open { outbox = played { peek = function(outbox, sequence)
            if broken and sequence == 6 then return nil, err end
            return outbox:peek(sequence)
          end } }
          bench:put(10, 300)
          assert.same({ nil, err, 6 }, { deliver { drain = true, timeout = 100 } })
          assert.equal(5, released())
          broken = false
          assert.is_true((deliver { drain = true, timeout = 100 }))
          bench:check_all_stored()
          bench.modem:close()
        end)
      end
    end)

    it("ends where a release fails, which is made up for later", function()
      run(function()
        local broken = true
        open { outbox = played { release = function(outbox, sequence)
          if broken then return nil, "disk error" end
          return outbox:release(sequence)
        end } }
        bench:put(3)
        assert.same({ nil, "disk error" }, { deliver { drain = true, timeout = 100 } })
        broken = false
        assert.is_true((deliver { drain = true, timeout = 100 }))
        bench:check_all_stored()
        bench.modem:close()
      end)
    end)

    it("can be called again when something raised through it", function()
      run(function()
        local broken = true
        open { outbox = played { peek = function(outbox, sequence)
          if broken and sequence == 5 then error("no memory", 0) end
          return outbox:peek(sequence)
        end } }
        bench:put(9, 300)
        local ok, err = attempt(bench, deliver)
        assert.same({ false, "no memory" }, { ok, err })
        broken = false
        assert.is_true((deliver { drain = true, timeout = 100 }))
        bench:check_all_stored()
        assert.equal(0, bench.server.damaged)
        bench.modem:close()
      end)
    end)

    it("does not go on with a connection on which it was stopped by force", function()
      run(function()
        open()
        bench:put(3, 1000)
        assert(bench.session:wait())
        local sock = bench.session.sock
        function sock.send(...)
          sock.send = nil
          sock.send(...)
          error("no memory", 0)
        end
        local ok, err = attempt(bench, deliver)
        assert.same({ false, "no memory" }, { ok, err })
        assert.is_true((deliver { drain = true, timeout = 100 }))
        bench:check_all_stored()
        assert.same({ 2, 0 }, { #bench.server.peers, bench.server.damaged })
        assert.same({}, bench.outbox.listeners)
        bench.modem:close()
      end)
    end)

    it("ends with the port", function()
      run(function()
        open { server = { before = function(peer)
          if peer.received_size > 2000 then
            function bench.port.read() return nil, "lost" end
          end
        end } }
        bench:put(20, 300)
        assert.same({ nil, "lost" }, { deliver { drain = true, timeout = 100 } })
        assert.same({ nil, "lost" }, { deliver { drain = true, timeout = 100 } })
      end)
    end)
  end)
end)

describe("session:deliver beside other tasks", function()
  it("gives up a connection on which something else went within a record", function()
    bc260y.run(function()
      local bench = support.new { traits = { answer_time = 1 } }
      bench:put(3, 2000)
      bc260y.spawn(function()
        bench:pass(3)
        bench.session.sock:send("hello")
      end)
      assert.is_true((bench.session:deliver(bench.outbox, { drain = true, timeout = 600 })))
      bench:check_all_stored()
      assert.same({ "torn" }, bench:told("disconnected"))
      bench.modem:close()
    end)
  end)

  it("hears that its outbox is closed while it waits", function()
    bc260y.run(function()
      local bench = support.new()
      bc260y.spawn(function()
        bench:pass(20)
        bench.outbox:close()
      end)
      assert.same({ nil, "closed" }, { bench.session:deliver(bench.outbox) })
      assert.is_true(bench.rig.time < 21)
      bench.modem:close()
    end)
  end)

  it("ends when its session is closed in the middle of a record", function()
    bc260y.run(function()
      local bench = support.new { traits = { answer_time = 1 } }
      bench:put(3, 2000)
      bc260y.spawn(function()
        bench:pass(3.5)
        bench.session:close()
      end)
      assert.same({ nil, "closed" }, { bench.session:deliver(bench.outbox) })
      bench:open_session()
      assert.is_true((bench.session:deliver(bench.outbox, { drain = true })))
      bench:check_all_stored()
      bench.modem:close()
    end)
  end)

  it("leaves an outbox free when its task is given up in the midst of a call", function()
    local outbox, bench = require("bc260y.outbox").memory { id = ID }, nil
    bc260y.run(function()
      bench = support.new { outbox = outbox, traits = { answer_time = 1 } }
      bench:put(6, 900)
      bc260y.spawn(function() bench.session:deliver(outbox) end)
      bench:pass(5.5)
    end)
    assert.is_true(outbox:range() < 6)
    local server, records, count = bench.server, bench.records, bench.count
    bc260y.run(function()
      local again = support.new { outbox = outbox, server = { highest = server.highest,
        stored = server.stored } }
      again.records, again.count = records, count
      again:put(1)
      assert.is_true((again.session:deliver(outbox, { drain = true })))
      again:check_all_stored()
      assert.same({}, outbox.listeners)
      again.modem:close()
    end)
  end)

  it("leaves an outbox free when its modem is closed and its task has not heard of it", function()
    bc260y.run(function()
      local bench = support.new()
      bench:put(3)
      bc260y.spawn(function() bench.session:deliver(bench.outbox) end)
      bench:pass(1)
      local again = support.new { outbox = bench.outbox }
      again.server.highest = 3
      bench.modem:close()
      assert(bench.outbox:put("four"))
      assert.is_true((again.session:deliver(bench.outbox, { drain = true })))
      assert.same({ "four" }, again.server.stored)
      again.modem:close()
    end)
  end)
end)

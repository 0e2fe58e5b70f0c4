local bc260y = require "bc260y"
local frames = require "bc260y.frames"
local script = require "spec.support.port"
local support = require "spec.support.delivery"

local ID = support.ID

local function ack(sequence, id)
  return frames.encode(id or ID, sequence, "")
end

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

    -- Whatever the peer says, as soon as it has heard something.
    local function saying(...)
      local said = { ... }
      open { server = { mute = true, before = function(peer)
        local bytes = table.remove(said, 1)
        if bytes then peer:send(bytes) end
      end } }
    end

    it("starts each connection with the oldest record, wherever the last one broke", function()
      for _, acknowledge in ipairs { false, "tcp" } do
        for at = 1, 9 do
          run(function()
            local heard = 0
            open { server = { before = function(peer)
              heard = heard + 1
              if heard % 10 == at then peer:close() end
            end } }
            bench:put(3, 150)
            bench:put(2, 1200)
            bench:put(9, 130)
            assert.is_true((deliver { drain = true, timeout = 900, window = 2000,
              acknowledge = acknowledge or nil }))
            bench:check_all_stored()
            assert.is_true(#bench.server.peers > 1)
            assert.equal(0, bench.server.damaged)
            bench.modem:close()
          end)
        end
      end
    end)

    it("tells which records go once more", function()
      run(function()
        local heard = 0
        open { server = { mute = true, before = function(peer)
          heard = heard + 1
          if heard == 2 then peer:close() end
          bench.server.mute = heard < 2
        end } }
        bench:put(6, 200)
        assert.is_true((deliver { drain = true }))
        bench:pass(0)
        local again = bench:told("duplicate")
        assert.same({ 1, 2 }, { again[1], again[2] })
        assert.equal(#again, bench.session:stats().records_again)
        bench:check_all_stored()
        bench.modem:close()
      end)
    end)

    it("keeps no offset of one connection for the next", function()
      run(function()
        open { server = { mute = true, auto_ack = false } }
        bench:put(10, 100)
        deliver { acknowledge = "tcp", timeout = 5 }
        bench.server:peer():ack(700)
        deliver { acknowledge = "tcp", timeout = 1.5 } -- one count alone
        bench.server:peer():close()
        assert.same({ nil, "timeout" }, { deliver { acknowledge = "tcp", timeout = 60 } })
        assert.equal(2, #bench.server.peers)
        assert.is_true(released() < 6)
        local before = released()
        bench.server:peer():ack(1)
        deliver { acknowledge = "tcp", timeout = 20 }
        assert.equal(before, released())
        bench.modem:close()
      end)
    end)

    it("releases what two counts were sure of before the connection broke", function()
      run(function()
        open { server = { mute = true, auto_ack = false } }
        bench:put(2, 100)
        deliver { acknowledge = "tcp", timeout = 5 }
        local sock = bench.session.sock
        bench.server:peer():ack(122)
        bench.session:look()
        bench.session:look()
        assert.equal(122, sock.acknowledged)
        bench.session:fail(sock, "closed")
        deliver { acknowledge = "tcp", timeout = 10 }
        assert.equal(1, released())
        bench.modem:close()
      end)
    end)

    it("takes no acknowledgement of what was never put, and says so once", function()
      run(function()
        saying(ack(4), ack(2 ^ 52))
        bench:put(3, 500)
        assert.same({ nil, "timeout" }, { deliver { timeout = 20 } })
        assert.equal(0, released())
        assert.same({ "the peer acknowledges record 4, and 3 is the last that was put" },
          bench:told("error"))
        assert.equal(2, bench.session:stats().acks_refused)
        bench.modem:close()
      end)
    end)

    it("takes none that is another outbox's, damaged, or for nothing", function()
      run(function()
        local one = ack(2)
        saying(ack(2, "12345678"), one:sub(1, 21) .. "?", ack(0), "garbage" .. one:sub(1, 12))
        bench:put(4, 500)
        assert.same({ nil, "timeout" }, { deliver { timeout = 20 } })
        assert.equal(0, released())
        bench.modem:close()
      end)
    end)

    it("finds acknowledgements in any pieces, and behind garbage", function()
      for cut = 1, 21 do
        run(function()
          local one = ack(3)
          saying("HTTP/1.1 400\r\n\r\n\0\0" .. one:sub(1, cut), one:sub(cut + 1) .. "\0\0x")
          bench:put(3, 300)
          assert.is_true((deliver { drain = true, timeout = 1 }))
          bench.modem:close()
        end)
      end
    end)

    it("takes an acknowledgement of more than it has sent for what it has sent", function()
      run(function()
        saying(ack(40)) -- stored before this program was started again
        bench:put(40, 478)
        assert.same({ nil, "timeout" }, { deliver { timeout = 20, window = 1000 } })
        assert.equal(1, bench.session:stats().acks_ahead)
        assert.equal(2, released())
        assert.equal(4, bench.server.highest)
        assert.same({}, bench:told("error"))
        bench.modem:close()
      end)
    end)

    it("goes on with a peer that has stored more than this program has sent", function()
      run(function()
        open()
        bench:put(30, 400)
        for i = 1, 17 do bench.server:store(i, bench.records[i]) end
        assert.is_true((deliver { drain = true, timeout = 10 }))
        bench:check_all_stored()
        assert.equal(1, #bench.server.peers)
        bench.modem:close()
      end)
    end)

    it("takes no word for a record of which it has not sent all", function()
      run(function()
        open { server = { mute = true, before = function(peer)
          if #bench.server.peers == 1 then
            peer:send(ack(2))
            peer:close()
          end
        end } }
        bench:put(3, 300) -- a chunk is one of them, and a part of the next
        assert.same({ nil, "timeout" }, { deliver { timeout = 30 } })
        assert.equal(1, released())
        assert.same({ 3, 0, 2 }, { bench.server.highest, bench.server.duplicates,
          #bench.server.peers })
        bench.modem:close()
      end)
    end)

    it("takes the peer's word for a record while the next one is on its way", function()
      run(function()
        local heard = 0
        open { server = { mute = true, before = function(peer)
          heard = heard + 1
          if heard == 2 then peer:send(ack(1)) end
          if heard == 3 then peer:close() end
        end } }
        bench:put(1, 100)
        bench:put(1, 3000)
        assert.same({ nil, "timeout" }, { deliver { timeout = 30 } })
        assert.equal(1, released())
        bench.modem:close()
      end)
    end)

    it("gives no connection up while the module sleeps", function()
      run(function()
        open { format = "hex", server = { mute = true },
          policy = { idle = 600, sleeping = "sleep" } }
        bench:put(2)
        deliver { timeout = 20 }
        bench.module:sleep("PSM")
        assert.same({ nil, "timeout" }, { deliver { timeout = 1000 } })
        assert.equal("PSM", bench.modem.wake.kind)
        assert.same({}, bench:told("disconnected"))
        bench.modem:close()
      end)
    end)

    it("outlives a gap in what the peer says, and tells of it", function()
      run(function()
        open { server = { mute = true } }
        bench:put(2)
        deliver { timeout = 5 }
        local one = ack(2)
        bench.server:peer():send(one:sub(1, 9))
        bench:pass(1)
        bench.session.sock:gap("torn")
        bench.server:peer():send(ack(1))
        deliver { timeout = 5 }
        assert.equal(1, released())
        assert.same({ "acknowledgements may be missing: torn" }, bench:told("error"))
        assert.equal(1, bench.session:stats().gaps)
        bench.modem:close()
      end)
    end)

    it("gives up a connection whose peer stores nothing for 150 s, and sends again", function()
      run(function()
        open { server = { mute = true }, policy = { idle = 600 } }
        bench:put(2)
        assert.same({ nil, "timeout" }, { deliver { timeout = 149 } })
        assert.same({}, bench:told("disconnected"))
        bench.server.mute = false
        local before = bench.rig.time
        assert.is_true((deliver { drain = true, timeout = 60 }))
        bench:pass(0)
        assert.same({ "not acknowledged" }, bench:told("disconnected"))
        assert.is_true(bench.rig.time - before < 10)
        bench:check_all_stored()
        bench.modem:close()
      end)
    end)

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

    it("sends again what the module refuses, after a while and on another connection", function()
      for _, answer in ipairs { "ERROR", "+CME ERROR: 558" } do
        run(function()
          open { format = "hex" }
          local refuse, input = 3, bench.module.input
          function bench.module.input(module, bytes)
            if refuse > 0 and bytes:find("^AT%+QISEND=%d,[^0]") then
              refuse = refuse - 1
              bench.rig.unread = bench.rig.unread .. "\r\n" .. answer .. "\r\n"
              return
            end
            return input(module, bytes)
          end
          bench:put(5, 300)
          assert.is_true((deliver { drain = true, timeout = 300 }))
          bench:check_all_stored()
          assert.is_true(bench.rig.time > 3)
          bench.modem:close()
        end)
      end
    end)

    it("goes on after the module restarts in the middle", function()
      run(function()
        local heard = 0
        open { server = { before = function()
          heard = heard + 1
          if heard == 4 then bench.module:reset() end
        end } }
        bench:put(20, 300)
        assert.is_true((deliver { drain = true, timeout = 900 }))
        bench:check_all_stored()
        assert.equal(2, #bench.server.peers)
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

    it("asks little while nothing moves", function()
      run(function()
        open { server = { mute = true }, policy = { idle = 600, second_check = 3600 } }
        bench:put(40, 200)
        deliver { timeout = 5 }
        local writes = bench.rig.writes
        deliver { timeout = 3500 }
        assert.is_true(bench.rig.writes - writes < 40) -- five keepalives, and what they cost
        bench.modem:close()
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

local frames = require "bc260y.frames"
local script = require "spec.support.port"
local support = require "spec.support.delivery"

local ID = support.ID

local function ack(sequence, id)
  return frames.encode(id or ID, sequence, "")
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

    it("ends where the peer has what was never put: it knows another outbox of this id", function()
      run(function()
        saying(ack(4), ack(2))
        bench:put(3, 500)
        assert.same({ nil, "error",
          "the peer has record 4 of this outbox's id, and 3 is the last that was put" },
          { deliver { timeout = 20 } })
        assert.equal(0, released())
        assert.equal(1, bench.session:stats().acks_refused)
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
        assert.equal(1, released())
        assert.equal(3, bench.server.highest)
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

    it("wakes a module that sleeps before it gives the connection up", function()
      run(function()
        local asked = 0
        open { format = "hex", profile = "manual", server = { mute = true },
          policy = { idle = 600, sleeping = "sleep" } }
        bench:put(2)
        deliver { timeout = 20 }
        bench.module:sleep("DEEPSLEEP")
        assert.same({ nil, "timeout" }, { deliver { timeout = 100 } })
        assert.equal("DEEPSLEEP", bench.modem.wake.kind)
        function bench.module.count(...)
          asked = asked + 1
          return ...
        end
        assert.same({ nil, "timeout" }, { deliver { timeout = 120 } })
        assert.is_true(asked > 0)
        assert.same({}, bench:told("disconnected"))
        bench.module:sleep("DEEPSLEEP")
        assert.same({ nil, "timeout" }, { deliver { timeout = 150 } })
        assert.same({ "not acknowledged" }, bench:told("disconnected"))
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

    it("waits for room in a module that has less than the window, on one connection", function()
      for _, acknowledge in ipairs { false, "tcp" } do
        run(function()
          open { format = "hex", traits = { tx_buffer = 2048 }, latency = 1.5,
            server = { auto_ack = false, before = function(peer) peer:ack() end } }
          bench:put(30, 400)
          assert.is_true((deliver { drain = true, timeout = 300,
            acknowledge = acknowledge or nil }))
          bench:check_all_stored()
          assert.equal(1, #bench.server.peers)
          assert.is_true(bench.rig.time < 80)
          bench.modem:close()
        end)
      end
    end)

    it("gives up a connection on which the module takes nothing any more", function()
      run(function()
        open { format = "hex", server = { mute = true } }
        bench:put(1)
        deliver { timeout = 5 }
        bench.server.mute = false
        local input, tries = bench.module.input, 0
        function bench.module.input(module, bytes)
          if bytes:find("^AT%+QISEND=0,[^0]") then
            tries = tries + 1
            bench.rig.unread = bench.rig.unread .. "\r\nERROR\r\n"
            return
          end
          return input(module, bytes)
        end
        bench:put(1)
        assert.is_true((deliver { drain = true, timeout = 100 }))
        bench:check_all_stored()
        assert.equal(5, tries)
        assert.same({ "send failed" }, bench:told("disconnected"))
        assert.is_true(bench.rig.time > 30)
        bench.modem:close()
      end)
    end)

    it("takes the peer's word for a record though SEND OK never came", function()
      run(function()
        open { profile = "R02", traits = { ok_before_prompt = true } }
        local say = bench.module.say
        function bench.module.say(module, what, line, ...)
          if line ~= "SEND OK" then return say(module, what, line, ...) end
        end
        bench:put(3, 100)
        assert.is_true((deliver { drain = true, timeout = 30 }))
        bench:check_all_stored()
        assert.equal(0, bench.server.duplicates)
        bench.modem:close()
      end)
    end)

    it("outlives a SEND OK that is lost in data mode", function()
      for _, acknowledge in ipairs { false, "tcp" } do
        run(function()
          open { profile = "R02", traits = { ok_before_prompt = true } }
          local say, lost = bench.module.say, 0
          function bench.module.say(module, what, line, ...)
            if line == "SEND OK" then
              lost = lost + 1
              if lost == 2 then return end
            end
            return say(module, what, line, ...)
          end
          bench:put(20, 200)
          assert.is_true((deliver { drain = true, timeout = 120,
            acknowledge = acknowledge or nil }))
          bench:check_all_stored()
          assert.is_true(#bench.server.peers < 10)
          bench.modem:close()
        end)
      end
    end)

    it("gives up a connection whose count says that something else was taken", function()
      run(function()
        open { server = { mute = true } }
        local taken = 8 -- bytes less than it was given, for a while
        function bench.module.count(sent)
          return sent - taken, sent - taken, 0
        end
        bench:put(3, 100)
        assert.same({ nil, "timeout" }, { deliver { acknowledge = "tcp", timeout = 2 } })
        bench:pass(0)
        assert.same({ "torn" }, bench:told("disconnected"))
        assert.equal(0, released())
        taken = 0
        assert.is_true((deliver { acknowledge = "tcp", drain = true, timeout = 60 }))
        assert.equal(2, #bench.server.peers)
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

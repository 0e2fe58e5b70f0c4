local bc260y = require "bc260y"
local frames = require "bc260y.frames"
local script = require "spec.support.port"
local support = require "spec.support.delivery"

-- What "released" told by then.
local function released(bench)
  return (bench.outbox:range()) - 1
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

    it("sends what was put, in order, and releases what the peer says it has stored", function()
      for _, format in ipairs { "raw", "hex" } do
        run(function()
          open { format = format }
          for i = 1, 40 do bench:put(1, 20 + i * 17) end
          assert.is_true((deliver { drain = true }))
          bench:check_all_stored()
          assert.equal(40, released(bench))
          assert.equal(0, bench.server.duplicates)
          local stats = bench.session:stats()
          assert.same({ 40, 0, 40 }, { stats.records_sent, stats.records_again,
            stats.records_released })
          bench.modem:close()
        end)
      end
    end)

    it("releases nothing that the peer's program does not acknowledge", function()
      run(function()
        open { server = { mute = true } }
        bench:put(3)
        assert.same({ nil, "timeout" }, { deliver { drain = true, timeout = 100 } })
        assert.equal(100, bench.rig.time)
        assert.equal(3, bench.server.highest)
        assert.equal(0, released(bench))
        bench.modem:close()
      end)
    end)

    it('with "tcp" releases whole records that the peer\'s TCP has, by two counts', function()
      run(function()
        open { server = { mute = true, auto_ack = false } }
        bench:put(3, 100)
        local function try() return deliver { acknowledge = "tcp", drain = true, timeout = 40 } end
        assert.same({ nil, "timeout" }, { try() })
        assert.equal(0, released(bench))
        for _, step in ipairs { { 121, 0 }, { 1, 1 }, { 121, 1 }, { 122, 2 } } do
          bench.server:peer():ack(step[1])
          assert.same({ nil, "timeout" }, { try() })
          assert.equal(step[2], released(bench))
        end
        bench.server:peer():ack()
        assert.is_true((try()))
        bench:check_all_stored()
        assert.equal(0, bench.server.duplicates)
        bench.modem:close()
      end)
    end)

    it('with "tcp" takes no count for true that the next one does not bear out', function()
      run(function()
        open { server = { mute = true, auto_ack = false } }
        bench:put(3, 100)
        local asked = 0
        function bench.module.count(sent, acked, unacked)
          asked = asked + 1
          if asked % 2 == 1 then return sent, sent, 0 end
          return sent, acked, unacked
        end
        assert.same({ nil, "timeout" }, { deliver { acknowledge = "tcp", timeout = 100 } })
        assert.is_true(asked > 5)
        assert.equal(0, released(bench))
        bench.modem:close()
      end)
    end)

    it('with "tcp" asks for a count each half window, while it goes on sending', function()
      run(function()
        local asked = {}
        open { server = { mute = true } }
        function bench.module.count(sent, acked, unacked)
          asked[#asked + 1] = sent
          return sent, acked, unacked
        end
        for _ = 1, 2 do
          bench:put(100, 200)
          assert.is_true((deliver { acknowledge = "tcp", drain = true }))
          assert.is_true(#asked < 15)
          for i = 2, #asked do assert.is_true(asked[i] - asked[i - 1] <= 2048 + 512) end
          bench.session:fail(bench.session.sock, "closed")
          asked = {}
        end
        bench.modem:close()
      end)
    end)

    it("puts several records into a chunk of 512 bytes at most, and fills it", function()
      run(function()
        local chunks = {}
        open { server = { before = function(_, bytes) chunks[#chunks + 1] = #bytes end } }
        bench:put(20, 90)
        bench:put(1, 2000)
        assert.is_true((deliver { drain = true, window = 10000 }))
        local total = 20 * 112 + 2022
        assert.equal(math.ceil(total / 512), #chunks)
        for i = 1, #chunks - 1 do assert.equal(512, chunks[i]) end
        bench:check_all_stored()
        bench.modem:close()
      end)
    end)

    it("has no more in flight than the window, but one record in any case", function()
      for _, case in ipairs { { 200, 1000, 888 }, { 200, 221, 222 }, { 3000, 100, 3022 },
        { 200, nil, 3996 } } do
        run(function()
          open { server = { mute = true } }
          bench:put(30, case[1])
          deliver { timeout = 20, window = case[2] }
          assert.equal(case[3], bench.server:peer().received_size)
          bench.modem:close()
        end)
      end
    end)

    it("drains through any window, in both modes", function()
      for _, acknowledge in ipairs { false, "tcp" } do
        for _, window in ipairs { 1, 100, 700, 5000 } do
          run(function()
            open()
            bench:put(9, 150)
            bench:put(2, 1500)
            assert.is_true((deliver { drain = true, timeout = 120, window = window,
              acknowledge = acknowledge or nil }))
            assert.is_true(bench.rig.time < 3)
            bench:check_all_stored()
            assert.equal(0, bench.server.duplicates)
            bench.modem:close()
          end)
        end
      end
    end)

    it("has nothing to do for an empty outbox that it should drain", function()
      run(function()
        open()
        assert.is_true((deliver { drain = true }))
        assert.equal(0, #bench.server.peers)
        bench:put(1)
        assert.is_true((deliver { drain = true }))
        assert.is_true((deliver { drain = true }))
        bench.modem:close()
      end)
    end)

    it("goes on where its last call ended, on the same connection", function()
      run(function()
        open { traits = { answer_time = 0.3 } }
        bench:put(10, 900)
        local calls = 0
        repeat
          calls = calls + 1
          assert.is_true(calls < 200)
          local before = bench.rig.time
          local ok, err = deliver { drain = true, timeout = 0.2 }
          assert.is_true(bench.rig.time <= before + 0.2001)
          assert.is_true(ok or err == "timeout")
        until ok
        assert.is_true(calls > 10)
        bench:check_all_stored()
        assert.equal(0, bench.server.duplicates)
        assert.equal(1, #bench.server.peers)
        bench.modem:close()
      end)
    end)

    it("lets nothing else go where it stopped within a record", function()
      for tenth = 20, 70, 7 do
        run(function()
          open { traits = { answer_time = 1 }, policy = { idle = 2 } }
          bench:put(4, 2000)
          assert.same({ nil, "timeout" }, { deliver { timeout = tenth / 10 } })
          bench:pass(20)
          assert.is_true((deliver { drain = true }))
          bench:check_all_stored()
          assert.same({ 1, 0, 0 }, { #bench.server.peers, bench.server.damaged,
            bench.server.duplicates })
          bench.modem:close()
        end)
      end
    end)

    it("starts a connection for another outbox where it stopped within a record", function()
      run(function()
        open { traits = { answer_time = 1 } }
        bench:put(4, 2000)
        assert.same({ nil, "timeout" }, { deliver { timeout = 6 } })
        bench.outbox, bench.count = require("bc260y.outbox").memory { id = support.ID }, 0
        bench.server.highest, bench.server.stored, bench.records = 0, {}, {}
        bench:put(2, 2000)
        assert.is_true((deliver { drain = true }))
        bench:check_all_stored()
        assert.same({ 2, 0 }, { #bench.server.peers, bench.server.damaged })
        bench.modem:close()
      end)
    end)

    it("takes an encoder and a reader of acknowledgements", function()
      run(function()
        local rest, seen = "", {}
        open { server = { take = function(self, peer, bytes)
          rest = rest .. bytes
          while rest:find("\n", 1, true) do
            local sequence, record
            sequence, record, rest = rest:match("^(%d+) ([^\n]*)\n(.*)$")
            self:store(tonumber(sequence), record)
            peer:send("stored " .. sequence .. "\n")
          end
        end } }
        bench:put(30, 60)
        assert.is_true((deliver {
          drain = true,
          encode = function(record, sequence, id)
            seen[sequence] = id
            return ("%d %s\n"):format(sequence, record)
          end,
          acknowledge = function(bytes, session)
            assert(session == bench.session)
            local highest
            for sequence in bytes:gmatch("stored (%d+)\n") do highest = tonumber(sequence) end
            return highest
          end,
        }))
        bench:check_all_stored()
        assert.equal(support.ID, seen[30])
        assert.is_nil(bench.session.keepalive_bytes)
        bench.modem:close()
      end)
    end)

    it("says what the text format can't carry", function()
      run(function()
        open { format = "text", server = { mute = true, take = function() end } }
        bench:put(3)
        assert.same({ nil, "not supported" }, { deliver { drain = true } })
        local function encode(record, sequence)
          return sequence == 2 and record .. "\n" or record .. ";"
        end
        assert.same({ nil, "not supported", 2 },
          { deliver { drain = true, encode = encode, acknowledge = "tcp" } })
        assert.equal(1, released(bench))
        assert.is_true((deliver { drain = true, acknowledge = "tcp",
          encode = function(record) return record .. ";" end }))
        assert.equal(table.concat(bench.records, ";") .. ";", bench.server:peer():text())
        bench.modem:close()
      end)
    end)

    it("asks for release of the radio with the last chunk alone", function()
      for _, format in ipairs { "hex", "raw" } do
        run(function()
          local lines = {}
          open { format = format, policy = { rai = 1 }, server = { take = function() end } }
          local write = bench.port.write
          function bench.port.write(port, bytes)
            if bytes:find("^AT%+QISEND=0,[^0]") then lines[#lines + 1] = bytes end
            return write(port, bytes)
          end
          for _, case in ipairs { { 5, 200, 2 }, { 5, 200, 3, 600 }, { 1, 1000, 2 } } do
            bench:put(case[1], case[2])
            assert.is_true((deliver { drain = true, acknowledge = "tcp", window = case[4],
              encode = function(record) return record end }))
            assert.equal(case[3], #lines)
            for i = 1, #lines do assert.equal(i == #lines, lines[i]:find(",1\r$") ~= nil) end
            lines = {}
          end
          bench:put(1)
          assert.is_true((deliver { drain = true, acknowledge = "tcp" })) -- a frame, as it can
          assert.equal(format == "hex", lines[1]:find(",1\r$") ~= nil)
          bench.modem:close()
        end)
      end
    end)

    it("tells of its progress", function()
      run(function()
        local progress
        open()
        bench.session:on("progress", function(state) progress = state end)
        bench:put(4, 100)
        assert.is_true((deliver { drain = true }))
        bench:pass(0)
        assert.equal(4, bench:told("released")[#bench:told("released")])
        assert.same({ sent = 4, again = 0, released = 4, queued = 0, queued_bytes = 0,
          in_flight = 0 }, progress)
        assert.equal(4 * 122, bench.session:stats().bytes_sent)
        bench.modem:close()
      end)
    end)

    it("tells each event, however many there are", function()
      run(function()
        local heard = 0
        open()
        bench.session:on("progress", function() heard = heard + 1 end)
        bench:put(600, 600)
        assert.is_true((deliver { drain = true }))
        bench:pass(0)
        assert.is_true(heard > 500)
        assert.equal(600, bench:told("released")[#bench:told("released")])
        assert.equal(#bench:told("released"), heard)
        assert.same({}, bench:told("error"))
        bench.modem:close()
      end)
    end)

    it("keeps the connection alive with empty frames, which the peer answers", function()
      run(function()
        open { server = { mute = true } }
        bench:put(1)
        assert.same({ nil, "timeout" }, { deliver { timeout = 30 } })
        bench.server.mute = false -- the answer to the record was lost
        assert.is_true((deliver { drain = true, timeout = 60 }))
        assert.equal(1, #bench.server.peers)
        assert.equal(frames.encode(support.ID, 0, ""), bench.session.keepalive_bytes)
        bench.modem:close()
      end)
    end)

    it("counts a keepalive's bytes in the stream", function()
      run(function()
        open { server = { mute = true, auto_ack = false } }
        bench:put(1, 100)
        deliver { acknowledge = "tcp", timeout = 5 }
        bench.server:peer():ack()
        assert.same({ nil, "timeout" }, { deliver { acknowledge = "tcp", timeout = 65 } })
        assert.equal(122 + 22, bench.server:peer().received_size)
        bench:put(1, 100)
        for _, step in ipairs { { 22, 1 }, { 121, 1 }, { 1, 2 } } do
          bench.server:peer():ack(step[1])
          deliver { acknowledge = "tcp", timeout = 20 }
          assert.equal(step[2], released(bench))
        end
        bench.modem:close()
      end)
    end)

    it("raises for what is no outbox, and for options that there are not", function()
      run(function()
        open()
        local outbox = bench.outbox
        for _, case in ipairs {
          { "outbox: table expected", nil }, { "outbox: has no peek", {} },
          { "no option is called x", outbox, { x = 1 } },
          { "drain: boolean expected", outbox, { drain = 1 } },
          { "timeout: seconds expected", outbox, { timeout = -1 } },
          { "window: 1 to 1048576 bytes expected", outbox, { window = 0 } },
          { "window: 1 to 1048576 bytes expected", outbox, { window = 1.5 } },
          { "window: 1 to 1048576 bytes expected", outbox, { window = 0 / 0 } },
          { "window: 1 to 1048576 bytes expected", outbox, { window = 1048577 } },
          { 'acknowledge: "tcp" or a function expected', outbox, { acknowledge = "app" } },
          { "acknowledge: expected with encode", outbox, { encode = function() end } },
        } do
          local ok, err = pcall(bench.session.deliver, bench.session, case[2], case[3])
          assert.is_false(ok)
          assert.is_truthy(err:find(case[1], 1, true), err)
        end
        assert.is_true((deliver { drain = true }))
        bench.modem:close()
      end)
    end)
  end)
end)

describe("session:deliver beside other tasks", function()
  it("sends a record as soon as it is put, and waits without a stir", function()
    bc260y.run(function()
      local bench = support.new()
      local ended
      bc260y.spawn(function()
        ended = { bench.session:deliver(bench.outbox) }
      end)
      bench.session:wait()
      bench:pass(0.5)
      for i = 1, 5 do
        bench:put(1)
        bench:pass(0.5)
        assert.equal(i, released(bench))
      end
      bench:pass(5) -- the session asks for what is acknowledged
      local writes = bench.rig.writes
      bench:pass(50)
      assert.equal(writes, bench.rig.writes)
      bench.session:close()
      bench:pass(1)
      assert.same({ nil, "closed" }, ended)
      bench.modem:close()
    end)
  end)

  it("lets no keepalive go within a record", function()
    bc260y.run(function()
      local bench = support.new { traits = { answer_time = 2.5 }, policy = { idle = 1 } }
      bench:put(3, 2000)
      assert.is_true((bench.session:deliver(bench.outbox, { drain = true, timeout = 600 })))
      bench:check_all_stored()
      assert.same({ 0, 0 }, { bench.server.damaged, bench.server.duplicates })
      bench.modem:close()
    end)
  end)

  it("is one at a time for a session, and for an outbox", function()
    bc260y.run(function()
      local bench = support.new()
      local other = require("bc260y.outbox").memory { id = "outbox-2" }
      -- What a task of its own raises: on 5.1 none may wait inside pcall.
      local function refused(text, ...)
        local ok, err
        bench.modem.pump.loop:spawn(function(...) ok, err = ... end, ...)
        bench:pass(0)
        assert.is_truthy(ok == false and err:find(text, 1, true), tostring(err))
      end
      bc260y.spawn(function() bench.session:deliver(bench.outbox) end)
      bench:pass(1)
      refused("another task delivers over this session", bench.session.deliver, bench.session,
        other)
      local first = bench.session
      bench:open_session()
      refused("another task delivers from this outbox", bench.session.deliver, bench.session,
        bench.outbox)
      first:close()
      bench:pass(1)
      bench:put(2)
      assert.is_true((bench.session:deliver(bench.outbox, { drain = true })))
      bench:check_all_stored()
      bench.modem:close()
    end)
  end)

  it("takes one outbox after the other over one session", function()
    bc260y.run(function()
      local bench = support.new()
      bench:put(2)
      assert.is_true((bench.session:deliver(bench.outbox, { drain = true })))
      bench.outbox = require("bc260y.outbox").memory { id = support.ID }
      bench.server.highest = 0
      bench:put(3)
      assert.is_true((bench.session:deliver(bench.outbox, { drain = true })))
      bench:check_all_stored()
      assert.equal(1, #bench.server.peers)
      bench.modem:close()
    end)
  end)
end)

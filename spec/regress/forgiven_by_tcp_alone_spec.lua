-- A server whose TCP took records that its program never stored had its failures forgotten with
-- each connection: it was called every 6 s for ever, and a policy that counts them never gave up.

local frames = require "bc260y.frames"
local script = require "spec.support.port"
local support = require "spec.support.delivery"

script.each_loop(function(how, run)
  describe("failures " .. how, function()
    -- What the policy is told of them by a server that closes 5 s after it has heard something,
    -- while on each connection another record is put. first(server, peer): what else it does
    -- on the first.
    local function counted(server, acknowledge, first)
      local list = {}
      run(function()
        local bench
        function server.before(peer)
          if peer.doomed then return end
          peer.doomed = true
          bench.net.timers:at(bench.rig.time + 5, function() peer:close() end)
          if first and #bench.server.peers == 1 then first(bench.server, peer) end
        end
        bench = support.new { server = server, policy = {
          backoff = function(_, failures)
            list[#list + 1] = failures
            return 10
          end,
        } }
        bench.session:on("connected", function() bench:put(1) end)
        assert.same({ nil, "timeout" },
          { bench.session:deliver(bench.outbox, { timeout = 64, acknowledge = acknowledge }) })
        bench.modem:close()
      end)
      return list
    end

    it("add up while a program acknowledges no record, though its TCP has all", function()
      assert.same({ 1, 2, 3, 4 }, counted { mute = true })
    end)

    it("are forgotten once it has acknowledged one", function()
      assert.same({ 1, 1, 1, 1 }, counted {})
    end)

    it("are forgotten for its TCP's word where that is what counts", function()
      assert.same({ 1, 1, 1, 1 }, counted({ mute = true }, "tcp"))
    end)

    it("are not forgotten for what was acknowledged on an earlier connection", function()
      local function say(server, peer)
        server:store(1, "record 1")
        peer.events.data(frames.encode(support.ID, 1, ""))
      end
      assert.same({ 1, 2, 3, 4 }, counted({ mute = true }, nil, say))
      assert.same({ 1, 2, 3, 4, 5 }, counted({ mute = true }, nil, function(server, peer)
        say(server, peer)
        peer.events.closed()
      end))
    end)

    it("let a policy give up a server that stores nothing", function()
      run(function()
        local bench = support.new { server = { mute = true }, policy = {
          backoff = 10,
          failed = function(_, _, _, failures)
            return failures >= 3 and "stop" or "reconnect"
          end,
        } }
        bench:put(3)
        assert.same({ nil, "not acknowledged" },
          { bench.session:deliver(bench.outbox, { timeout = 86400 }) })
        assert.equal(3, #bench.server.peers)
        assert.equal("stopped", (bench.session:state()))
        bench.modem:close()
      end)
    end)
  end)
end)

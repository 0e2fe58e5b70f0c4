-- A delivery that waited for a connection did not hear that its outbox was closed, and waited on;
-- one that had just sent, or had an acknowledgement to read, raised about it.

local frames = require "bc260y.frames"
local script = require "spec.support.port"
local support = require "spec.support.delivery"

script.each_loop(function(how, run)
  describe("a delivery whose outbox is closed " .. how, function()
    local function ends_with_closed(bench, options)
      options.timeout = 3600
      local drained, err = bench.session:deliver(bench.outbox, options)
      assert.same({ nil, "closed" }, { drained, err })
      assert.is_true(bench.rig.time < 60)
      bench.modem:close()
    end

    it("ends while it waits for a connection", function()
      run(function()
        local bench = support.new()
        bench.net:listen("TCP", "10.0.0.1", 8009, { refuse = 566 })
        bench.session:on("waiting", function() bench.outbox:close() end)
        bench:put(1)
        ends_with_closed(bench, {})
      end)
    end)

    it("ends where an acknowledgement came with the end of the last connection", function()
      for _, case in ipairs { { "disconnected", 1 }, { "connected", 2 } } do
        run(function()
          local bench = support.new { server = { mute = true, before = function(peer)
            peer.events.data(frames.encode(support.ID, 1, ""))
            peer.events.closed()
          end } }
          local told = 0
          bench.session:on(case[1], function()
            told = told + 1
            if told == case[2] then bench.outbox:close() end
          end)
          bench:put(1)
          ends_with_closed(bench, {})
        end)
      end
    end)

    it("ends behind a record that was just encoded", function()
      run(function()
        local bench = support.new { server = { take = function() end } }
        bench:put(1)
        ends_with_closed(bench, { acknowledge = "tcp", encode = function(record)
          bench.outbox:close()
          return record
        end })
      end)
    end)
  end)
end)

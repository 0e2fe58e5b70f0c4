-- A module that leaves PSM by a boot was woken by AT for a QIOPEN that was queued behind it:
-- the open succeeded on the restarted module, whose data format nobody knew, and each send
-- on that socket was refused as "invalid argument".

local script = require "spec.support.port"
local support = require "spec.support.heard"

script.each_loop(function(how, run)
  describe("a socket that is opened as its module boots, " .. how .. ",", function()
    for _, kind in ipairs { "tcp", "udp" } do
      it("sends, by " .. kind:upper(), function()
        run(function()
          local modem, bench = support.attached { psm_boot = true }
          bench.module.timing.info = 0.5 -- so that it has an address by then
          local peer
          bench.net:listen(kind:upper(), "10.0.0.1", 1, { connect = function(p) peer = p end })
          support.fall_asleep(modem, bench, "PSM")
          local reset = modem:on("reset")
          local sock = modem[kind](modem)
          sock:settimeout(60)
          assert.equal(1, sock:connect("10.0.0.1", 1))
          assert.is_true(reset:wait(0))
          assert.equal(5, sock:send("hello"))
          assert.equal("hello", peer:text())
          modem:close()
        end)
      end)
    end
  end)
end)

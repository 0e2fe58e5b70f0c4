-- One bit of AT+QISEND=0,0 flipped and made it AT+QISEND=0,8: the module prompted, and the
-- CRs that fill what a prompt of nobody asks for went into the stream. After a chunk that
-- had lost as many bytes the count agreed again, and spoilt bytes passed for sent.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"
local script = require "spec.support.port"

script.each_loop(function(how, run)
  it("a socket whose count is answered by a prompt is torn, " .. how, function()
    run(function()
      local bench = rig.new { boot = false, profile = "R02" }
      bench.net:listen("TCP", "10.0.0.1", 1, {})
      local modem = bc260y.open { port = bench.port }
      assert(modem:attach())
      local sock = modem:tcp()
      sock:settimeout(60)
      assert(sock:connect("10.0.0.1", 1))
      assert(sock:send("hello"))
      local input = bench.module.input
      bench.module.input = function(module, bytes)
        if bytes == "AT+QISEND=0,0\r" then
          bytes, module.input = "AT+QISEND=0,8\r", input
        end
        return input(module, bytes)
      end
      assert.same({ nil, "torn" }, { sock:acked() })
      assert.same({ nil, "closed", 0 }, { sock:send("more") })
      local other = modem:tcp()
      other:settimeout(60)
      assert.equal(1, other:connect("10.0.0.1", 1))
      assert.equal(5, other:send("again"))
      assert.same({ 5, 5, 0 }, { other:acked() })
      modem:close()
    end)
  end)

  it("a session ends where the count was another's and the next one is lost, " .. how, function()
    run(function()
      local bench = rig.new { boot = false }
      bench.net:listen("TCP", "10.0.0.1", 1, {})
      local modem = bc260y.open { port = bench.port }
      assert(modem:attach())
      local sock = modem:tcp()
      sock:settimeout(60)
      assert(sock:connect("10.0.0.1", 1))
      assert(sock:send("hello"))
      bench.module:script { match = "QISEND=0,0$", answer = { "+QISEND: 3,3,0", "OK" } }
      bench.module:script { match = "QISEND=0,0$", answer = { "OK" } }
      assert.same({ nil, "torn" }, { sock:confirmed(nil, true) })
      assert.equal("closed", sock.state)
      modem:close()
    end)
  end)
end)

-- Another task had something to do less than a microsecond before attach's time was over.
-- The loop let both go on, and attach saw time left that no clock needs to move for: it
-- asked again and again within the same moment, for ever.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local INSTANT = 1e-6
local ANSWERS = {
  ["AT+CSQ"] = "+CSQ: 1,0", ["AT+QICFG=\"dataformat\""] = '+QICFG: "dataformat",0,0',
  ["AT+QCFG=\"dsevent\""] = '+QCFG: "dsevent",1', ["AT+QNBIOTEVENT?"] = "+QNBIOTEVENT: 1,1",
  ["AT+CEREG?"] = "+CEREG: 0,2",
}

describe("attach whose time is over but for an instant", function()
  for _, what in ipairs { "answer", "registration" } do
    it("ends with it, waiting for the " .. what, function()
      local waits = 0
      local port = script.port { answer = function(port, line)
        if what == "answer" then return end
        if ANSWERS[line] then port:reply(ANSWERS[line]) end
        port:reply("OK")
      end }
      local wait = port.clock.wait
      function port.clock.wait(clock, seconds)
        waits = waits + 1
        assert(waits < 5000, "it asks for ever")
        if seconds > INSTANT then wait(clock, seconds) end
      end
      bc260y.run(function()
        local modem = bc260y.open { port = port, format = "text" }
        local begun = port.clock.time
        bc260y.spawn(function() bc260y.sleep(100 - INSTANT / 2) end)
        assert.same({ nil, "timeout", what }, { modem:attach { timeout = 100 } })
        assert.is_true(port.clock.time < begun + 100)
        modem:close()
      end)
    end)
  end
end)

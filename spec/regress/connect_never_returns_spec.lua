-- All ids were left open by an earlier run, and the module fell silent: connect went from
-- one id to the next without end, and without waiting once no query was left.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local LEFT_OPEN = "> AT+QISTATE?\n"
for id = 0, 4 do LEFT_OPEN = LEFT_OPEN .. ('< +QISTATE: %d,"TCP","h",80,0,2,0,1\n'):format(id) end

-- An attached modem, all of whose ids are open; after it answer has each line.
local function attached(answer)
  local port = script.port { text = script.attach("text"):gsub("> AT%+QISTATE%?\n", LEFT_OPEN),
    answer = answer }
  local modem = assert(bc260y.open { port = port, format = "text" })
  assert(modem:attach())
  return modem, port
end

-- Ends a connect that would never do so.
local function guard(port)
  local wait, start = port.wait, port.clock.time
  function port:wait(...)
    if self.waits > 1000 or self.clock.time > start + 3600 then
      error("connect never returns", 0)
    end
    return wait(self, ...)
  end
end

describe("connect with no id that is free", function()
  script.each_loop(function(how, run)
    it("returns when the module falls silent, " .. how, function()
      run(function()
        local modem, port = attached(function() end)
        guard(port)
        assert.same({ nil, "timeout" }, { modem:tcp():connect("h", 80) })
        assert.same({ nil, "no response" }, { modem:tcp():connect("h", 80) })
        modem:close()
      end)
    end)

    it("ends with a restart that comes meanwhile, " .. how, function()
      run(function()
        local modem, port = attached(function(self) self:reply("RDY") end)
        guard(port)
        assert.same({ nil, "module reset" }, { modem:tcp():connect("h", 80) })
        assert.is_nil(port:written():find("QIOPEN", 1, true))
        modem:close()
      end)
    end)

    it("goes on to the next one where CLOSE OK says that it may, " .. how, function()
      run(function()
        local modem, port = attached()
        port:play('> AT+QICLOSE=0\n< OK\n< CLOSE OK\n'
          .. '> AT+QIOPEN=0,0,"TCP","h",80,0,1\n< OK\n< +QIOPEN: 0,0\n')
        assert.equal(1, modem:tcp():connect("h", 80))
        modem:close()
      end)
    end)
  end)
end)

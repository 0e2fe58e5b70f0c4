-- A socket that QISTATE? showed to be gone was closed, and nobody who listened for
-- "closed" was told.

local script = require "spec.support.port"

local CLOSED = '\r\n+QIURC: "closed",0\r\n'
local QUERY = "> AT+QISTATE?\n< OK\n> AT+QICLOSE=0\n< OK\n< CLOSE OK\n"

script.each_loop(function(how, run)
  describe('"closed", ' .. how, function()
    -- A connected socket, and the ids that were told since.
    local function connected()
      local socket, port, modem = script.connected()
      local told = {}
      modem:on("closed", function(id) told[#told + 1] = id end)
      return modem, port, told, socket
    end

    it("is told of a socket that QISTATE? shows to be gone, once", function()
      run(function()
        local modem, port, told, socket = connected()
        port:play(QUERY)
        modem.ids:doubt()
        modem:wait("nothing", 1)
        assert.same({ nil, "closed" }, { socket:getpeername() })
        assert.same({ 0 }, told)
        port:say(CLOSED) -- that was on its way
        modem:wait("nothing", 1)
        assert.same({ 0 }, told)
        port:play("> AT+QISTATE?\n< OK\n")
        modem.ids:doubt()
        modem:wait("nothing", 1)
        assert.same({ 0 }, told)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("is told once where the URC comes first", function()
      run(function()
        local modem, port, told = connected()
        port:play("> AT+QICLOSE=0\n< OK\n< CLOSE OK\n> AT+QISTATE?\n< OK\n")
        port:say(CLOSED)
        modem:wait("nothing", 1)
        modem.ids:doubt()
        modem:wait("nothing", 1)
        assert.same({ 0 }, told)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("is told of the next socket with that id as well", function()
      run(function()
        local modem, port, told = connected()
        port:play(QUERY)
        modem.ids:doubt()
        modem:wait("nothing", 1)
        local sockets = {}
        for id = 1, 5 do
          port:play(('> AT+QIOPEN=0,%d,"TCP","h",1,0,1\n< OK\n< +QIOPEN: %d,0\n')
            :format(id % 5, id % 5))
          sockets[id] = modem:tcp()
          assert.equal(1, sockets[id]:connect("h", 1))
        end
        port:play("> AT+QICLOSE=0\n< OK\n< CLOSE OK\n")
        port:say(CLOSED)
        modem:wait("nothing", 1)
        assert.same({ 0, 0 }, told)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)
  end)
end)

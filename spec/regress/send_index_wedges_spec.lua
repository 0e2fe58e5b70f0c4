--- A fractional index raised after the socket had been taken, so that every later send
-- on it waited for ever.

local script = require "spec.support.port"

script.each_loop(function(how, run)
  describe("tcp:send " .. how, function()
    it("truncates its indices as LuaSocket does, and takes numbers for strings", function()
      run(function()
        local socket, port, modem = script.connected([[
> AT+QISEND=0,4,"abcd"
< OK
< SEND OK
> AT+QISEND=0,2,"cd"
< OK
< SEND OK
> AT+QISEND=0,1,"c"
< OK
< SEND OK
> AT+QISEND=0,2,"42"
< OK
< SEND OK
]])
        socket:settimeout(5)
        assert.equal(4, socket:send("abcd", 1.5))
        assert.equal(4, socket:send("abcd", -2.9))
        assert.equal(3, socket:send("abcd", "3", 3.99))
        assert.equal(2, socket:send(42))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("refuses what is no number before it takes the socket", function()
      run(function()
        local socket, port, modem = script.connected('> AT+QISEND=0,1,"a"\n< OK\n< SEND OK')
        socket:settimeout(5)
        for _, index in ipairs { 0/0, "x", {} } do
          local co = coroutine.create(function() local _ = socket:send("a", index) end)
          local _, err = coroutine.resume(co)
          assert.matches("send_index_wedges_spec.lua:%d+: index: number expected", err)
        end
        assert.equal(1, socket:send("a"))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)
  end)
end)

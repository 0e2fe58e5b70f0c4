-- The module still answered what an earlier process had asked, and each command was given
-- the OK of the one before it, for ever: nothing timed out, and so no fence was raised.

local bc260y = require "bc260y"
local script = require "spec.support.port"

script.each_loop(function(how, run)
  it("a value that comes after the next command's OK puts the line in step again " .. how,
    function()
      run(function()
        local port = script.port { text = table.concat({
          "> AT+CEREG?", "< OK",
          "> AT+CSQ", "< +CEREG: 0,5", "< OK", "< +CSQ: 20,0", "< OK",
          "> AT+CEREG?", "< +CEREG: 0,1", "< OK",
          "> AT+CBC", "< +CBC: 3470", "< OK",
        }, "\n") }
        local modem = bc260y.open { port = port }
        assert.same({ nil, "error" }, { modem:registration() })
        assert.equal("home", modem:registration().state)
        assert.equal(3.47, modem:battery().voltage)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

  it("a module without connections is not asked for more " .. how, function()
    run(function()
      local port = script.port { text = "> AT+QISTATE?\n< OK\n> AT+QISTATE?\n< OK\n" }
      local modem = bc260y.open { port = port }
      assert.same({}, modem:sockets())
      assert.same({}, modem:sockets())
      assert.is_nil(port:left())
      modem:close()
    end)
  end)
end)

-- A doubt about the sockets was forgotten with the one QISTATE? that was not answered: a
-- socket that had died while the module slept stayed open, and receive blocked for ever.
-- An answer of which a line could not be read closed a socket that lived.

local script = require "spec.support.port"

local LIVES = '+QISTATE: 0,"TCP","hf.quectel.com",8008,0,2,0,1'
local UNREADABLE = LIVES .. ',"x"'

-- A connected socket, and how often QISTATE? has come since; answers: of each QISTATE?, a
-- list of lines, or nil: none. What is not QISTATE? is answered, unless asked.silent.
local function connected(answers)
  local asked = { count = 0, silent = false }
  local socket, port, modem
  socket, port, modem = script.connected("", { answer = function(_, line)
    if line == "AT+QISTATE?" then
      asked.count = asked.count + 1
      for _, text in ipairs(answers[asked.count] or {}) do port:reply(text) end
    elseif asked.silent then
      return
    elseif line == "AT+CSQ" or line == "AT+CGSN=1" or line == "AT+CGPADDR" then
      port:reply(line:match("%+%u+") .. ": 1", "OK")
    elseif line == 'AT+QICFG="dataformat"' then
      port:reply('+QICFG: "dataformat",0,0', "OK")
    else
      port:reply("OK")
    end
  end })
  return socket, asked, modem, port
end

script.each_loop(function(how, run)
  describe("a doubt about the sockets, " .. how, function()
    it("that was asked in vain after sleep is asked again", function()
      for vain = 1, 2 do
        run(function()
          local answers = { [vain + 1] = { "OK" } }
          local socket, asked, modem, port = connected(answers)
          port:say('\r\n+QNBIOTEVENT: "ENTER DEEPSLEEP"\r\n')
          modem:wait("sleep", 1)
          assert(modem:command("AT+CBC"))
          socket:settimeout(60)
          assert.same({ nil, "closed", "" }, { socket:receive(5) })
          assert.equal(vain + 1, asked.count)
          modem:close()
        end)
      end
    end)

    it("is put off while the module is silent, and asked when it is heard again", function()
      run(function()
        local socket, asked, modem = connected { [3] = { "OK" } }
        asked.silent = true
        modem.ids:doubt()
        modem:wait("nothing", 600)
        assert.equal(1, asked.count) -- no fence has passed since
        asked.silent = false
        for count = 2, 3 do
          assert.equal("hf.quectel.com", (socket:getpeername()))
          assert(modem:command("AT+CBC"))
          modem:wait("nothing", 600)
          assert.equal(count, asked.count)
        end
        assert.same({ nil, "closed" }, { socket:getpeername() })
        assert(modem:command("AT+CBC"))
        modem:wait("nothing", 600)
        assert.equal(3, asked.count)
        assert.is_false(modem.pump.drowsy)
        modem:close()
      end)
    end)

    it("is asked again where a line can't be read, and meanwhile nothing is believed", function()
      run(function()
        local socket, asked, modem = connected { { UNREADABLE, "OK" }, { LIVES, "OK" } }
        modem.ids:doubt()
        modem:wait("nothing", 60)
        assert.equal(2, asked.count)
        assert.equal("hf.quectel.com", (socket:getpeername()))
        assert.same({ 1, 2, 3, 4 }, modem.ids.free)
        modem:close()
      end)
    end)

    it("is asked three times of a module whose lines can never be read", function()
      run(function()
        local bad = { UNREADABLE, "OK" }
        local socket, asked, modem = connected { bad, bad, bad, bad, bad }
        modem.ids:doubt()
        modem:wait("nothing", 600)
        assert(modem:command("AT"))
        modem:wait("nothing", 600)
        assert.equal(3, asked.count)
        assert.equal("hf.quectel.com", (socket:getpeername()))
        modem:close()
      end)
    end)
  end)
end)

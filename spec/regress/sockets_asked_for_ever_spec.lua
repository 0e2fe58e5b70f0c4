-- A module that never answers QISTATE? was asked after every other command, 5 s each time.

local bc260y = require "bc260y"
local script = require "spec.support.port"

it("a module that says nothing of its sockets is asked again once a minute at most", function()
  local asked = 0
  local fences = {
    ["AT+CSQ"] = "+CSQ: 1,0", ["AT+CGSN=1"] = "+CGSN: 866207051234560",
    ["AT+CGPADDR"] = "+CGPADDR: 1", ['AT+QICFG="dataformat"'] = '+QICFG: "dataformat",0,0',
  }
  local port = script.port { answer = function(port, line)
    if line == "AT+QISTATE?" then
      asked = asked + 1
      return
    end
    if fences[line] then port:reply(fences[line], "OK") else port:reply("OK") end
  end }
  local modem = bc260y.open { port = port }
  modem.ids:doubt()
  local began = port.clock.time
  for _ = 1, 200 do
    modem:command("AT+CIMI")
    modem:wait("nothing", 1)
  end
  local minutes = (port.clock.time - began) / 60
  assert.is_true(asked > 3 and asked < 3 + minutes + 1, asked)
  modem:close()
end)

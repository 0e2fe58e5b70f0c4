-- What a command prints before it has ended, on a module that is a script and never ends it.

local live = require "spec.support.live"
local live_child = require "spec.support.live_child"
local uv = require "luv"

describe("bc260y ping, while it runs #integration", function()
  after_each(live.finish)

  it("prints each reply as it comes, long before the end", function()
    local port = live_child.player([[
      m:serve({ ["AT+CEREG?"] = "+CEREG: 0,1" }, 'AT+QPING=0,"10.0.0.9",255,10,32')
      m:lines("OK", "+QPING: 0,10.0.0.9,32,71", "+QPING: 569", '+QPING: 0,"10.0.0.9",32,80,64')
      while true do m:hear() end
    ]]).port
    local file = io.popen(("echo $$; exec bin/bc260y --port %s --timeout 60 ping 10.0.0.9"
      .. " --count 10 --wait 255"):format(port))
    local pid = file:read("*n", "*l")
    assert.equal("request 1: 32 bytes from 10.0.0.9 time=71 ms", file:read("*l"))
    assert.equal("request 2: lost", file:read("*l"))
    assert.equal("request 3: 32 bytes from 10.0.0.9 ttl=64 time=80 ms", file:read("*l"))
    uv.kill(pid, "sigint")
    assert.equal("", file:read("*a"))
    file:close()
  end)

  it("ends with status 4 when the port goes away", function()
    local player = live_child.player([[
      m:serve({ ["AT+CEREG?"] = "+CEREG: 0,1" }, 'AT+QPING=0,"10.0.0.9",255,10,32')
      m:lines("OK", "+QPING: 0,10.0.0.9,32,71")
      while true do m:hear() end
    ]])
    local file = io.popen(("timeout 30 bin/bc260y --port %s ping 10.0.0.9 --count 10 --wait 255"
      .. " 2>&1; echo $?"):format(player.port))
    assert.equal("request 1: 32 bytes from 10.0.0.9 time=71 ms", file:read("*l"))
    player:stop()
    assert.equal("bc260y: ping 10.0.0.9: lost\n4\n", file:read("*a"))
    file:close()
  end)
end)

describe("bc260y sleep --wait #integration", function()
  after_each(live.finish)

  it("prints each time that the module falls asleep and wakes, until the port goes away", function()
    local player = live_child.player([[
      local answers = { ['AT+QCFG="dsevent"'] = '+QCFG: "dsevent",1',
        ["AT+QNBIOTEVENT?"] = "+QNBIOTEVENT: 1,1" }
      m:serve(answers, "AT+QSCLK?")
      m:lines("+QSCLK: 1", "OK")
      m:serve(answers, "AT+QNBIOTEVENT?")
      m:lines("+QNBIOTEVENT: 1,1", "OK", '+QNBIOTEVENT: "ENTER PSM"', '+QNBIOTEVENT: "EXIT PSM"')
      while true do m:hear() end
    ]])
    local file = io.popen(("timeout 30 bin/bc260y --port %s sleep --wait 2>&1; echo $?"):format(
      player.port))
    local line
    repeat line = file:read("*l") until not line or line:find("^events")
    assert.matches("^events +true$", line)
    assert.equal("sleep: ENTER PSM", file:read("*l"))
    assert.equal("wake: EXIT PSM", file:read("*l"))
    player:stop()
    assert.matches("^bc260y: [^\n]+: lost\n4\n$", file:read("*a"))
    file:close()
  end)
end)

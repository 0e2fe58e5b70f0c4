-- A module that said that it sleeps had forgotten the lock, and so had one whose RDY was
-- lost: the next sleep_lock(true) sent nothing and said true.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local function told_after(words)
  local count = 0
  local port = script.port { answer = function(port, line)
    if line == "AT+QSCLK=0" then count = count + 1 end
    port:reply("OK")
  end }
  local modem = bc260y.open { port = port }
  assert.is_true(modem:sleep_lock(true))
  for i, word in ipairs(words) do port:say("\r\n" .. word .. "\r\n", i) end
  modem:wait("nothing", 5)
  assert.is_true(modem:sleep_lock(true))
  modem:close()
  return count
end

it("a lock that the module has forgotten is told anew to whoever asks", function()
  assert.equal(1, told_after {})
  assert.equal(2, told_after {
    '+QNBIOTEVENT: "ENTER DEEPSLEEP"', '+QNBIOTEVENT: "EXIT DEEPSLEEP"',
  })
  assert.equal(2, told_after { "+CFUN: 1", "+CPIN: READY" })
end)

-- Two tasks that attached a silent module each saw the other's AT in flight once all fences
-- were owed: neither waited, and both went round as fast as they could.

local bc260y = require "bc260y"
local script = require "spec.support.port"

it("two tasks that attach a silent module wait for it, each until its time is over", function()
  local port = script.port { answer = function() end }
  local ended = {}
  bc260y.run(function()
    local modem = bc260y.open { port = port }
    local tasks = {}
    for i = 1, 2 do
      tasks[i] = bc260y.spawn(function() ended[i] = { modem:attach { timeout = 200 } } end)
    end
    for i = 1, 2 do tasks[i]:wait() end
    modem:close()
  end)
  assert.same({ { nil, "timeout", "answer" }, { nil, "timeout", "answer" } }, ended)
  assert.is_true(port.writes < 500, port.writes)
end)

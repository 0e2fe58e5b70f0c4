--- On 5.1 nothing can wait inside pcall: the call raised, but only after it had set a
-- timer and its flags, and the task's next wait spun for ever.

local bc260y = require "bc260y"
local script = require "spec.support.port"

-- A function that C calls, in which no Lua can yield.
local function inside_c(fn)
  return pcall(string.gsub, "x", "x", function() fn() end)
end

describe("a wait where none is possible", function()
  it("raises before anything has changed, and the next one works", function()
    local modem = bc260y.run(function()
      local socket, port, modem = script.connected([[
> AT+QISEND=0,3,"abc"
< OK
< SEND OK
]])
      socket:settimeout(1)
      local queue = modem:on("urc")
      local joined = bc260y.spawn(function() bc260y.sleep(1) return "joined" end)
      for _, fn in ipairs {
        function() bc260y.sleep(1) end,
        function() modem:wait("urc", 1) end,
        function() queue:wait(1) end,
        function() joined:wait(1) end,
        function() modem:command("AT", { timeout = 1 }) end,
        function() socket:send("abc") end,
        function() socket:receive(1) end,
        function() modem:tcp():connect("a", 1) end,
      } do
        assert.is_false((inside_c(fn)))
      end
      assert.same({ nil, "timeout", "" }, { socket:receive(1) })
      bc260y.sleep(1)
      assert.same({ nil, "timeout" }, { queue:wait(1) })
      assert.equal("joined", joined:wait())
      assert.equal(3, socket:send("abc"))
      assert.is_nil(port:left())
      return modem
    end)
    modem:close()
  end)
end)

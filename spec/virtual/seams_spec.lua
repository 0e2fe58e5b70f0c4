--- What whoever runs the virtual module may set beside its traits: how large the pieces are
-- in which its line moves on, what it says that it counts; and what its network is told.

local clock = require "spec.support.virtual_clock"

describe("The virtual module", function()
  it("wants to be called once for a piece of its line, and nothing is late for it", function()
    for grain, count in pairs { [1] = 6, [5] = 2, [1024] = 1 } do
      local player = clock.new { baud = 9600, grain = grain }
      player.module:input("AT\r")
      local pieces, start = {}, player.time
      repeat
        local wait = player.module:step()
        local piece = player.module:output()
        if piece ~= "" then pieces[#pieces + 1] = piece end
        player.time = player.time + (wait or 0)
      until not wait
      assert.equal("\r\nOK\r\n", table.concat(pieces))
      assert.equal(count, #pieces)
      assert.is_true(math.abs(player.time - start - 60 / 9600) < 1e-9)
    end
  end)

  it("hands out what has left the line before the piece is whole", function()
    local player = clock.new { baud = 9600, grain = 1024 }
    player.module:input("AT\r")
    player.time = player.time + 35 / 9600
    assert.equal("\r\nO", player.module:output())
  end)

  it("says of its count what it is told to say", function()
    local wrong = false
    local player = clock.new { count = function(sent, acked, unacked)
      if wrong then return 7, 3, 4 end
      return sent, acked, unacked
    end }
    player:open(0)
    player:send('AT+QISEND=0,2,"ab"')
    assert.truthy(player:send("AT+QISEND=0,0"):find("+QISEND: 2,2,0", 1, true))
    wrong = true
    assert.truthy(player:send("AT+QISEND=0,0"):find("+QISEND: 7,3,4", 1, true))
  end)

  it("tells its network of a close by the host, and of none that it forgets", function()
    local ends = {
      ["true"] = function(player) player:send("AT+QICLOSE=0") end,
      ["nil"] = function(player) player.module:reset() end,
    }
    for told, finish in pairs(ends) do
      local player, heard = clock.new(), {}
      local connect = player.net.connect
      function player.net.connect(...)
        local handle = connect(...)
        return {
          write = function(_, bytes) handle:write(bytes) end,
          unacked = function() return handle:unacked() end,
          close = function(_, yes) heard[#heard + 1] = tostring(yes) end,
        }
      end
      player:open(0)
      finish(player)
      assert.same({ told }, heard)
    end
  end)
end)

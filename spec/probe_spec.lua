-- Who first speaks to a module finds it, however it is: booted and not heard yet, slow,
-- asleep, or asleep again before it is spoken to anew.

local bc260y = require "bc260y"
local new_rig = require("spec.support.rig").new
local probe = require "bc260y.probe"

local BOOT = 7 -- seconds; the driver comes later, and finds RDY unread

-- A module that was switched on so many seconds before anybody opened its line.
local function start(traits, age)
  local rig = new_rig { traits = traits, baud = 9600, boot = age ~= nil }
  if age then
    while rig.time < age do
      rig.module:step()
      rig.time = rig.time + 0.1
    end
  end
  return assert(bc260y.open { port = rig.port }), rig
end

-- Result: seconds until it answered, and until the next command had its answer.
local function find(modem, rig, limit)
  local began = rig.time
  assert.same({ true }, { probe(modem, rig.time + limit) })
  local found = rig.time - began
  assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
  return found, rig.time - began
end

describe("A module that is spoken to for the first time", function()
  for _, seconds in ipairs { 0, 0.3, 2.5, 3, 4.9 } do
    it(("is found in 10 s where it answers within %g s"):format(seconds), function()
      for _, age in ipairs { false, 0, BOOT, 20 } do
        local modem, rig = start({ answer_time = seconds }, age or nil)
        local _, total = find(modem, rig, age == 0 and 20 or 10)
        assert.is_true(total < 5 * seconds + 12, total)
        modem:close()
      end
    end)
  end

  it("is found in 10 s where it sleeps after 1 s or later, with RDY unread or not", function()
    for _, after in ipairs { 1, 1.5, 2, 3, 4, 6 } do
      for _, age in ipairs { false, BOOT, 9, 12, 20 } do
        for _, wake_time in ipairs { 0.2, 1, 1.8 } do
          local modem, rig = start({ sleep_after = after, wake_time = wake_time }, age or nil)
          if not age then rig.module:sleep("DEEPSLEEP") end
          find(modem, rig, 10)
          modem:close()
        end
      end
    end
  end)

  it("is found where it sleeps after half a second", function()
    for _, wake_time in ipairs { 0.2, 1, 1.8 } do
      local modem, rig = start({ sleep_after = 0.5, wake_time = wake_time }, BOOT)
      find(modem, rig, 30)
      modem:close()
    end
  end)

  -- Leaves it behind the prompt of a send.
  local function leave_at_prompt(rig)
    for _, text in ipairs { 'AT+QIOPEN=0,1,"UDP","127.0.0.1",5683,0,1', "AT+QISEND=1,1024" } do
      rig.unread = ""
      rig.module:input(text .. "\r")
      for _ = 1, 10 do
        rig.time = rig.time + 1
        rig.module:step()
        rig:said()
      end
    end
    assert.truthy(rig.unread:find("> $"), rig.unread)
  end

  for _, read in ipairs { false, true } do
    it("is found where its last user has died before the data that it waits for, its prompt "
      .. (read and "read" or "unread"), function()
      for _, seconds in ipairs { 0, 2.5, 4.9 } do
        local modem, rig = start { answer_time = seconds, data_mode = true }
        leave_at_prompt(rig)
        if read then rig.unread = "" end
        local found = find(modem, rig, 40)
        assert.is_true(found < (read and 2 or 0) + 1.1 + 3 * seconds + 0.1, found)
        modem:close()
      end
    end)
  end

  it("is attached soon where it sleeps", function()
    for _, age in ipairs { false, BOOT, 12, 20 } do
      local modem, rig = start({ sleep_after = 3 }, age or nil)
      if not age then rig.module:sleep("DEEPSLEEP") end
      local began = rig.time
      assert.is_true(modem:attach())
      assert.is_true(rig.time - began < 12, rig.time - began)
      modem:close()
    end
  end)

  it("that stays silent is given up in time", function()
    local modem, rig = start {}
    rig.module:script { drop = true, times = math.huge }
    local began = rig.time
    assert.same({ nil, "timeout", "answer" }, { probe(modem, rig.time + 10) })
    assert.is_true(math.abs(rig.time - began - 10) < 1e-3)
    modem:close()
  end)
end)

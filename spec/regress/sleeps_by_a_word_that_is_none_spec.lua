-- Any text behind "ENTER" was taken for a sleep of that name: AT went before each command,
-- and asleep() gave "FOO".

local bc260y = require "bc260y"
local script = require "spec.support.port"

-- What the modem makes of these, one after the other: asleep(), and the events.
local function hear(...)
  local text = ""
  for _, what in ipairs { ... } do text = text .. "~ 1\n< +QNBIOTEVENT: " .. what .. "\n" end
  local modem = bc260y.open { port = script.port { text = text } }
  local events = {}
  for _, name in ipairs { "sleep", "wake", "+QNBIOTEVENT" } do
    modem:on(name, function(what) events[#events + 1] = name .. " " .. what end)
  end
  modem:wait("nothing", 5)
  local asleep = modem:asleep()
  modem:close()
  return asleep, table.concat(events, "; ")
end

describe("the word that the module sleeps", function()
  it("is DEEPSLEEP or PSM", function()
    for _, kind in ipairs { "DEEPSLEEP", "PSM" } do
      local enter, exit = "ENTER " .. kind, "EXIT " .. kind
      local slept = "sleep " .. enter .. '; +QNBIOTEVENT +QNBIOTEVENT: "' .. enter .. '"'
      assert.same({ kind, slept }, { hear('"' .. enter .. '"') })
      assert.same({ nil, slept .. "; wake " .. exit .. '; +QNBIOTEVENT +QNBIOTEVENT: "' .. exit
        .. '"' }, { hear('"' .. enter .. '"', '"' .. exit .. '"') })
    end
  end)

  it("is no other, which is told as it came", function()
    for _, text in ipairs { '"ENTER FOO"', '"ENTER PSM2"', '"ENTER PS"', '"ENTER"', '"EXIT FOO"',
      '"EXIT"', '"LEAVE PSM"', '"ENTER  PSM"', '""', "FOO" } do
      assert.same({ nil, "+QNBIOTEVENT +QNBIOTEVENT: " .. text }, { hear(text) }, text)
    end
  end)
end)

-- A virtual module on a virtual clock that is attached, and what it has heard.

local bc260y = require "bc260y"
local new_rig = require("spec.support.rig").new

local support = {}

-- traits, profile: of the module. options: for bc260y.open. Result: modem, rig, and the
-- list of the lines that the module has taken, which grows.
function support.open(traits, options, profile)
  local heard = {}
  local rig = new_rig { boot = false, profile = profile, traits = traits, log = function(text)
    local line = text:match("^host +(.*)$")
    if line then heard[#heard + 1] = line end
  end }
  local given = { port = rig.port, format = "text" }
  for name, value in pairs(options or {}) do given[name] = value end
  return assert(bc260y.open(given)), rig, heard
end

-- The same, attached.
function support.attached(traits, options)
  local modem, rig, heard = support.open(traits, options)
  assert(modem:attach())
  return modem, rig, heard
end

-- Sends the module to sleep, and has the modem hear of it.
function support.fall_asleep(modem, rig, kind)
  local asleep = modem:on("sleep")
  rig.module:sleep(kind or "DEEPSLEEP")
  assert(asleep:wait(1))
  asleep:cancel()
end

function support.count(list, line)
  local found = 0
  for _, other in ipairs(list) do
    if other == line then found = found + 1 end
  end
  return found
end

function support.slice(list, from)
  local part = {}
  for i = from, #list do part[#part + 1] = list[i] end
  return part
end

return support

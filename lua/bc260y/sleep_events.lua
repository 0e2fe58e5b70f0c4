--- The module's word that it goes to sleep and wakes, which has to be asked for.
--
-- It knows the two settings that it takes (wire forms: boot, network, sleep). They are
-- kept in the module's memory: they are read first, and only what differs is written.

local ask = require "bc260y.calls.ask"
local decode = require("bc260y.core").decode

-- Result: 0 or 1, whether it is on; nil: that line is another setting's.
local function read_dsevent(line)
  local name, value = decode("+QCFG", line)
  return name == "dsevent" and value or nil
end

local function read_event(line)
  return (decode("+QNBIOTEVENT", line))
end

local SETTINGS = {
  { ask = "QCFG dsevent?", read = read_dsevent, set = "QCFG dsevent" },
  { ask = "QNBIOTEVENT?", read = read_event, set = "QNBIOTEVENT" },
}

-- Result: 0 or 1, whether it is on; or nil, err, code.
local function read(self, deadline, setting)
  local lines, err, code = ask.command(self, deadline, setting.ask)
  if not lines then return nil, err, code end
  for _, line in ipairs(lines) do
    local value = setting.read(line)
    if value then return value end
  end
  return nil, "error"
end

--- Whether the module says when it sleeps: true or false; or nil, err, code.
local function are_on(self, deadline)
  local on = true
  for _, setting in ipairs(SETTINGS) do
    local value, err, code = read(self, deadline, setting)
    if not value then return nil, err, code end
    on = on and value == 1
  end
  return on
end

--- Sees to it that it does. A module that knows no such setting is none the worse.
-- Result: true; or nil, err, code.
local function turn_on(self, deadline)
  for _, setting in ipairs(SETTINGS) do
    local value, err, code = read(self, deadline, setting)
    if value == 0 then
      value, err, code = ask.command(self, deadline, setting.set, 1)
    end
    if not value and err ~= "error" then return nil, err, code end
  end
  return true
end

return { are_on = are_on, turn_on = turn_on }

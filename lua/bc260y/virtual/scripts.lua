-- What a spec wants done with a command to come. An action is a table:
--   match     Lua pattern on the command line as typed ("QISEND"); all if nil
--   skip      matching commands to let pass first (0); times  how many to take (1)
--   drop      true: nothing is done and nothing is said
--   answer    "ERROR", a CME number, or a list of lines, the last one final:
--             said instead of doing anything
--   executed  true: done all the same, only the answer is other (with drop or answer)
--   mute      true, "info", "prompt", "final" or "second": done, that is not said
--   second    a line instead of each second result; false: none ("SEND FAIL" on
--             QISEND also keeps the bytes from leaving, unless executed is true)
--   reset     true: the module reboots instead of answering

local known = { match = true, skip = true, times = true, drop = true, answer = true,
  executed = true, mute = true, second = true, reset = true }

local function add(module, action)
  local copy = {}
  for name, value in pairs(action) do
    if not known[name] then error("no such field of an action: " .. tostring(name), 3) end
    copy[name] = value
  end
  copy.skip, copy.times = copy.skip or 0, copy.times or 1
  table.insert(module.scripts, copy)
  return copy
end

-- The action for a command line, a copy, or nil.
local function match(module, text)
  for place, action in ipairs(module.scripts) do
    if not action.match or text:find(action.match) then
      if action.skip > 0 then
        action.skip = action.skip - 1
      else
        action.times = action.times - 1
        if action.times <= 0 then table.remove(module.scripts, place) end
        local copy = {}
        for name, value in pairs(action) do copy[name] = value end
        return copy
      end
    end
  end
  return nil
end

local function replace(module, current, action)
  local lines = action.answer
  if type(lines) == "number" then lines = { ("+CME ERROR: %d"):format(lines) } end
  if type(lines) == "string" then lines = { lines } end
  module:log("script", "answers instead")
  if action.executed then
    current.substitute = lines
  else
    current:replace(lines)
  end
end

return { add = add, match = match, replace = replace }

-- What is due when. Knows a clock reading and functions, nothing else.

local timers_methods = {}
local timers_mt = { __name = "bc260y.virtual.timers", __index = timers_methods }

-- Calls fn once the clock has reached due; equal times keep their order.
function timers_methods:at(due, fn)
  local list = self.list
  local timer = { due = due, fn = fn }
  local place = #list + 1
  while place > 1 and list[place - 1].due > due do place = place - 1 end
  table.insert(list, place, timer)
  return timer
end

function timers_methods:cancel(timer)
  for place, other in ipairs(self.list) do
    if other == timer then
      table.remove(self.list, place)
      return
    end
  end
end

function timers_methods:run(now)
  local list = self.list
  while list[1] and list[1].due <= now do
    table.remove(list, 1).fn()
  end
end

function timers_methods:next_due()
  return self.list[1] and self.list[1].due
end

-- The list stays the same table: run may be in the middle of it.
function timers_methods:clear()
  for place = #self.list, 1, -1 do self.list[place] = nil end
end

local function new()
  return setmetatable({ list = {} }, timers_mt)
end

return { new = new }

--- What is due when: a binary heap. Equal times keep their order. It knows numbers and
-- functions, nothing else.

local heap_methods = {}
local heap_mt = { __name = "simulation.heap", __index = heap_methods }

local function before(a, b)
  return a.due < b.due or a.due == b.due and a.order < b.order
end

--- Calls fn(argument) once the time has come.
function heap_methods:at(due, fn, argument)
  self.order = self.order + 1
  local entry = { due = due, order = self.order, fn = fn, argument = argument }
  local place = #self + 1
  while place > 1 do
    local half = (place - place % 2) / 2
    if not before(entry, self[half]) then break end
    self[place] = self[half]
    place = half
  end
  self[place] = entry
end

local function pop(self)
  local count = #self
  local first, last = self[1], self[count]
  self[count] = nil
  count = count - 1
  local place = 1
  while count > 0 do
    local child = place * 2
    if child < count and before(self[child + 1], self[child]) then child = child + 1 end
    if child > count or not before(self[child], last) then
      self[place] = last
      break
    end
    self[place] = self[child]
    place = child
  end
  return first
end

--- Does what is due by now.
function heap_methods:run(now)
  local first = self[1]
  while first and first.due <= now do
    pop(self)
    first.fn(first.argument)
    first = self[1]
  end
end

local function new()
  return setmetatable({ order = 0 }, heap_mt)
end

return { new = new }

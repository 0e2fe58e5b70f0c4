-- Makes a failing plan small: drops faults while it still fails in the same way, then
-- halves what is left of them.
--
-- A choice is a list of { index of the fault in the plan, divisor of its numbers }, as text
-- "1,4/2,7": faults 1, 4 at half its strength, and 7. It knows plans as data and a function
-- that runs one; it knows no fault.

local shrink = {}

-- What of a fault has a size that can be less.
local SIZES = { "strength", "seconds", "count" }
local DIVISOR_MAX = 16

function shrink.text(choice)
  local words = {}
  for i = 1, #choice do
    local index, divisor = choice[i][1], choice[i][2]
    words[i] = divisor > 1 and ("%d/%d"):format(index, divisor) or ("%d"):format(index)
  end
  return table.concat(words, ",")
end

--- Result: choice; nil for what is none.
function shrink.parse(text)
  local choice = {}
  for word in text:gmatch("[^,%s]+") do
    local index, divisor = word:match("^(%d+)/?(%d*)$")
    if not index then return nil end
    choice[#choice + 1] = { tonumber(index), tonumber(divisor) or 1 }
  end
  return choice
end

function shrink.all(plan)
  local choice = {}
  for i = 1, #plan.faults do choice[i] = { i, 1 } end
  return choice
end

local function lessened(fault, divisor)
  local copy = {}
  for key, value in pairs(fault) do copy[key] = value end
  if divisor == 1 then return copy end
  for i = 1, #SIZES do
    local size = copy[SIZES[i]]
    if size then
      local less = size / divisor
      if size % 1 == 0 and less % 1 ~= 0 then less = math.ceil(less) end
      copy[SIZES[i]] = less
    end
  end
  return copy
end

--- A copy of the plan with the chosen faults alone.
function shrink.apply(plan, choice)
  local copy = {}
  for key, value in pairs(plan) do copy[key] = value end
  copy.faults = {}
  for i = 1, #choice do
    local fault = plan.faults[choice[i][1]]
    if fault then copy.faults[#copy.faults + 1] = lessened(fault, choice[i][2]) end
  end
  return copy
end

local function without(choice, from, to)
  local rest = {}
  for i = 1, #choice do
    if i < from or i > to then rest[#rest + 1] = choice[i] end
  end
  return rest
end

-- Drops runs of so many faults wherever it still fails; the last ones first.
local function drop(choice, count, fails)
  local at = #choice
  while at >= 1 do
    local from = math.max(1, at - count + 1)
    local rest = without(choice, from, at)
    if fails(rest) then choice = rest end
    at = from - 1
  end
  return choice
end

local function halve(choice, fails)
  for i = 1, #choice do
    local divisor = choice[i][2]
    while divisor < DIVISOR_MAX do
      local less = {}
      for j = 1, #choice do less[j] = choice[j] end
      less[i] = { choice[i][1], divisor * 2 }
      if not fails(less) then break end
      choice, divisor = less, divisor * 2
    end
  end
  return choice
end

local function is_sized(fault)
  for i = 1, #SIZES do
    if fault[SIZES[i]] then return true end
  end
  return false
end

--- run: function(plan) -> the kind of its violation, or nil. choice: what fails so far.
-- Result: the smallest choice found, and how often run was called.
function shrink.shrink(plan, choice, kind, run)
  local runs = 0
  local function fails(candidate)
    runs = runs + 1
    return run(shrink.apply(plan, candidate)) == kind
  end
  local count = math.ceil(#choice / 2)
  while count > 1 do
    choice = drop(choice, count, fails)
    count = math.ceil(count / 2)
  end
  local before
  repeat
    before = #choice
    choice = drop(choice, 1, fails)
  until #choice == before
  choice = halve(choice, function(candidate)
    for i = 1, #candidate do
      if candidate[i][2] > 1 and not is_sized(plan.faults[candidate[i][1]]) then return false end
    end
    return fails(candidate)
  end)
  return choice, runs
end

return shrink

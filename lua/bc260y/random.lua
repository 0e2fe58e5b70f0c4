--- Random numbers from a seed: the same ones on every Lua, on every machine.
--
-- It knows arithmetic alone: L'Ecuyer's combined generator of 1988, period 2.3e18, whose
-- products stay below 2^53. For jitter and plans, not for secrets.

local M1, A1 = 2147483563, 40014
local M2, A2 = 2147483399, 40692

local floor, fmod = math.floor, math.fmod

-- 1 to m - 1. Not %, which loses digits of large numbers on 5.1.
local function start(value, m)
  local rest = fmod(value, m - 1)
  return (rest < 0 and rest + m - 1 or rest) + 1
end

--- A function that gives the next number, 0 <= x < 1. seed: any finite number.
local function new(seed)
  local whole = floor(seed)
  local first = start(whole, M1)
  local second = start(start(whole, M2) + floor((seed - whole) * M2), M2)
  local function next_number()
    first = first * A1 % M1
    second = second * A2 % M2
    return (first - second) % (M1 - 1) / M1
  end
  for _ = 1, 8 do next_number() end -- seeds that are neighbours begin alike
  return next_number
end

return { new = new }

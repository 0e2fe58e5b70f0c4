--- Numbers by chance that a seed repeats, the same on every Lua: the library's generator,
-- and what is made of its numbers here.

local source = require "bc260y.random"

local floor, min = math.floor, math.min

local random_methods = {}
local random_mt = { __name = "simulation.random", __index = random_methods }

--- A whole number from low to high, both included.
function random_methods:range(low, high)
  return low + floor(self.number() * (high - low + 1))
end

--- A number between the two, small ones as often as large ones; both above 0. No power is
-- taken: not every Lua rounds one alike.
function random_methods:spread(low, high)
  local octaves, top = 1, low * 2
  while top < high do octaves, top = octaves + 1, top * 2 end
  for _ = 2, self:range(1, octaves) do low = low * 2 end
  return low + self.number() * (min(low * 2, high) - low)
end

function random_methods:chance(probability)
  return self.number() < probability
end

function random_methods:pick(list)
  return list[self:range(1, #list)]
end

function random_methods:bytes(count)
  local list = {}
  for place = 1, count do list[place] = string.char(self:range(0, 255)) end
  return table.concat(list)
end

-- Numbers of seeds that are neighbours lie on a line, in the generator: squares do not.
local PRIME = 67108859 -- the largest below 2^26, whose squares a double still holds

local function scattered(seed, salt)
  local value = (seed * 40014 + salt) % PRIME
  for _ = 1, 3 do value = (value * value + value + salt) % PRIME end
  return value
end

--- number: the next one, from 0 (included) to 1 (not).
local function new(seed)
  local mixed = scattered(seed, 1) * PRIME + scattered(seed, 12345)
  return setmetatable({ number = source.new(mixed) }, random_mt)
end

return { new = new }

--- No loop at all: a call blocks the thread and turns its own modem meanwhile.
--
-- The interface is described in loop/own.lua. Hooks run in the thread of the caller,
-- when its outermost call returns, and in wait and sleep: each in a coroutine of its
-- own, whose errors come from resume.

local core = require "bc260y.core"
local own = require "bc260y.loop.own"
local ports = require "bc260y.loop.ports"

local block_methods = { inline = true }
local block_mt = { __name = "bc260y.loop.block", __index = block_methods }

local function new_loop()
  return setmetatable({
    -- Modems are not kept alive by the coroutine that opened them.
    pumps = setmetatable({}, { __mode = "v" }),
    parting = setmetatable({}, { __mode = "k" }), -- coroutines of :part
  }, block_mt)
end

function block_methods:attach(pump)
  self.pumps[#self.pumps + 1] = pump
end

-- The list without holes, and without the pump that is to go.
local function live_pumps(self, gone)
  local pumps, high = {}, 0
  for i in pairs(self.pumps) do
    if i > high then high = i end
  end
  for i = 1, high do
    local pump = self.pumps[i]
    if pump and pump ~= gone then pumps[#pumps + 1] = pump end
  end
  return pumps
end

function block_methods:detach(pump)
  self.pumps = setmetatable(live_pumps(self, pump), { __mode = "v" })
end

function block_methods:check() -- luacheck: ignore self
  return true
end

function block_methods:wake() -- luacheck: ignore self
end

function block_methods:park(pump, waiter, seconds, idle)
  local co = coroutine.running()
  if co and self.parting[co] then return coroutine.yield(pump, waiter, seconds) end
  pump:step(seconds)
  if idle and not waiter.done then pump:run_hooks() end
end

local YIELDED = "a hook called coroutine.yield itself"

function block_methods:spawn(ended, fn, ...)
  local co = coroutine.create(function(...) return fn(...) end) -- 5.1: no C function
  own.adopt(self, co)
  local ok, err = coroutine.resume(co, ...)
  if ok and coroutine.status(co) ~= "dead" then ok, err = false, YIELDED end
  ended(ok, err)
end

--- What is to be done in parts, each in another call: a coroutine for :go_on.
function block_methods:part(fn)
  local co = coroutine.create(function(...) return fn(...) end) -- 5.1: no C function
  own.adopt(self, co)
  self.parting[co] = true
  return co
end

--- Goes on with it until it has ended, or until that time of the pump's clock (nil: no
-- limit). Result: whether it has ended.
function block_methods:go_on(co, limit, ...) -- luacheck: ignore self
  while true do
    local ok, pump, waiter, seconds = coroutine.resume(co, ...)
    if not ok then error(pump, 0) end
    if coroutine.status(co) == "dead" then return true end
    local left = limit and pump:left(limit)
    if not waiter.done then
      if left and (not seconds or left < seconds) then seconds = left end
      pump:step(seconds)
    end
    if limit and pump:left(limit) == 0 then return false end
  end
end

--- Sleeps, and turns the modems that were opened in this coroutine meanwhile.
function block_methods:sleep(seconds)
  local pumps = live_pumps(self)
  local clock = pumps[1] or core
  local deadline = clock:now() + seconds
  local left = seconds > 0 and seconds or 0
  repeat
    ports.turn_all({}, pumps, left)
    for i = 1, #pumps do pumps[i]:run_hooks() end
    pumps = live_pumps(self)
    left = deadline - clock:now()
  until left <= 1e-6
end

local block = {}

--- The block loop of the running coroutine.
function block.here()
  local loop = own.current()
  if loop and loop.inline then return loop end
  local fresh = new_loop()
  if not loop then own.adopt(fresh) end -- a task stays its loop's
  return fresh
end

return block

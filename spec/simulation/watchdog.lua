-- A run that never comes back to its loop can't be judged there: every coroutine made from
-- now on looks now and then at how long the run has taken, and raises.
--
-- The one clock of the machine in the simulation: it only ends what would never end. On
-- LuaJIT compiled code has no hooks, and the part's own time limit ends it.

local CPU_MAX = 20           -- seconds for one run, some hundred times what it takes
local EVERY = 10000000       -- instructions between two looks

local watchdog = {}
local started = 0

local function look()
  if os.clock() - started > CPU_MAX then
    error("the run spins: it has taken " .. CPU_MAX .. " s without coming back", 2)
  end
end

local create = coroutine.create

function coroutine.create(fn) -- luacheck: ignore 122
  local co = create(fn)
  debug.sethook(co, look, "", EVERY)
  return co
end

function watchdog.start()
  started = os.clock()
  debug.sethook(look, "", EVERY)
end

return watchdog

-- Says on standard error that something still goes on, where that takes long. Knows time
-- and a name, not what it is.

local bc260y = require "bc260y"

local FIRST, EVERY = 2, 10 -- seconds

local function tell(what, state)
  local now = bc260y.core.now
  local started = now()
  bc260y.sleep(FIRST)
  while not state.done do
    io.stderr:write(("bc260y: %s, %.0f s so far\n"):format(what, now() - started))
    bc260y.sleep(EVERY)
  end
end

local function finish(state, ...)
  state.done = true
  return ...
end

-- Calls fn(...), and says `what` from time to time until it has returned. Result: what
-- fn returned.
return function(what, fn, ...)
  local state = {done = false}
  bc260y.spawn(tell, what, state)
  return finish(state, fn(...))
end

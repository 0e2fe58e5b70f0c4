--- Waits on the ports of one or several modems and turns their pumps.
--
-- Both loops of the library share it. It knows ports and how to wait for several of
-- them at once; it knows neither tasks nor commands.

local core = require "bc260y.core"

local ports = {}

-- Object ports of different clocks can't be waited for together: each gets a slice.
local SLICE = 0.02

local function earliest(pumps, seconds)
  for i = 1, #pumps do
    local due = pumps[i]:due()
    if due and (not seconds or due < seconds) then seconds = due end
  end
  return seconds
end

-- What core.poll needs, made once for a set of pumps; fds is false when a port of
-- them has no descriptor.
local function new_set(pumps)
  local set = { fds = {}, writable = {}, size = #pumps, clock = pumps[1].clock or false }
  for i = 1, #pumps do
    local fd = pumps[i].line:fd()
    if not fd then
      set.fds = false
      break
    end
    set.fds[i] = fd
  end
  for i = 1, #pumps do
    if pumps[i].clock ~= set.clock then set.clock = false end
  end
  return set
end

local function turn_polled(pumps, set, seconds)
  local writers
  for i = 1, #pumps do
    local _, writable = pumps[i]:due()
    set.writable[set.fds[i]] = writable or nil
    writers = writers or writable
  end
  local ready = core.poll(set.fds, seconds or -1, writers and set.writable or nil)
  local readable, list = {}, {}
  for i = 1, ready and #ready or 0 do readable[ready[i]] = true end
  for i = 1, #pumps do list[i] = pumps[i] end -- a turn may close a modem
  for i = 1, #list do
    list[i]:turn(readable[set.fds[i]] or false)
  end
end

-- Ports without descriptors: one of them is waited for. Those that share a clock know
-- of each other's bytes; others are asked in slices.
local function turn_objects(pumps, set, seconds)
  if not set.clock and (not seconds or seconds > SLICE) then seconds = SLICE end
  local list, first = {}, nil
  for i = 1, #pumps do list[i] = pumps[i] end
  for i = 1, #list do
    local ready = list[i].line:wait(0)
    if ready ~= false then
      list[i]:turn(ready)
      seconds = 0
    else
      first = first or list[i]
    end
  end
  if first and seconds ~= 0 then first:turn(first.line:wait(seconds)) end
  for i = 1, #list do
    list[i]:turn(false)
  end
end

-- Waits at most `seconds` for the ports of all pumps, then turns them. `owner.set`
-- keeps what core.poll needs; whoever changes the list clears it. `owner.clock` is
-- asked to wait when there are none.
function ports.turn_all(owner, pumps, seconds)
  local count = #pumps
  if count == 1 then return pumps[1]:step(seconds) end
  if count == 0 then
    if owner.clock then return owner.clock:wait(seconds) end
    core.poll({}, seconds)
    return
  end
  local set = owner.set
  if not set or set.size ~= count then
    set = new_set(pumps)
    owner.set = set
  end
  seconds = earliest(pumps, seconds)
  if set.fds then return turn_polled(pumps, set, seconds) end
  turn_objects(pumps, set, seconds)
end

return ports

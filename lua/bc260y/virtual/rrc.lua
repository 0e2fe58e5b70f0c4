-- The connection to the radio cell: up while something goes over the air, released after
-- some quiet or when the host asks for it (RAI, 2.3.5). Knows +CSCON and how late the
-- network reaches a module that it has to page (2.4 notes 2 and 3); no socket.

local function tell(module, late)
  if module.cscon_n == 1 then
    module:urc(("+CSCON: %d"):format(module.rrc.up and 1 or 0), late)
  end
end

local function new()
  return {
    up = false,
    timer = nil,               -- releases it
    after_downlink = false,    -- RAI 2: the next downlink is the last
  }
end

local function stop_timer(module)
  if module.rrc.timer then module.timers:cancel(module.rrc.timer) end
  module.rrc.timer = nil
end

local function release(module)
  stop_timer(module)
  module.rrc.after_downlink = false
  if not module.rrc.up then return end
  module.rrc.up = false
  tell(module, 0)
end

-- Seconds until something of the network's is heard: none while connected.
local function lateness(module)
  return module.rrc.up and 0 or module.traits.urc_late
end

-- The module sends, or the network has reached it, in so many seconds.
local function connect(module, late)
  stop_timer(module)
  if module.rrc.up then return end
  module.rrc.up = true
  tell(module, late)
end

-- From now on it is quiet, seconds (late) from now.
local function quiet(module, late)
  stop_timer(module)
  local due = module.now() + late + module.traits.rrc_release
  module.rrc.timer = module:later(due, function() release(module) end)
end

-- An uplink packet with its release assistance: 0 none, 1 release after it, 2 after the
-- next downlink.
local function uplink(module, rai)
  connect(module, 0)
  module.rrc.after_downlink = rai == 2
  if rai == 1 then release(module) else quiet(module, 0) end
end

-- Something comes down: say(late) says it.
local function downlink(module, say)
  local late, last = lateness(module), module.rrc.after_downlink
  connect(module, late)
  say(late)
  if last then release(module) else quiet(module, late) end
end

return { new = new, release = release, uplink = uplink, downlink = downlink }

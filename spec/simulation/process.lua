-- One life of the script under test: the port and the disk that it sees, and its death.
--
-- It passes on what the script's seams are asked, notes it in the trace, and lets the
-- judge look at each turn of the loop. Where the plan says so the process dies there: the
-- call raises, its port says no more, and its disk does nothing any more. It knows seams,
-- not what the script does.

local Disk = require "spec.support.disk"

-- What the loop ends with: the plan killed the process, or the judge has seen enough.
local DEATH = setmetatable({}, { __tostring = function() return "the process is dead" end })

local process_methods = {}
local process_mt = { __index = process_methods }

local port_methods = {}
local port_mt = { __index = port_methods }

local clock_methods = {}
local clock_mt = { __index = clock_methods }

-- Whatever has struck the process takes effect when its loop turns.
local function turn(self)
  local host = self.host
  if self.dead then error(DEATH, 0) end
  host.judge:turn()
  host:collect()
  host:look_at_module()
  local what = self.raises
  if what then
    self.raises = nil
    error(what, 0)
  end
  if host.judge.violation then
    self.dead = true
    error(DEATH, 0)
  end
end

-- The port. ------------------------------------------------------------------------

function port_methods:now()
  return self.port:now()
end

function port_methods:read(max)
  if self.process.dead then return nil, "lost" end
  local bytes, err = self.port:read(max)
  if bytes ~= "" then self.process.host.trace:note("in", bytes or err) end
  return bytes, err
end

function port_methods:write(bytes)
  if self.process.dead then return nil, "lost" end
  local count, err = self.port:write(bytes)
  self.process.host.trace:note("out", count and bytes:sub(1, count) or err)
  return count, err
end

-- Who waited longer than it asked for stood still, with all its calls.
local function waited(self, started, seconds)
  if self.dead then error(DEATH, 0) end
  local late = self.host.world.time - started - seconds
  if late > 0 then self.host.judge:excuse(late) end
end

function port_methods:wait(seconds, writable)
  turn(self.process)
  local started = self.port:now()
  local ready, err = self.port:wait(seconds, writable)
  waited(self.process, started, seconds)
  return ready, err
end

function port_methods:close()
  if not self.process.dead then self.port:close() end
end

-- The clock of a loop without a modem.
function clock_methods:now()
  return self.world.time
end

function clock_methods:wait(seconds)
  local world = self.world
  turn(self.process)
  local started = world.time
  world.clock:wait(seconds)
  waited(self.process, started, seconds)
end

-- The process. ---------------------------------------------------------------------

--- Opens the world's port anew. Result: port; or nil, err.
function process_methods:open_port()
  local port, err = self.host.world:open_port()
  self.host.trace:note("port", port and "open" or err)
  if not port then return nil, err end
  self.port = port
  return setmetatable({ process = self, port = port, clock = self.clock }, port_mt)
end

--- Nothing that it still does has any effect.
function process_methods:die()
  self.dead = true
end

--- As the system does for one that is dead.
function process_methods:close_port()
  if self.port then self.port:close() end
end

--- Whether an error is how a process of ours ends.
local function is_death(err)
  return err == DEATH or err == Disk.CRASH
end

local function new(host)
  local self = setmetatable({
    host = host,
    dead = false,
    raises = nil, -- what the next turn of its loop raises
    port = nil,   -- the world's, that it opened last
    clock = nil,
    disk = host.disk:mount(),
  }, process_mt)
  self.clock = setmetatable({ process = self, world = host.world }, clock_mt)
  return self
end

return { new = new, is_death = is_death }

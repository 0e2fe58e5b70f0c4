--- The line between host and virtual module: bytes with their time on it, and what becomes
-- of them there. It knows bytes, not what they mean; but under a careful plan (mode "tcp",
-- and text without a checksum) it never changes the bytes of a payload on its way to the
-- module: it only loses some, which the module's count tells. Nobody but an application
-- that checks sums could see the change.
--
-- A port is one opening of it by the host, with the methods of csrc/port.h.

local floor, max, min = math.floor, math.max, math.min

local UNREAD_MAX = 4096    -- what the host's system keeps before it loses what comes
local WHOLE = 65536

local port_methods = {}
local port_mt = { __name = "simulation.port", __index = port_methods }

local line_methods = {}
local line_mt = { __name = "simulation.line", __index = line_methods }

-- The port. -------------------------------------------------------------------------

function port_methods:now()
  return self.line.world.time
end

function port_methods:read(count)
  local line = self.line
  if self.closed then return nil, "closed" end
  local unread = line.unread
  if unread == "" then
    if self.lost then return nil, "lost" end
    return ""
  end
  if line.piece then count = min(count, line.random:range(1, line.piece)) end
  if count >= #unread then
    line.unread = ""
    return unread
  end
  line.unread = unread:sub(count + 1)
  return unread:sub(1, count)
end

function port_methods:write(bytes)
  local line = self.line
  if self.closed then return nil, "closed" end
  if self.lost then return nil, "lost" end
  if line.world:applies("stuck_write") then return 0 end
  if line.world:spend("part_write") then
    bytes = bytes:sub(1, line.random:range(0, #bytes - 1))
  end
  if bytes ~= "" then line:carry(bytes) end
  return #bytes
end

function port_methods:wait(seconds, writable)
  local line = self.line
  local world = line.world
  if self.closed then return nil, "closed" end
  if line.unread ~= "" then return true end
  if self.lost then return nil, "lost" end
  if writable and not world.force.stuck_write then return true end
  -- It comes back early, or for nothing.
  if world:spend("empty_wait") then return line.random:chance(0.5) end
  local ready = world:advance(world.time + seconds, line)
  if world.paused then world:resume() end
  if line.unread ~= "" then return true end
  if self.lost then return nil, "lost" end
  return ready
end

function port_methods:close()
  self.closed = true
  if self.line.port == self then self.line.port = nil end
end

-- Damage. ---------------------------------------------------------------------------

local function noise(bytes)
  return (bytes:gsub(".", function(char) return string.char(255 - char:byte() % 126) end))
end

-- Each changes bytes at a place: (bytes, place, fault, random) -> bytes.
local damages = {
  drop = function(bytes, place, fault)
    return bytes:sub(1, place - 1) .. bytes:sub(place + fault.count)
  end,
  flip = function(bytes, place, fault)
    local byte = bytes:byte(place)
    local bit = 2 ^ fault.bit
    byte = byte + (floor(byte / bit) % 2 == 0 and bit or -bit)
    return bytes:sub(1, place - 1) .. string.char(byte) .. bytes:sub(place + 1)
  end,
  double = function(bytes, place, fault)
    local twice = bytes:sub(place, place + fault.count - 1)
    return bytes:sub(1, place - 1) .. twice .. bytes:sub(place)
  end,
  garbage = function(bytes, place, fault, random)
    return bytes:sub(1, place - 1) .. random:bytes(fault.count) .. bytes:sub(place)
  end,
  nuls = function(bytes, place, fault)
    return bytes:sub(1, place - 1) .. ("\0"):rep(fault.count) .. bytes:sub(place)
  end,
}
-- A receiver that was too slow: as a drop, of many.
damages.overrun = damages.drop

-- How much of what the host writes is no payload. What is put in behind the length of a send
-- in data mode would be the payload's first bytes, and its count right all the same.
local function plain_size(bytes)
  if not bytes:find("^AT") then return 0 end
  if bytes:find("^AT%+QISEND=%d+,%d+\r$") then return #bytes - 2 end
  local from = bytes:match("^AT%+QISEND=%d+,%d+,()")
  return from and from - 1 or #bytes
end

-- What the faults that wait for bytes in this direction make of them.
local function damaged(self, way, bytes)
  local armed, kept = self.armed[way], {}
  for _, fault in ipairs(armed) do
    local loses = fault.kind == "drop" or fault.kind == "overrun"
    local size = way == "up" and self.careful and not loses and plain_size(bytes) or #bytes
    if fault.skip < size then
      bytes = damages[fault.kind](bytes, fault.skip + 1, fault, self.random)
      self.world:happened(fault)
    else
      fault.skip = fault.skip - size
      kept[#kept + 1] = fault
    end
  end
  self.armed[way] = kept
  return bytes
end

--- The fault waits for its place in what goes fault.way ("up": to the module).
function line_methods:arm(fault)
  local list = self.armed[fault.way]
  list[#list + 1] = fault
end

-- The two directions. ---------------------------------------------------------------

-- Whether the module's way out of a payload is to reboot in its midst.
function line_methods:reboot_in(way, bytes)
  local world = self.world
  local fault = world.force.reboot_in_payload
  if not fault or fault.way ~= way or #bytes < 2 then return false end
  local answer = world.module.answer
  local mark = way == "up" and "^AT%+QISEND=%d,[1-9]%d*," or '%+QIURC: "recv",%d,%d+,.'
  if not (way == "up" and answer and answer.want or bytes:find(mark)) then return false end
  world:spend("reboot_in_payload")
  local half = bytes:sub(1, (#bytes - #bytes % 2) / 2)
  if way == "up" then world:hear(half) else self:take(half) end
  world:reboot()
  return true
end

local function deliver(self, bytes)
  local noisy = self.world.force.wrong_baud
  if noisy then
    self.world:happened(noisy)
    local size = self.careful and plain_size(bytes) or #bytes
    bytes = noise(bytes:sub(1, size))
  end
  if self.armed.up[1] then bytes = damaged(self, "up", bytes) end
  if bytes == "" then return end
  if not self:reboot_in("up", bytes) then self.world:hear(bytes) end
end

--- From the host: the module has it when all of it has left.
function line_methods:carry(bytes)
  local world = self.world
  if not self.baud then return deliver(self, bytes) end
  local start = self.free_at
  if start < world.time then start = world.time end
  self.free_at = start + #bytes * 10 / self.baud
  world:at(self.free_at, self.deliver, bytes)
end

-- It can be read.
function line_methods:take(bytes)
  if not self.port then return end
  local unread = self.unread .. bytes
  if #unread > UNREAD_MAX then
    self.world.counts.unread_lost = self.world.counts.unread_lost + #unread - UNREAD_MAX
    unread = unread:sub(1, UNREAD_MAX)
  end
  self.unread = unread
end

--- From the module.
function line_methods:bring(bytes)
  local world, due = self.world, self.held_until
  local noisy, lag = world.force.wrong_baud, world.force.stale_read
  if noisy then
    world:happened(noisy)
    bytes = noise(bytes)
  end
  if self.armed.down[1] then bytes = damaged(self, "down", bytes) end
  if bytes == "" then return end
  if lag then
    world:happened(lag)
    due = max(due, world.time + lag.delay)
    self.held_until = due
  end
  if due > world.time then return world:at(due, self.late, bytes) end
  if not self:reboot_in("down", bytes) then self:take(bytes) end
end

--- Opens it: a port, or nil, "no device" while it is unplugged.
function line_methods:open()
  if self.unplugged then return nil, "no device" end
  if self.port then self.port.closed = true end
  self.unread = ""
  self.port = setmetatable({
    line = self,
    clock = self.world.clock,
    closed = false,
    lost = false,
  }, port_mt)
  return self.port
end

function line_methods:unplug()
  self.unplugged = true
  if self.port then self.port.lost = true end
  self.port = nil
  self.world.nudged = true
end

--- Nothing is wrong with it any more.
function line_methods:heal()
  self.armed = { up = {}, down = {} }
  self.unplugged = false
end

local function new(world, plan, random)
  local self = setmetatable({
    world = world,
    random = random,
    careful = plan.careful,
    baud = plan.baud,
    piece = plan.piece < WHOLE and plan.piece or nil, -- a read gives at most so much
    port = nil,         -- the one that is open
    unread = "",        -- what the host may read
    free_at = 0,        -- when the last byte that the host wrote will have left
    armed = nil,        -- faults that wait for bytes, by way
    held_until = 0,     -- when the last byte that lagged can be read: none overtakes it
    unplugged = false,
    deliver = nil, late = nil, -- the two ways, for a later time
  }, line_mt)
  self.deliver = function(bytes) deliver(self, bytes) end
  self.late = function(bytes) self:take(bytes) end
  self:heal()
  return self
end

return { new = new }

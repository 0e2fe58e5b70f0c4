-- Power: boot lines, what a reboot forgets, sleep. Knows when the module listens, no
-- command; the network is in radio.lua.

local radio = require "bc260y.virtual.radio"
local rrc = require "bc260y.virtual.rrc"
local sockets = require "bc260y.virtual.sockets"

local watch_idle

local function say_boot(self)
  local now = self.now()
  local fota = self.traits.boot_fota
  local due = now + self:time_of("cfun")
  self:say("urc", "RDY", "\r\nRDY\r\n")
  self.power = "on"
  self:later(due, function()
    self:urc("+CFUN: 1")
    if fota then self:urc('+QIND: "FOTA","END",0') end
  end)
  self:later(due + self:time_of("cpin"), function()
    radio.set_sim(self, self.traits.sim)
    watch_idle(self)
  end)
end

-- Everything a reboot forgets. quiet: the boot lies in the past, the module is
-- attached and says nothing.
local function start(self, quiet)
  sockets.drop_all(self)
  self.timers:clear()
  self.wire:cut(self.now())
  self.stats.boots = self.stats.boots + 1
  self.power = "boot"
  self.answer, self.pending, self.partial = nil, "", ""
  self.data, self.data_size = {}, 0
  self.echo = self.traits.echo
  self.urc_due = 0
  self.functionality, self.coverage = 1, self.coverage ~= false
  self.attach_wanted, self.cops_mode = true, 0
  self.sim = "none"
  self.registration, self.cause, self.cereg_n = 0, nil, 0
  self.cscon_n, self.rrc = 0, rrc.new()
  self.attached, self.address, self.attach_timer = false, nil, nil
  self.sleep_lock = 1
  self.last_input = self.now()
  self.previous = {}           -- arguments of earlier commands (2.1)
  self.dns_set = {}
  self.dns_busy, self.ping_busy, self.ntp_busy = false, false, false
  self.generation = (self.generation or 0) + 1
  self:log("module", quiet and "on, attached" or "boots")
  if quiet then
    self.power, self.sim = "on", self.traits.sim
    if self.sim == "READY" then radio.start_attached(self) end
    return watch_idle(self)
  end
  self.wire:push(self.now(), self.traits.boot_text)
  self:later(self.now() + self:time_of("rdy"), function() say_boot(self) end)
end

-- Reboots once everything said has left the line.
local function restart(self)
  self.power = "off"
  local silent = math.max(self.now(), self.wire.free_at)
  self:later(silent + self:time_of("off"), function() start(self, false) end)
end

local function sleep(self, kind)
  assert(kind == "DEEPSLEEP" or kind == "PSM", "DEEPSLEEP or PSM")
  if self.power ~= "on" then return end
  if self.nvram.dsevent == 1 and self.nvram.sleep_event == 1 then
    self:urc(('+QNBIOTEVENT: "ENTER %s"'):format(kind))
  end
  self:log("module", "sleeps: " .. kind)
  rrc.release(self)
  self.power, self.sleep_kind = kind:lower(), kind
end

local function wake_up(self)
  local kind = self.sleep_kind
  self:log("module", "wakes")
  if kind == "PSM" and self.traits.psm_boot then
    start(self, false)
    return
  end
  self.power = "on"
  self.last_input = self.now()
  watch_idle(self)
  sockets.after_sleep(self)
  if self.nvram.dsevent == 1 and self.nvram.sleep_event == 1 then
    self:urc(('+QNBIOTEVENT: "EXIT %s"'):format(kind))
  end
end

-- The network pages a module in deep sleep; in PSM it can't be reached (2.4), until a
-- command has begun to wake it.
local function page(self)
  if self.power == "deepsleep" or self.power == "waking" then wake_up(self) end
  return self.power == "on"
end

-- Bytes have come while the module does not listen: a booting one is deaf, a
-- sleeping one wakes, with or without the command that woke it.
local function heard(self)
  local command = self.traits.wake_command
  if self.power == "deepsleep" or self.power == "psm" then
    self.power = "waking"
    self:later(self.now() + self.traits.wake_time, function()
      if self.power == "waking" then wake_up(self) end
      if self.power == "on" and command == "crlf" then self:raw("\r\n") end
    end)
  end
  if self.power ~= "waking" or command ~= "answered" then self.pending = "" end
end

-- What it has asked the network keeps the radio on until the answer, or its time, has come.
local function asks_network(self)
  return self.dns_busy or self.ping_busy or self.ntp_busy or sockets.opening(self)
end

-- Called once and then by its own timer: sleeps when nothing has been said or
-- heard for long enough and no command is being answered.
function watch_idle(self)
  local limit = self.traits.sleep_after
  if not limit then return end
  local due = math.max(self.last_input, self.wire.free_at, self.urc_due) + limit
  if due > self.now() then return self:later(due, function() watch_idle(self) end) end
  local idle = self.power == "on" and not self.answer and self.pending == ""
    and self.sleep_lock == 1 and not asks_network(self)
  if idle then return sleep(self, self.traits.sleep_kind) end
  self:later(self.now() + limit, function() watch_idle(self) end)
end

-- The host is using the line.
local function busy(self)
  self.last_input = self.now()
end

return {
  start = start, restart = restart, sleep = sleep, page = page, heard = heard, busy = busy,
}

-- Power: boot lines, registration with the network, sleep. Knows when the
-- module listens and which address it has, no command.

local sockets = require "bc260y.virtual.sockets"

local BOOT_TIMES = { off = 0.02, rdy = 0.05, cfun = 0.02, cpin = 0.02, ip = 0.05 }

local function time_of(self, name)
  return self.timing[name] or BOOT_TIMES[name]
end

-- The URC of a changed registration, as AT+CEREG=<n> asked for it.
local function cereg_fields(self, n)
  local text = tostring(self.registration)
  local here = self.registration == 1 or self.registration == 5
  if n >= 2 and here then
    local tac = self.identity.tac
    if self.traits.tac_decimal then tac = ("%d"):format(tonumber(tac, 16)) end
    text = ('%s,"%s","%s",9'):format(text, tac, self.identity.cell)
    if n >= 4 and self.traits.cereg_timers then
      text = text .. ',,,"00100101","00111000"'
    end
  end
  return text
end

local function set_registration(self, stat)
  if stat == self.registration then return end
  self.registration = stat
  if self.cereg_n > 0 then
    self:urc("+CEREG: " .. cereg_fields(self, self.cereg_n))
  end
end

local function set_address(self)
  set_registration(self, 1)
  self.attached = true
  self.address = self.identity.ip
  self:urc("+IP: " .. self.address)
end

local function lose_network(self, stat)
  self.attached, self.address = false, nil
  if self.attach_timer then self.timers:cancel(self.attach_timer) end
  self.attach_timer = nil
  sockets.network_lost(self)
  set_registration(self, stat)
end

local function find_network(self)
  local wanted = self.coverage and self.attach_wanted and self.functionality == 1
  if self.address or self.attach_timer or not wanted then return end
  set_registration(self, 2)
  self.attach_timer = self:later(self.now() + time_of(self, "ip"), function()
    self.attach_timer = nil
    set_address(self)
  end)
end

local function network(self, up)
  self.coverage = up
  if up then find_network(self) else lose_network(self, 2) end
end

-- AT+CGATT.
local function attach(self, on)
  self.attach_wanted = on
  if on then find_network(self) else lose_network(self, 0) end
end

-- AT+CFUN: 0 and 4 switch the radio off, 1 on.
local function set_functionality(self, value)
  self.functionality = value
  if value == 1 then find_network(self) else lose_network(self, 0) end
end

local watch_idle

local function say_boot(self)
  local now = self.now()
  local fota = self.traits.boot_fota
  local due = now + time_of(self, "cfun")
  self:say("urc", "RDY", "\r\nRDY\r\n")
  self.power = "on"
  self:later(due, function()
    self:urc("+CFUN: 1")
    if fota then self:urc('+QIND: "FOTA","END",0') end
  end)
  self:later(due + time_of(self, "cpin"), function()
    self:urc("+CPIN: READY")
    find_network(self)
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
  self.attach_wanted = true
  self.registration, self.cereg_n, self.cscon_n = 0, 0, 0
  self.attached, self.address, self.attach_timer = false, nil, nil
  self.sleep_lock = 1
  self.last_input = self.now()
  self.previous = {}           -- arguments of earlier commands (2.1)
  self.dns_set = {}
  self.dns_busy, self.ping_busy, self.ntp_busy = false, false, false
  self.generation = (self.generation or 0) + 1
  self:log("module", quiet and "on, attached" or "boots")
  if quiet then
    self.power, self.registration = "on", 1
    self.attached, self.address = true, self.identity.ip
    return watch_idle(self)
  end
  self.wire:push(self.now(), self.traits.boot_text)
  self:later(self.now() + time_of(self, "rdy"), function() say_boot(self) end)
end

-- Reboots once everything said has left the line.
local function restart(self)
  self.power = "off"
  self:later(math.max(self.now(), self.wire.free_at) + time_of(self, "off"), function()
    start(self, false)
  end)
end

local function sleep(self, kind)
  assert(kind == "DEEPSLEEP" or kind == "PSM", "DEEPSLEEP or PSM")
  if self.power ~= "on" then return end
  if self.nvram.dsevent == 1 and self.nvram.sleep_event == 1 then
    self:urc(('+QNBIOTEVENT: "ENTER %s"'):format(kind))
  end
  self:log("module", "sleeps: " .. kind)
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

-- The network pages a module in deep sleep; in PSM it can't be reached (2.4).
local function page(self)
  if self.power == "deepsleep" then wake_up(self) end
  return self.power == "on"
end

-- Bytes have come while the module does not listen: a booting one is deaf, a
-- sleeping one wakes, with or without the command that woke it.
local function heard(self)
  local command = self.traits.wake_command
  if self.power == "deepsleep" or self.power == "psm" then
    self.power = "waking"
    self:later(self.now() + self.traits.wake_time, function()
      wake_up(self)
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
  local due = math.max(self.last_input, self.wire.free_at) + limit
  if due > self.now() then return self:later(due, function() watch_idle(self) end) end
  local idle = not self.answer and self.pending == "" and self.sleep_lock == 1
  if idle and self.power == "on" and not asks_network(self) then return sleep(self, "DEEPSLEEP") end
  self:later(self.now() + limit, function() watch_idle(self) end)
end

-- The host is using the line.
local function busy(self)
  self.last_input = self.now()
end

return {
  start = start, restart = restart, network = network, attach = attach,
  set_functionality = set_functionality,
  cereg_fields = cereg_fields, sleep = sleep, page = page, heard = heard,
  busy = busy,
}

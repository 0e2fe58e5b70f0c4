-- The BC260Y-CN as a state machine, written from its manual: bytes of the host
-- in, bytes of the module out, time from a clock that is given. Knows the line
-- and the order of things; the commands are in the at_*.lua files, the sockets
-- in sockets.lua, the network behind the seam that net_script.lua describes.

local answer = require "bc260y.virtual.answer"
local boot = require "bc260y.virtual.boot"
local commands = require "bc260y.virtual.commands"
local net_script = require "bc260y.virtual.net_script"
local parse = require "bc260y.virtual.parse"
local radio = require "bc260y.virtual.radio"
local rrc = require "bc260y.virtual.rrc"
local scripts = require "bc260y.virtual.scripts"
local sockets = require "bc260y.virtual.sockets"
local timers = require "bc260y.virtual.timers"
local traits = require "bc260y.virtual.traits"
local wire = require "bc260y.virtual.wire"

local max, min, huge = math.max, math.min, math.huge

-- Seconds between the steps of a boot; found and ip: until registered, and an address.
local BOOT_TIMES = { off = 0.02, rdy = 0.05, cfun = 0.02, cpin = 0.02, found = 0, ip = 0.05 }

-- Bytes that may wait while a command is answered; a UART has no more patience.
local PENDING_MAX = 16384

local module_methods = {}
local module_mt = { __name = "bc260y.virtual", __index = module_methods }

function module_methods:log(who, text)
  if self.logger then self.logger(("%-7s %s"):format(who, text)) end
end

-- The same for bytes of the line, of which at most size_max are shown; rest: what follows.
local function log_bytes(self, who, bytes, size_max, rest)
  if self.logger then self:log(who, parse.visible(bytes, size_max) .. (rest or "")) end
end

-- Seconds to hold back what is about to be said, or nil for no delay of its own.
function module_methods:delay_of(what, command, line)
  local wait = self.delay and self.delay(what, command, line)
  return wait or self.timing[what]
end

-- Seconds that a step of the boot takes.
function module_methods:time_of(step)
  return self.timing[step] or BOOT_TIMES[step]
end

function module_methods:later(due, fn)
  return self.timers:at(due, fn)
end

-- Puts bytes on the line; what and line are for the log.
function module_methods:say(what, line, bytes)
  log_bytes(self, "module", line, 160, what == "second" and "   (second)")
  self.wire:push(self.now(), bytes)
end

-- Says an unsolicited line when its delay has passed, or the seconds that the network
-- takes to reach the module. URCs keep their order.
function module_methods:urc(line, late)
  if self.power ~= "on" then return end
  local now = self.now()
  local wait = self:delay_of("urc", nil, line) or late or 0
  local due = max(now + wait, self.urc_due)
  if due == huge then return end
  self.urc_due = due
  local function say() self:say("urc", line, "\r\n" .. line .. "\r\n") end
  if due <= now then say() else self:later(due, say) end
end

-- Raw bytes on the line, for what no healthy module says.
function module_methods:raw(bytes)
  self.wire:push(self.now(), bytes)
end

-- A downlink as if the peer of socket id had sent it. False if none is open.
function module_methods:push(id, bytes)
  return sockets.downlink(self, id, bytes)
end

-- Tells the module what to do with a command to come; see scripts.lua.
function module_methods:script(action)
  return scripts.add(self, action)
end

-- The radio network goes (false) or comes back (true).
function module_methods:network(up)
  radio.cover(self, up)
  self:wake()
end

-- The network registers the module: a <stat> of +CEREG, 1 or 5; or throws it out: 0, 2, 3,
-- 4, with a cause type and a cause if it gives them.
function module_methods:register(stat, cause_type, cause)
  radio.register(self, stat, cause_type, cause)
  self:wake()
end

-- Sends the module to sleep: "DEEPSLEEP" or "PSM".
function module_methods:sleep(kind)
  boot.sleep(self, kind)
end

-- The network has something for the module. False if it can't be reached.
function module_methods:page()
  return boot.page(self)
end

-- Reboot: sockets gone, echo on, boot lines again.
function module_methods:reset()
  boot.start(self, false)
  self:wake()
end

local function execute(self, text)
  local action = scripts.match(self, text)
  local current = answer.new(self, text, action)
  self.answer = current
  if action and action.reset then
    boot.start(self, false)
  elseif action and action.drop then
    if action.executed then
      action.mute = true
      commands.run(self, current)
    else
      current:finish()
    end
  elseif action and action.answer ~= nil then
    scripts.replace(self, current, action)
    if action.executed then commands.run(self, current) end
  else
    commands.run(self, current)
  end
end

local function take_line(self, line)
  if #line > self.traits.line_max then
    log_bytes(self, "host", line, 60, "   (too long)")
    self.answer = answer.new(self, "", nil)
    self.answer:fail(50)
    return
  end
  local text = parse.find_command(line)
  if not text then
    if line:find("[^%z%c]") then
      log_bytes(self, "host", line, 160, "   (no command)")
    end
    return
  end
  log_bytes(self, "host", text, 160)
  execute(self, text)
end

local function echo(self, bytes)
  if self.echo then self.wire:push(self.now(), (bytes:gsub("%z", ""))) end
end

local function take_data(self)
  local current = self.answer
  local piece = self.pending:sub(1, current.want - self.data_size)
  self.pending = self.pending:sub(#piece + 1)
  self.data_size = self.data_size + #piece
  self.data[#self.data + 1] = piece
  if self.traits.echo_data then echo(self, piece) end
  if self.data_size < current.want then return end
  local bytes = table.concat(self.data)
  self.data, self.data_size = {}, 0
  log_bytes(self, "host", bytes, 80, ("   (%d bytes of data)"):format(#bytes))
  current:give(bytes)
end

local function take_characters(self)
  local stop = self.pending:find("\r", 1, true)
  local piece = self.pending:sub(1, stop)
  self.pending = self.pending:sub(#piece + 1)
  echo(self, piece)
  -- One byte over the limit is enough to know that the line is too long.
  local room = self.traits.line_max + 1 - #self.partial
  self.partial = self.partial .. (stop and piece:sub(1, -2) or piece):sub(1, max(0, room))
  if stop then
    local line = self.partial
    self.partial = ""
    take_line(self, line)
  end
end

-- Answers and reads in turn until nothing more can be done now: a command that
-- comes while another is answered waits for its final result.
local function advance(self)
  if self.advancing then return end
  self.advancing = true
  local busy = true
  while busy do
    local current = self.answer
    if current and not current.want then
      busy = current:pump(self.now())
      if busy and self.answer == current then
        self.answer = nil
        if current.at_end then current.at_end() end
      end
      busy = busy or current.want ~= nil
    elseif self.pending == "" then
      busy = false
    elseif current then
      take_data(self)
    elseif self.power == "on" then
      take_characters(self)
    else
      boot.heard(self)
      busy = false
    end
  end
  self.advancing = false
end

-- What the host wrote. Result: as of step.
function module_methods:input(bytes)
  if #self.pending + #bytes <= PENDING_MAX then
    self.pending = self.pending .. bytes
  else
    self.stats.lost_input = self.stats.lost_input + #bytes
    self:log("module", ("lost %d bytes: too much at once"):format(#bytes))
  end
  boot.busy(self)
  return self:step()
end

-- What the module says now, at most limit bytes; "" if nothing.
function module_methods:output(limit)
  return self.wire:take(self.now(), limit)
end

-- Bytes said that output has not handed out yet.
function module_methods:backlog()
  return self.wire.size
end

-- Does what is due. Seconds until it wants to be called again, or nil.
function module_methods:step()
  local now = self.now()
  local due
  sockets.throttle(self)
  -- What one round sets going (an in-memory peer that answers) the next does.
  for _ = 1, 8 do
    local net_due = self.net.step and self.net:step(now)
    self.timers:run(now)
    advance(self)
    due = min(self.timers:next_due() or huge, net_due or huge,
      self.answer and self.answer:next_due() or huge)
    if due > now then break end
  end
  due = min(due, self.wire:next_due() or huge)
  return due < huge and max(0, due - now) or nil
end

-- Something happened outside input and step: whoever runs the module looks.
function module_methods:wake()
  if self.on_wake then self.on_wake() end
end

-- Who the module is and what its network gives it; every field of options may be missing.
local function new_identity(options)
  return {
    imei = options.imei or "866207051234560", imsi = options.imsi or "460081234567890",
    iccid = options.iccid or "89860414102070012345", sn = options.sn or "D1X20BL01000012",
    pin = options.pin or "1234",
    ip = options.ip or "100.85.29.214",
    ip6 = options.ip6 or "36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48",
    dns = options.dns or { "218.2.2.2", "218.4.4.4", "240E:5A::6666", "240E:5B::6666" },
    tac = options.tac or "4C10", cell = options.cell or "084958B4",
    operator = options.operator or "46008",
    registered = options.registered or 1,
    t3324 = options.t3324 or "00100101", t3412 = options.t3412 or "00111000",
    rssi = options.rssi or 22,
  }
end

-- What the host may set; a reboot keeps it.
local function new_settings(baud)
  return {
    psm = { mode = 1, tau = "01000001", active = "00100011" },
    edrx = { mode = 1, act = 5, value = "0101" },
    bands = "5,8",
    rate = baud or 115200,
  }
end

-- options: now = function giving seconds (needed), profile = "R02", traits = {},
--   net = the network seam, names = {name = address, list of addresses, or error code},
--   delay = function(what, command, line) giving seconds or nil, timing = {info=, final=,
--   second=, prompt=, urc=, rdy=, cfun=, cpin=, found=, ip=, off=} in seconds, baud, grain =
--   bytes that leave the line before step wants to be called (1),
--   count = function(sent, acked, unacked) giving the three that AT+QISEND=<id>,0 says instead,
--   boot = false to start attached, nvram = table kept from an earlier run,
--   clock = the network's UTC epoch at now() == 0, rtc = the module's own before it is
--   registered (the same), zone = quarter hours,
--   ip, ip6, dns = {v4, v4, v6, v6}, imei, imsi, iccid, sn, pin, tac, cell, operator,
--   registered = 1 or 5 (roaming), t3324, t3412 (8 bits each), rssi (of AT+CSQ),
--   log = function(text), wake = function().
-- Raises on a wrong trait or profile.
local function new(options)
  assert(type(options) == "table" and type(options.now) == "function", "now is needed")
  local clock = options.clock or 1577836800
  local self = setmetatable({
    now = options.now,
    net = options.net or net_script.new(options.now),
    names = options.names or {},
    delay = options.delay,
    count = options.count,
    timing = options.timing or {},
    logger = options.log,
    on_wake = options.wake,
    traits = traits.make(options.profile or "R02", options.traits),
    wire = wire.new(options.baud, options.grain),
    timers = timers.new(),
    scripts = {},
    identity = new_identity(options),
    settings = new_settings(options.baud),
    -- What survives a reboot, and how often it was written.
    nvram = options.nvram
      or { send_format = 0, recv_format = 0, cmee = 0, dsevent = 0, sleep_event = 0 },
    nvram_writes = 0,
    network_clock = clock, network_zone = options.zone or 32,
    clock_offset = options.rtc or clock, zone = options.zone or 32,
    stats = { lost_input = 0, boots = 0 },
    resting = {},              -- local port -> when it may be used again
    -- The rest is set by boot.start.
    power = "off", answer = nil, pending = "", partial = "", data = {}, data_size = 0,
    echo = true, urc_due = 0, sockets = {}, throttled = false, advancing = false, rrc = rrc.new(),
  }, module_mt)
  boot.start(self, options.boot == false)
  return self
end

return { new = new, profiles = traits.profiles, traits = traits.names,
  trait_from_text = traits.from_text }

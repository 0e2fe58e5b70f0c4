-- The world of the main road on a virtual clock: a virtual module in this process, with
-- peers in memory (rig.lua). What a world offers is said in road.lua.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"

local ADDRESS, ADDRESS6 = "10.0.0.1", "2001:db8::1"
local NAME = "readings.example"
local TRIES, TICK = 1000, 0.05

local peer_methods = {}
local peer_mt = { __index = peer_methods }

function peer_methods:take(count)
  local peer, stop = self.peer, self.taken + count
  self.world:await(function() return peer.received_size >= stop end)
  local bytes = peer:text():sub(self.taken + 1, stop)
  self.taken = self.taken + #bytes
  return bytes
end

function peer_methods:write(bytes)
  self.peer:send(bytes)
end

function peer_methods:ack(count)
  self.peer:ack(count)
end

function peer_methods:close()
  self.peer:close()
end

function peer_methods:wait_end()
  return self.world:await(function() return self.peer.closed end)
end

local world_methods = {}
local world_mt = { __index = world_methods }

function world_methods:pass(seconds)
  self.modem:wait("nothing", seconds)
end

function world_methods:await(fn)
  for _ = 1, TRIES do
    if fn() then return true end
    self:pass(TICK)
  end
  return fn()
end

local function new_port(self)
  self.last_port = self.last_port + 1
  return self.last_port
end

-- options: as net_script's listen has them.
function world_methods:tcp_server(options)
  local world, waiting = self, {}
  local given = { connect = nil }
  for name, value in pairs(options or {}) do given[name] = value end
  function given.connect(peer)
    waiting[#waiting + 1] = setmetatable({ world = world, peer = peer, taken = 0 }, peer_mt)
  end
  local server = { port = new_port(self) }
  function server.accept()
    world:await(function() return #waiting > 0 end)
    return table.remove(waiting, 1)
  end
  self.rig.net:listen("TCP", self.address, server.port, given)
  return server
end

function world_methods:udp_server(answer)
  local server = { port = new_port(self), received = {} }
  self.rig.net:listen("UDP", self.address, server.port, { data = function(peer, bytes)
    server.received[#server.received + 1] = bytes
    if answer then peer:send(answer(bytes)) end
  end })
  return server
end

function world_methods:closed_port()
  return new_port(self)
end

-- URCs with this text in them never come (nil: all come).
function world_methods:mute(text)
  self.muted = text
end

-- A module that does not say when it sleeps is supposed to after its time; one that sleeps
-- at once has to be spoken to while it is awake.
local function options_of(traits, port, format)
  local supposed = not traits.sleep_events and traits.sleep_after or nil
  return {
    port = port, format = format, sleep_after = supposed,
    wake = supposed and supposed < 3 and { answer = traits.wake_time + 0.5 } or nil,
  }
end

-- options: profile, traits, baud (of the line, none), format; latency (seconds of the
-- network), piece (bytes that a read gives at most), cmee (0-2).
local function new(options)
  local self = setmetatable({
    rig = nil, module = nil, modem = nil, traits = nil,
    name = NAME, address = nil,
    patience = 100,
    delay = nil,
    last_port = 8000,
    muted = nil,
  }, world_mt)
  local given = { names = {}, profile = options.profile, traits = options.traits,
    baud = options.baud, log = options.log }
  function given.delay(what, _, line)
    if what == "urc" and self.muted and line:find(self.muted, 1, true) then return math.huge end
    return nil
  end
  self.rig = rig.new(given)
  self.rig.net.latency_s = options.latency or 0
  self.rig.piece = options.piece or math.huge
  self.rig.module.nvram.cmee = options.cmee or 0
  self.module, self.traits = self.rig.module, self.rig.module.traits
  self.address = self.traits.network == "v6" and ADDRESS6 or ADDRESS
  self.module.names[NAME] = self.address
  self.patience = self.patience + 3 * self.traits.urc_late + 60 * self.traits.answer_time
  self.delay = 2 * self.rig.net.latency_s + self.traits.urc_late
  self.modem = assert(bc260y.open(options_of(self.traits, self.rig.port, options.format)))
  return self
end

return { new = new }

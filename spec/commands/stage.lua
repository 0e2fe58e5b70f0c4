-- What a row of the table is tried on: a driver with a virtual module before it, or that
-- module alone, both on a virtual clock and in the circumstances that the row names.
--
-- It knows the scenes, the hosts that are there, and how lines are typed and heard. What a
-- row has to show is marks.lua's.

local bc260y = require "bc260y"
local net_script = require "bc260y.virtual.net_script"
local rig = require "spec.support.rig"
local virtual = require "bc260y.virtual"

local stage = {}

local IP = "10.18.237.42" -- manual 2.3.2 note 4
local HOST, ADDRESS, PORT = "hf.quectel.com", "220.180.239.212", 8008
local NAMES = {
  [HOST] = ADDRESS, ["iot.quectel.com"] = "47.100.63.174", ["ntp5.aliyun.com"] = "203.107.6.88",
}
local OPEN = ('AT+QIOPEN=0,0,"TCP","%s",%d'):format(HOST, PORT)
local UTC = 1560222500         -- manual 4.5: 19/06/11,11:08:20+32
local PATIENCE = 100           -- seconds: longer than any second result
local AFTERWARDS = 1           -- seconds in which nothing more may be said

-- "attached" (the default), "connected": a socket besides, "datagrams": one of UDP,
-- "refused": nobody listens, "silent": it is listened to and never answered, "booting": the
-- module has just been switched on, "unattached": the driver has not spoken to it yet.
local SCENES = { attached = true, connected = true, datagrams = true, refused = true,
  silent = true, booting = true, unattached = true }

local function options_of(row)
  return {
    profile = row.profile or "manual", traits = row.traits, names = NAMES, ip = IP,
    boot = row.scene == "booting",
  }
end

local function furnish(net, row)
  if row.scene ~= "refused" then
    net:listen("TCP", ADDRESS, PORT, { silent = row.scene == "silent" })
  end
  net.pings = { 369, 479, 484, 260 } -- manual 4.4
  net.utc = UTC
end

-- Lines without the blanks and NULs around them; the prompt is one.
local function lines_of(bytes)
  local list = {}
  for line in bytes:gsub("%z", ""):gmatch("[^\r\n]+") do
    line = line:match("^%s*(.-)%s*$")
    if line ~= "" then list[#list + 1] = line end
  end
  return list
end

local function compile(code, env)
  local chunk = load("return " .. code, "=" .. code, "t", env)
  if not chunk then chunk = assert(load(code, "=" .. code, "t", env)) end
  return chunk
end

-- Code as values: { n = count, ... }.
function stage.values(code)
  return table.pack(compile(code, {})())
end

-- The driver. ----------------------------------------------------------------------

-- Everything that goes through the port is kept in `world`.
local function tap(port, world)
  local read, write = port.read, port.write
  function port:read(max)
    local bytes = read(self, max)
    world.said = world.said .. bytes
    return bytes
  end
  function port:write(bytes)
    world.heard = world.heard .. bytes
    return write(self, bytes)
  end
end

local function prepare(world, row)
  local modem = world.env.modem
  if row.scene == "booting" or row.scene == "unattached" then return end
  assert(modem:attach())
  local datagrams = row.scene == "datagrams"
  world.env.sock = datagrams and modem:udp() or modem:tcp()
  if datagrams or row.scene == "connected" then assert(world.env.sock:connect(HOST, PORT)) end
  for _, line in ipairs(row.first or {}) do assert(modem:command(line)) end
end

--- Runs the row's call. Result: what it returned, { n = count, ... }, what the module heard
-- and what it said meanwhile, as lines.
function stage.call(row)
  assert(SCENES[row.scene or "attached"], "no such scene")
  local r = rig.new(options_of(row))
  local world = { heard = "", said = "", env = { bc260y = bc260y, modem = nil, sock = nil } }
  furnish(r.net, row)
  tap(r.port, world)
  world.env.modem = assert(bc260y.open { port = r.port, format = row.format or "text" })
  prepare(world, row)
  world.heard, world.said = "", ""
  for _, action in ipairs(row.scripts or {}) do r.module:script(action) end
  if row.provoke then row.provoke(r.module, r.net) end
  local results = table.pack(compile(row.call, world.env)())
  world.env.modem:close()
  return results, lines_of(world.heard), lines_of(world.said)
end

-- The module alone. ----------------------------------------------------------------

local player_methods = {}
local player_mt = { __index = player_methods }

local function new_player(row)
  local player = setmetatable({ time = 0, said = "", module = nil, net = nil }, player_mt)
  local options = options_of(row)
  function options.now() return player.time end
  options.net = net_script.new(options.now)
  furnish(options.net, row)
  player.net = options.net
  player.module = virtual.new(options)
  return player
end

-- Lets time pass until `done` gives true, at most so long.
function player_methods:run(seconds, done)
  local stop = self.time + seconds
  while true do
    local due = self.module:step()
    self.said = self.said .. self.module:output()
    if done and done() then return end
    if not due or self.time + due > stop then break end
    self.time = self.time + math.max(due, 1e-6)
  end
  self.time = stop
  self.module:step()
  self.said = self.said .. self.module:output()
end

-- Types a line and waits until the module has said `last`.
function player_methods:type(bytes, last)
  self.module:input(bytes)
  self:run(PATIENCE, function()
    local lines = lines_of(self.said)
    return lines[#lines] == last
  end)
end

--- Types the row's line, or does what makes the module speak.
-- last: the line after which it has said everything. Result: the lines that it said.
function stage.say(row, last)
  local player = new_player(row)
  if row.scene ~= "booting" then player:type("ATE0\r", "OK") end
  if row.format == "hex" then player:type('AT+QICFG="dataformat",1,1\r', "OK") end
  if row.scene == "connected" then player:type(OPEN .. "\r", "+QIOPEN: 0,0") end
  for _, line in ipairs(row.first or {}) do
    player:type(line .. "\r", "OK")
    player:run(AFTERWARDS)
  end
  player.said = ""
  for _, action in ipairs(row.scripts or {}) do player.module:script(action) end
  if row.provoke then row.provoke(player.module, player.net) end
  if row.data then player:type(row.host .. "\r", ">") end
  player:type(row.data or row.host and row.host .. "\r" or "", last)
  player:run(AFTERWARDS)
  return lines_of(player.said)
end

return stage

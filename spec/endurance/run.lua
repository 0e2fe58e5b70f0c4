-- One endurance run: a writer that is killed again and again, the virtual module rebooted and
-- its line pulled out and put back, the receiver killed and started again, all as processes
-- with real files, a real pty and real TCP; then a calm phase, and what judge.lua says.
-- All times come from a seed.

local judge = require "spec.endurance.judge"
local process = require "spec.support.process"
local uv = require "luv"
local uv_client = require "spec.support.uv_client"

local PATIENCE = 120         -- seconds, in the calm phase
local SIGKILL = 9
local BURST, BURST_SHARE = 10, 0.6
-- Data mode and hex, as fast as it goes and as a line goes: by the seed.
local MODULES = { { "R02" }, { "R01" }, { "R02", 115200 }, { "R01", 115200 } }

local function random_from(seed)
  local state = seed % 2147483646 + 1
  return function()
    state = (state * 16807) % 2147483647
    return state / 2147483647
  end
end

local run_methods = {}
local run_mt = { __index = run_methods }

local function add(self, name)
  self.counts[name] = (self.counts[name] or 0) + 1
end

function run_methods:start_writer()
  self.counts.lives = self.counts.lives + 1
  self.writer = process.start({ process.lua, "spec/endurance/writer.lua", self.folder .. "/outbox",
    self.folder .. "/tty", self.server_port, self.folder .. "/notes", self.folder .. "/stop",
    self.counts.lives, self.acknowledge })
end

function run_methods:start_receiver()
  self.receiver, self.server_port = process.receiver(self.folder .. "/store", self.server_port, {
    on_line = function(line) if line:find("^again ") then add(self, "duplicates") end end,
  })
end

function run_methods:start_module(options)
  self.module = process.start { process.lua, "spec/endurance/module.lua", self.folder .. "/tty",
    (table.unpack or unpack)(MODULES[options.seed % #MODULES + 1]) }
  self.module:expect("^listening")
end

local function blame(self, what)
  self.fault = self.fault or what .. ": " .. table.concat(self.writer.lines, "; ")
end

-- What can happen; a fault that needs a second step plans it. Each leaves all running.
local happens = {}

function happens.kills(self)
  local status, signal = self.writer:kill()
  if signal ~= SIGKILL then blame(self, "the writer ended by itself, " .. tostring(status)) end
  self:start_writer()
end

function happens.reboots(self)
  self.module:tell("reboot")
end

function happens.reopenings(self)
  self.module:tell("unplug")
  self:later(self.random(), function() self.module:tell("plug") end)
end

-- Stopped first: what its kernel has acknowledged meanwhile it has never seen.
function happens.restarts(self)
  self.receiver:send_signal("sigstop")
  self:later(self.random() / 2, function()
    self.receiver:kill()
    self:later(self.random() / 2, function() self:start_receiver() end)
  end)
end

-- What makes it happen, and counts it.
function run_methods:accident(name)
  return function()
    add(self, name)
    happens[name](self)
  end
end

-- A plan is a list of { at, fn }, by time.
function run_methods:later(seconds, fn)
  self:at((uv.hrtime() - self.started) / 1e9 + seconds, fn)
end

function run_methods:at(at, fn)
  local place = #self.plan + 1
  while place > 1 and self.plan[place - 1].at > at do place = place - 1 end
  table.insert(self.plan, place, { at = at, fn = fn })
end

-- Kills come in bursts: between two of them a life is long enough to find a module that was
-- left behind a prompt (2 s), in one it is not.
local function plan_kills(self, options)
  local bursts = math.ceil(options.kills / BURST)
  local part = options.seconds / bursts
  for i = 0, options.kills - 1 do
    self:at((i % bursts + self.random() * BURST_SHARE) * part, self:accident("kills"))
  end
end

-- What needs a second step has a part of the time of its own.
local function make_plan(self, options)
  plan_kills(self, options)
  for _, name in ipairs { "reboots", "reopenings", "restarts" } do
    local part = options.seconds / math.max(1, options[name])
    for i = 0, options[name] - 1 do
      self:at((i + self.random() * math.max(0.1, 1 - 1.5 / part)) * part, self:accident(name))
    end
  end
end

local function play(self)
  while self.plan[1] do
    local next_one = table.remove(self.plan, 1)
    local wait = next_one.at - (uv.hrtime() - self.started) / 1e9
    if wait > 0 then uv_client.wait(function() return false end, math.ceil(wait * 1000)) end
    next_one.fn()
  end
end

local function calm(self)
  io.open(self.folder .. "/stop", "w"):close()
  local status = self.writer:wait(PATIENCE)
  if status ~= 0 then blame(self, "the writer did not end well, " .. tostring(status)) end
end

local function stop(self)
  for _, name in ipairs { "writer", "receiver", "module" } do
    if self[name] then self[name]:stop() end
  end
end

--- options: seconds, kills, reboots, reopenings, restarts, seed, folder (empty), acknowledge
-- (of deliver: nil or "tcp").
-- Result: counts, and a list of what is wrong, empty if nothing is.
return function(options)
  local self = setmetatable({
    folder = options.folder,
    acknowledge = options.acknowledge,
    random = random_from(options.seed),
    counts = { lives = 0, kills = 0, reboots = 0, reopenings = 0, restarts = 0, duplicates = 0 },
    plan = {},
    started = uv.hrtime(),
    fault = nil,               -- the first thing that went wrong on the way
    writer = nil, receiver = nil, module = nil,
    server_port = nil,
  }, run_mt)
  local ok, err = pcall(function()
    self:start_receiver()
    self:start_module(options)
    self:start_writer()
    self.started = uv.hrtime()
    make_plan(self, options)
    self:at(options.seconds, function() end)
    play(self)
    calm(self)
  end)
  stop(self)
  self.counts.seconds = (uv.hrtime() - self.started) / 1e9
  local faults = { not ok and tostring(err) or self.fault }
  if ok then
    local seen, wrong = judge.look(self.folder .. "/store", self.folder .. "/notes")
    self.counts.accepted, self.counts.delivered = seen.accepted, seen.delivered
    for _, fault in ipairs(wrong) do faults[#faults + 1] = fault end
  end
  return self.counts, faults
end

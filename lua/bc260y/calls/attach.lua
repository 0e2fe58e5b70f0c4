--- Brings a module from whatever state it is in to where sockets can be opened.
--
-- It knows the order: answer, echo, format, what it says by itself, registration, address,
-- what is still open from before. It may be called again at any time, and after every
-- reset it has to be.

local addresses = require("bc260y.calls.addresses").calls.addresses
local ask = require "bc260y.calls.ask"
local core = require "bc260y.core"
local data_format = require("bc260y.calls.format").calls.data_format
local errors = require "bc260y.errors"
local get_revision = require("bc260y.calls.identity").revision
local new_entry = require("bc260y.pump").entry
local probe = require "bc260y.probe"
local registered = require("bc260y.calls.registration").registered
local reports = require "bc260y.calls.reports"
local sleep_events = require "bc260y.sleep_events"

local TIMEOUT = 300     -- a search for a network may take minutes
local PAUSE = 1         -- between two questions,
local PAUSE_LEAST = 0.1 -- at least: what the module says by itself may be its own answer, late
local PATIENCE = 20     -- with a silent module, before it is reset by its pin

-- Waits for `seconds`, or until the module says something by itself.
local function pause(self, seconds, deadline)
  local left = self.pump:left(deadline)
  if left == 0 then return false end
  local least = math.min(self.pump:now() + PAUSE_LEAST, deadline)
  self.hooks:wait("urc", left < seconds and left or seconds)
  if self.pump:left(least) > 0 then self.pump:await({ done = false }, least, true) end
  return not self.pump.down
end

local function execute(self, text, deadline)
  local entry = new_entry(text)
  entry.deadline, entry.bounded = deadline, true
  return self.pump:execute(entry), entry
end

-- Until it answers. One that stays silent is reset by its pin, where the user has given a
-- way to: once an attach, and not where it has said that it sleeps: a sleep that is only
-- supposed would have ended by then.
local function answers(self, deadline, attempt)
  local pin = self.pump:now() + PATIENCE
  if self.hard_reset and not attempt.reset and pin < deadline then
    local ok, err, code = probe(self, pin)
    if ok or err ~= "timeout" then return ok, err, code end
    if not self.psm and not self:asleep() then
      attempt.reset = true
      self.hard_reset(self)
    end
  end
  return probe(self, deadline)
end

local function echo_off(self, deadline)
  local status, entry = execute(self, core.encode("ATE", 0), deadline)
  if status == "ok" or status == "error" then return true end
  return errors.of(status, entry.code)
end

-- Data mode came with R02A01 (wire forms: sockets).
local function has_data_mode(revision)
  local major, minor = (revision or ""):match("R(%d%d)A(%d%d)")
  if not major then return false end
  return tonumber(major) * 100 + tonumber(minor) >= 201
end

--- Sees to it that the module sends and receives data in one known format.
-- Data mode sends bytes as they are, for which the module's setting must be text; what
-- it receives may then be text as well, since it is cut by its length, and takes half
-- the time of hex.
local function ensure_format(self, deadline)
  local options = { timeout = deadline and self.pump:left(deadline) }
  local format = self.format
  if format == "auto" then
    local revision, err, code = get_revision(self, options)
    if err then return nil, err, code end
    format = self.prompts ~= false and has_data_mode(revision) and "raw" or "hex"
    if deadline then options.timeout = self.pump:left(deadline) end
  end
  local setting = format == "hex" and "hex" or "text"
  local set, err, code = data_format(self, setting, setting, options)
  if not set then return nil, err, code end
  self.send_format = format
  return true
end

-- Calls fn until it gives true. What the module refuses now it may do later.
local function poll(self, deadline, what, fn)
  while true do
    local done, err, code = fn(self, { timeout = self.pump:left(deadline) })
    if done then return true end
    if err and err ~= "error" and err ~= "timeout" and err ~= "busy" then
      return nil, err, code
    end
    if not pause(self, PAUSE, deadline) then
      if self.pump.down then return nil, self.pump.down end
      return nil, "timeout", what
    end
  end
end

-- Who is not registered has no address any more, whatever was said before.
local function on_network(self, options)
  local yes, err, code = registered(self, options)
  if yes == false then self.address = nil end
  return yes, err, code
end

local function addressed(self, options)
  if self.address then return true end
  local list, err, code = addresses(self, options)
  if not list then return nil, err, code end
  return list[1] ~= nil
end

-- What an earlier run left open has its id closed before that is used.
local function find_sockets(self, deadline)
  local entry = self.ids:query()
  entry.deadline = deadline
  local status = self.pump:execute(entry)
  if status == "ok" or status == "error" then return true end
  return errors.of(status, entry.code)
end

-- What an earlier detach has undone.
local function allow_network(self, deadline)
  if not self.detached then return true end
  local status, entry = execute(self, core.encode("CGATT", 1), deadline)
  if status == "ok" then self.detached = false end
  if status == "ok" or status == "error" then return true end
  return errors.of(status, entry.code)
end

-- The lock of tasks that have asked for it before.
local function keep_awake(self, deadline)
  if not self.lock:is_held() then return true end
  local ok, err, code = self.lock:apply(deadline)
  if ok or err == "error" then return true end
  return nil, err, code
end

local function steps(self, deadline, attempt)
  local ok, err, code = answers(self, deadline, attempt)
  if ok then ok, err, code = echo_off(self, deadline) end
  if ok then ok, err, code = keep_awake(self, deadline) end
  if ok then ok, err, code = ensure_format(self, deadline) end
  if ok then ok, err, code = sleep_events.turn_on(self, deadline) end
  if ok then ok, err, code = reports.restore(self, deadline) end
  if ok then ok, err, code = allow_network(self, deadline) end
  if ok then ok, err, code = poll(self, deadline, "registration", on_network) end
  if ok then ok, err, code = poll(self, deadline, "address", addressed) end
  if ok then ok, err, code = find_sockets(self, deadline) end
  return ok, err, code
end

--- Waits until the module answers, sets echo and data format, has it say when it sleeps,
-- and after a restart what else it was asked to say by itself (calls/reports.lua), waits
-- until it is registered and has an address.
-- A module that has not answered for 20 s is reset by the hard_reset of bc260y.open, once,
-- unless it sleeps or psm is set.
-- options: timeout (seconds for all of it, 300).
-- Result: true; or nil, err, code. After "timeout" the third value says what was waited
-- for: "answer", "registration", "address".
local function attach(self, options)
  local timeout = options and options.timeout or TIMEOUT
  local deadline = self.pump:now() + timeout
  local attempt = { reset = false }
  while true do
    local ok, err, code = steps(self, deadline, attempt)
    if ok then return true end
    -- It boots: RDY has come, and with it everything begins anew.
    if err ~= "module reset" and err ~= "torn" then return nil, err, code end
    if self.pump:left(deadline) == 0 then return nil, err, code end
  end
end

return {
  calls = { attach = attach },
  checks = { attach = ask.check_options },
  ensure_format = ensure_format,
}

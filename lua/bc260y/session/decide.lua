--- How a session asks its policy, whatever that does.
--
-- It knows which answers a decision may have. It does not know what follows from them.
-- A function that raises, waits, or returns what is no answer is told of by the event
-- "error", and the default's decision is taken.

local default = require "bc260y.policy"
local guarded = require "bc260y.guarded"

local IDLE_MAX = 600     -- manual 4.2
local CHECK_MAX = 3600
local BACKOFF_MAX = 86400
local KEEPALIVE_MAX = 512 -- one chunk

local function seconds(least, most)
  return function(value)
    return type(value) == "number" and value >= least and value <= most
  end, ("seconds from %g to %d expected"):format(least, most)
end

local function one_of(...)
  local words = {}
  for _, word in ipairs { ... } do words[word] = true end
  return function(value) return words[value] or false end,
    '"' .. table.concat({ ... }, '", "') .. '" expected'
end

local function rule(is_good, expected)
  return { is_good = is_good, expected = expected }
end

local is_idle, idle_expected = seconds(1, IDLE_MAX)

local rules = {
  idle = rule(function(value) return value == false or is_idle(value) end,
    idle_expected .. ", or false"),
  keepalive = rule(function(value)
    return value == nil or type(value) == "string" and #value > 0 and #value <= KEEPALIVE_MAX
  end, ("1 to %d bytes expected, or nil"):format(KEEPALIVE_MAX)),
  first_check = rule(seconds(1, CHECK_MAX)),
  second_check = rule(seconds(1, CHECK_MAX)),
  sleeping = rule(one_of("wake", "sleep")),
  rai = rule(function(value)
    return value == nil or value == 0 or value == 1 or value == 2
  end, "0 to 2 expected, or nil"),
  port_rest = rule(seconds(0, BACKOFF_MAX)),
  backoff = rule(seconds(0, BACKOFF_MAX)),
  failed = rule(one_of("reconnect", "attach", "restart", "stop")),
}

local REMEDIES = { attach = true, restart = true, stop = true }

local function describe(value)
  if type(value) == "string" then return ("%q"):format(value:sub(1, 40)) end
  return tostring(value)
end

-- Result: the function's answer; or nil and what is wrong with it.
local function ask(name, fn, session, ...)
  session.deciding = true
  local ok, value = guarded(fn, session, ...)
  session.deciding = false
  if not ok then return nil, value end
  local given = rules[name]
  if given.is_good(value) then return value end
  return nil, ("returned %s: %s"):format(describe(value), given.expected)
end

--- The decision of that name. Result: one of its answers, in any case.
local function decide(session, name, ...)
  local given = session.policy[name]
  if given ~= nil and type(given) ~= "function" then return given end
  if given ~= nil then
    local value, fault = ask(name, given, session, ...)
    if not fault then return value end
    session.counts.policy_errors = session.counts.policy_errors + 1
    session.hooks:emit("error", ("policy.%s %s"):format(name, fault))
  end
  local usual = default[name]
  if type(usual) ~= "function" and rules[name].is_good(usual) then return usual end
  local value, fault = ask(name, usual, session, ...)
  if fault then error(("bc260y.policy: %s %s"):format(name, fault), 0) end
  return value
end

local function check_causes(causes, level)
  if causes == nil then return end
  if type(causes) ~= "table" then error("policy.causes: table expected", level + 1) end
  for cause, remedy in pairs(causes) do
    if type(remedy) ~= "table" then
      error(("policy.causes[%s]: table expected"):format(tostring(cause)), level + 1)
    end
    for what, count in pairs(remedy) do
      if not REMEDIES[what] or type(count) ~= "number" or count < 1 or count % 1 ~= 0 then
        error(("policy.causes[%s]: attach, restart or stop, and a count expected"):format(
          tostring(cause)), level + 1)
      end
    end
  end
end

--- Raises unless it is a policy: functions and values, under the names that there are.
local function check(policy, level)
  if policy == nil then return end
  if type(policy) ~= "table" then
    error("policy: table expected, got " .. type(policy), level + 1)
  end
  check_causes(policy.causes, level + 1)
  for name, value in pairs(policy) do
    local given = rules[name]
    if not given and name ~= "causes" then
      error("no decision of a policy is called " .. tostring(name), level + 1)
    end
    if given and type(value) ~= "function" and not given.is_good(value) then
      error(("policy.%s: %s"):format(name, given.expected), level + 1)
    end
  end
end

return { decide = decide, check = check }

--- Drives a Quectel BC260Y-CN NB-IoT module: require "bc260y".
--
-- The public face. What stands behind each name is in the file that it comes from.

local block = require "bc260y.loop.block"
local core = require "bc260y.core"
local errors = require "bc260y.errors"
local modem = require "bc260y.modem"
local own = require "bc260y.loop.own"

local bc260y = {
  version = "0.1.0",
  core = core,
  -- errors[code]: the manual's words for 550-574
  errors = errors.codes,
  open = modem.open,
  ports = core.ports,
  run = own.run,
}

--- Starts fn(...) as a task beside the running one. Only inside bc260y.run: raises outside.
-- An error of it ends bc260y.run. Result: a task, with :wait([timeout]).
function bc260y.spawn(fn, ...)
  local loop = own.current()
  if not loop or loop.inline then error("bc260y.spawn outside bc260y.run", 2) end
  if type(fn) ~= "function" then error("function expected, got " .. type(fn), 2) end
  return loop:spawn(nil, fn, ...)
end

--- Sleeps so many seconds: inside bc260y.run other tasks run meanwhile, outside it blocks.
function bc260y.sleep(seconds)
  if type(seconds) ~= "number" or seconds ~= seconds then
    error("seconds: number expected", 2)
  end
  local loop = own.current() or block.here()
  loop:sleep(seconds)
end

-- What most programs do not need is loaded when it is asked for.
local later = { outbox = "bc260y.outbox", virtual = "bc260y.virtual" }

return setmetatable(bc260y, {
  __index = function(_, name)
    return later[name] and require(later[name])
  end,
})

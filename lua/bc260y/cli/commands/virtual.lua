-- `bc260y virtual`: from the command line's options to those of the virtual module.

local cli = require "bc260y.cli"
local statuses = cli.statuses

local function endpoints(options)
  local list = {}
  for _, path in ipairs(options.pty) do
    list[#list + 1] = {pty = path}
  end
  for _, path in ipairs(options.unix) do
    list[#list + 1] = {unix = path}
  end
  for _, where in ipairs(options.tcp) do
    list[#list + 1] = {tcp = where}
  end
  return #list > 0 and list or nil
end

-- What the virtual module raises about a name or a value is the user's mistake.
local function checked(call, ...)
  local ok, result = pcall(call, ...)
  if not ok then
    cli.give_up(statuses.usage, "virtual: " .. tostring(result))
  end
  return result
end

-- A trait without a value is on; others than those that are on or off need one.
local function trait_value(run, name, text)
  local value = checked(run.trait_from_text, name, text or "true")
  if not text and value ~= true then
    cli.give_up(statuses.usage, "virtual: --trait: " .. name .. " needs a value: NAME=VALUE")
  end
  return value
end

return function(options)
  if options.json then
    cli.give_up(statuses.usage, "virtual: --json: it prints no JSON")
  end
  if options.strict_baud and not options.pace then
    cli.give_up(statuses.usage, "virtual: --strict-baud needs --pace: which speed is right?")
  end
  cli.need("luv", "lua-luv", "the virtual module")
  local run = require "bc260y.virtual.run"
  local traits, names = {}, {}
  for _, pair in ipairs(options.trait) do
    traits[pair[1]] = trait_value(run, pair[1], pair[2])
  end
  for _, pair in ipairs(options.name) do
    names[pair[1]] = pair[2]
  end
  local ok, err = run.main{
    endpoints = endpoints(options),
    profile = options.profile,
    traits = traits,
    names = names,
    name_server = options.name_server,
    baud = options.pace,
    strict_baud = options.strict_baud,
    verbose = options.verbose,
    lifetime = options.lifetime,
  }
  if not ok then
    cli.give_up(statuses.port, "virtual: " .. tostring(err))
  end
end

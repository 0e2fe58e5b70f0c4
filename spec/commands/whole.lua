-- Whether the table is whole: it holds what the manual has, and all that the code knows.
--
-- It asks the codec for its forms, the virtual module for its commands and the library for
-- its calls, so that what is new and in no row is a hole.

local calls = require "bc260y.calls"
local forms = require "spec.commands.forms"
local parse = require "bc260y.virtual.parse"
local stage = require "spec.commands.stage"

local whole = {}

-- What the application note has: forms of commands, results after OK, URCs, error codes.
local COUNTS = { { "command", 23 }, { "late", 13 }, { "urc", 4 }, { "code", 26 } }

local function each_row(sections, fn)
  for _, section in ipairs(sections) do
    for _, row in ipairs(section.rows) do fn(row) end
  end
end

--- How many rows there are of each kind; those that say the same are one.
function whole.counts(sections)
  local counts, seen = {}, {}
  each_row(sections, function(row)
    local key = table.concat({ row.kind or "", forms.of(row), row.line or row.host }, "\n")
    if row.kind and not seen[key] then counts[row.kind] = (counts[row.kind] or 0) + 1 end
    seen[key] = true
  end)
  return counts
end

local function check_counts(sections, report)
  local counts = whole.counts(sections)
  for _, item in ipairs(COUNTS) do
    local kind, want = item[1], item[2]
    local got = counts[kind] or 0
    report(got == want, ("%d rows are a %s, and the manual has %d"):format(got, kind, want))
  end
end

local function check_codec(sections, report)
  local used = {}
  each_row(sections, function(row)
    if row.codec then used[row.codec[1]] = true end
    if type(row.decoder) == "table" then used[row.decoder[1]] = true end
  end)
  for _, name in ipairs(forms.names()) do
    report(used[name], "no row has the codec's " .. name)
  end
end

-- name -> forms of every command of the virtual module. It reads its files in.
local function module_commands()
  local commands = {}
  stage.say({ host = "AT", scene = "attached" }, "OK")
  for file, value in pairs(package.loaded) do
    if file:find("^bc260y%.virtual%.at_") then
      for name, kinds in pairs(value) do commands[name] = kinds end
    end
  end
  return commands
end

local function sorted(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- Its test forms are many and alike: the manual's have rows, the others are tried here.
local function check_test(name, report)
  local host = "AT" .. name .. "=?"
  local said = stage.say({ host = host }, "OK")
  local list = stage.call { call = ("modem:supported(%q)"):format(name) }
  report(said[#said] == "OK" and type(list[1]) == "table", host .. " is not answered or not read")
end

local function check_module(sections, report)
  local used = {}
  each_row(sections, function(row)
    local name, kind = parse.split_command(row.host or "")
    if name then used[name .. " " .. kind] = true end
  end)
  local commands = module_commands()
  for _, name in ipairs(sorted(commands)) do
    for _, kind in ipairs(sorted(commands[name])) do
      if kind == "test" and not used[name .. " test"] then
        check_test(name, report)
      else
        report(used[name .. " " .. kind], ("no row has the virtual module's AT%s, %s form")
          :format(name, kind))
      end
    end
  end
end

local function check_calls(sections, report)
  local used = {}
  each_row(sections, function(row)
    for name in row.call:gmatch("modem:([%w_]+)") do used[name] = true end
  end)
  for _, name in ipairs(sorted(calls.homes)) do
    report(used[name], "no row has the call modem:" .. name)
  end
end

--- Calls report(good, what is missing) for each thing that the table has to hold.
function whole.check(sections, report)
  check_counts(sections, report)
  check_codec(sections, report)
  check_module(sections, report)
  check_calls(sections, report)
end

return whole

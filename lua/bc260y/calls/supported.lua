--- What the module says of its commands, read as far as it can be understood.
--
-- The exact texts of test answers are not known: whatever is said is given, and what
-- looks like a range, a list or a name is given as such.

local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"

local calls, checks = {}, {}

local NAME_SIZE_MAX = 16
local DIGITS_MAX = 15 -- of a number that every Lua holds exactly

local closing = { ["("] = ")", ["<"] = ">", ['"'] = '"' }

-- Where the list that begins at `from` is cut: at commas that stand in no brackets.
local function split(text)
  local parts, from, waits = {}, 1, nil
  for at = 1, #text do
    local char = text:sub(at, at)
    if waits then
      if char == waits then waits = nil end
    elseif char == "," then
      parts[#parts + 1] = text:sub(from, at - 1)
      from = at + 1
    else
      waits = closing[char]
    end
  end
  parts[#parts + 1] = text:sub(from)
  return parts
end

local function trim(text)
  return text:match("^%s*(.-)%s*$")
end

-- A number, or a text in quotes without them; nil when it is neither.
local function value_of(text)
  local inner = text:match('^"([^"]*)"$')
  if inner then return inner end
  if text:find("^%-?%d+$") and #text <= DIGITS_MAX then return tonumber(text) end
end

-- 0-4, "0000"-"1111"; nil when it is no range.
local function range_of(text)
  local low, high = text:match("^(%-?%d+)%-(%-?%d+)$")
  if not low then low, high = text:match('^("[^"]*")%-("[^"]*")$') end
  if not low then return nil end
  low, high = value_of(low), value_of(high)
  if low == nil or high == nil or low > high then return nil end
  return { min = low, max = high }
end

-- (0-4), (0,1), (0-31,99): one range, values, or both.
local function group_of(text)
  local range, values = nil, {}
  for _, part in ipairs(split(text)) do
    part = trim(part)
    local value, found = value_of(part), range_of(part)
    if value ~= nil then
      values[#values + 1] = value
    elseif found and not range then
      range = found
    else
      return nil
    end
  end
  if not range then return { values = values } end
  range.values = values[1] ~= nil and values or nil
  return range
end

-- "TCP/UDP"
local function choice_of(text)
  local values = {}
  for value in (text .. "/"):gmatch("(.-)/") do values[#values + 1] = value end
  return values[2] and { values = values } or text
end

local function parameter_of(text)
  text = trim(text:gsub("[%[%]]", "")) -- what may be left out stands in brackets
  local group = text:match("^%((.*)%)$")
  if group then return group_of(group) or text end
  local name = text:match("^<([^<>]*)>$")
  if name then return { name = name } end
  local quoted = text:match('^"([^"]*)"$')
  if quoted then return choice_of(quoted) end
  return text
end

local function parameters_of(text)
  local list = {}
  for i, part in ipairs(split(text)) do list[i] = parameter_of(part) end
  return list
end

local function read(lines, prefix)
  local texts, all = {}, {}
  for i = 1, #lines do
    texts[i] = lines[i]:gsub("^" .. prefix .. ": *", "", 1)
    all[i] = parameters_of(texts[i])
  end
  if not texts[1] then return {} end
  local list = parameters_of(texts[1])
  list.text = table.concat(texts, "\n")
  list.lines = all[2] and all or nil
  return list
end

--- What a command may be given, by its test form (manual table 1).
-- command: "QIOPEN", "+QIOPEN" or "AT+QIOPEN". options: timeout.
-- Result: list of its parameters, empty when the module only says that it knows the
-- command. Each is { min, max }, { values = {...} } (numbers or texts), { min, max, values }
-- where single values stand beside a range, { name } where the module gives no more than
-- a name, or the text that stands there. `text` of the list is the answer as it came;
-- where it has several lines `lines` holds such a list for each, and this is the first.
-- Or nil, err, code: "error" when the module does not know it.
function calls.supported(self, command, options)
  local deadline = ask.deadline(self, options)
  local name = command:upper():gsub("^AT", ""):gsub("^%+", "")
  if not name:find("^%w+$") or #name > NAME_SIZE_MAX then
    return nil, "invalid argument", "command", "a name of 1 to " .. NAME_SIZE_MAX .. " letters"
  end
  local lines, err, code = ask.line(self, "AT+" .. name .. "=?", deadline)
  if not lines then return nil, err, code end
  return read(lines, "%+" .. name)
end

function checks.supported(command, options)
  check.kind(command, "string", "command", 3)
  check.options(options, ask.TIMED, 3)
end

return { calls = calls, checks = checks }

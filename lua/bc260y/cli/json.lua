-- Prints a value as one line of JSON, its keys in order. Knows dkjson, and asks for it
-- only when used.

local cli = require "bc260y.cli"
local out = require "bc260y.cli.out"

local json = {}

function json.load()
  return cli.need("dkjson", "lua-dkjson", "--json")
end

-- What stands for a value that is not known.
function json.null()
  return json.load().null
end

-- An object, also where it is empty: an empty table is a list.
function json.object(value)
  return setmetatable(value, {__jsontype = "object"})
end

-- Bytes that a character of several may have behind its first, by that: how many, and
-- the least and the most that the second may be (RFC 3629).
local function tail_of(first)
  if first >= 0xC2 and first <= 0xDF then return 1, 0x80, 0xBF end
  if first == 0xE0 then return 2, 0xA0, 0xBF end
  if first == 0xED then return 2, 0x80, 0x9F end
  if first >= 0xE1 and first <= 0xEF then return 2, 0x80, 0xBF end
  if first == 0xF0 then return 3, 0x90, 0xBF end
  if first >= 0xF1 and first <= 0xF3 then return 3, 0x80, 0xBF end
  if first == 0xF4 then return 3, 0x80, 0x8F end
  return nil
end

local UNKNOWN = "\239\191\189" -- U+FFFD

-- What a line of noise holds may be no text: each byte that is none is shown as such.
local function to_utf8(text)
  local at, parts = 1, {}
  while at <= #text do
    local plain = text:match("^[%z\1-\127]+", at)
    local count, low, high = tail_of(text:byte(at))
    local tail = count and text:match("^" .. ("[\128-\191]"):rep(count), at + 1)
    local second = tail and tail:byte()
    local whole = plain or second and second >= low and second <= high
      and text:sub(at, at + count) or nil
    parts[#parts + 1] = whole or UNKNOWN
    at = at + #(whole or " ")
  end
  return table.concat(parts)
end

-- A copy that JSON can hold; the names of its keys are added to `keys`.
local function prepare(value, keys, seen)
  if type(value) == "string" then
    return value:find("[\128-\255]") and to_utf8(value) or value
  elseif type(value) ~= "table" then
    return value
  end
  local copy = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do
    if type(key) == "string" and not seen[key] then
      seen[key] = true
      keys[#keys + 1] = key
    end
    copy[key] = prepare(item, keys, seen)
  end
  return copy
end

-- One line. names: keys that are null where value has none, or nil. An empty table is a
-- list. value stays as it is.
function json.encode(value, names)
  local keys = {}
  local copy = prepare(value, keys, {})
  for _, name in ipairs(names or {}) do
    if copy[name] == nil then
      copy[name] = json.null()
      keys[#keys + 1] = name
    end
  end
  table.sort(keys)
  return (json.load().encode(copy, {keyorder = keys}))
end

function json.print(value, names)
  out.line(json.encode(value, names))
end

return json

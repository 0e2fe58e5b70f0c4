-- A command line taken apart as the manual's section 2.2 writes it. Knows
-- syntax and ranges, no command.

-- Everything before AT or at is noise (2.2); nil if there is none.
local function find_command(line)
  local upper, lower = line:find("AT", 1, true), line:find("at", 1, true)
  local place = upper and lower and math.min(upper, lower) or upper or lower
  return place and line:sub(place)
end

-- "AT+X=1,2" -> "+X", "set", "1,2"; kinds are exec, read, test, set.
local function split_command(text)
  local body = text:sub(3)
  local name, rest = body:match("^(%+%w+)(.*)$")
  if not name then
    name, rest = body:match("^([%a&]?%a?)(%d*)$")
    if not name then return nil end
    return name:upper(), "exec", rest
  end
  name = name:upper()
  if rest == "" then return name, "exec", "" end
  if rest == "?" then return name, "read", "" end
  if rest == "=?" then return name, "test", "" end
  if rest:sub(1, 1) == "=" then return name, "set", rest:sub(2) end
  return nil
end

-- "0,"a,b",,3" -> { {text=,quoted=}, ... }, nil if a quote stands wrong.
local function fields(raw)
  local list, place = {}, 1
  repeat
    local text, after, quoted
    if raw:sub(place, place) == '"' then
      text, after = raw:match('^"([^"]*)"()', place)
      quoted = true
    else
      text, after = raw:match('^([^",]*)()', place)
    end
    local mark = after and raw:sub(after, after)
    if not after or mark ~= "" and mark ~= "," then return nil end
    list[#list + 1] = { text = text, quoted = quoted or false }
    place = after + 1
  until mark == ""
  return list
end

local reader_methods = {}
local reader_mt = { __name = "bc260y.virtual.reader", __index = reader_methods }

local function take(self)
  self.place = self.place + 1
  return self.list and self.list[self.place]
end

local function integer(self, field, low, high)
  local text = field and not field.quoted and field.text
  local value = text and #text <= 10 and text:find("^%d+$") and tonumber(text)
  if not value or value < low or value > high then
    self.bad = true
    return low
  end
  return value
end

function reader_methods:int(low, high)
  return integer(self, take(self), low, high)
end

-- An omitted or empty argument gives the default.
function reader_methods:int_or(default, low, high)
  local field = take(self)
  if not field or field.text == "" and not field.quoted then return default end
  return integer(self, field, low, high)
end

-- A quoted string of 1 to size_max printable bytes.
function reader_methods:str(size_max)
  local field = take(self)
  if not field or not field.quoted or field.text == "" or #field.text > size_max
    or field.text:find("[^\32-\126]") then
    self.bad = true
    return ""
  end
  return field.text
end

function reader_methods:more()
  return self.list ~= nil and self.place < #self.list
end

-- True if every argument was good and none is left over.
function reader_methods:done()
  return not self.bad and self.list ~= nil and self.place >= #self.list
end

-- Reads arguments one after another; the first bad one is remembered.
local function reader(raw)
  return setmetatable({ list = fields(raw), place = 0, bad = false }, reader_mt)
end

-- Bytes as a person reads them in a log.
local function visible(bytes, size_max)
  local cut = size_max and #bytes > size_max and bytes:sub(1, size_max) or bytes
  local text = cut:gsub("[%c\127-\255\\]", function(char)
    local names = { ["\r"] = "\\r", ["\n"] = "\\n", ["\\"] = "\\\\" }
    return names[char] or ("\\x%02X"):format(char:byte())
  end)
  return cut == bytes and text or ("%s... (%d bytes)"):format(text, #bytes)
end

-- Each byte's digits, and the byte of each two digits.
local upper, lower, bytes_of = {}, {}, {}
for code = 0, 255 do
  local char = string.char(code)
  upper[char], lower[char] = ("%02X"):format(code), ("%02x"):format(code)
  local high, low = lower[char]:match("(.)(.)")
  for _, a in ipairs { high, high:upper() } do
    for _, b in ipairs { low, low:upper() } do bytes_of[a .. b] = char end
  end
end

local function to_hex(bytes, in_lower)
  return (bytes:gsub(".", in_lower and lower or upper))
end

-- nil if a digit is bad or one is missing.
local function from_hex(text)
  if #text % 2 == 1 or text:find("[^%x]") then return nil end
  return (text:gsub("..", bytes_of))
end

return {
  find_command = find_command, split_command = split_command, fields = fields,
  reader = reader, visible = visible, to_hex = to_hex, from_hex = from_hex,
}

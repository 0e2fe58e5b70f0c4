--- What an address looks like, IPv4 or IPv6. It knows the text alone.

local address = {}

local function is_byte(text)
  return text:find("^%d%d?%d?$") ~= nil and tonumber(text) <= 255
end

-- Dotted numbers of one byte each: four, or sixteen (an IPv6 address of 27.007 10.1.23).
local function is_dotted(text, count)
  local seen = 0
  for part in (text .. "."):gmatch("(.-)%.") do
    if not is_byte(part) then return false end
    seen = seen + 1
  end
  return seen == count
end

function address.is_v4(text)
  return is_dotted(text, 4)
end

-- Groups of one side of "::"; nil when one is none. last: an IPv4 address may end it.
local function count_groups(text, last)
  if text == "" then return 0 end
  local count = 0
  for group, rest in (text .. ":"):gmatch("(.-):()") do
    if group:find("^%x%x?%x?%x?$") then
      count = count + 1
    elseif last and rest > #text + 1 and address.is_v4(group) then
      count = count + 2
    else
      return nil
    end
  end
  return count
end

function address.is_v6(text)
  if is_dotted(text, 16) then return true end
  local head, tail = text:match("^(.-)::(.*)$")
  if not head then return count_groups(text, true) == 8 end
  local before, after = count_groups(head, false), count_groups(tail, true)
  return before ~= nil and after ~= nil and before + after <= 7
end

--- True for an address that says something: 0.0.0.0, :: and what is empty do not.
function address.is_known(text)
  return text ~= nil and text:find("[1-9a-fA-F]") ~= nil
end

--- The text where it is such an address; nil for what is none, and for what says that
-- there is none.
function address.of(text)
  local is_one = address.is_known(text) and (address.is_v4(text) or address.is_v6(text))
  return is_one and text or nil
end

return address

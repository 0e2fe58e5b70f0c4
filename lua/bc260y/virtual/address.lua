-- IP addresses written out. Knows their two forms, resolves nothing.

local function is_v4(text)
  local parts = { text:match("^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$") }
  for _, part in ipairs(parts) do
    if tonumber(part) > 255 then return false end
  end
  return #parts == 4
end

local function count_groups(text)
  if text == "" then return 0 end
  local count = 0
  for group in (text .. ":"):gmatch("([^:]*):") do
    if not group:find("^%x%x?%x?%x?$") then return nil end
    count = count + 1
  end
  return count
end

local function is_v6(text)
  local head, tail = text:match("^(.-)::(.*)$")
  if not head then return count_groups(text) == 8 end
  local before, after = count_groups(head), count_groups(tail)
  return before ~= nil and after ~= nil and before + after <= 7
end

return { is_v4 = is_v4, is_v6 = is_v6 }

-- The words of the command line before they are understood. Knows which of them have a
-- value behind them, and what a number looks like.

local words = {}

-- Options before the command that have a value.
local valued = {
  ["-p"] = true, ["--port"] = true, ["-b"] = true, ["--baud"] = true,
  ["-t"] = true, ["--timeout"] = true,
}

-- Where the command stands: behind options.
function words.command_place(args)
  local place = 1
  while args[place] and args[place]:sub(1, 1) == "-" do
    place = place + (valued[args[place]] and 2 or 1)
  end
  return place
end

-- Whether they ask for JSON: known before they are understood, or where they can't be.
function words.want_json(args)
  for _, word in ipairs(args) do
    if word == "--json" or word == "-j" then
      return true
    end
  end
  return false
end

-- A number below 0 is the value of the option before it, and no option itself.
-- Result: a list in which it is said so.
function words.join(args)
  local joined = {}
  for _, word in ipairs(args) do
    local option = joined[#joined] or ""
    if not word:find("^%-%.?%d") or not option:find("^%-") or option == "--" then
      joined[#joined + 1] = word
    elseif option:find("^%-%-") then
      joined[#joined] = option .. "=" .. word
    else
      joined[#joined] = option .. word
    end
  end
  return joined
end

return words

-- What many runs come to: sums by name, as lines for another process, and in words.

local totals = { END = "total end" }

local YEAR = 365.25 * 86400

local function add(sum, name, count)
  sum[name] = (sum[name] or 0) + count
end

function totals.new()
  return { passed = 0, failed = 0 }
end

--- result: as host.run gives it.
function totals.add(sum, result)
  add(sum, result.violation and "failed" or "passed", 1)
  add(sum, "seconds", result.seconds)
  add(sum, "records", result.records)
  add(sum, "lives", result.lives)
  add(sum, "notes", result.notes)
  add(sum, "trace", tonumber(result.hash, 16))
  add(sum, "boots", result.boots)
  add(sum, "duplicates", result.duplicates)
  for name, count in pairs(result.counts) do add(sum, name, count) end
  for kind, count in pairs(result.faults) do add(sum, "fault " .. kind, count) end
end

--- Result: lines that totals.read reads.
function totals.write(sum)
  local out = {}
  for name, value in pairs(sum) do out[#out + 1] = ("total %s: %.6f"):format(name, value) end
  out[#out + 1] = totals.END
  return out
end

--- Whether the line was one of totals.write.
function totals.read(sum, line)
  local name, value = line:match("^total (.-): ([%d.]+)$")
  if not name then return false end
  add(sum, name, tonumber(value))
  return true
end

local function say_faults(sum)
  local kinds, lines, line = {}, {}, "faults that struck:"
  for name in pairs(sum) do kinds[#kinds + 1] = name:match("^fault (.*)$") end
  table.sort(kinds)
  for _, kind in ipairs(kinds) do
    local word = (" %s %d,"):format(kind, sum["fault " .. kind])
    if #line + #word > 98 then
      lines[#lines + 1] = line
      line = " "
    end
    line = line .. word
  end
  lines[#lines + 1] = line:gsub(",$", "")
  print(table.concat(lines, "\n"))
end

local function get(sum, name)
  return sum[name] or 0
end

function totals.say(sum, mode)
  local years, cpu = get(sum, "seconds") / YEAR, get(sum, "cpu seconds")
  print(("%s: %.2f simulated years, %d records put (%d came twice and were dropped), "
    .. "%d crashes (%d power cuts)"):format(mode, years, get(sum, "records"),
    get(sum, "duplicates"), get(sum, "crashes"), get(sum, "fault power")))
  print(("%d boots of the module, %d connections opened; %.0f s of CPU: "
    .. "%.2f simulated years a minute, %.1f ms a seed"):format(get(sum, "boots"),
    get(sum, "connects"), cpu, cpu > 0 and years / cpu * 60 or 0,
    1000 * cpu / math.max(1, sum.passed + sum.failed)))
  print(("%d notes in the traces, whose numbers add up to %08x: the same on each Lua"):format(
    get(sum, "notes"), get(sum, "trace") % 4294967296))
  say_faults(sum)
  print(("%d passed, %d failed"):format(sum.passed, sum.failed))
end

return totals

--- What the benchmark needs beside its figures: programs run, medians, a table.
--
-- It knows how a program prints its figures (`name value name value ...` a line). It
-- does not know what they mean.

local support = { goals = { met = 0, missed = 0 } }

local function fail(text)
  error(text, 0)
end

--- Runs a command. Result: what it printed, a list of tables name -> number, a line each.
-- Raises when it failed.
function support.run(...)
  local command = table.concat({ ... }, " ")
  -- The status comes with the text: on 5.1 close() does not tell it.
  local pipe = assert(io.popen("{ " .. command .. "; } 2>&1; echo status $?"))
  local lines, text = {}, pipe:read("*a")
  pipe:close()
  for line in text:gmatch("[^\n]+") do
    local figures = {}
    for name, value in line:gmatch("(%S+) (%-?[%d.]+)") do figures[name] = tonumber(value) end
    lines[#lines + 1] = figures
  end
  local status = table.remove(lines).status
  if status ~= 0 then fail(("bench: status %s of: %s\n%s"):format(status, command, text)) end
  return lines, text
end

--- The same, for what prints one line.
function support.figures(...)
  return support.run(...)[1] or fail("bench: nothing printed by: " .. table.concat({ ... }, " "))
end

function support.median(values)
  local sorted = {}
  for i = 1, #values do sorted[i] = values[i] end
  table.sort(sorted)
  return sorted[math.floor((#sorted + 1) / 2)]
end

--- The median of values[name] over a list of tables, through `of` where it is given.
function support.median_of(list, of)
  local values = {}
  for i = 1, #list do values[i] = of(list[i]) end
  return support.median(values)
end

--- Whether a command is there.
function support.has(command)
  local pipe = assert(io.popen("command -v " .. command .. " 2>/dev/null"))
  local text = pipe:read("*a")
  pipe:close()
  return text ~= ""
end

function support.write_file(path, bytes)
  local file = assert(io.open(path, "wb"))
  assert(file:write(bytes))
  assert(file:close())
end

local ROW = "  %-53s %11s %11s %7s  %s\n"

function support.heading(text)
  io.write("\n", ROW:format(text, "bc260y", "baseline", "ratio", "goal"))
  io.flush()
end

--- A row of the table. value, base: as they are shown; figure: what the goal is about,
-- below which it is met.
function support.row(text, value, base, figure, goal)
  local verdict = ""
  if goal then
    local met = figure <= goal and "met" or "missed"
    verdict = ("%.4g %s"):format(goal, met)
    support.goals[met] = support.goals[met] + 1
  end
  local ratio = base ~= "" and figure and ("%.2f"):format(figure) or ""
  io.write(ROW:format(text, value, base, ratio, verdict))
  io.flush()
end

return support

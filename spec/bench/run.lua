--- Measures bc260y against baselines in the same run, and prints each figure as a ratio.
--
-- It knows what is compared with what, and the goals. A goal that is missed is said, and
-- breaks nothing: how fast a machine is today is no test. It fails when a program fails,
-- or when the two parsers do not see the same.

local stream = require "spec.bench.stream"
local support = require "spec.bench.support"

local figures, median_of, row = support.figures, support.median_of, support.row

local BENCH, RESPONDER = "build/bench/bench", "build/bench/responder"
local QUOTED, UNQUOTED = "build/bench/quoted.stream", "build/bench/unquoted.stream"
local SMALL = "build/bench/small.stream"
local SCRATCH = "build/bench/scratch"
local ROUNDS = 5
local TRIP_ROUNDS, TRIPS = 11, 1500

local luas = {}
for _, lua in ipairs{
  { version = "5.4", name = "Lua 5.4", command = "lua5.4", events_goal = 4, goals = true },
  { version = "jit", name = "LuaJIT", command = "luajit", events_goal = 3 },
} do
  local module = io.open("build/" .. lua.version .. "/bc260y/core.so")
  if module and support.has(lua.command) then luas[#luas + 1] = lua end
  if module then module:close() end
end

-- Where a Lua finds its modules stands before the whole command, so that what runs the
-- interpreter under watch watches the interpreter.
local function modules(lua)
  return ('LUA_PATH="./lua/?.lua;./lua/?/init.lua;;" LUA_CPATH="./build/%s/?.so;;"')
    :format(lua.version)
end

local function nanoseconds(seconds)
  return ("%.1f ns"):format(seconds * 1e9)
end

local function microseconds(seconds)
  return ("%.2f us"):format(seconds * 1e6)
end

local function cpu_per_unit(run)
  return run.cpu / run.units
end

-- What one more of something costs, by what n and 2n of it cost: start and end go out.
local function difference(n, measure)
  return (measure(2 * n) - measure(n)) / n
end

local function count_instructions(before, ...)
  local _, text = support.run(before,
    "valgrind --tool=callgrind --callgrind-out-file=" .. SCRATCH, ...)
  return tonumber((text:match("Collected : (%d+)")))
end

local function count_calls(before, ...)
  support.run(before, "strace -f -c -o " .. SCRATCH, ...)
  for line in io.lines(SCRATCH) do
    local calls = line:match("^%s*100%.00%s+%S+%s+%S*%s+(%d+).*total")
    if calls then return tonumber(calls) end
  end
  error("bench: strace gave no total", 0)
end

-- 1. The framer in memory. --------------------------------------------------------

local function measure_framer(path, quoting)
  local seen = figures(BENCH, "verify", path)
  local passes = 20
  local rounds = support.run(BENCH, "memory", path, ROUNDS, passes)
  local framer = median_of(rounds, function(r) return r.framer end)
  for _, base in ipairs{ { "base", "the C parser", 1.5 }, { "split", "memchr lines" } } do
    local name, text, goal = base[1], base[2], base[3]
    local other = median_of(rounds, function(r) return r[name] end)
    local ratio = median_of(rounds, function(r) return r.framer / r[name] end)
    row(("payloads %s, a unit, against %s"):format(quoting, text),
      nanoseconds(framer / seen.units / passes), nanoseconds(other / seen.units / passes),
      ratio, goal)
    row(("payloads %s, megabytes a second"):format(quoting),
      ("%.0f"):format(seen.bytes / 1e6 * passes / framer),
      ("%.0f"):format(seen.bytes / 1e6 * passes / other))
  end
end

local function framer_part()
  support.heading("framer, in memory, 4,096-byte pieces")
  measure_framer(UNQUOTED, "unquoted")
  measure_framer(QUOTED, "quoted")
  local units = figures(BENCH, "verify", SMALL).units
  local function instructions(which)
    return difference(1, function(n)
      return count_instructions("", ("%s pass %s %s %d"):format(BENCH, SMALL, which, n))
    end) / units
  end
  local framer, base = instructions("framer"), instructions("base")
  row("instructions a unit", ("%.0f"):format(framer), "", framer, 400)
  row("instructions a unit, against the C parser", ("%.0f"):format(framer),
    ("%.0f"):format(base), framer / base)
end

-- 2. Every event into Lua. ----------------------------------------------------------

local function read_rounds(lua, mode)
  local base, core, lines = {}, {}, {}
  local function run_reader(reader, passes)
    return figures(modules(lua), lua.command, "spec/bench/events.lua", reader, QUOTED, mode,
      passes)
  end
  for i = 1, ROUNDS do
    base[i] = figures(BENCH, "file", QUOTED, mode, 20)
    core[i] = run_reader("framer", 5)
    lines[i] = run_reader("lines", 2)
    if core[i].payloads * 4 ~= base[i].payloads or core[i].sizes * 4 ~= base[i].sizes then
      error("bench: Lua and C did not see the same events", 0)
    end
  end
  return median_of(core, cpu_per_unit), median_of(base, cpu_per_unit),
    median_of(lines, cpu_per_unit)
end

-- direct: each piece is a read of the system, as it is on a line.
local function events_part()
  for _, mode in ipairs{ "direct", "buffered" } do
    support.heading("every event into Lua, 512-byte pieces"
      .. (mode == "direct" and "" or " by stdio"))
    for _, lua in ipairs(luas) do
      local took, base, lines = read_rounds(lua, mode)
      row(lua.name .. ", CPU against the C parser", nanoseconds(took), nanoseconds(base),
        took / base, mode == "direct" and lua.events_goal)
      row(lua.name .. ", against string.match by lines", nanoseconds(took),
        nanoseconds(lines), took / lines)
      row(lua.name .. ", events a second", ("%.1f M"):format(1e-6 / took),
        ("%.1f M"):format(1e-6 / lines))
    end
  end
end

-- 3. Round trips. -------------------------------------------------------------------

local function trip_command(lua, kind, count, clock)
  return ("%s spec/bench/trips.lua %s %d %s"):format(lua.command, kind, count, clock)
end

local function measure_trips(lua, kind, base_kind, text, where)
  local rounds = {}
  local responder = RESPONDER .. " " .. where
  for i = 1, TRIP_ROUNDS do
    rounds[i] = {
      base = figures(responder, BENCH, "trips", base_kind, TRIPS),
      ours = figures(modules(lua), responder, trip_command(lua, kind, TRIPS, "clock")),
    }
  end
  for _, what in ipairs{ { "p50", "median", 1.15, 1 }, { "cpu", "CPU", 1.25, TRIPS } } do
    local name, label, goal, count = what[1], what[2], what[3], what[4]
    local ours = median_of(rounds, function(r) return r.ours[name] end) / count
    local base = median_of(rounds, function(r) return r.base[name] end) / count
    row(("%s, %s, %s"):format(lua.name, text, label), microseconds(ours), microseconds(base),
      ours / base, lua.goals and kind ~= "tcp" and goal)
  end
end

local function count_trips(lua, kind, text)
  local responder = modules(lua) .. " " .. RESPONDER .. " apart"
  local calls = difference(500, function(n)
    return count_calls(responder, trip_command(lua, kind, n, "count"))
  end)
  -- A wait that a signal or a timer cuts short is one more in some hundred.
  row(("%s, %s, system calls"):format(lua.name, text), ("%.2f"):format(calls), "",
    math.floor(calls * 10 + 0.5) / 10, lua.goals and kind ~= "tcp" and 3)
  if not lua.goals then return end
  local instructions = difference(1000, function(n)
    return count_instructions(responder, trip_command(lua, kind, n, "count"))
  end)
  row(("%s, %s, user instructions"):format(lua.name, text), ("%.0f"):format(instructions), "",
    instructions, kind ~= "tcp" and 6000)
end

local trips = {
  { "at", "at", "AT" },
  { "send", "send", "QISEND of 32 bytes" },
  { "tcp", "send", "socket:send of 32 bytes" },
}

local function trips_part()
  support.heading("round trips over a pty, on one processor")
  for _, lua in ipairs(luas) do
    for _, trip in ipairs(trips) do
      measure_trips(lua, trip[1], trip[2], trip[3], "together")
      count_trips(lua, trip[1], trip[3])
    end
  end
  -- As with a module: but waking another processor costs more, and never the same.
  support.heading("round trips, the responder on another")
  for _, lua in ipairs(luas) do
    for _, trip in ipairs(trips) do
      measure_trips(lua, trip[1], trip[2], trip[3], "apart")
    end
  end
end

-- 4. Memory. ------------------------------------------------------------------------

local function measure_memory(lua, kind)
  local runs = {}
  for i = 1, ROUNDS do
    runs[i] = figures(modules(lua), RESPONDER, "apart", trip_command(lua, kind, 2000, "count"))
  end
  return median_of(runs, function(run) return run.peak end),
    median_of(runs, function(run) return run.private end)
end

-- The peak counts the pages of shared libraries too, which other programs also use.
local function memory_part()
  support.heading("peak memory over the bare interpreter, KiB")
  row("the bare C loop, all of it", "",
    ("%d"):format(figures(RESPONDER, "apart", BENCH, "trips", "send", 2000).peak))
  for _, lua in ipairs(luas) do
    local bare, bare_private = measure_memory(lua, "bare")
    for _, trip in ipairs(trips) do
      local peak, private = measure_memory(lua, trip[1])
      row(("%s, %s: %d and %d in all"):format(lua.name, trip[3], peak, bare),
        ("%d"):format(peak - bare), "", peak - bare, trip[1] ~= "tcp" and 512)
      row(("%s, %s: of it private"):format(lua.name, trip[3]),
        ("%d"):format(private - bare_private), "")
    end
  end
end

-- 5. The outbox. --------------------------------------------------------------------

local OUTBOX = "build/bench/outbox"

local function measure_puts(kind, count, group)
  support.run("rm -rf", OUTBOX, "&& mkdir -p", OUTBOX)
  return figures(modules(luas[1]), luas[1].command, "spec/bench/outbox.lua", kind, count,
    group, OUTBOX)
end

local function puts_rounds(count, group)
  local rounds = {}
  for i = 1, ROUNDS do
    rounds[i] = { ours = measure_puts("ours", count, group),
      base = measure_puts("sqlite", count, group) }
  end
  return function(whose, name)
    return median_of(rounds, function(r) return r[whose][name] end) / count
  end
end

-- How fast a disk syncs differs from one minute to the next, so the two take turns.
local function outbox_part()
  support.heading("records of 200 bytes put on a disk, against SQLite")
  for _, what in ipairs{
    { "durable, one by one", 500, 1 }, { "durable, 50 share a sync", 20000, 50 },
  } do
    local text, count, group = what[1], what[2], what[3]
    local cost = puts_rounds(count, group)
    local ours, base = cost("ours", "seconds"), cost("base", "seconds")
    row(text, microseconds(ours), microseconds(base), ours / base)
    row(text .. ", puts a second", ("%.0f"):format(1 / ours), ("%.0f"):format(1 / base))
    local written = cost("ours", "written")
    row(text .. ", bytes written a record", ("%.1f"):format(written), "", written, 260)
    for _, counted in ipairs{ { "given", "as write() has it" }, { "paged", "in whole pages" } } do
      local mine, other = cost("ours", counted[1]), cost("base", counted[1])
      row(text .. ", " .. counted[2], ("%.1f"):format(mine), ("%.1f"):format(other),
        mine / other)
    end
  end
  support.run("rm -rf", OUTBOX)
end

-- 6. Delivery. ----------------------------------------------------------------------

local BYTE = 10 / 115200 -- seconds on the line
local DELIVERED = 100000 -- bytes of records

-- Bytes of the stream and of the records in it, as shares of what the line carries in the
-- time that they take. What begins and ends a delivery goes out.
local function line_shares(lua, format, acknowledge, size)
  local runs, count = {}, DELIVERED / size
  for i = 1, 2 do
    runs[i] = figures(modules(lua), lua.command, "spec/bench/deliver.lua", format, acknowledge,
      size, i * count)
  end
  local function share(name)
    return (runs[2][name] - runs[1][name]) * BYTE / (runs[2].seconds - runs[1].seconds)
  end
  return share("stream"), share("payload")
end

local function percent(share)
  return ("%.1f %%"):format(100 * share)
end

-- The ratio is the time that a byte takes over the time that the line needs for it: the goals
-- are 90 % of the line, and 45 % in hex, where a byte is two digits.
local function deliver_part()
  support.heading("delivery, share of 115200 baud: stream, records in it")
  for _, form in ipairs{ { "text", 1.11 }, { "raw", 1.11 }, { "hex", 2.22 } } do
    for _, acknowledge in ipairs{ "application", "tcp" } do
      for _, size in ipairs{ 200, 1000 } do
        local stream_share, payload = line_shares(luas[1], form[1], acknowledge, size)
        row(("%s, %s, records of %d bytes"):format(form[1], acknowledge, size),
          percent(stream_share), percent(payload), 1 / stream_share, form[2])
      end
    end
  end
end

-- -----------------------------------------------------------------------------------

local parts = {
  { "framer", framer_part },
  { "events", events_part },
  { "trips", trips_part },
  { "memory", memory_part },
  { "outbox", outbox_part },
  { "deliver", deliver_part },
}

-- wanted: name of a part -> true; none: all of them.
local function main(wanted)
  support.write_file(QUOTED, stream.make(20000, true))
  support.write_file(UNQUOTED, stream.make(20000, false))
  support.write_file(SMALL, stream.make(1000, true))
  io.write("bc260y against baselines in the same run. Ratios: less is better.\n")
  for _, part in ipairs(parts) do
    if not next(wanted) or wanted[part[1]] then part[2]() end
  end
  io.write(("\n%d goals met, %d missed\n"):format(support.goals.met, support.goals.missed))
end

local wanted = {}
for i = 1, #arg do wanted[arg[i]] = true end
local ok, err = pcall(main, wanted)
os.remove(SCRATCH)
if not ok then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

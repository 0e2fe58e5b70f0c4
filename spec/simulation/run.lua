-- The simulation's command line: runs seeds, says what failed and how to repeat it, and
-- sums up. The last line is "N passed, N failed".
--
-- It knows options and processes. What a run is, is in host.lua.

-- The command that repeats a run is all that is needed, in the folder of the sources.
local version = rawget(_G, "jit") and "jit" or _VERSION:match("%d%.%d")
package.path = "./lua/?.lua;./lua/?/init.lua;./?.lua;" .. package.path
package.cpath = ("./build/%s/?.so;"):format(version) .. package.cpath

local watchdog = require "spec.simulation.watchdog" -- before anything makes coroutines

local host = require "spec.simulation.host"
local plans = require "spec.simulation.plan"
local shrink = require "spec.simulation.shrink"
local totals = require "spec.simulation.totals"

local USAGE = [[
usage: lua spec/simulation/run.lua [options]
  --mode application|tcp   what releases a record (application)
  --seed N, --seeds A-B    which runs (1-100)
  --only KIND,...          these kinds of faults alone
  --keep "1,4/2,7"         these faults of the plan alone, 4 at half its strength
  --trace                  prints everything that passes
  --plan                   prints the plan's faults, and runs nothing
  --shrink                 makes the list of faults of every failure small (else of three)
  --jobs N                 so many processes (1)]]

local TWICE = 50           -- every so many seeds one is run again: it has to be the same
local SHRUNK_MAX = 3
local PROGRESS = 500

local FLAGS = { trace = true, shrink = true, plan = true, machine = true }
local NAMES = { mode = true, seed = true, seeds = true, only = true, keep = true, jobs = true }

local function fail(text)
  io.stderr:write("simulation: ", text, "\n", USAGE, "\n")
  os.exit(2)
end

local function set_of(text)
  local set = {}
  for word in text:gmatch("[^,%s]+") do set[word] = true end
  return set
end

local function read_arguments(list)
  local options = { mode = "application", seeds = "1-100", jobs = "1" }
  local i = 1
  while list[i] do
    local name = list[i]:match("^%-%-(%a+)$")
    if FLAGS[name] then
      options[name] = true
    elseif NAMES[name] and list[i + 1] then
      i = i + 1
      options[name] = list[i]
    else
      fail("what is " .. list[i] .. "?")
    end
    i = i + 1
  end
  local first, last = (options.seed or options.seeds):match("^(%d+)%-?(%d*)$")
  options.first = tonumber(first) or fail("--seeds A-B")
  options.last = tonumber(last) or options.first
  options.jobs = tonumber(options.jobs) or fail("--jobs N")
  options.choice = options.keep and (shrink.parse(options.keep) or fail("--keep LIST"))
  options.only = options.only and set_of(options.only)
  if options.mode ~= "application" and options.mode ~= "tcp" then fail("--mode MODE") end
  return options
end

-- One seed. ------------------------------------------------------------------------

local function choose(plan, options)
  local choice = {}
  for _, item in ipairs(options.choice or shrink.all(plan)) do
    local fault = plan.faults[item[1]]
    if fault and (not options.only or options.only[fault.kind]) then
      choice[#choice + 1] = item
    end
  end
  return choice
end

local function run_plan(plan, print)
  watchdog.start()
  return host.run(plan, { print = print })
end

local function command(options, seed, choice)
  return ("%s spec/simulation/run.lua --mode %s --seed %d%s"):format(arg[-1], options.mode, seed,
    choice and (' --keep "%s"'):format(shrink.text(choice)) or "")
end

local function fault_text(fault)
  local words = {}
  for name, value in pairs(fault) do
    if name ~= "kind" and name ~= "at" then
      words[#words + 1] = ("%s=%s"):format(name, tostring(value))
    end
  end
  table.sort(words)
  return ("%14s  %-18s %s"):format(fault.at and ("%.3f s"):format(fault.at) or "on the disk",
    fault.kind, table.concat(words, " "))
end

local function say_faults(plan, choice)
  for i, fault in ipairs(shrink.apply(plan, choice).faults) do
    print(("    %3d  %s"):format(choice[i][1], fault_text(fault)))
  end
end

-- What makes two violations the same: of an error also where it was raised.
local function likeness(violation)
  if not violation then return nil end
  return violation.kind .. (violation.kind == "error" and violation.text:match("^[^\n]*") or "")
end

local function report(options, plan, choice, result, shrinks)
  local violation = result.violation
  print(("seed %d, %s: %s: %s, at %.3f s"):format(plan.seed, plan.mode, violation.kind,
    violation.text, violation.at))
  print("  repeat: " .. command(options, plan.seed, options.keep and choice))
  if not shrinks or violation.kind == "trace" then return end -- of two runs
  local least, runs = shrink.shrink(plan, choice, likeness(violation), function(candidate)
    return likeness(run_plan(candidate).violation)
  end)
  print(("  needs %d of %d faults (%d runs): %s"):format(#least, #choice, runs,
    command(options, plan.seed, least)))
  say_faults(plan, least)
end

local function check_twice(plan, result)
  local again = run_plan(plan)
  if again.hash ~= result.hash then
    result.violation = { kind = "trace", at = result.seconds,
      text = ("two runs differ: %s and %s"):format(result.hash, again.hash) }
  end
end

local function run_seeds(options, sum)
  local shrunk = 0
  for seed = options.first, options.last do
    local plan = plans.make(seed, options.mode)
    local choice = choose(plan, options)
    local chosen = shrink.apply(plan, choice)
    local result = run_plan(chosen, options.trace and print)
    if seed % TWICE == 0 and not result.violation then check_twice(chosen, result) end
    totals.add(sum, result)
    if result.violation then
      report(options, plan, choice, result,
        options.shrink or options.first ~= options.last and shrunk < SHRUNK_MAX)
      shrunk = shrunk + 1
    end
    if (seed - options.first + 1) % PROGRESS == 0 then
      io.stderr:write(("%s: %d of %d seeds\n"):format(options.mode,
        seed - options.first + 1, options.last - options.first + 1))
    end
    io.stdout:flush()
  end
  sum["cpu seconds"] = os.clock()
end

-- Several processes. ---------------------------------------------------------------

local function start_jobs(options)
  local count, children = options.last - options.first + 1, {}
  for job = 1, options.jobs do
    local first = options.first + math.floor(count * (job - 1) / options.jobs)
    local last = options.first + math.floor(count * job / options.jobs) - 1
    if last >= first then
      local kinds = {}
      for kind in pairs(options.only or {}) do kinds[#kinds + 1] = kind end
      children[#children + 1] = io.popen(("%s spec/simulation/run.lua --machine --mode %s "
        .. "--seeds %d-%d%s%s"):format(arg[-1], options.mode, first, last,
        options.shrink and " --shrink" or "",
        kinds[1] and " --only " .. table.concat(kinds, ",") or ""))
    end
  end
  return children
end

local function run_jobs(options, sum)
  for _, child in ipairs(start_jobs(options)) do
    local ended = false
    for line in child:lines() do
      if line == totals.END then ended = true
      elseif not totals.read(sum, line) then print(line) end
    end
    child:close()
    if not ended then sum.failed = (sum.failed or 0) + 1 end
  end
end

local function main(list)
  local options, sum = read_arguments(list), totals.new()
  if options.plan then
    for seed = options.first, options.last do
      local plan = plans.make(seed, options.mode)
      say_faults(plan, choose(plan, options))
    end
    return true
  end
  if options.jobs > 1 then run_jobs(options, sum) else run_seeds(options, sum) end
  if options.machine then
    print(table.concat(totals.write(sum), "\n"))
  else
    totals.say(sum, options.mode)
  end
  return sum.failed == 0
end

os.exit(main(arg) and 0 or 1)

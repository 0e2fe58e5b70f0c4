-- make endure: endurance runs, one behind the other, each with a seed that is printed and
-- repeats its times. From the environment: RUNS (1), SEED, DURATION (60 seconds) and KILLS (100)
-- of a run; MODE=tcp has records released that the peer's TCP has taken: then the receiver
-- lives, since nobody would send again what dies with it. The folder of a run that failed is
-- kept.

local run = require "spec.endurance.run"
local uv = require "luv"

local function number(name, default)
  return tonumber(os.getenv(name) or "") or default
end

local RUNS, DURATION, KILLS = number("RUNS", 1), number("DURATION", 60), number("KILLS", 100)
local SEED = number("SEED", os.time() % 1000000)
local MODE = os.getenv("MODE") ~= "" and os.getenv("MODE") or nil
local OTHERS = math.max(1, math.floor(DURATION / 10)) -- reboots, reopenings, restarts

io.stdout:setvbuf("line")

local sum, passed, failed = {}, 0, 0

local function add(counts)
  for name, count in pairs(counts) do sum[name] = (sum[name] or 0) + count end
end

local function show(counts)
  return ("%d records accepted, %d delivered, %d duplicates dropped; %d kills, %d reboots, "
    .. "%d pty reopenings, %d server restarts; %.0f seconds"):format(counts.accepted or 0,
    counts.delivered or 0, counts.duplicates, counts.kills, counts.reboots, counts.reopenings,
    counts.restarts, counts.seconds)
end

for i = 1, RUNS do
  local folder = assert(uv.fs_mkdtemp("/tmp/bc260y-endure-XXXXXX"))
  local seed = SEED + i - 1
  local counts, faults = run { seconds = DURATION, kills = KILLS, reboots = OTHERS,
    reopenings = OTHERS, restarts = MODE and 0 or OTHERS, seed = seed, folder = folder,
    acknowledge = MODE }
  add(counts)
  print(("seed %d: %s"):format(seed, show(counts)))
  for _, fault in ipairs(faults) do print("  FAILED: " .. fault) end
  if faults[1] then
    failed = failed + 1
    print(("  kept in %s; again with: make endure SEED=%d DURATION=%d KILLS=%d MODE=%s")
      :format(folder, seed, DURATION, KILLS, MODE or ""))
  else
    passed = passed + 1
    os.execute("rm -rf " .. folder)
  end
end

if RUNS > 1 then print("all runs: " .. show(sum)) end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and passed > 0 and 0 or 1)

--- Asks AT until a module answers, whatever it was doing.
--
-- It knows that a module may boot, may take seconds for each answer, may sleep and lose
-- what wakes it, and sleep again. It does not know what comes next, nor what else can be
-- done with one that stays silent.

local new_entry = require("bc260y.pump").entry

local PAUSE = 1  -- seconds, where it refuses
local SLOW = 5   -- the longest that an answer takes (wire forms: framing)
-- A sister module needs 1.8 s from the command that wakes to its answer.
local WAKING = { 2, 1, 0.5 }

-- Seconds for the next AT, from when it is written. The first may be lost to sleep, and
-- the second has all the time that a slow module takes; where it was lost too, since the
-- module slept again, the next one follows sooner.
local function patience(silences)
  if silences % 2 == 1 then return SLOW end
  return WAKING[silences / 2 % #WAKING + 1]
end

-- Who was silent has slept or is slow, who restarted has forgotten it: either way nothing
-- is awaited any more. What comes late all the same passes for an answer, which it is, and
-- the fence behind that catches the rest.
local SILENT = { timeout = true, ["no response"] = true }
local OWES_NOTHING = { timeout = true, ["no response"] = true, reset = true }

-- first: nobody was silent yet. The last user may have died behind a prompt: what is asked
-- is data then.
local function ask(modem, deadline, seconds, first)
  local entry = new_entry("AT")
  entry.deadline, entry.patience = deadline, seconds
  -- At its end nothing is in flight; another task's command may be when this one goes on,
  -- and CRs would be taken for its data.
  entry.finished = function()
    if OWES_NOTHING[entry.done] then modem.pump.line:forgive() end
    if first and SILENT[entry.done] then modem.pump.line:fill() end
  end
  return modem.pump:execute(entry)
end

--- deadline: on the port's clock.
-- Result: true, and a fence goes before the next command; or nil, err, detail.
return function(modem, deadline)
  local pump, silences = modem.pump, 0
  while true do
    local status = ask(modem, deadline, patience(silences), silences == 0)
    if status == "ok" then
      -- That may have been an answer which the last user of the line did not await.
      pump.line:fence()
      return true
    end
    if status == "lost" or status == "closed" then return nil, status end
    local left = pump:left(deadline)
    if left == 0 then return nil, "timeout", "answer" end
    if SILENT[status] then silences = silences + 1 end
    if not OWES_NOTHING[status] then
      modem.hooks:wait("urc", math.min(PAUSE, left))
    end
  end
end

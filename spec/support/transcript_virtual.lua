--- Plays a transcript to the virtual module: what the host writes in it goes in, and what
-- the module says has to be what the transcript has it say, byte for byte, and then.
--
-- Knows the order of things: before the host writes or time passes all must have been
-- said, and nothing more; what the transcript makes of it is the driver's business. A
-- scene gives the module its firmware and its peers; it has no way to put words into the
-- module's mouth, but module:urc and :push.

local clock = require "spec.support.virtual_clock"
local transcript = require "spec.support.transcript"

local play = {}

-- A cue that lets time pass: what is due then is said.
function play.wait(seconds)
  return function(player) return player:run(seconds) end
end

local function stop(game, step, what)
  transcript.fail(game.t, step and step.line or 0, "virtual module", what, game.said, game.want)
end

local function settle(game, step, what)
  if game.said ~= game.want then stop(game, step, what) end
  game.said, game.want = "", ""
end

-- The bytes of one stream: first what the module says by itself, then cue by cue.
local function say(game, step)
  game.want = game.want .. step.bytes
  game.said = game.said .. game.player:run(0)
  while #game.said < #game.want do
    local cue = table.remove(game.cues, 1)
    if not cue then stop(game, step, "said") end
    local said = cue(game.player)
    game.said = game.said .. (type(said) == "string" and said or "") .. game.player:run(0)
  end
end

-- Nothing may be said before the time has passed; what comes at its end is the next
-- stream's.
local function pass(game, step)
  settle(game, step, "said before time passes")
  local player = game.player
  -- The nudge keeps sums of seconds from falling a hair short.
  local due = player.time + step.ms / 1000 + 1e-9
  game.said = player:run(due - player.time - 5e-4)
  settle(game, step, "said while time passes")
  game.said = player:run(due - player.time)
end

local function write(game, step)
  settle(game, step, "said before the host writes")
  game.writes = game.writes + 1
  local change = game.changes[game.writes]
  if change then change(game.player) end
  game.said = game.player:write(step.writes, 0)
end

--- Plays it to a module that is there already. scene: .cues, a list of functions of the
-- player, called in turn whenever the module has said all and the transcript expects more;
-- .changes, functions of the player by the number of the host's write that they precede.
function play.on(player, t, scene)
  local game = {
    player = player,
    t = t,
    said = "", want = "",      -- since all that was to be said had been said
    cues = {},
    changes = scene.changes or {},
    writes = 0,
  }
  for place, cue in ipairs(scene.cues or {}) do game.cues[place] = cue end
  for _, step in ipairs(t.steps) do
    if step.kind == "say" then say(game, step) end
    if step.kind == "pass" then pass(game, step) end
    if step.writes ~= "" then write(game, step) end
  end
  settle(game, nil, "said until the end")
  game.said = player:run(1)
  settle(game, nil, "said after the end")
  assert(#game.cues == 0, t.name .. ": cues are left over")
  for place in pairs(game.changes) do
    assert(place <= game.writes, t.name .. ": a change that never came")
  end
end

--- Plays it to a new module. scene: as above; .options of the virtual module
-- (spec/support/virtual_clock.lua); .setup(player), before it begins. Result: the player.
function play.new(t, scene)
  local player = clock.new(scene.options)
  player:run(0)
  if scene.setup then scene.setup(player) end
  player:run(0)
  play.on(player, t, scene)
  return player
end

return play

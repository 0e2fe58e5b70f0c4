-- While one task sent in data mode another one attached: its AT had been lost, and the CRs
-- that fill up what a dead program may have left went before the data of the send. The
-- peer got CRs, the count agreed, and the module was given the data as commands.

local bc260y = require "bc260y"
local Random = require "spec.simulation.random"
local simulated = require "spec.support.simulated"

local SEEDS, STOP = 30, 250

-- Messages on one connection after another, while the other task attaches.
-- Result: what each connection's sends said, in order.
local function send_all(modem, world, server, random)
  local sessions, n = {}, 0
  while world.time < STOP do
    local sock = modem:tcp()
    sock:settimeout(30)
    if sock:connect(server.host, server.port) then
      local sent = {}
      sessions[#sessions + 1] = sent
      repeat
        n = n + 1
        local message = ("<%d %s>"):format(n, ("x"):rep(random:range(1, 30)))
        local ok = sock:send(message)
        if ok then sent[#sent + 1] = message end
        bc260y.sleep(random:range(1, 60) / 20)
      until not ok or world.time > STOP
    else
      bc260y.sleep(2)
    end
    sock:close()
  end
  return sessions
end

local function play(seed)
  local random = Random.new(seed)
  local traits = {}
  if random:chance(0.5) then
    traits.sleep_after, traits.wake_time = random:range(1, 8), random:pick { 0.2, 1, 1.8 }
  end
  if random:chance(0.4) then traits.answer_time = random:pick { 0.3, 2, 4.5, 5.2, 6 } end
  local plan = simulated.plan { format = "raw", traits = traits, ends = 400, calm = 300 }
  local world = simulated.new(plan).world
  local arrived, peers = {}, {}
  world:listen { data = function(peer, bytes)
    if not arrived[peer] then peers[#peers + 1] = peer end
    arrived[peer] = (arrived[peer] or "") .. bytes
  end }
  local sessions
  bc260y.run(function()
    local modem = assert(bc260y.open { port = world:open_port(), format = "raw" })
    modem:attach { timeout = 60 }
    local other = bc260y.spawn(function()
      while world.time < STOP do
        bc260y.sleep(random:range(1, 200) / 20)
        modem:attach { timeout = random:range(5, 35) }
      end
    end)
    sessions = send_all(modem, world, plan.server, random)
    other:wait()
    modem:close()
  end)
  return sessions, peers, arrived
end

-- Whether a peer's bytes begin with those, or are their beginning.
local function agree(bytes, sent)
  local size = math.min(#bytes, #sent)
  return bytes:sub(1, size) == sent:sub(1, size)
end

describe("a send beside another task's attach", function()
  it("has its own data in the stream, or fails", function()
    local messages = 0
    for seed = 1, SEEDS do
      local sessions, peers, arrived = play(seed)
      local streams = {}
      for i, sent in ipairs(sessions) do
        streams[i], messages = table.concat(sent), messages + #sent
      end
      for _, peer in ipairs(peers) do
        local found = false
        for _, stream in ipairs(streams) do found = found or agree(arrived[peer], stream) end
        assert.is_true(found, ("seed %d: %q"):format(seed, arrived[peer]))
      end
    end
    assert.is_true(messages > SEEDS)
  end)
end)

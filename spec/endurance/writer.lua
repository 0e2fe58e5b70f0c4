-- The writer of an endurance run, a process that may be killed at any instant:
--   lua writer.lua OUTBOX PORT SERVER-PORT NOTES STOP LIFE [tcp]
-- puts records into the outbox, notes in the file NOTES each put that has returned true, and
-- delivers them meanwhile, through the module at PORT. Once the file STOP exists it puts no
-- more, and ends when all is delivered. With tcp it believes the peer's TCP, not the peer.

local bc260y = require "bc260y"
local records = require "spec.endurance.records"

local path, port, server_port, notes_path, stop_path = (table.unpack or unpack)(arg)
local life, acknowledge = arg[6], arg[7]
life = tonumber(life)

local PAUSE = 0.02           -- between two puts
local AGAIN = 0.05           -- until a port that is not there is tried again
local TURN = 0.5             -- until it is looked whether the last record was put
local BATCH = 3              -- every seventh put is a list

-- The whole run takes a minute: nobody is spared by waiting.
local policy = { backoff = function(_, _, _, _, random) return 0.05 + random() / 10 end }

local function say(what, text)
  io.stderr:write(what, ": ", tostring(text), "\n")
end

local function exists(name)
  local file = io.open(name)
  if file then file:close() end
  return file ~= nil
end

local function put_all(outbox, notes)
  local n = 0
  while not exists(stop_path) do
    local put, first = {}, n + 1
    for _ = 1, first % 7 == 0 and BATCH or 1 do
      n = n + 1
      put[#put + 1] = records.make(life, n)
    end
    local ok, sequence = outbox:put(#put > 1 and put or put[1])
    assert(ok, sequence)
    local lines = {}
    for i = first, n do lines[#lines + 1] = ("%d %d %.0f\n"):format(life, i, sequence - n + i) end
    notes:write(table.concat(lines))
    notes:flush()
    bc260y.sleep(PAUSE)
  end
end

-- Until the session has ended, or all is delivered.
local function deliver(session, outbox, putting)
  local ok, err
  repeat
    local last = putting.ended
    ok, err = session:deliver(outbox, { drain = last, timeout = TURN,
      acknowledge = acknowledge })
    if ok and last then return true end
  until not ok and err ~= "timeout"
  say("deliver", err)
  return false
end

-- Opens the port, and again whenever it was lost, until nothing more is put and to deliver.
local function deliver_all(outbox, putting)
  local done = false
  while not done do
    local modem = bc260y.open { port = port }
    if modem then
      local session = modem:session { host = "127.0.0.1", port = tonumber(server_port),
        policy = policy, on = { error = function(text) say("error", text) end } }
      done = deliver(session, outbox, putting)
      session:close()
      modem:close()
    end
    if not done then bc260y.sleep(AGAIN) end
  end
end

bc260y.run(function()
  local notes = assert(io.open(notes_path, "ab"))
  local outbox = assert(bc260y.outbox.open(path, { group = life % 2 == 0 and 0.01 or nil }))
  local putting = { ended = false }
  bc260y.spawn(function()
    put_all(outbox, notes)
    putting.ended = true
  end)
  deliver_all(outbox, putting)
  outbox:close()
end)

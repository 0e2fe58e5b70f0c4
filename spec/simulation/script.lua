-- The script under test, as a user would write it: records are put as they come up, and
-- delivered to a server; whatever happens to the port or to the module, it goes on.
--
-- It knows bc260y alone, and what of the plan a user would choose. Where it puts, waits
-- and releases it tells the judge, through `life`.

local bc260y = require "bc260y"
local lines = require "spec.simulation.lines"
local own = require "bc260y.loop.own"

local PORT_PAUSE = 5        -- seconds before a port that is gone is tried again
local REFUSED_PAUSE = 60    -- before a record that was refused is put again
local RECORD_MAX = 1024
local ASK = 20              -- seconds that a question to the module may take
local FLUSH = 20
local CLOSE = 15            -- beyond that, for CLOSE OK
local PUT_MAX = 5           -- seconds that a put may take beyond what it waits for others

local script = {}

-- The outbox is opened until it can be: the disk may fail for a while.
local function open_outbox(life)
  local plan = life.plan
  while true do
    local outbox, err, detail = bc260y.outbox.open("outbox", {
      disk = life.process.disk, id = life.id, group = plan.group,
      segment = plan.segment, limit = plan.limit, record_max = RECORD_MAX,
    })
    if outbox then return outbox end
    life:refused("open", err, detail)
    bc260y.sleep(REFUSED_PAUSE)
  end
end

-- The judge hears of each release before it is made, and whether it was.
local function watch(life, outbox)
  local release = outbox.release
  outbox.release = function(self, sequence)
    life:releases(sequence)
    local ok, err = release(self, sequence)
    if ok then life:released(sequence) end
    return ok, err
  end
end

local function put(life, outbox, payloads)
  local call = life.judge:begins("put", PUT_MAX + (life.plan.group or 0))
  local ticket = life:putting(payloads)
  local ok, sequence
  if payloads[2] then ok, sequence = outbox:put(payloads)
  else ok, sequence = outbox:put(payloads[1]) end
  life.judge:ends(call)
  life:put_ended(ticket, ok, sequence)
  return ok
end

-- Records come up at the plan's pace, and what is refused comes up again.
local function put_all(life, outbox)
  bc260y.sleep(life:pace())
  while life:wants_more() do
    while not put(life, outbox, life:payloads()) do bc260y.sleep(REFUSED_PAUSE) end
    bc260y.sleep(life:pace())
  end
  life:puts_no_more()
end

local function new_session(life, modem)
  local plan = life.plan
  return modem:session{
    host = plan.server.host, port = plan.server.port, seed = plan.seed,
    local_port = plan.local_port, policy = life.policy, on = life.hooks,
  }
end

-- One deliver: until all is gone, or its time is over. Result: as deliver's, and whether the
-- modem is to be dropped.
local function deliver(life, session, outbox)
  local plan = life.plan
  local seconds, drop = life:call_seconds()
  local call = life.judge:begins("deliver", seconds)
  local ok, err, code = session:deliver(outbox, {
    timeout = seconds, drain = life:drains(), window = plan.window,
    acknowledge = plan.mode == "tcp" and "tcp" or nil,
    encode = plan.text and lines.encode or nil,
  })
  life.judge:ends(call)
  life:delivered(ok, err, code)
  return ok, err, drop
end

-- Another user of the same line, who asks for the signal now and then.
local function ask(life, modem)
  while true do
    bc260y.sleep(life:ask_pause())
    local call = life.judge:begins("signal", ASK)
    local signal, err = modem:signal{ timeout = ASK }
    life.judge:ends(call)
    if not signal and (err == "lost" or err == "closed") then return end
  end
end

-- Closes a session, which waits a while for what the peer's TCP has not acknowledged.
local function close(life, session)
  local call = life.judge:begins("close", FLUSH + CLOSE)
  session:close{ flush = FLUSH }
  life.judge:ends(call)
end

-- One session: until all is gone, where it is but to report, or it ends. Result: whether the
-- modem is of further use; nil: it is to be dropped with all that uses it, as it is.
local function serve(life, modem, outbox)
  local session = new_session(life, modem)
  while true do
    local ok, err, drop = deliver(life, session, outbox)
    if not ok and drop then return nil end
    if ok or err ~= "timeout" then
      close(life, session)
      return ok
    end
  end
end

-- One modem: until its port is lost, a session fails for good, or all is done.
local function use(life, port, outbox)
  local modem = bc260y.open{ port = port, format = life.plan.format }
  if life:asks() then bc260y.spawn(ask, life, modem) end
  local again = serve(life, modem, outbox)
  while again and not life:is_done() do
    bc260y.sleep(life:report_pause())
    again = serve(life, modem, outbox)
  end
  if again ~= nil then modem:close() end
end

function script.main(life)
  own.current().clock = life.process.clock
  local outbox = open_outbox(life)
  watch(life, outbox)
  life:opened(outbox)
  for _ = 1, life:putters() do bc260y.spawn(put_all, life, outbox) end
  while not life:is_done() do
    local port = life.process:open_port()
    if port then use(life, port, outbox) end
    if not life:is_done() then bc260y.sleep(PORT_PAUSE) end
  end
  outbox:close()
end

return script

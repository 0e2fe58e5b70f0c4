--- The decisions of a session, made to be copied and changed.
--
-- A policy is a table of functions, or of plain values where nothing has to be decided. What
-- a policy leaves out is taken from here: modem:session{policy = {idle = 120}} changes one
-- thing. A function decides and returns at once: it must not wait, and nothing bad happens
-- when it fails: the event "error" tells, and the decision of this file counts.
-- `session` is the session; times are in seconds. What a decision leads to is in session/.

local policy = {}

--- How long nothing is sent nor received before a keepalive is due: 600 at most (manual
-- 4.2: ports live for about 10 minutes, field reports say 2); false: never.
function policy.idle()
  return 60
end

--- What is sent then, at most 512 bytes that the server's protocol understands; nil: nothing.
-- session:deliver sets session.keepalive_bytes where its frames have such a thing.
function policy.keepalive(session)
  return session.keepalive_bytes
end

--- Manual 4.2: how long bytes may be unacknowledged before the module is asked whether it
-- has missed that the connection was closed,
function policy.first_check()
  return 30
end

--- and how long after that the connection is given up.
function policy.second_check()
  return 120
end

--- What to do when the module says that it goes to sleep: "wake" it for the next keepalive
-- or question, or let it "sleep", and go on when it is awake; only the last check of bytes
-- that are not acknowledged wakes it in any case. kind: "DEEPSLEEP" or "PSM".
function policy.sleeping(_, kind)
  return kind == "PSM" and "sleep" or "wake"
end

--- How long a fixed local port rests that the module refuses (556, 566, 574; manual 2.3.2
-- note 5). 566 may be the server's refusal as well: 0 where ports of this module never rest.
function policy.port_rest()
  return 120
end

--- Release assistance (manual 2.3.5) with the last data, when nothing more is to be sent:
-- 0 none, 1 release the radio at once, 2 after the next answer; nil: say nothing.
function policy.rai()
  return nil
end

local SHORTEST, LONGEST = 2, 300

--- How long to wait before connecting again. failures: how many in a row; they are forgotten
-- once the peer has acknowledged something, which is a record where its program acknowledges
-- them. random(): a number, 0 <= x < 1, which keeps a
-- thousand modules from calling at once after a power cut.
function policy.backoff(_, failures, _, _, random)
  local longest = math.min(LONGEST, SHORTEST * 2 ^ math.min(failures - 1, 30))
  return longest * (0.5 + random() / 2)
end

-- What helps against a cause, and in which failure in a row it is tried, and in every
-- multiple of it: { attach = 3, restart = 6 } connects again, attaches after the 3rd, 9th,
-- 15th failure, and restarts the module after the 6th, 12th. stop = 10: gives up when the
-- same was said 10 times in a row. The manual's words are in bc260y.errors. A policy's own
-- causes go before these: { causes = { [573] = { stop = 1 } } }.
local again = { attach = 4, restart = 8 }
local network = { attach = 1, restart = 6 }
local module_full = { restart = 2 }
local never = { stop = 10 } -- a line that lost a byte can make the module say so, too

policy.causes = {
  [550] = again,                        -- Unknown error
  [551] = again,                        -- Operation blocked
  [552] = never,                        -- Invalid parameters
  [553] = module_full,                  -- Memory not enough
  [554] = module_full,                  -- Create socket failed
  [555] = never,                        -- Operation not supported
  [556] = again,                        -- Socket bind failed: a fixed local port rests
  [557] = again,                        -- Socket listen failed
  [558] = again,                        -- Socket write failed
  [559] = again,                        -- Socket read failed
  [560] = again,                        -- Socket accept failed
  [561] = network,                      -- Open PDP context failed
  [562] = network,                      -- Close PDP context failed
  [563] = { attach = 1, restart = 4 },  -- Socket identity has been used: attach finds it
  [564] = again,                        -- DNS busy
  [565] = again,                        -- DNS parse failed
  [566] = again,                        -- Socket connection failed: the server, or the port rests
  [567] = again,                        -- Socket has been closed
  [568] = { restart = 5 },              -- Operation busy
  [569] = again,                        -- Operation timeout
  [570] = network,                      -- PDP context broken down
  [571] = again,                        -- Cancel send
  [572] = again,                        -- Operation not allowed
  [573] = network,                      -- APN not configured
  [574] = again,                        -- Port busy

  ["closed"] = { attach = 6 },          -- by the server, or by the network
  ["module reset"] = { attach = 1 },
  ["not acknowledged"] = again,         -- the check of 4.2
  ["send failed"] = again,              -- SEND FAIL, or ERROR instead of SEND OK
  ["not attached"] = network,
  ["timeout"] = { attach = 2, restart = 4 },
  ["no response"] = { attach = 2, restart = 4 },
  ["torn"] = { attach = 3 },            -- the line lost bytes
  ["error"] = { attach = 1, restart = 4 },
  ["invalid argument"] = { stop = 1 },  -- a host that no module can be given
}

--- What to do after a failure: "reconnect", "attach" before it, "restart" the module and
-- attach, or "stop" for good. err, code: as calls return them. failures: how many in a row;
-- same: how many of them in a row with this err and code.
-- A port that is lost stops a session without a question.
function policy.failed(session, err, code, failures, same)
  local mine, all = session.policy.causes or {}, policy.causes
  local remedy = mine[code] or mine[err] or all[code] or all[err] or again
  if remedy.stop and same >= remedy.stop then return "stop" end
  if remedy.restart and failures % remedy.restart == 0 then return "restart" end
  if remedy.attach and failures % remedy.attach == 0 then return "attach" end
  return "reconnect"
end

return policy

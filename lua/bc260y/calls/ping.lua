--- Whether a host answers, and how fast.

local address = require "bc260y.calls.address"
local ask = require "bc260y.calls.ask"
local check = require "bc260y.check"
local decode = require("bc260y.core").decode

local calls, checks = {}, {}

local COUNT, SIZE, TIMEOUT = 4, 32, 4 -- manual 2.3.8
local LOST = 569
local MS = 1000
local MARGIN = 1000 -- ms that a reply may be later than the module waits for it

-- What the lines have said so far. told(reply, index) hears each request's end.
local function new_tally(count, size, timeout, told)
  return {
    count = count,
    size = size,
    time_max = timeout * MS + MARGIN,
    told = told,
    address = nil, -- whose the first reply was
    replies = {},
    code = nil,    -- came alone, and may be one lost request or the end of all
    summary = nil,
  }
end

local function add(tally, reply)
  local index = #tally.replies + 1
  tally.replies[index] = reply
  tally.told(reply, index)
end

-- Something came behind the lone code: it was one request's and not the end.
local function settle(tally)
  local code = tally.code
  tally.code = nil
  if code then add(tally, { lost = true, code = code }) end
end

-- Where each request has told of its end, so many were answered.
local function is_counted(tally, sent, received)
  local answered = 0
  for _, reply in ipairs(tally.replies) do
    if not reply.lost then answered = answered + 1 end
  end
  return #tally.replies ~= sent or answered == received
end

-- Whether it can be the summary of what was asked for: one that lost a digit can't. There
-- may be fewer lines than requests, since lines can be lost.
local function is_possible(tally, sent, received, lost, min, max, avg)
  if sent > tally.count or received + lost ~= sent then return false end
  if received > 0 and not (min <= avg and avg <= max and max <= tally.time_max) then
    return false
  end
  return is_counted(tally, sent, received)
end

local function take_summary(tally, sent, received, lost, min, max, avg)
  if not is_possible(tally, sent, received, lost, min, max, avg) then return end
  local some = received > 0
  tally.summary = {
    address = tally.address, sent = sent, received = received, lost = lost,
    min = some and min / MS or nil, max = some and max / MS or nil,
    avg = some and avg / MS or nil, replies = tally.replies,
  }
end

local function take(tally, line)
  local status, from, bytes, ms, ttl = decode("+QPING result", line)
  -- Of one that lost a field, or a digit, nothing can be believed.
  if status and address.of(from) and bytes == tally.size and ms <= tally.time_max then
    settle(tally)
    tally.address = tally.address or from
    return add(tally, { address = from, bytes = bytes, time = ms / MS, ttl = ttl })
  end
  local code = decode("+QPING code", line)
  if code then
    settle(tally)
    if code == LOST and #tally.replies < tally.count then
      return add(tally, { lost = true, code = code })
    end
    tally.code = code
    return
  end
  local fin, sent, received, lost, min, max, avg = decode("+QPING summary", line)
  if fin then
    settle(tally)
    take_summary(tally, sent, received, lost, min, max, avg)
  end
end

--- Pings a host (manual 2.3.8). While it runs the line takes no other command: count times
-- timeout and 10 s at most. modem:on("ping", fn) hears each request's end as it comes (in
-- block mode, as every hook, when the call is over): fn(reply, index), a reply as below.
-- host: name or IPv4 address, 1-150 bytes. options: count (requests, 1-10; 4), size (bytes
-- of a request, 32-1500, by the manual 200 at most; 32), timeout (whole seconds that each
-- request is waited for, 1-255; 4), limit (seconds for the whole call; none).
-- Result: { address, sent, received, lost (requests), min, max, avg (seconds; nil when none
-- was answered), replies }: a list of { address, bytes, time (seconds), ttl (nil where
-- the module does not say it) } or { lost = true, code = 569 }.
-- A line of another size, or of a longer time than was waited for, is no reply.
-- Or nil, err, code, replies so far: "error" also for a summary that contradicts what was
-- asked for or what was told, "not attached" before the module has an address,
-- "DNS parse failed", 565, "Operation timeout", 569, and others of chapter 3.
function calls.ping(self, host, options)
  options = options or {}
  local count, size, timeout =
    options.count or COUNT, options.size or SIZE, options.timeout or TIMEOUT
  local tally = new_tally(count, size, timeout,
    function(reply, index) self.hooks:emit("ping", reply, index) end)
  local deadline = options.limit and self.pump:now() + options.limit
  local lines, err, code, range = ask.operation(self, deadline,
    function(line) take(tally, line) end,
    "QPING", host, timeout, count, size)
  if not lines then return nil, err, code, range or tally.replies end
  if not tally.summary then return nil, "error", nil, tally.replies end
  return tally.summary
end

local OPTIONS = { count = "number", size = "number", timeout = "number", limit = "number" }

-- timeout is the manual's parameter here: what is out of its range is answered.
function checks.ping(host, options)
  check.kind(host, "string", "host", 3)
  check.fields(options, OPTIONS, 3)
  check.seconds(options and options.limit, "limit", 3)
end

return { calls = calls, checks = checks }

-- `bc260y ping`: whether a host answers: each reply as it comes, and what they add up to.

local bc260y = require "bc260y"
local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local patience = require "bc260y.cli.patience"
local schema = require "bc260y.cli.schema"
local session = require "bc260y.cli.session"
local show = require "bc260y.cli.show"

local LOST = 569 -- what the manual says of a request that nobody answers

-- What the manual calls our arguments.
local names = {host = "HOST", ping_num = "--count", ping_size = "--size", time_out = "--wait"}

local function milliseconds(seconds)
  return ("%.0f ms"):format(seconds * 1000)
end

local function print_reply(reply, index)
  if reply.lost then
    out.line(("request %d: lost"):format(index))
  else
    local ttl = reply.ttl and " ttl=" .. reply.ttl or ""
    out.line(("request %d: %d bytes from %s%s time=%s"):format(index, reply.bytes, reply.address,
      ttl, milliseconds(reply.time)))
  end
end

-- Prints each as it comes. Result: { count }, of those that were printed.
local function follow(modem)
  local told, queue = {count = 0}, modem:on("ping")
  bc260y.spawn(function()
    local reply, index = queue:wait()
    while reply do
      print_reply(reply, index)
      told.count = index
      reply, index = queue:wait()
    end
  end)
  return told
end

local function print_summary(result)
  local times = ""
  if result.received > 0 then
    times = ("; min %s, avg %s, max %s"):format(milliseconds(result.min),
      milliseconds(result.avg), milliseconds(result.max))
  end
  out.line(("%d sent, %d received, %d lost%s"):format(result.sent, result.received, result.lost,
    times))
end

local function ping(modem, options)
  return session.attached(modem, options, function()
    return patience("pinging " .. options.host, modem.ping, modem, options.host, {
      count = options.count, size = options.size, timeout = options.wait,
      limit = options.timeout,
    })
  end)
end

-- What there is at the end. replies: all of them; told: nil, or how many were printed.
local function finish(result, replies, told)
  if not told then
    return show.complete(result or {replies = replies}, schema.ping, json.null())
  end
  -- The last may have come with the end, before the task that prints them ran.
  for index = told.count + 1, #replies do
    print_reply(replies[index], index)
  end
  if result then
    print_summary(result)
  end
end

return function(options)
  local modem = session.open(options)
  local told = not options.json and follow(modem) or nil
  local result, err, code, more = ping(modem, options)
  -- The fourth value is the range of an argument, or the replies so far.
  local replies = result and result.replies or type(more) == "table" and more or {}
  local report = finish(result, replies, told)
  local what = "ping " .. options.host
  if not result and err == "invalid argument" then
    cli.failed(what, err, names[code] or code, more, report)
  elseif not result then
    cli.failed(what, err, code, nil, report)
  elseif result.received == 0 then
    cli.failed(what, bc260y.errors[LOST], LOST, nil, report)
  elseif options.json then
    json.print(report)
  end
end

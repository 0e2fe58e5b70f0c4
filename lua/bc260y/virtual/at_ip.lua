-- QIDNSGIP, QIDNSCFG, QPING and QNTP: sections 2.3.6 to 2.3.9.

local address = require "bc260y.virtual.address"
local clock = require "bc260y.virtual.clock"
local parse = require "bc260y.virtual.parse"
local rrc = require "bc260y.virtual.rrc"
local sockets = require "bc260y.virtual.sockets"

local HOST_MAX, SERVER_MAX = 150, 64
local DNS_BUSY, BUSY, TIMED_OUT, NOT_YET = 564, 568, 569, 572

local function quoted(text, yes)
  return yes and '"' .. text .. '"' or text
end

-- 2.3.6 note 2: only the first address; the ttl is always 0.
local function say_addresses(module, answer, list)
  local form = module.traits.dns_addresses
  answer:second(("+QIDNSGIP: 0,%d,0"):format(form == "first" and 1 or #list))
  for place = 1, form == "all" and #list or 1 do
    answer:second("+QIDNSGIP: " .. quoted(list[place], module.traits.dns_quoted))
  end
end

local function qidnsgip(module, answer, raw)
  local args = parse.reader(raw)
  args:int(0, 0)
  local name = args:str(HOST_MAX)
  if not args:done() then return answer:fail(552) end
  if not module.address then return answer:fail(NOT_YET) end
  answer:ok()
  if module.dns_busy then return answer:second("+QIDNSGIP: " .. DNS_BUSY) end
  module.dns_busy = true
  sockets.resolve(module, name, function(list, code)
    module.dns_busy = false
    if not list then return answer:second(("+QIDNSGIP: %d"):format(code)) end
    say_addresses(module, answer, list)
  end)
end

local function servers(module)
  local list, set = module.identity.dns, module.dns_set
  local function server(place) return set[place] or list[place] or "" end
  return server(1), server(2), server(3), server(4)
end

-- Fields, or the whole line, may be missing (2.3.7); the form is a trait.
local function servers_line(module)
  local network, form = module.traits.network, module.traits.dns_servers
  local pri4, sec4, pri6, sec6 = servers(module)
  local v4 = network ~= "v6" and (',"%s","%s"'):format(pri4, sec4) or ",,"
  local v6 = network ~= "v4" and (',"%s","%s"'):format(pri6, sec6)
  if form == "primary" then
    return network == "v6" and (',,,"%s"'):format(pri6) or (',"%s"'):format(pri4)
  elseif form == "all" then
    return v4 .. (v6 or ',"",""')
  end
  return v4 .. (v6 or "")
end

local function qidnscfg_query(module, answer)
  if module.traits.dns_servers ~= "none" then
    answer:info("+QIDNSCFG: 0" .. servers_line(module))
  end
  answer:ok()
end

-- Where a server is kept: 1 and 2 for IPv4, 3 and 4 for IPv6; nil if the network
-- can't use it (2.3.7 note 2).
local function server_place(module, text, place)
  local network = module.traits.network
  if address.is_v4(text) and network ~= "v6" then return place end
  if address.is_v6(text) and network ~= "v4" then return place + 2 end
  return nil
end

local function qidnscfg(module, answer, raw)
  local args = parse.reader(raw)
  args:int(0, 0)
  if args:done() then return qidnscfg_query(module, answer) end
  local primary = args:str(SERVER_MAX)
  local secondary = args:more() and args:str(SERVER_MAX) or nil
  if not args:done() then return answer:fail(552) end
  if not module.address then return answer:fail(NOT_YET) end
  local first = server_place(module, primary, 1)
  local second = secondary and server_place(module, secondary, 2)
  if not first or secondary and not second then return answer:fail(552) end
  module.dns_set[first] = primary
  if second then module.dns_set[second] = secondary end
  answer:ok()
end

local function ping_summary(module, answer, tally)
  module.ping_busy = false
  if tally.received == 0 and module.traits.ping_all_lost ~= "summary" then
    return answer:second("+QPING: " .. TIMED_OUT)
  end
  local average = tally.received > 0 and math.floor(tally.sum / tally.received + 0.5) or 0
  answer:second(("+QPING: 0,%d,%d,%d,%d,%d,%d"):format(tally.sent, tally.received,
    tally.sent - tally.received, tally.min or 0, tally.max or 0, average))
end

-- Lost ones are told at once; with ping_all_lost "alone" only once one has come back, so
-- that one code can stand for all of them.
local function ping_lost(module, answer, tally)
  if module.traits.ping_all_lost == "alone" and tally.received == 0 then
    tally.untold = tally.untold + 1
  else
    answer:second("+QPING: " .. TIMED_OUT)
  end
end

local function ping_result(module, answer, tally, spec, ms, ttl)
  tally.sent = tally.sent + 1
  if not ms then return ping_lost(module, answer, tally) end
  for _ = 1, tally.untold do answer:second("+QPING: " .. TIMED_OUT) end
  ms, tally.untold = math.floor(ms + 0.5), 0
  tally.received, tally.sum = tally.received + 1, tally.sum + ms
  tally.min, tally.max = math.min(tally.min or ms, ms), math.max(tally.max or ms, ms)
  local line = ("+QPING: 0,%s,%d,%d"):format(quoted(spec.address, module.traits.ping_quoted),
    spec.size, ms)
  answer:second(module.traits.ping_ttl and ("%s,%d"):format(line, ttl or 64) or line)
end

local function ping_next(module, answer, tally, spec)
  if tally.sent == spec.count then return ping_summary(module, answer, tally) end
  local generation = module.generation
  rrc.uplink(module, 0)
  module.net:ping(spec.address, spec.size, spec.timeout, function(ms, ttl)
    if module.generation ~= generation then return end
    ping_result(module, answer, tally, spec, module.address and ms, ttl)
    ping_next(module, answer, tally, spec)
    module:wake()
  end)
end

local function ping_arguments(module, raw)
  local args = parse.reader(raw)
  args:int(0, 0)
  local before = module.traits.remember_optional and module.previous or {}
  local spec = { host = args:str(HOST_MAX) }
  spec.timeout = args:int_or(before.ping_timeout or 4, 1, 255)
  spec.count = args:int_or(before.ping_count or 4, 1, 10)
  spec.size = args:int_or(before.ping_size or 32, 32, module.traits.ping_size_max)
  return args:done() and not address.is_v6(spec.host) and spec or nil
end

local function qping(module, answer, raw)
  local spec = ping_arguments(module, raw)
  if not spec then return answer:fail(552) end
  if not module.address then return answer:fail(NOT_YET) end
  local before = module.previous
  before.ping_timeout, before.ping_count, before.ping_size = spec.timeout, spec.count, spec.size
  answer:ok()
  if module.ping_busy then return answer:second("+QPING: " .. BUSY) end
  module.ping_busy = true
  sockets.resolve(module, spec.host, function(list, code)
    if not list then
      module.ping_busy = false
      return answer:second(("+QPING: %d"):format(code))
    end
    spec.address = list[1]
    ping_next(module, answer, { sent = 0, received = 0, sum = 0, untold = 0 }, spec)
  end)
end

-- The manual's example has local time and :35 after the seconds, in two editions; its
-- format has no zone, and its text says that it is UTC.
local function ntp_text(module, utc)
  local text, plain = clock.text(utc + module.zone * 900, 2), clock.text(utc, 2)
  local zone = ("%+03d"):format(module.zone)
  local forms = { odd = text .. ":35" .. zone, zone = text .. zone, plain = plain,
    odd_plain = plain .. ":35" }
  return forms[module.traits.ntp_form]
end

local function ntp_answer(module, answer, spec, utc)
  module.ntp_busy = false
  if not utc then return answer:second("+QNTP: " .. TIMED_OUT) end
  if spec.set == 1 then module.clock_offset = utc - module.now() end
  answer:second(('+QNTP: 0,"%s"'):format(ntp_text(module, utc)))
end

local function qntp(module, answer, raw)
  local args = parse.reader(raw)
  args:int(0, 0)
  local before = module.traits.remember_optional and module.previous or {}
  local spec = { host = args:str(HOST_MAX) }
  spec.port = args:int_or(before.ntp_port or 123, 1, 65535)
  spec.set = args:int_or(before.ntp_set or module.traits.ntp_set, 0, 1)
  if not args:done() or address.is_v6(spec.host) then return answer:fail(552) end
  if not module.address then return answer:fail(NOT_YET) end
  module.previous.ntp_port, module.previous.ntp_set = spec.port, spec.set
  answer:ok()
  if module.ntp_busy then return answer:second("+QNTP: " .. BUSY) end
  module.ntp_busy = true
  sockets.resolve(module, spec.host, function(list, code)
    if not list then
      module.ntp_busy = false
      return answer:second(("+QNTP: %d"):format(code))
    end
    local generation = module.generation
    rrc.uplink(module, 0)
    module.net:ntp(list[1], spec.port, function(utc)
      if module.generation ~= generation then return end
      ntp_answer(module, answer, spec, module.address and utc)
      module:wake()
    end)
  end)
end

return {
  ["+QIDNSGIP"] = { set = qidnsgip, test = "+QIDNSGIP: (0-11),<host_name>" },
  ["+QIDNSCFG"] = { set = qidnscfg, test = "+QIDNSCFG: (0-11),<pridnsaddr>,<secdnsaddr>" },
  ["+QPING"] = { set = qping,
    test = function(module, answer)
      answer:info(("+QPING: (0-11),<host>,(1-255),(1-10),(32-%d)"):format(
        module.traits.ping_size_max))
      answer:ok()
    end },
  ["+QNTP"] = { set = qntp, test = "+QNTP: (0-11),<server>,<port>,(0,1)" },
}

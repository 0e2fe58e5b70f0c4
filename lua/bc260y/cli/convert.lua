-- What is typed into a value: each function takes a text and gives the value, or nil and
-- what is wrong with it. Knows no option; ranges of the module's own are the library's.

local address = require "bc260y.virtual.address"

local convert = {}

local function to_seconds(text)
  local value = tonumber(text)
  return value and value >= 0 and value or nil
end

function convert.seconds(text)
  local value = to_seconds(text)
  if not value then
    return nil, "'" .. text .. "' is not a number of seconds from 0 on"
  end
  return value
end

-- More than none.
function convert.duration(text)
  local value = to_seconds(text)
  if not value or value == 0 then
    return nil, "'" .. text .. "' is not a number of seconds above 0"
  end
  return value
end

function convert.whole(low, high)
  return function(text)
    local value = text:match("^%d+$") and tonumber(text)
    if not value or value < low or value > high then
      return nil, ("'%s' is not a number from %d to %d"):format(text, low, high)
    end
    return value
  end
end

-- A whole number, of which the library knows the range.
function convert.number(text)
  local value = text:match("^%-?%d+$") and tonumber(text)
  if not value then
    return nil, "'" .. text .. "' is not a whole number"
  end
  return value
end

-- Seconds that a timer of the module can say. encode: of bc260y.timers.
function convert.timer(encode)
  return function(text)
    local value, err = convert.seconds(text)
    if not value then
      return nil, err
    end
    local bits, range = encode(value)
    if not bits then
      return nil, ("'%s' is not a number of seconds from %s"):format(text, range)
    end
    return value
  end
end

-- NAME=VALUE, or NAME for traits that are on or off.
function convert.trait(text)
  local name, value = text:match("^([^=]+)=(.*)$")
  return {name or text, value}
end

function convert.host_name(text)
  local name, value = text:match("^([^=]+)=(.*)$")
  if not name then
    return nil, "'" .. text .. "' is not NAME=ADDRESS"
  end
  if not address.is_v4(value) and not address.is_v6(value) then
    return nil, "'" .. value .. "' is not an IP address"
  end
  return {name, value}
end

function convert.tcp_place(text)
  local host, port = text:match("^(.+):(%d+)$")
  port = tonumber(port or text:match("^%d+$"))
  if not port or port > 65535 then
    return nil, "'" .. text .. "' is not [HOST:]PORT with a port from 0 to 65535"
  end
  return (host or "127.0.0.1") .. ":" .. port
end

-- Of a server of names. Result: { address, port }.
function convert.name_server(text)
  local host, port = text:match("^(.+):(%d+)$")
  port = tonumber(port)
  if not port or port < 1 or port > 65535 or not (address.is_v4(host) or address.is_v6(host)) then
    return nil, "'" .. text .. "' is not ADDRESS:PORT with a port from 1 to 65535"
  end
  return {host, port}
end

-- What fits into sockaddr_un beside its NUL.
local UNIX_PATH_MAX = 107

function convert.unix_path(text)
  if #text > UNIX_PATH_MAX then
    return nil, ("a socket's path has at most %d bytes, this one %d"):format(UNIX_PATH_MAX, #text)
  end
  return text
end

return convert

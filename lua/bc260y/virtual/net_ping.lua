-- One ICMP echo by luv, where the system allows the socket. Knows no AT command.

local host = require "bc260y.host"
local uv = require "luv"

-- Pings address once: callback(ms, ttl), or callback(nil) for a lost one.
local function once(address, size, timeout_s, sequence, callback)
  local fd, raw = host.icmp()
  local poll, timer
  local function finish(ms, ttl)
    if not timer then return end
    if poll then poll:close() end
    timer:close()
    timer = nil
    if fd then host.close(fd) end
    callback(ms, ttl)
  end
  timer = uv.new_timer()
  timer:start(timeout_s * 1000, 0, function() finish(nil) end)
  if not fd then return end
  local id = uv.os_getpid() % 65536
  local started = uv.hrtime()
  if not host.echo(fd, address, id, sequence % 65536, size) then return end
  poll = uv.new_poll(fd)
  poll:start("r", function(err)
    local got, ttl, from = host.echoed(fd, raw)
    -- The kernel gives a datagram socket an id of its own, and only its replies.
    if err or got ~= sequence % 65536 or raw and from ~= id then return end
    finish((uv.hrtime() - started) / 1e6, ttl)
  end)
end

return { once = once }

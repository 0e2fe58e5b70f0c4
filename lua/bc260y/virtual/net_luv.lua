-- The network seam (net_script.lua says what it asks) on real sockets, by luv.
-- Knows sockets and the system's resolver, nothing of AT commands.

local dns = require "bc260y.virtual.net_dns"
local host = require "bc260y.host"
local ping = require "bc260y.virtual.net_ping"
local uv = require "luv"

local LINGER_MS = 2000         -- how long a closed connection may take to flush
local NTP_TIMEOUT_MS = 10000
local NTP_EPOCH = 2208988800   -- 1900 to 1970, seconds

local function close_handle(handle)
  if not handle:is_closing() then handle:close() end
end

local function once_after(ms, fn)
  local timer = uv.new_timer()
  timer:start(ms, 0, function()
    close_handle(timer)
    fn()
  end)
  return timer
end

local tcp_methods = {}
local tcp_mt = { __name = "bc260y.virtual.tcp", __index = tcp_methods }

function tcp_methods:write(bytes)
  self.tcp:write(bytes, function(err)
    if err then self:ended() end
  end)
end

-- What libuv still holds and what the kernel has no acknowledgement for.
function tcp_methods:unacked()
  local queued = self.tcp:get_write_queue_size()
  local fd = self.tcp:fileno()
  return queued + (fd and host.outq(fd) or 0)
end

function tcp_methods:local_port()
  local name = self.tcp:getsockname()
  return name and name.port
end

function tcp_methods:pause(yes)
  if self.closed or self.finished then return end
  if yes then self.tcp:read_stop() else self:read() end
end

function tcp_methods:ended()
  if self.closed or self.finished then return end
  self.finished = true
  self.events.closed()
end

function tcp_methods:read()
  self.tcp:read_start(function(err, bytes)
    if bytes and not self.closed then
      self.events.data(bytes)
    elseif err or not bytes then
      self:ended()
      if self.closed then close_handle(self.tcp) end
    end
  end)
end

-- Closing with unread bytes would send RST and take sent bytes with it: read on
-- until the peer has closed too, for a while.
function tcp_methods:close()
  if self.closed then return end
  self.closed = true
  if not self.connected or self.finished then return close_handle(self.tcp) end
  once_after(LINGER_MS, function() close_handle(self.tcp) end)
  self.tcp:shutdown(function(err)
    if err then close_handle(self.tcp) end
  end)
  self:read()
end

local function connect_tcp(address, port, local_port, events)
  local tcp = uv.new_tcp()
  local handle = setmetatable({
    tcp = tcp, events = events,
    connected = false,
    closed = false,            -- by the module
    finished = false,          -- by the peer or an error
  }, tcp_mt)
  if local_port ~= 0 then
    local bound = tcp:bind(address:find(":") and "::" or "0.0.0.0", local_port)
    if not bound then
      close_handle(tcp)
      return nil, 556
    end
  end
  tcp:nodelay(true)
  local started = tcp:connect(address, port, function(err)
    if handle.closed then return end
    if err then return events.failed(566) end
    handle.connected = true
    events.connected()
    if not handle.closed then handle:read() end
  end)
  if not started then
    close_handle(tcp)
    return nil, 566
  end
  return handle
end

local udp_methods = {}
local udp_mt = { __name = "bc260y.virtual.udp", __index = udp_methods }

function udp_methods:write(bytes)
  self.udp:send(bytes, nil, nil, function() end)
end

function udp_methods.unacked()
  return nil
end

function udp_methods:local_port()
  local name = self.udp:getsockname()
  return name and name.port
end

function udp_methods:close()
  self.closed = true
  close_handle(self.udp)
end

local function connect_udp(address, port, local_port, events)
  local udp = uv.new_udp()
  local handle = setmetatable({ udp = udp, closed = false }, udp_mt)
  local any = address:find(":") and "::" or "0.0.0.0"
  if not udp:bind(any, local_port) then
    close_handle(udp)
    return nil, 556
  end
  if not udp:connect(address, port) then
    close_handle(udp)
    return nil, 566
  end
  udp:recv_start(function(_, bytes)
    -- An ICMP "refused" is no news to a module; nil only ends a batch.
    if bytes and bytes ~= "" and not handle.closed then events.data(bytes) end
  end)
  once_after(0, function()
    if not handle.closed then events.connected() end
  end)
  return handle
end

local net_methods = {}
local net_mt = { __name = "bc260y.virtual.net_luv", __index = net_methods }

function net_methods.connect(_, kind, address, port, local_port, events)
  local connect = kind == "TCP" and connect_tcp or connect_udp
  return connect(address, port, local_port, events)
end

-- IPv4 addresses first: most NB-IoT networks know no others. servers: those that the host
-- has set; they are asked only where a name server is given at all, at its port.
function net_methods:resolve(name, callback, servers)
  local own = self.name_server
  if own then return dns.resolve(servers or { own[1] }, own[2], name, callback) end
  local started = uv.getaddrinfo(name, nil, { socktype = "stream" }, function(err, found)
    local list, others = {}, {}
    for _, entry in ipairs(not err and found or {}) do
      local into = entry.family == "inet" and list or others
      into[#into + 1] = entry.addr
    end
    for _, address in ipairs(others) do list[#list + 1] = address end
    callback(list[1] and list or nil)
  end)
  if not started then callback(nil) end
end

function net_methods:ping(address, size, timeout_s, callback)
  self.ping_sequence = self.ping_sequence + 1
  ping.once(address, size, timeout_s, self.ping_sequence, callback)
end

-- The transmit time of an SNTP answer (RFC 4330), or nil.
local function ntp_time(bytes)
  if #bytes < 48 then return nil end
  local mode, stratum = bytes:byte(1) % 8, bytes:byte(2)
  local a, b, c, d = bytes:byte(41, 44)
  local seconds = ((a * 256 + b) * 256 + c) * 256 + d
  if mode ~= 4 or stratum == 0 or seconds == 0 then return nil end
  -- The 32-bit count starts again in 2036.
  if seconds < 2147483648 then seconds = seconds + 4294967296 end
  return seconds - NTP_EPOCH
end

function net_methods.ntp(_, address, port, callback)
  local handle, timer
  local function finish(utc)
    if not timer then return end
    close_handle(timer)
    timer = nil
    if handle then handle:close() end
    callback(utc)
  end
  timer = once_after(NTP_TIMEOUT_MS, function() finish(nil) end)
  handle = connect_udp(address, port, 0, {
    connected = function() handle:write("\35" .. ("\0"):rep(47)) end,
    data = function(bytes) finish(ntp_time(bytes)) end,
  })
  if not handle then finish(nil) end
end

-- options.name_server: { address, port } of a server that is asked for names instead of
-- the system's resolver.
local function new(options)
  return setmetatable({ ping_sequence = 0, name_server = options and options.name_server },
    net_mt)
end

return { new = new, ntp_time = ntp_time }

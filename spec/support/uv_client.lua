-- Clients and servers by luv for integration specs that must not lean on the
-- driver. Every wait is bounded; nothing measures time.

local uv = require "luv"

local support = {}

local PATIENCE_MS = 10000
local AGAIN_MS = 20

-- Runs the loop until done() is true; false if it never was.
function support.wait(done, patience_ms)
  local timer, over = uv.new_timer(), false
  -- It repeats: one that fires as run() begins would leave it waiting for something else.
  timer:start(patience_ms or PATIENCE_MS, AGAIN_MS, function() over = true end)
  while not done() and not over do uv.run("once") end
  timer:close()
  uv.run("nowait")
  return done()
end

local client_methods = {}
local client_mt = { __index = client_methods }

function client_methods:write(bytes)
  self.stream:write(bytes)
end

-- Waits until text stands in what has come, gives everything up to its end and
-- drops it. Raises with what did come.
function client_methods:expect(text)
  local stop
  support.wait(function()
    stop = select(2, self.text:find(text, 1, true))
    return stop or self.ended
  end)
  if not stop then error(("no %q in %q"):format(text, self.text), 2) end
  local got = self.text:sub(1, stop)
  self.text = self.text:sub(stop + 1)
  return got
end

-- Waits for count bytes.
function client_methods:take(count)
  support.wait(function() return #self.text >= count or self.ended end)
  local got = self.text:sub(1, count)
  self.text = self.text:sub(count + 1)
  return got
end

-- A command and everything up to its expected end.
function client_methods:send(text, expected)
  self:write(text .. "\r")
  return self:expect(expected or "\r\nOK\r\n")
end

function client_methods:wait_end()
  return support.wait(function() return self.ended end)
end

function client_methods:close()
  if not self.stream:is_closing() then self.stream:close() end
  uv.run("nowait")
end

local function client_of(stream)
  local client = setmetatable({ stream = stream, text = "", ended = false }, client_mt)
  stream:read_start(function(err, bytes)
    if bytes then client.text = client.text .. bytes end
    if err or not bytes then client.ended = true end
  end)
  return client
end

local function connected(stream, connect)
  local result
  connect(function(err) result = err or true end)
  support.wait(function() return result end)
  if result ~= true then
    stream:close()
    return nil, result
  end
  return client_of(stream)
end

-- port: a device, "unix:/path" or "tcp://host:port". Gives a client, or nil, error.
function support.open(port)
  local path = port:match("^unix:(.*)$")
  if path then
    local stream = uv.new_pipe(false)
    return connected(stream, function(fn) stream:connect(path, fn) end)
  end
  local host, number = port:match("^tcp://(.*):(%d+)$")
  if host then
    local stream = uv.new_tcp()
    return connected(stream, function(fn) stream:connect(host, tonumber(number), fn) end)
  end
  local fd, err = uv.fs_open(port, "r+", 0)
  if not fd then return nil, err end
  local stream = uv.new_pipe(false)
  stream:open(fd)
  return client_of(stream)
end

local server_methods = {}
local server_mt = { __index = server_methods }

-- The next client that has connected.
function server_methods:accept()
  support.wait(function() return #self.waiting > 0 end)
  return table.remove(self.waiting, 1)
end

function server_methods:close()
  for _, client in ipairs(self.all) do client:close() end
  self.handle:close()
  uv.run("nowait")
end

-- A TCP server on loopback; lazy: it accepts but never reads.
function support.tcp_server(lazy)
  local handle = uv.new_tcp()
  handle:bind("127.0.0.1", 0)
  if lazy then handle:recv_buffer_size(4096) end
  local server = setmetatable({ handle = handle, waiting = {}, all = {},
    port = handle:getsockname().port }, server_mt)
  handle:listen(16, function()
    local stream = uv.new_tcp()
    handle:accept(stream)
    local client = lazy and setmetatable({ stream = stream, text = "" }, client_mt)
      or client_of(stream)
    table.insert(server.waiting, client)
    table.insert(server.all, client)
  end)
  return server
end

-- A UDP server; answer(bytes) gives what goes back to the sender, or nil.
function support.udp_server(answer)
  local handle = uv.new_udp()
  handle:bind("127.0.0.1", 0)
  local server = { handle = handle, port = handle:getsockname().port, received = {} }
  handle:recv_start(function(_, bytes, from)
    if not from then return end
    server.from = from
    table.insert(server.received, bytes)
    local back = answer and answer(bytes)
    if back then handle:send(back, from.ip, from.port, function() end) end
  end)
  function server.close()
    handle:close()
    uv.run("nowait")
  end
  return server
end

return support

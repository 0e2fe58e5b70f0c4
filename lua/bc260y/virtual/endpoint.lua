-- Where a virtual module can be reached: a pty with a symlink, a unix socket, a
-- TCP port. An endpoint gives a stream of the client, or none; knows no module.

local host = require "bc260y.host"
local uv = require "luv"

-- A symlink may be replaced if what it names is gone, or is our own new pty.
local function make_link(link, path)
  local there = uv.fs_lstat(link)
  if there then
    local target = there.type == "link" and uv.fs_readlink(link)
    if not target then return nil, link .. " exists and is no symlink" end
    if target ~= path and uv.fs_stat(link) then
      return nil, link .. " is in use: it leads to " .. target
    end
    uv.fs_unlink(link)
  end
  local made, err = uv.fs_symlink(path, link)
  if not made then return nil, "cannot make " .. link .. ": " .. tostring(err) end
  return true
end

local function remove_link(link, path)
  if uv.fs_readlink(link) == path then uv.fs_unlink(link) end
end

local function open_pty(link, on_client)
  local master, path, slave = host.openpty()
  if not master then return nil, "no pty: " .. path end
  if link then
    local made, err = make_link(link, path)
    if not made then
      host.close(master)
      host.close(slave)
      return nil, err
    end
  end
  local pipe = uv.new_pipe(false)
  pipe:open(master)
  return {
    name = link or path, shown = link and ("%s (%s)"):format(link, path) or path,
    speed = function() return host.speed(slave) end,
    start = function() on_client(pipe) end,
    close = function()
      if link then remove_link(link, path) end
      if not pipe:is_closing() then pipe:close() end
      host.close(slave)
    end,
  }
end

-- One client at a time: the line has one other end.
local function accept(server, make_stream, on_client)
  local current
  return function(err)
    if err then return end
    local stream = make_stream()
    server:accept(stream)
    if current and not current:is_closing() then return stream:close() end
    if stream.nodelay then stream:nodelay(true) end -- a serial line holds nothing back
    current = stream
    on_client(stream)
  end
end

local function listening(server, name, make_stream, on_client)
  local ok, err = server:listen(4, accept(server, make_stream, on_client))
  if not ok then
    server:close()
    return nil, ("cannot listen on %s: %s"):format(name, tostring(err))
  end
  return {
    name = name, shown = name,
    start = function() end,
    close = function()
      if not server:is_closing() then server:close() end
    end,
  }
end

-- A socket file nobody listens on is left over from a killed process.
local function remove_stale_socket(path)
  local there = uv.fs_lstat(path)
  if not there or there.type ~= "socket" then return end
  local probe, done, refused = uv.new_pipe(false), false, false
  probe:connect(path, function(err)
    done, refused = true, err ~= nil
    probe:close()
  end)
  while not done do uv.run("once") end
  if refused then uv.fs_unlink(path) end
end

local function open_unix(path, on_client)
  remove_stale_socket(path)
  local server = uv.new_pipe(false)
  local bound, err = server:bind(path)
  if not bound then
    server:close()
    return nil, ("cannot bind unix:%s: %s"):format(path, tostring(err))
  end
  -- libuv unlinks the path itself when the server closes.
  return listening(server, "unix:" .. path, function() return uv.new_pipe(false) end, on_client)
end

local function open_tcp(spec, on_client)
  local address, port = spec:match("^%[?([^%]]-)%]?:(%d+)$")
  local server = uv.new_tcp()
  local bound, err
  if address then
    if address == "localhost" then address = "127.0.0.1" end
    bound, err = server:bind(address, tonumber(port))
  else
    err = "write host:port"
  end
  if not bound then
    server:close()
    return nil, ("cannot bind tcp://%s: %s"):format(spec, tostring(err))
  end
  local form = address:find(":") and "tcp://[%s]:%d" or "tcp://%s:%d"
  local name = form:format(address, server:getsockname().port)
  return listening(server, name, function() return (uv.new_tcp()) end, on_client)
end

-- spec is { pty = true or the path of a symlink }, { unix = path } or { tcp =
-- "host:port" }; on_client(stream) is called for each client. Gives an endpoint
-- (name, shown, start, close; a pty also speed: the rate its client has set) or
-- nil, message.
local function open(spec, on_client)
  if spec.pty then return open_pty(spec.pty ~= true and spec.pty or nil, on_client) end
  if spec.unix then return open_unix(spec.unix, on_client) end
  if spec.tcp then return open_tcp(spec.tcp, on_client) end
  return nil, "an endpoint is pty, unix or tcp"
end

return { open = open }

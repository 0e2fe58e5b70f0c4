-- The other side of a port, for specs: a pty's master, an accepted socket.
--
-- It knows how to make the pair and how to speak at its far end, by plain reads and
-- writes of the descriptor. It knows nothing of modems. Every wait is bounded.
local uv = require "luv"
local core = require "bc260y.core"
local host = require "bc260y.host"

local WAIT_SECONDS = 5

local peer_methods = {}
local peer_mt = { __name = "spec.peer", __index = peer_methods }

local function new_peer(fields)
  return setmetatable({
    name = fields.name,         -- what core.open takes
    keeps = fields.keeps,       -- its system keeps what was said before a hang-up
    fd = fields.fd,             -- nil until accepted, and after the end
    listener = fields.listener,
    handle = nil,               -- an accepted socket
    hang_up = fields.hang_up,   -- function(self)
    path = fields.path,         -- to be removed at the end
  }, peer_mt)
end

-- Waits for the connection that core.open has made.
function peer_methods:accept()
  if self.fd then return self end
  local limit = core.now() + WAIT_SECONDS
  while not self.handle do
    uv.run("nowait")
    assert(core.now() < limit, "nobody connected")
  end
  self.fd = assert(self.handle:fileno())
  return self
end

-- How many of the bytes fitted; 0 when none did.
function peer_methods:write_some(bytes)
  local count, err, code = uv.fs_write(self.fd, bytes, -1)
  if count then return count end
  assert(code == "EAGAIN", err)
  return 0
end

function peer_methods:write(bytes)
  assert(self:write_some(bytes) == #bytes, "the peer's own buffer is full")
end

-- What has come, at least a byte of it.
function peer_methods:read_some()
  assert(core.poll({ self.fd }, WAIT_SECONDS), "nothing came")
  return assert(uv.fs_read(self.fd, 65536, -1))
end

-- Exactly count bytes.
function peer_methods:read(count)
  local parts, size = {}, 0
  while size < count do
    local bytes = self:read_some()
    parts[#parts + 1] = bytes
    size = size + #bytes
  end
  local all = table.concat(parts)
  assert(#all == count, "more came than was awaited")
  return all
end

function peer_methods:close()
  if self.fd then self:hang_up() end
  self.fd = nil
  if self.listener and not self.listener:is_closing() then self.listener:close() end
  if self.handle and not self.handle:is_closing() then self.handle:close() end
  uv.run("nowait")
  if self.path then os.remove(self.path) end
end

local function hang_up_handle(self)
  self.handle:close()
  uv.run("nowait")
end

local function listen(fields, listener)
  fields.listener = listener
  fields.keeps = true
  fields.hang_up = hang_up_handle
  local self = new_peer(fields)
  assert(listener:listen(8, function(err)
    assert(not err, err)
    if self.handle then return end
    self.handle = fields.new_handle()
    listener:accept(self.handle)
  end))
  return self
end

local peer = {}

function peer.pty()
  local master, path, slave = assert(host.openpty())
  return new_peer {
    name = path,
    keeps = false,
    fd = master,
    hang_up = function()
      host.close(slave)
      host.close(master)
    end,
  }
end

-- A name below /tmp that nothing has yet.
function peer.free_path()
  local path = os.tmpname()
  os.remove(path)
  return path
end

function peer.unix()
  local path = peer.free_path()
  local listener = uv.new_pipe(false)
  assert(listener:bind(path))
  return listen({
    name = "unix:" .. path,
    path = path,
    new_handle = function() return uv.new_pipe(false) end,
  }, listener)
end

function peer.tcp()
  local listener = uv.new_tcp()
  assert(listener:bind("127.0.0.1", 0))
  local self = listen({ new_handle = uv.new_tcp }, listener)
  self.name = "tcp://127.0.0.1:" .. listener:getsockname().port
  return self
end

return peer

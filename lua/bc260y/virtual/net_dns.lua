-- Names asked of name servers by UDP. Knows luv, servers and time; the bytes are in dns.lua.

local dns = require "bc260y.virtual.dns"
local uv = require "luv"

local ANSWER_MS = 2000         -- how long a server is waited for
local ID_MAX = 65535

local function close(handle)
  if handle and not handle:is_closing() then handle:close() end
end

-- Asks one server once: callback(list), or callback(nil) if it says nothing usable.
local function ask(server, port, name, kind, callback)
  local id = uv.hrtime() % ID_MAX
  local text = dns.question(id, name, kind)
  if not text then return callback({}) end
  local udp, timer = uv.new_udp(), uv.new_timer()
  local function finish(list)
    if not timer then return end
    close(udp)
    close(timer)
    timer = nil
    callback(list)
  end
  timer:start(ANSWER_MS, 0, function() finish(nil) end)
  if not udp:connect(server, port) then return finish(nil) end
  udp:recv_start(function(err, bytes)
    if err then return finish(nil) end
    local list
    if bytes then list = dns.answer(bytes, id) end
    if list ~= nil then finish(list or nil) end
  end)
  udp:send(text, nil, nil, function(err)
    if err then finish(nil) end
  end)
end

-- Both kinds of one server, IPv4 first: most NB-IoT networks know no other.
local function ask_both(server, port, name, callback)
  ask(server, port, name, "A", function(list)
    if not list then return callback(nil) end
    ask(server, port, name, "AAAA", function(more)
      for _, address in ipairs(more or {}) do list[#list + 1] = address end
      callback(list)
    end)
  end)
end

-- Asks the servers in turn until one answers: callback(list | nil).
local function resolve(servers, port, name, callback, place)
  place = place or 1
  if not servers[place] then return callback(nil) end
  ask_both(servers[place], port, name, function(list)
    if not list then return resolve(servers, port, name, callback, place + 1) end
    callback(list[1] and list or nil)
  end)
end

return { resolve = resolve }

-- The same bytes, cut in the same way, and the same calls, to LuaSocket over loopback
-- and to a TCP socket of ours on a scripted port: the same results.

local script = require "spec.support.port"

local luasocket -- required by the integration spec alone

local CASES = 300
local CALLS = 12

-- A generator of its own: the same cases on every Lua.
local function new_random(seed)
  local state = seed
  return function(max)
    state = (state * 16807) % 2147483647
    return state % max + 1
  end
end

local texts = {
  "\n", "\r\n", "\r", "a", "bc", "line\n", "line\r\n", "x\ry\n", "", "\n\n", "\0\255",
}

local function piece(random)
  local parts = {}
  for i = 1, random(6) do parts[i] = texts[random(#texts)] end
  if random(10) == 1 then parts[#parts + 1] = ("z"):rep(random(900)) end
  local bytes = table.concat(parts)
  return #bytes > 0 and bytes or "q"
end

local patterns = { "*l", "*a", 0, 1, 2, 5, 40, 1000, nil }

-- What one side gives for these calls; side: receive(pattern, prefix), more(bytes), close().
local function play(random, side)
  local results = {}
  local partial
  for i = 1, CALLS do
    if random(3) == 1 then side.more(piece(random)) end
    if i == CALLS - 3 then side.close() end
    local pattern = patterns[random(9)]
    local prefix = random(3) == 1 and partial or random(8) == 1 and "pre" or nil
    local data, err, rest = side.receive(pattern, prefix)
    partial = rest
    results[i] = ("%s %s: %q %s %q"):format(tostring(pattern), tostring(prefix), tostring(data),
      tostring(err), tostring(rest))
  end
  return results
end

local function real_side(server)
  local host, port = server:getsockname()
  local client = assert(luasocket.connect(host, port))
  local peer = assert(server:accept())
  client:settimeout(0)
  local open = true
  return {
    receive = function(...) return client:receive(...) end,
    more = function(bytes)
      if not open then return end
      assert(peer:send(bytes))
      -- Loopback hands the bytes over at once, but say so rather than hope.
      luasocket.select({ client }, nil, 5)
    end,
    close = function()
      open = false
      peer:close()
      luasocket.select({ client }, nil, 5)
    end,
    done = function() client:close() end,
  }
end

local function our_side()
  local socket, port, modem = script.connected("")
  socket:settimeout(0)
  local open = true
  return {
    receive = function(...) return socket:receive(...) end,
    more = function(bytes)
      if not open then return end
      port:say('\r\n+QIURC: "recv",0,' .. #bytes .. ',"' .. bytes .. '"\r\n')
    end,
    close = function()
      open = false
      port:say('\r\n+QIURC: "closed",0\r\n')
      port:play("> AT+QICLOSE=0\n< OK\n< CLOSE OK")
    end,
    done = function() modem:close() end,
  }
end

describe("tcp:receive #integration", function()
  it("gives what LuaSocket gives, for " .. CASES .. " cases", function()
    luasocket = require "socket"
    local server = assert(luasocket.bind("127.0.0.1", 0))
    for seed = 1, CASES do
      local real, ours = real_side(server), our_side()
      local want, got = play(new_random(seed), real), play(new_random(seed), ours)
      real.done()
      ours.done()
      assert.same(want, got, "seed " .. seed)
    end
    server:close()
  end)
end)

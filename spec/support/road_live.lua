-- The world of the main road on a real port: a virtual module as a process of its own, and
-- real servers in this one. What a world offers is said in road.lua. Everything that is
-- started ends with live.finish().

local live = require "spec.support.live"
local traits = require "bc260y.virtual.traits"
local uv_client = require "spec.support.uv_client"

local NAME = "readings.example"
local ADDRESS = "127.0.0.1"

local world_methods = {}
local world_mt = { __index = world_methods }

function world_methods:pass(seconds)
  self.modem:wait("nothing", seconds)
end

function world_methods:await(fn) -- luacheck: ignore self
  return uv_client.wait(fn)
end

function world_methods:tcp_server() -- luacheck: ignore self
  return live.tcp_server()
end

function world_methods:udp_server(answer) -- luacheck: ignore self
  return live.udp_server(answer)
end

function world_methods:closed_port() -- luacheck: ignore self
  local server = live.tcp_server()
  server:close()
  return server.port
end

-- options: endpoint, profile, traits (spec/support/virtual.lua), format. Result: a function
-- that opens the modem, in whichever loop it is called, and gives the world.
local function start(options)
  local process = live.virtual { endpoint = options.endpoint, profile = options.profile,
    traits = options.traits, names = { [NAME] = ADDRESS } }
  return function()
    return setmetatable({
      modem = live.open { port = process.port, format = options.format },
      traits = traits.make(options.profile, options.traits),
      name = NAME, address = ADDRESS,
      patience = 30,
      delay = 1,
      module = nil,
    }, world_mt)
  end
end

return { start = start }

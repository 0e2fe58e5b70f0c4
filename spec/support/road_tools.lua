-- What the main road's scenarios lean on: sockets with their peers, and what a world's
-- module lets through. Knows a world (road.lua), no scenario.

local assert = require "luassert"

local TRIES = 400

local tools = {}

function tools.connected(world, kind, port, options)
  local socket = world.modem[kind](world.modem, options)
  socket:settimeout(world.patience)
  assert(socket:connect(world.address, port))
  return socket
end

-- A TCP socket and the peer at its other end.
function tools.pair(world, options)
  local server = world:tcp_server(options)
  local socket = tools.connected(world, "tcp", server.port)
  return socket, server:accept(), server
end

-- Until the module says that the peer has all of it. Result: sent, acked, unacked.
function tools.all_acked(world, socket)
  local sent, acked, unacked
  for _ = 1, TRIES do
    sent, acked, unacked = socket:acked()
    if not sent or unacked == 0 then break end
    world:pass(0.02)
  end
  return sent, acked, unacked
end

-- How many sockets the module has open, whoever opened them.
function tools.open_count(world)
  local count = 0
  for _, entry in ipairs(assert(world.modem:sockets())) do
    if entry.state_name == "connected" then count = count + 1 end
  end
  return count
end

function tools.carry(socket, peer, bytes)
  assert.equal(#bytes, socket:send(bytes))
  assert.is_true(peer:take(#bytes) == bytes)
end

-- What this module and format let through. ------------------------------------------

-- Where data mode is asked for and missing, no send goes; chosen by itself, it is given up.
function tools.prompts(world)
  local modem = world.modem
  return modem.format == "auto" or modem.send_format ~= "raw" or world.traits.data_mode
end

-- So many bytes at once, up.
function tools.takes(world, count)
  local limit = world.traits.tx_buffer
  return tools.prompts(world) and (not limit or limit >= count)
end

-- So many bytes at once, down, however they are dressed.
function tools.gives(world, count)
  local limit = world.traits.rx_buffer
  return (not limit or limit >= 3 * count) and tools.lasts(world, world.delay)
end

-- Whether nothing is lost by itself when the module is left alone for so long: it stays
-- up, its sockets live and keep their counters.
function tools.lasts(world, seconds)
  local traits = world.traits
  if not traits.sleep_after or traits.sleep_after > seconds then return true end
  if traits.sleep_kind == "PSM" and traits.psm_boot then return false end
  return traits.tcp_over_sleep == "kept" and traits.udp_over_sleep == "kept"
    and traits.counters_over_sleep == "kept"
end

function tools.both(count)
  return function(world) return tools.takes(world, count) and tools.gives(world, count) end
end

function tools.up(count)
  return function(world) return tools.takes(world, count) end
end

-- A list of scenarios, and the function that adds one: scenario(name, options).
-- options: run(world). fits(world): whether it can be played here (always). inside: it
-- does to the module what no host can. idle: seconds that it may leave the module alone,
-- which has to lose nothing by that (0). odd: event -> how often it comes. sleeps: commands
-- may be lost in it.
function tools.list()
  local scenarios = {}
  return scenarios, function(name, options)
    scenarios[#scenarios + 1] = {
      name = name,
      run = options.run,
      fits = options.fits,
      inside = options.inside,
      idle = options.idle,
      odd = options.odd or {},
      sleeps = options.sleeps,
    }
  end
end

return tools

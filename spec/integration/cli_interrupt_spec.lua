-- Ctrl-C: whatever a command waits for, it ends soon, with status 130 and no word, and
-- the port is free.

local live = require "spec.support.live"
local together = require "spec.support.live_together"

-- How long after the interrupt a command that has not heard it is killed (status 137).
local KILL_S = 5

local function drop(match)
  return { module = { boot = false }, names = { ["x.example"] = "127.0.0.1" },
    scripts = { { match = match, drop = true, times = 99 } } }
end

local function mute(match)
  return { module = { boot = false }, names = { ["x.example"] = "127.0.0.1" },
    scripts = { { match = match, mute = "second", times = 99 } } }
end

-- Each wait that a command can be in: how the module is, and what is asked of it.
local WAITS = {
  { "no answer at all", drop "", "info" },
  { "an answer that does not come", drop "CIMI", "info" },
  { "a network", { module = { timing = { found = 3600 } } }, "resolve x.example" },
  { "an address", { module = { timing = { ip = 3600 } } }, "dns 192.0.2.1" },
  { "replies", mute "QPING", "ping x.example" },
  { "a time", mute "QNTP", "ntp x.example" },
  { "addresses", mute "QIDNSGIP", "resolve x.example" },
  { "RDY", drop "QRST", "reset" },
  { "the next look", drop "never", "signal --watch 3600" },
  { "sleep", drop "never", "sleep --wait" },
  { "whatever comes", drop "never", "listen" },
}

describe("Ctrl-C #integration", function()
  after_each(live.finish)

  it("ends each command in each of its waits, and frees the port", function()
    local commands, ports = {}, {}
    for i, wait in ipairs(WAITS) do
      ports[i] = live.virtual(wait[2]).port
      commands[i] = ("timeout -k %d -s INT --preserve-status 1 bin/bc260y --json --port %s %s")
        :format(KILL_S, ports[i], wait[3])
    end
    for i, result in ipairs(together(commands)) do
      local what = "it waited for " .. WAITS[i][1]
      assert.equal(130, result.status, what)
      assert.equal("", result.err, what)
      assert.not_matches('"error"', result.out, 1, true)
      live.open { port = ports[i] }:close()
    end
  end)
end)

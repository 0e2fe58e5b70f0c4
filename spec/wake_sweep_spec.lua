-- Sockets whose module falls asleep at any time: nothing is carried twice, and nothing that
-- was said to have gone is missing.

local script = require "spec.support.port"
local support = require "spec.support.heard"

local awake = support.attached

local function random_from(seed)
  return function(below)
    seed = (seed * 16807) % 2147483647
    return seed % below
  end
end

-- The module falls asleep some time in the next seconds.
local function sleep_soon(rig, random)
  rig.module:later(rig.time + random(40) / 10, function()
    rig.module:sleep(random(2) == 0 and "DEEPSLEEP" or "PSM")
  end)
end

script.each_loop(function(how, run)
  describe("sockets over sleeps at any time, " .. how .. ",", function()
    it("carry nothing twice, and lose nothing that was sent, whenever the module sleeps", function()
      local random = random_from(1)
      for round = 1, 40 do
        run(function()
          local modem, rig = awake {
            wake_command = ({ "lost", "crlf", "answered" })[1 + round % 3],
            wake_time = random(30) / 10, answer_time = random(10) / 10,
          }
          rig.net:listen("UDP", "10.0.0.1", 8000)
          local socket = modem:udp()
          assert(socket:connect("10.0.0.1", 8000))
          local sent = {}
          for i = 1, 12 do
            sleep_soon(rig, random)
            if random(2) == 0 then modem:wait("nothing", random(50) / 10) end
            sent[i] = socket:send(("<%d>"):format(i)) ~= nil
            local lines, err = modem:command("AT+CBC")
            assert.is_true(lines and lines[1] == "+CBC: 3470" or err == "timeout", err)
          end
          modem:wait("nothing", 60)
          local text = rig.net.peers[1]:text()
          for i = 1, 12 do
            local _, times = text:gsub("<" .. i .. ">", "")
            assert.is_true(times == 1 or times == 0 and not sent[i], text)
          end
          assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
          modem:close()
        end)
      end
    end)

    it("carry a stream as far as they say, whenever the module sleeps", function()
      local random = random_from(2)
      for round = 1, 60 do
        run(function()
          local modem, rig = awake {
            wake_command = ({ "lost", "crlf", "answered" })[1 + round % 3],
            tcp_over_sleep = random(4) == 0 and "lost" or "kept",
            counters_over_sleep = random(4) == 0 and "zero" or "kept",
            wake_time = random(30) / 10, answer_time = random(10) / 10,
          }
          rig.net:listen("TCP", "10.0.0.1", 8000)
          local socket = modem:tcp()
          assert(socket:connect("10.0.0.1", 8000))
          local written, certain = "", 0
          for i = 1, 12 do
            sleep_soon(rig, random)
            if random(2) == 0 then modem:wait("nothing", random(50) / 10) end
            local piece = ("<%d>"):format(i)
            local from = 1
            local last, err, partial
            repeat -- what certainly did not go is sent again
              last, err, partial = socket:send(piece, from)
              certain = certain + (last or partial) - from + 1
              from = (last or partial) + 1
            until last or err ~= "timeout"
            written = written .. piece
            if not last then
              assert.equal("closed", err)
              break
            end
          end
          modem:wait("nothing", 60)
          local text = rig.net.peers[1]:text()
          assert.equal(written:sub(1, #text), text)
          assert.is_true(#text >= certain)
          assert.same({ "+CBC: 3470" }, modem:command("AT+CBC"))
          modem:close()
        end)
      end
    end)
  end)
end)

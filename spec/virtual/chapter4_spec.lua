-- Chapter 4 of the manual as commands: its examples typed to the virtual module, and what
-- the module says held against the manual's own bytes. The bytes stand in the transcripts
-- manual_4_*.txt, which the driver plays too (spec/transcripts_spec.lua).

local clock = require "spec.support.virtual_clock"
local play = require "spec.support.transcript_virtual"
local transcript = require "spec.support.transcript"

-- What the manual shows of that module and its network. The checks of 4.2 are transcribed
-- with queries of the driver's own between them, which a signal of 20 answers.
local function options(more)
  local all = {
    profile = "manual", ip = "10.177.135.245", rssi = 20, imei = "869951040000000",
    ip6 = "36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48",
    dns = { "61.132.163.68", "202.102.213.68", "240E:5A::6666", "240E:5B::6666" },
    names = { ["hf.quectel.com"] = "220.180.239.212", ["iot.quectel.com"] = "47.100.63.174",
      ["ntp5.aliyun.com"] = "203.107.6.88" },
  }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

local function listen(player, server)
  player.net:listen("TCP", "220.180.239.212", 8008, server)
end

local function connect(player)
  local said = player:send('AT+QIOPEN=0,0,"TCP","hf.quectel.com",8008')
  assert(said == clock.lines("OK", "+QIOPEN: 0,0"), said)
end

local function connected(server)
  return function(player)
    listen(player, server)
    connect(player)
  end
end

local function peer_says(bytes)
  return function(player) player.net.peers[1]:send(bytes) end
end

-- 4.1.7 counts 94 bytes; its other examples have sent fewer.
local function send(player, count)
  local said = player:send(('AT+QISEND=0,%d,"%s"'):format(count, ("x"):rep(count)))
  assert(said == clock.lines("OK", "SEND OK"), said)
end

-- The count query of 4.2 ends in SEND OK, that of 4.1.7 in OK.
local dead_peer = { options = options { traits = { count_final = "SEND OK" } },
  setup = connected { auto_ack = false } }

local scenes = {
  ["manual_4_1_01_init.txt"] = {},
  ["manual_4_1_02_connect.txt"] = { setup = listen },
  ["manual_4_1_03_send_format_text.txt"] = {},
  ["manual_4_1_04_send_format_hex.txt"] = {},
  ["manual_4_1_05_send_text.txt"] = { setup = connected(), sent = '1234567890{"a":"b","b":"b"}' },
  ["manual_4_1_06_send_hex.txt"] = { sent = "123", setup = function(player)
    connected()(player)
    player:send('AT+QICFG="dataformat",1,0')
  end },
  ["manual_4_1_07_acknowledged.txt"] = { setup = function(player)
    connected()(player)
    send(player, 94)
  end },
  ["manual_4_1_08_receive_text.txt"] = { setup = connected(), cues = { peer_says "hi,quectel" } },
  ["manual_4_1_09_receive_hex.txt"] = { setup = connected(), cues = { peer_says "1234567890" } },
  ["manual_4_1_10_close.txt"] = { setup = connected() },
  ["manual_4_2_session_checked_again.txt"] = dead_peer,
  ["manual_4_2_session_closed.txt"] = { options = dead_peer.options, setup = dead_peer.setup,
    cues = { function(player) player.net.peers[1]:close() end } },
  ["manual_4_3_dns_servers.txt"] = {},
  ["manual_4_4_ping.txt"] = { setup = function(player)
    player.net.pings = { 369, 479, 484, 260 }
  end },
  -- 2019-06-11 03:08:20 UTC, eight hours before what the manual shows with zone 32.
  ["manual_4_5_ntp.txt"] = { setup = function(player) player.net.utc = 1560222500 end },
}

-- The transcripts of chapter 4, sorted by name.
local all = {}
for _, name in ipairs(transcript.names()) do
  if name:find("^manual_4_") then all[#all + 1] = transcript.read(name) end
end

describe("The virtual module answers as manual chapter 4 does, byte for byte:", function()
  for _, t in ipairs(all) do
    it(t.source .. " (" .. t.name .. ")", function()
      local scene = assert(scenes[t.name], t.name .. " has no scene")
      scene.options = scene.options or options()
      local player = play.new(t, scene)
      if scene.sent then assert.equal(scene.sent, player.net.peers[1]:text()) end
    end)
  end

  it("4.1.1 to 4.1.10 one after another, on one module", function()
    local player = clock.new(options())
    listen(player)
    -- The examples of receiving set another format of sending than those of sending.
    local between = {
      ["manual_4_1_05_send_text.txt"] = function() player:send('AT+QICFG="dataformat",0,0') end,
      ["manual_4_1_06_send_hex.txt"] = function() player:send('AT+QICFG="dataformat",1,0') end,
      ["manual_4_1_07_acknowledged.txt"] = function()
        player:send('AT+QICFG="dataformat",0,0')
        send(player, 94 - 10 - 17 - 3)
      end,
    }
    local count = 0
    for _, t in ipairs(all) do
      if t.name:find("^manual_4_1_") then
        if between[t.name] then between[t.name]() end
        play.on(player, t, { cues = scenes[t.name].cues })
        count = count + 1
      end
    end
    assert.equal(10, count)
    assert.equal(94, #player.net.peers[1]:text())
    assert.is_true(player.net.peers[1].closed)
  end)

  it("4.1.7: the counts are 0 once the connection has ended", function()
    local player = clock.new(options())
    connected()(player)
    send(player, 94)
    player.net.peers[1]:close()
    assert.equal(clock.lines('+QIURC: "closed",0'), player:run(1))
    assert.equal(clock.lines("+QISEND: 0,0,0", "OK"), player:send("AT+QISEND=0,0"))
  end)

  it("a byte that differs, comes early or is missing is noticed", function()
    local function wrong(change)
      local t, text = transcript.read("manual_4_1_02_connect.txt")
      local changed = change(text)
      assert.are_not.equal(text, changed)
      local player = clock.new(options())
      listen(player)
      local ok = pcall(play.on, player, transcript.parse(t.name, changed), {})
      assert.is_false(ok)
    end
    wrong(function(text) return (text:gsub("8008,0,2", "8008,0,1")) end)
    wrong(function(text) return (text:gsub("< \\r\\n%+QIOPEN: 0,0\\r\\n\n", "")) end)
    wrong(function(text) return (text:gsub("< \\r\\n%+QIOPEN", "@ 1\n%0")) end)
    wrong(function(text) return (text:gsub("OK\\r\\n\n", "OK\\r\\n\\0\n")) end)
    wrong(function(text) return text .. "< \\r\\nOK\\r\\n\n" end)
  end)
end)

-- Payloads that look like anything but payloads, from a real TCP server through the
-- virtual module on a pty: each arrives byte for byte, and nothing else is heard.
--
-- In the environment: HOSTILE, payloads in each form; SEED, printed, reproduces a run.

local bc260y = require "bc260y"
local live = require "spec.support.live"
local uv = require "luv"

local COUNT = tonumber(os.getenv("HOSTILE")) or 10000
local SEED = tonumber(os.getenv("SEED")) or os.time() % 1000000 + 1
local PAYLOAD_MAX = 1024
local BURST_MAX = 12
local SECONDS = 30 -- for one payload to arrive

-- What must not come while payloads do.
local FALSE_EVENTS = { "urc", "closed", "reset", "torn", "orphan", "overflow", "error",
  "buffer full", "ip", "sleep", "wake", "lost" }

-- The same numbers on each Lua.
local function new_random(seed)
  local state = seed % 2147483646 + 1
  return function(count)
    state = (state * 16807) % 2147483647
    return state % count + 1
  end
end

local PIECES = {
  "\r\nOK\r\n", "\r\nERROR\r\n", "\r\n+CME ERROR: 50\r\n", "OK\r\n", "\r\nSEND OK\r\n",
  "\r\nSEND FAIL\r\n", "\r\nCLOSE OK\r\n", "\r\nRDY\r\n", "\r\n+CFUN: 1\r\n",
  "\r\n+CPIN: READY\r\n", "\r\n+IP: 10.0.0.1\r\n", '\r\n+QIURC: "closed",0\r\n',
  '\r\n+QIURC: "closed",4\r\n', '\r\n+QIURC: "recv",0,"buff full"\r\n', "\r\n> ", "\r\n>\r\n",
  ">", "\r\n+QIOPEN: 0,0\r\n", "\r\n+QIOPEN: 1,566\r\n", "\r\n+QISEND: 10,10,0\r\n",
  "\r\n+CSQ: 1,1\r\n", "\r\n+CGSN: 123456789012345\r\n", "\r\n+CEREG: 0,2\r\n",
  "\r\n+CGPADDR: 0\r\n", '\r\n+QICFG: "dataformat",1,1\r\n', "\r\n+QIDNSGIP: 0,1,0\r\n",
  '\r\n+QIDNSGIP: 127.0.0.1\r\n', '\r\n+QNBIOTEVENT: "ENTER DEEPSLEEP"\r\n', "AT+CSQ\r",
  '\r\n+QIURC: "recv",0,5,hello\r\n', '\r\n+QIURC: "recv",0,5,"hello"\r\n',
  '\r\n+QIURC: "recv",0,3,414243\r\n', '\r\n+QIURC: "recv",0,1024,', '+QIURC: "recv",',
  '\r\n+QIURC: "recv",0,99999999,"', '\r\n+QIURC: "recv",0,0,""\r\n', '"\r\n', '"', '""', ",",
  "\r", "\n", "\r\n", "\n\r", "\0", "\255", "\26", "\27", "\17\19", "41", "4142", "0D0A",
  "\r\n\r\nOK\r\n\r\nOK\r\n", "\0\r\nOK\r\n\0",
}

local function random_bytes(random, size)
  local parts = {}
  for i = 1, size do parts[i] = string.char(random(256) - 1) end
  return table.concat(parts)
end

local function built(random, size)
  local parts, length = {}, 0
  while length < size do
    local piece = PIECES[random(#PIECES)]
    parts[#parts + 1] = piece
    length = length + #piece
  end
  return table.concat(parts):sub(1, PAYLOAD_MAX)
end

-- Mostly short, as readings are; now and then up to the limit of one URC.
local function payload(random)
  local size = random(random(8) == 1 and PAYLOAD_MAX or 120)
  if random(2) == 1 then return random_bytes(random, size) end
  return built(random, size)
end

local function shown(bytes)
  return (bytes:gsub("[^ -~]", function(char) return ("\\x%02x"):format(char:byte()) end))
end

local function receive(socket, expected, at)
  local got, err, partial = socket:receive(#expected)
  if got == expected then return end
  error(("SEED=%d, payload %d: %s\nexpected %s\ngot      %s"):format(SEED, at, tostring(err),
    shown(expected), shown(got or partial)), 0)
end

local function table_count(counts)
  local sum = 0
  for _, count in pairs(counts) do sum = sum + count end
  return sum
end

-- One at a time, each is a URC of its own and begins and ends as it likes; in bursts
-- they follow one another without a pause; every few, a command is in flight meanwhile.
local function play(random, peer, modem, socket)
  local sent, at, urcs = 0, 0, 0
  while at < COUNT do
    local count = random(3) == 1 and random(BURST_MAX) or 1
    if count > COUNT - at then count = COUNT - at end
    local parts = {}
    for i = 1, count do parts[i] = payload(random) end
    local bytes = table.concat(parts)
    peer:write(bytes)
    uv.run("nowait")
    if random(4) == 1 then
      assert.same({ "+CSQ: 22,0" }, modem:command("AT+CSQ"), "SEED=" .. SEED)
    end
    receive(socket, bytes, at + 1)
    at, sent, urcs = at + count, sent + #bytes, urcs + 1
  end
  return sent, urcs
end

local function check(receive_format, quoted, run)
  local server = live.tcp_server()
  local process = live.virtual { profile = "manual", traits = { quoted = quoted },
    verbose = false, lifetime = 600 }
  run(function()
    local modem = live.open { port = process.port, format = receive_format }
    assert(modem:attach { timeout = SECONDS })
    assert.equal(receive_format, modem:data_format().recv)
    local socket = modem:tcp()
    socket:settimeout(SECONDS)
    assert(socket:connect("127.0.0.1", server.port))
    local peer = server:accept()
    local before = modem:stats()
    local counts, said = live.watch(modem, FALSE_EVENTS)

    local sent, urcs = play(new_random(SEED), peer, modem, socket)

    bc260y.sleep(0)
    local why = ("SEED=%d: %s"):format(SEED, table.concat(said, "; "))
    assert.equal(0, table_count(counts), why)
    local stats = modem:stats()
    for _, name in ipairs { "urcs", "torn", "orphans", "resets", "overflows", "timeouts" } do
      assert.equal(before[name], stats[name], name .. ", " .. why)
    end
    assert.equal(sent, stats.payload_bytes - before.payload_bytes, why)
    assert.is_true(stats.payloads - before.payloads >= urcs, why)
    assert.equal(0, stats.stray_payloads)
    assert.equal(sent, (socket:getstats()))

    -- What really happens is heard, once.
    peer:close()
    assert.equal(0, modem:wait("closed", SECONDS))
    bc260y.sleep(0)
    assert.same({ 1, 1, 2 }, { counts.closed, counts.urc, table_count(counts) })
    assert.same({ nil, "closed", "" }, { socket:receive(1) })
    modem:close()
  end)
end

local function block(fn) return fn() end

describe(("%d hostile payloads, SEED=%d, arrive byte for byte with not one false event "
  .. "#integration"):format(COUNT, SEED), function()
  setup(function() print(("hostile payloads: HOSTILE=%d SEED=%d"):format(COUNT, SEED)) end)
  after_each(live.finish)

  it("in text format, quoted", function() check("text", true, block) end)
  it("in text format, unquoted", function() check("text", false, bc260y.run) end)
  it("in hex format, quoted", function() check("hex", true, bc260y.run) end)
  it("in hex format, unquoted", function() check("hex", false, block) end)
end)

-- examples/receiver.lua as it is run: real connections, a real file, kill -9 and a restart.

local live = require "spec.support.live"
local process = require "spec.support.process"
local receiver = require "examples.receiver"
local uv = require "luv"
local uv_client = require "spec.support.uv_client"

local ID = "outbox 1"

local function frame(sequence, text) return receiver.encode(ID, sequence, text) end

-- What the store of a receiver that has ended holds.
local function stored(path)
  local out, err, status = live.lua(("arg = { [0] = 'receiver.lua', '--dump', %q } "
    .. "dofile 'examples/receiver.lua'"):format(path))
  assert.same({ "", 0 }, { err, status })
  local list = {}
  for sequence, text in out:gmatch("6f7574626f782031 (%d+) ([^\n]*)\n") do
    list[tonumber(sequence)] = text
  end
  return list
end

describe("examples/receiver.lua #integration", function()
  local folder, store

  before_each(function()
    folder = assert(uv.fs_mkdtemp("/tmp/bc260y-receiver-XXXXXX"))
    store = folder .. "/records.store"
  end)

  after_each(function()
    live.finish()
    live.shell("rm -rf " .. live.quote(folder))
  end)

  local function start(port, options)
    local server
    server, port = process.receiver(store, port, options)
    return live.own(server), port
  end

  local function connect(port)
    return live.own(assert(uv_client.open("tcp://127.0.0.1:" .. port)))
  end

  local function check_closed(client)
    assert.is_true(client:wait_end())
    assert.equal("", client.text)
  end

  it("acknowledges what it has stored, prints it, and answers a keepalive", function()
    local server, port = start()
    local client = connect(port)
    client:write(frame(0, ""))
    client:expect(frame(0, ""))
    client:write(frame(1, "one\n") .. frame(2, "\0two"))
    client:expect(frame(2, ""))
    client:write(frame(0, ""))
    client:expect(frame(2, ""))
    client:write(frame(2, "\0two"))
    client:expect(frame(2, ""))
    server:expect("^stored 6f7574626f782031 1: one\\x0a$")
    server:expect("^stored 6f7574626f782031 2: \\x00two$")
    server:expect("^again 6f7574626f782031 2: \\x00two$")
    server:stop()
    assert.same({ "one\\x0a", "\\x00two" }, stored(store))
  end)

  it("takes frames in any pieces", function()
    local _, port = start()
    local client = connect(port)
    local bytes = frame(1, "first") .. frame(2, "second")
    for at = 1, #bytes do
      client:write(bytes:sub(at, at))
      uv.run("nowait")
    end
    client:expect(frame(2, ""))
  end)

  it("closes a connection whose frame is wrong, and keeps what came before it", function()
    local server, port = start()
    local client = connect(port)
    client:write(frame(1, "one") .. frame(2, "two"):gsub("two", "TWO") .. frame(3, "three"))
    client:expect(frame(1, ""))
    check_closed(client)
    server:expect("^closed .*: a frame with a wrong CRC$")
    client = connect(port)
    client:write(frame(2, "two"))
    client:expect(frame(2, ""))
    server:stop()
    assert.same({ "one", "two" }, stored(store))
  end)

  it("closes a silent connection", function()
    local server, port = start(nil, { "--idle", "0.2" })
    check_closed(connect(port))
    server:expect("^closed .*: silent$")
    local client = connect(port)
    client:write(frame(0, ""))
    client:expect(frame(0, ""))
  end)

  it("lets the connection that was silent for longest make way for one too many", function()
    local server, port = start(nil, { "--connections", "2" })
    local first, second = connect(port), connect(port)
    for _, client in ipairs { second, first } do
      client:write(frame(0, ""))
      client:expect(frame(0, ""))
    end
    local third = connect(port)
    third:write(frame(1, "one"))
    third:expect(frame(1, ""))
    check_closed(second)
    server:expect("^closed .*: silent for longest, and one more came$")
    first:write(frame(0, ""))
    first:expect(frame(1, ""))
  end)

  -- Calls fn each so many seconds until it gives false, or the client's connection ends.
  local function each(seconds, client, fn)
    local timer = uv.new_timer()
    timer:start(0, seconds * 1000, function()
      if client.ended or fn() == false then timer:stop() end
    end)
    return timer
  end

  it("closes a connection whose frame does not go on, whatever keepalives come", function()
    local server, port = start(nil, { "--unfinished", "0.5" })
    local client = connect(port)
    client:write("\127" .. frame(1, "one"):sub(2)) -- its length is another now
    local timer = each(0.05, client, function() client:write(frame(0, "")) end)
    check_closed(client)
    timer:close()
    server:expect("^closed .*: a frame that does not go on$")
    client = connect(port)
    client:write(frame(1, "one"))
    client:expect(frame(1, ""))
  end)

  it("lets a long frame take its time", function()
    local _, port = start(nil, { "--unfinished", "2" })
    local client = connect(port)
    local bytes, at = frame(1, ("x"):rep(3500)), 1
    local timer = each(0.4, client, function()
      client:write(bytes:sub(at, at + 511))
      at = at + 512
      return at <= #bytes
    end)
    client:expect(frame(1, ""))
    timer:close()
  end)

  it("keeps a second server from its store, until it ends in whatever way", function()
    local server = start()
    local second = live.own(process.start { process.lua, "examples/receiver.lua", "--port", 0,
      "--host", "127.0.0.1", "--store", store })
    assert.equal(1, (second:wait()))
    assert.same({ "receiver: " .. store .. ": another program uses it" }, second.lines)
    server:kill()
    start()
  end)

  it("loses nothing acknowledged when it is killed, and stores nothing twice", function()
    local server, port = start()
    local acknowledged, sent, kills = 0, 0, 6
    for round = 1, kills do
      local client = connect(port)
      -- Again what it is not known to have, as a client does; killed after other answers
      -- each time, while more comes in.
      sent = math.max(sent, acknowledged + 30)
      for sequence = acknowledged + 1, sent do
        client:write(frame(sequence, "record " .. sequence))
        if sequence - acknowledged <= round then client:take(22) end
      end
      uv.run("nowait")
      server:kill()
      client:wait_end()
      acknowledged = acknowledged + round
      server = start(port)
      local held = tonumber(server:expect("^(%d+) records of"))
      assert.is_true(held >= acknowledged and held <= sent)
    end
    server:stop()
    local list = stored(store)
    assert.is_true(#list >= acknowledged and #list <= sent)
    for i = 1, #list do assert.equal("record " .. i, list[i]) end
  end)

  it("cuts off what was left half written, and says where it is kept", function()
    local server, port = start()
    local client = connect(port)
    client:write(frame(1, "one") .. frame(2, "two"))
    client:expect(frame(2, ""))
    server:kill()
    local file = assert(io.open(store, "ab"))
    file:write((frame(3, "three"):sub(1, 20)))
    file:close()
    server = start(port)
    server:expect("^cut off 20 bytes, kept in .*records%.store%.cut$")
    server:expect("^2 records of 1 outboxes")
    client = connect(port)
    client:write(frame(3, "three"))
    client:expect(frame(3, ""))
    server:stop()
    assert.same({ "one", "two", "three" }, stored(store))
  end)

  it("says what is wrong with its file, its port and its options", function()
    local _, port = start()
    local other = folder .. "/other"
    local file = assert(io.open(other, "wb"))
    file:write("something else")
    file:close()
    local cases = {
      { 1, "address already in use", "--port", port, "--store", folder .. "/new" },
      { 1, "no store of this program", "--port", 0, "--store", other },
      { 1, "no such file or directory", "--port", 0, "--store", folder .. "/none/store" },
      { 1, "Invalid IP address", "--port", 0, "--host", "nowhere" },
      { 1, "no store of this program", "--dump", other },
      { 2, "--port: no such option, or no value", "--port" },
      { 2, "--port: no such option, or no value", "--port", "65536" },
      { 2, "--prot: no such option, or no value", "--prot", "1" },
    }
    for _, case in ipairs(cases) do
      local words = { process.lua, "examples/receiver.lua", "--host", "127.0.0.1" }
      for i = 3, #case do words[#words + 1] = case[i] end
      local one = live.own(process.start(words))
      local status = one:wait()
      assert.equal(case[1], status)
      assert.truthy(table.concat(one.lines, "\n"):find(case[2], 1, true), one.lines[1])
    end
    assert.equal("something else", assert(io.open(other)):read("*a"))
  end)
end)

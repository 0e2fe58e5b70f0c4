-- The three policies of examples/, run as scripts against the virtual module and real
-- receivers, with hours shortened to moments; and what they say when something is wrong.

local live = require "spec.support.live"
local process = require "spec.support.process"
local receiver = require "examples.receiver"
local uv = require "luv"
local uv_client = require "spec.support.uv_client"

local MAGIC_SIZE = 17

local folder

local function path(name) return folder .. "/" .. name end

local function read_file(name)
  local file = assert(io.open(path(name), "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- What the receiver with that store has: the numbers of its readings, in its order.
local function stored(name)
  local numbers = {}
  for i, frame in ipairs((receiver.split(read_file(name):sub(MAGIC_SIZE + 1)))) do
    assert.equal(i, frame.sequence)
    numbers[i] = tonumber(frame.record:match('"n":(%d+)'))
  end
  return numbers
end

local function counted(count)
  local numbers = {}
  for i = 1, count do numbers[i] = i end
  return numbers
end

local function start_receiver(store, port)
  local server
  server, port = process.receiver(path(store), port)
  return live.own(server), port
end

local function start_module()
  local module = live.own(process.start { process.lua, "spec/endurance/module.lua", path("tty") })
  module:expect("^listening")
  return module
end

-- options: name -> value; port and outbox are ours.
local function start(example, options)
  local words = { process.lua, "examples/" .. example .. ".lua" }
  local given = { port = path("tty"), outbox = path("outbox") }
  for name, value in pairs(options) do given[name] = value end
  for name, value in pairs(given) do
    words[#words + 1] = "--" .. name
    words[#words + 1] = value
  end
  return live.own(process.start(words))
end

-- Runs one that is to end by itself. Result: its status, and all that it said.
local function finish(script)
  local status = script:wait()
  return status, table.concat(script.lines, "\n")
end

local function check_delivered(script)
  local status, said = finish(script)
  assert.equal(0, status, said)
  assert.truthy(said:find("all readings are delivered", 1, true), said)
end

-- A port where nobody listens.
local function closed_port()
  local server = uv_client.tcp_server()
  server:close()
  return server.port
end

local function new_folder()
  folder = assert(uv.fs_mkdtemp("/tmp/bc260y-examples-XXXXXX"))
end

local function remove_folder()
  live.finish()
  live.shell("rm -rf " .. live.quote(folder))
end

describe("examples/always_on.lua #integration", function()
  before_each(new_folder)
  after_each(remove_folder)

  it("delivers each reading once, whatever is pulled out or killed meanwhile", function()
    local server, port = start_receiver("store")
    local module = start_module()
    local script = start("always_on", { ["server-port"] = port, every = 0.02 })
    script:expect("^delivered up to")
    module:tell("unplug")
    script:expect("^no port .*: no device$")
    module:tell("plug")
    script:expect("^delivered up to")
    server:kill()
    script:expect("^put")
    server = start_receiver("store", port)
    local last = tonumber(script:expect("^delivered up to (%d+)"))
    script:kill()
    server:stop()
    local numbers = stored("store")
    assert.is_true(#numbers >= last)
    assert.same(counted(#numbers), numbers)
  end)

  it("that was killed delivers what it had put when it is started again", function()
    local script = start("always_on", { every = 0.01 })
    script:expect("^put       20$")
    script:kill()
    local server, port = start_receiver("store")
    start_module()
    script = start("always_on", { ["server-port"] = port, every = 0.01, count = 1 })
    check_delivered(script)
    server:stop()
    local numbers = stored("store")
    assert.is_true(#numbers > 20)
    assert.equal(1, table.remove(numbers))
    assert.same(counted(#numbers), numbers)
  end)

  it("says what is wrong with its outbox, and touches nothing", function()
    local script = start("always_on", { every = 0.01 })
    script:expect("^put       5$")
    local second = start("always_on", {})
    local status, said = finish(second)
    assert.equal(1, status)
    assert.truthy(said:find("always_on: " .. path("outbox") .. ": busy", 1, true), said)
    script:kill()
    local where = "outbox/0000000000000001.segment"
    local bytes = read_file(where)
    for at, expected in pairs { [4] = "not an outbox", [math.floor(#bytes / 2)] = "damaged" } do
      local broken = bytes:sub(1, at - 1) .. string.char((bytes:byte(at) + 1) % 256)
        .. bytes:sub(at + 1)
      local file = assert(io.open(path(where), "wb"))
      file:write(broken)
      file:close()
      status, said = finish(start("always_on", {}))
      assert.equal(1, status)
      assert.truthy(said:find("always_on: " .. path("outbox") .. ": " .. expected, 1, true), said)
      assert.equal(broken, read_file(where))
    end
  end)

  it("says that it may not write where its outbox is to be", function()
    assert(uv.fs_mkdir(path("locked"), 365)) -- r-xr-xr-x
    local words = { process.lua, "examples/always_on.lua", "--outbox", path("locked/outbox") }
    -- Root may write everywhere, but for this.
    local less = uv.getuid() == 0
      and { "setpriv", "--bounding-set=-dac_override,-dac_read_search" } or {}
    for i, word in ipairs(less) do table.insert(words, i, word) end
    local status, said = finish(live.own(process.start(words)))
    assert.equal(1, status)
    assert.truthy(said:find("always_on: " .. path("locked/outbox") .. ": not permitted", 1, true),
      said)
  end)
end)

describe("examples/hourly.lua #integration", function()
  before_each(new_folder)
  after_each(remove_folder)

  it("asks for the sleep, releases the radio after its answer, and reports again", function()
    local server, port = start_receiver("store")
    local module = live.virtual { endpoint = { pty = path("tty") },
      traits = { sleep_after = 0.5, sleep_kind = "PSM", wake_command = "answered" } }
    local script = start("hourly", { ["server-port"] = port, every = 2, count = 2 })
    local status, said = finish(script)
    assert.same({ 0, "delivered all that was put\ndelivered all that was put" }, { status, said })
    server:stop()
    assert.same({ 1, 2 }, stored("store"))
    local log = module:log()
    assert.truthy(log:find("AT+CPSMS=1,", 1, true), log)
    assert.truthy(log:find('AT%+QISEND=0,%d+,"?%x+"?,2\n'), log)
    assert.truthy(log:find("AT%+QICLOSE=0.*sleeps: PSM.*wakes.*AT%+QIOPEN=0.*AT%+QICLOSE=0"), log)
  end)

  it("keeps a reading for the next time when it can't be delivered", function()
    local script = start("hourly", { every = 1, count = 3, patience = 5 })
    script:expect("^1 readings wait for the next time: no device$")
    start_module()
    local server, port = start_receiver("store")
    script:kill()
    script = start("hourly", { ["server-port"] = port, every = 1, count = 1 })
    local status, said = finish(script)
    assert.same({ 0, "delivered all that was put" }, { status, said })
    server:stop()
    assert.same({ 1, 1 }, stored("store"))
  end)
end)

describe("examples/two_servers.lua #integration", function()
  before_each(new_folder)
  after_each(remove_folder)

  it("goes to the second server while the first is away, and back", function()
    local first_port = closed_port()
    local second, second_port = start_receiver("second")
    start_module()
    local script = start("two_servers", { first = "127.0.0.1:" .. first_port,
      second = "127.0.0.1:" .. second_port, failures = 1, ["return-after"] = 0.3, every = 0.03 })
    script:expect("^127.0.0.1:" .. second_port .. " has")
    local first = start_receiver("first", first_port)
    local last = tonumber(script:expect("^127.0.0.1:" .. first_port .. " has (%d+)$"))
    script:kill()
    second:stop()
    first:stop()
    local found = {}
    for _, name in ipairs { "second", "first" } do
      for _, frame in ipairs((receiver.split(read_file(name):sub(MAGIC_SIZE + 1)))) do
        found[frame.sequence] = tonumber(frame.record:match('"n":(%d+)'))
      end
    end
    assert.is_true(#found >= last)
    assert.same(counted(#found), found)
  end)
end)

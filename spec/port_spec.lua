local uv = require "luv"
local core = require "bc260y.core"
local peer = require "spec.support.peer"

local ALL_BYTES = {}
for i = 0, 255 do ALL_BYTES[i + 1] = string.char(i) end
ALL_BYTES = table.concat(ALL_BYTES)

local function assert_fails(err, detail, ...)
  local port, got, why, more = ...
  assert.is_nil(port)
  assert.equal(err, got)
  assert.is_string(why)
  if detail then assert.truthy((more or why):find(detail, 1, true), more or why) end
end

-- A port on each kind of peer, closed whatever happens.
local function each_kind(about, test)
  for _, kind in ipairs { "pty", "unix", "tcp" } do
    it(about .. " (" .. kind .. ")", function()
      local far = peer[kind]()
      local port, err, detail = core.open(far.name, 9600)
      finally(function()
        if port then port:close() end
        far:close()
      end)
      assert(port, tostring(err) .. tostring(detail))
      test(port, far:accept())
    end)
  end
end

describe("a port #integration", function()
  each_kind("carries every byte both ways and echoes none", function(port, far)
    assert.equal("", port:read(100))
    assert.is_false(port:wait(0))
    assert.is_false(port:wait(0.0001))
    far:write(ALL_BYTES)
    local got = ""
    while #got < 256 do
      assert.is_true(port:wait(5))
      got = got .. port:read(100)
    end
    assert.equal(ALL_BYTES, got)
    assert.equal(256, port:write(ALL_BYTES))
    assert.equal(ALL_BYTES, far:read(256))
    assert.is_nil(core.poll({ far.fd }, 0))
    assert.equal(0, port:write(""))
  end)

  each_kind("takes what fits and goes on when there is room", function(port, far)
    local sent, count = 0
    -- A pty moves bytes on by itself for a while: room comes back.
    repeat
      count = assert(port:write(("x"):rep(4096)))
      sent = sent + count
      assert(sent < 64 * 1024 * 1024, "it takes everything")
    until count == 0 and port:wait(0.01, true) == false
    far:write("!")
    assert.is_true(port:wait(5, true))
    assert.equal("!", port:read())
    far:read(sent)
    assert.is_true(port:wait(5, true))
    assert.equal(1, port:write("x"))
    far:read(1)
  end)

  each_kind("gives what came before a hang-up, and then is lost for good", function(port, far)
    far:write("last words")
    assert.is_true(port:wait(5))
    far:close()
    if far.keeps then
      assert.is_number(port:write("AT\r"))
      assert.is_number(port:write("AT\r"))
      assert.equal("last", port:read(4))
      assert.equal(" words", port:read(100))
    end
    port:wait(5)
    for _ = 1, 2 do
      assert.same({ nil, "lost" }, { port:read(100) })
      assert.same({ nil, "lost" }, { port:write("AT\r") })
      assert.same({ nil, "lost" }, { port:wait(-1) })
      assert.same({ nil, "lost" }, { port:wait(-1, true) })
    end
  end)

  each_kind("answers closed to everything after close, which may be repeated", function(port)
    assert.is_number(port:fd())
    assert.truthy(tostring(port):find("^bc260y%.port: "))
    assert.is_nil(tostring(port):find("closed"))
    assert.is_true(port:close())
    assert.is_true(port:close())
    assert.same({ nil, "closed" }, { port:read(100) })
    assert.same({ nil, "closed" }, { port:write("AT\r") })
    assert.same({ nil, "closed" }, { port:write("") })
    assert.same({ nil, "closed" }, { port:wait(-1) })
    assert.same({ nil, "closed" }, { port:fd() })
    assert.truthy(tostring(port):find(" %(closed%)$"))
    assert.is_number(port:now())
  end)

  it("raises at misuse", function()
    local far = peer.pty()
    local port = assert(core.open(far.name))
    finally(function()
      port:close()
      far:close()
    end)
    assert.has_error(function() port:read(0) end)
    assert.has_error(function() port:read(-1) end)
    assert.has_error(function() port:read({}) end)
    assert.has_error(function() port:write() end)
    assert.has_error(function() port:write({}) end)
    assert.has_error(function() port:wait(0 / 0) end)
    assert.has_error(function() port:wait("soon") end)
    assert.has_error(function() port.read({}) end)
    assert.has_error(function() port.read(io.stdout) end)
    assert.has_error(function() port.close() end)
    assert.has_error(function() core.open() end)
    assert.has_error(function() core.open(far.name, 0) end)
    assert.has_error(function() core.open(far.name, "fast") end)
    assert.has_error(function() core.open("/dev/null\0x") end)
    assert.has_error(function() core.net("unix:/x", 0) end)
    assert.has_error(function() core.net("unix:/x", 0 / 0) end)
  end)

  it("reads 4,096 bytes at once and leaves the rest for the next read", function()
    local far = peer.unix()
    local port = assert(core.open(far.name))
    finally(function()
      port:close()
      far:close()
    end)
    far:accept():write(("x"):rep(10000))
    assert.equal(4096, #port:read(100000))
    assert.equal(4096, #port:read())
    assert.equal(1808, #port:read())
    assert.equal("", port:read())
  end)

  it("is closed by the collector", function()
    local far = peer.pty()
    finally(function() far:close() end)
    assert(core.open(far.name))
    collectgarbage()
    collectgarbage()
    assert(core.open(far.name)):close()
  end)

  it("is closed at the end of its block on Lua 5.4", function()
    if _VERSION ~= "Lua 5.4" then return end
    local far = peer.pty()
    finally(function() far:close() end)
    local run = assert(load([[
      local core, name = ...
      local port <close> = assert(core.open(name))
      return port
    ]]))
    assert.same({ nil, "closed" }, { run(core, far.name):read() })
  end)
end)

describe("opening a port #integration", function()
  it("names what is missing, and where a stale link leads", function()
    local path = peer.free_path()
    assert_fails("no device", path .. ": ", core.open(path))
    assert_fails("no device", path .. ": ", core.serial(path))
    assert_fails("no device", path .. ": ", core.tty(path))
    assert_fails("no device", path, core.open("unix:" .. path))
    assert(uv.fs_symlink("/dev/pts/gone", path))
    finally(function() os.remove(path) end)
    assert_fails("no device", path .. " -> /dev/pts/gone: ", core.open(path))
  end)

  it("refuses what is no terminal and no socket", function()
    local path = os.tmpname()
    finally(function() os.remove(path) end)
    assert_fails("not supported", "a regular file", core.open(path))
    assert_fails("not supported", "a directory", core.open("/tmp"))
    assert_fails("not supported", "/dev/null", core.open("/dev/null"))
    assert_fails("not supported", "not a socket", core.open("unix:" .. path))
    local far = peer.pty()
    finally(function()
      os.remove(path)
      far:close()
    end)
    assert_fails("not supported", far.name, core.serial(far.name))
    assert_fails("not supported", "12345 baud", core.open(far.name, 12345))
    assert(core.open(far.name, 115200)):close()
  end)

  it("is busy while somebody has the device, also by another name", function()
    local far = peer.pty()
    local link = peer.free_path()
    assert(uv.fs_symlink(far.name, link))
    local port = assert(core.open(far.name))
    finally(function()
      port:close()
      os.remove(link)
      far:close()
    end)
    assert_fails("busy", far.name, core.open(far.name))
    assert_fails("busy", link, core.open(link))
    far:write("still")
    assert.is_true(port:wait(5))
    assert.equal("still", port:read())
    port:close()
    assert(core.open(link)):close()
  end)

  it("is closed where nobody listens", function()
    local bound = uv.new_tcp()
    assert(bound:bind("127.0.0.1", 0))
    local name = "tcp://127.0.0.1:" .. bound:getsockname().port
    assert_fails("closed", name, core.open(name))
    bound:close()
    local path = peer.free_path()
    local gone = uv.new_pipe(false)
    assert(gone:bind(path))
    assert(uv.fs_rename(path, path .. ".gone"))
    gone:close()
    uv.run("nowait")
    finally(function() os.remove(path .. ".gone") end)
    assert_fails("closed", path, core.open("unix:" .. path .. ".gone"))
  end)

  it("calls a malformed address an invalid argument", function()
    for _, name in ipairs { "tcp://", "tcp://localhost", "tcp://localhost:0", "unix:" } do
      assert_fails("invalid argument", name, core.open(name))
      assert.equal("port", (select(3, core.net(name))))
    end
    assert_fails("invalid argument", "/dev/null", core.net("/dev/null"))
  end)

  it("keeps what the module said before", function()
    local far = peer.pty()
    far:write("\r\nRDY\r\n")
    local port = assert(core.open(far.name))
    finally(function()
      port:close()
      far:close()
    end)
    assert.is_true(port:wait(5))
    assert.equal("\r\nRDY\r\n", port:read())
  end)

  it("lists the serial lines of this machine, if it can say", function()
    local lines, err = core.ports()
    if not uv.fs_stat("/sys/class/tty") then
      assert.equal("not supported", err)
      return
    end
    for _, line in ipairs(lines) do
      assert.truthy(line.name:find("^/"))
      assert.equal(line.usb_vid ~= nil, line.usb_pid ~= nil)
    end
  end)
end)

describe("core.poll #integration", function()
  local far, ports

  before_each(function()
    far, ports = {}, {}
    for i = 1, 3 do
      far[i] = peer.unix()
      ports[i] = assert(core.open(far[i].name))
      far[i]:accept()
    end
  end)

  after_each(function()
    for i = 1, 3 do
      ports[i]:close()
      far[i]:close()
    end
  end)

  it("gives those that are ready and nil when the time has passed", function()
    local fds = { ports[1]:fd(), ports[2]:fd(), ports[3]:fd() }
    assert.is_nil(core.poll(fds, 0))
    assert.is_nil(core.poll(fds, 0.001))
    assert.is_nil(core.poll({}, 0.001))
    far[2]:write("x")
    assert.same({ fds[2] }, core.poll(fds))
    far[3]:write("x")
    assert.same({ fds[2], fds[3] }, core.poll(fds, 5))
    ports[2]:read()
    assert.same({ fds[3] }, core.poll(fds, 5))
    assert.equal(core.poll(fds, 5), core.poll(fds, 5))
  end)

  it("waits for room only where it is told to", function()
    local fds = { ports[1]:fd(), ports[2]:fd() }
    assert.same({ fds[2] }, core.poll(fds, 5, { [fds[2]] = true }))
    assert.is_nil(core.poll(fds, 0, {}))
    assert.is_nil(core.poll(fds, 0, { [fds[1]] = false }))
  end)

  it("wakes for a port that is lost", function()
    far[1]:close()
    assert.same({ ports[1]:fd() }, core.poll({ ports[1]:fd(), ports[2]:fd() }, 5))
    assert.same({ nil, "lost" }, { ports[1]:read() })
  end)

  it("takes up to 1,024 descriptors", function()
    local fds = {}
    for i = 1, 1024 do fds[i] = ports[1]:fd() end
    assert.is_nil(core.poll(fds, 0))
    far[1]:write("x")
    assert.equal(1024, #core.poll(fds, 5))
    assert.equal(1, #core.poll({ fds[1] }, 5))
    fds[1025] = fds[1]
    assert.has_error(function() core.poll(fds, 0) end)
  end)

  it("raises at misuse", function()
    assert.has_error(function() core.poll() end)
    assert.has_error(function() core.poll({ "one" }, 0) end)
    assert.has_error(function() core.poll({}, 0 / 0) end)
    assert.has_error(function() core.poll({}, "soon") end)
  end)
end)

describe("core.now", function()
  it("is a clock in seconds that never goes back, and every port's", function()
    local before = core.now()
    assert.is_number(before)
    for _ = 1, 1000 do
      local now = core.now()
      assert.is_true(now >= before)
      before = now
    end
  end)
end)

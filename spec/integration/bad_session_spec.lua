-- What a program does wrong with a session and its outbox, and a disk that is full, on real
-- files and sockets: a clear word, and all that was accepted arrives.

local bc260y = require "bc260y"
local live = require "spec.support.live"
local process = require "spec.support.process"
local receiver = require "examples.receiver"
local uv = require "luv"
local uv_client = require "spec.support.uv_client"

local MAGIC_SIZE = 17
local SECONDS = 20

describe("Nothing is lost #integration", function()
  local folder

  before_each(function() folder = assert(uv.fs_mkdtemp("/tmp/bc260y-bad-XXXXXX")) end)

  after_each(function()
    live.finish()
    live.shell("rm -rf " .. live.quote(folder))
  end)

  local function start_receiver(port)
    local server
    server, port = process.receiver(folder .. "/store", port)
    return live.own(server), port
  end

  local function stored()
    local file = assert(io.open(folder .. "/store", "rb"))
    local frames = receiver.split(file:read("*a"):sub(MAGIC_SIZE + 1))
    file:close()
    local records = {}
    for i, frame in ipairs(frames) do records[i] = frame.record end
    return records
  end

  -- Delivers what the outbox holds. options: of the session. Result: what deliver returned.
  local function deliver(outbox, options)
    local modem = live.open { port = live.virtual().port }
    local session = modem:session(options)
    local ok, err = session:deliver(outbox, { drain = true, timeout = SECONDS })
    session:close()
    modem:close()
    return ok, err
  end

  it("with records over the limit: they are refused, what is beside them arrives", function()
    local server, port = start_receiver()
    live.each_loop(function(run)
      run(function()
        local outbox = assert(bc260y.outbox.open(folder .. "/outbox", { record_max = 100 }))
        assert.is_true(outbox:put(("a"):rep(100)))
        assert.same({ nil, "too long" }, { outbox:put(("b"):rep(101)) })
        assert.same({ nil, "too long" }, { outbox:put { "c", ("d"):rep(101), "e" } })
        assert.is_true(outbox:put { "f", "g" })
        assert.is_true(deliver(outbox, { host = "127.0.0.1", port = port }))
        outbox:close()
      end)
    end)
    server:stop()
    local once = { ("a"):rep(100), "f", "g" }
    assert.same({ once[1], "f", "g", once[1], "f", "g" }, stored())
  end)

  it("with a policy whose functions throw, wait and return nonsense", function()
    -- Its port is closed at first, so that the policy is asked what to do.
    local probe = uv_client.tcp_server()
    local port = probe.port
    probe:close()
    local server
    local said = {}
    bc260y.run(function()
      local outbox = assert(bc260y.outbox.open(folder .. "/outbox"))
      outbox:put { "one", "two" }
      assert.is_true(deliver(outbox, {
        host = "127.0.0.1", port = port,
        policy = {
          failed = function() error("the policy is broken") end,
          backoff = function()
            if not server then server = start_receiver(port) end
            return "soon"
          end,
          idle = function() coroutine.yield() end,
          rai = function() return {} end,
        },
        on = { error = function(text) said[#said + 1] = text end },
      }))
      outbox:close()
    end)
    server:stop()
    assert.same({ "one", "two" }, stored())
    local text = table.concat(said, "\n")
    for _, name in ipairs { "failed", "backoff", "rai" } do
      assert.truthy(text:find("policy." .. name, 1, true), name .. " is not in: " .. text)
    end
    assert.truthy(text:find("the policy is broken", 1, true), text)
  end)

  it("on a disk that is full: what is new is refused, what is old arrives", function()
    local server, port = start_receiver()
    local module = live.virtual { endpoint = { pty = folder .. "/tty" } }
    -- No file may grow beyond 8 KiB: for the outbox that is a full disk.
    local script = live.own(process.start { "sh", "-c",
      "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh", process.lua, "examples/always_on.lua",
      "--port", module.port, "--host", "127.0.0.1", "--server-port", port,
      "--outbox", folder .. "/outbox", "--every", "0.001", "--count", "300" })
    script:expect("^dropped   this reading: the outbox is full$")
    local status = script:wait()
    assert.same({ 0, "all readings are delivered" }, { status, script.lines[#script.lines] })
    server:stop()
    local records = stored()
    assert.is_true(#records > 50 and #records < 300, #records)
    for i, record in ipairs(records) do
      assert.truthy(record:find(('"n":%d,'):format(i), 1, true), record)
    end
  end)
end)

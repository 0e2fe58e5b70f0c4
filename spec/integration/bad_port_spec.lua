-- Ports that are not there, not ours, no terminals, or gone in the middle of a call: each
-- is told by nil and a string, through the Lua face and by the command line.

local bc260y = require "bc260y"
local host = require "bc260y.host"
local live = require "spec.support.live"
local live_child = require "spec.support.live_child"
local live_wire = require "spec.support.live_wire"
local refused = require "spec.support.live_cli"

local SECONDS = 30
local NOBODY = 65534

local function check_open(port, err)
  local modem, got, detail = bc260y.open { port = port }
  assert.is_nil(modem)
  assert.equal(err, got)
  assert.equal("string", type(detail))
  assert.truthy(detail:find(port, 1, true), detail)
  assert.not_matches("\n", detail)
end

describe("A port #integration", function()
  after_each(live.finish)

  it("that is missing is no device", function()
    local link = os.tmpname()
    os.remove(link)
    assert(require("luv").fs_symlink("/dev/bc260y-no-such-device", link))
    for _, port in ipairs { "/dev/bc260y-no-such-device", "/no/such/dir/tty", link } do
      check_open(port, "no device")
      refused(3, "no device", "--port", port, "at", "AT")
      refused(3, "no device", "--port", port, "send", "127.0.0.1", "1", "README.md")
    end
    os.remove(link)
    check_open("unix:/no/such/socket", "no device")
  end)

  it("that is in use is busy, until it is closed", function()
    local wire = live_wire.new()
    local first = wire:open()
    check_open(wire.path, "busy")
    refused(3, "busy", "--port", wire.path, "info")
    assert.same({}, first:command("AT")) -- and who has it is not disturbed
    first:close()
    local second = wire:open()
    assert.same({}, second:command("AT"))
  end)

  it("that another process has is busy, until that ends", function()
    local process = live.virtual()
    local user = live_child.start(([[
      local bc260y = require "bc260y"
      local modem = assert(bc260y.open { port = %q })
      print("open")
      io.stdout:flush()
      modem:wait("nothing") ]]):format(process.port))
    assert.equal("open", user.line)
    check_open(process.port, "busy")
    refused(3, "busy", "--port", process.port, "at", "AT")
    user:stop()
    local modem = live.open { port = process.port }
    assert(modem:attach { timeout = SECONDS })
  end)

  -- Root may do anything, so the child gives that up once it has loaded what it needs.
  it("that may not be opened is not permitted", function()
    local master, path, slave = assert(host.openpty())
    live.own { close = function() host.close(slave) host.close(master) end }
    assert(require("luv").fs_chmod(path, 0))
    local out, err, status = live.lua(([[
      local bc260y, cli = require "bc260y", require "bc260y.cli"
      for _, name in ipairs { "parser", "task", "commands.at" } do
        require("bc260y.cli." .. name)
      end
      require "argparse"
      local uv = require "luv"
      if uv.getuid() == 0 then
        uv.setgid(%d)
        uv.setuid(%d)
      end
      assert(uv.getuid() ~= 0)
      local modem, why, detail = bc260y.open { port = %q }
      print(modem, why, detail)
      io.stdout:flush()
      os.exit(cli.main { "--port", %q, "at", "AT" })
    ]]):format(NOBODY, NOBODY, path, path))
    assert.equal(("nil\tnot permitted\t%s: Permission denied\n"):format(path), out)
    assert.matches("^bc260y: [^\n]*not permitted[^\n]*\n$", err)
    assert.equal(3, status)
  end)

  it("that is no terminal is not supported", function()
    for _, port in ipairs { "README.md", "spec", "/dev/null", "/dev/zero" } do
      check_open(port, "not supported")
      refused(3, "not supported", "--port", port, "at", "AT")
    end
  end)

  it("that is no terminal is told without waiting for whoever is behind it", function()
    local fifo = os.tmpname()
    os.remove(fifo)
    local _, err, status = live.shell("mkfifo " .. fifo)
    assert.equal(0, status, err)
    check_open(fifo, "not supported")
    refused(3, "not supported", "--port", fifo, "at", "AT")
    os.remove(fifo)
  end)
end)

describe("A port that goes away in the middle of a call #integration", function()
  after_each(live.finish)

  it("ends that call and each later one with lost, and is told once", function()
    live.each_loop(function(run)
      run(function()
        local wire = live_wire.new()
        local modem, socket = wire:connected()
        local lost = 0
        modem:on("lost", function() lost = lost + 1 end)
        wire.answers["AT+CSQ"] = function() wire:close() end
        assert.same({ nil, "lost" }, { modem:command("AT+CSQ") })
        assert.same({ nil, "lost" }, { modem:command("AT") })
        assert.same({ nil, "lost" }, { modem:signal() })
        assert.same({ nil, "lost" }, { modem:attach { timeout = SECONDS } })
        assert.same({ nil, "lost" }, { modem:wait("urc", SECONDS) })
        assert.same({ nil, "closed", 0 }, { socket:send("x") })
        assert.same({ nil, "closed", "" }, { socket:receive() })
        assert.same({ nil, "lost" }, { modem:tcp():connect("127.0.0.1", 1) })
        assert.equal(1, socket:close())
        bc260y.sleep(0)
        assert.equal(1, lost)
        assert.is_true(modem:close())
        assert.same({ nil, "lost" }, { modem:command("AT") })
      end)
    end)
  end)

  it("is lost to each kind of call that waits, with what it has so far", function()
    live.each_loop(function(run)
      run(function()
        local wire = live_wire.new()
        local _, socket = wire:connected()
        wire:payload("text", "begun")
        wire:drain() -- what is still in a pty goes with it
        wire.answers['AT+QISEND=0,1,"x"'] = function() wire:close() end
        assert.same({ nil, "lost", 0 }, { socket:send("x") })
        assert.same({ nil, "closed", "begun" }, { socket:receive("*l") })
      end)
      run(function()
        local wire = live_wire.new()
        local modem = wire:open { format = "text" }
        wire.answers["AT+CEREG?"] = function() wire:close() end
        assert.same({ nil, "lost" }, { modem:attach { timeout = SECONDS } })
      end)
      run(function()
        local wire = live_wire.new()
        local modem = wire:connected()
        local second = modem:tcp()
        wire.answers['AT+QIOPEN=0,1,"TCP","127.0.0.1",9,0,1'] = function() wire:close() end
        assert.same({ nil, "lost" }, { second:connect("127.0.0.1", 9) })
      end)
    end)
  end)

  it("is lost to all tasks that wait for it, and to no other modem", function()
    local process = live.virtual()
    bc260y.run(function()
      local other = live.open { port = process.port }
      assert(other:attach { timeout = SECONDS })
      local wire = live_wire.new()
      local modem, socket = wire:connected()
      local ends = {}
      local function task(name, fn)
        return bc260y.spawn(function() ends[name] = { fn() } end)
      end
      local tasks = {
        task("receive", function() return socket:receive(10) end),
        task("wait", function() return modem:wait("+CEREG") end),
        task("first", function() return modem:command("AT+CSQ") end),
        task("second", function() return modem:command("AT+CCLK?") end),
        task("third", function() return modem:signal() end),
      }
      wire.answers["AT+CSQ"] = function() wire:close() end
      for _, one in ipairs(tasks) do one:wait(SECONDS) end
      assert.same({ receive = { nil, "lost", "" }, wait = { nil, "lost" },
        first = { nil, "lost" }, second = { nil, "lost" }, third = { nil, "lost" } }, ends)
      assert.same({}, other:command("AT"))
      other:close()
    end)
  end)

  it("is lost when its process ends, over pty, unix and TCP", function()
    for _, endpoint in ipairs { "pty", "unix", "tcp" } do
      live.each_loop(function(run)
        local process = live.virtual { endpoint = endpoint,
          scripts = { { match = "CCLK", drop = true } } }
        run(function()
          local function trace(_, bytes)
            if bytes:find("AT+CCLK", 1, true) then process:stop() end
          end
          local modem = live.open { port = process.port, trace = trace }
          assert(modem:attach { timeout = SECONDS })
          assert.same({ nil, "lost" }, { modem:command("AT+CCLK?") })
          assert.same({ nil, "lost" }, { modem:command("AT") })
        end)
      end)
    end
  end)

  it("ends the command line with status 4", function()
    local gone = "m:serve({}, 'AT+CCLK?')"
    refused(4, "lost", "--port", live_child.player(gone).port, "at", "AT+CCLK?")
    refused(4, "lost", "--port", live_child.player("m:hear()").port, "at", "AT")
    refused(4, "lost", "--port", live_child.player("m:hear()").port, "info")
    refused(4, "lost", "--port", live_child.player("m:hear()").port, "send", "127.0.0.1", "9",
      "README.md")
  end)
end)

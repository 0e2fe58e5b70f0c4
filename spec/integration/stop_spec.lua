-- A module that stops in the middle of anything and goes on later, as a process that is
-- stopped and continued: what was asked meanwhile is answered late, by real buffers of a
-- real kernel. No answer is another command's, and no byte arrives twice or not at all.

local bc260y = require "bc260y"
local live = require "spec.support.live"
local uv = require "luv"

local SECONDS = 30
local ROUNDS = 12

-- A module that can be stopped: a process group of its own (see spec/support/virtual.lua).
local function new_module(options)
  local process = live.virtual(options)
  local module = { port = process.port, stopped = false, process = process }
  function module.stop()
    if module.stopped then return end
    module.stopped = true
    assert(uv.kill(-process.pid, "sigstop") == 0)
  end
  function module.continue()
    if not module.stopped then return end
    module.stopped = false
    assert(uv.kill(-process.pid, "sigcont") == 0)
  end
  live.own { close = module.continue } -- before the process is asked to end
  return module
end

local function attached(module, options)
  local given = { port = module.port }
  for name, value in pairs(options) do given[name] = value end
  local modem = live.open(given)
  assert(modem:attach { timeout = SECONDS })
  return modem
end

describe("A module that stops and goes on #integration", function()
  after_each(live.finish)

  it("answers each command late, and none with another's answer", function()
    live.each_loop(function(run)
      local module = new_module()
      run(function()
        local modem = attached(module, { format = "text" })
        for _ = 1, 4 do
          module.stop()
          for _, text in ipairs { "AT+CSQ", "AT+CIMI", "AT+CGMR" } do
            local lines, err = modem:command(text, { timeout = 0.02 })
            assert.is_nil(lines)
            assert.is_true(err == "timeout" or err == "busy", err)
          end
          module.continue()
          assert.same({ "+CGSN: 866207051234560" }, modem:command("AT+CGSN=1"))
          assert.same({ "460081234567890" }, modem:command("AT+CIMI"))
          assert.same({ "+CSQ: 22,0" }, modem:command("AT+CSQ"))
        end
        assert.equal(0, modem:stats().torn)
        modem:close()
      end)
      live.finish()
    end)
  end)

  -- Whoever sends goes on behind the last byte of which it is certain that it went, as
  -- the manual of LuaSocket tells him; the peer then has each byte once.
  for _, format in ipairs { "raw", "hex", "text" } do
    it("has each byte once of what is sent in " .. format .. ", however often it stops", function()
      live.each_loop(function(run)
        local server = live.tcp_server()
        local module = new_module()
        local parts = {}
        for i = 1, 2000 do parts[i] = ("%04d,"):format(i) end
        local data = table.concat(parts)
        run(function()
          local writes, stop_at = 0, math.huge
          local modem = attached(module, { format = format, trace = function(direction)
            if direction ~= "out" then return end
            writes = writes + 1
            if writes >= stop_at then
              stop_at = math.huge
              module.stop()
            end
          end })
          local socket = modem:tcp()
          socket:settimeout(SECONDS)
          assert(socket:connect("127.0.0.1", server.port))
          local peer = server:accept()
          local at, stops = 0, 0
          while at < #data do
            if stops < ROUNDS then stop_at = writes + 1 + stops % 3 end
            socket:settimeout(stops < ROUNDS and 0.05 or SECONDS)
            local last, err, partial = socket:send(data, at + 1)
            if module.stopped then
              stops = stops + 1
              module.continue()
            end
            assert.is_true(last == #data or err == "timeout", err)
            at = last or partial
          end
          stop_at = math.huge
          assert.is_true(stops > 5)
          socket:settimeout(SECONDS)
          assert.equal(#data, (socket:acked()))
          assert.is_true(peer:take(#data) == data)
          assert.equal(1, socket:close())
          assert.is_true(peer:wait_end())
          assert.equal("", peer.text)
          modem:close()
        end)
        live.finish()
      end)
    end)
  end

  it("keeps no task of another modem waiting", function()
    local stopped, other = new_module(), live.virtual()
    bc260y.run(function()
      local modem = attached(stopped, {})
      local good = live.open { port = other.port }
      assert(good:attach { timeout = SECONDS })
      stopped.stop()
      local waiting = bc260y.spawn(function() return modem:command("AT+CIMI") end)
      for _ = 1, 20 do assert.same({ "+CSQ: 22,0" }, good:command("AT+CSQ")) end
      assert.same({ nil, "timeout" }, { waiting:wait(0) })
      stopped.continue()
      assert.same({ "460081234567890" }, waiting:wait(SECONDS))
    end)
  end)
end)

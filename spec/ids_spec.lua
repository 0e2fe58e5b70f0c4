local bc260y = require "bc260y"
local rig = require "spec.support.rig"
local script = require "spec.support.port"

local function open_line(id, result)
  return ('> AT+QIOPEN=0,%d,"TCP","h",1,0,1\n< OK\n~ 1\n< +QIOPEN: %d,%d\n'):format(id, id, result)
end

local function close_line(id)
  return ("> AT+QICLOSE=%d\n< OK\n< CLOSE OK\n"):format(id)
end

-- An attached modem; text: what follows, state: what QISTATE? says in attach.
local function attached(text, state)
  local attach = script.attach("text")
  if state then attach = attach:gsub("> AT%+QISTATE%?", "%0\n" .. state) end
  local port = script.port { text = attach .. (text or "") }
  local modem = assert(bc260y.open { port = port, format = "text" })
  assert(modem:attach())
  return modem, port
end

script.each_loop(function(how, run)
  describe("connect " .. how, function()
    it("takes the ids in turn, and again when all have been used", function()
      run(function()
        local text = ""
        for i = 0, 6 do text = text .. open_line(i % 5, 0) .. close_line(i % 5) end
        local modem, port = attached(text)
        for _ = 1, 7 do
          local socket = modem:tcp()
          assert.equal(1, socket:connect("h", 1))
          socket:close()
        end
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("says so when the module has no socket left", function()
      run(function()
        local text, sockets = "", {}
        for i = 0, 4 do text = text .. open_line(i, 0) end
        local modem = attached(text)
        for i = 1, 5 do
          sockets[i] = modem:tcp()
          assert.equal(1, sockets[i]:connect("h", 1))
        end
        assert.same({ nil, "Socket identity has been used", 563 }, { modem:tcp():connect("h", 1) })
        modem:close()
      end)
    end)

    it("after a failed open closes the id, and takes another first", function()
      run(function()
        local modem, port = attached(open_line(0, 566) .. close_line(0) .. open_line(1, 0))
        local socket = modem:tcp()
        assert.same({ nil, "Socket connection failed", 566 }, { socket:connect("h", 1) })
        assert.equal(1, socket:connect("h", 1))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("tries another id where one is in use, be it told by 563 or by ERROR", function()
      for _, answer in ipairs { "< OK\n< +QIOPEN: 0,563\n", "< ERROR\n" } do
        run(function()
          local modem, port = attached('> AT+QIOPEN=0,0,"TCP","h",1,0,1\n' .. answer
            .. close_line(0) .. open_line(1, 0))
          assert.equal(1, modem:tcp():connect("h", 1))
          assert.is_nil(port:left())
          modem:close()
        end)
      end
    end)

    it("that is refused twice gives up", function()
      run(function()
        local refused = '> AT+QIOPEN=0,%d,"TCP","h",1,0,1\n< ERROR\n> AT+QICLOSE=%d\n< ERROR\n'
        local modem, port = attached(refused:format(0, 0) .. refused:format(1, 1))
        assert.same({ nil, "error" }, { modem:tcp():connect("h", 1) })
        bc260y.sleep(0.1)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("whose caller has left is closed when it succeeds, and its id used no sooner", function()
      run(function()
        local modem, port = attached(open_line(0, 0) .. open_line(1, 0) .. close_line(0))
        local socket = modem:tcp()
        socket:settimeout(0.5)
        assert.same({ nil, "timeout" }, { socket:connect("h", 1) })
        assert.equal(1000.5, port.clock.time)
        assert.same({ nil, "closed" }, { socket:getpeername() })
        socket:settimeout(nil)
        assert.equal(1, socket:connect("h", 1))
        bc260y.sleep(0.1)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("without a report by the module ends after 65 s, and the late one is closed", function()
      run(function()
        local modem, port = attached('> AT+QIOPEN=0,0,"TCP","h",1,0,1\n< OK\n' .. close_line(0)
          .. open_line(1, 0))
        local socket = modem:tcp()
        assert.same({ nil, "timeout" }, { socket:connect("h", 1) })
        assert.equal(1065, port.clock.time)
        assert.equal(1, socket:connect("h", 1))
        port:play("> AT+QISTATE?\n" .. '< +QISTATE: 0,"TCP","h",1,0,2,0,1\n'
          .. '< +QISTATE: 1,"TCP","h",1,0,2,0,1\n< OK\n')
        port:say("\r\n+QIOPEN: 0,0\r\n")
        bc260y.sleep(1)
        assert.is_nil(port:left())
        -- 2 to 4 come first; then 0, which somebody has open, is closed before.
        for id = 2, 4 do
          port:play(open_line(id, 0))
          local other = modem:tcp()
          assert.equal(1, other:connect("h", 1))
          socket[id] = other
        end
        port:play(close_line(0) .. open_line(0, 0))
        assert.equal(1, modem:tcp():connect("h", 1))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("puts off ids that an earlier run left open, and closes them before use", function()
      run(function()
        local modem, port = attached(open_line(3, 0) .. open_line(4, 0) .. close_line(0)
          .. open_line(0, 0), '< +QISTATE: 0,"TCP","h",1,0,2,0,1\n'
          .. '< +QISTATE: 1,"UDP","h",1,0,2,0,1\n< +QISTATE: 2,"TCP","h",1,0,3,0,1')
        local keep = {}
        for i = 1, 3 do
          keep[i] = modem:tcp()
          assert.equal(1, keep[i]:connect("h", 1))
        end
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("gives data that comes in one piece with the success", function()
      run(function()
        local modem, port = attached('> AT+QIOPEN=0,0,"TCP","h",1,0,1\n'
          .. '<< \\r\\nOK\\r\\n\\r\\n+QIOPEN: 0,0\\r\\n\\r\\n+QIURC: "recv",0,2,"hi"\\r\\n')
        local socket = modem:tcp()
        assert.equal(1, socket:connect("h", 1))
        assert.equal("hi", socket:receive(2))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("writes the local port, and takes the port's number as text", function()
      run(function()
        local modem, port = attached(
          '> AT+QIOPEN=0,0,"TCP","h",80,50000,1\n< OK\n< +QIOPEN: 0,556\n' .. close_line(0))
        assert.same({ nil, "Socket bind failed", 556 },
          { modem:tcp({ local_port = 50000 }):connect("h", "80") })
        bc260y.sleep(0.1)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("refuses wrong contents before a byte is sent, and raises on wrong types", function()
      run(function()
        local modem, port = attached("")
        local before = port.writes
        for _, case in ipairs {
          { 'h"', 1, "host" }, { "h\r", 1, "host" }, { "", 1, "host" },
          { ("h"):rep(151), 1, "host" },
          { "h", 0, "remote_port" }, { "h", 65536, "remote_port" }, { "h", 1.5, "remote_port" },
        } do
          local ok, err, what = modem:tcp():connect(case[1], case[2])
          assert.is_nil(ok)
          assert.equal("invalid argument", err)
          assert.equal(case[3], what)
        end
        assert.is_false((pcall(modem.tcp, modem, 5)))
        local socket = modem:tcp()
        assert.is_false((pcall(socket.connect, socket, 5, 1)))
        assert.is_false((pcall(socket.connect, socket, "h", "x")))
        assert.equal(before, port.writes)
        modem:close()
      end)
    end)

    it("needs an address, and says what to do", function()
      run(function()
        local modem = bc260y.open { port = script.port {} }
        assert.same({ nil, "not attached" }, { modem:tcp():connect("h", 1) })
        modem:close()
      end)
    end)

    it("ends with the module's restart, which frees all ids", function()
      run(function()
        local modem, port = attached(open_line(0, 0)
          .. '> AT+QIOPEN=0,1,"TCP","h",1,0,1\n< OK\n~ 1\n< RDY\n')
        local first = modem:tcp()
        assert.equal(1, first:connect("h", 1))
        assert.same({ nil, "module reset" }, { modem:tcp():connect("h", 1) })
        assert.same({ nil, "closed", "" }, { first:receive() })
        assert.same({ nil, "not attached" }, { modem:tcp():connect("h", 1) })
        local ids = modem.ids
        table.sort(ids.free)
        assert.same({ 0, 1, 2, 3, 4 }, ids.free)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("twice on one socket is refused", function()
      run(function()
        local modem = attached(open_line(0, 0))
        local socket = modem:tcp()
        assert.equal(1, socket:connect("h", 1))
        assert.same({ nil, "already connected" }, { socket:connect("h", 1) })
        modem:close()
      end)
    end)
  end)

  describe("an id " .. how, function()
    it("is closed when its socket was dropped without close", function()
      run(function()
        local modem, port = attached(open_line(0, 0) .. close_line(0) .. open_line(1, 0))
        assert.equal(1, modem:tcp():connect("h", 1))
        collectgarbage()
        collectgarbage()
        bc260y.sleep(0.1)
        local socket = modem:tcp()
        assert.equal(1, socket:connect("h", 1))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("is closed by us when the peer has closed, after which it may be used again", function()
      run(function()
        local modem, port = attached(open_line(0, 0)
          .. '~ 1\n< +QIURC: "closed",0\n> AT+QICLOSE=0\n< ERROR\n')
        local socket = modem:tcp()
        assert.equal(1, socket:connect("h", 1))
        assert.equal(0, modem:wait("closed"))
        bc260y.sleep(1)
        assert.equal(1, socket:close())
        assert.equal(5, #modem.ids.free)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("whose QICLOSE is not answered is closed once more, then put off", function()
      run(function()
        local modem, port = attached(open_line(0, 0)
          .. "> AT+QICLOSE=0\n> AT+CGSN=1\n< +CGSN: 1\n< OK\n> AT+QICLOSE=0\n< OK\n< CLOSE OK\n"
          .. open_line(1, 0))
        local socket = modem:tcp()
        assert.equal(1, socket:connect("h", 1))
        assert.equal(1, socket:close())
        assert.equal(1, modem:tcp():connect("h", 1))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("that is awaited by a task is given to it when it comes back", function()
      run(function()
        local text, sockets = "", {}
        for i = 0, 4 do text = text .. open_line(i, 0) end
        local modem, port = attached(text .. '~ 1\n< +QIURC: "closed",2\n> AT+QICLOSE=2\n'
          .. "< OK\n~ 3\n< CLOSE OK\n" .. open_line(2, 0))
        for i = 1, 5 do
          sockets[i] = modem:tcp()
          assert.equal(1, sockets[i]:connect("h", 1))
        end
        modem:wait("closed")
        local last = modem:tcp()
        last:settimeout(1)
        assert.same({ nil, "timeout" }, { last:connect("h", 1) })
        last:settimeout(20)
        assert.equal(1, last:connect("h", 1))
        assert.is_nil(port:left())
        modem:close()
      end)
    end)
  end)
end)

-- What QISTATE? shows of id 0 when it is asked for in doubt, and whether that is open.
local SHOWN = {
  { "", false },                                             -- no line: no connection
  { '< +QISTATE: 0,"TCP","h",1,0,0,0,1\n', false },          -- Initial
  { '< +QISTATE: 0,"TCP","h",1,0,3,0,1\n', false },          -- Closing
  { '< +QISTATE: 0,"TCP","h",1,0,4,0,1\n', false },          -- Remote Closing
  { '< +QISTATE: 0,"TCP","h",1,0,2,0,1\n', true },
  { '< +QISTATE: 0,"TCP","10.0.0.1",1,49153,2,0,1\n', true }, -- the port that it allocated
}

script.each_loop(function(how, run)
  describe("a doubt about the sockets " .. how, function()
    it("is settled by QISTATE, of which each pair of states means the same", function()
      for _, case in ipairs(SHOWN) do
        run(function()
          local modem, port = attached(open_line(0, 0))
          local socket = modem:tcp()
          assert.equal(1, socket:connect("h", 1))
          port:play("> AT+QISTATE?\n" .. case[1] .. "< OK\n" .. (case[2] and "" or close_line(0)))
          modem.ids:doubt()
          socket:settimeout(1)
          assert.same({ nil, case[2] and "timeout" or "closed", "" }, { socket:receive() })
          modem:wait("nothing", 1)
          assert.is_nil(port:left())
          modem:close()
        end)
      end
    end)

    it("has an id closed before it is used that nobody has and QISTATE shows", function()
      for place, case in ipairs(SHOWN) do
        run(function()
          local modem, port = attached("> AT+QISTATE?\n" .. case[1] .. "< OK\n")
          modem.ids:doubt()
          modem:wait("nothing", 1)
          local used = place > 1
          assert.same(used and { 1, 2, 3, 4 } or { 0, 1, 2, 3, 4 }, modem.ids.free)
          assert.same(used and { 0 } or {}, modem.ids.foreign)
          -- Once the module has forgotten it nothing has to be closed.
          port:play("> AT+QISTATE?\n< OK\n")
          modem.ids:doubt()
          modem:wait("nothing", 1)
          assert.equal(5, #modem.ids.free)
          assert.is_nil(port:left())
          modem:close()
        end)
      end
    end)

    it("after deep sleep ends what the module has lost, and nothing that it has kept", function()
      for place = 1, 16 do
        local bit = function(n) return math.floor((place - 1) / n) % 2 == 1 end
        local traits = {
          echo = false,
          tcp_over_sleep = bit(1) and "lost" or "kept",
          udp_over_sleep = bit(2) and "lost" or "kept",
          state_after_close = bit(4) and "initial" or "none",
          state_local_port = bit(8) and "real" or "asked",
        }
        run(function()
          local bench = rig.new { profile = "manual", boot = false, traits = traits }
          bench.net:listen("TCP", "10.0.0.1", 1, {})
          local modem = assert(bc260y.open { port = bench.port, format = "text" })
          assert(modem:attach())
          local sockets = {
            TCP = modem:tcp(), UDP = modem:udp(), fixed = modem:udp { local_port = 50000 },
          }
          for _, socket in pairs(sockets) do
            assert.equal(1, socket:connect("10.0.0.1", 1))
            socket:settimeout(1)
          end
          bench.module:sleep("DEEPSLEEP")
          bench.module:page()
          modem.ids:doubt()
          modem:wait("nothing", 1)
          for kind, socket in pairs(sockets) do
            local kept = traits[kind == "TCP" and "tcp_over_sleep" or "udp_over_sleep"] == "kept"
            assert.equal(kept and "timeout" or "closed", select(2, socket:receive()))
            assert.equal(kept and 3 or nil, (socket:send("abc")))
          end
          modem:close()
        end)
      end
    end)
  end)
end)

describe("an id that is to be closed", function()
  it("does not wait for ever behind tasks that never leave the line idle", function()
    bc260y.run(function()
      local port
      port = script.port {
        text = script.attach("text") .. open_line(0, 0),
        answer = function(_, line)
          port:say("\r\nOK\r\n" .. (line:find("QICLOSE") and "\r\nCLOSE OK\r\n" or ""), 0.1)
        end,
      }
      local modem = bc260y.open { port = port, format = "text" }
      assert(modem:attach())
      assert.equal(1, modem:tcp():connect("h", 1))
      for _ = 1, 5 do
        bc260y.spawn(function()
          while true do assert(modem:command("AT")) end
        end)
      end
      bc260y.sleep(1)
      collectgarbage()
      collectgarbage()
      local before = port.clock.time
      while not port:written():find("AT+QICLOSE=0", 1, true) do bc260y.sleep(0.1) end
      assert.is_true(port.clock.time - before < 2)
    end)
  end)
end)

describe("a socket as a variable to be closed", function()
  it("gives its id back without blocking", function()
    local load = loadstring or load
    local scope = load([[
      local modem = ...
      local socket <close> = modem:tcp()
      assert(socket:connect("h", 1))
    ]])
    if not scope then return end -- before 5.4
    local modem, port = attached(open_line(0, 0) .. close_line(0))
    scope(modem)
    bc260y.sleep(0.1)
    assert.is_nil(port:left())
    modem:close()
  end)
end)

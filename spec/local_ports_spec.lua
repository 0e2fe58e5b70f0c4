-- Fixed local ports rest after QICLOSE (manual 2.3.2 note 5).

local bc260y = require "bc260y"
local rig = require "spec.support.rig"
local script = require "spec.support.port"

local PORT = 50000

-- The second attach, whose fences ask for something else.
local function again()
  return "> AT+CGSN=1\n< +CGSN: 1\n< OK\n" .. script.attach("text"):gsub("AT%+CSQ\n< %+CSQ: 20,0",
    'AT+QICFG="dataformat"\n< +QICFG: "dataformat",0,0')
end

local function open_line(id, result, port, seconds)
  return ('> AT+QIOPEN=0,%d,"TCP","h",1,%d,1\n< OK\n~ %g\n< +QIOPEN: %d,%d\n'):format(id,
    port or PORT, seconds or 0, id, result)
end

local function close_line(id)
  return ("> AT+QICLOSE=%d\n< OK\n< CLOSE OK\n"):format(id)
end

-- An attached modem on a scripted port, and that. options: as for bc260y.open, and state,
-- what QISTATE? says in attach.
local function attached(text, options)
  local given = { format = "text" }
  for name, value in pairs(options or {}) do given[name] = value end
  local attach, state = script.attach("text"), given.state
  given.state = nil
  if state then attach = attach:gsub("> AT%+QISTATE%?", "%0\n" .. state) end
  local port = script.port { text = attach .. text }
  given.port = port
  local modem = assert(bc260y.open(given))
  assert(modem:attach())
  return modem, port
end

local function new_socket(modem, timeout, local_port)
  local socket = modem:tcp { local_port = local_port or PORT }
  if timeout then socket:settimeout(timeout) end
  return socket
end

script.each_loop(function(how, run)
  describe("a fixed local port " .. how, function()
    -- Each ends the only socket on it one second after 1000.
    local ends = {
      ["was closed"] = { "~ 1\n" .. close_line(0), function(socket) socket:close() end },
      ["was closed by the peer"] = { '~ 1\n< +QIURC: "closed",0\n' .. close_line(0) },
      ["was dropped by a restart"] = { "~ 1\n< RDY\n" },
    }
    for why, case in pairs(ends) do
      it("rests for 120 s once its socket " .. why, function()
        run(function()
          local modem, port = attached(open_line(0, 0) .. (case[2] and "" or case[1]))
          local first = new_socket(modem)
          assert.equal(1, first:connect("h", 1))
          modem:wait("nothing", 1)
          if case[2] then
            port:play(close_line(0))
            case[2](first)
          end
          modem:wait("nothing", 0.5)
          assert.is_nil(port:left())
          if not modem.address then
            port:play(again())
            assert(modem:attach())
          end
          local writes = port.writes
          local ok, err, left = new_socket(modem, 20):connect("h", 1)
          assert.same({ nil, "port at rest" }, { ok, err })
          assert.is_true(math.abs(left - 119.5) < 0.01)
          assert.equal(writes, port.writes)
          local id = modem.ids.free[1]
          port:play(open_line(id, 0))
          assert.equal(1, new_socket(modem):connect("h", 1))
          assert.is_true(math.abs(port.clock.time - 1121) < 0.1)
          assert.is_nil(port:left())
          modem:close()
        end)
      end)
    end

    it("rests for 120 s after an open that failed, too, be it told that it still rests", function()
      for _, code in ipairs { 556, 566 } do
        run(function()
          local modem, port = attached(open_line(0, code) .. close_line(0) .. open_line(1, 0))
          local socket = new_socket(modem)
          assert.same({ nil, bc260y.errors[code], code }, { socket:connect("h", 1) })
          assert.equal(1000, port.clock.time)
          assert.equal(1, socket:connect("h", 1))
          assert.equal(1120, port.clock.time)
          assert.is_nil(port:left())
          modem:close()
        end)
      end
    end)

    it("needs no rest where nothing was opened with it: an id was in use", function()
      for _, answer in ipairs { "< OK\n< +QIOPEN: 0,563\n", "< ERROR\n" } do
        run(function()
          local modem, port = attached('> AT+QIOPEN=0,0,"TCP","h",1,50000,1\n' .. answer
            .. close_line(0) .. open_line(1, 0))
          assert.equal(1, new_socket(modem):connect("h", 1))
          assert.equal(1000, port.clock.time)
          assert.is_nil(port:left())
          modem:close()
        end)
      end
    end)

    it("needs no rest where the module refused the command", function()
      run(function()
        local refused = '> AT+QIOPEN=0,%d,"TCP","h",1,50000,1\n< ERROR\n> AT+QICLOSE=%d\n< ERROR\n'
        local modem, port = attached(refused:format(0, 0) .. refused:format(1, 1)
          .. open_line(2, 0))
        assert.same({ nil, "error" }, { new_socket(modem):connect("h", 1) })
        modem:wait("nothing", 1)
        assert.equal(1, new_socket(modem):connect("h", 1))
        assert.equal(1001, port.clock.time)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("needs no rest where nothing was sent", function()
      run(function()
        local modem, port = attached(open_line(1, 0, 0, 5) .. open_line(3, 0) .. close_line(1))
        assert.equal("invalid argument", select(2, new_socket(modem):connect("", 1)))
        local slow = modem:tcp()
        slow:settimeout(1)
        slow:connect("h", 1) -- the line is busy for 5 s
        assert.same({ nil, "timeout" }, { new_socket(modem, 1):connect("h", 1) })
        assert.equal(1, new_socket(modem):connect("h", 1))
        assert.equal(1005, port.clock.time)
        modem:wait("nothing", 1)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("rests for as long as it was asked for; 0 is no rest", function()
      run(function()
        local text = open_line(0, 0) .. close_line(0) .. open_line(1, 0)
        for _, seconds in ipairs { 70, 0.5, 0 } do
          local modem, port = attached(text, { local_port_rest = seconds })
          local first = new_socket(modem)
          assert.equal(1, first:connect("h", 1))
          first:close()
          assert.equal(1, new_socket(modem):connect("h", 1))
          assert.is_true(math.abs(port.clock.time - 1000 - seconds) < 0.01)
          assert.is_nil(port:left())
          modem:close()
        end
      end)
    end)

    it("is kept in mind, and no port that the module picks", function()
      run(function()
        local modem, port = attached(open_line(0, 0, 0) .. open_line(1, 0) .. close_line(0)
          .. close_line(1), { state = '< +QISTATE: 4,"UDP","h",1,0,2,0,1\n' })
        local picked, fixed = new_socket(modem, nil, 0), new_socket(modem)
        assert.equal(1, picked:connect("h", 1))
        assert.equal(1, fixed:connect("h", 1))
        local ports = modem.ids.ports
        assert.same({ [1] = "TCP" .. PORT }, ports.held)
        picked:close()
        fixed:close()
        assert.same({ ["TCP" .. PORT] = 1120 }, ports.rested)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("with no rest still waits for QICLOSE", function()
      run(function()
        local modem, port = attached(open_line(0, 566) .. "> AT+QICLOSE=0\n< OK\n~ 2\n< CLOSE OK\n"
          .. open_line(1, 0), { local_port_rest = 0 })
        local socket = new_socket(modem)
        assert.same({ nil, bc260y.errors[566], 566 }, { socket:connect("h", 1) })
        socket:settimeout(1)
        assert.same({ nil, "port at rest", 0 }, { socket:connect("h", 1) })
        socket:settimeout(nil)
        assert.equal(1, socket:connect("h", 1))
        assert.equal(1002, port.clock.time)
        modem:close()
      end)
    end)

    it("is refused to a second socket before a byte is sent", function()
      run(function()
        local modem, port = attached(open_line(0, 0))
        local first = new_socket(modem)
        assert.equal(1, first:connect("h", 1))
        local writes = port.writes
        assert.same({ nil, "Port busy", 574 }, { new_socket(modem):connect("h", 1) })
        assert.equal(writes, port.writes)
        assert.equal("h", (first:getpeername()))
        modem:close()
      end)
    end)

    it("of TCP is another one than that of UDP, and 0 is none", function()
      run(function()
        local text = open_line(0, 0) .. open_line(1, 0):gsub("TCP", "UDP")
          .. open_line(2, 0, 0) .. close_line(2) .. open_line(3, 0, 0) .. open_line(4, 0, 0)
        local modem, port = attached(text)
        local keep = { new_socket(modem), modem:udp { local_port = PORT }, modem:tcp() }
        for i = 1, 3 do assert.equal(1, keep[i]:connect("h", 1)) end
        keep[3]:close()
        for i = 3, 4 do
          keep[i] = modem:tcp()
          assert.equal(1, keep[i]:connect("h", 1))
        end
        assert.equal(1000, port.clock.time)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("that an earlier run left in use is closed first, and rests", function()
      run(function()
        local modem, port = attached(close_line(3) .. open_line(0, 0),
          { state = '< +QISTATE: 3,"TCP","h",1,50000,2,0,1' })
        local socket = new_socket(modem, 60)
        assert.same({ nil, "port at rest", 120 }, { socket:connect("h", 1) })
        modem:wait("nothing", 1)
        socket:settimeout(nil)
        assert.equal(1, socket:connect("h", 1))
        assert.is_true(math.abs(port.clock.time - 1120) < 0.1)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("that an earlier run could not open is not in use, and rests only if the module says so",
      function()
        run(function()
          local modem, port = attached(open_line(0, 0),
            { state = '< +QISTATE: 3,"TCP","h",1,50000,0,0,1' })
          assert.equal(1, new_socket(modem):connect("h", 1))
          assert.equal(1000, port.clock.time)
          assert.is_nil(port:left())
          modem:close()
        end)
      end)

    it("rests on while others come and go", function()
      run(function()
        local modem, port = attached(open_line(0, 0) .. open_line(1, 0, 50001) .. close_line(0)
          .. close_line(1) .. open_line(2, 0, 50001) .. open_line(3, 0))
        local first, second = new_socket(modem), new_socket(modem, nil, 50001)
        assert.equal(1, first:connect("h", 1))
        assert.equal(1, second:connect("h", 1))
        first:close()
        modem:wait("nothing", 50)
        second:close()
        assert.same({ nil, "port at rest", 70 }, { new_socket(modem, 1):connect("h", 1) })
        second = new_socket(modem, nil, 50001)
        assert.equal(1, second:connect("h", 1))
        assert.is_true(math.abs(port.clock.time - 1170) < 0.01)
        assert.equal(1, new_socket(modem):connect("h", 1))
        assert.is_true(math.abs(port.clock.time - 1170) < 0.01)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("whose id can't be closed is not waited for for ever", function()
      run(function()
        local port
        port = script.port {
          text = script.attach("text"):gsub("> AT%+QISTATE%?",
            '%0\n< +QISTATE: 3,"TCP","h",1,50000,2,0,1'),
          answer = function(_, line) -- a fence passes, a QICLOSE is never answered
            local prefix = line:match("^AT(%+%u+)")
            if prefix == "+QICLOSE" then return end
            if prefix == "+QICFG" then port:reply('+QICFG: "dataformat",0,0') end
            if prefix == "+CGSN" or prefix == "+CGPADDR" then port:reply(prefix .. ": 1") end
            if prefix == "+CSQ" then port:reply("+CSQ: 1,1") end
            port:reply("OK")
          end,
        }
        local modem = bc260y.open { port = port, format = "text" }
        assert(modem:attach())
        assert.same({ nil, "no response" }, { new_socket(modem):connect("h", 1) })
        assert.is_true(port.clock.time < 1200)
        modem:close()
      end)
    end)

    it("is waited for in vain where the module restarts meanwhile", function()
      run(function()
        local modem, port = attached(open_line(0, 0) .. close_line(0))
        local first = new_socket(modem)
        assert.equal(1, first:connect("h", 1))
        first:close()
        port:say("\r\nRDY\r\n", 60)
        assert.same({ nil, "not attached" }, { new_socket(modem):connect("h", 1) })
        assert.is_true(port.clock.time < 1061)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)

    it("is waited for no longer than the port of the modem is there", function()
      run(function()
        local modem, port = attached(open_line(0, 566) .. close_line(0))
        local socket = new_socket(modem)
        assert.same({ nil, bc260y.errors[566], 566 }, { socket:connect("h", 1) })
        port:unplug(30)
        assert.same({ nil, "lost" }, { socket:connect("h", 1) })
        assert.is_true(port.clock.time < 1031)
      end)
    end)

    it("is a whole number from 0 to 65535, and its rest a number of seconds", function()
      run(function()
        local modem = attached("")
        for _, port in ipairs { -1, 65536, 1.5, 0/0, math.huge, "1", true } do
          for _, kind in ipairs { "tcp", "udp" } do
            local ok, err = pcall(function()
              local _ = modem[kind](modem, { local_port = port })
            end)
            assert.is_false(ok)
            assert.matches("local_ports_spec.lua:%d+: local_port: ", err)
          end
        end
        for _, port in ipairs { 0, 1, 65535 } do
          assert.is_table(modem:tcp { local_port = port })
        end
        for _, rest in ipairs { -1, 0/0, "1", false } do
          assert.is_false((pcall(bc260y.open,
            { port = script.port {}, local_port_rest = rest })))
        end
        modem:close()
      end)
    end)
  end)

  describe("the virtual module " .. how, function()
    it("never finds a port that still rests, however its sockets come to their ends", function()
      run(function()
        local bench = rig.new { profile = "manual", boot = false,
          names = { h = "10.0.0.1", dead = "10.0.0.2" } }
        local ended = 0
        bench.net:listen("TCP", "10.0.0.1", 1, {})
        local modem = assert(bc260y.open { port = bench.port, format = "text" })
        assert(modem:attach())
        for round = 1, 8 do
          local socket = new_socket(modem)
          if round % 4 == 3 then
            assert.same({ nil, bc260y.errors[566], 566 }, { socket:connect("dead", 1) })
          else
            assert.equal(1, socket:connect("h", 1))
            assert.is_true(round == 1 or bench.time - ended >= 120)
          end
          if round % 4 == 1 then socket:close() end
          if round % 4 == 2 then
            bench.net.peers[#bench.net.peers]:close()
            modem:wait("closed")
          end
          if round % 4 == 0 then
            socket = nil -- luacheck: ignore
            collectgarbage()
            collectgarbage()
          end
          modem:wait("nothing", 1)
          ended = bench.time - 1
        end
        modem:close()
      end)
    end)
  end)
end)

describe("tasks that want one fixed local port", function()
  it("get it one after the other has gone, and never both", function()
    bc260y.run(function()
      local modem, port = attached(open_line(0, 566) .. close_line(0) .. open_line(1, 0))
      assert.is_nil((new_socket(modem):connect("h", 1)))
      local sockets = { new_socket(modem), new_socket(modem) }
      local tasks = {}
      for i = 1, 2 do tasks[i] = bc260y.spawn(sockets[i].connect, sockets[i], "h", 1) end
      local results = {}
      for i = 1, 2 do results[i] = { tasks[i]:wait() } end
      table.sort(results, function(one, other) return (one[1] or 0) > (other[1] or 0) end)
      assert.same({ { 1 }, { nil, "Port busy", 574 } }, results)
      assert.equal(1120, port.clock.time)
      assert.is_nil(port:left())
      modem:close()
    end)
  end)

  it("do not get it while another connects with it", function()
    bc260y.run(function()
      local modem, port = attached(open_line(0, 0, PORT, 5))
      local first = new_socket(modem)
      local task = bc260y.spawn(first.connect, first, "h", 1)
      bc260y.sleep(1)
      assert.same({ nil, "Port busy", 574 }, { new_socket(modem):connect("h", 1) })
      assert.same({ 1 }, { task:wait() })
      assert.is_nil(port:left())
      modem:close()
    end)
  end)

  it("may close the socket that waits for it", function()
    bc260y.run(function()
      local modem, port = attached(open_line(0, 566) .. close_line(0))
      assert.is_nil((new_socket(modem):connect("h", 1)))
      local socket = new_socket(modem)
      local task = bc260y.spawn(socket.connect, socket, "h", 1)
      bc260y.sleep(1)
      socket:close()
      assert.same({ nil, "closed" }, { task:wait() })
      assert.equal(1001, port.clock.time)
      assert.is_nil(port:left())
      modem:close()
    end)
  end)
end)

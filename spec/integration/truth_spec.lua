-- The correctness table: what a driver must never take for something else. Ten rows,
-- live over a pty, in both loops; a scripted module decides between which two bytes a
-- thing happens (spec/support/live_wire.lua).

local bc260y = require "bc260y"
local live = require "spec.support.live"
local live_wire = require "spec.support.live_wire"

local FORMS = { "text", "quoted", "hex", "quoted hex" }
local FALSE_EVENTS = { "urc", "closed", "reset", "torn", "orphan", "overflow", "error" }

local function check_nothing(counts, said)
  for event, count in pairs(counts) do
    assert.equal(0, count, event .. " came, among " .. table.concat(said, "; "))
  end
end

-- A payload reaches the socket as it is and nothing else does: while the line is idle,
-- before a command's answer, between its line and its OK, and after it.
local function check_payload(bytes)
  live.each_loop(function(run)
    for _, form in ipairs(FORMS) do
      run(function()
        local wire = live_wire.new()
        local modem, socket = wire:connected()
        local counts, said = live.watch(modem, FALSE_EVENTS)
        local places = {
          function() wire:payload(form, bytes); wire:lines { "+CSQ: 20,0", "OK" } end,
          function()
            wire:lines { "+CSQ: 20,0" }
            wire:payload(form, bytes)
            wire:lines { "OK" }
          end,
          function() wire:lines { "+CSQ: 20,0", "OK" }; wire:payload(form, bytes) end,
        }
        -- A quoted frame that is not ambiguous, so that the first one below need not be.
        wire:payload(form, "0123456789")
        assert.equal("0123456789", socket:receive(10))
        for _, place in ipairs(places) do
          wire.answers["AT+CSQ"] = place
          assert.same({ "+CSQ: 20,0" }, modem:command("AT+CSQ"))
          assert.equal(bytes, socket:receive(#bytes))
        end
        wire:payload(form, bytes)
        assert.equal(bytes, socket:receive(#bytes))
        check_nothing(counts, said)
        assert.equal(5, modem:stats().payloads)
        assert.equal(10 + 4 * #bytes, modem:stats().payload_bytes)
        assert.same({ "+CSQ: 20,0" }, modem:command("AT+CSQ", { timeout = 10 }))
        wire:close()
        modem:close()
      end)
    end
  end)
end

describe("The correctness table, live over a pty #integration:", function()
  after_each(live.finish)

  it("a payload that holds OK completes no command", function()
    check_payload("\r\nOK\r\n")
    check_payload("\r\nSEND OK\r\n\r\nCLOSE OK\r\n> ")
  end)

  it("a payload that holds a URC raises no event", function()
    check_payload('\r\n+QIURC: "closed",0\r\n')
    check_payload('\r\n+QIURC: "recv",0,3,abc\r\n\r\nRDY\r\n\r\n+IP: 10.0.0.1\r\n')
  end)

  it("a payload that holds ERROR fails no command", function()
    check_payload("\r\nERROR\r\n")
    check_payload("\r\n+CME ERROR: 50\r\n\r\nSEND FAIL\r\n")
  end)

  it("a payload that holds NUL and 0xFF loses and gains no byte", function()
    check_payload("\0")
    check_payload("\255\0\255\0\0\r\n\0\255")
    local all = {}
    for byte = 0, 255 do all[byte + 1] = string.char(byte) end
    check_payload(table.concat(all))
  end)

  it("a URC before the response is an event, and the response is the command's", function()
    live.each_loop(function(run)
      run(function()
        local wire = live_wire.new()
        local modem = wire:open()
        local urcs = modem:on("urc")
        wire.answers["AT+CEREG?"] = function()
          wire:lines { "+CEREG: 5", '+QIURC: "closed",3', "+CEREG: 1,1", "OK" }
        end
        assert.same({ "+CEREG: 1,1" }, modem:command("AT+CEREG?"))
        assert.equal("+CEREG: 5", urcs:wait(10))
        assert.equal('+QIURC: "closed",3', urcs:wait(10))
        assert.same({}, modem:command("AT"))
        modem:close()
      end)
    end)
  end)

  it("a URC before the final OK is an event, also with the answer's own prefix", function()
    live.each_loop(function(run)
      run(function()
        local wire = live_wire.new()
        local modem = wire:open()
        local urcs = modem:on("urc")
        wire.answers["AT+CEREG?"] = function()
          wire:lines { "+CEREG: 1,1", "+CEREG: 2", "+IP: 10.0.0.7", "OK" }
        end
        assert.same({ "+CEREG: 1,1" }, modem:command("AT+CEREG?"))
        assert.equal("+CEREG: 2", urcs:wait(10))
        assert.equal("+IP: 10.0.0.7", urcs:wait(10))
        assert.equal(2, modem:stats().urcs)
        modem:close()
      end)
    end)
  end)

  it("everything byte by byte gives the same results and events", function()
    live.each_loop(function(run)
      run(function()
        local wire = live_wire.new { bytewise = true }
        local modem, socket = wire:connected()
        local urcs = modem:on("urc")
        wire.answers["AT+CSQ"] = function()
          wire:lines { "+CEREG: 5", "+CSQ: 31,99" }
          wire:payload("quoted", '\r\nOK\r\n"\0\255')
          wire:lines { "OK" }
        end
        wire.answers['AT+QISEND=0,5,"hello"'] = function()
          wire:payload("quoted", "\r\nERROR\r\n")
          wire:lines { "SEND OK", "+CEREG: 1", "OK" }
        end
        assert.same({ "+CSQ: 31,99" }, modem:command("AT+CSQ"))
        assert.equal(5, socket:send("hello"))
        assert.equal('\r\nOK\r\n"\0\255\r\nERROR\r\n', socket:receive(9 + 9))
        assert.equal("+CEREG: 5", urcs:wait(10))
        assert.equal("+CEREG: 1", urcs:wait(10))
        local stats = modem:stats()
        assert.same({ 2, 2, 0, 0 }, { stats.urcs, stats.payloads, stats.torn, stats.orphans })
        assert.equal(wire.said_bytes, wire.reads)
        modem:close()
      end)
    end)
  end)

  it("a URC while the line is idle is an event, to hook, queue and wait alike", function()
    live.each_loop(function(run)
      run(function()
        local wire = live_wire.new()
        local modem = wire:open()
        local queue, hooked = modem:on("+CEREG"), nil
        modem:on("urc", function(line) hooked = line end)
        wire:lines { "+CEREG: 5" }
        assert.equal("+CEREG: 5", modem:wait("+CEREG", 10))
        assert.equal("+CEREG: 5", queue:wait(10))
        bc260y.sleep(0)
        assert.equal("+CEREG: 5", hooked)
        assert.same({ 1, 0 }, { modem:stats().urcs, modem:stats().orphans })
        assert.same({}, modem:command("AT"))
        modem:close()
      end)
    end)
  end)

  it("a late answer while the line is idle is an orphan, and no later command's", function()
    live.each_loop(function(run)
      run(function()
        local wire = live_wire.new { answers = { ["AT+CCLK?"] = false } }
        local modem = wire:open()
        local orphans, urcs = modem:on("orphan"), modem:on("urc")
        assert.same({ nil, "timeout" }, { modem:command("AT+CCLK?", { timeout = 0.02 }) })
        wire:lines { '+CCLK: "70/01/01,00:00:00+00"', "OK" }
        assert.equal('+CCLK: "70/01/01,00:00:00+00"', orphans:wait(10))
        assert.equal("OK", orphans:wait(10))
        wire.answers["AT+CCLK?"] = nil
        assert.same({ '+CCLK: "2023/12/14,09:01:13+32"' }, modem:command("AT+CCLK?"))
        assert.same({ '+CCLK: "2023/12/14,09:01:13+32"' }, modem:command("AT+CCLK?"))
        assert.same({ nil, "timeout" }, { urcs:wait(0) })
        assert.equal(2, modem:stats().orphans)
        modem:close()
      end)
    end)
  end)

  it("a late answer during the next command is an orphan, and the next has its own", function()
    local LATE = live_wire.frame { '+CCLK: "70/01/01,00:00:00+00"', "OK" }

    -- Up to `cut` it is said while the line is idle (and read then, or not), the rest
    -- only after the host has written again: a query that is to fence off what is late,
    -- or the command itself.
    local function check(cut, read)
      local wire = live_wire.new { answers = { ["AT+CCLK?"] = false } }
      local modem = wire:open()
      local orphans = modem:on("orphan")
      assert.same({ nil, "timeout" }, { modem:command("AT+CCLK?", { timeout = 0.001 }) })
      wire:say(LATE:sub(1, cut))
      if read then wire:drain() end
      local rest = LATE:sub(cut + 1)
      local function after_rest(answer)
        return function()
          wire:say(rest)
          rest = ""
          return answer
        end
      end
      wire.answers["AT+CSQ"] = after_rest { "+CSQ: 20,0", "OK" }
      wire.answers["AT+CCLK?"] = after_rest { '+CCLK: "99/12/31,23:59:59+32"', "OK" }
      assert.same({ '+CCLK: "99/12/31,23:59:59+32"' }, modem:command("AT+CCLK?"))
      assert.equal("", rest)
      assert.equal('+CCLK: "70/01/01,00:00:00+00"', orphans:wait(10))
      assert.equal("OK", orphans:wait(10))
      assert.same({}, modem:command("AT"))
      assert.equal(2, modem:stats().orphans)
      modem:close()
      wire:close()
    end

    live.each_loop(function(run)
      for cut = 0, #LATE do
        run(function() check(cut, false) end)
        run(function() check(cut, true) end)
      end
    end)
  end)
end)

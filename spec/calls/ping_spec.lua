local bc260y = require "bc260y"
local call = require "spec.support.call"
local script = require "spec.support.port"

local ASK = '> AT+QPING=0,"a.example",4,4,32\n< OK\n'

local function lines(...)
  local text = ""
  for _, line in ipairs { ... } do text = text .. "~ 1\n< +QPING: " .. line .. "\n" end
  return text
end

local function ping(...)
  return call(ASK .. lines(...), "ping", "a.example")
end

local function reply(ms, ttl)
  return { address = "10.1.2.3", bytes = 32, time = ms / 1000, ttl = ttl }
end

local lost = { lost = true, code = 569 }

describe("modem:ping", function()
  it("gives each reply and the summary, in seconds", function()
    assert.same({
      address = "10.1.2.3", sent = 4, received = 4, lost = 0, min = 0.26, max = 0.484,
      avg = 0.398, replies = { reply(369), reply(479), reply(484), reply(260) },
    }, (ping("0,10.1.2.3,32,369", "0,10.1.2.3,32,479", "0,10.1.2.3,32,484",
      "0,10.1.2.3,32,260", "0,4,4,0,260,484,398")))
  end)

  it("takes quoted addresses, and a ttl", function()
    assert.same({
      address = "10.1.2.3", sent = 4, received = 4, lost = 0, min = 0.001, max = 5, avg = 2,
      replies = { reply(1, 64), reply(5000, 255), reply(2000, 0), reply(2000, 1) },
    }, (ping('0,"10.1.2.3",32,1,64', '0,"10.1.2.3",32,5000,255', '0,"10.1.2.3",32,2000,0',
      '0,"10.1.2.3",32,2000,1', "0,4,4,0,1,5000,2000")))
  end)

  it("goes on behind a lost request", function()
    local result = ping("569", "0,10.1.2.3,32,369", "569", "0,10.1.2.3,32,369",
      "0,4,2,2,369,369,369")
    assert.same({ lost, reply(369), lost, reply(369) }, result.replies)
    assert.same({ 4, 2, 2, "10.1.2.3" },
      { result.sent, result.received, result.lost, result.address })
  end)

  it("has times where one is answered", function()
    local result = ping("569", "569", "569", "0,10.9.9.9,32,5", "0,4,1,3,5,5,5")
    assert.same({ "10.9.9.9", 1, 0.005, 0.005, 0.005 },
      { result.address, result.received, result.min, result.max, result.avg })
    result = ping("0,10.1.1.1,32,5", "569", "569", "0,10.9.9.9,32,5", "0,4,2,2,5,5,5")
    assert.equal("10.1.1.1", result.address)
  end)

  it("has no times where all are lost", function()
    assert.same({ sent = 4, received = 0, lost = 4, replies = { lost, lost, lost, lost } },
      (ping("569", "569", "569", "569", "0,4,0,4,0,0,0")))
  end)

  it("fails where the summary is a single code, with the replies so far", function()
    assert.same({ nil, "Operation timeout", 569, { lost, lost, lost, lost } },
      { ping("569", "569", "569", "569", "569") })
    assert.same({ nil, "DNS parse failed", 565, {} }, { ping "565" })
    assert.same({ nil, "Operation busy", 568, {} }, { ping "568" })
    assert.same({ nil, "PDP context broken down", 570, { reply(369) } },
      { ping("0,10.1.2.3,32,369", "570") })
  end)

  it("counts another code for a lost request where the next one follows", function()
    local result = ping("564", "0,10.1.2.3,32,369", "569", "0,10.1.2.3,32,369",
      "0,4,2,2,369,369,369")
    assert.same({ { lost = true, code = 564 }, reply(369), lost, reply(369) }, result.replies)
  end)

  it("never takes a line that is none for a reply", function()
    for _, line in ipairs {
      "0,32,369", "0,32,369,64", "0,10.1.2.3,32", "0,10.1.2.3,x,369", "0,10.1.2.3,32,x",
      "0,10.1.2.3,32,-1", "0,10.1.2.300,32,369", "0,,32,369", "0,10.1.2.3,32,369,64,1",
      "0,10.1.2.3,32,369,-1", "0,10.1.2.3,369,64", "0,10.1.2.3,3,369", "0,10.1.2.3,33,369",
      "0,10.1.2.3,32,5001", "0,10.1.2.3,32,36900", "0,0.0.0.0,32,369",
      "0,10.1.2.3,4294967328,369", "1,10.1.2.3,32,369", "-1", "",
      "0,4,4,0,260,484", "0,4,4,0,260,484,398,1", "0,4,x,0,260,484,398",
    } do
      local result, _, _, replies = ping("0,10.1.2.3,32,369", line, "0,10.1.2.3,32,369",
        "0,10.1.2.3,32,369", "0,4,3,1,369,369,369")
      replies = result and result.replies or replies
      for _, one in ipairs(replies) do
        assert.is_true(one.lost and one.address == nil or one.time == 0.369
          and one.bytes == 32 and one.address == "10.1.2.3" and one.ttl == nil, line)
      end
      if result then
        assert.same({ 4, 3, 1, 0.369 }, { result.sent, result.received, result.lost, result.avg })
      end
    end
  end)

  it("never takes for the summary what contradicts the request or itself", function()
    local replies = { reply(369), lost, reply(369) }
    for _, summary in ipairs {
      "0,5,2,3,369,369,369", "0,44,2,42,369,369,369", "0,4,3,2,369,369,369",
      "0,4,2,3,369,369,369", "0,4,40,0,369,369,369", "0,4,2,2,369,369,36",
      "0,4,2,2,370,369,369", "0,4,2,2,369,369,370", "0,4,2,2,369,5001,369",
      "0,3,3,0,369,369,369", "0,3,1,2,369,369,369", "0,128,64,64,369,369,369",
    } do
      assert.same({ nil, "error", nil, replies },
        { ping("0,10.1.2.3,32,369", "569", "0,10.1.2.3,32,369", summary) }, summary)
    end
  end)

  it("believes the summary where a reply's line was lost, or where it ended early", function()
    for summary, want in pairs {
      ["0,4,3,1,369,369,369"] = { 4, 3, 1 }, ["0,4,2,2,369,369,369"] = { 4, 2, 2 },
      ["0,3,2,1,1,5000,369"] = { 3, 2, 1 },
    } do
      local result = ping("0,10.1.2.3,32,369", "569", "0,10.1.2.3,32,369", summary)
      assert.same(want, { result.sent, result.received, result.lost }, summary)
    end
    local result = ping("569", "569", "569", "569", "0,4,0,4,9,1,5")
    assert.same({ 0 }, { result.received, result.min, result.max, result.avg })
  end)

  it("writes every default out, and what is asked for", function()
    local whole = "0,10.1.2.3,1500,5"
    assert(call('> AT+QPING=0,"10.1.2.3",255,1,1500\n< OK\n' .. lines(whole, "0,1,1,0,5,5,5"),
      "ping", "10.1.2.3", { count = 1, size = 1500, timeout = 255 }))
    assert(call('> AT+QPING=0,"10.1.2.3",1,10,32\n< OK\n' .. lines("0,10,0,10,0,0,0"),
      "ping", "10.1.2.3", { count = 10, timeout = 1 }))
  end)

  it("refuses what is out of its range before a byte is sent", function()
    for _, case in ipairs {
      { "time_out", "1 to 255", "timeout", { 0, 256, 1.5, -1, 0/0, 1/0 } },
      { "ping_num", "1 to 10", "count", { 0, 11, 2.5, -1, 0/0 } },
      { "ping_size", "32 to 1500", "size", { 31, 1501, 32.5, -32, 0/0 } },
    } do
      for _, value in ipairs(case[4]) do
        assert.same({ nil, "invalid argument", case[1], case[2] },
          { call("", "ping", "a.example", { [case[3]] = value }) })
      end
    end
    for _, host in ipairs { "", 'a"b', "a\r", ("x"):rep(151) } do
      local _, err, what = call("", "ping", host)
      assert.same({ "invalid argument", "host" }, { err, what })
    end
    for _, given in ipairs { { 5 }, { "a", 5 }, { "a", { count = "1" } }, { "a", { limit = -1 } },
      { "a", { limit = 0/0 } }, { "a", { number = 1 } } } do
      assert.is_false((pcall(call, "", "ping", given[1], given[2])))
    end
  end)

  it("needs an address", function()
    local modem = bc260y.open { port = script.port {} }
    assert.same({ nil, "not attached", nil, {} }, { modem:ping("a") })
    modem:close()
    assert.same({ nil, "closed", nil, {} }, { modem:ping("a") })
  end)

  it("ends where the module refuses it or says nothing", function()
    assert.same({ nil, "error", 50, {} }, { call('> AT+QPING=0,"a.example",4,4,32\n'
      .. "< +CME ERROR: 50", "ping", "a.example") })
    assert.same({ nil, "timeout", nil, { reply(369) } }, { ping "0,10.1.2.3,32,369" })
    assert.same({ nil, "timeout", nil, { reply(369) } },
      { call(ASK .. lines "0,10.1.2.3,32,369", "ping", "a.example", { limit = 3 }) })
  end)
end)

script.each_loop(function(how, run)
  describe("the event ping " .. how, function()
    it("tells of each request, and not of those after the caller has gone", function()
      run(function()
        local port = script.port { text = ASK
          .. lines("0,10.1.2.3,32,369", "569", "0,10.1.2.3,32,1", "569", "0,4,2,2,1,369,185") }
        local modem = bc260y.open { port = port }
        modem.address = "10.0.0.1"
        local told = {}
        modem:on("ping", function(one, index) told[#told + 1] = { index, one } end)
        assert.same({ nil, "timeout", nil, { reply(369), lost } },
          { modem:ping("a.example", { limit = 2.5 }) })
        modem:wait("nothing", 20)
        assert.same({ { 1, reply(369) }, { 2, lost } }, told)
        assert.is_nil(port:left())
        modem:close()
      end)
    end)
  end)
end)

describe("the event ping", function()
  it("comes while the ping runs, in a loop", function()
    local port = script.port { text = ASK .. lines("0,10.1.2.3,32,369", "0,10.1.2.3,32,1",
      "569", "569", "0,4,2,2,1,369,185") }
    local times, began = {}, port.clock.time
    bc260y.run(function()
      local modem = bc260y.open { port = port }
      modem.address = "10.0.0.1"
      modem:on("ping", function(_, index)
        times[index] = math.floor(port.clock.time - began + 0.5)
      end)
      assert(modem:ping("a.example"))
      modem:close()
    end)
    assert.same({ 1, 2, 3, 4 }, times)
  end)
end)

-- Late answers: each command, and each second result, late by 0 to three deadlines in
-- small steps, with the fence's own answers late as well. Whatever the delay, the next
-- command gets its own answer or none, and no send is called a success that was not.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"

local FIRST = 5 -- seconds: the deadline of a first answer

-- A modem on a virtual module. Of the first command with that text, and of the second,
-- each part is late by its delay: {what = seconds}. fence: seconds that, from then on,
-- every other answer is late.
local function new_bench(text, first, second, fence, format)
  local seen = 0
  local bench
  bench = rig.new{
    profile = format == "raw" and "R02" or "manual", boot = false, traits = { echo = false },
    names = { h = "10.0.0.1" },
    delay = function(what, command)
      if seen == 0 then return nil end
      if not command:find(text, 1, true) then return fence end
      return (seen == 1 and first or second)[what]
    end,
  }
  local input = bench.module.input
  bench.module.input = function(module, bytes)
    if bytes:find(text, 1, true) then seen = seen + 1 end
    return input(module, bytes)
  end
  bench.modem = assert(bc260y.open{ port = bench.port, format = format or "text" })
  return bench
end

local commands = {
  { "AT", {} },
  { "ATI", { "first", "second" } },
  { "AT+CGMR", { "first", "second" } },
  { "AT+CGSN=1", { "+CGSN: 1", "+CGSN: 2" } },
  { "AT+CPIN?", { "+CPIN: SIM PIN", "+CPIN: READY" } },
  { "AT+CFUN?", { "+CFUN: 0", "+CFUN: 1" } },
  { "AT+CEREG?", { "+CEREG: 0,2", "+CEREG: 0,1" } },
  { "AT+CGPADDR", { "+CGPADDR: 1", "+CGPADDR: 2" } },
  { "AT+CSQ", { "+CSQ: 1,0", "+CSQ: 2,0" } },
  { 'AT+QICFG="dataformat"', { '+QICFG: "dataformat",0,0', '+QICFG: "dataformat",1,1' } },
  { "AT+QISTATE?", {
    '+QISTATE: 0,"TCP","h",1,0,2,0,1', '+QISTATE: 1,"TCP","h",1,0,2,0,1' } },
  { "AT+QISEND=0,0", { "+QISEND: 1,1,0", "+QISEND: 2,2,0" } },
  { "AT+X", {}, "ERROR" },
}

-- The wrong answers that were taken, of `text` twice with the first answer late.
local function play_twice(command, what, delay, fence)
  local text, infos, first_final = command[1], command[2], command[3]
  local bench = new_bench(text, { info = delay, final = delay }, {}, fence)
  if what == "final" then bench = new_bench(text, { final = delay }, {}, fence) end
  local exactly = "^" .. text:gsub("%p", "%%%0") .. "$"
  bench.module:script{ match = exactly, answer = { infos[1] or "OK", infos[1] and "OK" } }
  if first_final then
    bench.module:script{ match = exactly, answer = { "OK" } }
  else
    bench.module:script{ match = exactly,
      answer = infos[2] and { infos[2], "OK" } or { "ERROR" } }
  end
  local first = bench.modem:command(text)
  local second = bench.modem:command(text)
  local wrong
  if first and first[1] ~= infos[1] then wrong = "first got " .. tostring(first[1]) end
  if second and #infos > 0 and (second[1] ~= infos[2] or #second ~= 1) then
    wrong = "second got " .. table.concat(second, "|")
  end
  if second and #infos == 0 and not first_final then wrong = "second got the first's OK" end
  return wrong, second ~= nil
end

local function assert_none(wrong)
  assert(#wrong == 0, ("%d wrong, first: %s"):format(#wrong, tostring(wrong[1])))
end

describe("a late answer", function()
  for _, command in ipairs(commands) do
    it("of " .. command[1] .. " is never the next one's", function()
      local wrong, answered, count = {}, 0, 0
      for step = 0, 150 do
        for _, fence in ipairs{ 0, 2.5, 6, 12 } do
          for _, what in ipairs{ "info", "final" } do
            local delay = step * 3 * FIRST / 150
            local err, ok = play_twice(command, what, delay, fence)
            count = count + 1
            if ok then answered = answered + 1 end
            if err then
              wrong[#wrong + 1] = ("%s late by %g, fence by %g: %s"):format(what, delay, fence, err)
            end
          end
        end
      end
      assert_none(wrong)
      -- A driver that answers nothing would pass as well.
      if #command[2] > 0 or command[3] then assert.is_true(answered > count / 2) end
    end)
  end
end)

local seconds = {
  { text = 'AT+QIOPEN=0,1,"TCP","h",80,0,1', deadline = 65,
    first = "+QIOPEN: 1,566", second = "+QIOPEN: 1,0" },
  { text = "AT+QICLOSE=1", deadline = 10, first = "CLOSE OK", second = false },
  { text = 'AT+QIDNSGIP=0,"none"', deadline = 60,
    first = "+QIDNSGIP: 564", second = "+QIDNSGIP: 565" },
  { text = 'AT+QNTP=0,"h",123,0', deadline = 60,
    first = "+QNTP: 569", second = '+QNTP: 0,"19/06/11,11:08:20:35+32"' },
  { text = 'AT+QPING=0,"h",1,1,32', deadline = 11,
    first = "+QPING: 0,1,0,1,0,0,0", second = "+QPING: 0,1,1,0,7,7,7" },
  { text = 'AT+QPING=0,"h",2,1,32', deadline = 12,
    first = "+QPING: 0,1,1,0,7,7,7", second = "+QPING: 565" },
}

describe("a late second result", function()
  -- late: of the first; own: of the second, which may be overtaken by the first.
  local function each_delay(deadline, fn)
    local wrong = {}
    for step = 0, 150 do
      for _, own in ipairs{ 0, deadline * 0.3, deadline * 0.9 } do
        for _, fence in ipairs{ 0, 6 } do
          local late = step * 3 * deadline / 150
          local err = fn(late, own, fence)
          if err then
            wrong[#wrong + 1] = ("late by %g, the next by %g, fence by %g: %s"):format(late, own,
              fence, err)
          end
        end
      end
    end
    assert_none(wrong)
  end

  for _, case in ipairs(seconds) do
    it("of " .. case.text .. " is never the next one's", function()
      each_delay(case.deadline, function(late, own, fence)
        local bench = new_bench(case.text, { second = late }, { second = own }, fence)
        bench.module:script{ match = "AT%+Q", second = case.first }
        bench.module:script{ match = "AT%+Q", second = case.second }
        bench.net:listen("TCP", "10.0.0.1", 80, {})
        local r1, _, c1 = bench.modem:command(case.text)
        local r2, _, c2 = bench.modem:command(case.text)
        if case.second == false then
          return r2 and "a close that nobody confirmed"
        end
        local got1 = r1 and r1[1] or c1 and tostring(c1)
        local got2 = r2 and r2[1] or c2 and tostring(c2)
        if got1 and not case.first:find(got1, 1, true) then return "first got " .. got1 end
        if got2 and not case.second:find(got2, 1, true) then return "second got " .. got2 end
      end)
    end)
  end

  -- What each of two sends did is known from the server; what the socket said of it has
  -- to agree: a success that arrived, or no success; and nothing arrives twice.
  local function send_twice(fails, late, own, fence)
    local bench = new_bench("AT+QISEND=0,3,", { second = late }, { second = own }, fence)
    bench.net:listen("TCP", "10.0.0.1", 80, {})
    local modem = bench.modem
    assert(modem:attach{ timeout = 600 })
    local sock = modem:tcp()
    assert(sock:connect("h", 80))
    local peer = bench.net.peers[#bench.net.peers]
    for i, word in ipairs{ "one", "two" } do
      if fails[i] then bench.module:script{ match = word, second = "SEND FAIL" } end
    end
    local sent1 = sock:send("one")
    local arrived1 = peer:text():find("one", 1, true)
    local sent2 = sock:send("two")
    local arrived2 = peer:text():find("two", 1, true)
    if sent1 and not arrived1 then return "one was called sent" end
    if sent2 and not arrived2 then return "two was called sent" end
    local _, twice = peer:text():gsub("one", "")
    if twice > 1 then return "sent twice" end
  end

  for _, fails in ipairs{ { false, true }, { true, false }, { true, true }, { false, false } } do
    local names = { fails[1] and "fails" or "succeeds", fails[2] and "fails" or "succeeds" }
    it(("makes no success that was not of two sends, one that %s, one that %s"):format(names[1],
      names[2]), function()
        each_delay(10, function(...) return send_twice(fails, ...) end)
      end)
  end

  -- Three in a row, each of which may be late: a debt must not end with an older one's.
  local function send_thrice(late, own, gap)
    local bench = new_bench("AT+QISEND=0,3,", { second = late }, { second = own }, 0)
    bench.net:listen("TCP", "10.0.0.1", 80, {})
    local modem = bench.modem
    assert(modem:attach{ timeout = 600 })
    local sock = modem:tcp()
    assert(sock:connect("h", 80))
    local peer = bench.net.peers[#bench.net.peers]
    bench.module:script{ match = "thr", second = "SEND FAIL" }
    for _, word in ipairs{ "one", "two", "thr" } do
      if sock:send(word) and not peer:text():find(word, 1, true) then
        return word .. " was called sent"
      end
      modem:wait("nothing", gap)
    end
  end

  it("of two sends is not the third one's", function()
    local wrong = {}
    for _, late in ipairs{ 9, 11, 29, math.huge } do
      for step = 0, 60 do
        for _, gap in ipairs{ 0, 8, 18, 25 } do
          local err = send_thrice(late, step / 2, gap)
          if err then
            wrong[#wrong + 1] = ("first by %g, others by %g, %g s between: %s"):format(late,
              step / 2, gap, err)
          end
        end
      end
    end
    assert_none(wrong)
  end)
end)

describe("a late prompt", function()
  it("never lets a fence be taken for data, nor data for a command", function()
    local wrong = {}
    for step = 0, 300 do
      local late = step / 20
      for _, size in ipairs{ 7, 20, 40 } do
        local bench = new_bench("AT+QISEND=0," .. size, { prompt = late }, {}, 0, "raw")
        bench.net:listen("TCP", "10.0.0.1", 80, {})
        local modem = bench.modem
        assert(modem:attach{ timeout = 600 })
        local sock = modem:tcp()
        assert(sock:connect("h", 80))
        local peer = bench.net.peers[#bench.net.peers]
        local data = ("A"):rep(size)
        local sent = sock:send(data)
        modem:command("AT+CSQ")
        modem:wait("nothing", 30)
        local got = peer:text()
        if sent and got ~= data or not sent and got:find("[^A\r]") then
          wrong[#wrong + 1] = ("prompt late by %g: %s, the peer has %q"):format(late,
            tostring(sent), got)
        end
      end
    end
    assert_none(wrong)
  end)
end)

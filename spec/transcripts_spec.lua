--- Every transcript, whole, byte by byte, and cut in two at every place of each stream.

local modem_play = require "spec.support.transcript_modem"
local transcript = require "spec.support.transcript"

local names = transcript.names()

-- What there has to be: manual chapter 4, and the chapters of wire.
local SECTIONS = {
  "4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.1.5", "4.1.6", "4.1.7", "4.1.8", "4.1.9", "4.1.10",
  "4.2", "4.3", "4.4", "4.5",
}
local FORMS = {
  "framing", "payload", "sockets", "DNS", "ping", "NTP", "format", "boot", "network", "errors",
}

-- Section or form -> how many files say that they come from there.
local function count_sources()
  local counts = {}
  for _, name in ipairs(names) do
    local source = transcript.read(name).source or ""
    local head = source:match("^([^:]+):")
    assert(head, name .. ": its first line does not say where it comes from")
    for part in (head .. " and "):gmatch("(.-) and ") do
      local key = part:match("^manual ([%d.]+)") or part:gsub("^wire ", "")
      counts[key] = (counts[key] or 0) + 1
    end
  end
  return counts
end

-- How much a transcript states.
local function statements(t)
  local count = #t.told
  for _, step in ipairs(t.steps) do count = count + #step.events + (step.want and 1 or 0) end
  return count
end

describe("the transcripts", function()
  it("cover manual chapter 4 and each chapter of wire forms", function()
    local counts = count_sources()
    for _, section in ipairs(SECTIONS) do
      assert.is_truthy(counts[section], "nothing from manual " .. section)
    end
    for _, form in ipairs(FORMS) do
      assert.is_truthy(counts[form], "nothing about wire " .. form)
    end
  end)

  it("each have a stream, state something and leave no command in flight", function()
    for _, name in ipairs(names) do
      local t = transcript.read(name)
      local said, open = 0, 0
      for _, step in ipairs(t.steps) do
        if step.kind == "say" then said = said + #step.bytes end
        if step.kind == "start" then open = open + 1 end
        for _, event in ipairs(step.events) do
          if event:find("^result ") then open = open - 1 end
        end
      end
      -- A module that is silent says nothing.
      assert.is_true(said > 0 or name == "framing_silence.txt", name)
      assert.is_true(statements(t) > 0, name)
      assert.equal(0, open, name)
    end
  end)

  it("are noticed to be wrong, whatever line of them is", function()
    local _, text = transcript.read("call_tcp_closed_by_peer.txt")
    local lines = {}
    for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
    local tried = 0
    for at, line in ipairs(lines) do
      if line:find("^[<>=*]") then
        local rest = { (table.unpack or unpack)(lines) }
        table.remove(rest, at)
        local ok = pcall(function()
          local t = transcript.parse("wrong", table.concat(rest, "\n") .. "\n")
          transcript.play(t, "whole")
          modem_play.play(t, "whole", modem_play.block)
        end)
        assert.is_false(ok, "nobody misses: " .. line)
        tried = tried + 1
      end
    end
    assert.is_true(tried > 10)
  end)
end)

describe("however they are cut", function()
  for _, name in ipairs(names) do
    local t = transcript.read(name)

    it("the exchange makes the same of " .. name, function()
      transcript.each_cut(t, function(cut) transcript.play(t, cut) end)
    end)

    it("a modem without a loop makes the same of " .. name, function()
      transcript.each_cut(t, function(cut) modem_play.play(t, cut, modem_play.block) end)
    end)

    it("a modem in bc260y.run makes the same of " .. name, function()
      transcript.each_cut(t, function(cut) modem_play.play(t, cut, modem_play.own) end)
    end)
  end
end)

describe("the C test #integration", function()
  it("plays each of the transcripts", function()
    local pipe = assert(io.popen("make -s build/plain/transcript_test && "
      .. "build/plain/transcript_test list"))
    local played = {}
    for line in pipe:lines() do
      played[#played + 1] = line:match("^(%S+%.txt): [1-9]%d* plays$")
    end
    pipe:close()
    assert.same(names, played)
  end)
end)

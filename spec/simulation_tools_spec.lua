-- What the simulation stands on besides its judge and its world: the other end, the trace,
-- and how a list of faults is made small.

local framing = require "spec.simulation.framing"
local lines = require "spec.simulation.lines"
local receivers = require "spec.simulation.receiver"
local shrink = require "spec.simulation.shrink"
local totals = require "spec.simulation.totals"
local traces = require "spec.simulation.trace"

local ID = "outbox 1"

describe("the other end's frames", function()
  it("are read however they are cut", function()
    local bytes = framing.encode(ID, 1, "one") .. framing.encode(ID, 2 ^ 40, "")
    for size = 1, #bytes do
      local reader, found = framing.reader(), {}
      for at = 1, #bytes, size do
        for _, frame in ipairs(reader:feed(bytes:sub(at, at + size - 1))) do
          found[#found + 1] = frame
        end
      end
      assert.same({ { id = ID, sequence = 1, payload = "one" },
        { id = ID, sequence = 2 ^ 40, payload = "" } }, found)
    end
  end)

  it("are the ones that delivery sends", function()
    local frames = require "bc260y.frames"
    assert.equal(frames.encode(ID, 300, "\0\r\n"), framing.encode(ID, 300, "\0\r\n"))
  end)

  it("end with the first one that is damaged, and with one that is too long", function()
    local bytes = framing.encode(ID, 1, "one")
    for at = 1, #bytes do
      local byte = (bytes:byte(at) + 1) % 256
      local reader = framing.reader(100)
      local frames, broken = reader:feed(bytes:sub(1, at - 1) .. string.char(byte)
        .. bytes:sub(at + 1) .. ("x"):rep(400))
      assert.same({}, frames)
      assert.is_string(broken)
      assert.same({}, (reader:feed(bytes)))
    end
  end)

  it("as lines are read however they are cut", function()
    local bytes = lines.encode("one", 1) .. lines.encode("", 22)
    for size = 1, #bytes do
      local reader, found = lines.reader(ID)(), {}
      for at = 1, #bytes, size do
        for _, frame in ipairs(reader:feed(bytes:sub(at, at + size - 1))) do
          found[#found + 1] = frame
        end
      end
      assert.same({ { id = ID, sequence = 1, payload = "one" },
        { id = ID, sequence = 22, payload = "" } }, found)
    end
  end)
end)

describe("the other end", function()
  local receiver, peer, due, stored

  local function pass()
    local fns = due
    due = {}
    for _, fn in ipairs(fns) do fn() end
  end

  local function new_peer()
    local sent = { text = "", closed = false }
    function sent.send(_, bytes) sent.text = sent.text .. bytes end
    function sent.close() sent.closed = true end
    receiver.server.connect(sent)
    return sent
  end

  before_each(function()
    due, stored = {}, {}
    local function store(_, sequence) stored[#stored + 1] = sequence end
    receiver = receivers.new {
      after = function(_, fn) due[#due + 1] = fn end,
      events = { stored = store, again = function() end, acknowledged = function() end,
        gap = function(_, sequence) stored[#stored + 1] = -sequence end },
    }
    peer = new_peer()
  end)

  it("acknowledges a batch after it has stored it, and not before", function()
    receiver.server.data(peer, framing.encode(ID, 1, "one") .. framing.encode(ID, 2, "two"))
    assert.same({}, stored)
    assert.equal("", peer.text)
    pass()
    assert.same({ 1, 2 }, stored)
    assert.equal(framing.encode(ID, 2, ""), peer.text)
  end)

  it("loses what it has taken and not stored when it crashes", function()
    receiver.server.data(peer, framing.encode(ID, 1, "one"))
    receiver.server.crashed()
    pass()
    assert.same({}, stored)
    assert.equal("", peer.text)
  end)

  it("stores a record once, and acknowledges it each time", function()
    for _ = 1, 2 do
      receiver.server.data(peer, framing.encode(ID, 1, "one"))
      pass()
    end
    assert.same({ 1 }, stored)
    assert.equal(framing.encode(ID, 1, ""):rep(2), peer.text)
  end)

  it("stores nothing behind a gap, and tells of it", function()
    receiver.server.data(peer, framing.encode(ID, 2, "two"))
    pass()
    assert.same({ -2 }, stored)
    assert.equal(framing.encode(ID, 0, ""), peer.text)
  end)

  it("answers a keepalive", function()
    receiver.server.data(peer, framing.encode(ID, 0, ""))
    pass()
    assert.equal(framing.encode(ID, 0, ""), peer.text)
  end)

  it("stores what came whole before damage, and hangs up", function()
    receiver.server.data(peer, framing.encode(ID, 1, "one") .. ("\255"):rep(30))
    assert.same({ 1 }, stored)
    assert.is_true(peer.closed)
  end)

  it("hangs up on a frame that stays unfinished", function()
    receiver.server.data(peer, framing.encode(ID, 1, "one"):sub(1, 20))
    pass()
    assert.is_true(peer.closed)
  end)

  it("as a TCP alone tells of each frame that was taken whole", function()
    local taken = {}
    local server = receivers.tap(framing.reader, { taken = function(_, sequence)
      taken[#taken + 1] = sequence
    end })
    local bytes = framing.encode(ID, 1, "one")
    server.taken(peer, bytes:sub(1, 10))
    assert.same({}, taken)
    server.taken(peer, bytes:sub(11) .. framing.encode(ID, 0, ""))
    assert.same({ 1 }, taken)
  end)
end)

describe("shrinking", function()
  local plan = { seed = 1, faults = {} }
  for i = 1, 20 do plan.faults[i] = { kind = "k" .. i, at = i, seconds = 64, count = 5 } end

  local function has(candidate, kind, least)
    for _, fault in ipairs(candidate.faults) do
      if fault.kind == kind then return fault.seconds >= (least or 0) end
    end
    return false
  end

  it("leaves the faults that the failure needs, as weak as they may be", function()
    local function run(candidate)
      return has(candidate, "k7", 16) and has(candidate, "k13") and "late" or nil
    end
    local choice, runs = shrink.shrink(plan, shrink.all(plan), "late", run)
    assert.equal("7/4,13/16", shrink.text(choice))
    assert.is_true(runs < 100)
  end)

  it("keeps to the violation that it began with", function()
    local function run(candidate)
      if not has(candidate, "k7") then return "other" end
      return has(candidate, "k13") and "late" or "other"
    end
    local choice = shrink.shrink(plan, shrink.all(plan), "late", run)
    assert.equal("7/16,13/16", shrink.text(choice))
  end)

  it("finds that no fault is needed", function()
    local choice = shrink.shrink(plan, shrink.all(plan), "late", function() return "late" end)
    assert.same({}, choice)
  end)

  it("writes a choice that it reads, and that makes the same plan", function()
    local choice = shrink.parse("2,4/2,20/8")
    assert.equal("2,4/2,20/8", shrink.text(choice))
    local faults = shrink.apply(plan, choice).faults
    assert.equal(3, #faults)
    assert.same({ kind = "k4", at = 4, seconds = 32, count = 3 }, faults[2])
    assert.equal(64, plan.faults[4].seconds)
    assert.is_nil(shrink.parse("2,x"))
  end)
end)

describe("a trace", function()
  local function hash(...)
    local trace = traces.new(function() return 1.5 end)
    for _, text in ipairs { ... } do trace:note("in", text) end
    return trace:hash()
  end

  it("has a number that tells any other from it", function()
    assert.equal(hash("a", "b"), hash("a", "b"))
    assert.are_not.equal(hash("a", "b"), hash("b", "a"))
    assert.are_not.equal(hash("a", "b"), hash("a"))
    assert.are_not.equal(hash("a"), hash("a", ""))
    assert.are_not.equal(hash("\0a"), hash("\0b"))
  end)
end)

describe("totals", function()
  it("are read as they were written, and nothing else is", function()
    local sum = totals.new()
    totals.add(sum, { seconds = 10, records = 3, lives = 2, notes = 9, boots = 1, duplicates = 0,
      hash = "ff", counts = { crashes = 1 }, faults = { drop = 4 } })
    local again = totals.new()
    for _, line in ipairs(totals.write(sum)) do
      assert.equal(line ~= totals.END, totals.read(again, line))
    end
    assert.same(sum, again)
    assert.is_false(totals.read(again, "seed 1, tcp: late"))
  end)
end)

-- The judge of the simulation is judged: each thing that may never happen is done to it,
-- and so is what comes closest to it and is right.

local judges = require "spec.simulation.judge"

local ID = "outbox 1"

local function put(judge, sequence, ...)
  judge:put_ended(judge:putting { ... }, sequence)
end

local function peek_in(records)
  return function(sequence) return records[sequence], "damaged" end
end

describe("the judge", function()
  local judge, time

  local function kind()
    return judge.violation and judge.violation.kind
  end

  before_each(function()
    time = 0
    judge = judges.new { now = function() return time end, window = 1000, overhead = 22 }
    judge:reopened(ID, 1, 0, peek_in {})
  end)

  describe("of records", function()
    it("lets one be released that has arrived, and none that has not", function()
      put(judge, 1, "one")
      put(judge, 2, "two")
      judge:arrived(ID, 1, "one")
      judge:released(1)
      assert.is_nil(kind())
      judge:released(2)
      assert.equal("released", kind())
    end)

    it("sees a record that arrives with other bytes", function()
      put(judge, 1, "one")
      judge:arrived(ID, 1, "One")
      assert.equal("content", kind())
    end)

    it("sees a record that nobody has put", function()
      judge:arrived(ID, 1, "one")
      assert.equal("content", kind())
    end)

    it("grants that a record arrives before its put has returned, and holds it to that", function()
      local ticket = judge:putting { "one" }
      judge:arrived(ID, 1, "one")
      assert.is_nil(kind())
      judge:put_ended(ticket, nil, "disk error")
      put(judge, 1, "another")
      assert.equal("reused", kind())
    end)

    it("sees a record left out on the way, and takes one that comes twice", function()
      put(judge, 3, "one", "two", "three")
      judge:arrived(ID, 1, "one")
      judge:arrived(ID, 1, "one")
      assert.equal(1, judge.duplicates)
      assert.is_nil(kind())
      judge:arrived(ID, 3, "three")
      assert.equal("gap", kind())
    end)

    it("sees a frame of another outbox", function()
      put(judge, 1, "one")
      judge:arrived("outbox 2", 1, "one")
      assert.equal("content", kind())
    end)

    it("sees a sequence that is given to two records", function()
      put(judge, 1, "one")
      put(judge, 1, "two")
      assert.equal("reused", kind())
    end)

    it("sees at the end what was put and has not arrived", function()
      put(judge, 2, "one", "two")
      judge:arrived(ID, 1, "one")
      judge:finish()
      assert.equal("lost", kind())
    end)

    it("sees at the end a sequence that was skipped", function()
      put(judge, 1, "one")
      put(judge, 3, "three")
      judge:finish()
      assert.equal("gap", kind())
    end)

    it("is content when all that was put has arrived", function()
      put(judge, 2, "one", "two")
      judge:arrived(ID, 1, "one")
      judge:arrived(ID, 2, "two")
      judge:finish()
      assert.is_nil(kind())
    end)
  end)

  describe("of an outbox that is opened again", function()
    before_each(function()
      put(judge, 2, "one", "two")
      judge:arrived(ID, 1, "one")
      judge:released(1)
    end)

    it("is content with what was put, and with releases undone", function()
      judge:died()
      judge:reopened(ID, 1, 2, peek_in { "one", "two" })
      assert.is_nil(kind())
    end)

    it("sees a record that was put and is gone", function()
      judge:died()
      judge:reopened(ID, 1, 1, peek_in { "one" })
      assert.equal("lost", kind())
    end)

    it("sees a record that was never released and is gone", function()
      judge:died()
      judge:reopened(ID, 3, 2, peek_in {})
      assert.equal("lost", kind())
    end)

    it("sees a record that can't be read", function()
      judge:died()
      judge:reopened(ID, 1, 2, peek_in { [2] = "two" })
      assert.equal("lost", kind())
    end)

    it("sees other bytes under a sequence", function()
      judge:died()
      judge:reopened(ID, 1, 2, peek_in { "one", "2" })
      assert.equal("content", kind())
    end)

    it("grants a record whose put the crash has cut short, and none besides", function()
      judge:putting { "three" }
      judge:died()
      judge:reopened(ID, 2, 3, peek_in { [2] = "two", [3] = "three" })
      assert.is_nil(kind())
      judge:died()
      judge:reopened(ID, 2, 4, peek_in { [2] = "two", [3] = "three", [4] = "four" })
      assert.equal("content", kind())
    end)

    it("grants one that was refused because of the disk, and none refused as full", function()
      judge:put_ended(judge:putting { "three" }, nil, "disk error")
      judge:died()
      judge:reopened(ID, 2, 3, peek_in { [2] = "two", [3] = "three" })
      assert.is_nil(kind())
      judge:put_ended(judge:putting { "four" }, nil, "outbox full")
      judge:died()
      judge:reopened(ID, 2, 4, peek_in { [2] = "two", [3] = "three", [4] = "four" })
      assert.equal("content", kind())
    end)

    it("sees another id", function()
      judge:died()
      judge:reopened("outbox 2", 1, 2, peek_in { "one", "two" })
      assert.equal("outbox", kind())
    end)
  end)

  describe("of what is in flight", function()
    local socket, record = {}, ("x"):rep(478)

    before_each(function()
      put(judge, 1, record)
      put(judge, 2, record .. "2")
      put(judge, 3, record .. "3")
      put(judge, 4, record .. "4")
      judge:connected(socket)
    end)

    it("grants the window and a chunk, and no more", function()
      judge:sent(socket, 1512)
      assert.is_nil(kind())
      judge:sent(socket, 2000)
      assert.equal("in flight", kind())
    end)

    it("counts what was released as gone", function()
      judge:sent(socket, 1000)
      judge:arrived(ID, 1, record)
      judge:released(1)
      judge:gone(1)
      judge:sent(socket, 2000)
      assert.is_nil(kind())
      judge:sent(socket, 2300)
      assert.equal("in flight", kind())
    end)

    it("counts it as in flight again after a crash that has undone it", function()
      judge:arrived(ID, 1, record)
      judge:released(1)
      judge:gone(1)
      judge:died()
      judge:reopened(ID, 1, 4, peek_in { record, record .. "2", record .. "3", record .. "4" })
      judge:connected(socket)
      judge:sent(socket, 2000)
      assert.equal("in flight", kind())
    end)

    it("counts no keepalives while there is nothing to send", function()
      for sequence = 1, 4 do
        judge:arrived(ID, sequence, record .. (sequence > 1 and sequence or ""))
      end
      judge:released(4)
      judge:gone(4)
      for sent = 2000, 20000, 22 do judge:sent(socket, sent) end
      assert.is_nil(kind())
    end)
  end)

  describe("of calls and turns", function()
    it("sees a call that ends after its deadline", function()
      local call = judge:begins("deliver", 10)
      time = 10
      judge:ends(call)
      assert.is_nil(kind())
      call = judge:begins("deliver", 10)
      time = 20.5
      judge:ends(call)
      assert.equal("deadline", kind())
    end)

    it("sees a call that never ends", function()
      judge:begins("deliver", 10)
      time = 10
      judge:turn()
      assert.is_nil(kind())
      time = 11
      judge:turn()
      assert.equal("deadline", kind())
    end)

    it("grants a call the time for which the host stood still", function()
      judge:begins("deliver", 10)
      time = 15
      judge:excuse(5)
      judge:turn()
      assert.is_nil(kind())
    end)

    it("forgets the calls of a host that has died", function()
      judge:begins("deliver", 10)
      judge:died()
      time = 20
      judge:turn()
      assert.is_nil(kind())
    end)

    it("sees a loop that turns and turns while no time passes", function()
      for _ = 1, 50000 do judge:turn() end
      assert.equal("spin", kind())
    end)

    it("sees one that turns a millionth of a second later each time", function()
      for _ = 1, 50000 do
        time = time + 1e-6
        judge:turn()
      end
      assert.equal("spin", kind())
    end)

    it("grants a turn for each byte that a fast line brings", function()
      for _ = 1, 200000 do
        time = time + 1 / 11520
        judge:turn()
      end
      assert.is_nil(kind())
    end)

    it("sees connections that are tried too often, but not a host that starts anew", function()
      for _ = 1, 60 do judge:connecting() end
      judge:died()
      for _ = 1, 60 do judge:connecting() end
      time = 700
      for _ = 1, 60 do judge:connecting() end
      assert.is_nil(kind())
      judge:connecting()
      assert.equal("reconnects", kind())
    end)

    it("sees memory that grows without end", function()
      judge:memory(5000.25)
      judge:memory(6500.5)
      assert.is_nil(kind())
      judge:memory(9000.75)
      assert.equal("memory", kind())
    end)

    it("keeps the first violation, with its time", function()
      time = 7
      judge:fail("first", "%d", 1)
      time = 8
      judge:fail("second", "%d", 2)
      assert.same({ kind = "first", text = "1", at = 7 }, judge.violation)
    end)
  end)
end)

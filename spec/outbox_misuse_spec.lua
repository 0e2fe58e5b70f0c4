-- What a program gets wrong with an outbox raises where it called, and says what is wrong.

local outbox = require "bc260y.outbox"
local raised = require "spec.support.raised"

describe("bc260y.outbox", function()
  it("raises on what is no path, no option, or out of range", function()
    for _, case in ipairs{
      { "path: string expected, got nil", function() local _ = outbox.open() end },
      { "path: string expected, got table", function() local _ = outbox.open{} end },
      { "options: table expected, got number", function() local _ = outbox.open("x", 1) end },
      { "no option is called size", function() local _ = outbox.open("x", { size = 1 }) end },
      { "limit: number expected, got string",
        function() local _ = outbox.open("x", { limit = "1" }) end },
      { "group: seconds expected", function() local _ = outbox.open("x", { group = -1 }) end },
      { "id: 8 bytes expected", function() local _ = outbox.open("x", { id = "short" }) end },
      { "id: 8 bytes expected", function() local _ = outbox.memory{ id = "a little long" } end },
      { "no option is called segment", function() local _ = outbox.memory{ segment = 1 } end },
      { "limit: whole number expected", function() local _ = outbox.memory{ limit = 0 } end },
      { "limit: whole number expected", function() local _ = outbox.memory{ limit = 0 / 0 } end },
      { "record_max: whole number expected",
        function() local _ = outbox.memory{ record_max = 1.5 } end },
    } do
      assert.equal(case[1], raised(case[2]))
    end
  end)

  it("raises on sizes that do not fit together", function()
    for want, cases in pairs{
      record_max = { { record_max = 65001 } },
      segment = { { record_max = 10, segment = 50 }, { segment = 2 ^ 40 } },
      limit = { { segment = 65536, limit = 65536 }, { limit = 2 ^ 60 } },
    } do
      for _, options in ipairs(cases) do
        assert.equal(want .. ": out of range",
          raised(function() local _ = outbox.open("/nowhere/at/all", options) end))
      end
    end
    for _, options in ipairs{
      { limit = 0 }, { limit = 0 / 0 }, { segment = 1.5 }, { record_max = -1 },
    } do
      assert.matches("^[a-z_]+: whole number expected$",
        raised(function() local _ = outbox.open("/nowhere/at/all", options) end))
    end
  end)

  it("raises on a disk that is none", function()
    assert.matches("disk expected",
      raised(function() local _ = outbox.open("x", { disk = 5 }) end))
  end)

  it("refuses a path with a NUL, of which the system would see one half", function()
    assert.same({ nil, "invalid argument", "path" }, { outbox.open("/tmp/a\0b") })
  end)
end)

describe("an outbox", function()
  local box
  before_each(function() box = outbox.memory() end)

  it("raises on what is no record", function()
    for want, record in pairs{
      ["record: string or table expected, got number"] = 5,
      ["record: string or table expected, got boolean"] = false,
      ["records: none given"] = {},
      ["record 2: string expected, got number"] = { "a", 5 },
      ["records: a list expected"] = { "a", nil, "c" },
    } do
      assert.equal(want, raised(function() local _ = box:put(record) end))
    end
    assert.equal("record: string or table expected, got nil",
      raised(function() local _ = box:put() end))
    assert.equal("records: a list expected",
      raised(function() local _ = box:put{ "a", name = "b" } end))
    assert.same({ 1, 0 }, { box:range() })
  end)

  it("raises on what is no sequence", function()
    local want = "sequence: whole number expected"
    for _, value in ipairs{ "1", -1, 0.5, 0 / 0, 1 / 0, true } do
      assert.equal(want, raised(function() local _ = box:peek(value) end))
      assert.equal(want, raised(function() local _ = box:release(value) end))
    end
    assert.equal(want, raised(function() local _ = box:release() end))
  end)

  it("raises on a listener that is no function", function()
    assert.equal("fn: function expected, got nil",
      raised(function() local _ = box:on_put() end))
  end)

  it("raises the same when it is closed", function()
    box:close()
    assert.equal("record: string or table expected, got number",
      raised(function() local _ = box:put(5) end))
  end)
end)

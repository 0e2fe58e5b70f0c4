-- How the command line shows an answer: to people, and as JSON.

local show = require "bc260y.cli.show"

local NULL = {}

local function rows_of(path, value, schema)
  local rows = {}
  show.add(rows, path, value, schema)
  return rows
end

describe("An answer for people", function()
  it("has a row for each field of its schema, in that order, with its unit", function()
    local schema = { { "b", unit = "dB" }, "a", "c" }
    assert.same({ { "x.b", "-7.5 dB" }, { "x.a", "text" }, { "x.c", "-" } },
      rows_of("x", { a = "text", b = -7.5, more = 1 }, schema))
    assert.same({ { "b", "-" }, { "a", "false" }, { "c", "-" } },
      rows_of(nil, { a = false }, schema))
  end)

  it("writes a whole number without a point, whichever Lua counted it", function()
    assert.same({ { "n", "10 s" } }, rows_of(nil, { n = 20 / 2 }, { { "n", unit = "s" } }))
    assert.same({ { "n", "35712000" } }, rows_of("n", 35712000, {}))
  end)

  it("goes into what a field holds, and through lists", function()
    local schema = { { "in", fields = { "a" } }, { "list", list = { "b" } } }
    assert.same({ { "in.a", "1" }, { "list.1.b", "2" }, { "list.2.b", "-" } },
      rows_of(nil, { ["in"] = { a = 1 }, list = { { b = 2 }, {} } }, schema))
    assert.same({ { "in", "-" }, { "list", "none" } }, rows_of(nil, { list = {} }, schema))
  end)

  it("leaves out what is hidden, and says what stands for it", function()
    local schema = { { "all", say = function(t) return t.a .. t.b end }, { "a", hidden = true },
      { "b", hidden = true } }
    assert.same({ { "t.all", "12" } }, rows_of("t", { a = 1, b = 2 }, schema))
  end)

  it("stands in aligned columns", function()
    assert.equal("a     1\nlong  2", show.text { { "a", "1" }, { "long", "2" } })
    assert.equal("id  name    last\n0   -       x\n10  longer  y", show.columns({ "id", "name",
      "last" }, { { id = 0, last = "x" }, { id = 10, name = "longer", last = "y" } }))
    assert.equal("id  name", show.columns({ "id", { "name", unit = "s" } }, {}))
  end)
end)

describe("An answer for JSON", function()
  it("has every key of its schema, null where nothing is known, and what else there is", function()
    local schema = { "a", { "in", fields = { "b" } }, { "list", list = { "c" } },
      { "said", say = tostring } }
    assert.same({ a = NULL, ["in"] = { b = NULL, d = 1 }, list = { { c = NULL }, { c = 2 } } },
      show.complete({ ["in"] = { d = 1 }, list = { {}, { c = 2 } } }, schema, NULL))
    assert.same({ a = false, ["in"] = NULL, list = NULL },
      show.complete({ a = false }, schema, NULL))
    assert.equal(true, show.complete(true, {}, NULL))
    assert.same({ { c = NULL } }, show.complete({ {} }, { list = { "c" } }, NULL))
  end)

  it("leaves the value as it was", function()
    local value = { list = { {} } }
    show.complete(value, { "a", { "list", list = { "b" } } }, NULL)
    assert.same({ list = { {} } }, value)
  end)
end)

-- Tries every row of the table of commands, writes docs/commands.md or holds it against
-- what is there, and ends with the count of marks and of what the table has to hold.
--   .ci/docs.sh write|check
-- The rows, and how they are tried, are in spec/commands/.

local described = require "spec.commands.described"
local doubts = require "spec.commands.doubts"
local forms = require "spec.commands.forms"
local marks = require "spec.commands.marks"
local page = require "spec.commands.page"
local shown = require "spec.commands.shown"
local whole = require "spec.commands.whole"

local PAGE = "docs/commands.md"

local CHAPTERS = {
  { title = "The application note", files = { "manual", "codes" } },
  { title = "Rules, notes and remarks", table = "notes",
    columns = { "Section", "Note", "Says", "Shown by" } },
  { title = "Examples", table = "examples",
    columns = { "Section", "About", "Transcript", "The driver", "The virtual module" } },
  { title = "Beside the application note", files = { "beside_module", "beside_network" } },
}

local passed, failed = 0, 0

local function report(good, what)
  if good then
    passed = passed + 1
  else
    failed = failed + 1
    print("docs: " .. what)
  end
end

local function sections_of(chapter)
  local list = {}
  for _, file in ipairs(chapter.files or {}) do
    for _, section in ipairs(require("spec.commands." .. file)) do list[#list + 1] = section end
  end
  return list
end

-- Chapter 2 of the manual has tables of them.
local function has_parameters(section)
  return section.section ~= nil and section.section:find "^2" ~= nil
end

local function try(row)
  local cells, holes = marks.of(row)
  for _ in pairs(cells) do report(true) end
  for _, hole in ipairs(holes) do
    report(false, ("%s: %s: %s"):format(row.line or row.host, hole[1], hole[2]))
  end
  doubts.check(row, report)
  row.cells, row.form = cells, forms.of(row)
end

local function written()
  local file = io.open(PAGE)
  local text = file and file:read("*a") or ""
  if file then file:close() end
  return text
end

local function write(text)
  local file = assert(io.open(PAGE, "w"))
  file:write(text)
  file:close()
end

local function main(what)
  local all, chapters = {}, {}
  for i, chapter in ipairs(CHAPTERS) do
    chapters[i] = { title = chapter.title, sections = sections_of(chapter),
      columns = chapter.columns, rows = chapter.table and shown[chapter.table](report) }
    for _, section in ipairs(chapters[i].sections) do
      all[#all + 1] = section
      for _, row in ipairs(section.rows) do try(row) end
      if has_parameters(section) then section.parameters = described.of(section, report) end
    end
  end
  whole.check(all, report)
  local text = page.write(chapters, whole.counts(all))
  if what == "write" then write(text) end
  report(written() == text, PAGE .. " is out of date: run make docs")
end

assert(arg[1] == "write" or arg[1] == "check", "write or check")
main(arg[1])
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)

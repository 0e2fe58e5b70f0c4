-- docs/commands.md: the words of the page and the layout of its tables.
--
-- It gets rows with their cells and knows nothing of how those were found out.

local page = {}

local HEAD = [[
# Commands and URCs

Every command, result, URC and error code of Quectel's "BC260Y-CN TCP(IP) Application
Guide" V1.0, in the order of its sections, and behind them the other commands that a
driver needs. `make docs` writes this page by trying each row: the driver and the virtual
module run against each other, and a cell is filled only with what was seen to work.
`make check` fails when a cell is missing, when the page is out of date, or when something
in the code is in no row.

The manual has %d forms of commands (C1 to C%d), %d results that come after `OK` (R1 to
R%d), %d URCs (U1 to U%d) and %d error codes. Rows without a number are beside it.

@COLUMNS

Behind each command's table stand its parameters: the range is what the codec takes, and
the manual's below it where that is another; the default holds when nothing is
said; the last column is a call that was seen to send the least and the greatest of it, or
to give it. Then come the manual's
[rules and notes](#rules-notes-and-remarks) and its [examples](#examples).

In the examples `modem` is a modem that is attached, `sock` a TCP socket of it.
]]

local MEANINGS = {
  { "Form", "how the manual writes it, beside the manual how the codec does: `<...>` stands for "
    .. "a value, `[...]` may be left out" },
  { "Lua", "a call of [the Lua module](api.md), the line that it was seen to send, and what it "
    .. "was seen to give when the module answered or said that" },
  { "Decoder", "which decoder of `bc260y.core` reads the line, and the fields that it read; "
    .. "`exchange`: how the exchange ends a command without fields of its own, or what it makes "
    .. "of a line that nobody asked for" },
  { "Virtual module", "the lines that [the virtual module](virtual.md) was seen to say, in its "
    .. "profile `manual`, or with what is named below them" },
  { "Spec", "where the specs run this line: a transcript, of which each is played to the "
    .. "driver, or a spec" },
}

local COLUMNS = { "call", "decoder", "module", "spec" }
local LETTERS = { command = "C", late = "R", urc = "U" }

local MISSING = "**missing**"

local function code(text)
  return "`" .. text .. "`"
end

-- A bar would end its cell.
local function line(out, ...)
  local cells = { ... }
  for i, cell in ipairs(cells) do cells[i] = cell:gsub("|", "\\|") end
  out[#out + 1] = "| " .. table.concat(cells, " | ") .. " |"
end

local function cells_of(row)
  local list = {}
  for i, name in ipairs(COLUMNS) do list[i] = row.cells[name] or MISSING end
  return list
end

-- numbers: how many of each kind were written so far.
local function number_of(row, numbers)
  local letter = LETTERS[row.kind]
  if not letter then return "" end
  numbers[row.kind] = (numbers[row.kind] or 0) + 1
  return letter .. numbers[row.kind]
end

local function write_rows(out, section, numbers)
  line(out, "No.", "Form", "Lua", "Decoder", "Virtual module", "Spec")
  out[#out + 1] = "|---|---|---|---|---|---|"
  for _, row in ipairs(section.rows) do
    local form = code(row.form) .. (row.answer and "<br>" .. code(row.answer) or "")
    line(out, number_of(row, numbers), form, table.unpack(cells_of(row)))
  end
end

local function write_codes(out, section)
  line(out, "Code", "Words", "Lua", "Decoder", "Virtual module", "Spec")
  out[#out + 1] = "|---|---|---|---|---|---|"
  for _, row in ipairs(section.rows) do
    line(out, tostring(row.code), row.words, table.unpack(cells_of(row)))
  end
end

local function write_parameters(out, parameters)
  out[#out + 1] = ""
  line(out, "Parameter", "Range", "Default", "Unit", "Means", "Lua")
  out[#out + 1] = "|---|---|---|---|---|---|"
  for _, p in ipairs(parameters) do
    line(out, code("<" .. p.name .. ">"), p.range, p.default, p.unit, p.means, p.call)
  end
end

local function write_section(out, section, numbers)
  out[#out + 1] = ""
  out[#out + 1] = "### " .. (section.section and section.section .. " " or "") .. section.title
  out[#out + 1] = ""
  if section.rows[1].kind == "code" then
    write_codes(out, section)
  else
    write_rows(out, section, numbers)
  end
  if section.parameters then write_parameters(out, section.parameters) end
end

-- A chapter that is one table.
local function write_table(out, chapter)
  out[#out + 1] = ""
  line(out, table.unpack(chapter.columns))
  out[#out + 1] = "|" .. ("---|"):rep(#chapter.columns)
  for _, row in ipairs(chapter.rows) do line(out, table.unpack(row)) end
end

local function write_head(counts)
  local out = {}
  line(out, "Column", "Says")
  out[2] = "|---|---|"
  for _, meaning in ipairs(MEANINGS) do line(out, meaning[1], meaning[2]) end
  local head = HEAD:format(counts.command, counts.command, counts.late, counts.late, counts.urc,
    counts.urc, counts.code)
  return (head:gsub("@COLUMNS", (table.concat(out, "\n"):gsub("%%", "%%%%"))):gsub("\n$", ""))
end

--- The page's text. chapters: list of { title, sections }, each row with form and cells, a
-- section with its parameters, where it has any; or { title, columns, rows of texts }.
-- counts: kind -> how many.
function page.write(chapters, counts)
  local out = { write_head(counts) }
  local numbers = {}
  for _, chapter in ipairs(chapters) do
    out[#out + 1] = ""
    out[#out + 1] = "## " .. chapter.title
    if chapter.columns then write_table(out, chapter) end
    for _, section in ipairs(chapter.sections or {}) do write_section(out, section, numbers) end
  end
  return table.concat(out, "\n") .. "\n"
end

return page

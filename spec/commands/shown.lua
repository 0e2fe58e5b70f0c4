-- What the specs show of the manual: each of its notes, and each example of chapter 4.
--
-- It knows how the sentences of spec/manual_notes*_spec.lua are named and which specs play
-- transcripts. It takes busted's word for what is run.

local notes = require "spec.commands.notes"
local sources = require "spec.commands.sources"
local transcript = require "spec.support.transcript"

local shown = {}

local NOTES = { "spec/manual_notes_spec.lua", "spec/manual_notes_network_spec.lua" }
local DRIVER, MODULE = "spec/transcripts_spec.lua", "spec/virtual/chapter4_spec.lua"
local TRANSCRIPTS = "spec/transcripts/"
local MISSING = "**missing**"

-- The sections of chapter 4 that have examples.
local EXAMPLES = {
  "4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.1.5", "4.1.6", "4.1.7", "4.1.8", "4.1.9", "4.1.10",
  "4.2", "4.3", "4.4", "4.5",
}

local function begins(text, with)
  return text:sub(1, #with) == with
end

-- Whether busted lists a sentence that ends so.
local function is_listed(path, ending)
  for _, test in ipairs(sources.listed(path)) do
    if test.sentence:sub(-#ending) == ending then return true end
  end
  return false
end

local function driver_plays(name)
  return is_listed(DRIVER, "a modem without a loop makes the same of " .. name)
    and is_listed(DRIVER, "a modem in bc260y.run makes the same of " .. name)
end

-- Notes. ---------------------------------------------------------------------------

-- What the sentence says of that note; nil: it is another's.
local function said_of(note, sentence)
  local name = note[2] == "" and "" or " " .. note[2]
  local head = "the manual's " .. note[1] .. name
  if not begins(sentence, head) then return nil end
  return sentence:match("^: (.*)", #head + 1) or sentence:match("^ (.*)", #head + 1)
end

-- Each file with what it says of the note, a line of it once. used: path:line -> true.
local function sentences_of(note, used)
  local parts, found = {}, false
  for _, path in ipairs(NOTES) do
    local seen, first = {}, true
    for _, test in ipairs(sources.listed(path)) do
      local said = said_of(note, test.sentence)
      if said then
        used[path .. test.line], found = true, true
        if first then parts[#parts + 1] = sources.link(path) end
        if not seen[test.line] then parts[#parts + 1] = sources.plain(said) end
        seen[test.line], first = true, false
      end
    end
  end
  return found and table.concat(parts, "<br>") or nil
end

-- The files that the note names; nil where one does not run it.
local function named_of(note)
  local parts = {}
  for i, item in ipairs(note.shown) do
    local link
    if type(item) == "table" then
      link = sources.named(item)
    elseif driver_plays(item) then
      link = sources.link(TRANSCRIPTS .. item)
    end
    if not link then return nil end
    parts[i] = link
  end
  return table.concat(parts, "<br>")
end

--- The rows of the notes: { section, name, what it says, what shows it }. Calls
-- report(good, what is missing) for each, and for a sentence that is no note's.
function shown.notes(report)
  local rows, used = {}, {}
  for i, note in ipairs(notes) do
    local cell
    if note.shown then cell = named_of(note) else cell = sentences_of(note, used) end
    report(cell ~= nil, ("no spec shows %s %s"):format(note[1], note[2]))
    rows[i] = { note[1], sources.plain(note[2]), note[3], cell or MISSING }
  end
  for _, path in ipairs(NOTES) do
    for _, test in ipairs(sources.listed(path)) do
      if not used[path .. test.line] then
        report(false, "no note is shown by: " .. test.sentence)
      end
    end
  end
  return rows
end

-- Examples. ------------------------------------------------------------------------

-- section -> list of { name, what it is about } of the manual's own transcripts.
local function examples()
  local map = {}
  for _, name in ipairs(transcript.names()) do
    local section, about = transcript.read(name).source:match("^manual (4%.[%d.]+): (.*)")
    if section and begins(name, "manual_") then
      map[section] = map[section] or {}
      table.insert(map[section], { name, about })
    end
  end
  return map
end

--- The rows of the examples: { section, about, transcript, driver, virtual module }. Calls
-- report as above, for who has to play it each.
function shown.examples(report)
  local rows, found = {}, examples()
  local function cell(good, path, name)
    report(good, path .. " does not play " .. name)
    return good and sources.link(path) or MISSING
  end
  for _, section in ipairs(EXAMPLES) do
    report(found[section] ~= nil, "no transcript is of " .. section)
    for _, example in ipairs(found[section] or {}) do
      local name = example[1]
      rows[#rows + 1] = { section, example[2], sources.link(TRANSCRIPTS .. name),
        cell(driver_plays(name), DRIVER, name),
        cell(is_listed(MODULE, "(" .. name .. ")"), MODULE, name) }
    end
  end
  return rows
end

return shown

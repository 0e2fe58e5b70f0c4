-- Where a line is run by the specs: the transcripts, of which each is played, and the
-- specs of the driver that have it in a sentence. The file alone is named: sentences change.
--
-- It knows files and what busted lists: a sentence that busted does not list is not run and
-- does not count. spec/virtual/ is not searched: the module has a column of its own.

local transcript = require "spec.support.transcript"

local sources = {}

local LIST = (os.getenv("LUA") or "lua5.4") .. " " .. (os.getenv("BUSTED_BIN") or "/usr/bin/busted")
  .. " --list spec"

local function read_lines(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

-- Sentences. -----------------------------------------------------------------------

-- path -> list of { line, sentence }, in the order of lines.
local function listed()
  local files, pipe = {}, assert(io.popen(LIST))
  for line in pipe:lines() do
    local path, number, sentence = line:match("^%.?/?(spec/%S+_spec%.lua):(%d+): (.*)$")
    if path then
      files[path] = files[path] or {}
      table.insert(files[path], { line = tonumber(number), sentence = sentence })
    end
  end
  pipe:close()
  return files
end

-- The line that ends the `it` which begins in that one; none where a helper of another
-- file wrote it.
local function last_line(lines, first)
  local indent = (lines[first] or ""):match("^( *)it%(")
  if not indent then return 0 end
  for number = first + 1, #lines do
    if lines[number]:sub(1, #indent + 3) == indent .. "end" then return number end
  end
  return first
end

local function is_bounded(line, from, to)
  local before, after = line:sub(1, from - 1), line:sub(to + 1, to + 1)
  if before:find("[%w+]$") and not before:find("\\[rn]$") then return false end
  return after == "" or after:find("[\\'\" %]]") ~= nil
end

local function has(line, text)
  line = line:gsub('\\"', '"')
  local from, to = line:find(text, 1, true)
  while from do
    if is_bounded(line, from, to) then return true end
    from, to = line:find(text, from + 1, true)
  end
  return false
end

-- The sentence in which `is_there` finds what it looks for in a line.
local function find_sentence(lines, tests, is_there)
  for _, test in ipairs(tests) do
    for number = test.line, last_line(lines, test.line) do
      if is_there(lines[number]) then return test.sentence end
    end
  end
end

-- Transcripts. ---------------------------------------------------------------------

-- The manual's own first, then those of a modem's calls.
local function rank(name)
  return name:find("^manual") and 1 or name:find("^call") and 2 or 3
end

local function transcript_order(a, b)
  if rank(a) ~= rank(b) then return rank(a) < rank(b) end
  return a < b
end

local function transcript_names()
  local names = transcript.names()
  table.sort(names, transcript_order)
  return names
end

-- Whether the user gives the row's command there, or the module says its line. What the
-- driver sends by itself does not count.
local function in_transcript(line, row)
  local mark, text = line:match("^([>!<]) (.*)$")
  if not mark then return false end
  if row.line then
    local said = "\\n" .. transcript.encode(row.line) .. "\\r"
    return mark == "<" and ("\\n" .. text):find(said, 1, true) ~= nil
  end
  return mark ~= "<" and text == transcript.encode(row.host) .. "\\r"
end

-- Those that need a real line or a process come last.
local function path_order(a, b)
  local is_late, is_other_late = a:find "/integration/" ~= nil, b:find "/integration/" ~= nil
  if is_late ~= is_other_late then return is_other_late end
  return a < b
end

local loaded

local function load_all()
  if loaded then return loaded end
  loaded = { transcripts = {}, tests = listed(), files = {}, paths = {} }
  for _, name in ipairs(transcript_names()) do
    table.insert(loaded.transcripts,
      { name = name, lines = read_lines(transcript.directory .. "/" .. name) })
  end
  for path in pairs(loaded.tests) do
    loaded.files[path] = read_lines(path)
    if not path:find("^spec/virtual/") then table.insert(loaded.paths, path) end
  end
  table.sort(loaded.paths, path_order)
  return loaded
end

--- A sentence as Markdown shows it.
function sources.plain(sentence)
  return (sentence:gsub("[<>&*_`]", { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;",
    ["*"] = "\\*", ["_"] = "\\_", ["`"] = "\\`" }))
end

--- A file of the repository, from docs/.
function sources.link(path)
  return ("[%s](../%s)"):format(path:match("[^/]+$"), path)
end

--- What busted lists of a file: list of { line, sentence }.
function sources.listed(path)
  return load_all().tests[path] or {}
end

local function find_spec(is_there)
  local all = load_all()
  for _, path in ipairs(all.paths) do
    if find_sentence(all.files[path], all.tests[path], is_there) then return sources.link(path) end
  end
end

--- Where the row's line is run: a transcript, or a spec with a sentence that runs it; or
-- nil. A row whose line is put together by the spec has a key: what stands there in its
-- place.
function sources.find(row)
  local text = row.key or row.line or row.host
  if row.key then
    return find_spec(function(line) return line:find(text, 1, true) ~= nil end)
  end
  for _, file in ipairs(load_all().transcripts) do
    for _, line in ipairs(file.lines) do
      if in_transcript(line, row) then return sources.link("spec/transcripts/" .. file.name) end
    end
  end
  return find_spec(function(line) return has(line, text) end)
end

--- The same for a spec that the row names: { path, what its sentence says }.
function sources.named(spec)
  local path, part = spec[1], spec[2]
  for _, test in ipairs(sources.listed(path)) do
    if test.sentence:find(part, 1, true) then return sources.link(path) end
  end
end

return sources

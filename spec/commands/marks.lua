-- The marks of a row: each is found out by running what it is about.
--
-- Each function gives the text of the row's cell, or nil and what is wrong. It knows what
-- a mark proves; the rows are in manual.lua, codes.lua and beside_*.lua, where they are
-- tried in stage.lua, and where a spec runs them in sources.lua.

local core = require "bc260y.core"
local forms = require "spec.commands.forms"
local show = require "spec.commands.show"
local sources = require "spec.commands.sources"
local stage = require "spec.commands.stage"

local marks = {}

local PROMPT_REST = 0.1 -- seconds after a prompt, in which the exchange holds data back

-- { n = count, ... } without the nils at its end.
local function show_all(values)
  local parts, count = {}, values.n or #values
  while count > 1 and values[count] == nil do count = count - 1 end
  for i = 1, count do parts[i] = show(values[i]) end
  return table.concat(parts, ", ")
end

local function contains(list, line)
  for _, item in ipairs(list) do
    if item == line then return true end
  end
  return false
end

local function code(text)
  return "`" .. text .. "`"
end

local function codes(lines)
  local parts = {}
  for i, line in ipairs(lines) do parts[i] = code(line) end
  return table.concat(parts, "<br>")
end

-- The Lua call. --------------------------------------------------------------------

-- The row's line is of its form; the encoder writes it, and its parameters are the form's.
local function check_form(row)
  local line = row.line or row.host
  if not forms.matches(forms.of(row), line) then return nil, line .. " is of another form" end
  if not row.codec then return true end
  local text, err, what = core.encode(table.unpack(row.codec))
  if text ~= row.host then
    return nil, ("the encoder writes %s"):format(text or err .. " " .. tostring(what))
  end
  return forms.same_fields(forms.of(row), forms.command(row.codec[1]))
end

--- The call sends the line, or gives what the module said.
function marks.call(row)
  local good, fault = check_form(row)
  if not good then return nil, fault end
  local results, heard, said = stage.call(row)
  local got = show_all(results)
  if row.host and not contains(heard, row.host) then
    return nil, ("the call sends %s"):format(table.concat(heard, ", "))
  end
  if row.line and not contains(said, row.line) then
    return nil, ("the module says %s to the call"):format(table.concat(said, ", "))
  end
  if not row.gives and results[1] == nil then return nil, "the call gives " .. got end
  local want = row.gives and show_all(stage.values(row.gives)) or got
  if want ~= got then return nil, "the call gives " .. got end
  local text = code(row.call)
  if row.host and not row.line then text = text .. "<br>sends " .. code(row.host) end
  if row.decoder == "supported" or not (row.gives or row.line) then return text end
  return text .. "<br>gives " .. code(got)
end

-- The decoder. ---------------------------------------------------------------------

local function is_final(line)
  return line == "OK" or line == "SEND OK" or line == "SEND FAIL" or line == "CLOSE OK"
    or line == ">" or line == "ERROR" or line:find("^%+CME ERROR") ~= nil
end

-- What comes of the exchange at that time, with all that it wants to write written.
local function turn(x, now, events)
  repeat
    local event = { x:next(now) }
    while event[1] do
      events[#events + 1] = event
      event = { x:next(now) }
    end
    local out = x:output(now)
    if out then x:written(now, #out) end
  until not out
  return events
end

-- Plays the answer; what comes of it. After a prompt, and after the last line, time passes.
local function play(x, row)
  local now, events = 0, {}
  assert(x:start(now, row.host, row.data, nil, nil, true))
  turn(x, now, events)
  for _, line in ipairs(row.says) do
    x:feed(now, line == ">" and "\r\n> " or "\r\n" .. line .. "\r\n")
    turn(x, now, events)
    if line == ">" then now = now + PROMPT_REST end
    turn(x, now, events)
  end
  if x:in_flight() then turn(x, x:deadline(), events) end
  return events
end

-- The exchange ends the row's command as it should, with the lines that are its own.
local function check_exchange(row)
  local ends, want = row.ends or { "ok" }, {}
  local status, number, lines = nil, nil, {}
  for _, event in ipairs(play(core.exchange(), row)) do
    if event[1] == "info" then lines[#lines + 1] = event[2] end
    if event[1] == "result" then status, number = event[2], event[3] end
  end
  if status ~= ends[1] or number ~= ends[2] then
    return nil, ("the exchange says %s %s"):format(tostring(status), tostring(number))
  end
  for _, line in ipairs(row.says) do
    if not is_final(line) then want[#want + 1] = line end
  end
  if status == "ok" and table.concat(lines, "\n") ~= table.concat(want, "\n") then
    return nil, "the exchange keeps " .. table.concat(lines, ", ")
  end
  return ends[2] and ends[1] .. " " .. ends[2] or ends[1]
end

local function check_event(row)
  local want = row.event or { "urc", row.line }
  local x = core.exchange()
  x:feed(0, "\r\n" .. row.line .. "\r\n")
  local events = turn(x, 0, {})
  local got = events[1] and show_all(events[1]) or "nothing"
  if #events ~= 1 or got ~= show_all(want) then return nil, "the exchange says " .. got end
  return got
end

-- The fields that were read, by their names.
local function describe(form, values)
  local parts = {}
  for i, field in ipairs(form.fields) do
    if values[i] ~= nil then parts[#parts + 1] = field.name .. " " .. show(values[i]) end
  end
  return table.concat(parts, ", ")
end

local function decode(row)
  local name = row.decoder[1]
  local form = forms.response(name)
  local values = table.pack(core.decode(name, row.line or row.says[1]))
  local want = table.pack(table.unpack(row.decoder, 2, #form.fields + 1))
  if show_all(values) ~= show_all(want) then
    return nil, ("%s reads %s"):format(name, show_all(values))
  end
  local written = row.line and row.form or row.answer
  if written then
    local good, fault = forms.same_fields(written, form)
    if not good then return nil, fault end
  end
  return code(name) .. ": " .. describe(form, values)
end

-- The test forms' answers are read by modem:supported.
local function decode_supported(row)
  local results, want = stage.call(row), stage.values(row.gives)
  if show_all(results) ~= show_all(want) then return nil, "it reads " .. show_all(results) end
  results[1].text = nil -- it stands in the module's column
  return "`modem:supported`: " .. code(show_all(results))
end

--- The fields of the line are read, and the exchange knows what the line is; of a code
-- that the manual's words are ours.
function marks.decoder(row)
  if row.kind == "code" and row.code ~= 0 and core.errors[row.code] ~= row.words then
    return nil, "the words are " .. tostring(core.errors[row.code])
  end
  local ended, fault
  if row.host then ended, fault = check_exchange(row) else ended, fault = check_event(row) end
  if not ended then return nil, fault end
  if row.decoder == "supported" then return decode_supported(row) end
  if row.decoder then return decode(row) end
  return "exchange: " .. code(ended)
end

-- The virtual module. --------------------------------------------------------------

local function circumstances(row)
  local parts = {}
  for name, value in pairs(row.traits or {}) do
    parts[#parts + 1] = ("`%s = %s`"):format(name, show(value))
  end
  table.sort(parts)
  if row.format == "hex" then table.insert(parts, 1, "data format hex") end
  if row.profile then table.insert(parts, 1, "profile " .. row.profile) end
  for i, line in ipairs(row.first or {}) do
    parts[#parts + 1] = (i == 1 and "after " or "") .. code(line)
  end
  for _, action in ipairs(row.scripts or {}) do
    if row.host:find(action.match) then return "<br>by a script" end
  end
  return parts[1] and "<br>" .. table.concat(parts, ", ") or ""
end

-- Types the row's line, or provokes what it is about. Result: true; or nil and what was said.
local function check_said(row)
  local said = stage.say(row, row.host and row.says[#row.says] or row.line)
  local all = table.concat(said, ", ")
  if not row.host then return contains(said, row.line) or nil, "it says " .. all end
  local got = table.concat(said, ", ", 1, row.more and math.min(#row.says, #said) or #said)
  if got ~= table.concat(row.says, ", ") then return nil, "it says " .. all end
  return true
end

--- It says these lines, in these bytes, when the row's line is typed.
function marks.module(row)
  local good, fault = check_said(row)
  if good and row.itself then good, fault = check_said(row.itself) end
  if not good then return nil, fault end
  if row.itself then
    return ("%s, by itself: %s"):format(code(row.itself.says[#row.itself.says]), row.itself.why)
  end
  return codes(row.host and row.says or { row.line }) .. circumstances(row)
end

-- The spec. ------------------------------------------------------------------------

--- A transcript or a spec of the driver has the row's line in it.
function marks.spec(row)
  local source = row.spec and sources.named(row.spec) or not row.spec and sources.find(row)
  if not source then return nil, "nothing runs " .. (row.line or row.host) end
  return source
end

marks.names = { "call", "decoder", "module", "spec" }

--- One mark: its text; or nil and why it is missing. An error of the row's code, or of a
-- reader, is a hole and no end.
function marks.one(name, row)
  local ok, text, fault = pcall(marks[name], row)
  if not ok then return nil, tostring(text) end
  return text, fault
end

--- All four: { call, decoder, module, spec } as texts; and { name, why } of each that is
-- missing.
function marks.of(row)
  local cells, holes = {}, {}
  for _, name in ipairs(marks.names) do
    local text, fault = marks.one(name, row)
    if text then
      cells[name] = text
    else
      holes[#holes + 1] = { name, fault or "no reason given" }
    end
  end
  return cells, holes
end

return marks

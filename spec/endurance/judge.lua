-- What must hold at the end of an endurance run. It knows the receiver's file and the
-- writer's notes, nothing of how the records came from one to the other.

local receiver = require "examples.receiver"
local records = require "spec.endurance.records"

local MAGIC_SIZE = 17
local BATCH = 3 -- of a put that was killed before it could be noted, or less

local judge = {}

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- Each put that returned true: list of { life, n, sequence }.
local function read_notes(path)
  local list = {}
  for life, n, sequence in read_file(path):gmatch("(%d+) (%d+) (%d+)\n") do
    list[#list + 1] = { tonumber(life), tonumber(n), tonumber(sequence) }
  end
  return list
end

-- After the frame before it: life and n grow, the sequence by one, the outbox stays.
local function check_frame(frame, before, found)
  local life, n = records.read(frame.record)
  if not life then return ("record %.0f is not as it was put"):format(frame.sequence) end
  if before.id and frame.id ~= before.id then return "records of two outboxes" end
  if frame.sequence ~= before.sequence + 1 then
    return ("record %.0f comes after %.0f"):format(frame.sequence, before.sequence)
  end
  if life < before.life or life == before.life and n ~= before.n + 1 then
    return ("put %d:%d comes after %d:%d"):format(life, n, before.life, before.n)
  end
  before.id, before.sequence, before.life, before.n = frame.id, frame.sequence, life, n
  found[frame.sequence] = { life, n }
end

-- The store holds each record of each put that was noted, at its sequence, and beside them
-- what was put when the writer was killed, at most one put a life.
local function check_notes(notes, found, count)
  local noted = {}
  for _, note in ipairs(notes) do
    local there = found[note[3]]
    if not there or there[1] ~= note[1] or there[2] ~= note[2] then
      return ("put %d:%d, which was accepted as %d, is not there"):format(note[1], note[2], note[3])
    end
    noted[note[3]] = true
  end
  local in_doubt = {}
  for sequence = 1, count do
    local life = not noted[sequence] and found[sequence][1]
    if life then
      in_doubt[life] = (in_doubt[life] or 0) + 1
      if in_doubt[life] > BATCH then return "more came than was put" end
    end
  end
end

--- Result: { accepted, delivered }, and a list of what is wrong, empty if nothing is.
function judge.look(store_path, notes_path)
  local text, faults = read_file(store_path), {}
  local frames, rest = receiver.split(text:sub(MAGIC_SIZE + 1))
  if rest ~= "" then faults[#faults + 1] = "the receiver's file has a torn end" end
  local before, found = { id = nil, sequence = 0, life = 0, n = 0 }, {}
  for _, frame in ipairs(frames) do
    local fault = check_frame(frame, before, found)
    if fault then
      faults[#faults + 1] = fault
      break
    end
  end
  local notes = read_notes(notes_path)
  if not faults[1] then faults[1] = check_notes(notes, found, #frames) end
  return { accepted = #notes, delivered = #frames }, faults
end

return judge

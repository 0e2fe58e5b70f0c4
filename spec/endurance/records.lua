-- The numbered records of an endurance run: each says which put of which life of the writer
-- it is from, and its other bytes follow from that, so that whoever reads it can tell whether
-- it is the one that was put.

local records = {}

local SIZE_MAX = 300

--- The record number n that the writer puts in a life of its own. Same arguments, same bytes.
function records.make(life, n)
  local state = (life * 7919 + n * 104729) % 2147483646 + 1
  local bytes = { ("%d:%d:"):format(life, n) }
  local size = state % SIZE_MAX
  for i = 2, size + 1 do
    state = (state * 16807) % 2147483647
    bytes[i] = string.char(state % 256)
  end
  return table.concat(bytes)
end

--- life, n of a record; nil if it is not one of ours, or not as it was put.
function records.read(record)
  local life, n = record:match("^(%d+):(%d+):")
  life, n = tonumber(life), tonumber(n)
  if life and records.make(life, n) == record then return life, n end
  return nil
end

return records

--- The cell that serves the module, and those that it hears beside.

local ask = require "bc260y.calls.ask"
local decode = require("bc260y.core").decode

local calls, checks = {}, {}

local FIELD_COUNT = 14

-- What can't be in that unit is in another, or no measurement at all.
local function within(value, low, high)
  return value and value >= low and value <= high and value or nil
end

local function hex(value)
  return value and value:match("^%x+$")
end

-- All are there, though some are empty (wire forms), or all but the last three: of any
-- other count nobody knows which one is missing.
local function is_whole(line)
  local count = ask.field_count(line)
  return count == FIELD_COUNT or count == FIELD_COUNT - 3
end

local function read_serving(line)
  local kind, earfcn, offset, pci, cell, rsrp, rsrq, rssi, sinr, band, tac, ecl, power, mode =
    decode("+QENG serving", line)
  if not kind or not is_whole(line) then return nil end
  return {
    earfcn = earfcn, earfcn_offset = offset, pci = pci, cell_id = hex(cell),
    rsrp_dbm = within(rsrp, -156, -30), rsrq_db = within(rsrq, -40, 3),
    rssi_dbm = within(rssi, -150, 0), sinr_db = within(sinr, -40, 60), band = band,
    tac = hex(tac), ecl = within(ecl, 0, 2), tx_power_dbm = within(power, -60, 40),
    operation_mode = mode,
  }
end

local function read_neighbour(line)
  local kind, earfcn, offset, pci, rsrp = decode("+QENG neighbour", line)
  if not kind then return nil end
  return {
    earfcn = earfcn, earfcn_offset = offset, pci = pci, rsrp_dbm = within(rsrp, -156, -30),
  }
end

--- The cells (AT+QENG=0, in the forms of firmware R01 and R02). options: timeout.
-- Result: { serving = { earfcn, earfcn_offset, pci, cell_id (text), rsrp_dbm, rsrq_db,
-- rssi_dbm, sinr_db, band, tac (text as the module gives it: hex, from R01 decimal), ecl
-- (0-2), tx_power_dbm, operation_mode }, neighbours = list of { earfcn, earfcn_offset,
-- pci, rsrp_dbm } }; serving is nil without a cell, and so is each field that is not
-- said or can't be in its unit. Or nil, err, code.
function calls.cell(self, options)
  local lines, err, code = ask.command(self, ask.deadline(self, options), "QENG")
  if not lines then return nil, err, code end
  local cell, understood = { serving = nil, neighbours = {} }, not lines[1]
  for i = 1, #lines do
    local serving = read_serving(lines[i])
    local neighbour = not serving and read_neighbour(lines[i])
    cell.serving = cell.serving or serving
    if neighbour then cell.neighbours[#cell.neighbours + 1] = neighbour end
    understood = understood or serving ~= nil or neighbour ~= nil
  end
  if not understood then return nil, "error" end
  return cell
end

checks.cell = ask.check_options

return { calls = calls, checks = checks }

-- What CEDRXS answered could not be read, and that was taken for "off": so switching eDRX
-- off wrote nothing, and a module that used it went on.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local unpack = table.unpack or unpack

local BAD = { '+CEDRXS: "0101"', '+CEDRXS: 5,"0101","0101"', '+CEDRXS: 5,"0101', "+CEDRXS: " }

local function lines(list)
  local text = "> AT+CEDRXS?\n"
  for _, line in ipairs(list) do text = text .. "< " .. line .. "\n" end
  return "> AT+CPSMS?\n< ERROR\n" .. text .. "< OK\n"
end

local REST = '> AT+QSCLK?\n< ERROR\n> AT+QCFG="dsevent"\n< ERROR\n'
local NETWORK = "> AT+CEDRXRDP\n< +CEDRXRDP: 0\n< OK\n"
local OFF = "> AT+CEDRXS=0\n< OK\n"

local function play(text)
  local port = script.port { text = text }
  local modem = bc260y.open { port = port }
  local result = { modem:power_saving { edrx = false } }
  assert.is_nil(port:left())
  modem:close()
  return unpack(result)
end

describe("eDRX that is not understood", function()
  for _, line in ipairs(BAD) do
    it("is not known, and is switched off: " .. line, function()
      assert.same({ edrx = { enabled = false } },
        (play(lines { line } .. REST .. OFF .. lines {} .. NETWORK .. REST)))
      assert.same({}, (play(lines { line } .. REST .. OFF .. lines { line } .. REST)))
    end)
  end

  it("is off where no line comes at all, or one that says so", function()
    assert.same({ edrx = { enabled = false } }, (play(lines {} .. NETWORK .. REST)))
    assert.same({ edrx = { enabled = false } }, (play(lines { "+CEDRXS: 0" } .. NETWORK .. REST)))
  end)
end)

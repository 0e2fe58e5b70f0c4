-- AT+QCFG="dsevent" was answered with another setting's line before, or instead of, its own,
-- and that one's value was taken for it: the module was thought to say when it sleeps.

local bc260y = require "bc260y"
local script = require "spec.support.port"

local ASK = '> AT+QCFG="dsevent"\n'
local OTHER = '< +QCFG: "other",1\n'
local NBIOT = "> AT+QNBIOTEVENT?\n< +QNBIOTEVENT: 1,1\n< OK\n"

describe("the setting that the module says when it sleeps", function()
  local function attach(settings)
    local text = script.attach("text"):gsub('> AT%+QCFG="dsevent".-< OK\n', function()
      return settings
    end)
    local port = script.port { text = text }
    local modem = bc260y.open { port = port, format = "text" }
    assert.is_true(modem:attach())
    assert.is_nil(port:left())
    modem:close()
  end

  it("is known by its name, wherever it stands", function()
    attach(ASK .. OTHER .. '< +QCFG: "dsevent",0\n< OK\n> AT+QCFG="dsevent",1\n< OK\n')
    attach(ASK .. OTHER .. '< +QCFG: "dsevent",1\n< OK\n')
  end)

  it("is not known by another's line", function()
    attach(ASK .. OTHER .. "< OK\n")
    local port = script.port { text = "> AT+CPSMS?\n< OK\n> AT+CEDRXS?\n< OK\n"
      .. "> AT+CEDRXRDP\n< OK\n> AT+QSCLK?\n< OK\n" .. ASK .. OTHER .. "< OK\n" .. NBIOT }
    local modem = bc260y.open { port = port }
    local saving, err = modem:power_saving()
    assert.is_nil(saving and saving.events, err)
    modem:close()
  end)
end)

local call = require "spec.support.call"

-- Asks and answers, with some of them in place of the usual ones.
local function script(changed)
  local text = ""
  for _, step in ipairs {
    { "ATI", "Quectel_Ltd\n< Quectel_BC260Y-CN\n< Revision: BC260YCNAAR02A02\n< OK" },
    { "AT+CGMR" }, { "AT+CGMM" },
    { "AT+CGSN=1", '+CGSN: "866207051234560"\n< OK' },
    { "AT+CGSN=2", "+CGSN: 8662070512345601\n< OK" },
    { "AT+CGSN=3", "+CGSN: 01\n< OK" },
    { "AT+CGSN=0", "D1X20BL01000012\n< OK" },
    { "AT+CIMI", "460081234567890\n< OK" },
    { "AT+QCCID", "+QCCID: 8986041410207001234F\n< OK" },
  } do
    local said = changed and changed[step[1]] or step[2]
    if said then text = text .. "> " .. step[1] .. "\n< " .. said .. "\n" end
  end
  return text
end

local whole = {
  manufacturer = "Quectel_Ltd", model = "Quectel_BC260Y-CN", revision = "BC260YCNAAR02A02",
  imei = "866207051234560", imei_sv = "8662070512345601", sv = "01",
  serial = "D1X20BL01000012", imsi = "460081234567890", iccid = "8986041410207001234F",
}

-- The whole identity, but for these.
local function but(changed)
  local copy = {}
  for name, value in pairs(whole) do copy[name] = value end
  for name, value in pairs(changed) do copy[name] = value or nil end
  return copy
end

describe("modem:identity", function()
  it("gives all that the module says", function()
    assert.same(whole, (call(script(), "identity")))
    assert.same(whole, (call(script {
      ["AT+CGSN=0"] = "+CGSN: D1X20BL01000012\n< OK",
      ["AT+QCCID"] = '+QCCID: "8986041410207001234F"\n< OK',
    }, "identity")))
  end)

  it("takes no revision for a manufacturer, wherever it stands", function()
    assert.same(but { manufacturer = false }, (call(script {
      ATI = "Revision: BC260YCNAAR02A02\n< Quectel_BC260Y-CN\n< OK",
    }, "identity")))
  end)

  it("asks anew for what ATI leaves out", function()
    assert.same(but { manufacturer = false }, (call(script {
      ATI = "OK", ["AT+CGMR"] = "BC260YCNAAR02A02\n< OK", ["AT+CGMM"] = "Quectel_BC260Y-CN\n< OK",
    }, "identity")))
    assert.same(but { manufacturer = false }, (call(script {
      ATI = "Quectel_Ltd\n< Revision: BC260YCNAAR02A02\n< OK",
      ["AT+CGMM"] = "Quectel_BC260Y-CN\n< OK",
    }, "identity")))
    assert.same(but { manufacturer = false, model = false }, (call(script {
      ATI = "Quectel_Ltd\n< Revision: BC260YCNAAR02A02\n< OK", ["AT+CGMM"] = "ERROR",
    }, "identity")))
    assert.same(but { revision = false }, (call(script {
      ATI = "Quectel_Ltd\n< Quectel_BC260Y-CN\n< OK", ["AT+CGMR"] = "ERROR",
    }, "identity")))
    assert.same(whole, (call(script {
      ATI = "Quectel_Ltd\n< Quectel_BC260Y-CN\n< OK",
      ["AT+CGMR"] = "Revision: BC260YCNAAR02A02\n< OK",
    }, "identity")))
  end)

  it("takes no line of ATI for another where one is missing or doubled", function()
    for text, changed in pairs {
      ["Quectel_BC260Y-CN\n< Revision: BC260YCNAAR02A02"] = { manufacturer = false },
      ["Quectel_Ltd\n< Quectel_Ltd\n< Quectel_BC260Y-CN\n< Revision: BC260YCNAAR02A02"] = {},
      ["Quectel_Ltd\n< Quectel_BC260Y-CN\n< Quectel_BC260Y-CN\n< Revision: BC260YCNAAR02A02"] =
        {},
    } do
      assert.same(but(changed), (call(script { ATI = text .. "\n< OK" }, "identity")), text)
    end
    for text, changed in pairs {
      ["Quectel_Ltd\n< BC260YCNAAR02A02"] = { manufacturer = false, model = false },
      ["Quectel_Ltd\n< Quectel_BC260Y-CN\n< Revision:"] = {},
      ["Revision: "] = { manufacturer = false, model = false },
    } do
      local model = changed.model == false and "ERROR" or nil
      assert.same(but(changed), (call(script { ATI = text .. "\n< OK", ["AT+CGMM"] = model,
        ["AT+CGMR"] = "Revision: BC260YCNAAR02A02\n< OK" }, "identity")), text)
      changed.revision = false
      assert.same(but(changed), (call(script { ATI = text .. "\n< OK", ["AT+CGMM"] = model,
        ["AT+CGMR"] = "Revision:\n< OK" }, "identity")), text)
    end
  end)

  it("takes no bare line where there are two", function()
    for command, name in pairs { ["AT+CIMI"] = "imsi", ["AT+CGSN=0"] = "serial" } do
      assert.same(but { [name] = false }, (call(script {
        [command] = "460081234567890\n< 460081234567891\n< OK" }, "identity")), command)
    end
  end)

  it("takes an ICCID with letters, and with 18 to 22 digits", function()
    for _, iccid in ipairs { "898604141020700123", "898600D9891751505384",
      "89860414102070012345F", "8986041410207001234567" } do
      assert.equal(iccid, call(script { ["AT+QCCID"] = "+QCCID: " .. iccid .. "\n< OK" },
        "identity").iccid)
    end
  end)

  it("takes the shortest and the longest of what differs in length", function()
    for _, imsi in ipairs { "460081", "460081234567890" } do
      assert.equal(imsi, call(script { ["AT+CIMI"] = imsi .. "\n< OK" }, "identity").imsi)
    end
  end)

  it("leaves out what is refused, and what is no such number", function()
    local names = {
      ["AT+CGSN=1"] = "imei", ["AT+CGSN=2"] = "imei_sv", ["AT+CGSN=3"] = "sv",
      ["AT+CGSN=0"] = "serial", ["AT+CIMI"] = "imsi", ["AT+QCCID"] = "iccid",
    }
    for command, name in pairs(names) do
      for _, said in ipairs { "ERROR", "+CME ERROR: 10", "OK" } do
        assert.same(but { [name] = false }, (call(script { [command] = said }, "identity")))
      end
    end
    for command, lines in pairs {
      ["AT+CGSN=1"] = { "+CGSN: ", "+CGSN: 86620705123456", "+CGSN: 86620705123456x",
        "+CGSN: -66207051234560", "+CGSN: 866207051234560,1", "+QCCID: 866207051234560" },
      ["AT+CGSN=2"] = { "+CGSN: 866207051234560" },
      ["AT+CGSN=3"] = { "+CGSN: 1", "+CGSN: 001" },
      ["AT+CGSN=0"] = { "+CGSN: ", '+CGSN: ""', "+CGSN:", "+CGSN: a,b", "+QCCID: 1" },
      ["AT+CIMI"] = { "46008", "4600812345678901", "46008123456789x", "-60081234567890" },
      ["AT+QCCID"] = { "+QCCID: ", "+QCCID: xyz", "+CGSN: 1", "+QCCID: 1,2",
        "+QCCID: 8986", "+QCCID: 89860414102070012", "+QCCID: 89860414102070012345678",
        "+QCCID: 79860414102070012345", "+QCCID: 8986041410207001234x",
        "+QCCID: x9860414102070012345" },
    } do
      for _, line in ipairs(lines) do
        assert.same(but { [names[command]] = false },
          (call(script { [command] = line .. "\n< OK" }, "identity")), line)
      end
    end
  end)

  it("ends where the module does not answer", function()
    assert.same({ nil, "error" }, { call("> ATI\n< ERROR", "identity") })
    local text = script()
    for _, command in ipairs { "ATI", "AT+CGSN=1", "AT+CIMI" } do
      local from, to = text:find("> " .. command .. "\n", 1, true)
      assert.same({ nil, "timeout" },
        { call(text:sub(1, from - 1) .. text:sub(from, to), "identity", { timeout = 30 }) })
    end
  end)
end)

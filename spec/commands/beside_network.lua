-- Beside the application note: the radio, the network, the module's place in it.
--
-- Rows as in manual.lua. Where no form is given it is written from the codec's table.

local function roam(module) module:register(5) end
local function answer(_, net) net.peers[1]:send("hello") end

local CEREG = '"4C10","084958B4",9,,,"00100101","00111000"'

return {
  { title = "Signal and cells", rows = {
    { host = "AT+CSQ", says = { "+CSQ: 22,0", "OK" }, codec = { "CSQ" },
      decoder = { "+CSQ", 22, 0 }, call = "modem:signal().dbm", gives = "-69" },
    { host = "AT+CESQ", says = { "+CESQ: 41,0,255,255,25,57", "OK" }, codec = { "CESQ" },
      decoder = { "+CESQ", 41, 0, 255, 255, 25, 57 },
      call = "modem:signal().rsrp_dbm", gives = "-84" },
    { host = "AT+QENG=0", codec = { "QENG" },
      says = { '+QENG: 0,3684,2,308,"084958B4",-72,-10,-62,14,8,"4C10",0,-7,2',
        "+QENG: 1,3684,,132,-84", "OK" },
      decoder = { "+QENG serving", 0, 3684, 2, 308, "084958B4", -72, -10, -62, 14, 8, "4C10",
        0, -7, 2 },
      call = "modem:cell().serving.pci", gives = "308", key = "(cell(serving()))" },
    { host = "AT+QENG=0", form = "+QENG: <type>,<earfcn>,<earfcn_offset>,<pci>,<rsrp>",
      line = "+QENG: 1,3684,,132,-84",
      says = { '+QENG: 0,3684,2,308,"084958B4",-72,-10,-62,14,8,"4C10",0,-7,2',
        "+QENG: 1,3684,,132,-84", "OK" },
      decoder = { "+QENG neighbour", 1, 3684, nil, 132, -84 },
      call = "modem:cell().neighbours",
      gives = "{ { earfcn = 3684, pci = 132, rsrp_dbm = -84 } }" },
  } },

  { title = "Registration", rows = {
    { host = "AT+CEREG?", first = { "AT+CEREG=5" }, says = { "+CEREG: 5,1," .. CEREG, "OK" },
      codec = { "CEREG?" }, decoder = { "+CEREG", 5, 1, "4C10", "084958B4", 9, nil, nil,
        "00100101", "00111000" },
      call = "modem:registration().state", gives = '"home"' },
    { host = "AT+CEREG=5", says = { "OK" }, codec = { "CEREG", 5 },
      call = "modem:report_registration(5)", gives = "true" },
    { line = "+CEREG: 5," .. CEREG, first = { "AT+CEREG=5" }, provoke = roam,
      decoder = { "+CEREG urc", 5, "4C10", "084958B4", 9, nil, nil, "00100101", "00111000" },
      call = 'modem:wait("registration", 60).state', gives = '"roaming"',
      key = '< +CEREG: 5,"4C10","084958B4",9,,,"00100101"' },
  } },

  { title = "Network", rows = {
    { host = "AT+CGATT?", says = { "+CGATT: 1", "OK" }, codec = { "CGATT?" },
      decoder = { "+CGATT", 1 }, call = "modem:attached()", gives = "true" },
    { host = "AT+CGATT=0", says = { "OK" }, codec = { "CGATT", 0 },
      call = "modem:detach()", gives = "true", key = "modem:detach()" },
    { host = "AT+CSCON?", says = { "+CSCON: 0,0", "OK" }, codec = { "CSCON?" },
      decoder = { "+CSCON", 0, 0 }, call = "modem:connected()", gives = "false, 0",
      key = 'ask("CSCON", "connected", "+CSCON: 0,0")' },
    { host = "AT+CSCON=1", says = { "OK" }, codec = { "CSCON", 1 },
      call = "modem:report_connection(1)", gives = "true", key = '"> AT+CSCON=" .. n' },
    { line = "+CSCON: 1", decoder = { "+CSCON urc", 1 }, scene = "connected",
      first = { "AT+CSCON=1" }, provoke = answer,
      call = 'modem:wait("+CSCON", 60)', gives = '"+CSCON: 1"' },
    { host = "AT+COPS?", says = { '+COPS: 0,2,"46008",9', "OK" }, codec = { "COPS?" },
      decoder = { "+COPS", 0, 2, "46008", 9 }, call = "modem:operator().operator",
      gives = '"46008"', key = [[ask("COPS", "operator", '+COPS: 0,2,"46008",9')]] },
    { host = "AT+COPS=0", says = { "OK" }, codec = { "COPS", 0 },
      call = 'modem:operator("auto")', gives = "true" },
    { host = 'AT+COPS=1,2,"46008"', says = { "OK" }, codec = { "COPS operator", "46008" },
      call = 'modem:operator("46008")', gives = "true" },
    { host = "AT+QBAND?", says = { "+QBAND: 5,8", "OK" }, codec = { "QBAND?" },
      decoder = { "+QBAND", "5,8" }, call = "modem:bands()", gives = "{ 5, 8 }",
      key = 'ask("QBAND", "bands", "+QBAND: 5,8")' },
    { host = "AT+QBAND=1,8", says = { "OK" }, codec = { "QBAND", 1, 8 },
      call = "modem:bands{8}", gives = "true" },
    { host = "AT+CGPADDR", codec = { "CGPADDR" },
      says = { '+CGPADDR: 5,"10.18.237.42","36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48"', "OK" },
      decoder = { "+CGPADDR", 5, "10.18.237.42", "36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48" },
      call = "modem:addresses()[1].address", gives = '"10.18.237.42"' },
    { form = "AT+CGPADDR=<cid>", host = "AT+CGPADDR=5",
      says = { '+CGPADDR: 5,"10.18.237.42","36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48"', "OK" },
      decoder = { "+CGPADDR", 5, "10.18.237.42", "36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48" },
      call = 'modem:command("AT+CGPADDR=5")' },
  } },
}

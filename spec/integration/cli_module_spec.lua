-- The command line's questions about the module itself, and its restart: as text and as
-- JSON, answered and refused.

local live = require "spec.support.live"
local live_json = require "spec.support.live_json"
local refused = require "spec.support.live_cli"
local schema = require "bc260y.cli.schema"

local null = live_json.null

local function attached(options)
  local given = { module = { boot = false } }
  for name, value in pairs(options or {}) do given[name] = value end
  return live.virtual(given).port
end

-- Runs it on that port where it succeeds. Result: what it printed.
local function run(port, ...)
  local out, err, status = live.cli("--port", port, ...)
  assert.equal(0, status, err)
  assert.equal("", err)
  return out
end

local function row(out, name)
  return out:match("^" .. name .. "  +([^\n]*)\n") or out:match("\n" .. name .. "  +([^\n]*)\n")
end

-- The names of a schema's fields, those for people alone left out.
local function names_of(fields)
  local names = {}
  for _, field in ipairs(fields) do
    local name = type(field) == "table" and field[1] or field
    if type(field) ~= "table" or not field.say then names[name] = field end
  end
  return names
end

-- Every field of the value is one of the schema's, and every one of the schema's is there.
local function check_fields(value, fields, where)
  if type(value) ~= "table" or value == null then return end
  if fields.list then
    for i, item in ipairs(value) do check_fields(item, fields.list, where .. "." .. i) end
    return
  end
  local names = names_of(fields)
  for key, item in pairs(value) do
    local field = names[key]
    assert.not_nil(field, where .. "." .. key .. " is not in the schema")
    if type(field) == "table" then
      check_fields(item, field.fields or { list = field.list }, where .. "." .. key)
    end
  end
  for name in pairs(names) do
    assert.not_nil(value[name], where .. "." .. name .. " is not in what was printed")
  end
end

describe("bc260y info #integration", function()
  after_each(live.finish)

  it("prints who the module is, and where, in aligned lines", function()
    local out = run(attached(), "info")
    assert.equal("866207051234560", row(out, "identity.imei"))
    assert.equal("89860414102070012345", row(out, "identity.iccid"))
    assert.equal("-69 dBm", row(out, "signal.dbm"))
    assert.equal("-72 dBm", row(out, "cell.serving.rsrp_dbm"))
    assert.equal("home", row(out, "registration.state"))
    assert.equal("true", row(out, "attached"))
    assert.equal("46008", row(out, "operator.operator"))
    assert.equal("100.85.29.214", row(out, "addresses.1.address"))
    assert.matches("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d %+08:00$", row(out, "clock.date"))
    assert.equal("3.47 V", row(out, "battery.voltage"))
    assert.equal("36000 s", row(out, "power_saving.psm.periodic_tau"))
    assert.equal("none", row(out, "sockets"))
    local column
    for line in out:gmatch("[^\n]+") do
      local at = line:find("%S+", (line:find("  ", 1, true)))
      column = column or at
      assert.equal(column, at, line)
    end
  end)

  it("as JSON has every field that the library gives, and null where nothing is known", function()
    local info = live_json.run(0, "--port", attached(), "info")
    assert.equal("866207051234560", info.identity.imei)
    assert.equal(-69, info.signal.dbm)
    assert.is_true(info.attached)
    assert.same({}, info.refused)
    assert.same({}, info.sockets)
    assert.equal(null, info.registration.tac)
    assert.is_nil(info.error)
    info.refused = nil
    for name, value in pairs(info) do check_fields(value, schema[name] or {}, name) end
  end)

  it("as JSON says what was refused, and why, beside all that was not", function()
    local port = attached { scripts = { { match = "CBC", answer = 50 } } }
    local info = live_json.failed(1, "--port", port, "info")
    assert.equal(null, info.battery)
    assert.same({ battery = "error (50)" }, info.refused)
    assert.same({ "error", 50 }, { info.error, info.code })
    assert.equal("866207051234560", info.identity.imei)
  end)
end)

describe("bc260y signal #integration", function()
  after_each(live.finish)

  it("prints the signal and the cells", function()
    local port = attached()
    local out = run(port, "signal")
    assert.equal("22", row(out, "signal.rssi"))
    assert.equal("-84 dBm", row(out, "signal.rsrp_dbm"))
    assert.equal("-7.5 dB", row(out, "signal.rsrq_db"))
    assert.equal("132", row(out, "cell.neighbours.1.pci"))
    local report = live_json.run(0, "--port", port, "signal")
    assert.equal(22, report.signal.rssi)
    assert.equal(3684, report.cell.serving.earfcn)
    assert.equal(132, report.cell.neighbours[1].pci)
  end)

  it("ends with status 1 where it is refused, and prints the cells all the same", function()
    local port = attached { scripts = { { match = "QENG", answer = "ERROR" } } }
    local out, err, status = live.cli("--port", port, "signal")
    assert.equal(1, status)
    assert.equal("bc260y: cell: error\n", err)
    assert.equal("22", row(out, "signal.rssi"))
    assert.equal("- (error)", row(out, "cell"))
  end)

  it("--watch asks again, one object a line", function()
    local process = live.virtual { module = { boot = false },
      scripts = { { match = "QENG", answer = "ERROR", skip = 2 } } }
    local out, err, status = live.cli("--port", process.port, "--json", "signal", "--watch",
      "0.05")
    assert.equal(1, status)
    assert.equal("bc260y: cell: error\n", err)
    local lines = {}
    for line in out:gmatch("[^\n]+\n") do lines[#lines + 1] = live_json.decode(line) end
    assert.equal(3, #lines)
    assert.equal(-69, lines[1].signal.dbm)
    assert.equal(308, lines[2].cell.serving.pci)
    assert.equal(null, lines[3].cell)
  end)
end)

describe("bc260y sleep #integration", function()
  after_each(live.finish)

  it("prints how power is saved", function()
    local port = attached()
    local out = run(port, "sleep")
    assert.equal("true", row(out, "psm.enabled"))
    assert.equal("180 s", row(out, "psm.active_time"))
    assert.equal("81.92 s", row(out, "edrx.cycle"))
    assert.equal("false", row(out, "sleep_lock"))
    local state = live_json.run(0, "--port", port, "sleep")
    check_fields(state, schema.power_saving, "sleep")
    assert.equal(36000, state.psm.periodic_tau)
    assert.is_false(state.events)
  end)

  it("sets it, and prints what the module made of it", function()
    local port = attached()
    local out = run(port, "sleep", "--psm-tau", "86000", "--psm-active", "61", "--edrx", "100",
      "--lock")
    assert.equal("86400 s", row(out, "psm.periodic_tau"))
    assert.equal("62 s", row(out, "psm.active_time"))
    assert.equal("163.84 s", row(out, "edrx.cycle"))
    assert.equal("true", row(out, "sleep_lock"))
    local state = live_json.run(0, "--port", port, "sleep", "--no-psm", "--no-edrx", "--unlock")
    assert.same({ false, false, false },
      { state.psm.enabled, state.edrx.enabled, state.sleep_lock })
    assert.equal(null, state.psm.periodic_tau)
  end)

  it("says what the module refuses to set", function()
    local port = attached { scripts = { { match = "CPSMS=", answer = "ERROR", times = 2 } } }
    refused(1, "^bc260y: sleep: error", "--port", port, "sleep", "--no-psm")
    assert.equal("error", live_json.failed(1, "--port", port, "sleep", "--no-psm").error)
  end)

  it("--wait prints when it falls asleep, and a command wakes it afterwards", function()
    local port = attached { traits = { sleep_after = 0.3, wake_command = "answered" } }
    local out, err, status = live.cli("--port", port, "--json", "--timeout", "1", "sleep",
      "--wait")
    assert.equal(0, status, err)
    local state, event = out:match("^([^\n]+\n)([^\n]+\n)$")
    assert.is_true(live_json.decode(state).events)
    assert.same({ event = "sleep", what = "ENTER DEEPSLEEP" }, live_json.decode(event))
    assert.equal("OK\n", run(port, "at", "AT"))
  end)
end)

describe("bc260y sockets #integration", function()
  after_each(live.finish)

  it("prints a line for each connection that is open", function()
    local server = live.udp_server()
    local port = attached()
    local heading = "^id +service +host +remote_port +local_port +state_name +state +context"
      .. " +access_mode\n"
    assert.matches(heading .. "$", run(port, "sockets"))
    local modem = live.open { port = port }
    assert(modem:attach())
    local socket = modem:udp()
    socket:settimeout(30)
    assert(socket:connect("127.0.0.1", server.port))
    modem:close()
    local line = "0 +UDP +127%.0%.0%.1 +" .. server.port .. " +%d+ +connected +2 +0 +%d\n$"
    assert.matches(heading .. line, run(port, "sockets"))
    assert.matches(heading .. line, run(port, "sockets", "--id", "0"))
    assert.matches(heading .. "$", run(port, "sockets", "--id", "1"))
    local list = live_json.run(0, "--port", port, "sockets", "--context", "0")
    assert.equal(1, #list)
    check_fields(list, schema.sockets, "sockets")
    assert.same({ 0, "UDP", "connected", server.port },
      { list[1].id, list[1].service, list[1].state_name, list[1].remote_port })
  end)

  it("as JSON is a list, also where nothing is open", function()
    local out = run(attached(), "--json", "sockets")
    assert.equal("[]\n", out)
  end)

  it("refuses an id or a context that no module has, before it asks", function()
    local process = live.virtual { module = { boot = false } }
    local port = process.port
    refused(2, "invalid argument: %-%-id must be 0 to 4", "--port", port, "sockets", "--id", "5")
    refused(2, "%-%-context must be 0\n$", "--port", port, "sockets", "--context", "12")
    local failure = live_json.failed(2, "--port", port, "sockets", "--id=-1")
    assert.same({ "invalid argument", null, "--id", "0 to 4" },
      { failure.error, failure.code, failure.detail, failure.range })
    assert.not_matches("host ", process:log(), 1, true)
  end)

  it("says what the module refuses", function()
    local port = attached { scripts = { { match = "QISTATE", answer = 560 } } }
    local failure = live_json.failed(1, "--port", port, "sockets")
    assert.same({ "error", 560 }, { failure.error, failure.code })
  end)
end)

describe("bc260y reset #integration", function()
  after_each(live.finish)

  it("restarts the module and says how long that took", function()
    local process = live.virtual { module = { boot = false } }
    local out = run(process.port, "reset")
    assert.matches("^ready after %d+%.%d s\n$", out)
    assert.matches("boots", process:log(), 1, true)
    out = run(process.port, "reset", "--attach")
    assert.matches("^ready after %d+%.%d s\nattached after %d+%.%d s\n$", out)
  end)

  it("as JSON says where it is attached", function()
    local port = attached()
    local report = live_json.run(0, "--port", port, "reset")
    assert.same({ "number", null, null },
      { type(report.ready), report.attached, report.address })
    report = live_json.run(0, "--port", port, "reset", "--attach")
    assert.equal("number", type(report.attached))
    assert.equal("100.85.29.214", report.address)
  end)

  it("ends with status 4 where RDY does not come, or nobody answers", function()
    local port = attached { scripts = { { match = "QRST", drop = true, times = 2 } } }
    refused(4, "^bc260y: reset: timeout", "--port", port, "--timeout", "0.7", "reset")
    local silent = attached { scripts = { { drop = true, times = 99 } } }
    refused(4, "^bc260y: %S+: no answer in time\n$", "--port", silent, "--timeout", "0.3",
      "reset")
    local failure = live_json.failed(4, "--port", silent, "--timeout", "0.3", "reset")
    assert.same({ "timeout", "answer" }, { failure.error, failure.detail })
  end)

  it("ends with status 1 where it is refused", function()
    local port = attached { scripts = { { match = "QRST", answer = "ERROR" } } }
    refused(1, "^bc260y: reset: error", "--port", port, "reset")
  end)
end)

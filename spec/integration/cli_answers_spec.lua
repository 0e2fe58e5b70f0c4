-- What the command line says of a module whose answers come late, or are refusals.

local live = require "spec.support.live"
local live_json = require "spec.support.live_json"
local together = require "spec.support.live_together"

local REVISION = "BC260YCNAAR02A02"

describe("The command line #integration", function()
  after_each(live.finish)

  it("gives no command the late answer of an earlier process's", function()
    local process = live.virtual {
      module = { boot = false, timing = { info = 0.2, final = 0.2 } },
    }
    for _, text in ipairs { "AT", "AT+CSQ" } do
      local earlier = live.open { port = process.port }
      assert.same({ nil, "timeout" }, { earlier:command(text, { timeout = 0.05 }) })
      earlier:close()
      local out, err, status = live.cli("--port", process.port, "at", "AT+CGMR")
      assert.equal(0, status, err)
      assert.truthy(out:find(REVISION, 1, true), out)
      assert.falsy(out:find("+C", 1, true), out)
    end
  end)

  it("asks again where the first command is lost to sleep", function()
    local process = live.virtual { module = { boot = false }, scripts = { { drop = true } } }
    local out, err, status = live.cli("--port", process.port, "at", "AT+CGMR")
    assert.equal(0, status, err)
    assert.matches(REVISION .. "\nOK\n$", out)
  end)

  it("finds a module that takes its time, one that sleeps, and one that has just booted", function()
    local commands = {}
    for i, options in ipairs {
      { traits = { answer_time = 2.5 } }, { traits = { answer_time = 3 } },
      { traits = { sleep_after = 1 } }, { traits = { sleep_after = 3 } }, {},
    } do
      local process = live.virtual(options)
      commands[i] = ("sleep %d; bin/bc260y --port %s at AT+CGMR"):format(
        options.traits and options.traits.sleep_after and 8 or 0, process.port)
    end
    for i, result in ipairs(together(commands)) do
      assert.equal(0, result.status, commands[i] .. ": " .. result.err)
      assert.matches(REVISION .. "\nOK\n$", result.out)
    end
  end)

  it("says that no answer came in time where the line was not clear for the question", function()
    local process = live.virtual {
      module = { boot = false }, scripts = { { match = "CSQ", drop = true, times = 99 } },
    }
    local failure, err = live_json.run(4, "--port", process.port, "--timeout", "0.3", "at",
      "AT+CGMR")
    assert.equal("bc260y: AT+CGMR: no answer in time\n", err)
    assert.same({ "busy", false, {} }, { failure.error, failure.ok, failure.lines })
  end)

  it("info prints what it got, and ends with status 1 if the module refused something", function()
    local process = live.virtual {
      module = { boot = false }, scripts = { { match = "CBC", answer = "ERROR" } },
    }
    local out, err, status = live.cli("--port", process.port, "info")
    assert.equal(1, status, err)
    assert.equal("bc260y: battery: error\n", err)
    assert.matches("identity%.revision +" .. REVISION, out)
    assert.matches("battery +%- %(error%)\n", out)
    assert.matches("data_format", out)
  end)

  it("info ends with status 4 if an answer never came", function()
    local process = live.virtual {
      module = { boot = false }, scripts = { { match = "QISTATE", drop = true } },
    }
    local out, err, status = live.cli("--port", process.port, "--json",
      "--timeout", "1", "info")
    assert.equal(4, status, err)
    assert.matches("^bc260y: sockets: ", err)
    assert.matches('"refused":{[^}]*"sockets":"timeout"', out)
    assert.matches('"identity":{', out, 1, true)
  end)
end)

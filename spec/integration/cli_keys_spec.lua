-- What --json prints has the same keys however a command ends.

local live = require "spec.support.live"
local live_json = require "spec.support.live_json"

local TIME = '+QNTP: 0,"23/11/15,06:13:20+32"'

-- Each command that prints an object, in a form that succeeds.
local COMMANDS = {
  { "at", "AT+CSQ" }, { "dns" }, { "info" }, { "ntp", "x.example" }, { "reset" },
  { "ping", "127.0.0.1", "--count", "1", "--wait", "1" }, { "resolve", "x.example" },
  { "signal" }, { "sleep" },
}

local unpack = table.unpack or unpack

local function check_keys(succeeded, failed, what)
  for key in pairs(succeeded) do
    assert.not_nil(failed[key], what .. ": " .. key)
  end
  assert.equal("string", type(failed.error))
end

describe("An object of a command that fails #integration", function()
  after_each(live.finish)

  it("has every key of one that succeeds", function()
    local port = live.virtual { module = { boot = false }, names = { ["x.example"] = "127.0.0.1" },
      scripts = { { match = "QNTP", second = TIME } } }.port
    for _, command in ipairs(COMMANDS) do
      local out, err = live.cli("--json", "--port", port, unpack(command))
      check_keys(live_json.decode(out),
        live_json.failed(3, "--port", "unix:/no/such", unpack(command)), command[1] .. err)
    end
  end)

  it("has [] for a list of which nothing is known", function()
    for key, command in pairs { lines = COMMANDS[1], replies = COMMANDS[6],
      addresses = COMMANDS[7] } do
      local out = live.cli("--json", "--port", "unix:/no/such", unpack(command))
      assert.truthy(out:find(('"%s":[]'):format(key), 1, true), out)
    end
  end)

  it("has them where it was to send", function()
    local server = live.udp_server()
    local port = live.virtual { module = { boot = false } }.port
    local words = { "send", "--udp", "127.0.0.1", tostring(server.port), "README.md" }
    local file = io.popen(("echo x | bin/bc260y --json --port %s send --udp 127.0.0.1 %d")
      :format(port, server.port))
    local sent = live_json.decode(file:read("*a"))
    file:close()
    assert.same({ 2, 0, live_json.null, live_json.null },
      { sent.sent, sent.answered, sent.acknowledged, sent.answer })
    local failed = live_json.failed(3, "--port", "unix:/no/such", unpack(words))
    check_keys(sent, failed, "send")
    assert.equal(live_json.null, failed.sent)
  end)

  it("has no others where the command is not known", function()
    local out, _, status = live.cli("--json", "nonsense")
    assert.equal(2, status)
    local object = live_json.decode(out)
    assert.same({ "usage", live_json.null }, { object.error, object.code })
    object.error, object.code, object.message = nil, nil, nil
    assert.same({}, object)
  end)
end)

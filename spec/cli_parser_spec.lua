-- What can be typed on the command line: what it becomes, and what is said of it when it
-- is wrong, without a process.

local argparse = require "argparse"
local convert = require "bc260y.cli.convert"
local new_parser = require "bc260y.cli.parser"

local function parse(...)
  local ok, options = new_parser(argparse):pparse { ... }
  assert.is_true(ok, tostring(options))
  return options
end

local function refused(pattern, ...)
  local ok, message = new_parser(argparse):pparse { ... }
  assert.is_false(ok)
  assert.matches(pattern, message)
end

describe("The command line's parser", function()
  it("takes its own options before a command and behind it", function()
    for _, words in ipairs { { "--port", "p", "--baud", "115200", "--timeout", "1.5", "--json",
      "info" }, { "info", "-p", "p", "-b", "115200", "-t", "1.5", "-j" } } do
      local options = parse((table.unpack or unpack)(words))
      assert.same({ "info", "p", 115200, 1.5, true },
        { options.command, options.port, options.baud, options.timeout, options.json })
    end
  end)

  it("makes numbers of ping's options, and leaves their range to the library", function()
    local options = parse("ping", "x", "--count", "99", "--size=-1", "--wait", "3")
    assert.same({ "x", 99, -1, 3 }, { options.host, options.count, options.size, options.wait })
    options = parse("ping", "x")
    assert.same({}, { options.count, options.size, options.wait })
    refused("^%-%-count: 'many' is not a whole number", "ping", "x", "--count", "many")
    refused("^%-%-wait: '1.5' is not a whole number", "ping", "x", "--wait", "1.5")
    refused("missing argument 'host'", "ping")
  end)

  it("gives ntp a server, its port, and whether to set the clock", function()
    local options = parse("ntp", "s", "--server-port", "1123", "--set")
    assert.same({ "s", 1123, true }, { options.server, options.server_port, options.set })
    assert.is_nil(parse("ntp", "s").set)
    refused("^%-%-server%-port: '' is not", "ntp", "s", "--server-port", "")
  end)

  it("gives dns up to two servers, and resolve one name", function()
    local options = parse("dns")
    assert.same({}, { options.primary, options.secondary })
    assert.equal("1.2.3.4", parse("dns", "1.2.3.4").primary)
    assert.equal("5.6.7.8", parse("dns", "1.2.3.4", "5.6.7.8").secondary)
    refused("too many arguments", "dns", "1", "2", "3")
    assert.equal("n", parse("resolve", "n").name)
    refused("missing argument 'name'", "resolve")
  end)

  it("gives sockets an id or a context, not both", function()
    assert.equal(4, parse("sockets", "--id", "4").id)
    assert.equal(0, parse("sockets", "--context", "0").context)
    refused("can not be used together", "sockets", "--id", "0", "--context", "0")
  end)

  it("takes timers of power saving in seconds that the module can be told", function()
    local options = parse("sleep", "--psm-tau", "86400", "--psm-active", "60", "--edrx", "20.48")
    assert.same({ 86400, 60, 20.48 }, { options.psm_tau, options.psm_active, options.edrx })
    refused("^%-%-psm%-tau: '1' is not a number of seconds from 2%-35712000",
      "sleep", "--psm-tau", "1")
    refused("^%-%-psm%-active: '11161' is not a number of seconds from 0%-11160",
      "sleep", "--psm-active", "11161")
    refused("^%-%-edrx: '10486' is not a number of seconds from 20.48%-10485.76",
      "sleep", "--edrx", "10486")
    refused("can not be used together", "sleep", "--lock", "--unlock")
    refused("can not be used together", "sleep", "--edrx", "81.92", "--no-edrx")
  end)

  it("takes a pause that is more than none", function()
    assert.equal(0.5, parse("signal", "--watch", "0.5").watch)
    for _, text in ipairs { "0", "nan", "-1", "soon" } do
      refused("^%-%-watch: '" .. text:gsub("%-", "%%-") .. "' is no", "signal",
        "--watch=" .. text)
    end
  end)

  it("knows reset with and without attach", function()
    assert.is_nil(parse("reset").attach)
    assert.is_true(parse("reset", "--attach").attach)
  end)
end)

describe("What is typed", function()
  it("is a number of seconds when it is one from 0 on", function()
    assert.equal(0, convert.seconds("0"))
    assert.equal(2.5, convert.seconds("2.5"))
    for _, text in ipairs { "", "x", "-0.1", "nan" } do
      local value, err = convert.seconds(text)
      assert.is_nil(value)
      assert.equal("'" .. text .. "' is not a number of seconds", err)
    end
  end)

  it("is a whole number in a range when it has digits alone", function()
    local port = convert.whole(1, 65535)
    assert.same({ 1, 65535 }, { port("1"), port("65535") })
    for _, text in ipairs { "0", "65536", "+1", "1.0", "0x10", "1e3", "", ("9"):rep(20) } do
      local value, err = port(text)
      assert.is_nil(value)
      assert.equal("'" .. text .. "' is not a number from 1 to 65535", err)
    end
  end)

  it("is a name and an address, a place, a path, a trait", function()
    assert.same({ "n", "10.0.0.1" }, convert.host_name("n=10.0.0.1"))
    assert.same({ "n", "::1" }, convert.host_name("n=::1"))
    assert.matches("not NAME=ADDRESS", select(2, convert.host_name("n")))
    assert.matches("not an IP address", select(2, convert.host_name("n=m")))
    assert.equal("127.0.0.1:80", convert.tcp_place("80"))
    assert.equal("::1:80", convert.tcp_place("::1:80"))
    assert.matches("from 0 to 65535", select(2, convert.tcp_place("h:65536")))
    assert.equal(107, #convert.unix_path(("x"):rep(107)))
    local _, err = convert.unix_path(("x"):rep(108))
    assert.matches("at most 107 bytes, this one 108", err)
    assert.same({ "t", "true" }, convert.trait("t"))
    assert.same({ "t", "1=2" }, convert.trait("t=1=2"))
  end)
end)

-- What can be typed on the command line: what it becomes, and what is said of it when it
-- is wrong, without a process.

local argparse = require "argparse"
local convert = require "bc260y.cli.convert"
local new_parser = require "bc260y.cli.parser"
local given_words = require "bc260y.cli.words"

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
    refused("^%-%-psm%-tau: '1' is not a number of seconds from 2 to 35712000",
      "sleep", "--psm-tau", "1")
    refused("^%-%-psm%-active: '11161' is not a number of seconds from 0 to 11160",
      "sleep", "--psm-active", "11161")
    refused("^%-%-edrx: '10486' is not a number of seconds from 20.48 to 10485.76",
      "sleep", "--edrx", "10486")
    refused("can not be used together", "sleep", "--lock", "--unlock")
    refused("can not be used together", "sleep", "--edrx", "81.92", "--no-edrx")
  end)

  it("takes a pause that is more than none", function()
    assert.equal(0.5, parse("signal", "--watch", "0.5").watch)
    for _, text in ipairs { "0", "nan", "-1", "soon" } do
      local rest = ": '" .. text:gsub("%-", "%%-") .. "' is not a number of seconds above 0$"
      refused("^%-%-watch" .. rest, "signal", "--watch=" .. text)
      refused("^%-%-timeout" .. rest, "--timeout=" .. text, "info")
    end
  end)

  it("names the option or argument whose value is wrong, and what that may be", function()
    refused("^server_port: '70000' is not a number from 1 to 65535$", "send", "h", "70000")
    refused("^%-%-answer: 'x' is not a number of seconds from 0 on$", "send", "h", "7",
      "--answer", "x")
    refused("^%-%-tcp: 'x' is not %[HOST:%]PORT", "virtual", "--tcp", "x")
    refused("^%-%-name: 'x' is not NAME=ADDRESS$", "virtual", "--name", "x")
    refused("^%-%-unix: a socket's path has at most", "virtual", "--unix", ("x"):rep(108))
    refused("^%-%-name%-server: 'x' is not ADDRESS:PORT", "virtual", "--name-server", "x")
  end)

  it("takes what the virtual module is to be", function()
    local options = parse("virtual", "--trait", "echo", "--trait", "sim=none", "--name",
      "n=10.0.0.1", "--unix", "/a", "--unix", "/b", "--tcp", "0", "--name-server", "::1:53")
    assert.same({ { "echo" }, { "sim", "none" } }, options.trait)
    assert.same({ { "n", "10.0.0.1" } }, options.name)
    assert.same({ { "/a", "/b" }, { "127.0.0.1:0" } }, { options.unix, options.tcp })
    assert.same({ "::1", 53 }, options.name_server)
  end)

  it("knows reset with and without attach", function()
    assert.is_nil(parse("reset").attach)
    assert.is_true(parse("reset", "--attach").attach)
  end)
end)

describe("The words of a command line", function()
  it("have a number below 0 as the value of the option before it", function()
    for given, joined in pairs {
      ["--timeout -1 ports"] = "--timeout=-1 ports", ["-t -.5"] = "-t-.5",
      ["sockets --id -1"] = "sockets --id=-1", ["send h -1"] = "send h -1",
      ["at -- -1"] = "at -- -1", ["-v -t 1 ports"] = "-v -t 1 ports", [""] = "",
    } do
      local list = {}
      for word in given:gmatch("%S+") do list[#list + 1] = word end
      assert.equal(joined, table.concat(given_words.join(list), " "))
    end
  end)

  it("have the command behind options and their values", function()
    assert.equal(1, given_words.command_place { "info" })
    assert.equal(4, given_words.command_place { "--port", "run", "-v", "info" })
    assert.equal(2, given_words.command_place { "--port=x", "run", "a" })
    assert.equal(1, given_words.command_place {})
  end)

  it("ask for JSON wherever they do so", function()
    assert.is_true(given_words.want_json { "info", "--json" })
    assert.is_true(given_words.want_json { "-j" })
    assert.is_false(given_words.want_json { "info" })
  end)
end)

describe("What is typed", function()
  it("is a number of seconds when it is one from 0 on", function()
    assert.equal(0, convert.seconds("0"))
    assert.equal(2.5, convert.seconds("2.5"))
    for _, text in ipairs { "", "x", "-0.1", "nan" } do
      local value, err = convert.seconds(text)
      assert.is_nil(value)
      assert.equal("'" .. text .. "' is not a number of seconds from 0 on", err)
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
    assert.same({ { "10.0.0.1", 53 }, { "::1", 65535 } },
      { convert.name_server("10.0.0.1:53"), (convert.name_server("::1:65535")) })
    for _, text in ipairs { "10.0.0.1", "10.0.0.1:0", "10.0.0.1:65536", "n:53", ":53" } do
      assert.equal("'" .. text .. "' is not ADDRESS:PORT with a port from 1 to 65535",
        select(2, convert.name_server(text)))
    end
    assert.equal(107, #convert.unix_path(("x"):rep(107)))
    local _, err = convert.unix_path(("x"):rep(108))
    assert.matches("at most 107 bytes, this one 108", err)
    assert.same({ "t" }, convert.trait("t"))
    assert.same({ "t", "1=2" }, convert.trait("t=1=2"))
  end)
end)

-- The command line, run as a process: what it prints, what it says on standard error,
-- and its exit status.

local socket = require "socket"

-- Runs bc260y with one shell line of arguments; before: variables. Result: out, err, status.
local function run(arguments, before)
  local err_path = os.tmpname()
  local pipe = io.popen(("%s timeout 60 bin/bc260y %s 2>%s; echo $?")
    :format(before or "", arguments, err_path))
  local out = pipe:read("*a")
  pipe:close()
  local file = io.open(err_path)
  local err = file:read("*a")
  file:close()
  os.remove(err_path)
  local printed, status = out:match("^(.-)(%d+)\n$")
  return printed, err, tonumber(status)
end

local function refused(arguments, status, pattern, plain)
  local out, err, got = run(arguments)
  assert.equal(status, got, err)
  assert.equal("", out)
  assert.matches("^bc260y: ", err)
  assert.matches(pattern, err, 1, plain)
  assert.not_matches("traceback", err)
end

describe("bc260y #integration", function()
  it("--help says what the exit statuses mean", function()
    local out, _, status = run("--help")
    assert.equal(0, status)
    assert.matches("Exit status:", out, 1, true)
    assert.matches("virtual", out, 1, true)
  end)

  it("--help names every command, and each one's has examples that can be typed", function()
    local parser = require("bc260y.cli.parser")(require "argparse")
    local commands, examples = run("--help"):match("\nCommands:\n(.-)\n\n"), 0
    for command in commands:gmatch("[^\n]+") do
      local name = command:match("^   (%l+)  ")
      assert.equal("function", type(require("bc260y.cli.commands." .. name)))
      local help, _, status = run(name .. " --help")
      assert.equal(0, status)
      for example in help:gmatch("\n  bc260y ([^\n<]+)") do
        local words = {}
        for word in example:gmatch("%S+") do words[#words + 1] = word end
        local ok, options = parser:pparse(words)
        assert.is_true(ok, tostring(options))
        assert.equal(name, options.command)
        examples = examples + 1
      end
    end
    assert.is_true(examples >= 25)
  end)

  it("--version prints the version of the module", function()
    local out, _, status = run("--version")
    assert.equal(0, status)
    assert.matches("^bc260y %S+\n$", out)
  end)

  it("refuses wrong usage with status 2", function()
    refused("", 2, "a command is required")
    refused("frobnicate", 2, "frobnicate")
    refused("--baud fast ports", 2, "fast")
    refused("--timeout=-1 ports", 2, "--timeout: '-1' is not a number of seconds", true)
    refused("at", 2, "text")
    refused("--timeout -1 ports", 2, "--timeout: '-1' is not a number of seconds above 0", true)
    refused("send server.example 70000", 2, "server_port: '70000' is not a number from 1", true)
    refused("virtual --trait prompt", 2, "prompt needs a value", true)
    refused("virtual --trait revision", 2, "revision needs a value", true)
    refused("virtual --name broken", 2, "NAME=ADDRESS")
    refused("virtual --trait nonsense=1", 2, "nonsense")
    refused("virtual --profile R99", 2, "profile")
    refused("virtual --tcp 99999", 2, "99999")
    refused("virtual --tcp nowhere", 2, "nowhere")
    refused("virtual --unix /tmp/" .. ("x"):rep(103), 2, "107 bytes")
    refused("virtual --name server.example=elsewhere", 2, "elsewhere")
    refused("virtual --trait open_timeout=-5", 2, "open_timeout")
    refused("virtual --strict-baud", 2, "--pace", true)
    refused("send --udp server.example 7 </dev/null", 2, "at least one byte")
  end)

  it("has no JSON of the virtual module, and says so", function()
    local out, err, status = run("virtual --json")
    assert.equal(2, status)
    assert.equal("bc260y: virtual: --json: it prints no JSON\n", err)
    assert.equal("usage", require("dkjson").decode(out).error)
  end)

  it("says what may have been meant, on the same line, and the command's own usage", function()
    local _, err = run("ping --coutn 3 x")
    assert.matches("^bc260y: unknown option '%-%-coutn'; did you mean '%-%-count'%?\n"
      .. "Usage: bc260y ping ", err)
    _, err = run("pinng x")
    assert.matches("^bc260y: unknown command 'pinng'; did you mean '%l+'%?\nUsage: bc260y %[", err)
    _, err = run("dns 1 2 3")
    assert.matches("^bc260y: too many arguments\nUsage: bc260y dns ", err)
  end)

  it("says when what it prints can't be written, with status 74", function()
    local full = io.open("/dev/full", "w")
    if not full then return pending("this machine has no /dev/full") end
    full:close()
    for _, arguments in ipairs { "--help", "--version", "ping --help", "run --help" } do
      local _, err, status = run(arguments .. " >/dev/full")
      assert.equal("bc260y: standard output: No space left on device\n", err)
      assert.equal(74, status)
    end
  end)

  it("shows control bytes of what was typed as \\x and two digits", function()
    refused("'frob\rnicate\n'", 2, "frob\\x0dnicate\\x0a", true)
    refused("--port 'a\rb' at AT", 3, "a\\x0db", true)
  end)

  it("says that the Lua which LUA names can't be run", function()
    local out, err, status = run("run x.lua", "LUA=nolua")
    assert.equal(5, status)
    assert.equal("", out)
    assert.equal("bc260y: LUA=nolua can't be run\n", err)
  end)

  it("asks for a port when none is given", function()
    refused("at AT", 2, "BC260Y_PORT")
  end)

  it("says why a port can't be opened, with status 3", function()
    local _, err = run("--port /dev/no-such-port at AT")
    assert.equal("bc260y: /dev/no-such-port: no device (No such file or directory)\n", err)
    refused("--port /dev/no-such-port at AT", 3, "no device")
    refused("--port tcp://127.0.0.1 at AT", 2, "invalid argument")
    refused("--port README.md at AT", 3, "README.md")
    refused("--port unix:/no/such/socket at AT", 3, "no device")
    local server = assert(socket.bind("127.0.0.1", 0))
    local _, port = server:getsockname()
    server:close()
    refused("--port tcp://127.0.0.1:" .. port .. " at AT", 3, "closed")
  end)

  it("gives up on a silent module with status 4", function()
    local server = assert(socket.bind("127.0.0.1", 0))
    local _, port = server:getsockname()
    refused("--port tcp://127.0.0.1:" .. port .. " --timeout 0.2 at AT", 4, "tcp://")
    server:close()
  end)

  it("ports lists ports, and as JSON gives a list, or says that it can't", function()
    local found = os.execute("test -d /sys/class/tty")
    if found ~= true and found ~= 0 then
      refused("ports", 1, "ports: ") -- the list comes from /sys, which a chroot may lack
      return
    end
    local _, err, status = run("ports")
    assert.equal(0, status, err)
    local out
    out, err, status = run("--json ports")
    assert.equal(0, status, err)
    assert.matches("^%[", out)
  end)

  it("send refuses a file that can't be read before it opens the port", function()
    refused("--port /dev/no-such-port send server.example 7 /no/such/file", 2, "/no/such/file")
  end)
end)

describe("bc260y run #integration", function()
  local script

  before_each(function() script = os.tmpname() end)
  after_each(function() os.remove(script) end)

  local function run_script(text, arguments)
    local file = io.open(script, "w")
    file:write(text)
    file:close()
    return run("run " .. script .. " " .. (arguments or ""))
  end

  it("gives the script all that stands behind its name, and passes its status on", function()
    local out, err, status = run_script("print(arg[0], ...) print(#arg) os.exit(7)",
      "--port x run -v")
    assert.equal(7, status, err)
    assert.equal(script .. "\t--port\tx\trun\t-v\n4\n", out)
    assert.equal(0, select(3, run_script("assert(require('bc260y').open)")))
  end)

  it("ends with status 1 and the script's message when the script fails", function()
    for text, pattern in pairs {
      ["error('it broke')"] = "^bc260y: [^\n]+:1: it broke\nstack traceback:",
      ["error({})"] = "^bc260y: %(error object is a table value%)\n",
      ["error({status = 0, message = 'x'})"] = "^bc260y: %(error object is a table value%)\n",
      ["error(setmetatable({}, {__tostring = function() return 'own' end}))"] = "^bc260y: own\n",
      ["error()"] = "^bc260y: nil\n",
      ["x = = 1"] = "^bc260y: [^\n]+:1: [^\n]*'='[^\n]*\n$",
    } do
      local out, err, status = run_script(text)
      assert.equal(1, status, err)
      assert.equal("", out)
      assert.matches(pattern, err)
      assert.not_matches("internal error", err)
    end
  end)

  it("refuses a script that can't be read, and options of ours, with status 2", function()
    refused("run /no/such/script.lua", 2, "/no/such/script.lua")
    refused("run /", 2, "cannot read /")
    refused("run", 2, "script")
    refused("--port /dev/x run script.lua --count 3", 2, "takes no options")
    refused("--verbose run script.lua", 2, "takes no options")
    refused("run --verbose script.lua", 2, "takes no options")
  end)

  it("--help prints our usage", function()
    local out, _, status = run("run --help")
    assert.equal(0, status)
    assert.matches("Usage: bc260y run SCRIPT", out, 1, true)
  end)
end)

describe("bc260y with a module #integration", function()
  local dir, port, pid

  setup(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
    port = dir .. "/tty"
    local pipe = io.popen(("bin/bc260y virtual --pty %s --lifetime 120"
      .. " --verbose --name server.example=127.0.0.1 >%s/log 2>&1 & echo $!"):format(port, dir))
    pid = pipe:read("*n")
    pipe:close()
    -- Until it has booted: before, a command may be cut off by RDY.
    for _ = 1, 200 do
      local log = io.open(dir .. "/log")
      local said = log and log:read("*a") or ""
      if log then
        log:close()
      end
      if said:find("+IP", 1, true) then
        return
      end
      socket.sleep(0.05)
    end
    error("the virtual module did not start: " .. io.open(dir .. "/log"):read("*a"))
  end)

  teardown(function()
    os.execute(("kill %d 2>/dev/null; rm -rf %s"):format(pid, dir))
  end)

  local function with_port(arguments)
    return run("--port " .. port .. " " .. arguments)
  end

  it("at prints the lines and OK", function()
    local out, err, status = with_port("at AT+CSQ")
    assert.equal(0, status, err)
    assert.matches("^%+CSQ: %d+,%d+\nOK\n$", out)
  end)

  it("at as JSON", function()
    local out, err, status = with_port("at AT+CSQ --json")
    assert.equal(0, status, err)
    local json = require("dkjson").decode(out)
    assert.is_true(json.ok)
    assert.matches("^%+CSQ: ", json.lines[1])
  end)

  it("at reports a refusal with status 1", function()
    local out, err, status = with_port("at AT+NONSENSE")
    assert.equal(1, status)
    assert.equal("", out)
    assert.matches("^bc260y: AT%+NONSENSE: error", err)
    out, err, status = with_port("--json at AT+NONSENSE")
    assert.equal(1, status, err)
    assert.is_false(require("dkjson").decode(out).ok)
  end)

  it("--verbose shows the line on standard error", function()
    local out, err, status = with_port("--verbose at AT")
    assert.equal(0, status)
    assert.equal("OK\n", out)
    assert.matches("AT\\r", err, 1, true)
  end)

  it("info prints identity and signal", function()
    local out, err, status = with_port("info")
    assert.equal(0, status, err)
    assert.matches("identity%.", out)
    assert.matches("signal%.", out)
  end)

  it("send delivers a file and standard input, byte for byte", function()
    local server = assert(socket.bind("127.0.0.1", 0))
    server:settimeout(60)
    local _, server_port = server:getsockname()
    local data = {}
    for i = 0, 2047 do
      data[#data + 1] = string.char(i % 256)
    end
    data = table.concat(data)
    local file = io.open(dir .. "/data", "wb")
    file:write(data)
    file:close()
    for _, how in ipairs{dir .. "/data", "<" .. dir .. "/data"} do
      local pipe = io.popen(("timeout 90 bin/bc260y --port %s send server.example %d %s 2>&1")
        :format(port, server_port, how))
      local client = assert(server:accept())
      client:settimeout(60)
      assert.is_true(client:receive(#data) == data)
      assert.matches("2048 bytes sent, 2048 acknowledged", pipe:read("*a"), 1, true)
      pipe:close()
      client:close()
    end
    server:close()
  end)

  it("send --answer prints what comes back", function()
    local server = assert(socket.bind("127.0.0.1", 0))
    server:settimeout(60)
    local _, server_port = server:getsockname()
    local pipe = io.popen(("echo hello | timeout 90 bin/bc260y --port %s"
      .. " send 127.0.0.1 %d --answer 30 2>&1"):format(port, server_port))
    local client = assert(server:accept())
    client:settimeout(60)
    assert.equal("hello", client:receive("*l"))
    client:send("well, hello\n")
    client:close()
    assert.equal("well, hello\n", pipe:read("*a"))
    pipe:close()
    server:close()
  end)

  it("send --answer --json has what comes back in its object, whatever bytes it is", function()
    local server = assert(socket.bind("127.0.0.1", 0))
    server:settimeout(60)
    local _, server_port = server:getsockname()
    local pipe = io.popen(("echo hello | timeout 90 bin/bc260y --json --port %s"
      .. " send 127.0.0.1 %d --answer 30 2>&1"):format(port, server_port))
    local client = assert(server:accept())
    client:settimeout(60)
    assert.equal("hello", client:receive("*l"))
    client:send('{"a":1}\n\0\255\195\164')
    client:close()
    local out = pipe:read("*a")
    pipe:close()
    server:close()
    local report = require("dkjson").decode(out)
    assert.equal('{"a":1}\n\0\239\191\189\195\164', report.answer)
    assert.same({ 12, 6 }, { report.answered, report.sent })
    assert.matches("^{[^\n]*}\n$", out)
  end)

  it("send --udp --answer prints each datagram whole", function()
    local server = assert(socket.udp())
    assert(server:setsockname("127.0.0.1", 0))
    server:settimeout(60)
    local _, server_port = server:getsockname()
    local pipe = io.popen(("echo hello | timeout 90 bin/bc260y --port %s"
      .. " send --udp 127.0.0.1 %d --answer 2 2>&1"):format(port, server_port))
    local datagram, address, from = server:receivefrom()
    assert.equal("hello\n", datagram)
    server:sendto("well, ", address, from)
    server:sendto("hello\n", address, from)
    assert.equal("well, hello\n", pipe:read("*a"))
    pipe:close()
    server:close()
  end)

  it("send reports a connection refused with status 1", function()
    local server = assert(socket.bind("127.0.0.1", 0))
    local _, server_port = server:getsockname()
    server:close()
    local _, err, status = with_port(("send 127.0.0.1 %d README.md"):format(server_port))
    assert.equal(1, status, err)
    assert.matches("^bc260y: 127.0.0.1:%d+: ", err)
  end)

  it("says when an answer can't be written, with status 74", function()
    if not io.open("/dev/full") then return pending("this machine has no /dev/full") end
    for _, arguments in ipairs { "info", "at AT+CSQ", "--json resolve server.example", "sockets",
      "ping 127.0.0.1 --count 1", "--json signal" } do
      local _, err, status = with_port(arguments .. " >/dev/full")
      assert.equal("bc260y: standard output: No space left on device\n", err)
      assert.equal(74, status)
    end
  end)

  it("listen ends with its time", function()
    local _, err, status = with_port("listen --timeout 0.3")
    assert.equal(0, status, err)
  end)
end)

-- What each command of the command line does. Knows the public face; runs without a
-- loop, so each call simply blocks.

local bc260y = require "bc260y"
local cli = require "bc260y.cli"
local print_json = require "bc260y.cli.json"

local statuses = cli.statuses
local commands = {}

-- Control bytes made visible, for what goes over the line.
local function visible(bytes)
  return (bytes:gsub("[%c\127-\255\\]", function(byte)
    local names = {["\r"] = "\\r", ["\n"] = "\\n", ["\\"] = "\\\\"}
    return names[byte] or ("\\x%02x"):format(byte:byte())
  end))
end

local function trace(direction, bytes)
  io.stderr:write(direction, " ", visible(bytes), "\n")
end

local function open(options)
  if not options.port then
    cli.give_up(statuses.usage, "which port? give --port, or set BC260Y_PORT;"
      .. " `bc260y ports` lists them")
  end
  local modem, err, detail = bc260y.open{
    port = options.port,
    baud = options.baud,
    trace = options.verbose and trace or nil,
  }
  if not modem then
    local message = options.port .. ": " .. tostring(err)
    if detail then
      message = message .. " (" .. tostring(detail) .. ")"
    end
    cli.give_up(statuses.port, message)
  end
  return modem
end

-- Opens the port and sees that somebody answers, before anything of the user's is sent.
local function open_answering(options)
  local modem = open(options)
  local lines, err, code = modem:command("AT", {timeout = options.timeout})
  if err == "module reset" then -- it had restarted before, and says so now
    lines, err, code = modem:command("AT", {timeout = options.timeout})
  end
  if not lines then
    modem:close()
    cli.failed(options.port, err, code)
  end
  -- That OK may have been an earlier process's, which did not await it.
  modem.pump.line:fence()
  return modem
end

function commands.ports(options)
  local ports, err, detail = require("bc260y.core").ports()
  if not ports then
    cli.failed("ports", err, detail)
  end
  if options.json then
    print_json(ports, true)
    return
  end
  for _, port in ipairs(ports) do
    local usb = port.usb_vid and ("%04x:%04x"):format(port.usb_vid, port.usb_pid) or "-"
    print(("%-20s %-10s %s"):format(port.name, usb, port.description or ""))
  end
end

function commands.at(options)
  local modem = open_answering(options)
  local lines, err, code = modem:command(options.text, {
    timeout = options.timeout,
    data = options.data,
  })
  modem:close()
  if options.json then
    print_json{
      command = options.text,
      ok = lines ~= nil,
      lines = lines or nil,
      error = err,
      code = code,
    }
  elseif lines then
    for _, line in ipairs(lines) do
      print(line)
    end
    print("OK")
  end
  if not lines then
    cli.failed(options.text, err, code)
  end
end

-- What `info` asks, in the order in which it prints.
local questions = {"identity", "signal", "registration", "addresses", "data_format", "sockets"}

local function flat(value, name, lines)
  if type(value) ~= "table" then
    lines[#lines + 1] = ("%-28s %s"):format(name, tostring(value))
    return
  end
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do
    flat(value[key], name .. "." .. tostring(key), lines)
  end
end

function commands.info(options)
  local modem = open_answering(options)
  local all, lines = {}, {}
  local failed, reason, number
  for _, question in ipairs(questions) do
    local answer, why, code = modem[question](modem)
    all[question] = answer
    flat(answer == nil and "- (" .. tostring(why) .. ")" or answer, question, lines)
    if answer == nil and not failed then
      failed, reason, number = question, why, code
    end
  end
  modem:close()
  if options.json then
    print_json(all)
  else
    print(table.concat(lines, "\n"))
  end
  if failed then
    cli.failed(failed, reason, number)
  end
end

local function read_input(path)
  if not path or path == "-" then
    return io.read("*a")
  end
  local file, err = io.open(path, "rb")
  local data = file and file:read("*a")
  if file then
    file:close()
  end
  if not data then
    cli.give_up(statuses.usage, err or path .. ": can't be read")
  end
  return data
end

-- Asks until all is acknowledged or the time is up. Result: acknowledged, or nil, err, code.
local function wait_for_acknowledgement(socket, size, timeout)
  local deadline = bc260y.core.now() + timeout
  while true do
    local sent, acked, unacked = socket:acked()
    if not sent then
      return nil, acked, unacked
    end
    if acked >= size or bc260y.core.now() >= deadline then
      return acked
    end
    bc260y.sleep(1)
  end
end

-- Passes on what comes back until it is quiet for so long, or closed. size: 1, so that a
-- stream is shown as it comes, or nil for whole datagrams. Result: how many bytes.
local function print_answer(socket, quiet, size)
  local count = 0
  socket:settimeout(quiet)
  while true do
    local data = socket:receive(size)
    if not data then
      return count
    end
    count = count + #data
    io.write(data)
    io.flush()
  end
end

local function connect(options, modem)
  local timeout = options.timeout or 300
  local ok, err, code = modem:attach{timeout = timeout}
  if not ok then
    cli.failed("attach", err, code)
  end
  local socket
  socket, err, code = modem[options.udp and "udp" or "tcp"](modem)
  if not socket then
    cli.failed("socket", err, code)
  end
  socket:settimeout(options.timeout or 70)
  ok, err, code = socket:connect(options.host, options.server_port)
  if not ok then
    cli.failed(options.host .. ":" .. options.server_port, err, code)
  end
  return socket
end

function commands.send(options)
  local data = read_input(options.file)
  if options.udp and data == "" then
    cli.give_up(statuses.usage, "nothing to send: a datagram has at least one byte")
  end
  local modem = open(options)
  local socket = connect(options, modem)
  local last, err, done = socket:send(data)
  if not last and options.udp then
    cli.failed("sending a datagram of " .. #data .. " bytes", err, done)
  elseif not last then
    cli.failed("sending, after " .. tostring(done or 0) .. " of " .. #data .. " bytes", err)
  end
  local acked, why, code
  if not options.udp then
    acked, why, code = wait_for_acknowledgement(socket, #data, options.timeout or 60)
  end
  local answered = options.answer
    and print_answer(socket, options.answer, not options.udp and 1 or nil) or 0
  socket:close()
  modem:close()
  if options.json then
    print_json{sent = #data, acknowledged = acked, answered = answered}
  elseif not options.answer then
    print(("%d bytes sent, %s acknowledged"):format(#data, acked or "none known to be"))
  end
  -- Who answers has got something, whatever the module still knows after a close.
  if options.udp or answered > 0 then
    return
  end
  if not acked then
    cli.failed("acknowledgement", why, code)
  elseif acked < #data then
    cli.give_up(statuses.silent, ("%d of %d bytes not acknowledged in time")
      :format(#data - acked, #data))
  end
end

-- Lua sees Ctrl-C only between two waits.
local INTERRUPT_SECONDS = 0.5

function commands.listen(options)
  local modem = open(options)
  local queue = modem:on("urc")
  local deadline = bc260y.core.now() + (options.timeout or math.huge)
  while bc260y.core.now() < deadline do
    local left = deadline - bc260y.core.now()
    local line, err = queue:wait(math.max(0, math.min(left, INTERRUPT_SECONDS)))
    if line and options.json then
      print_json{urc = line}
    elseif line then
      print(line)
    elseif err ~= "timeout" then
      modem:close()
      cli.failed(options.port, err)
    end
    io.stdout:flush()
  end
  modem:close()
end

function commands.virtual(options)
  require("bc260y.cli.virtual")(options)
end

return commands

-- `bc260y send`: a file to a TCP server, or as a datagram, and what comes back.

local bc260y = require "bc260y"
local cli = require "bc260y.cli"
local encode = require("bc260y.core").encode
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local session = require "bc260y.cli.session"

local statuses = cli.statuses

-- What the library would refuse, before anybody waits for a network.
local function check_host(options)
  local text, err, _, range = encode("QIOPEN", 0, "TCP", options.host, options.server_port, 0)
  if not text then
    cli.failed("send " .. options.host, err, "HOST", range)
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

-- Passes what comes back to take(bytes) until it is quiet for so long, or closed. size: 1,
-- so that a stream is shown as it comes, or nil for whole datagrams. Result: how many bytes.
local function receive_answer(socket, quiet, size, take)
  local count = 0
  socket:settimeout(quiet)
  while true do
    local data = socket:receive(size)
    if not data then
      return count
    end
    count = count + #data
    take(data)
  end
end

local function connect(options, modem, report)
  session.attach(modem, options, report)
  local socket, err, code = modem[options.udp and "udp" or "tcp"](modem)
  if not socket then
    cli.failed("socket", err, code, nil, report)
  end
  socket:settimeout(options.timeout or 70)
  local ok
  ok, err, code = socket:connect(options.host, options.server_port)
  if not ok then
    cli.failed(options.host .. ":" .. options.server_port, err, code, nil, report)
  end
  return socket
end

local function send(socket, options, data, report)
  local last, err, done = socket:send(data)
  if last then
    report.sent = #data
    return
  end
  if options.udp then
    cli.failed("sending a datagram of " .. #data .. " bytes", err, done, nil, report)
  end
  report.sent = done or 0
  cli.failed("sending, after " .. report.sent .. " of " .. #data .. " bytes", err, nil, nil,
    report)
end

-- Result: what came back, for JSON; otherwise it is printed as it comes.
local function answer(socket, options, report)
  local parts = {}
  report.answered = receive_answer(socket, options.answer, not options.udp and 1 or nil,
    options.json and function(bytes) parts[#parts + 1] = bytes end or out.write)
  return table.concat(parts)
end

-- Sends, waits for what acknowledges it, takes what comes back.
-- Result: why the acknowledgement is not known.
local function transfer(socket, options, data, report)
  send(socket, options, data, report)
  local err, code
  if not options.udp then
    report.acknowledged, err, code = wait_for_acknowledgement(socket, #data,
      options.timeout or 60)
  end
  report.answered = 0
  if options.answer then
    report.answer = answer(socket, options, report)
  end
  socket:close()
  return err, code
end

return function(options)
  check_host(options)
  local data = read_input(options.file)
  if options.udp and data == "" then
    cli.give_up(statuses.usage, "nothing to send: a datagram has at least one byte")
  end
  local modem = session.open(options)
  local report = {}
  local socket = connect(options, modem, report)
  local err, code = transfer(socket, options, data, report)
  modem:close()
  local acked = report.acknowledged
  -- Who answers has got something, whatever the module still knows after a close.
  local missing = not options.udp and report.answered == 0 and (acked or -1) < #data
  if options.json and not missing then
    return json.print(report, {"acknowledged", "answer"})
  elseif not options.json and not options.answer then
    out.line(("%d bytes sent, %s acknowledged"):format(#data, acked or "none known to be"))
  end
  if missing and not acked then
    cli.failed("acknowledgement", err, code, nil, report)
  elseif missing then
    cli.give_up(statuses.silent, ("%d of %d bytes not acknowledged in time")
      :format(#data - acked, #data), nil, cli.report_error(report, "timeout"))
  end
end

-- `bc260y send`: a file to a TCP server, or as a datagram, and what comes back.

local bc260y = require "bc260y"
local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local session = require "bc260y.cli.session"

local statuses = cli.statuses

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
  session.attach(modem, options)
  local socket, err, code = modem[options.udp and "udp" or "tcp"](modem)
  if not socket then
    cli.failed("socket", err, code)
  end
  socket:settimeout(options.timeout or 70)
  local ok
  ok, err, code = socket:connect(options.host, options.server_port)
  if not ok then
    cli.failed(options.host .. ":" .. options.server_port, err, code)
  end
  return socket
end

local function send(socket, options, data)
  local last, err, done = socket:send(data)
  if last then
    return
  end
  if options.udp then
    cli.failed("sending a datagram of " .. #data .. " bytes", err, done)
  end
  cli.failed("sending, after " .. tostring(done or 0) .. " of " .. #data .. " bytes", err)
end

-- Sends, waits for what acknowledges it, prints what comes back.
-- Result: what --json prints; and why the acknowledgement is not known.
local function transfer(socket, options, data)
  send(socket, options, data)
  local acked, err, code
  if not options.udp then
    acked, err, code = wait_for_acknowledgement(socket, #data, options.timeout or 60)
  end
  local answered = options.answer
    and print_answer(socket, options.answer, not options.udp and 1 or nil) or 0
  socket:close()
  return {sent = #data, acknowledged = acked, answered = answered}, err, code
end

return function(options)
  local data = read_input(options.file)
  if options.udp and data == "" then
    cli.give_up(statuses.usage, "nothing to send: a datagram has at least one byte")
  end
  local modem = session.open(options)
  local report, err, code = transfer(connect(options, modem), options, data)
  modem:close()
  local acked = report.acknowledged
  -- Who answers has got something, whatever the module still knows after a close.
  local missing = not options.udp and report.answered == 0 and (acked or -1) < #data
  if options.json and not missing then
    return json.print(report, {"acknowledged"})
  elseif not options.json and not options.answer then
    print(("%d bytes sent, %s acknowledged"):format(#data, acked or "none known to be"))
  end
  if missing and not acked then
    cli.failed("acknowledgement", err, code, nil, report)
  elseif missing then
    cli.give_up(statuses.silent, ("%d of %d bytes not acknowledged in time")
      :format(#data - acked, #data), nil, cli.report_error(report, "timeout"))
  end
end

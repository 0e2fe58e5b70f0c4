-- The other end of session:deliver(outbox): a TCP server that stores each record once, and
-- acknowledges what is on its disk. Made to be copied by whoever writes the other end: it is
-- one file, and knows nothing of modems.
--
-- It knows the frames, its file, and when an acknowledgement may be given; it does not know
-- what the records mean. It needs lua-luv, with any Lua from 5.1 on.

local HELP = [[
Usage: lua receiver.lua [--port 8009] [--host 0.0.0.0] [--store records.store]
                        [--idle 900] [--unfinished 60] [--connections 64] [--quiet]
       lua receiver.lua --dump records.store

Takes records that come in frames, stores each in a file, and acknowledges it then.

  --port         where to listen; 0: a free port, which the first line printed tells
  --host         the address to listen at
  --store        the file that records are appended to, and nothing else uses: a second
                 server ends (if there is a program flock; else keep to one yourself)
  --idle         seconds of silence until a connection is closed: above a client's keepalive
  --unfinished   seconds until a connection is closed whose frame does not go on
  --connections  how many at a time: when one more comes, the one that has said nothing for
                 longest makes way; so let it be more than there are clients
  --quiet        does not print each record
  --dump         prints what a store holds, a line a record: outbox, sequence, and the
                 record with \xNN for what can't be printed; and ends

A frame, numbers with their highest byte first:
  length of the record (2 bytes), outbox id (8), sequence (8), record,
  CRC32C of all that stands before (4)

A record comes with a sequence of 1 or more. It is stored unless one of that outbox with
that sequence or a higher one is: a client that has lost a connection sends again whatever
it does not know to be stored. A frame with sequence 0 and no record asks to be answered.
The answer to both is a frame with no record whose sequence is the highest that is stored
of that outbox: the client may forget this one and all before it.

A connection whose frame has a wrong CRC is closed: the client comes again. A disk that
fails or is full ends the server, since nothing may be acknowledged then; started again it
reads its file, cuts off what a crash has left half written (it keeps that in STORE.cut),
and goes on. The file holds the frames as they came, behind a line that says so. Each is
synced before the next is written: the disk's syncs a second are the records a second.
]]

local receiver = { help = HELP }

local char, byte, sub, floor = string.char, string.byte, string.sub, math.floor

-- CRC32C, a byte at a time; exclusive or from a table, which each Lua has. -----------

local XOR = {}
for a = 0, 255 do
  XOR[a] = {}
  for b = 0, 255 do
    XOR[a][b] = a + b == 0 and 0 or 2 * XOR[floor(a / 2)][floor(b / 2)] + (a + b) % 2
  end
end

-- What a byte does to the four bytes of the sum, the lowest first.
local ROWS = {}
for value = 0, 255 do
  local c0, c1, c2, c3 = value, 0, 0, 0
  for _ = 1, 8 do
    local low = c0 % 2
    c0 = floor(c0 / 2) + c1 % 2 * 128
    c1 = floor(c1 / 2) + c2 % 2 * 128
    c2 = floor(c2 / 2) + c3 % 2 * 128
    c3 = floor(c3 / 2)
    if low == 1 then -- the polynomial, 0x82F63B78
      c0, c1, c2, c3 = XOR[c0][0x78], XOR[c1][0x3B], XOR[c2][0xF6], XOR[c3][0x82]
    end
  end
  ROWS[value] = { c0, c1, c2, c3 }
end

-- Of bytes[first..last]. Result: the four bytes that stand at a frame's end.
function receiver.crc32c(bytes, first, last)
  local c0, c1, c2, c3 = 255, 255, 255, 255
  for i = first or 1, last or #bytes do
    local row = ROWS[XOR[c0][byte(bytes, i)]]
    c0, c1, c2, c3 = XOR[c1][row[1]], XOR[c2][row[2]], XOR[c3][row[3]], row[4]
  end
  return char(255 - c3, 255 - c2, 255 - c1, 255 - c0)
end

-- Frames. --------------------------------------------------------------------------

local HEADER = 18
local AROUND = 22
local FRAME_MAX = AROUND + 65535
local SEQUENCE_MAX = 2 ^ 53 -- numbers are exact below

local function number_at(bytes, first, last)
  local value = 0
  for i = first, last do value = value * 256 + byte(bytes, i) end
  return value
end

local function big_endian(value, size)
  local bytes = {}
  for i = size, 1, -1 do
    bytes[i] = char(value % 256)
    value = floor(value / 256)
  end
  return table.concat(bytes)
end

--- The bytes of a frame.
function receiver.encode(id, sequence, record)
  local body = big_endian(#record, 2) .. id .. big_endian(sequence, 8) .. record
  return body .. receiver.crc32c(body)
end

--- The frame that begins at bytes[at]: { id, sequence, record, bytes }; nil: it is not whole
-- yet; false: it is none.
function receiver.decode(bytes, at)
  if #bytes < at + 1 then return nil end
  local last = at + AROUND + number_at(bytes, at, at + 1) - 1
  if #bytes < last then return nil end
  if receiver.crc32c(bytes, at, last - 4) ~= sub(bytes, last - 3, last) then return false end
  local sequence = number_at(bytes, at + 10, at + 17)
  local record = sub(bytes, at + HEADER, last - 4)
  if sequence >= SEQUENCE_MAX or sequence == 0 and record ~= "" then return false end
  return {
    id = sub(bytes, at + 2, at + 9), sequence = sequence, record = record,
    bytes = sub(bytes, at, last),
  }
end

--- The whole frames that these bytes begin with. Result: list, the bytes of one that is not
-- whole yet; or list, nil, why nothing behind them can be understood.
function receiver.split(bytes)
  local frames, at = {}, 1
  local frame = receiver.decode(bytes, at)
  while frame do
    frames[#frames + 1] = frame
    at = at + #frame.bytes
    frame = receiver.decode(bytes, at)
  end
  if frame == false then return frames, nil, "a frame with a wrong CRC" end
  return frames, sub(bytes, at)
end

-- The store. -----------------------------------------------------------------------

local MAGIC = "bc260y records 1\n"
local PIECE = 65536        -- read at a time, from a file or a connection
local OUTBOXES_MAX = 10000 -- no record of one more is stored or acknowledged

local store_methods = {}
local store_mt = { __index = store_methods }

-- Is there a whole frame of an outbox that we know anywhere in these bytes?
local function holds_frame(highest, bytes)
  for id in pairs(highest) do
    local at = bytes:find(id, 3, true)
    while at do
      if receiver.decode(bytes, at - 2) then return true end
      at = bytes:find(id, at + 1, true)
    end
  end
  return false
end

-- Cuts off what a crash has left half written: never more than one frame, and nothing that a
-- whole one stands behind, which was not written before this one was synced. (So may one in a
-- torn record look: then a person has to see to it, and nothing is lost.)
local function cut_tail(self, at, size)
  local tail = size - at <= FRAME_MAX and self.file:read(at, size - at)
  if not tail or holds_frame(self.highest, sub(tail, 2)) then
    return nil, ("damaged at byte %d, and more stands behind it: it stays as it is"):format(at)
  end
  self.cut = size - at
  local kept, why = self.file:keep(tail)
  if not kept then return nil, why end
  return self.file:cut(at)
end

-- Calls fn(frame) for each record of the file. Result: where the last one ends.
local function read_frames(file, fn)
  local at, bytes = #MAGIC, ""
  while true do
    local piece = file:read(at + #bytes, PIECE)
    local frames, rest = receiver.split(bytes .. piece)
    for _, frame in ipairs(frames) do
      fn(frame)
      at = at + #frame.bytes
    end
    if not rest or piece == "" then return at end
    bytes = rest
  end
end

-- A new file gets its first line, also when a power cut has left no more of it than a part,
-- or zeros; one that says nothing of itself is not ours.
local function check_magic(file, size)
  local start = file:read(0, #MAGIC)
  if start == MAGIC then return true end
  local begun = start == sub(MAGIC, 1, #start) or start == ("\0"):rep(#start)
  if not begun or size > #start then return nil, "no store of this program: give another" end
  local ok, why = file:cut(0)
  if ok then ok, why = file:append(MAGIC) end
  return ok, why
end

--- Opens a store in a file, an object: read(offset, size) -> bytes, "" behind the end;
-- append(bytes), cut(size), keep(bytes that are cut), sync() -> true | nil, why; size().
-- Result: store | nil, why. store.cut: how many bytes were cut off.
function receiver.open_store(file)
  local self = setmetatable({
    file = file,
    highest = {},  -- outbox id -> the highest sequence stored
    outboxes = 0,
    records = 0,
    cut = 0,
  }, store_mt)
  local ok, why = check_magic(file, file:size())
  if not ok then return nil, why end
  local at = read_frames(file, function(frame) self:count(frame) end)
  local size = file:size()
  if at < size then ok, why = cut_tail(self, at, size) end
  -- What is found may not have been synced when we were killed; now it is.
  if ok then ok, why = file:sync() end
  if not ok then return nil, why end
  return self
end

-- From now on that record is there.
function store_methods:count(frame)
  if not self.highest[frame.id] then self.outboxes = self.outboxes + 1 end
  self.highest[frame.id] = math.max(frame.sequence, self.highest[frame.id] or 0)
  self.records = self.records + 1
end

-- A sync for each frame: a power cut keeps any pages of what was not synced, without those
-- before them, and so it can tear none but the last, of which nobody was told.
local function append(file, bytes)
  local size = file:size()
  local ok, why = file:append(bytes)
  if ok then ok, why = file:sync() end
  if ok then return true end
  -- After a sync that failed it may still be read, though not from the disk, and the next
  -- sync says nothing of it: whoever reads it then must not take it for stored.
  if file:cut(size) then file:sync() end
  return nil, why
end

--- Stores what is new among the frames. Result: a list of the new ones, which are on the disk
-- now, and one of those that were there before; or nil, why, and no acknowledgement may be
-- given any more.
function store_methods:add(frames)
  local fresh, again = {}, {}
  for _, frame in ipairs(frames) do
    local known = self.highest[frame.id] or (self.outboxes < OUTBOXES_MAX and 0 or SEQUENCE_MAX)
    if frame.sequence > known then
      local ok, why = append(self.file, frame.bytes)
      if not ok then return nil, why end
      self:count(frame)
      fresh[#fresh + 1] = frame
    elseif frame.sequence > 0 then
      again[#again + 1] = frame
    end
  end
  return fresh, again
end

-- One acknowledgement for each outbox that the frames are of.
function store_methods:answer(frames)
  local said, answers = {}, {}
  for _, frame in ipairs(frames) do
    if not said[frame.id] then
      said[frame.id] = true
      answers[#answers + 1] = receiver.encode(frame.id, self.highest[frame.id] or 0, "")
    end
  end
  return table.concat(answers)
end

-- What a person reads. ---------------------------------------------------------------

local function printable(bytes)
  return (bytes:gsub("[%c\\\127-\255]", function(c) return ("\\x%02x"):format(byte(c)) end))
end

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(byte(c)) end))
end

local function say(...)
  io.stdout:write(string.format(...), "\n")
end

local function show(what, frame)
  say("%s %s %.0f: %s%s", what, hex(frame.id), frame.sequence,
    printable(sub(frame.record, 1, 100)), #frame.record > 100 and " ..." or "")
end

-- Files and connections, by luv. -----------------------------------------------------

local uv -- only where it is needed: what stands above is plain Lua

local function give_up(...)
  io.stderr:write("receiver: ", string.format(...), "\n")
  os.exit(1)
end

local file_methods = {}
local file_mt = { __index = file_methods }

function file_methods:size() return assert(uv.fs_fstat(self.fd)).size end
function file_methods:read(offset, size) return assert(uv.fs_read(self.fd, size, offset)) end
function file_methods:sync() return uv.fs_fdatasync(self.fd) end
function file_methods:cut(size) return uv.fs_ftruncate(self.fd, size) end

function file_methods:append(bytes)
  while bytes ~= "" do
    local count, why = uv.fs_write(self.fd, bytes, -1)
    if not count then return nil, why end
    bytes = sub(bytes, count + 1)
  end
  return true
end

function file_methods:keep(bytes)
  local fd, why = uv.fs_open(self.path .. ".cut", "a", 420)
  if not fd then return nil, why end
  local kept, failed = file_methods.append({ fd = fd }, bytes)
  uv.fs_close(fd)
  return kept, failed
end

local function open_file(path, flags)
  local fd, why = uv.fs_open(path, flags, 420) -- rw-r--r--
  if not fd then give_up("%s", why) end
  -- A file that is new has to be in its folder after a power cut, too.
  local folder = uv.fs_open(path:match("^(.*/)") or ".", "r", 0)
  if folder then
    uv.fs_fsync(folder)
    uv.fs_close(folder)
  end
  return setmetatable({ fd = fd, path = path }, file_mt)
end

-- The kernel gives the lock back however we end. Result: false where it can't be had.
local function lock(file)
  local child, status
  child = uv.spawn("flock", { args = { "-n", "3" }, stdio = { 0, 1, 2, file.fd } }, function(code)
    status = code
    child:close()
  end)
  uv.run()
  if status == 1 then give_up("%s: another program uses it", file.path) end
  return status == 0
end

local function dump(path)
  local file = open_file(path, "r")
  if file:read(0, #MAGIC) ~= MAGIC then give_up("%s: no store of this program", path) end
  local at = read_frames(file, function(frame)
    say("%s %.0f %s", hex(frame.id), frame.sequence, printable(frame.record))
  end)
  if at < file:size() then give_up("%s: no whole record at byte %d", path, at) end
end

local ADVANCE = 512 -- bytes of a frame in --unfinished seconds; keepalives are far less

local function close(self, client, why)
  local known = self.clients[client]
  if not known then return end
  self.clients[client] = nil
  self.open = self.open - 1
  known.timer:close()
  client:close()
  say("closed %s: %s", known.name, why)
end

-- It has spoken. After a length that was damaged on the way all looks like more of one long
-- frame, and keepalives are too little of that to wait any longer.
local function watch(self, client, rest, advanced)
  local known, options = self.clients[client], self.options
  self.heard = self.heard + 1
  advanced = advanced or known.rest == "" or #rest >= known.watched + ADVANCE
  known.heard, known.rest = self.heard, rest
  if not advanced then return end
  local seconds, why = options.idle, "silent"
  if rest ~= "" then seconds, why = options.unfinished, "a frame that does not go on" end
  known.watched = #rest
  known.timer:start(floor(1000 * seconds), 0, function() close(self, client, why) end)
end

-- A client whose connection died without a word comes again, and the old one stays open here.
local function make_way(self)
  local oldest
  for client, known in pairs(self.clients) do
    if not oldest or known.heard < self.clients[oldest].heard then oldest = client end
  end
  if oldest then close(self, oldest, "silent for longest, and one more came") end
end

local function take(self, client, bytes)
  local known, store = self.clients[client], self.store
  local frames, rest, why = receiver.split(known.rest .. bytes)
  local fresh, again = store:add(frames)
  if not fresh then give_up("%s: %s", store.file.path, again) end
  if not self.options.quiet then
    for _, frame in ipairs(fresh) do show("stored", frame) end
    for _, frame in ipairs(again) do show("again", frame) end
  end
  -- Also before a frame that ends the connection: what is stored is stored.
  if frames[1] then client:write(store:answer(frames)) end
  if not rest then return close(self, client, why) end
  if client:get_write_queue_size() > PIECE then return close(self, client, "does not read") end
  watch(self, client, rest, frames[1])
end

local function accept(self, listener)
  local client = uv.new_tcp()
  listener:accept(client)
  local peer = client:getpeername()
  if not peer then return client:close() end
  if self.open >= self.options.connections then make_way(self) end
  local known = {
    name = peer.ip .. ":" .. peer.port,
    timer = uv.new_timer(),
    heard = 0,             -- counts what came on all connections, when this one spoke last
    rest = "",             -- of a frame that is not whole yet: less than FRAME_MAX
    watched = 0,           -- so long was it when the timer was started
  }
  self.open = self.open + 1
  self.clients[client] = known
  say("connected %s", known.name)
  client:nodelay(true)
  watch(self, client, "", true)
  client:read_start(function(err, bytes)
    if not self.clients[client] then return end
    if bytes then return take(self, client, bytes) end
    close(self, client, err or "by the client")
  end)
end

local function listen(options)
  local listener, file, locked, self = uv.new_tcp(), nil, nil, nil
  local raised, ok, why = pcall(listener.bind, listener, options.host, options.port)
  if raised and ok then
    file = open_file(options.store, "a+")
    locked = lock(file)
    ok, why = listener:listen(16, function(err) if not err then accept(self, listener) end end)
  end
  if not raised or not ok then
    give_up("%s, port %.0f: %s", options.host, options.port, why or ok)
  end
  local store, what = receiver.open_store(file)
  if not store then give_up("%s: %s", options.store, what) end
  self = { store = store, options = options, clients = {}, open = 0, heard = 0 }
  say("listening on port %d", listener:getsockname().port)
  if not locked then say("%s is not locked: this must be its only server", options.store) end
  if store.cut > 0 then say("cut off %d bytes, kept in %s.cut", store.cut, options.store) end
  say("%d records of %d outboxes in %s", store.records, store.outboxes, options.store)
end

-- The command line. ------------------------------------------------------------------

local function read_options(words)
  local options = { port = 8009, host = "0.0.0.0", store = "records.store", idle = 900,
    unfinished = 60, connections = 64, quiet = false, help = false, dump = "" }
  local i = 1
  while i <= #words do
    local name, value = words[i]:match("^%-%-(.*)$"), true
    local kind = type(options[name])
    if kind ~= "boolean" then
      i = i + 1
      value = kind == "number" and tonumber(words[i]) or kind == "string" and words[i]
    end
    if not value or kind == "number" and not (value >= 0 and value < 65536) then
      io.stderr:write(("receiver: %s: no such option, or no value for it; --help shows all\n")
        :format(words[i - 1] or words[i]))
      os.exit(2)
    end
    options[name] = value
    i = i + 1
  end
  return options
end

local function main(words)
  local options = read_options(words)
  if options.help then return io.stdout:write(HELP) end
  io.stdout:setvbuf("line") -- show each line at once, also through a pipe
  uv = require "luv"
  if options.dump ~= "" then return dump(options.dump) end
  listen(options)
  for _, name in ipairs { "sigint", "sigterm" } do
    uv.new_signal():start(name, function() os.exit(0) end)
  end
  uv.run()
end

-- Another program may require it for what stands above.
if not (arg and arg[0] and arg[0]:find("receiver%.lua$")) then return receiver end
main(arg)

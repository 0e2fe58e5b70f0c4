--- Puts records of 200 bytes on a disk and prints what that took:
-- `outbox.lua ours|sqlite COUNT GROUP FOLDER`.
--
-- ours: an outbox. sqlite: a table of SQLite, with its log in WAL mode and synchronous
-- FULL, so that a commit is on the disk too. GROUP: so many records share a sync, put by
-- as many tasks, or inserted in one transaction. Where it is 1 each record is released
-- once it is put, so that all is counted that a record ever costs.

local kind, count, group, folder = arg[1], tonumber(arg[2]), tonumber(arg[3]), arg[4]
local SIZE = 200

local function new_record(i)
  return ("%08d"):format(i) .. ("x"):rep(SIZE - 8)
end

-- By the system's count: what the process has given to write(), and the whole pages that
-- had to go to the disk for that.
local function given()
  local file = io.open("/proc/self/io")
  if not file then return 0, 0 end
  local text = file:read("*a")
  file:close()
  return tonumber(text:match("wchar: (%d+)")), tonumber(text:match("\nwrite_bytes: (%d+)"))
end

-- Each maker gives put_all(), and how many bytes it has counted itself.

local function put_one_by_one(box)
  for i = 1, count do
    local _, sequence = assert(box:put(new_record(i)))
    assert(box:release(sequence))
  end
end

local function put_by_tasks(box)
  local bc260y = require "bc260y"
  bc260y.run(function()
    local tasks = {}
    for task = 1, group do
      tasks[task] = bc260y.spawn(function()
        for i = task, count, group do assert(box:put(new_record(i))) end
      end)
    end
    for task = 1, group do tasks[task]:wait() end
  end)
end

local function ours()
  local options = { group = group > 1 and 0 or nil, limit = 2 ^ 30 }
  local box = assert(require("bc260y.outbox").open(folder .. "/ours", options))
  local before = box:stats().written
  return function()
    if group > 1 then put_by_tasks(box) else put_one_by_one(box) end
  end, function() return box:stats().written - before end
end

local function sqlite()
  local connection = assert(require("luasql.sqlite3").sqlite3():connect(folder .. "/sqlite"))
  local cursor = assert(connection:execute("PRAGMA journal_mode=WAL"))
  assert(cursor:fetch() == "wal")
  cursor:close()
  assert(connection:execute("PRAGMA synchronous=FULL"))
  assert(connection:execute("CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, record BLOB)"))
  return function()
    for i = 1, count, group do
      if group > 1 then assert(connection:execute("BEGIN")) end
      for j = i, math.min(i + group - 1, count) do
        assert(connection:execute(("INSERT INTO outbox (record) VALUES ('%s')")
          :format(new_record(j))))
      end
      if group > 1 then assert(connection:execute("COMMIT")) end
    end
  end, function() return 0 end
end

local now = require("bc260y.core").now
local put_all, written = (kind == "ours" and ours or sqlite)()
local start, given_before, paged_before = now(), given()
put_all()
local seconds, given_after, paged_after = now() - start, given()
io.write(("seconds %.6f puts %d given %d paged %d written %d\n"):format(seconds, count,
  given_after - given_before, paged_after - paged_before, written()))

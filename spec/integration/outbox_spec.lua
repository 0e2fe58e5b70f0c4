-- An outbox in a real folder: a second process, one that is killed, one that may not write.

local live = require "spec.support.live"
local live_child = require "spec.support.live_child"
local outbox = require "bc260y.outbox"
local uv = require "luv"

local NOBODY = 65534

local function new_folder()
  local path = os.tmpname()
  os.remove(path)
  return path
end

local function remove(path)
  os.execute("rm -rf " .. live.quote(path))
end

-- A process that opens the outbox, does what the code says with `box`, and stays.
local function start(path, code)
  return live_child.start(([[
    local box, err = require("bc260y.outbox").open(%q)
    %s
    io.stdout:flush()
    require("luv").sleep(60000) ]]):format(path, code))
end

describe("An outbox in a folder #integration", function()
  local path
  before_each(function() path = new_folder() end)
  after_each(function()
    live.finish()
    remove(path)
  end)

  it("is made, closed and opened again, folder and all", function()
    local box = assert(outbox.open(path, { segment = 10000, record_max = 1000 }))
    for i = 1, 100 do assert.same({ true, i }, { box:put(("%d "):format(i):rep(100)) }) end
    assert.is_true(box:release(40))
    local id = box:id()
    box:close()
    box = assert(outbox.open(path, { segment = 10000, record_max = 1000 }))
    assert.equal(id, box:id())
    assert.same({ 41, 100 }, { box:range() })
    for i = 41, 100 do assert.equal(("%d "):format(i):rep(100), (box:peek(i))) end
    box:close()
  end)

  it("that another process has is busy, and is free when that one was killed", function()
    local child = start(path,
      "assert(box:put('from the other')) print(require('luv').os_getpid())")
    local pid = assert(tonumber(child.line), child.line)
    local box, err = outbox.open(path)
    assert.is_nil(box)
    assert.equal("busy", err)
    uv.kill(pid, "sigkill")
    child:stop()
    box = assert(outbox.open(path))
    assert.same({ "from the other", 1 }, { box:peek() })
    box:close()
  end)

  it("is busy for the same process, too, and free when it is collected", function()
    local box = assert(outbox.open(path))
    assert.same({ nil, "busy" }, { (outbox.open(path)), (select(2, outbox.open(path))) })
    box = box and nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert(outbox.open(path)):close()
  end)

  it("keeps another process out that it has started meanwhile", function()
    local box = assert(outbox.open(path))
    box:put("mine")
    local child = start(path, "print(box, err)")
    assert.equal("nil\tbusy", child.line)
    box:close()
  end)

  it("in a folder that is not there is no device, and in a file too", function()
    local box, err = outbox.open(path .. "/below/it")
    assert.same({ nil, "no device" }, { box, err })
    local file = assert(io.open(path, "w"))
    file:close()
    box, err = outbox.open(path)
    assert.is_nil(box)
    assert.is_true(err == "no device" or err == "not an outbox", err)
  end)

  it("in a folder that it may not write to is not permitted", function()
    local box = assert(outbox.open(path))
    box:put("kept")
    box:close()
    os.execute("chmod 555 " .. path .. " && chmod 444 " .. path .. "/*")
    local out, err = live.lua(([[
      local uv, outbox = require "luv", require "bc260y.outbox"
      if uv.getuid() == 0 then
        uv.setgid(%d)
        uv.setuid(%d)
      end
      assert(uv.getuid() ~= 0)
      print(outbox.open(%q)) ]]):format(NOBODY, NOBODY, path))
    assert.matches("^nil\tnot permitted", out .. err)
    os.execute("chmod 755 " .. path .. " && chmod 644 " .. path .. "/*")
    box = assert(outbox.open(path))
    assert.equal("kept", (box:peek()))
    box:close()
  end)

  it("refuses files that are not its own, by name or by content", function()
    os.execute("mkdir " .. path)
    local box = assert(outbox.open(path))
    box:put("a")
    box:close()
    local file = assert(io.open(path .. "/notes.txt", "w"))
    file:write("left by somebody")
    file:close()
    box = assert(outbox.open(path))
    assert.equal("a", (box:peek()))
    box:close()
  end)
end)

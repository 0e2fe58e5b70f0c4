-- A virtual module whose line is pulled out and plugged in again (station.lua): the module
-- goes on, and what leads to it is a new pty behind the same name.

local station = require "bc260y.virtual.station"
local uv = require "luv"
local uv_client = require "spec.support.uv_client"

describe("A station #integration", function()
  local link, one

  before_each(function()
    link = os.tmpname()
    os.remove(link)
    one = assert(station.open({ pty = link }, { boot = false }))
    one:start()
  end)

  after_each(function()
    one:close()
    uv.run("nowait")
    os.remove(link)
  end)

  it("that is unplugged hangs up and leaves no name behind", function()
    local client = uv_client.open(link)
    client:send("AT")
    one:unplug()
    assert.is_true(client:wait_end())
    client:close()
    assert.is_nil(uv.fs_lstat(link))
  end)

  it("that is plugged in again answers at its old name, and nothing was forgotten", function()
    local client = uv_client.open(link)
    client:send("ATE0")
    local before = uv.fs_readlink(link)
    one:unplug()
    client:wait_end()
    client:close()
    local held = assert(uv.fs_open("/dev/ptmx", "r+", 0)) -- so that the number is another one
    assert(one:plug())
    uv.fs_close(held)
    assert.are_not.equal(before, uv.fs_readlink(link))
    client = uv_client.open(link)
    client:write("AT\r")
    assert.truthy(client:expect("\r\nOK\r\n"):find("\r\nOK\r\n$"))
    assert.is_nil(client.text:find("AT", 1, true)) -- no echo: it is the same module
    client:close()
  end)

  it("that can't be plugged in says why, and can be later", function()
    one:unplug()
    io.open(link, "w"):close()
    assert.same({ nil, link .. " exists and is no symlink" }, { one:plug() })
    os.remove(link)
    assert.is_true(one:plug())
    local client = uv_client.open(link)
    client:send("AT")
    client:close()
  end)
end)

-- What a session is given wrong raises where it was called.

local raised = require "spec.support.raised"
local support = require "spec.support.session"

describe("a session", function()
  it("raises on what is no option, event or pattern", function()
    local bench = support.new { session = false }
    local modem = bench.modem
    local session = modem:session { host = "h", port = 1 }
    for want, fn in pairs {
      ["options: table expected, got nil"] = function() local _ = modem:session() end,
      ["host: string expected, got nil"] = function() local _ = modem:session { port = 1 } end,
      ["port: number expected, got nil"] = function() local _ = modem:session { host = "h" } end,
      ["port: a whole number from 1 to 65535 expected"] =
        function() local _ = modem:session { host = "h", port = 0 } end,
      ["local_port: a whole number from 0 to 65535 expected"] =
        function() local _ = modem:session { host = "h", port = 1, local_port = 0.5 } end,
      ["buffer: a number of bytes expected"] =
        function() local _ = modem:session { host = "h", port = 1, buffer = -1 } end,
      ["no option is called hots"] =
        function() local _ = modem:session { host = "h", port = 1, hots = 1 } end,
      ["seed: a finite number expected"] =
        function() local _ = modem:session { host = "h", port = 1, seed = 0 / 0 } end,
      ["on.connected: function expected, got string"] = function()
        local _ = modem:session { host = "h", port = 1, on = { connected = "x" } }
      end,
      ["data: string expected, got nil"] = function() local _ = session:send() end,
      ["rai: 0 to 2 expected"] = function() local _ = session:send("x", { rai = 3 }) end,
      ["invalid receive pattern"] = function() local _ = session:receive("*x") end,
      ["timeout: seconds expected"] = function() local _ = session:wait(-1) end,
      ["fn: function expected, got number"] = function() local _ = session:on("error", 1) end,
      ["flush: seconds expected"] = function() local _ = session:close { flush = 0 / 0 } end,
    } do
      assert.equal(want, raised(fn))
    end
    assert.is_truthy(raised(function() local _ = session:on("conected") end)
      :find("there are: check, connected", 1, true))
    modem:close()
  end)
end)

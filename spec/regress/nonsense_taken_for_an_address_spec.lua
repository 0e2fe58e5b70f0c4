-- Whatever stood behind "+IP:" was taken for an address: attach said that all was well,
-- and operations went out that the module can't do without one (2.3.2 note 4).

local bc260y = require "bc260y"
local script = require "spec.support.port"

local NONE = { "0.0.0.0", "abc", "999.1.1.1", "10.1.2", "::", '""', "10.1.2.3.4", "" }

-- A modem whose module says that line by itself, and CGPADDR so. Result: modem, port.
local function open(said, asked)
  local port = script.port { text = script.attach("text"):gsub("> AT%+CGPADDR.*", ""),
    answer = function(port, line)
      if line == "AT+CGPADDR" then port:reply("+CGPADDR: " .. asked) end
      port:reply("OK")
    end }
  port:say("\r\n" .. said .. "\r\n", 1)
  return assert(bc260y.open { port = port, format = "text" }), port
end

script.each_loop(function(how, run)
  describe("what is no address, " .. how .. ",", function()
    for _, text in ipairs(NONE) do
      it("is none: " .. text, function()
        run(function()
          local modem, port = open("+IP: " .. text, "0," .. text)
          local told = modem:on("ip")
          assert.same({ nil, "timeout", "address" }, { modem:attach { timeout = 20 } })
          assert.is_nil(modem.address)
          assert.same({ nil, "timeout" }, { told:wait(0) })
          local written = port:written()
          assert.same({ nil, "not attached" }, { modem:resolve("a.example") })
          assert.equal(written, port:written())
          modem:close()
        end)
      end)
    end
  end)

  describe("an address, " .. how .. ",", function()
    for given, want in pairs {
      ["10.1.2.3"] = "10.1.2.3", ['"10.1.2.3","::"'] = "10.1.2.3", ["fe80::1"] = "fe80::1",
      ["0.0.0.0,fe80::1"] = "fe80::1",
      ["36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48"] =
        "36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48",
    } do
      it("is taken: " .. given, function()
        run(function()
          local modem = open("+IP: " .. given, "0")
          local told = modem:on("ip")
          assert.is_true(modem:attach { timeout = 20 })
          assert.equal(want, told:wait(0))
          modem:close()
        end)
      end)
    end
  end)
end)

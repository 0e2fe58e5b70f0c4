-- A module may take 5 s to answer. attach gave each AT 3 s from when it was asked for,
-- also while a fence went before it, which took most of them: the AT was given up, that
-- made the next fence due, and so on until attach's own end.

local bc260y = require "bc260y"
local rig = require "spec.support.rig"

describe("A module that takes its time for each answer", function()
  for _, seconds in ipairs { 1, 2.5, 3, 4.9 } do
    it(("is attached when that is %g s"):format(seconds), function()
      for _, booting in ipairs { true, false } do
        local bench = rig.new { profile = "R01", baud = 9600, boot = booting and nil,
          traits = { answer_time = seconds } }
        local modem = assert(bc260y.open { port = bench.port })
        assert.is_true(modem:attach { timeout = 120 })
        assert.is_true(bench.time < 20 * seconds + 10)
        modem:close()
      end
    end)
  end
end)

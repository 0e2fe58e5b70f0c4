-- Runs seeds of the simulation up to the first violation, which it names.
--   lua spec/mutants/seeds.lua MODE FIRST LAST
-- It knows nothing of mutants; .ci/mutants.sh does. Nothing is made smaller here.

package.path = "./lua/?.lua;./lua/?/init.lua;./?.lua;" .. package.path
package.cpath = ("./build/%s/?.so;"):format(_VERSION:match("%d%.%d")) .. package.cpath

local watchdog = require "spec.simulation.watchdog" -- before anything makes coroutines

local host = require "spec.simulation.host"
local plans = require "spec.simulation.plan"

local mode, first, last = arg[1], tonumber(arg[2]), tonumber(arg[3])

for seed = first, last do
  watchdog.start()
  local violation = host.run(plans.make(seed, mode), {}).violation
  if violation then
    print(("killed by: seed %d, %s: %s"):format(seed, violation.kind,
      tostring(violation.text):match("^[^\n]*")))
    print(("%d passed, 1 failed"):format(seed - first))
    os.exit(1)
  end
end
print(("%d passed, 0 failed"):format(last - first + 1))

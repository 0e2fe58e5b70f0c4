--- Who the module is.

local ask = require "bc260y.calls.ask"

local calls, checks = {}, {}

--- Who it is: { manufacturer, model, revision, imei }, each nil where it does not say.
function calls.identity(self, options)
  local deadline = ask.deadline(self, options)
  local lines, err, code = ask.command(self, deadline, "ATI")
  if not lines then return nil, err, code end
  local identity = { manufacturer = lines[1], model = lines[2], revision = nil, imei = nil }
  for i = 1, #lines do
    identity.revision = identity.revision or lines[i]:match("^Revision: *(.-) *$")
  end
  if not identity.revision then
    lines, err, code = ask.command(self, deadline, "CGMR")
    if lines then
      identity.revision = lines[1]
    elseif err ~= "error" then
      return nil, err, code
    end
  end
  lines, err, code = ask.command(self, deadline, "CGSN", 1)
  if lines then
    identity.imei = ask.read("+CGSN", lines)
  elseif err ~= "error" then
    return nil, err, code
  end
  return identity
end

checks.identity = ask.check_options

return { calls = calls, checks = checks }

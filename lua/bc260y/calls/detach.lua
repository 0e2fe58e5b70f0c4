--- Leaves the network: the opposite of attach.

local ask = require "bc260y.calls.ask"

local calls, checks = {}, {}

-- Whoever waits on one of our sockets hears "closed".
local function close_sockets(self, deadline)
  local ids = self.ids
  for id = 0, 4 do
    local socket = ids.sockets[id]
    if socket and socket.state == "open" then
      socket:fail("closed")
      local entry = ids:close(id)
      entry.deadline = deadline
      self.pump:execute(entry)
    end
  end
end

--- Closes every socket and leaves the network (AT+CGATT=0). The module has no address then;
-- attach brings it back.
-- options: timeout (seconds for all of it). Result: true; or nil, err, code.
function calls.detach(self, options)
  local deadline = ask.deadline(self, options)
  close_sockets(self, deadline)
  local lines, err, code = ask.command(self, deadline, "CGATT", 0)
  if not lines then return nil, err, code end
  self.address, self.detached = nil, true
  return true
end

checks.detach = ask.check_options

return { calls = calls, checks = checks }

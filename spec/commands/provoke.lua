-- What may happen to a module in a row: functions of the module and its network.

local provoke = {}

function provoke.hang_up(_, net) net.peers[1]:close() end

function provoke.answer(text)
  return function(_, net) net.peers[1]:send(text) end
end

function provoke.silence_of_pings(_, net) net.pings = {} end

return provoke

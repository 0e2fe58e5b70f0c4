-- What a scripted module in a process of its own can do: say bytes, hear lines. It
-- blocks, as it has nothing else to do; whoever started it ends it.

local host = require "bc260y.host"
local uv = require "luv"

local player_methods = {}
local player_mt = { __index = player_methods }

-- Returns when the terminal has taken all of it.
function player_methods:say(bytes)
  local at = 1
  while at <= #bytes do
    local piece = bytes:sub(at, at + 4095)
    at = at + assert(uv.fs_write(self.master, piece, -1))
  end
end

function player_methods:lines(...)
  for _, line in ipairs { ... } do self:say("\r\n" .. line .. "\r\n") end
end

-- The next line that the host writes, without its CR.
function player_methods:hear()
  while true do
    local line, rest = self.heard:match("^([^\r]*)\r(.*)$")
    if line then
      self.heard = rest
      return line
    end
    self.heard = self.heard .. assert(uv.fs_read(self.master, 4096, -1))
  end
end

-- Answers commands, for ever or until it hears `last`: without an answer with OK.
function player_methods:serve(answers, last)
  local known = { ["AT+CSQ"] = "+CSQ: 20,0", ["AT+CGSN=1"] = "+CGSN: 866207051234560",
    ["AT+CGPADDR"] = '+CGPADDR: 0,"10.0.0.1"',
    ['AT+QICFG="dataformat"'] = '+QICFG: "dataformat",0,0' }
  for line, answer in pairs(answers or {}) do known[line] = answer end
  while true do
    local line = self:hear()
    if line == last then return end
    if known[line] then self:lines(known[line]) end
    self:lines("OK")
  end
end

local function run(body)
  local master, path, slave = assert(host.openpty())
  print(path)
  io.stdout:flush()
  body(setmetatable({ master = master, slave = slave, heard = "" }, player_mt))
end

return { run = run }

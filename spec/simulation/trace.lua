-- The trace of a run: everything that passed, as one number, and as text for whoever
-- asks. Two runs of one seed are the same when their numbers are.

local core = require "bc260y.core"

local trace_methods = {}
local trace_mt = { __index = trace_methods }

local function readable(text)
  return (text:gsub("[^\32-\126]", function(char)
    if char == "\r" then return "\\r" elseif char == "\n" then return "\\n" end
    return ("\\x%02x"):format(char:byte())
  end))
end

--- what: a word. text: bytes, or a number.
function trace_methods:note(what, text)
  local now = self.now()
  -- No %s: on 5.1 that ends at a NUL.
  self.crc = core.crc32c(("%.6f "):format(now) .. what .. " " .. tostring(text) .. "\n", self.crc)
  self.count = self.count + 1
  if self.print then
    self.print(("%14.6f  %-8s %s"):format(now, what, readable(tostring(text))))
  end
end

--- Result: the number, as text.
function trace_methods:hash()
  return ("%08x"):format(self.crc)
end

--- now: function() -> seconds. print: function(line), or nil.
local function new(now, print)
  return setmetatable({ now = now, print = print, crc = 0, count = 0 }, trace_mt)
end

return { new = new }

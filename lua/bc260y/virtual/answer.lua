-- The answer to one command line: information lines, a prompt, the final
-- result in their order, and second results at a time of their own. Knows
-- how an answer is said, not what the command meant.

local codes = require "bc260y.virtual.codes"

local max, huge = math.max, math.huge

local answer_methods = {}
local answer_mt = { __name = "bc260y.virtual.answer", __index = answer_methods }

local function silenced(self, what)
  local mute = self.action and self.action.mute
  return mute == true or mute == what
end

-- what is "info", "prompt", "final" or "end" (nothing said, the answer is over).
local function add(self, what, line, bytes)
  local module = self.module
  local wait = 0
  if what ~= "end" then
    wait = module:delay_of(what, self.text, line) or module.traits.answer_time
  end
  self.items[#self.items + 1] = {
    what = what, line = line, bytes = bytes, earliest = self.started + wait,
  }
end

-- One block; several lines in it are parted by CR LF.
function answer_methods:info(line)
  if self.substitute then return end
  add(self, "info", line, "\r\n" .. line .. "\r\n")
end

-- A script's lines instead of the module's; the last one is the final result.
function answer_methods:replace(lines)
  self.substitute = nil
  for place, line in ipairs(lines) do
    add(self, place == #lines and "final" or "info", line, "\r\n" .. line .. "\r\n")
  end
  add(self, "end")
end

local function nuls(self)
  local count = self.nul_after and self.module.traits.nul_after_result or 0
  return ("\0"):rep(count)
end

-- The last line of the answer; text other than OK only where the manual has it.
function answer_methods:ok(text)
  if self.substitute then return self:replace(self.substitute) end
  local blank = not text and self.module.traits.extra_blank_line and "\r\n" or ""
  text = text or "OK"
  add(self, "final", text, "\r\n" .. text .. "\r\n" .. blank .. nuls(self))
  add(self, "end")
end

-- OK that is not the end: the prompt follows it.
function answer_methods:early_ok()
  add(self, "final", "OK", "\r\nOK\r\n")
end

-- ERROR, or the form AT+CMEE asks for.
function answer_methods:fail(code)
  if self.substitute then return self:replace(self.substitute) end
  local mode = self.module.nvram.cmee
  local text = "ERROR"
  if mode == 1 then
    text = ("+CME ERROR: %d"):format(code or 50)
  elseif mode == 2 then
    text = "+CME ERROR: " .. (codes[code or 50] or "unknown")
  end
  self.failed = true
  add(self, "final", text, "\r\n" .. text .. "\r\n")
  add(self, "end")
end

-- Asks for exactly count raw bytes; then(bytes) goes on with the answer.
function answer_methods:prompt(count, take)
  add(self, "prompt", ">", self.module.traits.prompt)
  self.items[#self.items].want = count
  self.items[#self.items].take = take
end

-- Ends an answer without a word.
function answer_methods:finish()
  if self.substitute then return self:replace(self.substitute) end
  add(self, "end")
end

local function say_second(self, line)
  self.module:say("second", line, "\r\n" .. line .. "\r\n" .. nuls(self))
end

-- A result after the final one. With a delay of its own it comes then,
-- whatever the final result does; without, never before it.
function answer_methods:second(line)
  local module, action = self.module, self.action
  if silenced(self, "second") then return end
  if action and action.second ~= nil then
    if action.second == false then return end
    line = action.second
  end
  local wait = module:delay_of("second", self.text, line)
  if wait == huge then return end
  -- Before its OK it is the first answer.
  local first = self.started + module.traits.answer_time
  if not wait and self.seconds_first and first > module.now() then
    wait = module.traits.answer_time
  end
  if wait then
    module:later(max(module.now(), self.started + wait), function() say_second(self, line) end)
  elseif self.over or self.seconds_first then
    say_second(self, line)
  else
    self.after[#self.after + 1] = line
  end
end

-- Says what is due. True once the answer is over.
function answer_methods:pump(now)
  while not self.want do
    local item = self.items[self.place]
    if not item then return false end
    self.due = max(self.due, item.earliest)
    if self.due > now then return false end
    self.place = self.place + 1
    if item.bytes and not silenced(self, item.what) then
      self.module:say(item.what, item.line, item.bytes)
    end
    if item.what == "end" then
      self.over = true
      for _, line in ipairs(self.after) do say_second(self, line) end
      return true
    end
    self.want, self.take = item.want, item.take
  end
  return false
end

-- When the next item is due, or nil: the answer waits for bytes or an event.
function answer_methods:next_due()
  local item = not self.want and self.items[self.place]
  return item and max(self.due, item.earliest) or nil
end

-- The bytes asked for by the prompt have come.
function answer_methods:give(bytes)
  local take = self.take
  self.started = self.module.now()
  self.want, self.take = nil, nil
  take(bytes)
end

local function new(module, text, action)
  local now = module.now()
  return setmetatable({
    module = module,
    text = text,               -- the command line as typed, without CR
    action = action,           -- what a script wants done with it, or nil
    started = now,             -- when it was taken, or its data had come
    due = now,                 -- when the item before was said
    items = {}, place = 1,
    after = {},                -- second results held back until the end
    want = nil, take = nil,    -- bytes a prompt asked for, and who gets them
    over = false,
    failed = false,
    substitute = nil,          -- a script's lines in place of what ends the answer
    at_end = nil,              -- function, called once all of it has been said
    nul_after = false,         -- stray NULs follow the results of this command
    seconds_first = false,     -- second results need not wait for the final one
  }, answer_mt)
end

return { new = new }

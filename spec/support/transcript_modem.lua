--- Plays a transcript to a whole modem, over a scripted port on a virtual clock.
--
-- Commands are modem:command, or the calls that the transcript names. What they return
-- and what the hooks are told is held against what the transcript has the exchange make
-- of it; that it happens at the right step is looked at by transcript.play alone.

local bc260y = require "bc260y"
local transcript = require "spec.support.transcript"

local modem_play = {}

-- The port. ------------------------------------------------------------------------

local port_methods = {}
local port_mt = { __index = port_methods }

-- What a modem asks for when it is attached, and when it doubts what is open.
local function answers(format)
  local setting = format == "hex" and 1 or 0
  return {
    ["AT\r"] = "\r\nOK\r\n",
    ["ATE0\r"] = "\r\nOK\r\n",
    ["AT+CSQ\r"] = "\r\n+CSQ: 20,0\r\n\r\nOK\r\n",
    ['AT+QICFG="dataformat"\r'] =
      ('\r\n+QICFG: "dataformat",%d,%d\r\n\r\nOK\r\n'):format(setting, setting),
    ['AT+QCFG="dsevent"\r'] = '\r\n+QCFG: "dsevent",1\r\n\r\nOK\r\n',
    ["AT+QNBIOTEVENT?\r"] = "\r\n+QNBIOTEVENT: 1,1\r\n\r\nOK\r\n",
    ["AT+CEREG?\r"] = "\r\n+CEREG: 0,1\r\n\r\nOK\r\n",
    ["AT+CGPADDR\r"] = '\r\n+CGPADDR: 0,"100.67.249.195"\r\n\r\nOK\r\n',
    ["AT+QISTATE?\r"] = "\r\nOK\r\n",
  }
end

local function new_port(t, cut)
  return setmetatable({
    t = t,
    cut = cut,
    ms = 1000000,
    at = 0,          -- the step that is played
    pieces = nil,    -- of it, still to be said
    left = 0,        -- ms of it, still to pass
    due = "",        -- what the modem has to write in it
    heard = "",      -- what it wrote and nothing has taken
    incoming = "",   -- what it can read
    replies = {},    -- to what it asks by itself
    answers = t.attached and answers(t.format) or nil, -- while it is attached
  }, port_mt)
end

local function step_of(self)
  return self.t.steps[self.at]
end

local function stop(self, what, got, want)
  local step = step_of(self)
  transcript.fail(self.t, step and step.line or 0, self.cut, what, got, want)
end

local function enter(self, at)
  self.at = at
  local step = step_of(self)
  self.pieces = step.kind == "say" and transcript.pieces(step, self.cut) or nil
  self.left = step.ms or 0
  self.due = step.writes
end

-- Nothing more will be said in this step, nor does time pass.
local function is_said(self)
  return self.left == 0 and not (self.pieces and self.pieces[1])
end

-- The step that the modem itself begins by writing its command, if it is next.
local function own_command(self)
  for at = self.at + 1, #self.t.steps do
    local step = self.t.steps[at]
    if step.kind == "start" then return at, step end
    if step.kind ~= "await" then return end
  end
end

-- Takes what was written, as far as it is this step's.
local function take_heard(self)
  while self.heard ~= "" and is_said(self) do
    local count = math.min(#self.heard, #self.due)
    if self.heard:sub(1, count) ~= self.due:sub(1, count) then
      stop(self, "written", self.heard, self.due)
    end
    self.heard, self.due = self.heard:sub(count + 1), self.due:sub(count + 1)
    if self.heard == "" then return end
    local at, step = own_command(self)
    if at and self.heard:sub(1, #step.writes) == step.writes and step.writes ~= "" then
      enter(self, at)
    elseif self.heard:find("^AT%+QISTATE%?\r") then
      self.heard = self.heard:sub(#"AT+QISTATE?\r" + 1)
      self.replies[#self.replies + 1] = "\r\nOK\r\n"
    else
      stop(self, "written", self.heard, "")
    end
  end
end

-- The next bytes for the modem, if there are any now.
local function next_bytes(self)
  if self.pieces and self.pieces[1] then
    self.incoming = table.remove(self.pieces, 1)
  elseif self.replies[1] then
    self.incoming = table.remove(self.replies, 1)
  end
  return self.incoming ~= ""
end

-- Goes on to what needs nobody: a stream, or time that passes.
local function move_on(self)
  take_heard(self)
  if not is_said(self) or self.due ~= "" or self.replies[1] then return false end
  local following = self.t.steps[self.at + 1]
  if not following or following.kind ~= "say" and following.kind ~= "pass" then return false end
  enter(self, self.at + 1)
  return true
end

function port_methods:now()
  return self.ms / 1000
end

function port_methods:read()
  local bytes = self.incoming
  self.incoming = ""
  return bytes
end

function port_methods:write(bytes)
  local answer = self.answers and self.answers[bytes]
  if answer then
    self.replies[#self.replies + 1] = answer
  else
    self.heard = self.heard .. bytes
    take_heard(self)
  end
  return #bytes
end

function port_methods:wait(seconds)
  local patience = math.ceil(seconds * 1000 - 0.001)
  while self.incoming == "" and not next_bytes(self) do
    if self.left > 0 then
      local ms = math.min(self.left, patience)
      self.ms, self.left, patience = self.ms + ms, self.left - ms, patience - ms
      if patience == 0 then return false end
    elseif not move_on(self) then
      if patience > 0 then
        stop(self, ("the modem waits for %g s"):format(seconds), "", self.due)
      end
      return false
    end
  end
  return true
end

function port_methods.close() end

-- Goes through all that is said and all the time that passes before the next call.
local function drain(self, modem)
  local rounds = 0
  repeat
    local busy = move_on(self) or not is_said(self) or self.due ~= "" or self.incoming ~= ""
      or self.replies[1]
    if busy or rounds == 0 then modem:wait("nothing", self.left / 1000) end
    rounds = rounds + 1
    if rounds > 3 * #self.t.steps + 10000 then stop(self, "not written", "", self.due) end
  until not busy
end

-- What it comes to. ----------------------------------------------------------------

local function show(value)
  if type(value) == "string" then return '"' .. value .. '"' end
  if type(value) == "number" then return ("%.14g"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = tostring(key) .. "=" .. show(item)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

local function pack(...)
  return { n = select("#", ...), ... }
end

-- Values without the nils at their end.
local function show_all(values)
  local parts, count = {}, values.n
  while count > 1 and values[count] == nil do count = count - 1 end
  for i = 1, count do parts[i] = show(values[i]) end
  return table.concat(parts, ", ")
end

local errors = {
  ["error"] = "error", timeout = "timeout", torn = "torn", ["no prompt"] = "torn",
  reset = "module reset", ["no response"] = "no response",
  overflow = "overflow",
}

-- What modem:command returns after a result event.
local function returned(text, lines)
  local status, code = text:match("^result (%l[%l ]-) ?(%d*)$")
  status = status:gsub(" doubtful$", "")
  code = tonumber(code)
  if status == "ok" then return show(lines) end
  local err = errors[status] or bc260y.errors[code] or "error"
  return show_all { n = 3, nil, err, code }
end

-- Of the command in step at: what it has to return; and all other events of the file.
local function expected_of(t)
  local outcomes, events = {}, {}
  local lines, command
  for _, step in ipairs(t.steps) do
    if step.kind == "start" then lines, command = {}, step end
    for _, event in ipairs(step.events) do
      if event:find("^info ") then
        lines[#lines + 1] = event:sub(6)
      elseif event:find("^result ") then
        outcomes[command] = returned(event, lines)
      elseif event ~= "trusted" then
        events[#events + 1] = event
      end
    end
  end
  return outcomes, events
end

-- What the hooks are told: what the exchange says, and what the modem makes of it.
local function listen(modem)
  local events, told = {}, {}
  local function into(list, kind)
    return function(a, b)
      list[#list + 1] = kind .. (a and " " .. a or "") .. (b and " " .. b or "")
    end
  end
  for _, kind in ipairs { "urc", "orphan", "overflow", "reset" } do
    modem:on(kind, into(events, kind))
  end
  modem:on("recv", into(events, "payload"))
  modem:on("torn", function(text, id)
    events[#events + 1] = "torn " .. (id or "-") .. " " .. text
  end)
  for _, kind in ipairs { "ip", "closed", "buffer full", "sleep", "wake" } do
    modem:on(kind, into(told, kind))
  end
  modem:on("error", function(message) error(message) end)
  return events, told
end

-- Playing. -------------------------------------------------------------------------

local function give_command(port, modem, step, outcomes)
  local given = step.options
  enter(port, port.at + 1)
  if given.fence then modem.pump.exchange:fence() end
  local result = pack(modem:command(step.text, {
    timeout = given.timeout, prefix = given.prefix, data = given.data, bare = given.bare or false,
  }))
  local got = show_all(result)
  if outcomes[step] and got ~= outcomes[step] then
    stop(port, step.text .. " returned", got, outcomes[step])
  end
end

local function make_call(port, step)
  port.at = port.at + 1
  local got = pack(step.call())
  if not step.want then return end
  local want = pack(step.want())
  if show_all(got) ~= show_all(want) then
    stop(port, "the call in line " .. step.line .. " returned", show_all(got), show_all(want))
  end
end

local function compare(port, what, got, want)
  got, want = table.concat(got, "\n"), table.concat(want, "\n")
  if got ~= want then stop(port, what, got, want) end
end

local function play(t, cut)
  local port = new_port(t, cut)
  local modem = assert(bc260y.open { port = port, format = t.format })
  for name in pairs(t.env) do t.env[name] = nil end
  t.env.modem = modem
  local outcomes, expected = expected_of(t)
  if t.attached then
    assert(modem:attach())
    port.answers = nil
  end
  local events, told = listen(modem)
  drain(port, modem)
  while port.at < #t.steps do
    local step = t.steps[port.at + 1]
    if step.kind == "start" then
      give_command(port, modem, step, outcomes)
    elseif step.kind == "call" then
      make_call(port, step)
    else
      modem:wait("nothing", 0)
      if port.at + 1 <= #t.steps and t.steps[port.at + 1] == step then
        stop(port, "not written by itself", "", t.steps[port.at + 2].writes)
      end
    end
    drain(port, modem)
  end
  for _ = 0, #expected + #t.told do modem:wait("nothing", 0) end -- hooks still run
  compare(port, "events of the whole", events, expected)
  compare(port, "hooks of the whole", told, t.told)
  modem:close()
end

--- Plays a transcript to a new modem; raises where it is not as written.
-- run: function(fn, ...) that calls fn in a loop of the library.
function modem_play.play(t, cut, run)
  run(play, t, cut)
end

--- Without any loop: calls block.
function modem_play.block(fn, ...)
  return fn(...)
end

modem_play.own = bc260y.run

return modem_play

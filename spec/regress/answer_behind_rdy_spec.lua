-- A module may say RDY and then answer the command that was already on its way to it:
-- the RDY was sent before the command came. That answer was then taken for the next
-- command's, and every later one was off by one (seen on a paced virtual module that
-- booted while the demo began).

local core = require "bc260y.core"

local function drain(x, now, bytes)
  local events = {}
  x:feed(now, bytes)
  while true do
    local event = {x:next(now)}
    if event[1] == nil then
      return events
    end
    events[#events + 1] = event
  end
end

local function write_all(x, now)
  local bytes = x:output(now)
  if bytes then
    x:written(now, #bytes)
  end
  return bytes
end

describe("an answer behind RDY", function()
  it("is not the next command's", function()
    local x = core.exchange()
    assert(x:start(1, "AT"))
    assert.equal("AT\r", write_all(x, 1))
    local events = drain(x, 1.1, "\r\nRDY\r\n")
    assert.same({"result", "reset"}, {events[1][1], events[1][2]})

    assert(x:start(1.2, "AT+CSQ"))
    write_all(x, 1.2)
    -- The answer to AT, which the module got after it had booted.
    for _, event in ipairs(drain(x, 1.3, "\r\nOK\r\n")) do
      assert.not_equal("result", event[1])
    end
  end)

  it("nor is that of a fence's query", function()
    local x = core.exchange()
    assert(x:start(1, "AT", nil, 0.1))
    assert.equal("AT\r", write_all(x, 1))
    assert.equal("timeout", select(2, x:next(1.2)))
    assert(x:start(1.3, "AT+CGSN=1"))
    assert.not_equal("AT+CGSN=1\r", write_all(x, 1.3)) -- a fence
    drain(x, 1.4, "\r\nRDY\r\n")
    assert(x:start(1.5, "AT"))
    write_all(x, 1.5)
    for _, event in ipairs(drain(x, 1.6, "\r\nOK\r\n")) do
      assert.not_equal("result", event[1])
    end
  end)
end)

-- What the command line prints with --json: one line, one object, its keys in order.

local assert = require "luassert"
local json = require "dkjson"
local live = require "spec.support.live"

-- Walks one line of JSON; raises where the keys of an object are not in order.
local function check_order(text)
  local last = {}
  local depth, at = 0, 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == '"' then
      local close = at + 1
      while text:sub(close, close) ~= '"' do
        close = close + (text:sub(close, close) == "\\" and 2 or 1)
      end
      if text:sub(close + 1, close + 1) == ":" then
        local key = text:sub(at + 1, close - 1)
        assert.is_true((last[depth] or "") < key, key .. " stands too late in " .. text)
        last[depth] = key
      end
      at = close
    elseif char == "{" or char == "[" then
      depth = depth + 1
      last[depth] = nil
    elseif char == "}" or char == "]" then
      depth = depth - 1
    end
    at = at + 1
  end
end

-- text: one line. Result: its value; null is dkjson's.
local function decode(text)
  assert.matches("^[{%[][^\n]*[}%]]\n$", text)
  check_order(text)
  local value, _, err = json.decode(text, 1, json.null)
  assert.is_truthy(value, err)
  return value
end

local live_json = { decode = decode, null = json.null }

-- Runs it with --json. Result: the value that it prints, when its status is that, and
-- what it says on standard error.
function live_json.run(status, ...)
  local out, err, got = live.cli("--json", ...)
  assert.equal(status, got, out .. err)
  return decode(out), err
end

-- Runs it with --json where it fails. Result: the object that it prints.
function live_json.failed(status, ...)
  local value, err = live_json.run(status, ...)
  assert.equal("bc260y: " .. value.message .. "\n", err)
  assert.equal("string", type(value.error))
  assert.not_nil(value.code)
  return value
end

return live_json

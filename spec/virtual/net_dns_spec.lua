-- Names asked by UDP, on a scripted luv: which server is asked when, and what ends it.

local ANSWER = "\129\128\0\1\0\1\0\0\0\0\1a\0\0\1\0\1\1a\0\0\1\0\1\0\0\0\60\0\4\10\0\0\1"

-- A question's identity and type, and an answer to it.
local function read(question)
  return question:sub(1, 2), question:sub(-3, -3)
end

local function answer_v4(question)
  return (read(question)) .. ANSWER
end

local function none(question)
  return (read(question)) .. "\129\131\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"
end

local function failure(question)
  return (read(question)) .. "\129\133\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"
end

-- behaviour: server -> function(question, kind) giving an answer, nil for silence, or
-- "refused".
local function new_system(behaviour)
  local system = { open = 0, asked = {}, timers = {} }
  local function handle(methods)
    system.open = system.open + 1
    local closed = false
    methods.is_closing = function() return closed end
    methods.close = function()
      closed = true
      system.open = system.open - 1
    end
    return methods
  end
  system.luv = {
    hrtime = function() return 1234567890123 end,
    new_timer = function()
      return handle { start = function(self, ms, _, fn)
        table.insert(system.timers, function()
          if not self.is_closing() then fn(ms) end
        end)
      end }
    end,
    new_udp = function()
      local server, heard
      return handle {
        connect = function(_, address, port)
          server = address
          return address ~= "nowhere" and port == 53
        end,
        recv_start = function(_, fn) heard = fn end,
        send = function(_, question, _, _, fn)
          local _, kind = read(question)
          table.insert(system.asked, server .. (kind == "\1" and " A" or " AAAA"))
          fn(nil)
          local said = behaviour[server](question)
          if said == "refused" then heard("ECONNREFUSED") elseif said then heard(nil, said) end
        end,
      }
    end,
  }
  return system
end

describe("virtual.net_dns", function()
  local NAMES = { "luv", "bc260y.virtual.net_dns" }
  local real, results

  before_each(function()
    real, results = {}, {}
    for _, name in ipairs(NAMES) do real[name] = package.loaded[name] end
  end)

  after_each(function()
    for _, name in ipairs(NAMES) do package.loaded[name] = real[name] end
  end)

  local function resolve(behaviour, servers, name)
    local system = new_system(behaviour)
    package.loaded.luv = system.luv
    package.loaded["bc260y.virtual.net_dns"] = nil
    require("bc260y.virtual.net_dns").resolve(servers, 53, name or "a", function(list)
      results[#results + 1] = list or false
    end)
    return system
  end

  it("asks for both kinds, and gives what there is", function()
    local system = resolve({ one = function(question)
      return select(2, read(question)) == "\1" and answer_v4(question) or none(question)
    end }, { "one", "two" })
    assert.same({ { "10.0.0.1" } }, results)
    assert.same({ "one A", "one AAAA" }, system.asked)
    assert.equal(0, system.open)
  end)

  it("takes a name that is not known for an end, and asks no other server", function()
    local system = resolve({ one = none }, { "one", "two" })
    assert.same({ false }, results)
    assert.same({ "one A", "one AAAA" }, system.asked)
  end)

  it("goes on to the next server at a refusal, a failure, and where none can be", function()
    for _, behaviour in ipairs { function() return "refused" end, failure } do
      results = {}
      local system = resolve({ one = behaviour, two = answer_v4 }, { "nowhere", "one", "two" })
      assert.same({ "one A", "two A", "two AAAA" }, system.asked)
      assert.equal("10.0.0.1", results[1][1])
      assert.equal(0, system.open)
    end
  end)

  it("waits for a silent one and passes over another question's answer", function()
    local system = resolve({ two = none, one = function(question)
      return "\0\0" .. answer_v4(question):sub(3)
    end }, { "one", "two" })
    assert.same({ "one A" }, system.asked)
    assert.same({}, results)
    system.timers[1]()
    assert.same({ "one A", "two A", "two AAAA" }, system.asked)
    assert.same({ false }, results)
    assert.equal(0, system.open)
  end)

  it("asks for no name that can't be", function()
    local system = resolve({}, { "one" }, "a..b")
    assert.same({ false }, results)
    assert.same({}, system.asked)
    assert.equal(0, system.open)
  end)
end)

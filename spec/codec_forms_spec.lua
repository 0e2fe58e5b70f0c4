-- Every form that the codec knows, from its own list: each field at its limits and beyond
-- them, left out, empty, doubled, and of the wrong kind.

local core = require "bc260y.core"

local unpack = table.unpack or unpack

local BIG = 4294967295

-- Values. --------------------------------------------------------------------------

-- A value of that field, and how a line has it.
local function value_of(field, high)
  local kind = field.kind
  if kind == "number" then
    local number = high and field.max or field.min
    return number, ("%.0f"):format(number)
  elseif kind == "signed" then
    local number = high and field.max or field.min
    return number, ("%.0f"):format(number)
  elseif kind == "service" then
    return high and "UDP" or "TCP", high and '"UDP"' or '"TCP"'
  end
  local size = high and field.max or math.max(field.min, 1)
  local text = ("a"):rep(size)
  if kind == "hex" then return text, ("%d,%s"):format(size, ("61"):rep(size)) end
  if kind == "inline" then return text, ('%d,"%s"'):format(size, text) end
  if kind == "text" and high then return text, text end -- unquoted
  if kind == "rest" then return text, text end
  return text, '"' .. text .. '"'
end

-- The values of all fields, and the line that they make.
local function sample(form, high, separator)
  local values, parts = {}, {}
  for _, field in ipairs(form.fields) do
    if field.kind == "fixed" then
      parts[#parts + 1] = ("%d"):format(field.min)
    else
      local value, text = value_of(field, high)
      values[#values + 1] = value
      parts[#parts + 1] = text
    end
  end
  return values, form.prefix .. (#parts > 0 and separator or "") .. table.concat(parts, ","), parts
end

local function given(form)
  local list = {}
  for _, field in ipairs(form.fields) do
    if field.kind ~= "fixed" then list[#list + 1] = field end
  end
  return list
end

-- Encoding. ------------------------------------------------------------------------

local function refused(form, values, field, count)
  local text, err, name, range = core.encode(form.name, unpack(values, 1, count or #values))
  local what = ("%s, %s = %s"):format(form.name, field.name, tostring(text))
  assert.is_nil(text, what)
  assert.equal("invalid argument", err, what)
  assert.equal(field.name, name, what)
  assert.is_string(range, what)
  return range
end

local function with(values, place, value)
  local copy = { unpack(values) }
  copy[place] = value
  return copy
end

local function wrong_texts(field)
  local size = math.max(field.min, 1)
  local texts = { "", ("a"):rep(field.max + 1) }
  if field.kind == "service" then return { "", "tcp", "TCP ", "ICMP", "TC" } end
  if field.min > 1 then texts[#texts + 1] = ("a"):rep(field.min - 1) end
  if field.kind == "hex" then return texts end
  for _, byte in ipairs { "\r", "\n", "\0", "\127", "\27" } do
    texts[#texts + 1] = byte .. ("a"):rep(size - 1)
    texts[#texts + 1] = ("a"):rep(size - 1) .. byte
  end
  if field.kind == "quoted" then texts[#texts + 1] = '"' .. ("a"):rep(size - 1) end
  if field.kind == "inline" then texts[#texts + 1] = "\200" .. ("a"):rep(size - 1) end
  return texts
end

describe("an encoder", function()
  for _, form in ipairs(core.forms "command") do
    local fields = given(form)

    it(form.name .. " writes each argument at both its limits", function()
      for _, high in ipairs { false, true } do
        local values, line = sample(form, high, "")
        assert.equal(line, core.encode(form.name, unpack(values)))
      end
    end)

    for place, field in ipairs(fields) do
      it(("%s refuses a wrong %s by its name"):format(form.name, field.name), function()
        local values = sample(form, false, "")
        if field.kind == "number" then
          for _, number in ipairs { field.min - 1, field.max + 1, field.min + 0.5, -1e300, 1e300,
            0 / 0, 1 / 0, BIG * 2 } do
            local range = refused(form, with(values, place, number), field)
            assert.equal(("%.0f to %.0f"):format(field.min, field.max), range)
          end
          assert.is_false((pcall(core.encode, form.name, unpack(with(values, place, "1")))))
        else
          for _, text in ipairs(wrong_texts(field)) do
            refused(form, with(values, place, text), field)
          end
        end
        for _, wrong in ipairs { {}, true, print } do
          assert.is_false((pcall(core.encode, form.name, unpack(with(values, place, wrong)))))
        end
      end)

      local may = field.optional and "may" or "may not"
      it(("%s: %s %s be left out"):format(form.name, field.name, may), function()
        local values = sample(form, false, "")
        local before = { unpack(values, 1, place - 1) }
        if field.optional then
          local text = core.encode(form.name, unpack(before))
          local _, whole = sample(form, false, "")
          assert.is_string(text)
          assert.equal(whole:sub(1, #text), text)
          if fields[place + 1] then -- it would take the place of the one before it
            refused(form, with(values, place, nil), fields[place + 1], #values)
          end
        else
          assert.is_false((pcall(core.encode, form.name, unpack(before))))
        end
      end)
    end

    it(form.name .. " takes no argument too many", function()
      local values = sample(form, false, "")
      values[#values + 1] = 1
      assert.is_false((pcall(core.encode, form.name, unpack(values))))
    end)
  end
end)

-- Decoding. ------------------------------------------------------------------------

local function decode(form, line)
  return { core.decode(form.name, line) }
end

local function malformed(form, line, field)
  local got = decode(form, line)
  assert.is_nil(got[1], line)
  assert.equal("malformed", got[2], line)
  assert.equal(field and field.name, got[3], line)
end

-- The line with one argument changed; nil: taken away with all behind it.
local function changed(form, parts, place, text)
  local copy = { unpack(parts) }
  if text then copy[place] = text else copy = { unpack(parts, 1, place - 1) } end
  return form.prefix .. ": " .. table.concat(copy, ",")
end

local function wrong_values(field)
  if field.kind == "text" then
    return { ("a"):rep(field.max + 1), '"' .. ("a"):rep(field.max + 1) .. '"', '"a', 'a"', '"a"b' }
  elseif field.kind == "rest" then
    return { ("a"):rep(field.max + 1) }
  end
  local list = { "x", '"1"', "1x", "1 2", "0x1", "1.5", "+1", "--1", "-", "4294967296",
    "99999999999999999999", ("%.0f"):format(field.max + 1) }
  if field.max == BIG then table.remove(list) end
  if field.kind == "signed" then
    list[#list + 1] = ("%.0f"):format(field.min - 1)
  else
    list[#list + 1] = "-1"
    if field.min > 0 then list[#list + 1] = ("%.0f"):format(field.min - 1) end
  end
  return list
end

describe("a decoder", function()
  for _, form in ipairs(core.forms "response") do
    it(form.name .. " reads each field at both its limits", function()
      for _, high in ipairs { false, true } do
        local values, line = sample(form, high, ": ")
        assert.same(values, decode(form, line))
      end
    end)

    for place, field in ipairs(form.fields) do
      it(("%s reads no wrong %s"):format(form.name, field.name), function()
        local _, _, parts = sample(form, false, ": ")
        for _, text in ipairs(wrong_values(field)) do
          malformed(form, changed(form, parts, place, text), field)
        end
      end)

      it(("%s knows a %s that is %s"):format(form.name, field.name,
        field.optional and "not there" or "missing"), function()
        local values, _, parts = sample(form, false, ": ")
        local short = changed(form, parts, place, nil)
        local last = place == #form.fields
        local empty = changed(form, parts, place, "")
        if field.optional then
          local got = decode(form, short)
          assert.same({ unpack(values, 1, place - 1) }, { unpack(got, 1, place - 1) })
          assert.is_nil(got[place], short)
          got = decode(form, empty)
          assert.is_nil(got[place], empty)
          assert.same(values[place + 1], got[place + 1])
        else
          malformed(form, short, field)
          -- What is left of the line is one field: an empty one is none.
          malformed(form, field.kind == "rest" and last and short or empty, field)
        end
      end)

      if field.kind ~= "rest" then
        it(("%s does not take a doubled %s for the next"):format(form.name, field.name), function()
          local _, _, parts = sample(form, false, ": ")
          local copy = { unpack(parts) }
          table.insert(copy, place, copy[place])
          local rest = form.fields[#form.fields].kind == "rest"
          if rest or form.fields[place + 1] and form.fields[place + 1].kind == "text" then
            return -- by their syntax these can't be told apart
          end
          assert.equal("malformed", decode(form, form.prefix .. ": "
            .. table.concat(copy, ","))[2])
        end)
      end
    end

    it(form.name .. " reads no other command's line", function()
      local _, line, parts = sample(form, false, ": ")
      for _, other in ipairs { "+" .. line, "X" .. line:sub(2), form.prefix .. "X: 1", "", "OK",
        form.prefix:sub(1, -2), form.prefix .. table.concat(parts, ",") } do
        local got = decode(form, other)
        assert.is_nil(got[1], other)
        assert.equal("malformed", got[2], other)
      end
      if form.fields[#form.fields].kind ~= "rest" then malformed(form, line .. ",1", nil) end
    end)
  end
end)

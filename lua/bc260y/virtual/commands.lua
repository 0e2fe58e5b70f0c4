-- All commands by name, and what every one of them shares: unknown ones and
-- unknown forms are ERROR, a form given as text is an information line and OK.

local parse = require "bc260y.virtual.parse"

local commands = {}
for _, file in ipairs { "at_general", "at_network", "at_socket", "at_ip" } do
  for name, forms in pairs(require("bc260y.virtual." .. file)) do commands[name] = forms end
end

local function run(module, answer)
  local name, kind, raw = parse.split_command(answer.text)
  local forms = name and commands[name]
  local form = forms and forms[kind]
  if form == nil then return answer:fail(4) end
  if type(form) == "string" then
    if form ~= "" then answer:info(form) end
    return answer:ok()
  end
  return form(module, answer, raw)
end

return { run = run }

-- Asks a modem several questions, and prints all that it answered: what it refuses is "-"
-- and says why, and the status is that of the first such. Knows calls by their names.

local cli = require "bc260y.cli"
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local schema = require "bc260y.cli.schema"
local show = require "bc260y.cli.show"

local survey = {}

local function reason(refusal)
  local code = refusal.code or refusal.detail
  return refusal.error .. (code and " (" .. code .. ")" or "")
end

-- Result: { names, values by name, refused by name, first: name of the first of these }.
function survey.ask(modem, names, timeout)
  local answers = {names = names, values = {}, refused = {}, first = nil}
  for _, name in ipairs(names) do
    local value, err, code = modem[name](modem, {timeout = timeout})
    if value == nil then
      answers.refused[name] = cli.report_error({}, err, code)
      answers.first = answers.first or name
    else
      answers.values[name] = value
    end
  end
  return answers
end

local function to_report(answers)
  local null = json.null()
  local report = {refused = json.object{}}
  for _, name in ipairs(answers.names) do
    report[name] = show.complete(answers.values[name], schema[name] or {}, null)
    if answers.refused[name] then
      report[name] = null
      report.refused[name] = reason(answers.refused[name])
    end
  end
  return report
end

local function to_text(answers)
  local rows = {}
  for _, name in ipairs(answers.names) do
    local refusal = answers.refused[name]
    if refusal then
      rows[#rows + 1] = {name, "- (" .. reason(refusal) .. ")"}
    else
      show.add(rows, name, answers.values[name], schema[name] or {})
    end
  end
  return show.text(rows)
end

-- Prints them; gives up when one was refused.
function survey.print(answers, options)
  local refusal = answers.refused[answers.first]
  local report = options.json and to_report(answers) or {}
  if not options.json then
    out.line(to_text(answers))
  elseif not refusal then
    json.print(report)
  end
  if refusal then
    cli.failed(answers.first, refusal.error, refusal.code or refusal.detail, nil, report)
  end
end

return survey

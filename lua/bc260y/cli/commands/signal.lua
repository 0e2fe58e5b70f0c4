-- `bc260y signal`: how well the module hears its cell, and which cells, once or again.

local bc260y = require "bc260y"
local out = require "bc260y.cli.out"
local session = require "bc260y.cli.session"
local survey = require "bc260y.cli.survey"

local questions = {"signal", "cell"}

return function(options)
  local modem = session.answering(options)
  while true do
    survey.print(survey.ask(modem, questions, options.timeout), options)
    if not options.watch then
      return modem:close()
    end
    if not options.json then
      out.line()
    end
    bc260y.sleep(options.watch)
  end
end

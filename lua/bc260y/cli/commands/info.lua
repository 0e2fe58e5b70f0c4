-- `bc260y info`: all that the module says of itself and its network.

local session = require "bc260y.cli.session"
local survey = require "bc260y.cli.survey"

local questions = {
  "identity", "signal", "cell", "registration", "attached", "operator", "addresses", "clock",
  "battery", "power_saving", "data_format", "sockets",
}

return function(options)
  local modem = session.answering(options)
  local answers = survey.ask(modem, questions, options.timeout)
  modem:close()
  survey.print(answers, options)
end

-- `bc260y ports`: which serial ports there are.

local cli = require "bc260y.cli"
local core = require "bc260y.core"
local json = require "bc260y.cli.json"
local out = require "bc260y.cli.out"
local schema = require "bc260y.cli.schema"
local show = require "bc260y.cli.show"

return function(options)
  local ports, err, detail = core.ports()
  if not ports then
    cli.failed("ports", err, detail)
  end
  if options.json then
    return json.print(show.complete(ports, schema.ports, json.null()))
  end
  for _, port in ipairs(ports) do
    local usb = port.usb_vid and ("%04x:%04x"):format(port.usb_vid, port.usb_pid) or "-"
    out.line(("%-20s %-10s %s"):format(port.name, usb, port.description or ""))
  end
end

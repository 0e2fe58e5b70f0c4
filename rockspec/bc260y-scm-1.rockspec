-- Written by `make rockspec`: run that after a file came or went.
rockspec_format = "3.0"
package = "bc260y"
version = "scm-1"
source = {
  -- Built where it lies: luarocks make rockspec/bc260y-scm-1.rockspec
  url = ".",
}
description = {
  summary = "Drives a Quectel BC260Y-CN NB-IoT module over a serial line",
  detailed = [[
    A portable C core for transport and AT/URC parsing, and a Lua layer in which
    calls block a coroutine, URCs call hooks, and sockets have LuaSocket's shape.]],
  license = "MIT",
}
dependencies = {
  "lua >= 5.1, < 5.5",
}
external_dependencies = {
  LIBSERIALPORT = {
    header = "libserialport.h",
    library = "serialport",
  },
}
test = {
  type = "busted",
  flags = {"--exclude-tags=integration"},
}
build = {
  type = "builtin",
  modules = {
    ["bc260y.core"] = {
      sources = {
        "csrc/args.c",
        "csrc/codec.c",
        "csrc/exchange.c",
        "csrc/exchange_in.c",
        "csrc/exchange_owed.c",
        "csrc/exchange_second.c",
        "csrc/forms.c",
        "csrc/forms_module.c",
        "csrc/framer.c",
        "csrc/lua_codec.c",
        "csrc/lua_core.c",
        "csrc/lua_exchange.c",
        "csrc/lua_framer.c",
        "csrc/lua_line.c",
        "csrc/lua_port.c",
        "csrc/port_fd.c",
        "csrc/port_net.c",
        "csrc/port_serial.c",
        "csrc/port_tty.c",
      },
      incdirs = {"csrc", "$(LIBSERIALPORT_INCDIR)"},
      libdirs = {"$(LIBSERIALPORT_LIBDIR)"},
      libraries = {"serialport"},
    },
    ["bc260y.host"] = {
      sources = {
        "csrc/lua_host.c",
      },
      incdirs = {"csrc"},
    },
  },
  install = {
    lua = {
      ["bc260y"] = "lua/bc260y/init.lua",
      ["bc260y.attach"] = "lua/bc260y/attach.lua",
      ["bc260y.buffer"] = "lua/bc260y/buffer.lua",
      ["bc260y.calls"] = "lua/bc260y/calls/init.lua",
      ["bc260y.calls.address"] = "lua/bc260y/calls/address.lua",
      ["bc260y.calls.addresses"] = "lua/bc260y/calls/addresses.lua",
      ["bc260y.calls.ask"] = "lua/bc260y/calls/ask.lua",
      ["bc260y.calls.cell"] = "lua/bc260y/calls/cell.lua",
      ["bc260y.calls.clock"] = "lua/bc260y/calls/clock.lua",
      ["bc260y.calls.detach"] = "lua/bc260y/calls/detach.lua",
      ["bc260y.calls.device"] = "lua/bc260y/calls/device.lua",
      ["bc260y.calls.format"] = "lua/bc260y/calls/format.lua",
      ["bc260y.calls.identity"] = "lua/bc260y/calls/identity.lua",
      ["bc260y.calls.names"] = "lua/bc260y/calls/names.lua",
      ["bc260y.calls.network"] = "lua/bc260y/calls/network.lua",
      ["bc260y.calls.ntp"] = "lua/bc260y/calls/ntp.lua",
      ["bc260y.calls.ping"] = "lua/bc260y/calls/ping.lua",
      ["bc260y.calls.power"] = "lua/bc260y/calls/power.lua",
      ["bc260y.calls.registration"] = "lua/bc260y/calls/registration.lua",
      ["bc260y.calls.reset"] = "lua/bc260y/calls/reset.lua",
      ["bc260y.calls.signal"] = "lua/bc260y/calls/signal.lua",
      ["bc260y.calls.sockets"] = "lua/bc260y/calls/sockets.lua",
      ["bc260y.calls.supported"] = "lua/bc260y/calls/supported.lua",
      ["bc260y.calls.time"] = "lua/bc260y/calls/time.lua",
      ["bc260y.check"] = "lua/bc260y/check.lua",
      ["bc260y.cli"] = "lua/bc260y/cli.lua",
      ["bc260y.cli.commands"] = "lua/bc260y/cli/commands.lua",
      ["bc260y.cli.commands.run"] = "lua/bc260y/cli/commands/run.lua",
      ["bc260y.cli.commands.virtual"] = "lua/bc260y/cli/commands/virtual.lua",
      ["bc260y.cli.json"] = "lua/bc260y/cli/json.lua",
      ["bc260y.cli.main"] = "lua/bc260y/cli/main.lua",
      ["bc260y.connect"] = "lua/bc260y/connect.lua",
      ["bc260y.errors"] = "lua/bc260y/errors.lua",
      ["bc260y.hooks"] = "lua/bc260y/hooks.lua",
      ["bc260y.ids"] = "lua/bc260y/ids.lua",
      ["bc260y.line"] = "lua/bc260y/line.lua",
      ["bc260y.local_ports"] = "lua/bc260y/local_ports.lua",
      ["bc260y.lock"] = "lua/bc260y/lock.lua",
      ["bc260y.loop.block"] = "lua/bc260y/loop/block.lua",
      ["bc260y.loop.own"] = "lua/bc260y/loop/own.lua",
      ["bc260y.loop.ports"] = "lua/bc260y/loop/ports.lua",
      ["bc260y.modem"] = "lua/bc260y/modem.lua",
      ["bc260y.pump"] = "lua/bc260y/pump.lua",
      ["bc260y.sleep_events"] = "lua/bc260y/sleep_events.lua",
      ["bc260y.socket"] = "lua/bc260y/socket.lua",
      ["bc260y.tcp"] = "lua/bc260y/tcp.lua",
      ["bc260y.timers"] = "lua/bc260y/timers.lua",
      ["bc260y.udp"] = "lua/bc260y/udp.lua",
      ["bc260y.virtual"] = "lua/bc260y/virtual/init.lua",
      ["bc260y.virtual.address"] = "lua/bc260y/virtual/address.lua",
      ["bc260y.virtual.answer"] = "lua/bc260y/virtual/answer.lua",
      ["bc260y.virtual.at_general"] = "lua/bc260y/virtual/at_general.lua",
      ["bc260y.virtual.at_ip"] = "lua/bc260y/virtual/at_ip.lua",
      ["bc260y.virtual.at_network"] = "lua/bc260y/virtual/at_network.lua",
      ["bc260y.virtual.at_socket"] = "lua/bc260y/virtual/at_socket.lua",
      ["bc260y.virtual.boot"] = "lua/bc260y/virtual/boot.lua",
      ["bc260y.virtual.clock"] = "lua/bc260y/virtual/clock.lua",
      ["bc260y.virtual.codes"] = "lua/bc260y/virtual/codes.lua",
      ["bc260y.virtual.commands"] = "lua/bc260y/virtual/commands.lua",
      ["bc260y.virtual.endpoint"] = "lua/bc260y/virtual/endpoint.lua",
      ["bc260y.virtual.net_luv"] = "lua/bc260y/virtual/net_luv.lua",
      ["bc260y.virtual.net_ping"] = "lua/bc260y/virtual/net_ping.lua",
      ["bc260y.virtual.net_script"] = "lua/bc260y/virtual/net_script.lua",
      ["bc260y.virtual.parse"] = "lua/bc260y/virtual/parse.lua",
      ["bc260y.virtual.radio"] = "lua/bc260y/virtual/radio.lua",
      ["bc260y.virtual.rrc"] = "lua/bc260y/virtual/rrc.lua",
      ["bc260y.virtual.run"] = "lua/bc260y/virtual/run.lua",
      ["bc260y.virtual.scripts"] = "lua/bc260y/virtual/scripts.lua",
      ["bc260y.virtual.sockets"] = "lua/bc260y/virtual/sockets.lua",
      ["bc260y.virtual.station"] = "lua/bc260y/virtual/station.lua",
      ["bc260y.virtual.timers"] = "lua/bc260y/virtual/timers.lua",
      ["bc260y.virtual.traits"] = "lua/bc260y/virtual/traits.lua",
      ["bc260y.virtual.wire"] = "lua/bc260y/virtual/wire.lua",
      ["bc260y.wake"] = "lua/bc260y/wake.lua",
    },
    bin = {
      -- bin/bc260y is for make install: luarocks wraps a Lua script of its own.
      bc260y = "lua/bc260y/cli/main.lua",
    },
  },
}

-- Writes the rockspec: the lists of files in it are what lies in csrc/ and lua/.
--   lua5.4 .ci/rockspec.lua FILE...      (make rockspec hands it the files)

local core, host, lua = {}, {}, {}
for _, path in ipairs(arg) do
  local module = path:match("^lua/(.*)%.lua$")
  if module then
    module = module:gsub("/init$", ""):gsub("/", ".")
    lua[#lua + 1] = ("      [%q] = %q,"):format(module, path)
  elseif path == "csrc/lua_host.c" then
    host[#host + 1] = ("        %q,"):format(path)
  elseif path:match("^csrc/.*%.c$") then
    core[#core + 1] = ("        %q,"):format(path)
  end
end
table.sort(core)
table.sort(lua)

local text = ([=[
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
@CORE
      },
      incdirs = {"csrc", "$(LIBSERIALPORT_INCDIR)"},
      libdirs = {"$(LIBSERIALPORT_LIBDIR)"},
      libraries = {"serialport"},
    },
    ["bc260y.host"] = {
      sources = {
@HOST
      },
      incdirs = {"csrc"},
    },
  },
  install = {
    lua = {
@LUA
    },
    bin = {
      -- bin/bc260y is for make install: luarocks wraps a Lua script of its own.
      bc260y = "lua/bc260y/cli/main.lua",
    },
  },
}
]=]):gsub("@(%u+)", function(which)
  return table.concat(({CORE = core, HOST = host, LUA = lua})[which], "\n")
end)
io.write(text)

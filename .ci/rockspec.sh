#!/bin/sh
# rockspec.sh: luarocks builds the rockspec, offline, for 5.1 and 5.4, and what it
# installed loads from there; first, that it names every file.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
if lua5.4 .ci/rockspec.lua $(.ci/files.sh | grep -E '^(csrc|lua)/') |
  diff rockspec/bc260y-scm-1.rockspec -; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
  echo "rockspec: out of date: run make rockspec"
fi
for v in 5.1 5.4; do
  # luarocks builds beside the sources, so it gets a copy of what git knows.
  mkdir -p "$dir/$v/src"
  .ci/files.sh | tar -cf - -T - | tar -xf - -C "$dir/$v/src"
  if (cd "$dir/$v/src" && luarocks --lua-version $v make --tree "$dir/$v/tree" \
    rockspec/bc260y-scm-1.rockspec) &&
    (cd / && LUA_PATH="$dir/$v/tree/share/lua/$v/?.lua;$dir/$v/tree/share/lua/$v/?/init.lua" \
      LUA_CPATH="$dir/$v/tree/lib/lua/$v/?.so" \
      lua$v -e 'assert(require("bc260y").version); require "bc260y.host"'); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "rockspec: Lua $v failed"
  fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]

#!/bin/sh
# install.sh install|uninstall VERSION...: puts the modules where each Lua looks.
#
# LUADIR, LIBDIR, BINDIR, PREFIX, DESTDIR come from make. LuaJIT looks where 5.1 does,
# and loads 5.1's modules when both are installed.
what=$1
shift
versions=$*
if [ -n "$LUADIR$LIBDIR" ] && [ $# -gt 1 ]; then
  echo "install: LUADIR and LIBDIR are one Lua's: give LUA=... too" >&2
  exit 2
fi
case " $versions " in *" 5.1 "*) versions=$(echo "$versions" | sed 's/ *jit//') ;; esac

for v in $versions; do
  case $v in jit) dir=5.1 ;; *) dir=$v ;; esac
  luadir=$DESTDIR${LUADIR:-$PREFIX/share/lua/$dir}
  libdir=$DESTDIR${LIBDIR:-$PREFIX/lib/lua/$dir}
  if [ "$what" = uninstall ]; then
    rm -rf "$luadir/bc260y" "$libdir/bc260y"
    continue
  fi
  (cd lua && find . -name '*.lua') | while read -r f; do
    install -D -m 644 "lua/$f" "$luadir/$f" || exit 1
  done || exit 1
  for m in core host; do
    install -D -m 755 "build/$v/bc260y/$m.so" "$libdir/bc260y/$m.so" || exit 1
  done
  echo "bc260y for Lua $v: $luadir/bc260y, $libdir/bc260y"
done
if [ "$what" = uninstall ]; then
  rm -f "$DESTDIR$BINDIR/bc260y"
else
  install -D -m 755 bin/bc260y "$DESTDIR$BINDIR/bc260y"
fi

#!/bin/sh
# deps.sh GROUP...: says which of Debian's packages are missing and why, and installs
# them as root; otherwise prints the one command to run and stops with status 1.
#
# It knows Debian alone. Elsewhere, or with DEPS=no, it says so and lets make go on.

build="
libc6-dev|the C library's headers
pkg-config|finds Lua and libserialport
libserialport-dev|serial ports
lua5.4|the Lua that runs the demo
liblua5.4-dev|headers for the Lua 5.4 module
lua-argparse|the command line bc260y
"
demo="$build
lua-luv|the virtual module and the demo's TCP server
"
check="$demo
lua5.1|the specs run on each Lua
liblua5.1-0-dev|headers for Lua 5.1
lua5.2|the specs run on each Lua
liblua5.2-dev|headers for Lua 5.2
lua5.3|the specs run on each Lua
liblua5.3-dev|headers for Lua 5.3
luajit|the specs run on each Lua
libluajit-5.1-dev|headers for LuaJIT
lua-busted|runs the specs
lua-check|luacheck
lua-dkjson|bc260y --json
lua-socket|TCP servers in the integration specs
dnsmasq-base|a name server in the integration specs
libcap2|chronyd, a time server in the integration specs (.ci/chrony.sh)
libseccomp2|chronyd
libgnutls30|chronyd
luarocks|builds the rockspec
"
fuzz="
libc6-dev|the C library's headers
clang|libFuzzer
libclang-rt-dev|libFuzzer's and the sanitizers' run time
"
freestanding="
gcc-arm-none-eabi|the core on bare Cortex-M
libnewlib-arm-none-eabi|headers for bare Cortex-M
"
valgrind="
valgrind|looks for leaks
libc6-dbg|valgrind needs the C library's symbols
"
model="
libc6-dev|the C library's headers
spin|searches the model of the exchange
"
mutants="
patch|applies the mutants
"
coverage="
gcovr|tables of what gcov has counted
"
bench="
valgrind|counts instructions
libc6-dbg|valgrind needs the C library's symbols
strace|counts system calls
lua-sql-sqlite3|SQLite, the outbox's baseline
"

[ "$DEPS" = no ] && exit 0
wanted=
for group in "$@"; do
  eval "list=\$$group"
  [ -n "$list" ] || { echo "deps: no group $group" >&2; exit 2; }
  wanted="$wanted$list"
done
if ! command -v dpkg-query >/dev/null; then
  echo "deps: not a Debian system; I go on as if all this were here:" >&2
  echo "$wanted" | awk -F'|' 'NF == 2 && !seen[$1]++ {print "  " $1 " (" $2 ")"}' >&2
  exit 0
fi

missing=$({
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null
  echo "$wanted"
} | awk -F'|' '
  NF == 1 { split($0, word, " "); if (word[1] == "installed") have[word[2]] = 1 }
  NF == 2 && !have[$1] && !seen[$1]++ { print }')
[ -n "$missing" ] || exit 0

echo "Missing from this machine:"
echo "$missing" | awk -F'|' '{printf "  %-24s %s\n", $1, $2}'
names=$(echo "$missing" | cut -d'|' -f1 | tr '\n' ' ')
install="apt-get install -y -q --no-install-recommends $names"
if [ "$(id -u)" -eq 0 ]; then
  root=
elif sudo -n true 2>/dev/null; then
  root=sudo
else
  echo "Run this as root, then the same make again:" >&2
  echo "  apt-get update && $install" >&2
  exit 1
fi

run_apt() {
  log=$(mktemp)
  if ! $root env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@" >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
# Package lists that are absent or old are the two reasons to fetch new ones.
echo "Installing them with apt-get ..."
known=$(LC_ALL=C apt-cache policy $names 2>/dev/null |
  awk '/^  Candidate:/ && $2 != "(none)"' | wc -l)
if [ "$known" -eq "$(echo "$missing" | wc -l)" ] && run_apt $install 2>/dev/null; then
  exit 0
fi
run_apt apt-get update -q && run_apt $install || {
  echo "deps: apt-get failed; run it by hand to see: apt-get update && $install" >&2
  exit 1
}

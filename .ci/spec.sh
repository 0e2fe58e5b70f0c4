#!/bin/sh
# spec.sh VERSION [BUSTED-ARGUMENT...]: runs specs on one Lua and ends with the count.
version=$1
shift
case $version in jit) lua=luajit ;; *) lua=lua$version ;; esac
LUA_PATH="./lua/?.lua;./lua/?/init.lua;./?.lua;;"
LUA_CPATH="./build/$version/?.so;;"
LUA=$lua
export LUA_PATH LUA_CPATH LUA
out=$(mktemp)
counted=$(mktemp)
trap 'rm -f "$out" "$counted"' EXIT
$WRAP $lua "${BUSTED_BIN:-/usr/bin/busted}" "$@" >"$out" 2>&1
status=$?
cat "$out"
# busted: 3 successes / 0 failures / 0 errors / 0 pending : 0.01 seconds
awk '
  / success(es)? \/ [0-9]+ failures? \/ [0-9]+ errors? \/ [0-9]+ pending/ {
    passed = $1; failed = $4 + $7; pending = $10; found = 1
  }
  END {
    if (!found) { print "busted gave no summary"; exit }
    if (pending) print pending " pending"
    printf "%d passed, %d failed\n", passed, failed
  }' "$out" | tee "$counted"
# A run that found no spec is no success.
[ $status -eq 0 ] && ! tail -n 1 "$counted" | grep -q "^0 passed"

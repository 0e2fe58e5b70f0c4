#!/bin/sh
# bench.sh [LUA]: hands the benchmark the tree's own modules.
lua=${1:-lua5.4}
version=$($lua -e 'print(jit and "jit" or _VERSION:match("%d%.%d"))') || exit 1
LUA_PATH="./lua/?.lua;./lua/?/init.lua;./?.lua;;" LUA_CPATH="./build/$version/?.so;;" \
  exec $lua spec/bench/run.lua

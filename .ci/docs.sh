#!/bin/sh
# docs.sh write|check: tries each row of docs/commands.md, and writes the page or holds it
# against what is there; ends with the count.
LUA_PATH="./lua/?.lua;./lua/?/init.lua;./?.lua;;"
LUA_CPATH="./build/5.4/?.so;;"
LUA=lua5.4
export LUA_PATH LUA_CPATH LUA
exec $LUA .ci/commands.lua "$@"

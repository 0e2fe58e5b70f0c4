#!/bin/sh
# endure.sh: endurance runs on Lua 5.4; RUNS, SEED, DURATION, KILLS and MODE as
# spec/endurance/main.lua takes them. Each run has at most three minutes beside its own.
LUA_PATH="./lua/?.lua;./lua/?/init.lua;./?.lua;;"
LUA_CPATH="./build/5.4/?.so;;"
LUA=lua5.4
export LUA_PATH LUA_CPATH LUA
exec timeout -k 5 $((${RUNS:-1} * (${DURATION:-60} + 180))) $LUA spec/endurance/main.lua

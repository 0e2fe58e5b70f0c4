/*
 * What the bindings share: how they register, and what differs between Lua 5.1,
 * 5.2, 5.3, 5.4 and LuaJIT.
 */
#ifndef BC260Y_LUA_CORE_H
#define BC260Y_LUA_CORE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

/* Each adds its functions to the table on top of the stack and leaves it there. */
void bc260y_lua_open_framer(lua_State *L);
void bc260y_lua_open_codec(lua_State *L);
void bc260y_lua_open_exchange(lua_State *L);
void bc260y_lua_open_ports(lua_State *L);

/* Sets functions (ended by a NULL name) as fields of the table on top. */
void bc260y_lua_functions(lua_State *L, const luaL_Reg *functions);

/* Makes the metatable of a class, with methods in __index and name in __name, leaves
 * it on top, and gives each method that metatable as its first upvalue. */
void bc260y_lua_class(lua_State *L, const char *name, const luaL_Reg *methods);

/* The userdata at index 1 of a method made by bc260y_lua_class(); raises when it is
 * of another class. */
void *bc260y_lua_self(lua_State *L, const char *name);

/* Keeps the value at index alive as long as the userdata at owner is, in place of the
 * one kept before. */
void bc260y_lua_keep(lua_State *L, int owner, int index);

/* Seconds, as Lua counts, in the milliseconds of the C core. Negative is 0. */
uint64_t bc260y_lua_ms(lua_Number seconds);

#endif

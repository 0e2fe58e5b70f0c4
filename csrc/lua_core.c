/*
 * bc260y.core: the C core as a Lua module, and the helpers of its bindings.
 *
 * It knows how the Luas differ, and nothing of what it binds. No Lua is called from
 * here, and no lua_State is kept.
 */
#include "lua_core.h"

#include <string.h>

/* Far above any use: larger sizes are mistakes. */
#define BUFFER_SIZE_MAX (1 << 24)
/* A line of a few KiB is garbage, and a read gives as much at once. */
#define BUFFER_SIZE_DEFAULT 4096

int luaopen_bc260y_core(lua_State *L);

void bc260y_lua_functions(lua_State *L, const luaL_Reg *functions)
{
	for (; functions->name; functions++) {
		lua_pushcfunction(L, functions->func);
		lua_setfield(L, -2, functions->name);
	}
}

void bc260y_lua_class(lua_State *L, const char *name, const luaL_Reg *methods)
{
	luaL_newmetatable(L, name);
	lua_pushstring(L, name);
	lua_setfield(L, -2, "__name");
	lua_newtable(L);
	for (; methods->name; methods++) {
		int owner = strncmp(methods->name, "__", 2) ? -2 : -3;

		lua_pushvalue(L, -2);
		lua_pushcclosure(L, methods->func, 1);
		lua_setfield(L, owner, methods->name);
	}
	lua_setfield(L, -2, "__index");
}

void bc260y_lua_method(lua_State *L, const char *name, lua_CFunction method,
		       const char *const *words, int word_count)
{
	lua_getfield(L, -1, "__index");
	luaL_checkstack(L, word_count + 1, NULL);
	lua_pushvalue(L, -2);
	for (int i = 0; i < word_count; i++)
		lua_pushstring(L, words[i]);
	lua_pushcclosure(L, method, word_count + 1);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

void bc260y_lua_raise_class(lua_State *L, const char *class)
{
	luaL_argerror(L, 1, lua_pushfstring(L, "%s expected, got %s", class, luaL_typename(L, 1)));
}

void *bc260y_lua_self(lua_State *L, const char *name)
{
	void *self = lua_touserdata(L, 1);
	bool own = false;

	if (self && lua_getmetatable(L, 1)) {
		own = lua_rawequal(L, -1, lua_upvalueindex(1));
		lua_pop(L, 1);
	}
	if (!own)
		bc260y_lua_raise_class(L, name);
	return self;
}

void bc260y_lua_constructor(lua_State *L, const char *name, lua_CFunction function)
{
	lua_pushcclosure(L, function, 1);
	lua_setfield(L, -2, name);
}

/* Up to 5.2 a userdata can refer to a table alone. */
void *bc260y_lua_new(lua_State *L, const char *class, size_t size)
{
	struct bc260y_lua_object *object = lua_newuserdata(L, size);

	object->self = NULL;

#if LUA_VERSION_NUM < 503
	lua_createtable(L, 1, 0);
	lua_pushboolean(L, 0);
	lua_rawseti(L, -2, 1);
#if LUA_VERSION_NUM < 502
	lua_setfenv(L, -2);
#else
	lua_setuservalue(L, -2);
#endif
#endif
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_setmetatable(L, -2);
	object->class = class;
	object->self = object;
	return object;
}

int bc260y_lua_wipe(lua_State *L)
{
	struct bc260y_lua_object *object = bc260y_lua_self(L, "object");

	object->self = NULL;
	return 0;
}

void bc260y_lua_keep(lua_State *L, int owner, int index)
{
#if LUA_VERSION_NUM < 502
	lua_getfenv(L, owner);
#elif LUA_VERSION_NUM < 503
	lua_getuservalue(L, owner);
#endif
	lua_pushvalue(L, index);
#if LUA_VERSION_NUM < 503
	lua_rawseti(L, -2, 1);
	lua_pop(L, 1);
#else
	lua_setuservalue(L, owner);
#endif
}

void bc260y_lua_push_kept(lua_State *L, int owner)
{
#if LUA_VERSION_NUM < 502
	lua_getfenv(L, owner);
#else
	lua_getuservalue(L, owner);
#endif
#if LUA_VERSION_NUM < 503
	lua_rawgeti(L, -1, 1);
	lua_remove(L, -2);
#endif
}

void bc260y_lua_push_count(lua_State *L, uint64_t count)
{
#if LUA_VERSION_NUM >= 503
	if (count <= LUA_MAXINTEGER) {
		lua_pushinteger(L, (lua_Integer)count);
		return;
	}
#endif
	lua_pushnumber(L, (lua_Number)count);
}

size_t bc260y_lua_buffer_size(lua_State *L, int index, size_t min)
{
	lua_Number size = luaL_optnumber(L, index, BUFFER_SIZE_DEFAULT);

	if (!(size >= (lua_Number)min && size <= BUFFER_SIZE_MAX))
		luaL_argerror(L, index,
			      lua_pushfstring(L, "a size of %d to %d bytes expected", (int)min,
					      BUFFER_SIZE_MAX));
	return (size_t)size;
}

const char *bc260y_lua_feed_begin(lua_State *L, const struct bc260y_lua_feed *feed, int index,
				  size_t *size)
{
	const char *bytes = luaL_checklstring(L, index, size);

	if (feed->undrained)
		luaL_error(L, "the bytes fed before are not drained: call next() until nil");
	return bytes;
}

void bc260y_lua_feed_took(lua_State *L, struct bc260y_lua_feed *feed, int index, const char *bytes,
			  size_t size, size_t took)
{
	feed->undrained = size > 0;
	feed->rest = bytes + took;
	feed->rest_size = size - took;
	if (feed->rest_size > 0)
		bc260y_lua_keep(L, 1, index);
}

void bc260y_lua_feed_more(lua_State *L, struct bc260y_lua_feed *feed, size_t took)
{
	feed->rest += took;
	feed->rest_size -= took;
	if (feed->rest_size > 0)
		return;
	lua_pushnil(L);
	bc260y_lua_keep(L, 1, lua_gettop(L));
	lua_pop(L, 1);
}

/* require "bc260y.core" */
int luaopen_bc260y_core(lua_State *L)
{
	lua_newtable(L);
	bc260y_lua_open_framer(L);
	bc260y_lua_open_exchange(L);
	bc260y_lua_open_codec(L);
	bc260y_lua_open_ports(L);
	bc260y_lua_open_line(L);
	bc260y_lua_open_ledger(L);
	return 1;
}

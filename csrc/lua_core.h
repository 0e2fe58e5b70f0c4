/*
 * What the bindings share: how they register, how a class is made of userdata, and
 * what differs between Lua 5.1, 5.2, 5.3, 5.4 and LuaJIT.
 */
#ifndef BC260Y_LUA_CORE_H
#define BC260Y_LUA_CORE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#if LUA_VERSION_NUM < 502
#define bc260y_lua_size lua_objlen
#else
#define bc260y_lua_size lua_rawlen
#endif

/* Every whole number up to here is exact in a double. */
#define BC260Y_LUA_EXACT_MAX 9007199254740992.0

/* Each adds its functions to the table on top of the stack and leaves it there. */
void bc260y_lua_open_framer(lua_State *L);
void bc260y_lua_open_codec(lua_State *L);
void bc260y_lua_open_exchange(lua_State *L);
void bc260y_lua_open_ports(lua_State *L);
void bc260y_lua_open_line(lua_State *L);
void bc260y_lua_open_ledger(lua_State *L);

/* Sets functions (ended by a NULL name) as fields of the table on top. */
void bc260y_lua_functions(lua_State *L, const luaL_Reg *functions);

/* Makes the metatable of a class and leaves it on top: the methods whose name starts
 * with "__" in it, the others in its __index, and name in __name. Each has the
 * metatable as its first upvalue. */
void bc260y_lua_class(lua_State *L, const char *name, const luaL_Reg *methods);

/* The userdata at index 1 of a method of that class; raises when it is another's. */
void *bc260y_lua_self(lua_State *L, const char *name);

/* Adds to the class on top a method with more upvalues: the words, in their order from
 * the second upvalue on. To push one of those costs less than to push a literal. */
void bc260y_lua_method(lua_State *L, const char *name, lua_CFunction method,
		       const char *const *words, int word_count);

/* Adds the class's constructor to the table below it, and pops the class, which is the
 * constructor's first upvalue. */
void bc260y_lua_constructor(lua_State *L, const char *name, lua_CFunction function);

/* What userdata made by bc260y_lua_new() begins with. It tells them from others for
 * half of what a look at the metatable costs, which counts in every call. A finalizer
 * wipes it, so that no memory used again can look like one. */
struct bc260y_lua_object {
	const char *class;
	const void *self;
};
/* In a constructor: a userdata of the class, on top. */
void *bc260y_lua_new(lua_State *L, const char *class, size_t size);
/* The class's __gc. */
int bc260y_lua_wipe(lua_State *L);
void bc260y_lua_raise_class(lua_State *L, const char *class);

/* The object at index 1; raises when it is no live one of that class, which is the
 * same pointer that was given to bc260y_lua_new(). */
static inline void *bc260y_lua_object(lua_State *L, const char *class)
{
	struct bc260y_lua_object *object = lua_touserdata(L, 1);

	if (!object || bc260y_lua_size(L, 1) < sizeof(*object) || object->class != class ||
	    object->self != object)
		bc260y_lua_raise_class(L, class);
	return object;
}

/* Keeps the value at index alive as long as the userdata at owner is, in place of the
 * one kept before. The userdata was made by bc260y_lua_new(). Never fails. */
void bc260y_lua_keep(lua_State *L, int owner, int index);
/* Pushes what is kept. */
void bc260y_lua_push_kept(lua_State *L, int owner);

/* The port at index; raises when it is none of lua_port.c's. */
struct bc260y_port *bc260y_lua_check_port(lua_State *L, int index);

/* Pushes a whole number, as an integer where Lua has them wide enough. On 5.1 an integer
 * may be narrower than what is counted, so there it is a number like any other. */
void bc260y_lua_push_count(lua_State *L, uint64_t count);

/* Seconds, as Lua counts, in the milliseconds of the C core: the nearest, so that a
 * time that came out of the core goes back into it unchanged. Below 0, and what is no
 * number, is 0. */
static inline uint64_t bc260y_lua_ms(lua_Number seconds)
{
	double ms = (double)seconds * 1000 + 0.5;

	if (!(ms > 0))
		return 0;
	return ms < BC260Y_LUA_EXACT_MAX ? (uint64_t)ms : (uint64_t)BC260Y_LUA_EXACT_MAX;
}

/* An optional buffer size at index, within min and what is sane. */
size_t bc260y_lua_buffer_size(lua_State *L, int index, size_t min);

/* The string that was fed last: what of it is not yet in the C core's buffer. */
struct bc260y_lua_feed {
	const char *rest;
	size_t rest_size;
	bool undrained;
};

/* The string at index; raises when the one before is not drained. */
const char *bc260y_lua_feed_begin(lua_State *L, const struct bc260y_lua_feed *feed, int index,
				  size_t *size);
/* The core took so many of these bytes, which are the string's at index: that is kept if
 * others are left. */
void bc260y_lua_feed_took(lua_State *L, struct bc260y_lua_feed *feed, int index, const char *bytes,
			  size_t size, size_t took);
/* The core took so many bytes of the rest. */
void bc260y_lua_feed_more(lua_State *L, struct bc260y_lua_feed *feed, size_t took);

#endif

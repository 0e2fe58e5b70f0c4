/*
 * How commands and events of an exchange cross between C and Lua.
 */
#ifndef BC260Y_LUA_EXCHANGE_H
#define BC260Y_LUA_EXCHANGE_H

#include "exchange.h"
#include "lua_core.h"

/* What bc260y_lua_push_event() pushes as words: the upvalues, from the second on, of a
 * method that calls it (bc260y_lua_method). */
#define BC260Y_LUA_EVENT_WORD_COUNT 18
extern const char *const bc260y_lua_event_words[BC260Y_LUA_EVENT_WORD_COUNT];

/* Pushes an event; the result is how many values that were. */
int bc260y_lua_push_event(lua_State *L, enum bc260y_event_type type,
			  const struct bc260y_event *event);

/* Starts the command whose text, data, timeout, prefix and bare stand from index on.
 * Result: 0, or how many values were pushed that say why not. */
int bc260y_lua_start(lua_State *L, struct bc260y_exchange *exchange, int index);

/* settle(kind[, id]) with its arguments from index 2 on. */
void bc260y_lua_settle(lua_State *L, struct bc260y_exchange *exchange);

/* Pushes a table of the counters. */
void bc260y_lua_push_counters(lua_State *L, const struct bc260y_counters *counters);

#endif

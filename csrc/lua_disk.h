/*
 * A Lua object with the methods of ledger_disk.h as a disk. The ledger that it is for
 * keeps the object (bc260y_lua_keep), and is at index 1 in each call.
 */
#ifndef BC260Y_LUA_DISK_H
#define BC260Y_LUA_DISK_H

#include "ledger_disk.h"
#include "lua_core.h"

struct bc260y_lua_disk {
	struct bc260y_disk disk; /* first: this is one */
	lua_State *L;		 /* of the call that is under way */
};

void bc260y_lua_disk_init(struct bc260y_lua_disk *disk, lua_State *L);

#endif

/*
 * A Lua object as a ledger's disk.
 *
 * It knows how its methods are called and what their results mean. An error that one of
 * them raises passes through the ledger.
 */
#include "lua_disk.h"

#include <string.h>

/* Pushes the method and its object. */
static lua_State *begin(struct bc260y_disk *disk, const char *method)
{
	lua_State *L = ((struct bc260y_lua_disk *)disk)->L;

	luaL_checkstack(L, 8, NULL);
	bc260y_lua_push_kept(L, 1);
	lua_getfield(L, -1, method);
	lua_insert(L, -2);
	return L;
}

static lua_State *begin_at(struct bc260y_disk *disk, const char *method, uint64_t segment)
{
	lua_State *L = begin(disk, method);

	bc260y_lua_push_count(L, segment);
	return L;
}

static int meaning(const char *err)
{
	if (!err)
		return BC260Y_DISK_ERROR;
	if (!strcmp(err, "full"))
		return BC260Y_DISK_FULL;
	if (!strcmp(err, "busy"))
		return BC260Y_DISK_BUSY;
	if (!strcmp(err, "not permitted"))
		return BC260Y_DISK_NOT_PERMITTED;
	return strcmp(err, "no device") ? BC260Y_DISK_ERROR : BC260Y_DISK_NO_DEVICE;
}

/* Calls it, and leaves its two results on the stack unless it failed. */
static int call(lua_State *L, int argument_count)
{
	int result;

	lua_call(L, argument_count + 1, 2);
	if (lua_toboolean(L, -2))
		return BC260Y_DISK_OK;
	result = meaning(lua_tostring(L, -1));
	lua_pop(L, 2);
	return result;
}

static int call_plain(lua_State *L, int argument_count)
{
	int result = call(L, argument_count);

	if (result == BC260Y_DISK_OK)
		lua_pop(L, 2);
	return result;
}

static int call_count(lua_State *L, int argument_count, uint64_t *count)
{
	int result = call(L, argument_count);
	lua_Number value;

	if (result < 0)
		return result;
	value = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : -1;
	lua_pop(L, 2);
	if (!(value >= 0 && value < BC260Y_LUA_EXACT_MAX))
		return BC260Y_DISK_ERROR;
	*count = (uint64_t)value;
	return BC260Y_DISK_OK;
}

static int disk_lock(struct bc260y_disk *disk)
{
	return call_plain(begin(disk, "lock"), 0);
}

/* nil without a word of why: there is none. */
static int disk_next(struct bc260y_disk *disk, uint64_t from, uint64_t *segment)
{
	lua_State *L = begin_at(disk, "next", from);
	lua_Number value;
	bool none;

	lua_call(L, 2, 2);
	none = lua_isnil(L, -2) && lua_isnil(L, -1);
	value = lua_tonumber(L, -2);
	lua_pop(L, 2);
	if (none)
		return 0;
	if (!(value >= (lua_Number)from && value < BC260Y_LUA_EXACT_MAX))
		return BC260Y_DISK_ERROR;
	*segment = (uint64_t)value;
	return 1;
}

static int disk_size(struct bc260y_disk *disk, uint64_t segment, uint64_t *size)
{
	return call_count(begin_at(disk, "size", segment), 1, size);
}

static int disk_create(struct bc260y_disk *disk, uint64_t segment)
{
	return call_plain(begin_at(disk, "create", segment), 1);
}

static ptrdiff_t disk_read(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			   uint8_t *bytes, size_t size)
{
	lua_State *L = begin_at(disk, "read", segment);
	ptrdiff_t result;
	const char *got;
	size_t got_size;

	bc260y_lua_push_count(L, offset);
	bc260y_lua_push_count(L, size);
	result = call(L, 3);
	if (result < 0)
		return result;
	got = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &got_size) : NULL;
	result = BC260Y_DISK_ERROR;
	if (got && got_size <= size) {
		memcpy(bytes, got, got_size);
		result = (ptrdiff_t)got_size;
	}
	lua_pop(L, 2);
	return result;
}

static ptrdiff_t disk_write(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			    const uint8_t *bytes, size_t size)
{
	lua_State *L = begin_at(disk, "write", segment);
	uint64_t count = 0;
	int result;

	bc260y_lua_push_count(L, offset);
	lua_pushlstring(L, (const char *)bytes, size);
	result = call_count(L, 3, &count);
	if (result < 0)
		return result;
	return count <= size ? (ptrdiff_t)count : BC260Y_DISK_ERROR;
}

static int disk_cut(struct bc260y_disk *disk, uint64_t segment, uint32_t size)
{
	lua_State *L = begin_at(disk, "cut", segment);

	bc260y_lua_push_count(L, size);
	return call_plain(L, 2);
}

static int disk_sync(struct bc260y_disk *disk, uint64_t segment)
{
	return call_plain(begin_at(disk, "sync", segment), 1);
}

static int disk_sync_list(struct bc260y_disk *disk)
{
	return call_plain(begin(disk, "sync_list"), 0);
}

static int disk_remove(struct bc260y_disk *disk, uint64_t segment)
{
	return call_plain(begin_at(disk, "remove", segment), 1);
}

static void disk_close(struct bc260y_disk *disk)
{
	call_plain(begin(disk, "close"), 0);
}

static const struct bc260y_disk_ops ops = {
	.lock = disk_lock,
	.next = disk_next,
	.size = disk_size,
	.create = disk_create,
	.read = disk_read,
	.write = disk_write,
	.cut = disk_cut,
	.sync = disk_sync,
	.sync_list = disk_sync_list,
	.remove = disk_remove,
	.close = disk_close,
};

void bc260y_lua_disk_init(struct bc260y_lua_disk *disk, lua_State *L)
{
	disk->disk.ops = &ops;
	disk->L = L;
}

/*
 * bc260y.core.ledger, crc32c and entropy: the log on a disk as a Lua object.
 *
 * The disk is a folder, or a Lua object with the methods of ledger_disk.h. It knows how
 * those are called. An error that one of them raises passes through: the ledger is given
 * up then, and closing it writes nothing any more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crc32c.h"
#include "ledger.h"
#include "lua_disk.h"
#include "port_disk.h"

#define SEGMENT_DEFAULT	   65536
#define LIMIT_DEFAULT	   (16 * 1024 * 1024)
#define RECORD_MAX_DEFAULT 4096
#define ENTROPY_MAX	   256
#define DETAIL_SIZE	   256

static const char ledger_class[] = "bc260y.ledger";

struct lua_ledger {
	struct bc260y_lua_object object;
	struct bc260y_ledger ledger;
	union {
		struct bc260y_disk disk;
		struct bc260y_folder folder;
		struct bc260y_lua_disk lua;
	} kind;
	bool by_lua; /* the disk is a Lua object, which this one keeps */
	bool open;
	bool inside; /* a call is under way, or was left by an error */
	uint8_t buffer[];
};

/* --- results ------------------------------------------------------------------- */

static int push_failure(lua_State *L, const struct lua_ledger *self, int result)
{
	const struct bc260y_ledger *ledger = &self->ledger;
	char detail[DETAIL_SIZE];

	lua_pushnil(L);
	lua_pushstring(L, bc260y_ledger_error(result));
	if (result != BC260Y_LEDGER_DAMAGED)
		return 2;
	snprintf(detail, sizeof(detail), "segment %" PRIu64 ", offset %" PRIu32 ": %s",
		 ledger->where_segment, ledger->where_offset, ledger->why);
	lua_pushstring(L, detail);
	return 3;
}

static int push_open_failure(lua_State *L, const struct lua_ledger *self, int result, int error)
{
	const struct bc260y_ledger *ledger = &self->ledger;
	const char *colon = error ? ": " : "", *reason = error ? strerror(error) : "";
	char detail[DETAIL_SIZE];

	if (ledger->where_segment > 0)
		snprintf(detail, sizeof(detail), "segment %" PRIu64 ", offset %" PRIu32 ": %s%s%s",
			 ledger->where_segment, ledger->where_offset, ledger->why, colon, reason);
	else
		snprintf(detail, sizeof(detail), "%s%s%s", ledger->why, colon, reason);
	lua_pushnil(L);
	lua_pushstring(L, bc260y_ledger_error(result));
	lua_pushstring(L, detail);
	return 3;
}

static int push_closed(lua_State *L)
{
	lua_pushnil(L);
	lua_pushliteral(L, "closed");
	return 2;
}

static int push_result(lua_State *L, const struct lua_ledger *self, int result)
{
	if (result < 0)
		return push_failure(L, self, result);
	lua_pushboolean(L, 1);
	return 1;
}

/* --- the object ---------------------------------------------------------------- */

static struct lua_ledger *self_at(lua_State *L)
{
	return bc260y_lua_object(L, ledger_class);
}

/* Before each call of the ledger; inside is cleared behind it. Result: false when it is
 * closed. */
static bool enter(lua_State *L, struct lua_ledger *self)
{
	if (!self->open)
		return false;
	if (self->inside)
		luaL_error(L, "the ledger is in the midst of a call, or its disk raised an error");
	self->inside = true;
	if (self->by_lua)
		self->kind.lua.L = L;
	return true;
}

static uint64_t check_sequence(lua_State *L, int index)
{
	lua_Number value = luaL_checknumber(L, index);

	luaL_argcheck(L,
		      value >= 0 && value <= BC260Y_LUA_EXACT_MAX &&
			      value == (lua_Number)(uint64_t)value,
		      index, "a sequence expected");
	return (uint64_t)value;
}

/* ledger:append(record) -> sequence | nil, "outbox full" | "too long" | "disk error"
 * | "closed": written, but neither durable nor seen before a commit */
static int ledger_append(lua_State *L)
{
	struct lua_ledger *self = self_at(L);
	size_t size;
	const char *record = luaL_checklstring(L, 2, &size);
	uint64_t sequence;
	int result;

	if (!enter(L, self))
		return push_closed(L);
	result = bc260y_ledger_append(&self->ledger, record, size, &sequence);
	self->inside = false;
	if (result < 0)
		return push_failure(L, self, result);
	bc260y_lua_push_count(L, sequence);
	return 1;
}

/* ledger:commit() -> true: all that was appended is durable and seen
 * | nil, "disk error" | "outbox full": it is gone | nil, "closed" */
static int ledger_commit(lua_State *L)
{
	struct lua_ledger *self = self_at(L);
	int result;

	if (!enter(L, self))
		return push_closed(L);
	result = bc260y_ledger_commit(&self->ledger);
	self->inside = false;
	return push_result(L, self, result);
}

/* ledger:drop() -> true: all that was appended since the commit is gone | nil, "disk error":
 * it is gone, but appends are refused until the disk works | nil, "closed" */
static int ledger_drop(lua_State *L)
{
	struct lua_ledger *self = self_at(L);
	int result;

	if (!enter(L, self))
		return push_closed(L);
	result = bc260y_ledger_drop(&self->ledger);
	self->inside = false;
	return push_result(L, self, result);
}

/* ledger:read(sequence) -> record | nil, "released" | "not yet" | "disk error" | "closed"
 * | nil, "damaged", detail */
static int ledger_read(lua_State *L)
{
	struct lua_ledger *self = self_at(L);
	uint64_t sequence = check_sequence(L, 2);
	const uint8_t *record;
	ptrdiff_t size;

	if (!enter(L, self))
		return push_closed(L);
	size = bc260y_ledger_read(&self->ledger, sequence, &record);
	self->inside = false;
	if (size < 0)
		return push_failure(L, self, (int)size);
	lua_pushlstring(L, (const char *)record, (size_t)size);
	return 1;
}

/* ledger:release(sequence) -> true: all up to it | nil, "not yet" | "disk error" | "closed"
 * | nil, "damaged", detail */
static int ledger_release(lua_State *L)
{
	struct lua_ledger *self = self_at(L);
	uint64_t sequence = check_sequence(L, 2);
	int result;

	if (!enter(L, self))
		return push_closed(L);
	result = bc260y_ledger_release(&self->ledger, sequence);
	self->inside = false;
	return push_result(L, self, result);
}

/* ledger:range() -> first, last: committed and not released; none: first is last + 1 */
static int ledger_range(lua_State *L)
{
	const struct lua_ledger *self = self_at(L);

	bc260y_lua_push_count(L, bc260y_ledger_first(&self->ledger));
	bc260y_lua_push_count(L, bc260y_ledger_last(&self->ledger));
	return 2;
}

/* ledger:size() -> records, bytes: committed and not released */
static int ledger_size(lua_State *L)
{
	const struct bc260y_ledger *ledger = &self_at(L)->ledger;

	bc260y_lua_push_count(L, bc260y_ledger_last(ledger) + 1 - bc260y_ledger_first(ledger));
	bc260y_lua_push_count(L, ledger->bytes);
	return 2;
}

/* ledger:id() -> the outbox's 8 bytes */
static int ledger_id(lua_State *L)
{
	const struct lua_ledger *self = self_at(L);

	lua_pushlstring(L, (const char *)self->ledger.id, BC260Y_LEDGER_ID_SIZE);
	return 1;
}

static void set_count(lua_State *L, const char *name, uint64_t count)
{
	bc260y_lua_push_count(L, count);
	lua_setfield(L, -2, name);
}

/* ledger:stats() -> counts since it was opened: appended, committed (records), failed
 * (commits), written (bytes), syncs, created, removed (segments), cut (bytes of an
 * unsynced tail); and now: segments, used (bytes of them) */
static int ledger_stats(lua_State *L)
{
	const struct bc260y_ledger *ledger = &self_at(L)->ledger;
	const struct bc260y_ledger_stats *stats = &ledger->stats;

	lua_createtable(L, 0, 10);
	set_count(L, "appended", stats->appended);
	set_count(L, "committed", stats->committed);
	set_count(L, "failed", stats->failed);
	set_count(L, "written", stats->written);
	set_count(L, "syncs", stats->syncs);
	set_count(L, "created", stats->created);
	set_count(L, "removed", stats->removed);
	set_count(L, "cut", stats->cut);
	set_count(L, "segments", ledger->back.segment - ledger->oldest + 1);
	set_count(L, "used", ledger->used);
	return 1;
}

/* One that an error has left is closed without a word more to the disk. */
static void abandon(lua_State *L, struct lua_ledger *self)
{
	self->open = self->inside = false;
	if (self->by_lua)
		self->kind.lua.L = L;
	self->kind.disk.ops->close(&self->kind.disk);
}

/* ledger:close() -> true. As often as one likes; also __close. */
static int ledger_close(lua_State *L)
{
	struct lua_ledger *self = self_at(L);

	if (self->inside) {
		abandon(L, self);
	} else if (enter(L, self)) {
		bc260y_ledger_close(&self->ledger);
		self->open = self->inside = false;
	}
	lua_pushboolean(L, 1);
	return 1;
}

static int gc_abandon(lua_State *L)
{
	abandon(L, lua_touserdata(L, 1));
	return 0;
}

/* Collected without a close it writes nothing: nobody can say when that would be. */
static int ledger_gc(lua_State *L)
{
	struct lua_ledger *self = bc260y_lua_self(L, ledger_class);

	self->object.self = NULL;
	if (!self->open)
		return 0;
	if (!self->by_lua) {
		abandon(L, self);
		return 0;
	}
	/* Its close may raise, which a finalizer must not. */
	lua_pushcfunction(L, gc_abandon);
	lua_pushvalue(L, 1);
	lua_pcall(L, 1, 0, 0);
	return 0;
}

static const luaL_Reg methods[] = {
	{"append", ledger_append},
	{"commit", ledger_commit},
	{"drop", ledger_drop},
	{"read", ledger_read},
	{"release", ledger_release},
	{"range", ledger_range},
	{"size", ledger_size},
	{"id", ledger_id},
	{"stats", ledger_stats},
	{"close", ledger_close},
	{"__close", ledger_close},
	{"__gc", ledger_gc},
	{NULL, NULL},
};

/* --- the constructor ----------------------------------------------------------- */

static uint64_t check_option(lua_State *L, const char *name, uint64_t standard, uint64_t min,
			     uint64_t max)
{
	lua_Number value = (lua_Number)standard;

	lua_getfield(L, 2, name);
	if (!lua_isnil(L, -1)) {
		value = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
		if (!(value >= (lua_Number)min && value <= (lua_Number)max) ||
		    value != (lua_Number)(uint64_t)value)
			luaL_argerror(L, 2, lua_pushfstring(L, "%s: out of range", name));
	}
	lua_pop(L, 1);
	return (uint64_t)value;
}

static void check_id(lua_State *L, uint8_t *id)
{
	lua_getfield(L, 2, "id");
	if (lua_isnil(L, -1)) {
		if (bc260y_entropy(id, BC260Y_LEDGER_ID_SIZE) < 0)
			luaL_error(L, "/dev/urandom can't be read");
	} else {
		if (lua_type(L, -1) != LUA_TSTRING ||
		    bc260y_lua_size(L, -1) != BC260Y_LEDGER_ID_SIZE)
			luaL_argerror(L, 2, "id: 8 bytes expected");
		memcpy(id, lua_tostring(L, -1), BC260Y_LEDGER_ID_SIZE);
	}
	lua_pop(L, 1);
}

static void check_options(lua_State *L, struct bc260y_ledger_options *options)
{
	lua_settop(L, 2);
	if (lua_isnil(L, 2)) {
		lua_newtable(L);
		lua_replace(L, 2);
	}
	luaL_checktype(L, 2, LUA_TTABLE);
	options->record_max = (uint32_t)check_option(L, "record_max", RECORD_MAX_DEFAULT, 1,
						     BC260Y_LEDGER_RECORD_MAX);
	options->segment = (uint32_t)check_option(L, "segment", SEGMENT_DEFAULT,
						  BC260Y_LEDGER_SEGMENT_MIN(options->record_max),
						  BC260Y_LEDGER_SEGMENT_MAX);
	options->limit = check_option(L, "limit", LIMIT_DEFAULT, 2 * (uint64_t)options->segment,
				      BC260Y_LEDGER_LIMIT_MAX);
	check_id(L, options->id);
}

static int open_object(lua_State *L, struct lua_ledger *self,
		       const struct bc260y_ledger_options *options)
{
	int result;

	bc260y_lua_keep(L, 1, 2);
	bc260y_lua_disk_init(&self->kind.lua, L);
	self->open = self->inside = true;
	result = bc260y_ledger_open(&self->ledger, &self->kind.disk, options, self->buffer);
	self->inside = false;
	return result;
}

static int open_folder(lua_State *L, struct lua_ledger *self,
		       const struct bc260y_ledger_options *options)
{
	struct bc260y_folder *folder = &self->kind.folder;
	int result = bc260y_folder_open(folder, lua_tostring(L, 2));

	if (result < 0) {
		self->ledger.where_segment = 0;
		self->ledger.why = "the folder can't be opened";
		return bc260y_ledger_meaning(result);
	}
	self->open = true;
	return bc260y_ledger_open(&self->ledger, &folder->disk, options, self->buffer);
}

/* core.ledger(disk[, options]) -> ledger | nil, err, detail. disk: a folder's path, or an
 * object with the methods lock, next, size, create, read, write, cut, sync, sync_list,
 * remove, close. options: segment (bytes of one, 65536), limit (bytes of all, 16 MiB),
 * record_max (4096), id (8 bytes, for a new outbox). err: "busy", "damaged",
 * "not an outbox", "too long", "not permitted", "no device", "disk error", "outbox full" */
static int new_ledger(lua_State *L)
{
	struct bc260y_ledger_options options;
	bool path = lua_type(L, 1) == LUA_TSTRING;
	struct lua_ledger *self;
	int result, error = 0;

	if (!path && lua_type(L, 1) != LUA_TTABLE && lua_type(L, 1) != LUA_TUSERDATA)
		luaL_argerror(L, 1, "a folder's path or a disk expected");
	if (path)
		luaL_argcheck(L, strlen(lua_tostring(L, 1)) == bc260y_lua_size(L, 1), 1,
			      "a path without NUL expected");
	check_options(L, &options);
	self = bc260y_lua_new(L, ledger_class,
			      sizeof(*self) + BC260Y_LEDGER_BUFFER_SIZE(options.record_max));
	self->open = self->inside = false;
	self->by_lua = !path;
	lua_insert(L, 1);
	/* Now: ledger, disk, options. */
	result = path ? open_folder(L, self, &options) : open_object(L, self, &options);
	if (path)
		error = self->kind.folder.error;
	if (result < 0) {
		self->open = false;
		return push_open_failure(L, self, result, error);
	}
	lua_pushvalue(L, 1);
	return 1;
}

/* core.crc32c(bytes[, crc]) -> number. crc: the result for the bytes before these. */
static int core_crc32c(lua_State *L)
{
	size_t size;
	const char *bytes = luaL_checklstring(L, 1, &size);
	lua_Number crc = luaL_optnumber(L, 2, 0);

	luaL_argcheck(L, crc >= 0 && crc <= 4294967295.0 && crc == (lua_Number)(uint32_t)crc, 2,
		      "a checksum expected");
	bc260y_lua_push_count(L, bc260y_crc32c((uint32_t)crc, bytes, size));
	return 1;
}

/* core.entropy(count) -> so many random bytes of the system, 1 to 256 */
static int core_entropy(lua_State *L)
{
	lua_Integer count = luaL_checkinteger(L, 1);
	char bytes[ENTROPY_MAX];

	luaL_argcheck(L, count >= 1 && count <= ENTROPY_MAX, 1, "1 to 256 bytes");
	if (bc260y_entropy(bytes, (size_t)count) < 0)
		return luaL_error(L, "/dev/urandom can't be read");
	lua_pushlstring(L, bytes, (size_t)count);
	return 1;
}

static const luaL_Reg functions[] = {
	{"crc32c", core_crc32c},
	{"entropy", core_entropy},
	{NULL, NULL},
};

void bc260y_lua_open_ledger(lua_State *L)
{
	bc260y_lua_class(L, ledger_class, methods);
	bc260y_lua_constructor(L, "ledger", new_ledger);
	bc260y_lua_functions(L, functions);
}

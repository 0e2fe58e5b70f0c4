/*
 * Ports as Lua sees them: bc260y.core.serial, tty, net, open, ports, poll, now.
 *
 * It knows Lua's stack and the three kinds of port. It does not know what is said
 * over them. A port that is closed answers nil, "closed" and holds nothing open.
 */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <poll.h>
#include <string.h>

#include "lua_core.h"
#include "port_fd.h"
#include "port_net.h"
#include "port_serial.h"
#include "port_tty.h"

#define PORT_CLASS "bc260y.port"
#define LIST_CLASS "bc260y.ports"

/* The module's own default (wire.md, boot). */
#define BAUD_DEFAULT 9600

/* What one read can give: it comes by the C stack, without a detour by the heap. */
#define READ_SIZE_MAX 4096

/* What core.poll can watch, and what of that needs no memory. */
#define POLL_COUNT_MAX 1024
#define POLL_COUNT_FEW 32

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#endif

struct lua_port {
	union {
		struct bc260y_port port;
		struct bc260y_serial serial;
	} kind;
	char name[]; /* as it was opened */
};

typedef int open_function(struct lua_port *self, const char *name, lua_Number option, char *why);

static int push_closed(lua_State *L)
{
	lua_pushnil(L);
	lua_pushliteral(L, "closed");
	return 2;
}

static int push_lost(lua_State *L)
{
	lua_pushnil(L);
	lua_pushliteral(L, "lost");
	return 2;
}

static int push_failure(lua_State *L, int result, const char *why)
{
	lua_pushnil(L);
	lua_pushstring(L, bc260y_port_error(result));
	if (result == BC260Y_PORT_INVALID)
		lua_pushliteral(L, "port");
	lua_pushstring(L, why);
	return result == BC260Y_PORT_INVALID ? 4 : 3;
}

static struct bc260y_port *self_port(lua_State *L)
{
	struct lua_port *self = bc260y_lua_self(L, PORT_CLASS);

	return &self->kind.port;
}

struct bc260y_port *bc260y_lua_check_port(lua_State *L, int index)
{
	struct lua_port *self = luaL_checkudata(L, index, PORT_CLASS);

	return &self->kind.port;
}

/* port:read([max]) -> bytes, "" when none have come | nil, "lost" | nil, "closed".
 * max: at most and by default 4,096. */
static int port_read(lua_State *L)
{
	struct bc260y_port *port = self_port(L);
	lua_Integer max = luaL_optinteger(L, 2, READ_SIZE_MAX);
	uint8_t bytes[READ_SIZE_MAX];
	ptrdiff_t count;

	luaL_argcheck(L, max > 0, 2, "a positive count expected");
	if (port->fd < 0)
		return push_closed(L);
	if (max > READ_SIZE_MAX)
		max = READ_SIZE_MAX;
	count = port->ops->read(port, bytes, (size_t)max);
	if (count < 0)
		return push_lost(L);
	lua_pushlstring(L, (const char *)bytes, (size_t)count);
	return 1;
}

/* port:write(bytes) -> how many were taken | nil, "lost" | nil, "closed" */
static int port_write(lua_State *L)
{
	struct bc260y_port *port = self_port(L);
	size_t size;
	const char *bytes = luaL_checklstring(L, 2, &size);
	ptrdiff_t count = 0;

	if (port->fd < 0)
		return push_closed(L);
	if (size > 0)
		count = port->ops->write(port, (const uint8_t *)bytes, size);
	if (count < 0)
		return push_lost(L);
	lua_pushinteger(L, (lua_Integer)count);
	return 1;
}

static lua_Number check_seconds(lua_State *L, int index)
{
	lua_Number seconds = luaL_optnumber(L, index, -1);

	luaL_argcheck(L, seconds == seconds, index, "seconds expected, got not a number");
	return seconds;
}

/* port:wait([seconds[, writable]]) -> true, false when the time has passed
 * | nil, "lost" | nil, "closed". seconds: nil or below 0: no limit. */
static int port_wait(lua_State *L)
{
	struct bc260y_port *port = self_port(L);
	lua_Number seconds = check_seconds(L, 2);
	int ready;

	if (port->fd < 0)
		return push_closed(L);
	ready = port->ops->wait(port, (double)seconds, lua_toboolean(L, 3));
	if (ready < 0)
		return push_lost(L);
	lua_pushboolean(L, ready);
	return 1;
}

/* port:fd() -> the descriptor, for a loop that polls it | nil, "closed" */
static int port_fd(lua_State *L)
{
	struct bc260y_port *port = self_port(L);

	if (port->fd < 0)
		return push_closed(L);
	lua_pushinteger(L, port->fd);
	return 1;
}

/* port:close() -> true. As often as one likes; also __gc and __close. */
static int port_close(lua_State *L)
{
	struct bc260y_port *port = self_port(L);

	port->ops->close(port);
	lua_pushboolean(L, 1);
	return 1;
}

/* core.now(), port:now() -> seconds of the monotonic clock. A closed port has it too:
 * it is the clock of all. */
static int port_now(lua_State *L)
{
	lua_pushnumber(L, (lua_Number)bc260y_port_now());
	return 1;
}

static int port_tostring(lua_State *L)
{
	struct lua_port *self = bc260y_lua_self(L, PORT_CLASS);

	lua_pushfstring(L, "%s: %s%s", PORT_CLASS, self->name,
			self->kind.port.fd < 0 ? " (closed)" : "");
	return 1;
}

static const luaL_Reg port_methods[] = {
	{"read", port_read},  {"write", port_write},   {"wait", port_wait},
	{"now", port_now},    {"fd", port_fd},	       {"close", port_close},
	{"__gc", port_close}, {"__close", port_close}, {"__tostring", port_tostring},
	{NULL, NULL},
};

/* A name as C takes it. */
static const char *check_name(lua_State *L, size_t *size)
{
	const char *name = luaL_checklstring(L, 1, size);

	luaL_argcheck(L, strlen(name) == *size, 1, "a name without NUL expected");
	return name;
}

/* The userdata is there, and closes what it holds, before anything is opened: what the
 * opening leaves behind is a port, open or closed. */
static int push_port(lua_State *L, open_function *open, lua_Number option)
{
	char why[BC260Y_PORT_WHY_SIZE];
	size_t size;
	const char *name = check_name(L, &size);
	struct lua_port *self = lua_newuserdata(L, sizeof(*self) + size + 1);
	int result;

	memcpy(self->name, name, size + 1);
	luaL_getmetatable(L, PORT_CLASS);
	lua_setmetatable(L, -2);
	result = open(self, name, option, why);
	return result < 0 ? push_failure(L, result, why) : 1;
}

static int open_serial(struct lua_port *self, const char *name, lua_Number option, char *why)
{
	return bc260y_serial_open(&self->kind.serial, name, (long)option, why);
}

static int open_tty(struct lua_port *self, const char *name, lua_Number option, char *why)
{
	return bc260y_tty_open(&self->kind.port, name, (long)option, why);
}

static int open_net(struct lua_port *self, const char *name, lua_Number option, char *why)
{
	return bc260y_net_open(&self->kind.port, name, (double)option, why);
}

static int open_device(struct lua_port *self, const char *name, lua_Number option, char *why)
{
	int result = open_serial(self, name, option, why);

	if (result == BC260Y_PORT_NOT_SUPPORTED)
		result = open_tty(self, name, option, why);
	return result;
}

static lua_Number check_baud(lua_State *L)
{
	lua_Integer baud = luaL_optinteger(L, 2, BAUD_DEFAULT);

	luaL_argcheck(L, baud > 0 && baud <= 100000000, 2, "bits a second expected");
	return (lua_Number)baud;
}

/* core.serial(path[, baud]) -> port | nil, err, detail: by libserialport */
static int core_serial(lua_State *L)
{
	return push_port(L, open_serial, check_baud(L));
}

/* core.tty(path[, baud]) -> port | nil, err, detail: by termios alone */
static int core_tty(lua_State *L)
{
	return push_port(L, open_tty, check_baud(L));
}

/* core.net(spec[, seconds]) -> port | nil, err, detail
 * | nil, "invalid argument", "port", detail. spec: tcp://host:port, unix:/path.
 * seconds: for the connect, 5 unless given. */
static int core_net(lua_State *L)
{
	lua_Number seconds = luaL_optnumber(L, 2, BC260Y_NET_CONNECT_SECONDS);

	luaL_argcheck(L, seconds > 0 && seconds <= 3600, 2, "above 0 to 3600 seconds expected");
	return push_port(L, open_net, seconds);
}

/* core.open(name[, baud]) -> port | nil, err, detail: whichever kind the name means.
 * A socket has no baud rate. */
static int core_open(lua_State *L)
{
	lua_Number baud = check_baud(L);

	if (bc260y_net_spec(luaL_checkstring(L, 1)))
		return push_port(L, open_net, BC260Y_NET_CONNECT_SECONDS);
	return push_port(L, open_device, baud);
}

static int list_gc(lua_State *L)
{
	bc260y_serial_list_free(bc260y_lua_self(L, LIST_CLASS));
	return 0;
}

static const luaL_Reg list_methods[] = {
	{"__gc", list_gc},
	{NULL, NULL},
};

static void set_string(lua_State *L, const char *field, const char *value)
{
	if (!value)
		return;
	lua_pushstring(L, value);
	lua_setfield(L, -2, field);
}

static void push_info(lua_State *L, const struct bc260y_serial_info *info)
{
	lua_createtable(L, 0, 5);
	set_string(L, "name", info->name);
	set_string(L, "description", info->description);
	set_string(L, "serial", info->serial);
	if (info->usb_vid < 0)
		return;
	lua_pushinteger(L, info->usb_vid);
	lua_setfield(L, -2, "usb_vid");
	lua_pushinteger(L, info->usb_pid);
	lua_setfield(L, -2, "usb_pid");
}

/* core.ports() -> list of { name=, description=, serial=, usb_vid=, usb_pid= }, each
 * field but name only where it is known | nil, err, detail */
static int core_ports(lua_State *L)
{
	char why[BC260Y_PORT_WHY_SIZE];
	struct bc260y_serial_info info;
	/* Held by Lua: out of memory below, the list is still freed. */
	struct bc260y_serial_list *list = lua_newuserdata(L, sizeof(*list));
	int result;

	list->lines = NULL;
	luaL_getmetatable(L, LIST_CLASS);
	lua_setmetatable(L, -2);
	lua_newtable(L);
	result = bc260y_serial_list(list, why);
	if (result < 0)
		return push_failure(L, result, why);
	for (int i = 0; bc260y_serial_list_get(list, (size_t)i, &info); i++) {
		push_info(L, &info);
		lua_rawseti(L, -2, i + 1);
	}
	bc260y_serial_list_free(list);
	return 1;
}

/* Index 1: the descriptors; index 3: nil, or which of them to write on. */
static void fill(lua_State *L, struct pollfd *items, int count)
{
	bool writers = lua_istable(L, 3);

	for (int i = 0; i < count; i++) {
		lua_rawgeti(L, 1, i + 1);
		if (!lua_isnumber(L, -1))
			luaL_argerror(L, 1, "an array of descriptors expected");
		items[i].fd = (int)lua_tointeger(L, -1);
		items[i].events = POLLIN;
		items[i].revents = 0;
		lua_pop(L, 1);
		if (!writers)
			continue;
		lua_rawgeti(L, 3, items[i].fd);
		if (lua_toboolean(L, -1))
			items[i].events |= POLLOUT;
		lua_pop(L, 1);
	}
}

/* Into the table on top, of which nothing older is left. */
static void give(lua_State *L, const struct pollfd *items, int count)
{
	int length = (int)lua_rawlen(L, -1);
	int ready = 0;

	for (int i = 0; i < count; i++) {
		if (items[i].revents == 0)
			continue;
		lua_pushinteger(L, items[i].fd);
		lua_rawseti(L, -2, ++ready);
	}
	for (; length > ready; length--) {
		lua_pushnil(L);
		lua_rawseti(L, -2, length);
	}
}

/* core.poll(fds[, seconds[, writable]]) -> array of the fds that are ready or lost
 * | nil when the time has passed. fds: an array; writable: a table fd -> true of those
 * to be also written on. seconds: nil or below 0: no limit. The array is the same each
 * time: it holds until the next call. */
static int core_poll(lua_State *L)
{
	struct pollfd few[POLL_COUNT_FEW], *items = few;
	lua_Number seconds = check_seconds(L, 2);
	size_t count;
	int ready;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 3);
	count = lua_rawlen(L, 1);
	luaL_argcheck(L, count <= POLL_COUNT_MAX, 1, "at most 1024 descriptors");
	if (count > POLL_COUNT_FEW)
		items = lua_newuserdata(L, count * sizeof(*items));
	fill(L, items, (int)count);
	ready = bc260y_fd_poll(items, count, (double)seconds);
	if (ready < 0)
		return luaL_error(L, "poll: %s", strerror(errno));
	if (ready == 0) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	give(L, items, (int)count);
	return 1;
}

static const luaL_Reg core_functions[] = {
	{"serial", core_serial}, {"tty", core_tty}, {"net", core_net}, {"open", core_open},
	{"ports", core_ports},	 {"now", port_now}, {NULL, NULL},
};

void bc260y_lua_open_ports(lua_State *L)
{
	bc260y_lua_class(L, PORT_CLASS, port_methods);
	bc260y_lua_class(L, LIST_CLASS, list_methods);
	lua_pop(L, 2);
	bc260y_lua_functions(L, core_functions);
	lua_newtable(L);
	lua_pushcclosure(L, core_poll, 1);
	lua_setfield(L, -2, "poll");
}

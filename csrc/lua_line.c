/*
 * bc260y.core.line: a port of the operating system with an exchange on it.
 *
 * It does in one call what lua/bc260y/line.lua does in six for ports that are Lua
 * objects; the methods, and what they give, are the same and described there.
 */
#include "lua_exchange.h"
#include "port.h"

#include <string.h>

static const char line_class[] = "bc260y.line";

/* Reads a turn: a module that never stops talking must not keep the others from being
 * served. */
enum { READ_COUNT_MAX = 8, BUFFER_SIZE = 4096, WAIT_SECONDS_MAX = 3600 };

struct lua_line {
	struct bc260y_lua_object object;
	struct bc260y_exchange exchange;
	struct bc260y_port *port; /* kept alive by the userdata */
	struct bc260y_event event;
	enum bc260y_event_type type; /* of the event that is not given yet, or NONE */
	uint64_t now_ms;	     /* of what is being done */
	int reads;		     /* in this turn */
	bool full;		     /* the last read gave as much as it could */
	bool unwritten;		     /* the port took less than there was */
	bool failed;		     /* it is lost, which next() has to say */
	uint8_t buffer[BUFFER_SIZE];
};

static struct lua_line *check_self(lua_State *L)
{
	return bc260y_lua_object(L, line_class);
}

static uint64_t clock_ms(void)
{
	return bc260y_lua_ms((lua_Number)bc260y_port_now());
}

/* core.line(port) -> line. port: of core.open, core.serial, core.tty, core.net. */
static int new_line(lua_State *L)
{
	struct bc260y_port *port = bc260y_lua_check_port(L, 1);
	struct lua_line *self = bc260y_lua_new(L, line_class, sizeof(*self));

	self->port = port;
	self->type = BC260Y_EVENT_NONE;
	self->now_ms = clock_ms();
	self->reads = 0;
	self->full = self->unwritten = self->failed = false;
	bc260y_exchange_init(&self->exchange, self->buffer, sizeof(self->buffer));
	bc260y_lua_keep(L, lua_gettop(L), 1);
	return 1;
}

static void flush(struct lua_line *self)
{
	const uint8_t *bytes;
	size_t size = bc260y_exchange_output(&self->exchange, &bytes, self->now_ms);
	ptrdiff_t count;

	self->unwritten = false;
	if (!size)
		return;
	count = self->port->ops->write(self->port, bytes, size);
	if (count < 0) {
		self->failed = true;
		return;
	}
	bc260y_exchange_written(&self->exchange, (size_t)count, self->now_ms);
	self->unwritten = (size_t)count < size;
}

static int line_start(lua_State *L)
{
	struct lua_line *self = check_self(L);
	int refusal = bc260y_lua_start(L, &self->exchange, 2);

	if (refusal)
		return refusal;
	self->now_ms = clock_ms();
	flush(self);
	lua_pushboolean(L, 1);
	return 1;
}

/* Result: false when there was nothing to read. */
static bool fill(struct lua_line *self)
{
	uint8_t bytes[BUFFER_SIZE];
	size_t room = bc260y_framer_room(&self->exchange.framer);
	ptrdiff_t count = self->port->ops->read(self->port, bytes, room);

	self->failed |= count < 0;
	self->full = count == (ptrdiff_t)room;
	if (count <= 0)
		return false;
	bc260y_exchange_feed(&self->exchange, bytes, (size_t)count, self->now_ms);
	return true;
}

static void advance(struct lua_line *self)
{
	do {
		self->type = bc260y_exchange_next(&self->exchange, &self->event, self->now_ms);
	} while (!self->type && self->full && self->reads++ < READ_COUNT_MAX && fill(self));
}

/* What next() gives when nothing is left; then everything is written too. */
static bool finish(struct lua_line *self)
{
	if (!self->failed)
		flush(self);
	return !self->failed;
}

/* Pushes a result, and true for its line where nothing comes behind it: that saves the
 * call that would say so. */
static int push_result(lua_State *L, struct lua_line *self)
{
	int count;

	self->event.bytes = NULL; /* its line, of which no string has to be made */
	count = bc260y_lua_push_event(L, self->type, &self->event);
	lua_pop(L, 1);
	self->type = BC260Y_EVENT_NONE;
	advance(self);
	if (self->type == BC260Y_EVENT_NONE && finish(self))
		lua_pushboolean(L, 1);
	else
		lua_pushnil(L);
	return count;
}

static int push_next(lua_State *L, struct lua_line *self)
{
	int count;

	if (self->type == BC260Y_EVENT_NONE)
		advance(self);
	if (self->type == BC260Y_EVENT_RESULT)
		return push_result(L, self);
	if (self->type != BC260Y_EVENT_NONE) {
		count = bc260y_lua_push_event(L, self->type, &self->event);
		self->type = BC260Y_EVENT_NONE;
		return count;
	}
	if (finish(self))
		lua_pushnil(L);
	else
		lua_pushliteral(L, "lost");
	return 1;
}

static int line_next(lua_State *L)
{
	return push_next(L, check_self(L));
}

static int turn(lua_State *L, struct lua_line *self, bool readable)
{
	self->now_ms = clock_ms();
	self->reads = 1;
	self->full = false;
	/* An event that is still to be given stands in the buffer that fill() moves. */
	if (readable && self->type == BC260Y_EVENT_NONE)
		fill(self);
	return push_next(L, self);
}

static int line_turn(lua_State *L)
{
	return turn(L, check_self(L), lua_toboolean(L, 2));
}

/* Seconds until it wants to be turned; below 0: no limit. */
static double due(const struct lua_line *self)
{
	uint64_t deadline_ms = bc260y_exchange_deadline(&self->exchange);
	double left;

	if (self->failed)
		return 0;
	if (deadline_ms == BC260Y_NEVER)
		return -1;
	left = (double)deadline_ms / 1000 - bc260y_port_now();
	return left > 0 ? left : 0;
}

static int line_due(lua_State *L)
{
	struct lua_line *self = check_self(L);
	double left = due(self);

	if (left < 0)
		lua_pushnil(L);
	else
		lua_pushnumber(L, (lua_Number)left);
	lua_pushboolean(L, self->unwritten && !self->failed);
	return 2;
}

/* Result: as the port's wait. */
static int wait(const struct lua_line *self, double seconds)
{
	double left = due(self);

	if (left >= 0 && !(seconds >= 0 && seconds <= left))
		seconds = left;
	return self->port->ops->wait(self->port, seconds, self->unwritten);
}

static int line_wait(lua_State *L)
{
	struct lua_line *self = check_self(L);
	int ready = wait(self, (double)luaL_optnumber(L, 2, WAIT_SECONDS_MAX));

	if (ready < 0)
		lua_pushnil(L);
	else
		lua_pushboolean(L, ready);
	return 1;
}

static int step(lua_State *L, struct lua_line *self, double seconds)
{
	/* An event that Lua had no memory for need not be waited for. */
	int ready = self->type == BC260Y_EVENT_NONE ? wait(self, seconds) : 0;

	self->failed |= ready < 0;
	return turn(L, self, ready > 0);
}

static int line_step(lua_State *L)
{
	struct lua_line *self = check_self(L);

	return step(L, self, (double)luaL_optnumber(L, 2, WAIT_SECONDS_MAX));
}

static int line_run(lua_State *L)
{
	struct lua_line *self = check_self(L);
	int refusal;

	lua_settop(L, 2);
	lua_pushnil(L);
	lua_pushnil(L);
	lua_pushnil(L);
	lua_pushboolean(L, 1);
	refusal = bc260y_lua_start(L, &self->exchange, 2);
	if (refusal) {
		lua_pushliteral(L, "refused");
		lua_replace(L, -refusal - 1);
		return refusal;
	}
	self->now_ms = clock_ms();
	flush(self);
	return step(L, self, WAIT_SECONDS_MAX);
}

static int line_now(lua_State *L)
{
	check_self(L);
	lua_pushnumber(L, (lua_Number)bc260y_port_now());
	return 1;
}

static int line_fd(lua_State *L)
{
	struct lua_line *self = check_self(L);

	if (self->port->fd < 0)
		lua_pushnil(L);
	else
		lua_pushinteger(L, self->port->fd);
	return 1;
}

static int line_close(lua_State *L)
{
	struct lua_line *self = check_self(L);

	self->port->ops->close(self->port);
	return 0;
}

static int line_cancel(lua_State *L)
{
	lua_pushboolean(L, bc260y_exchange_cancel(&check_self(L)->exchange));
	return 1;
}

static int line_settle(lua_State *L)
{
	bc260y_lua_settle(L, &check_self(L)->exchange);
	return 0;
}

static int line_fence(lua_State *L)
{
	bc260y_exchange_fence(&check_self(L)->exchange);
	return 0;
}

static int line_fill(lua_State *L)
{
	bc260y_exchange_fill(&check_self(L)->exchange);
	return 0;
}

static int line_forgive(lua_State *L)
{
	lua_pushboolean(L, bc260y_exchange_forgive(&check_self(L)->exchange));
	return 1;
}

static int line_stats(lua_State *L)
{
	bc260y_lua_push_counters(L, &check_self(L)->exchange.counters);
	return 1;
}

static const luaL_Reg methods[] = {
	{"start", line_start},	   {"wait", line_wait},
	{"due", line_due},	   {"now", line_now},
	{"fd", line_fd},	   {"close", line_close},
	{"cancel", line_cancel},   {"settle", line_settle},
	{"fence", line_fence},	   {"fill", line_fill},
	{"forgive", line_forgive}, {"stats", line_stats},
	{"__gc", bc260y_lua_wipe}, {NULL, NULL},
};

void bc260y_lua_open_line(lua_State *L)
{
	bc260y_lua_class(L, line_class, methods);
	bc260y_lua_method(L, "next", line_next, bc260y_lua_event_words,
			  BC260Y_LUA_EVENT_WORD_COUNT);
	bc260y_lua_method(L, "turn", line_turn, bc260y_lua_event_words,
			  BC260Y_LUA_EVENT_WORD_COUNT);
	bc260y_lua_method(L, "step", line_step, bc260y_lua_event_words,
			  BC260Y_LUA_EVENT_WORD_COUNT);
	bc260y_lua_method(L, "run", line_run, bc260y_lua_event_words, BC260Y_LUA_EVENT_WORD_COUNT);
	bc260y_lua_constructor(L, "line", new_line);
}

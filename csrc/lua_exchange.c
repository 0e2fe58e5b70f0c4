/*
 * bc260y.core.exchange: the exchange, with its buffer, as a Lua object; and how a
 * command and an event cross into it, which lua_line.c shares.
 *
 * Times are seconds of the port's clock. An event that Lua has no memory for is not
 * lost: the next call gives it again.
 */
#include "lua_exchange.h"

static const char exchange_class[] = "bc260y.exchange";

struct lua_exchange {
	struct bc260y_lua_object object;
	struct bc260y_exchange exchange;
	struct bc260y_lua_feed feed;
	struct bc260y_event event;
	enum bc260y_event_type type; /* of the event that is not given yet, or NONE */
	uint8_t buffer[];
};

enum { EVENT_COUNT = BC260Y_EVENT_TRUSTED, UPVALUE_STATUS = 2 + EVENT_COUNT };

/* In the order of enum bc260y_event_type, then of enum bc260y_status. */
const char *const bc260y_lua_event_words[BC260Y_LUA_EVENT_WORD_COUNT] = {
	"info",	    "result", "urc",	   "payload", "orphan",	     "torn",
	"overflow", "reset",  "trusted",   "ok",      "error",	     "fail",
	"timeout",  "torn",   "no prompt", "reset",   "no response", "overflow",
};

static struct lua_exchange *check_self(lua_State *L)
{
	return bc260y_lua_object(L, exchange_class);
}

static uint64_t check_now(lua_State *L)
{
	lua_Number now = lua_tonumber(L, 2);

	return bc260y_lua_ms(now != 0 ? now : luaL_checknumber(L, 2));
}

/* core.exchange([size]) -> exchange. size: of the buffer for what comes in. */
static int new_exchange(lua_State *L)
{
	size_t size = bc260y_lua_buffer_size(L, 1, BC260Y_FRAMER_SIZE_MIN);
	struct lua_exchange *self = bc260y_lua_new(L, exchange_class, sizeof(*self) + size);

	self->feed = (struct bc260y_lua_feed){NULL, 0, false};
	self->type = BC260Y_EVENT_NONE;
	bc260y_exchange_init(&self->exchange, self->buffer, size);
	return 1;
}

/* Seconds at index, of which 0 is as short as can be; 0 when there are none. */
static uint32_t opt_timeout_ms(lua_State *L, int index)
{
	uint64_t ms;

	if (lua_isnoneornil(L, index))
		return 0;
	ms = bc260y_lua_ms(luaL_checknumber(L, index));
	if (ms > UINT32_MAX)
		ms = UINT32_MAX;
	return ms ? (uint32_t)ms : 1;
}

static int push_refusal(lua_State *L, int error, const char *fault)
{
	lua_pushnil(L);
	if (error == BC260Y_ERR_BUSY) {
		lua_pushliteral(L, "busy");
		return 2;
	}
	if (error == BC260Y_ERR_SPACE) {
		lua_pushliteral(L, "too long");
		return 2;
	}
	lua_pushliteral(L, "invalid argument");
	lua_pushstring(L, fault);
	return 3;
}

int bc260y_lua_start(lua_State *L, struct bc260y_exchange *exchange, int index)
{
	struct bc260y_command command = {0};
	const char *fault = NULL;
	int error;

	command.text = luaL_checklstring(L, index, &command.text_size);
	command.data = (const uint8_t *)luaL_optlstring(L, index + 1, NULL, &command.data_size);
	command.timeout_ms = opt_timeout_ms(L, index + 2);
	command.prefix = luaL_optlstring(L, index + 3, NULL, &command.prefix_size);
	command.bare = lua_toboolean(L, index + 4);
	error = bc260y_exchange_start(exchange, &command, &fault);
	return error < 0 ? push_refusal(L, error, fault) : 0;
}

/* exchange:start(now, text[, data[, timeout[, prefix[, bare]]]]) -> true
 * | nil, "busy": one is held or in flight | nil, "too long"
 * | nil, "invalid argument", what of it.
 * text: without CR. data: what follows the prompt. timeout: seconds to the first
 * answer. prefix: of its information lines. bare: lines without a prefix are its own. */
static int exchange_start(lua_State *L)
{
	struct lua_exchange *self = check_self(L);
	int refusal;

	luaL_checknumber(L, 2);
	refusal = bc260y_lua_start(L, &self->exchange, 3);
	if (refusal)
		return refusal;
	lua_pushboolean(L, 1);
	return 1;
}

/* exchange:feed(now, bytes). Raises unless next() has given nil since the last time. */
static int exchange_feed(lua_State *L)
{
	struct lua_exchange *self = check_self(L);
	uint64_t now_ms = check_now(L);
	size_t size;
	const char *bytes = bc260y_lua_feed_begin(L, &self->feed, 3, &size);

	if (size > 0)
		bc260y_lua_feed_took(L, &self->feed, 3, bytes, size,
				     bc260y_exchange_feed(&self->exchange, bytes, size, now_ms));
	return 0;
}

static enum bc260y_event_type advance(lua_State *L, struct lua_exchange *self, uint64_t now_ms)
{
	enum bc260y_event_type type;

	while ((type = bc260y_exchange_next(&self->exchange, &self->event, now_ms)) ==
		       BC260Y_EVENT_NONE &&
	       self->feed.rest_size > 0)
		bc260y_lua_feed_more(L, &self->feed,
				     bc260y_exchange_feed(&self->exchange, self->feed.rest,
							  self->feed.rest_size, now_ms));
	return type;
}

static void push_bytes(lua_State *L, const struct bc260y_event *event)
{
	if (event->bytes)
		lua_pushlstring(L, (const char *)event->bytes, event->size);
	else
		lua_pushnil(L);
}

static int push_result(lua_State *L, const struct bc260y_event *event)
{
	lua_pushvalue(L, lua_upvalueindex(UPVALUE_STATUS + event->status));
	if (event->code < 0 || event->status == BC260Y_STATUS_OK)
		lua_pushnil(L);
	else
		lua_pushinteger(L, event->code);
	lua_pushboolean(L, event->doubtful);
	push_bytes(L, event);
	return 5;
}

int bc260y_lua_push_event(lua_State *L, enum bc260y_event_type type,
			  const struct bc260y_event *event)
{
	lua_pushvalue(L, lua_upvalueindex(1 + (int)type));
	switch (type) {
	case BC260Y_EVENT_RESULT:
		return push_result(L, event);
	case BC260Y_EVENT_PAYLOAD:
		lua_pushinteger(L, event->id);
		push_bytes(L, event);
		return 3;
	case BC260Y_EVENT_TORN:
		push_bytes(L, event);
		if (event->id == BC260Y_ID_NONE)
			lua_pushnil(L);
		else
			lua_pushinteger(L, event->id);
		return 3;
	case BC260Y_EVENT_OVERFLOW:
		bc260y_lua_push_count(L, event->size);
		return 2;
	case BC260Y_EVENT_RESET:
	case BC260Y_EVENT_TRUSTED:
		return 1;
	default:
		push_bytes(L, event);
		return 2;
	}
}

/* exchange:next(now) -> "info", line | "urc", line | "payload", id, bytes
 * | "result", status, code or nil, doubtful, line or nil
 * | "orphan", line | "torn", text, id or nil | "overflow", count of bytes
 * | "reset" | "trusted" | nil: everything is drained and no deadline has passed.
 * status: "ok", "error", "fail", "timeout", "torn", "no prompt", "reset",
 * "no response", "overflow". */
static int exchange_next(lua_State *L)
{
	struct lua_exchange *self = check_self(L);
	uint64_t now_ms = check_now(L);
	int count;

	if (self->type == BC260Y_EVENT_NONE)
		self->type = advance(L, self, now_ms);
	if (self->type == BC260Y_EVENT_NONE) {
		self->feed.undrained = false;
		lua_pushnil(L);
		return 1;
	}
	count = bc260y_lua_push_event(L, self->type, &self->event);
	self->type = BC260Y_EVENT_NONE;
	return count;
}

/* exchange:output(now) -> bytes to write now | nil */
static int exchange_output(lua_State *L)
{
	struct lua_exchange *self = check_self(L);
	uint64_t now_ms = check_now(L);
	const uint8_t *bytes;
	size_t size = bc260y_exchange_output(&self->exchange, &bytes, now_ms);

	if (size > 0)
		lua_pushlstring(L, (const char *)bytes, size);
	else
		lua_pushnil(L);
	return 1;
}

/* exchange:written(now, count): so many bytes of the output went */
static int exchange_written(lua_State *L)
{
	struct lua_exchange *self = check_self(L);
	uint64_t now_ms = check_now(L);
	lua_Integer count = luaL_checkinteger(L, 3);

	luaL_argcheck(L, count >= 0, 3, "a count expected");
	bc260y_exchange_written(&self->exchange, (size_t)count, now_ms);
	return 0;
}

/* exchange:deadline() -> seconds at which to call next and output again | nil */
static int exchange_deadline(lua_State *L)
{
	struct lua_exchange *self = check_self(L);
	uint64_t deadline_ms = bc260y_exchange_deadline(&self->exchange);

	if (deadline_ms == BC260Y_NEVER)
		lua_pushnil(L);
	else
		lua_pushnumber(L, (lua_Number)((double)deadline_ms / 1000));
	return 1;
}

/* exchange:in_flight() -> true when start would say busy */
static int exchange_in_flight(lua_State *L)
{
	lua_pushboolean(L, bc260y_exchange_busy(&check_self(L)->exchange));
	return 1;
}

/* exchange:cancel() -> true when a command was withdrawn of which nothing was sent */
static int exchange_cancel(lua_State *L)
{
	lua_pushboolean(L, bc260y_exchange_cancel(&check_self(L)->exchange));
	return 1;
}

/* exchange:fence(): a fence passes before the next command */
static int exchange_fence(lua_State *L)
{
	bc260y_exchange_fence(&check_self(L)->exchange);
	return 0;
}

/* exchange:fill(): CRs go before what is written next, for a module that waits for data */
static int exchange_fill(lua_State *L)
{
	bc260y_exchange_fill(&check_self(L)->exchange);
	return 0;
}

/* exchange:forgive() -> whether any was due: of what was sent so far no final result is
 * awaited any more */
static int exchange_forgive(lua_State *L)
{
	lua_pushboolean(L, bc260y_exchange_forgive(&check_self(L)->exchange));
	return 1;
}

void bc260y_lua_settle(lua_State *L, struct bc260y_exchange *exchange)
{
	static const char *const names[] = {"open", "send", "close", NULL};
	int second = BC260Y_SECOND_OPEN + luaL_checkoption(L, 2, NULL, names);
	lua_Integer id = BC260Y_ID_NONE;

	if (second == BC260Y_SECOND_OPEN) {
		id = luaL_checkinteger(L, 3);
		luaL_argcheck(L, id >= 0 && id < (lua_Integer)BC260Y_SOCKET_COUNT, 3,
			      "a socket's id expected");
	}
	bc260y_exchange_settle(exchange, (enum bc260y_second)second, (uint8_t)id);
}

/* exchange:settle("open", id | "send" | "close"): the second results of that kind that
 * are owed were settled otherwise */
static int exchange_settle(lua_State *L)
{
	bc260y_lua_settle(L, &check_self(L)->exchange);
	return 0;
}

static void set_counter(lua_State *L, const char *name, uint64_t count)
{
	bc260y_lua_push_count(L, count);
	lua_setfield(L, -2, name);
}

void bc260y_lua_push_counters(lua_State *L, const struct bc260y_counters *counters)
{
	lua_createtable(L, 0, 12);
	set_counter(L, "commands", counters->commands);
	set_counter(L, "timeouts", counters->timeouts);
	set_counter(L, "fences", counters->fences);
	set_counter(L, "orphans", counters->orphans);
	set_counter(L, "urcs", counters->urcs);
	set_counter(L, "payloads", counters->payloads);
	set_counter(L, "torn", counters->torn);
	set_counter(L, "overflows", counters->overflows);
	set_counter(L, "resets", counters->resets);
	set_counter(L, "payload_bytes", counters->payload_bytes);
	set_counter(L, "overflow_bytes", counters->overflow_bytes);
}

/* exchange:stats() -> table of counters */
static int exchange_stats(lua_State *L)
{
	bc260y_lua_push_counters(L, &check_self(L)->exchange.counters);
	return 1;
}

static const luaL_Reg methods[] = {
	{"start", exchange_start},	 {"feed", exchange_feed},
	{"output", exchange_output},	 {"written", exchange_written},
	{"deadline", exchange_deadline}, {"in_flight", exchange_in_flight},
	{"cancel", exchange_cancel},	 {"settle", exchange_settle},
	{"fence", exchange_fence},	 {"fill", exchange_fill},
	{"forgive", exchange_forgive},	 {"stats", exchange_stats},
	{"__gc", bc260y_lua_wipe},	 {NULL, NULL},
};

void bc260y_lua_open_exchange(lua_State *L)
{
	bc260y_lua_class(L, exchange_class, methods);
	bc260y_lua_method(L, "next", exchange_next, bc260y_lua_event_words,
			  BC260Y_LUA_EVENT_WORD_COUNT);
	bc260y_lua_constructor(L, "exchange", new_exchange);
}

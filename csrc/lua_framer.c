/*
 * bc260y.core.framer: the framer, with a buffer of its own, as a Lua object.
 *
 * A string that does not fit the buffer is kept until next() has drained it. A frame
 * that Lua has no memory for is not lost: the next call gives it again.
 */
#include "framer.h"
#include "lua_core.h"

static const char framer_class[] = "bc260y.framer";

struct lua_framer {
	struct bc260y_lua_object object;
	struct bc260y_framer framer;
	struct bc260y_lua_feed feed;
	struct bc260y_frame frame;
	enum bc260y_frame_type type; /* of the frame that is not given yet, or NONE */
	uint8_t buffer[];
};

static const char *const words[] = {"line", "payload", "prompt", "torn", "overflow"};

/* core.framer([size]) -> framer. size: of the buffer in bytes, at least 2,112; a line
 * of that size or more is reported as overflow. */
static int new_framer(lua_State *L)
{
	size_t size = bc260y_lua_buffer_size(L, 1, BC260Y_FRAMER_SIZE_MIN);
	struct lua_framer *self = bc260y_lua_new(L, framer_class, sizeof(*self) + size);

	self->feed = (struct bc260y_lua_feed){NULL, 0, false};
	self->type = BC260Y_FRAME_NONE;
	bc260y_framer_init(&self->framer, self->buffer, size);
	return 1;
}

/* framer:feed(bytes). Raises unless next() has given nil since the last time. */
static int framer_feed(lua_State *L)
{
	struct lua_framer *self = bc260y_lua_object(L, framer_class);
	size_t size;
	const char *bytes = bc260y_lua_feed_begin(L, &self->feed, 2, &size);

	bc260y_lua_feed_took(L, &self->feed, 2, bytes, size,
			     bc260y_framer_feed(&self->framer, bytes, size));
	return 0;
}

static enum bc260y_frame_type advance(lua_State *L, struct lua_framer *self)
{
	enum bc260y_frame_type type;

	while ((type = bc260y_framer_next(&self->framer, &self->frame)) == BC260Y_FRAME_NONE &&
	       self->feed.rest_size > 0)
		bc260y_lua_feed_more(
			L, &self->feed,
			bc260y_framer_feed(&self->framer, self->feed.rest, self->feed.rest_size));
	return type;
}

static int push_bytes(lua_State *L, const struct bc260y_frame *frame)
{
	lua_pushlstring(L, (const char *)frame->bytes, frame->size);
	return 1;
}

static int push_frame(lua_State *L, enum bc260y_frame_type type, const struct bc260y_frame *frame)
{
	lua_pushvalue(L, lua_upvalueindex(1 + (int)type));
	switch (type) {
	case BC260Y_FRAME_PAYLOAD:
		lua_pushinteger(L, frame->id);
		return 2 + push_bytes(L, frame);
	case BC260Y_FRAME_TORN:
		push_bytes(L, frame);
		if (frame->id == BC260Y_ID_NONE)
			lua_pushnil(L);
		else
			lua_pushinteger(L, frame->id);
		return 3;
	case BC260Y_FRAME_OVERFLOW:
		bc260y_lua_push_count(L, frame->size);
		return 2;
	case BC260Y_FRAME_LINE:
		return 1 + push_bytes(L, frame);
	default:
		return 1;
	}
}

/* framer:next() -> "line", text | "payload", id, bytes | "prompt"
 * | "torn", text, id or nil | "overflow", count of bytes | nil: feed more */
static int framer_next(lua_State *L)
{
	struct lua_framer *self = bc260y_lua_object(L, framer_class);
	int count;

	if (self->type == BC260Y_FRAME_NONE)
		self->type = advance(L, self);
	if (self->type == BC260Y_FRAME_NONE) {
		self->feed.undrained = false;
		lua_pushnil(L);
		return 1;
	}
	count = push_frame(L, self->type, &self->frame);
	self->type = BC260Y_FRAME_NONE;
	return count;
}

/* framer:in_payload() -> true while a payload is half received */
static int framer_in_payload(lua_State *L)
{
	struct lua_framer *self = bc260y_lua_object(L, framer_class);

	lua_pushboolean(L, bc260y_framer_in_payload(&self->framer));
	return 1;
}

/* framer:abort(): a payload that is half received comes out of next() as torn */
static int framer_abort(lua_State *L)
{
	struct lua_framer *self = bc260y_lua_object(L, framer_class);

	bc260y_framer_abort(&self->framer);
	return 0;
}

/* framer:forget(): the module restarted, and may quote its payloads or not */
static int framer_forget(lua_State *L)
{
	struct lua_framer *self = bc260y_lua_object(L, framer_class);

	bc260y_framer_forget(&self->framer);
	return 0;
}

static const luaL_Reg methods[] = {
	{"feed", framer_feed},	   {"in_payload", framer_in_payload}, {"abort", framer_abort},
	{"forget", framer_forget}, {"__gc", bc260y_lua_wipe},	      {NULL, NULL},
};

void bc260y_lua_open_framer(lua_State *L)
{
	bc260y_lua_class(L, framer_class, methods);
	bc260y_lua_method(L, "next", framer_next, words, sizeof(words) / sizeof(words[0]));
	bc260y_lua_constructor(L, "framer", new_framer);
}

/*
 * Between the parts of the exchange: what it does (exchange.c), what it makes of what
 * comes in (exchange_in.c, exchange_second.c), what is owed (exchange_owed.c), and its
 * queries (exchange_fence.c). For these files alone.
 */
#ifndef BC260Y_EXCHANGE_IN_H
#define BC260Y_EXCHANGE_IN_H

#include "exchange.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))

static inline enum bc260y_event_type give(struct bc260y_exchange *x, struct bc260y_event *event,
					  enum bc260y_event_type type)
{
	event->type = (uint8_t)type;
	if (type == BC260Y_EVENT_ORPHAN)
		x->counters.orphans++;
	else if (type == BC260Y_EVENT_URC)
		x->counters.urcs++;
	else if (type == BC260Y_EVENT_TORN)
		x->counters.torn++;
	return type;
}

/* Gives event, and behind it the result that the same frame decided: without its
 * bytes, which may have moved by then. */
static inline enum bc260y_event_type give_before(struct bc260y_exchange *x,
						 struct bc260y_event *event,
						 enum bc260y_event_type type,
						 struct bc260y_event *result)
{
	result->size = 0;
	x->deferred = *result;
	return give(x, event, type);
}

/* exchange_in.c: what a frame means. NONE: it was part of something, no event yet. */
enum bc260y_event_type bc260y_exchange_take(struct bc260y_exchange *x, enum bc260y_frame_type type,
					    const struct bc260y_frame *frame,
					    struct bc260y_event *event, uint64_t now_ms);

/* exchange.c: the command in flight has ended; fills in its RESULT. */
enum bc260y_event_type bc260y_exchange_end(struct bc260y_exchange *x, struct bc260y_event *event,
					   enum bc260y_status status, int code, uint64_t now_ms);
/* The same by what its second result said. */
enum bc260y_event_type bc260y_exchange_end_seconded(struct bc260y_exchange *x,
						    struct bc260y_event *event, uint64_t now_ms);
/* exchange_second.c: what a line that is a second result means. */
enum bc260y_event_type bc260y_exchange_take_second(struct bc260y_exchange *x, enum bc260y_word word,
						   struct bc260y_event *event, uint64_t now_ms);
/* exchange_owed.c: what is owed of that kind, and for OPEN of that socket. */
struct bc260y_owed *bc260y_exchange_owed(struct bc260y_exchange *x, uint8_t second, uint8_t id,
					 uint64_t now_ms);
/* The command that is held may not begin: a name, a time or a ping of before may still be
 * told, which nothing else can settle. */
bool bc260y_exchange_barred(struct bc260y_exchange *x, uint64_t now_ms);
/* Until when it has to wait. */
uint64_t bc260y_exchange_rest_ms(const struct bc260y_exchange *x);
/* Whether any second result is owed. */
bool bc260y_exchange_owes(struct bc260y_exchange *x, uint64_t now_ms);
/* The command that begins shares its kind with what is owed, if anything is. */
void bc260y_exchange_taint(struct bc260y_exchange *x, uint64_t now_ms);
/* It has ended so: what is owed from now on. missing: its second result may still come. */
void bc260y_exchange_leave_owed(struct bc260y_exchange *x, enum bc260y_status status, bool missing,
				uint64_t now_ms);

/* exchange_fence.c: each answers with an information line of its own prefix, none of which
 * is a URC. */
struct bc260y_fence {
	const char *text;
	uint8_t text_size;
	uint8_t prefix_size;
};
extern const struct bc260y_fence bc260y_fences[BC260Y_FENCE_COUNT];
/* Bit n: a line with this prefix could answer query n. */
uint8_t bc260y_exchange_clashes(const char *prefix, size_t size);
/* The next query whose prefix no unanswered one shares; BC260Y_FENCE_COUNT: none. */
uint8_t bc260y_exchange_free_fence(const struct bc260y_exchange *x);
/* True when line is what that query asks for. */
bool bc260y_exchange_is_fence(uint8_t fence, const char *line, size_t size);
bool bc260y_exchange_is_fence_echo(const struct bc260y_exchange *x, const char *line, size_t size);
/* exchange.c */
void bc260y_exchange_abandon_fence(struct bc260y_exchange *x);

#endif

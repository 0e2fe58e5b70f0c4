/*
 * What comes in, told apart: the answer of the command in flight, its second result,
 * a URC, or an orphan.
 *
 * It reads and marks the state of the exchange. When that moves on by itself, by time
 * or by what is written, is exchange.c's; what a second result says, exchange_second.c's.
 */
#include "exchange_in.h"

#include <string.h>

/* The number of +CME ERROR, or -1. */
static int error_code(const char *line, size_t size)
{
	struct bc260y_reader reader;
	int64_t code;

	bc260y_reader_init(&reader, line, size,
			   size > 5 && line[3] == 'S' ? "+CMS ERROR" : "+CME ERROR");
	code = bc260y_reader_number(&reader, 0, INT16_MAX);
	return reader.error ? -1 : (int)code;
}

/* A late final result before the fence's own: only now the module comes to the fence. */
static void begin_fence_anew(struct bc260y_exchange *x, uint64_t now_ms)
{
	x->fence_until_ms = MIN(now_ms + BC260Y_FIRST_MS, x->fence_since_ms + BC260Y_PAUSE_MS_MAX);
}

static enum bc260y_event_type take_final(struct bc260y_exchange *x, enum bc260y_word word,
					 struct bc260y_event *event, uint64_t now_ms)
{
	const char *line = (const char *)event->bytes;

	if (x->fencing && x->fence_seen && word == BC260Y_WORD_OK) {
		bc260y_exchange_forgive(x);
		return BC260Y_EVENT_NONE;
	}
	if (x->fencing && x->fence_sent)
		begin_fence_anew(x, now_ms);
	if (!x->active || !x->sent || (x->final && word == BC260Y_WORD_OK))
		return give(x, event, BC260Y_EVENT_ORPHAN);
	x->stray = false;
	if (word == BC260Y_WORD_ERROR)
		return bc260y_exchange_end(x, event, BC260Y_STATUS_ERROR,
					   error_code(line, event->size), now_ms);
	x->final = true;
	if (x->shape.second == BC260Y_SECOND_NONE) {
		x->stray = x->shape.count;
		return bc260y_exchange_end(x, event, BC260Y_STATUS_OK, -1, now_ms);
	}
	if (x->shape.prompted && !x->data_sent) {
		x->early_final = true;
		return BC260Y_EVENT_NONE;
	}
	x->first_until_ms = BC260Y_NEVER;
	if (x->seconded && x->second_until_ms == BC260Y_NEVER)
		return bc260y_exchange_end_seconded(x, event, now_ms);
	if (x->second_until_ms == BC260Y_NEVER)
		x->second_until_ms = now_ms + x->shape.second_ms;
	return BC260Y_EVENT_NONE;
}

/* The module restarted. What was owed will never come, but what was on its way to it
 * may have found it ready again: a fence has to pass all the same. */
static enum bc260y_event_type take_ready(struct bc260y_exchange *x, struct bc260y_event *event,
					 uint64_t now_ms)
{
	bool pending = x->active || x->held;
	uint8_t fence_owed = (uint8_t)(x->fencing ? 1u << x->fence : 0);

	x->counters.resets++;
	bc260y_exchange_forgive(x);
	bc260y_framer_forget(&x->framer);
	memset(x->owed, 0, sizeof(x->owed));
	x->stray = false;
	x->dns_orphans = 0;
	/* Ends the line whose rest the module would read alone. */
	x->fill_left = x->out_size != 0;
	x->out_size = 0;
	event->type = BC260Y_EVENT_RESET;
	event->size = 0;
	if (pending) {
		x->deferred = *event;
		bc260y_exchange_end(x, event, BC260Y_STATUS_RESET, -1, now_ms);
	}
	x->held = false;
	x->unfenced = true;
	x->fences_owed = fence_owed;
	return (enum bc260y_event_type)event->type;
}

static bool has_prefix(const char *line, size_t size, const char *prefix, size_t prefix_size)
{
	return prefix_size && size > prefix_size && line[prefix_size] == ':' &&
	       !memcmp(line, prefix, prefix_size);
}

static bool is_answer(const struct bc260y_exchange *x, const char *line, size_t size)
{
	return x->active && x->sent && has_prefix(line, size, x->prefix, x->prefix_size) &&
	       !bc260y_line_is_urc(line, size);
}

/* True when a line holds what is left of a damaged "recv" header: what follows it may be
 * payload dressed as results. */
static bool is_damaged_recv(const char *line, size_t size)
{
	static const char word[] = {'r', 'e', 'c', 'v'};

	for (size_t i = 0; i + 7 < size; i++) {
		size_t at = i + sizeof(word);

		if (memcmp(line + i, word, sizeof(word)) != 0)
			continue;
		at += line[at] == '"';
		if (line[at] == ',' && line[at + 1] >= '0' && line[at + 1] <= '9' &&
		    line[at + 2] == ',' && (at + 3 >= size || line[at + 3] != '"'))
			return true;
	}
	return false;
}

/* The deadline is that of the first answer: what follows it has as long again. */
static void answered(bool *seen, uint64_t *until_ms, uint64_t now_ms)
{
	if (!*seen && *until_ms < now_ms + BC260Y_FIRST_MS)
		*until_ms = now_ms + BC260Y_FIRST_MS;
	*seen = true;
}

static enum bc260y_event_type take_prefixed(struct bc260y_exchange *x, struct bc260y_event *event,
					    uint64_t now_ms)
{
	const char *line = (const char *)event->bytes;

	if (is_answer(x, line, event->size)) {
		answered(&x->answered, &x->first_until_ms, now_ms);
		return give(x, event, BC260Y_EVENT_INFO);
	}
	if (x->fencing && x->fence_sent && bc260y_exchange_is_fence(x->fence, line, event->size)) {
		answered(&x->fence_seen, &x->fence_until_ms, now_ms);
		return BC260Y_EVENT_NONE;
	}
	for (uint8_t i = 0; i < BC260Y_FENCE_COUNT; i++) {
		if ((x->fences_owed & (1u << i)) &&
		    bc260y_exchange_is_fence(i, line, event->size)) {
			x->fences_owed &= (uint8_t) ~(1u << i);
			return give(x, event, BC260Y_EVENT_ORPHAN);
		}
	}
	if (has_prefix(line, event->size, x->late_prefix, x->late_prefix_size) &&
	    !bc260y_line_is_urc(line, event->size))
		return give(x, event, BC260Y_EVENT_ORPHAN);
	return give(x, event, BC260Y_EVENT_URC);
}

static bool is_echo(const struct bc260y_exchange *x, const char *line, size_t size)
{
	return x->active && !x->echoed && size + 1 == x->text_size && !memcmp(line, x->text, size);
}

static enum bc260y_event_type take_bare(struct bc260y_exchange *x, struct bc260y_event *event,
					uint64_t now_ms)
{
	const char *line = (const char *)event->bytes;

	if (is_echo(x, line, event->size)) {
		x->echoed = true;
		return BC260Y_EVENT_NONE;
	}
	if (bc260y_exchange_is_fence_echo(x, line, event->size))
		return BC260Y_EVENT_NONE;
	if (x->active && x->sent && x->bare) {
		answered(&x->answered, &x->first_until_ms, now_ms);
		return give(x, event, BC260Y_EVENT_INFO);
	}
	return give(x, event, x->unfenced ? BC260Y_EVENT_ORPHAN : BC260Y_EVENT_URC);
}

/* Between a torn frame and its fence a line may be payload dressed as a result. */
static enum bc260y_event_type take_untrusted(struct bc260y_exchange *x, struct bc260y_event *event,
					     uint64_t now_ms)
{
	const char *line = (const char *)event->bytes;

	if (bc260y_exchange_is_fence_echo(x, line, event->size))
		return BC260Y_EVENT_NONE;
	if (!x->fencing || !x->fence_sent)
		return give(x, event, BC260Y_EVENT_TORN);
	if (bc260y_exchange_is_fence(x->fence, line, event->size)) {
		answered(&x->fence_seen, &x->fence_until_ms, now_ms);
		return BC260Y_EVENT_NONE;
	}
	if (!x->fence_seen || bc260y_line_word(line, event->size) != BC260Y_WORD_OK)
		return give(x, event, BC260Y_EVENT_TORN);
	bc260y_exchange_forgive(x);
	return give(x, event, BC260Y_EVENT_TRUSTED);
}

static enum bc260y_event_type take_torn(struct bc260y_exchange *x, struct bc260y_event *event,
					uint64_t now_ms)
{
	struct bc260y_event result = {.code = -1, .id = BC260Y_ID_NONE};

	x->untrusted = x->unfenced = true;
	x->torn_ms = now_ms;
	bc260y_exchange_abandon_fence(x);
	if (!x->active)
		return give(x, event, BC260Y_EVENT_TORN);
	bc260y_exchange_end(x, &result, BC260Y_STATUS_TORN, -1, now_ms);
	return give_before(x, event, BC260Y_EVENT_TORN, &result);
}

static enum bc260y_event_type take_line(struct bc260y_exchange *x, struct bc260y_event *event,
					uint64_t now_ms)
{
	const char *line = (const char *)event->bytes;
	enum bc260y_word word = bc260y_line_word(line, event->size);

	if (x->untrusted)
		return take_untrusted(x, event, now_ms);
	switch (word) {
	case BC260Y_WORD_OK:
	case BC260Y_WORD_ERROR:
		return take_final(x, word, event, now_ms);
	case BC260Y_WORD_READY:
		return take_ready(x, event, now_ms);
	case BC260Y_WORD_OTHER:
		if (is_damaged_recv(line, event->size) && !is_echo(x, line, event->size) &&
		    !is_answer(x, line, event->size))
			return take_torn(x, event, now_ms);
		return line[0] == '+' ? take_prefixed(x, event, now_ms)
				      : take_bare(x, event, now_ms);
	default:
		/* A test form's answer may look like one. */
		if (!x->shape.second && is_answer(x, line, event->size) &&
		    !bc260y_exchange_owes(x, now_ms))
			return take_prefixed(x, event, now_ms);
		return bc260y_exchange_take_second(x, word, event, now_ms);
	}
}

static enum bc260y_event_type take_prompt(struct bc260y_exchange *x, struct bc260y_event *event,
					  uint64_t now_ms)
{
	event->bytes = (const uint8_t *)">";
	event->size = 1;
	if (x->active && x->sent && x->shape.prompted && !x->prompted) {
		x->prompted = true;
		x->first_until_ms = BC260Y_NEVER; /* until the data is written */
		x->data_at_ms = now_ms + BC260Y_PROMPT_MS;
		return BC260Y_EVENT_NONE;
	}
	/* It came after all: the module waits for the data that nobody will send. CRs would be
	 * taken for the data of a command in flight; one that misses its own prompt is filled
	 * up at its end. */
	if (!(x->active && x->shape.prompted) && x->fill_left < x->fill_size)
		x->fill_left = x->fill_size;
	return give(x, event, x->untrusted ? BC260Y_EVENT_TORN : BC260Y_EVENT_ORPHAN);
}

enum bc260y_event_type bc260y_exchange_take(struct bc260y_exchange *x, enum bc260y_frame_type type,
					    const struct bc260y_frame *frame,
					    struct bc260y_event *event, uint64_t now_ms)
{
	event->bytes = frame->bytes;
	event->size = frame->size;
	event->id = frame->id;
	switch (type) {
	case BC260Y_FRAME_LINE:
		return take_line(x, event, now_ms);
	case BC260Y_FRAME_PAYLOAD:
		if (x->untrusted)
			return give(x, event, BC260Y_EVENT_TORN);
		x->counters.payloads++;
		x->counters.payload_bytes += frame->size;
		return give(x, event, BC260Y_EVENT_PAYLOAD);
	case BC260Y_FRAME_PROMPT:
		return take_prompt(x, event, now_ms);
	case BC260Y_FRAME_TORN:
		return take_torn(x, event, now_ms);
	default:
		x->overflowed = true;
		x->counters.overflows++;
		x->counters.overflow_bytes += frame->size;
		return give(x, event, BC260Y_EVENT_OVERFLOW);
	}
}

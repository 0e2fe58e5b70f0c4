/*
 * One command in flight, its answer told from everything else that comes in.
 *
 * Beyond the command in flight it remembers that a fence has to pass before the next
 * one (a final result is missing, or a frame was torn), which fence queries were
 * never answered, and which second results are owed. It does not know what a command
 * is for, nor who asked.
 */
#include "exchange_in.h"

#include <string.h>

/* Outside data mode these are empty commands. */
static const uint8_t fill[8] = {'\r', '\r', '\r', '\r', '\r', '\r', '\r', '\r'};

int bc260y_exchange_init(struct bc260y_exchange *x, uint8_t *buffer, size_t size)
{
	memset(x, 0, sizeof(*x));
	x->fence = BC260Y_FENCE_COUNT - 1;
	x->fill_size = BC260Y_SEND_TEXT_SIZE_MAX; /* for the prompt of somebody else's command */
	return bc260y_framer_init(&x->framer, buffer, size) ? BC260Y_ERR_SPACE : 0;
}

static bool half_written(const struct bc260y_exchange *x)
{
	return x->out_size && x->out >= (const uint8_t *)x->text &&
	       x->out < (const uint8_t *)x->text + sizeof(x->text);
}

bool bc260y_exchange_busy(const struct bc260y_exchange *x)
{
	return x->held || x->active || half_written(x) || x->deferred.type == BC260Y_EVENT_RESULT;
}

bool bc260y_exchange_cancel(struct bc260y_exchange *x)
{
	bool withdrawn = x->held;

	x->held = false;
	return withdrawn;
}

void bc260y_exchange_fence(struct bc260y_exchange *x)
{
	x->unfenced = true;
}

void bc260y_exchange_fill(struct bc260y_exchange *x)
{
	x->fill_left = BC260Y_SEND_TEXT_SIZE_MAX;
}

static void hold(struct bc260y_exchange *x, const struct bc260y_command *command,
		 const char *prefix, size_t prefix_size)
{
	memcpy(x->text, command->text, command->text_size);
	x->text[command->text_size] = '\r';
	x->text_size = (uint16_t)(command->text_size + 1);
	x->data_size = (uint16_t)command->data_size;
	if (command->data_size)
		memcpy(x->text + x->text_size, command->data, command->data_size);
	x->prefix_size = (uint8_t)prefix_size;
	for (size_t i = 0; i < prefix_size; i++)
		x->prefix[i] = bc260y_upper(prefix[i]);
	x->timeout_ms = command->timeout_ms ? command->timeout_ms : BC260Y_FIRST_MS;
	x->bare = command->bare || x->shape.bare;
	x->held = true;
	x->fence_tries = 0;
}

int bc260y_exchange_start(struct bc260y_exchange *x, const struct bc260y_command *command,
			  const char **fault)
{
	struct bc260y_shape shape;
	const char *prefix = command->prefix;
	size_t prefix_size = command->prefix_size;

	if (bc260y_exchange_busy(x))
		return BC260Y_ERR_BUSY;
	if (command->text_size + 1 + command->data_size > sizeof(x->text))
		return BC260Y_ERR_SPACE;
	if (bc260y_command_shape(command->text, command->text_size, &shape, fault))
		return BC260Y_ERR_ARGUMENT;
	*fault = "data";
	if (shape.prompted != command->data_size)
		return BC260Y_ERR_ARGUMENT;
	if (!prefix) {
		prefix = shape.prefix;
		prefix_size = shape.prefix_size;
	}
	*fault = "prefix";
	if (prefix_size > sizeof(x->prefix))
		return BC260Y_ERR_ARGUMENT;
	/* The command's own prefix counts too: that is what its answer may begin with. */
	x->clash = bc260y_exchange_clashes(prefix, prefix_size) |
		   bc260y_exchange_clashes(shape.prefix, shape.prefix_size);
	x->shape = shape;
	x->shape.prefix = NULL; /* it points into the caller's text */
	hold(x, command, prefix, prefix_size);
	return 0;
}

static void write_out(struct bc260y_exchange *x, const void *bytes, size_t size, uint64_t now_ms)
{
	x->out = bytes;
	x->out_size = size;
	x->write_until_ms = now_ms + BC260Y_WRITE_MS;
}

static void begin_data(struct bc260y_exchange *x, uint64_t now_ms)
{
	x->data_at_ms = BC260Y_NEVER;
	write_out(x, x->text + x->text_size, x->data_size, now_ms);
}

/* What a command that ended without its final result leaves behind. */
static void leave_late(struct bc260y_exchange *x)
{
	x->unfenced = true;
	x->late_clash |= x->clash;
	x->late_prefix_size = x->prefix_size;
	memcpy(x->late_prefix, x->prefix, x->prefix_size);
}

/* A module that may be waiting for data, or for a byte of it that was lost, gets CRs: what
 * comes next would be taken for it. Then nobody knows what the peer gets.
 * Result: whether it was so. */
static bool leave_data(struct bc260y_exchange *x)
{
	if (!x->shape.prompted || (x->final && !x->early_final))
		return false;
	x->fill_left = x->data_size;
	if (!x->prompted)
		x->fill_size = x->data_size;
	return true;
}

/* The command in flight has ended: what it leaves open, and its result. */
enum bc260y_event_type bc260y_exchange_end(struct bc260y_exchange *x, struct bc260y_event *event,
					   enum bc260y_status status, int code, uint64_t now_ms)
{
	bool missing = status == BC260Y_STATUS_TIMEOUT || status == BC260Y_STATUS_TORN;

	x->active = false;
	if (status == BC260Y_STATUS_TIMEOUT)
		x->counters.timeouts++;
	if (missing && leave_data(x))
		status = BC260Y_STATUS_NO_PROMPT;
	if (x->shape.second)
		bc260y_exchange_leave_owed(x, status, missing, now_ms);
	if (x->early_final || (!x->final && status != BC260Y_STATUS_ERROR))
		leave_late(x);
	/* What was too long may have been one of its lines. */
	if (status == BC260Y_STATUS_OK && x->overflowed && !x->shape.second &&
	    (x->prefix_size || x->bare))
		status = BC260Y_STATUS_OVERFLOW;
	event->type = BC260Y_EVENT_RESULT;
	event->status = (uint8_t)status;
	event->code = code;
	event->doubtful = x->doubtful;
	return BC260Y_EVENT_RESULT;
}

/* What the second result said decides, once it has come. */
enum bc260y_event_type bc260y_exchange_end_seconded(struct bc260y_exchange *x,
						    struct bc260y_event *event, uint64_t now_ms)
{
	enum bc260y_status status = x->second_code ? BC260Y_STATUS_FAIL : BC260Y_STATUS_OK;

	/* An older one's does not say that its data is complete. */
	if (x->doubtful && leave_data(x))
		status = BC260Y_STATUS_NO_PROMPT;
	return bc260y_exchange_end(x, event, status, x->second_code, now_ms);
}

static void fail_held(struct bc260y_exchange *x)
{
	x->held = false;
	x->deferred = (struct bc260y_event){.type = BC260Y_EVENT_RESULT,
					    .status = BC260Y_STATUS_NO_RESPONSE,
					    .code = -1,
					    .id = BC260Y_ID_NONE};
}

static void begin(struct bc260y_exchange *x, uint64_t now_ms)
{
	x->held = false;
	x->active = true;
	x->sent = x->echoed = x->answered = x->overflowed = x->final = x->early_final = false;
	x->prompted = x->data_sent = x->seconded = x->doubtful = x->tainted = false;
	x->dns_header = false;
	x->second_code = 0;
	x->dns_left = x->ping_count = 0;
	x->first_until_ms = x->second_until_ms = x->data_at_ms = BC260Y_NEVER;
	x->paused_ms = 0;
	x->counters.commands++;
	if (x->shape.second)
		bc260y_exchange_taint(x, now_ms);
	write_out(x, x->text, x->text_size, now_ms);
}

static void begin_fence(struct bc260y_exchange *x, uint8_t fence, uint64_t now_ms)
{
	x->fence = fence;
	x->fencing = true;
	x->paused_ms = 0;
	x->fence_sent = x->fence_seen = false;
	x->fence_until_ms = BC260Y_NEVER;
	x->fence_since_ms = now_ms;
	x->fence_tries++;
	x->counters.fences++;
	write_out(x, bc260y_fences[x->fence].text, bc260y_fences[x->fence].text_size, now_ms);
}

void bc260y_exchange_abandon_fence(struct bc260y_exchange *x)
{
	if (x->fencing)
		x->fences_owed |= (uint8_t)(1u << x->fence);
	x->fencing = false;
}

bool bc260y_exchange_forgive(struct bc260y_exchange *x)
{
	bool owed = x->unfenced;

	x->fencing = x->unfenced = x->untrusted = false;
	x->fences_owed = x->late_prefix_size = x->late_clash = 0;
	x->fill_size = 0;
	return owed;
}

/* After a torn frame the rest of it may still be coming in. */
static uint64_t quiet_ms(const struct bc260y_exchange *x)
{
	if (!x->untrusted)
		return 0;
	return MIN(x->fed_ms + BC260Y_QUIET_MS, x->torn_ms + BC260Y_QUIET_MAX_MS);
}

/* CRs would be taken for the data of a command in flight. */
static bool fill_due(const struct bc260y_exchange *x)
{
	return x->fill_left && !(x->active && x->shape.prompted);
}

/* Starts to write what is due, if the line is clear for it. */
static void advance(struct bc260y_exchange *x, uint64_t now_ms)
{
	uint8_t fence;

	if (x->out_size)
		return;
	if (fill_due(x)) {
		write_out(x, fill, MIN(x->fill_left, sizeof(fill)), now_ms);
		return;
	}
	if (x->active) {
		if (now_ms >= x->data_at_ms)
			begin_data(x, now_ms);
		return;
	}
	if (x->fencing || bc260y_framer_in_payload(&x->framer) || !(x->held || x->untrusted))
		return;
	if (!x->unfenced) {
		if (bc260y_exchange_barred(x, now_ms))
			fail_held(x);
		else if (now_ms >= bc260y_exchange_rest_ms(x))
			begin(x, now_ms);
		return;
	}
	if (now_ms < quiet_ms(x))
		return;
	if (now_ms - x->fence_since_ms > BC260Y_FENCE_OWED_MS)
		x->fences_owed = 0;
	fence = bc260y_exchange_free_fence(x);
	/* Late answers free their queries: a module that is always late must not keep a
	 * command waiting for ever. */
	if (x->held && x->fence_tries >= BC260Y_FENCE_COUNT)
		fail_held(x);
	else if (fence < BC260Y_FENCE_COUNT)
		begin_fence(x, fence, now_ms);
	else if (x->held)
		fail_held(x);
}

size_t bc260y_exchange_output(struct bc260y_exchange *x, const uint8_t **bytes, uint64_t now_ms)
{
	advance(x, now_ms);
	*bytes = x->out;
	return x->out_size;
}

/* The last byte of something was written: now its answer has a deadline. */
static void all_written(struct bc260y_exchange *x, const uint8_t *end, uint64_t now_ms)
{
	const uint8_t *text_end = (const uint8_t *)x->text + x->text_size;

	if (x->fencing && end == (const uint8_t *)bc260y_fences[x->fence].text +
					  bc260y_fences[x->fence].text_size) {
		x->fence_sent = true;
		x->fence_until_ms = now_ms + BC260Y_FIRST_MS;
	} else if (x->active && end == text_end) {
		x->sent = true;
		x->first_until_ms = now_ms + x->timeout_ms;
	} else if (x->active && end == text_end + x->data_size) {
		x->data_sent = true;
		x->first_until_ms = x->final ? BC260Y_NEVER : now_ms + BC260Y_FIRST_MS;
		if (x->final)
			x->second_until_ms = now_ms + x->shape.second_ms;
	}
}

void bc260y_exchange_written(struct bc260y_exchange *x, size_t count, uint64_t now_ms)
{
	count = MIN(count, x->out_size);
	if (!count)
		return;
	if (x->out == fill)
		x->fill_left = (uint16_t)(x->fill_left - count);
	x->out_size -= count;
	x->out = x->out == fill ? fill : x->out + count;
	if (!x->out_size)
		all_written(x, x->out, now_ms);
}

/* Deadlines wait while a payload comes in, within reason: a peer that never stops talking
 * must not keep a command from ending. */
static void pause(struct bc260y_exchange *x, uint64_t now_ms)
{
	uint64_t pause_ms = MIN(now_ms - x->fed_ms, BC260Y_PAUSE_MS_MAX - x->paused_ms);

	x->paused_ms += (uint32_t)pause_ms;
	if (x->first_until_ms != BC260Y_NEVER)
		x->first_until_ms += pause_ms;
	if (x->second_until_ms != BC260Y_NEVER)
		x->second_until_ms += pause_ms;
	if (x->fence_until_ms != BC260Y_NEVER)
		x->fence_until_ms += pause_ms;
}

size_t bc260y_exchange_feed(struct bc260y_exchange *x, const void *bytes, size_t size,
			    uint64_t now_ms)
{
	if (bc260y_framer_in_payload(&x->framer))
		pause(x, now_ms);
	if (size)
		x->fed_ms = now_ms;
	return bc260y_framer_feed(&x->framer, bytes, size);
}

/* When the command in flight, the fence, or what is being written, is given up. */
static uint64_t patience_ms(const struct bc260y_exchange *x)
{
	uint64_t until_ms = x->out_size ? x->write_until_ms : BC260Y_NEVER;

	if (x->active)
		until_ms = MIN(until_ms, MIN(x->first_until_ms, x->second_until_ms));
	if (x->fencing)
		until_ms = MIN(until_ms, x->fence_until_ms);
	return until_ms;
}

/* True while a payload is coming in for which deadlines wait. */
static bool paused(const struct bc260y_exchange *x)
{
	return bc260y_framer_in_payload(&x->framer) && x->paused_ms < BC260Y_PAUSE_MS_MAX;
}

uint64_t bc260y_exchange_deadline(const struct bc260y_exchange *x)
{
	uint64_t until_ms;

	if (x->deferred.type || (fill_due(x) && !x->out_size))
		return 0;
	until_ms = patience_ms(x);
	if (paused(x))
		return x->fed_ms + BC260Y_STALL_MS;
	if (bc260y_framer_in_payload(&x->framer))
		return MIN(until_ms, x->fed_ms + BC260Y_STALL_MS);
	if (x->held && !x->unfenced && !x->out_size)
		return bc260y_exchange_rest_ms(x);
	if (x->active && !x->out_size)
		return MIN(until_ms, x->data_at_ms);
	if (!x->unfenced || x->fencing || x->out_size || !(x->held || x->untrusted))
		return until_ms;
	if (!x->held && bc260y_exchange_free_fence(x) == BC260Y_FENCE_COUNT)
		until_ms = x->fence_since_ms + BC260Y_FENCE_OWED_MS + 1;
	else
		until_ms = 0;
	return until_ms > quiet_ms(x) ? until_ms : quiet_ms(x);
}

/* The line takes no bytes. What is half written gets an end, whenever it does again:
 * text a CR, data as many as it lacks, for the module waits for them. */
static void cut_short(struct bc260y_exchange *x)
{
	const uint8_t *data = (const uint8_t *)x->text + x->text_size;

	if (half_written(x) && x->out >= data)
		x->fill_left = (uint16_t)x->out_size;
	else if (!x->fill_left)
		x->fill_left = 1;
	x->out_size = 0;
	x->unfenced = true;
}

/* A deadline has passed: what of it comes to an end. */
static enum bc260y_event_type give_up(struct bc260y_exchange *x, struct bc260y_event *event,
				      uint64_t now_ms)
{
	bool stuck = x->out_size && now_ms >= x->write_until_ms;
	bool data = stuck && x->sent && half_written(x);

	if (now_ms < patience_ms(x))
		return BC260Y_EVENT_NONE;
	if (stuck)
		cut_short(x);
	/* The CRs that end its data are no part of what the socket's peer may get. */
	if (x->active && data)
		return bc260y_exchange_end(x, event, BC260Y_STATUS_NO_PROMPT, -1, now_ms);
	/* Quiet after the first address (2.3.6 note 2), or no OK after the second result:
	 * either way that result stands. */
	if (x->active && x->seconded)
		return bc260y_exchange_end_seconded(x, event, now_ms);
	if (x->active)
		return bc260y_exchange_end(x, event, BC260Y_STATUS_TIMEOUT, -1, now_ms);
	bc260y_exchange_abandon_fence(x);
	/* The command can't follow what stands in its way. */
	if (!x->held || !stuck)
		return BC260Y_EVENT_NONE;
	fail_held(x);
	*event = x->deferred;
	x->deferred.type = BC260Y_EVENT_NONE;
	return BC260Y_EVENT_RESULT;
}

enum bc260y_event_type bc260y_exchange_next(struct bc260y_exchange *x, struct bc260y_event *event,
					    uint64_t now_ms)
{
	struct bc260y_frame frame;
	enum bc260y_frame_type type;

	*event = x->deferred;
	x->deferred.type = BC260Y_EVENT_NONE;
	if (event->type)
		return (enum bc260y_event_type)event->type;
	event->code = -1;
	event->id = BC260Y_ID_NONE;
	for (;;) {
		type = bc260y_framer_next(&x->framer, &frame);
		if (type == BC260Y_FRAME_NONE && bc260y_framer_in_payload(&x->framer) &&
		    now_ms >= x->fed_ms + BC260Y_STALL_MS) {
			bc260y_framer_abort(&x->framer);
			continue;
		}
		if (type == BC260Y_FRAME_NONE) {
			event->size = 0;
			return paused(x) ? BC260Y_EVENT_NONE : give_up(x, event, now_ms);
		}
		if (bc260y_exchange_take(x, type, &frame, event, now_ms))
			return (enum bc260y_event_type)event->type;
	}
}

/*
 * Second results: what comes after an OK and says how the operation ended.
 *
 * It knows whose each is by the command in flight and by what is owed: only QIOPEN's
 * carries an id. Some are one line; the addresses of a name and the results of a ping
 * are several.
 */
#include "exchange_in.h"

/* An older operation's second result, or one that nobody waits for. Where that can't be
 * told from the one in flight, both are in once nothing is owed: it stays unknown which
 * said what. */
static enum bc260y_event_type take_late_second(struct bc260y_exchange *x, struct bc260y_owed *owed,
					       struct bc260y_event *event, uint64_t now_ms)
{
	struct bc260y_event result = *event;

	if (owed->count)
		owed->count--;
	else if (owed->doubt)
		owed->doubt--;
	if (!x->active || !x->tainted || owed->count ||
	    owed != bc260y_exchange_owed(x, x->shape.second, x->shape.id, now_ms))
		return give(x, event, BC260Y_EVENT_ORPHAN);
	bc260y_exchange_end(x, &result, BC260Y_STATUS_TIMEOUT, -1, now_ms);
	return give_before(x, event, BC260Y_EVENT_ORPHAN, &result);
}

static bool awaits(const struct bc260y_exchange *x, uint8_t second, uint8_t id)
{
	return x->active && x->sent && !x->seconded && x->shape.second == second &&
	       (second != BC260Y_SECOND_OPEN || x->shape.id == id) &&
	       (!x->shape.prompted || x->data_sent);
}

static enum bc260y_event_type take_second(struct bc260y_exchange *x, uint8_t second, uint8_t id,
					  int code, struct bc260y_event *event, uint64_t now_ms)
{
	struct bc260y_owed *owed = bc260y_exchange_owed(x, second, id, now_ms);
	struct bc260y_event result = *event;

	if (owed->count || !awaits(x, second, id))
		return take_late_second(x, owed, event, now_ms);
	x->seconded = true;
	x->doubtful = second == BC260Y_SECOND_SEND && owed->doubt;
	if (owed->doubt)
		owed->until_ms = BC260Y_NEVER; /* this one's own may be what is late now */
	x->second_code = (int16_t)code;
	x->second_until_ms = BC260Y_NEVER;
	if (!x->final && x->first_until_ms > now_ms + BC260Y_FINAL_GRACE_MS)
		x->first_until_ms = now_ms + BC260Y_FINAL_GRACE_MS;
	if (x->final)
		bc260y_exchange_end_seconded(x, &result, now_ms);
	if (second == BC260Y_SECOND_SEND || second == BC260Y_SECOND_CLOSE ||
	    second == BC260Y_SECOND_DNS) {
		*event = result;
		return x->final ? BC260Y_EVENT_RESULT : BC260Y_EVENT_NONE;
	}
	if (x->final)
		return give_before(x, event, BC260Y_EVENT_INFO, &result);
	return give(x, event, BC260Y_EVENT_INFO);
}

static enum bc260y_event_type take_open(struct bc260y_exchange *x, struct bc260y_event *event,
					uint64_t now_ms)
{
	struct bc260y_reader reader;
	int64_t id;
	int64_t code;

	bc260y_reader_init(&reader, (const char *)event->bytes, event->size, "+QIOPEN");
	id = bc260y_reader_number(&reader, 0, BC260Y_SOCKET_COUNT - 1);
	code = bc260y_reader_number(&reader, 0, INT16_MAX);
	if (reader.error)
		return give(x, event, BC260Y_EVENT_ORPHAN);
	return take_second(x, BC260Y_SECOND_OPEN, (uint8_t)id, (int)code, event, now_ms);
}

static enum bc260y_event_type take_send(struct bc260y_exchange *x, enum bc260y_word word,
					struct bc260y_event *event, uint64_t now_ms)
{
	/* 4.2 ends the count query's answer with it; an OK may still follow, which the
	 * fence takes up. */
	if (x->active && x->shape.count && x->answered && word == BC260Y_WORD_SEND_OK)
		return bc260y_exchange_end(x, event, BC260Y_STATUS_OK, -1, now_ms);
	if (x->stray && word == BC260Y_WORD_SEND_OK) {
		x->stray = false;
		return give(x, event, BC260Y_EVENT_ORPHAN);
	}
	return take_second(x, BC260Y_SECOND_SEND, BC260Y_ID_NONE,
			   word == BC260Y_WORD_SEND_OK ? 0 : -1, event, now_ms);
}

static bool is_address(const char *line, size_t size)
{
	for (size_t i = sizeof("+QIDNSGIP:") - 1; i < size; i++)
		if (line[i] == '.' || line[i] == ':' || line[i] == '"')
			return true;
	return false;
}

static enum bc260y_event_type take_dns_address(struct bc260y_exchange *x,
					       struct bc260y_event *event, uint64_t now_ms)
{
	struct bc260y_event result = *event;

	if (x->dns_orphans) {
		x->dns_orphans--;
		return give(x, event, BC260Y_EVENT_ORPHAN);
	}
	if (!x->active || !x->dns_header || !x->dns_left)
		return give(x, event, BC260Y_EVENT_ORPHAN);
	x->dns_left--;
	x->seconded = true;
	/* 2.3.6 note 2: the first address may be all that comes. */
	x->second_until_ms = now_ms + BC260Y_DNS_QUIET_MS;
	if (x->dns_left)
		return give(x, event, BC260Y_EVENT_INFO);
	x->second_until_ms = BC260Y_NEVER;
	if (x->final) {
		bc260y_exchange_end_seconded(x, &result, now_ms);
		return give_before(x, event, BC260Y_EVENT_INFO, &result);
	}
	if (x->first_until_ms > now_ms + BC260Y_FINAL_GRACE_MS)
		x->first_until_ms = now_ms + BC260Y_FINAL_GRACE_MS;
	return give(x, event, BC260Y_EVENT_INFO);
}

static enum bc260y_event_type take_dns(struct bc260y_exchange *x, struct bc260y_event *event,
				       uint64_t now_ms)
{
	struct bc260y_owed *owed = bc260y_exchange_owed(x, BC260Y_SECOND_DNS, 0, now_ms);
	const char *line = (const char *)event->bytes;
	struct bc260y_reader reader;
	int64_t code;
	int64_t count = 0;

	if (is_address(line, event->size))
		return take_dns_address(x, event, now_ms);
	bc260y_reader_init(&reader, line, event->size, "+QIDNSGIP");
	code = bc260y_reader_number(&reader, 0, INT16_MAX);
	bc260y_reader_number_opt(&reader, 0, UINT8_MAX, &count);
	if (reader.error)
		return give(x, event, BC260Y_EVENT_ORPHAN);
	x->dns_orphans = 0;
	if (owed->count || !awaits(x, BC260Y_SECOND_DNS, 0) || x->dns_header) {
		x->dns_orphans = (uint8_t)count;
		return take_late_second(x, owed, event, now_ms);
	}
	if (code || !count)
		return take_second(x, BC260Y_SECOND_DNS, 0, code ? (int)code : -1, event, now_ms);
	x->dns_header = true;
	x->dns_left = (uint8_t)count;
	return give(x, event, BC260Y_EVENT_INFO);
}

/* A line of a ping: 0,<ip>,... for a reply, 0 and six counts for the summary, or a code. */
enum ping_line { PING_OTHER, PING_REPLY, PING_SUMMARY, PING_CODE };

static bool is_summary(struct bc260y_reader reader)
{
	for (int i = 0; i < 6; i++)
		bc260y_reader_number(&reader, 0, UINT32_MAX);
	return !reader.error && bc260y_reader_done(&reader);
}

static enum ping_line read_ping(const struct bc260y_event *event, int *code)
{
	struct bc260y_reader reader;
	struct bc260y_text text;

	bc260y_reader_init(&reader, (const char *)event->bytes, event->size, "+QPING");
	*code = (int)bc260y_reader_number(&reader, 0, INT16_MAX);
	if (reader.error)
		return PING_OTHER;
	if (*code)
		return bc260y_reader_done(&reader) ? PING_CODE : PING_OTHER;
	if (is_summary(reader))
		return PING_SUMMARY;
	text = bc260y_reader_text(&reader, event->size);
	for (size_t i = 0; text.text && i < text.size; i++)
		if (text.text[i] < '0' || text.text[i] > '9')
			return PING_REPLY;
	return PING_OTHER;
}

/* One more request has ended, unless it is the ping that has: that is what a code means
 * behind which nothing comes. A lost request is followed by others for as long as they may
 * take; behind any other code they would come soon. */
static enum bc260y_event_type count_ping(struct bc260y_exchange *x, int code,
					 struct bc260y_event *event, uint64_t now_ms)
{
	uint32_t time_out_ms = x->shape.time_out_s * 1000u;

	x->ping_count++;
	x->seconded = code != 0;
	x->second_code = (int16_t)code;
	if (code && code != BC260Y_ERROR_TIMEOUT)
		x->second_until_ms = now_ms + time_out_ms + BC260Y_PING_QUIET_MS;
	else
		x->second_until_ms = now_ms + BC260Y_PING_MARGIN_MS +
				     time_out_ms * (uint32_t)(x->shape.ping_num - x->ping_count);
	return give(x, event, BC260Y_EVENT_INFO);
}

static enum bc260y_event_type take_ping(struct bc260y_exchange *x, struct bc260y_event *event,
					uint64_t now_ms)
{
	/* None is begun while another is owed. */
	bool own = x->active && x->sent && x->shape.second == BC260Y_SECOND_PING &&
		   !(x->seconded && x->second_until_ms == BC260Y_NEVER);
	int code = 0;
	enum ping_line line = read_ping(event, &code);

	if (own && (line == PING_REPLY || line == PING_CODE) && x->ping_count < x->shape.ping_num)
		return count_ping(x, code, event, now_ms);
	/* Of an older ping only the summary ends the debt. */
	if (line != PING_SUMMARY && !(own && line == PING_CODE))
		return give(x, event, BC260Y_EVENT_ORPHAN);
	if (own)
		x->seconded = false; /* what looked like its end was a lost request */
	return take_second(x, BC260Y_SECOND_PING, 0, code, event, now_ms);
}

static enum bc260y_event_type take_ntp(struct bc260y_exchange *x, struct bc260y_event *event,
				       uint64_t now_ms)
{
	struct bc260y_reader reader;
	int64_t code;

	bc260y_reader_init(&reader, (const char *)event->bytes, event->size, "+QNTP");
	code = bc260y_reader_number(&reader, 0, INT16_MAX);
	if (reader.error)
		return give(x, event, BC260Y_EVENT_ORPHAN);
	return take_second(x, BC260Y_SECOND_NTP, 0, (int)code, event, now_ms);
}

enum bc260y_event_type bc260y_exchange_take_second(struct bc260y_exchange *x, enum bc260y_word word,
						   struct bc260y_event *event, uint64_t now_ms)
{
	switch (word) {
	case BC260Y_WORD_CLOSE_OK:
		return take_second(x, BC260Y_SECOND_CLOSE, BC260Y_ID_NONE, 0, event, now_ms);
	case BC260Y_WORD_OPEN:
		return take_open(x, event, now_ms);
	case BC260Y_WORD_DNS:
		return take_dns(x, event, now_ms);
	case BC260Y_WORD_PING:
		return take_ping(x, event, now_ms);
	case BC260Y_WORD_NTP:
		return take_ntp(x, event, now_ms);
	default:
		return take_send(x, word, event, now_ms);
	}
}

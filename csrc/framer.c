/*
 * Lines, payloads and prompts out of a stream that may be cut, damaged or hostile.
 *
 * It knows the header of +QIURC: "recv", because only its length tells where the
 * payload ends, and no other command or response.
 *
 * Every verdict rests on bytes at fixed offsets, looked at in a fixed order. So a
 * verdict never changes when more bytes come, and no cut of the stream shows.
 */
#include "framer.h"

#include <string.h>

enum state {
	STATE_LINE,    /* at the start of a line, or in one */
	STATE_PAYLOAD, /* the header is complete */
	STATE_TORN,    /* found torn; its CR LF has not come yet */
	STATE_ABORTED, /* given up from outside; to be reported */
	STATE_TAIL,    /* reported; what is left of it, up to CR LF, is dropped */
	STATE_DISCARD  /* in a line too long to keep */
};

enum quoting { QUOTING_UNKNOWN, QUOTING_ALWAYS, QUOTING_NEVER };

enum verdict { VERDICT_MORE, VERDICT_OTHER, VERDICT_TORN, VERDICT_COMPLETE };

enum {
	CR = '\r',
	LF = '\n',
	HEADER_SIZE_MAX = BC260Y_FRAMER_SIZE_MIN - 2 * BC260Y_PAYLOAD_SIZE_MAX - 4,
	LENGTH_DIGITS_MAX = 4,
	/* A module does not change how it writes, so what was learned was wrong. */
	CONTRARY_MAX = 3
};

/* Where a payload's bytes stand, and how many the frame takes after its header. */
struct form {
	size_t offset;
	size_t total;
	bool quoted;
	bool hex;
};

#define WORD(text) (text), sizeof(text) - 1

#define X 0xFF
static const uint8_t digit_values[256] = {
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0x00 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0x10 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0x20 */
	0, 1,  2,  3,  4,  5,  6,  7, 8, 9, X, X, X, X, X, X, /* 0x30 */
	X, 10, 11, 12, 13, 14, 15, X, X, X, X, X, X, X, X, X, /* 0x40 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0x50 */
	X, 10, 11, 12, 13, 14, 15, X, X, X, X, X, X, X, X, X, /* 0x60 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0x70 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0x80 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0x90 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0xA0 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0xB0 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0xC0 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0xD0 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0xE0 */
	X, X,  X,  X,  X,  X,  X,  X, X, X, X, X, X, X, X, X, /* 0xF0 */
};
#undef X

int bc260y_framer_init(struct bc260y_framer *framer, uint8_t *buffer, size_t size)
{
	memset(framer, 0, sizeof(*framer));
	if (size < BC260Y_FRAMER_SIZE_MIN)
		return -1;
	framer->buffer = buffer;
	framer->size = size;
	framer->id = BC260Y_ID_NONE;
	return 0;
}

size_t bc260y_framer_feed(struct bc260y_framer *framer, const void *bytes, size_t size)
{
	size_t room;

	if (framer->start == framer->end) {
		framer->start = 0;
		framer->end = 0;
	} else if (size > framer->size - framer->end && framer->start > 0) {
		framer->end -= framer->start;
		memmove(framer->buffer, framer->buffer + framer->start, framer->end);
		framer->start = 0;
	}
	room = framer->size - framer->end;
	if (size > room)
		size = room;
	if (size > 0)
		memcpy(framer->buffer + framer->end, bytes, size);
	framer->end += size;
	return size;
}

size_t bc260y_framer_room(const struct bc260y_framer *framer)
{
	return framer->size - (framer->end - framer->start);
}

bool bc260y_framer_in_payload(const struct bc260y_framer *framer)
{
	return framer->state == STATE_PAYLOAD || framer->state == STATE_TORN;
}

void bc260y_framer_abort(struct bc260y_framer *framer)
{
	if (!bc260y_framer_in_payload(framer))
		return;
	framer->state = STATE_ABORTED;
	framer->scan = 0;
}

void bc260y_framer_forget(struct bc260y_framer *framer)
{
	framer->quoting = QUOTING_UNKNOWN;
	framer->contrary = 0;
}

/* CR, LF and NUL: stray NULs come after results of firmware R01 (wire forms). */
static bool is_filler(uint8_t byte)
{
	return byte <= CR && (1u << byte & (1u << CR | 1u << LF | 1u << 0));
}

/* OTHER when bytes do not begin with word, MORE when they end within it. */
static enum verdict match(const uint8_t *bytes, size_t held, const char *word, size_t size)
{
	if (held >= size)
		return memcmp(bytes, word, size) ? VERDICT_OTHER : VERDICT_COMPLETE;
	return held > 0 && memcmp(bytes, word, held) ? VERDICT_OTHER : VERDICT_MORE;
}

/* The offset of the first CR or LF, or held. */
static size_t find_end(const uint8_t *bytes, size_t from, size_t held)
{
	const uint8_t *cr = memchr(bytes + from, CR, held - from);
	size_t limit = cr ? (size_t)(cr - bytes) : held;
	const uint8_t *lf = memchr(bytes + from, LF, limit - from);

	return lf ? (size_t)(lf - bytes) : limit;
}

/* The offset of the first CR LF. Without one: held, or that of a CR as last byte,
 * and false. */
static bool find_crlf(const uint8_t *bytes, size_t from, size_t held, size_t *offset)
{
	const uint8_t *cr;

	while ((cr = memchr(bytes + from, CR, held - from)) != NULL) {
		from = (size_t)(cr - bytes);
		*offset = from;
		if (from + 1 == held)
			return false;
		if (cr[1] == LF)
			return true;
		from++;
	}
	*offset = held;
	return false;
}

/* What comes after `+QIURC: "recv",<id>,`: `<len>,` or `"buff full"` and a line end. */
static enum verdict judge_length(struct bc260y_framer *framer, const uint8_t *bytes, size_t at,
				 size_t held)
{
	size_t first = at;
	uint16_t length = 0;
	enum verdict verdict;

	verdict = match(bytes + at, held - at, WORD("\"buff full\""));
	if (verdict == VERDICT_COMPLETE) {
		at += sizeof("\"buff full\"") - 1;
		if (at == held)
			return VERDICT_MORE;
		return bytes[at] == CR || bytes[at] == LF ? VERDICT_OTHER : VERDICT_TORN;
	}
	if (verdict == VERDICT_MORE)
		return VERDICT_MORE;
	while (at < held && at - first < LENGTH_DIGITS_MAX && digit_values[bytes[at]] <= 9)
		length = (uint16_t)(length * 10 + digit_values[bytes[at++]]);
	if (at == held)
		return VERDICT_MORE;
	if (bytes[at] != ',' || at + 1 > HEADER_SIZE_MAX || bytes[first] == '0' || length < 1 ||
	    length > BC260Y_PAYLOAD_SIZE_MAX)
		return VERDICT_TORN;
	framer->payload = at + 1;
	framer->declared = length;
	return VERDICT_COMPLETE;
}

/* bytes begin with `+QIURC:`. OTHER: a line like any other. */
static enum verdict judge_header(struct bc260y_framer *framer, const uint8_t *bytes, size_t held)
{
	size_t at = sizeof("+QIURC:") - 1;
	enum verdict verdict;

	framer->id = BC260Y_ID_NONE;
	while (at < held && bytes[at] == ' ')
		at++;
	verdict = match(bytes + at, held - at, WORD("\"recv\","));
	if (verdict != VERDICT_COMPLETE)
		return verdict;
	at += sizeof("\"recv\",") - 1;
	if (at == held)
		return VERDICT_MORE;
	if (bytes[at] < '0' || bytes[at] >= '0' + BC260Y_SOCKET_COUNT)
		return VERDICT_TORN;
	if (at + 1 == held)
		return VERDICT_MORE;
	if (bytes[at + 1] != ',')
		return VERDICT_TORN;
	framer->id = (uint8_t)(bytes[at] - '0');
	return judge_length(framer, bytes, at + 2, held);
}

/* Eight at once. What is no digit is 0xFF, which shows through any OR. */
static bool are_digits(const uint8_t *bytes)
{
	return (digit_values[bytes[0]] | digit_values[bytes[1]] | digit_values[bytes[2]] |
		digit_values[bytes[3]] | digit_values[bytes[4]] | digit_values[bytes[5]] |
		digit_values[bytes[6]] | digit_values[bytes[7]]) <= 15;
}

/* framer->scan keeps how many digits have been seen, so that each is seen once. */
static enum verdict judge_hex(struct bc260y_framer *framer, const uint8_t *data, size_t held,
			      struct form *form)
{
	size_t end = form->offset + 2u * framer->declared;
	size_t stop = held < end ? held : end;
	size_t at = framer->scan > form->offset ? framer->scan : form->offset;
	enum verdict verdict;

	while (stop - at >= 8 && are_digits(data + at))
		at += 8;
	while (at < stop)
		if (digit_values[data[at++]] > 15)
			return VERDICT_TORN;
	framer->scan = at;
	if (held <= end)
		return VERDICT_MORE;
	if (form->quoted)
		verdict = match(data + end, held - end, WORD("\"\r\n"));
	else
		verdict = match(data + end, held - end, WORD("\r\n"));
	form->hex = true;
	form->total = end + form->offset + 2;
	return verdict == VERDICT_OTHER ? VERDICT_TORN : verdict;
}

/* Which of the four forms the payload has is seen at the offsets declared and
 * declared + 1, and can't be seen before. */
static enum verdict judge_payload(struct bc260y_framer *framer, const uint8_t *data, size_t held,
				  struct form *form)
{
	size_t length = framer->declared;
	enum verdict verdict;

	memset(form, 0, sizeof(*form));
	if (held < length + 2)
		return VERDICT_MORE;
	if (data[length] == CR && data[length + 1] == LF) {
		form->total = length + 2;
		return VERDICT_COMPLETE;
	}
	form->quoted = data[0] == '"';
	form->offset = form->quoted ? 1 : 0;
	if (!form->quoted || data[length + 1] != '"')
		return judge_hex(framer, data, held, form);
	form->total = length + 4;
	verdict = match(data + length + 2, held - length - 2, WORD("\r\n"));
	return verdict == VERDICT_OTHER ? VERDICT_TORN : verdict;
}

/*
 * A quoted frame that has lost two bytes can pass for an unquoted one: it then begins
 * with the opening quote, or ends with the closing one if the opening one was lost.
 * From such a frame nothing is learned. The other way round the bytes after the
 * frame would have to help, so a quoted frame is certain, and so is unquoted hex.
 */
static bool quoting_allows(struct bc260y_framer *framer, const uint8_t *data,
			   const struct form *form)
{
	uint8_t seen = form->quoted ? QUOTING_ALWAYS : QUOTING_NEVER;
	bool certain =
		form->quoted || form->hex || (data[0] != '"' && data[framer->declared - 1] != '"');

	if (framer->quoting == seen || framer->quoting == QUOTING_UNKNOWN) {
		if (certain) {
			framer->quoting = seen;
			framer->contrary = 0;
		}
		return true;
	}
	if (certain && ++framer->contrary >= CONTRARY_MAX)
		bc260y_framer_forget(framer);
	return false;
}

static void decode_hex(uint8_t *bytes, size_t size)
{
	const uint8_t *digits = bytes;
	size_t i;

	for (i = 0; i < size; i++, digits += 2)
		bytes[i] = (uint8_t)(digit_values[digits[0]] << 4 | digit_values[digits[1]]);
}

static enum bc260y_frame_type next_torn(struct bc260y_framer *framer, struct bc260y_frame *frame)
{
	uint8_t *bytes = framer->buffer + framer->start;
	size_t held = framer->end - framer->start;
	size_t size;
	bool ended = find_crlf(bytes, framer->scan, held, &size);

	if (!ended && framer->state == STATE_TORN && held < framer->size) {
		framer->scan = size;
		return BC260Y_FRAME_NONE;
	}
	frame->bytes = bytes;
	frame->size = size;
	frame->id = framer->id;
	framer->start += size;
	framer->scan = 0;
	framer->state = ended ? STATE_LINE : STATE_TAIL;
	return BC260Y_FRAME_TORN;
}

static enum bc260y_frame_type next_payload(struct bc260y_framer *framer, struct bc260y_frame *frame)
{
	uint8_t *data = framer->buffer + framer->start + framer->payload;
	size_t held = framer->end - framer->start - framer->payload;
	struct form form;
	enum verdict verdict = judge_payload(framer, data, held, &form);

	if (verdict == VERDICT_MORE)
		return BC260Y_FRAME_NONE;
	framer->scan = 0;
	if (verdict == VERDICT_TORN || !quoting_allows(framer, data, &form)) {
		framer->state = STATE_TORN;
		return next_torn(framer, frame);
	}
	if (form.hex)
		decode_hex(data + form.offset, framer->declared);
	frame->bytes = data + form.offset;
	frame->size = framer->declared;
	frame->id = framer->id;
	framer->start += framer->payload + form.total;
	framer->state = STATE_LINE;
	return BC260Y_FRAME_PAYLOAD;
}

/* A line without end that fills the buffer is given up, so memory stays bounded. */
static enum bc260y_frame_type await_line_end(struct bc260y_framer *framer, size_t held)
{
	framer->scan = held;
	if (held == framer->size) {
		framer->discarded = held;
		framer->start = framer->end;
		framer->scan = 0;
		framer->state = STATE_DISCARD;
	}
	return BC260Y_FRAME_NONE;
}

static enum bc260y_frame_type next_discard(struct bc260y_framer *framer, struct bc260y_frame *frame)
{
	const uint8_t *bytes = framer->buffer + framer->start;
	size_t held = framer->end - framer->start;
	size_t size = find_end(bytes, 0, held);

	framer->start += size;
	framer->discarded +=
		size < SIZE_MAX - framer->discarded ? size : SIZE_MAX - framer->discarded;
	if (size == held)
		return BC260Y_FRAME_NONE;
	frame->size = framer->discarded;
	framer->discarded = 0;
	framer->state = STATE_LINE;
	return BC260Y_FRAME_OVERFLOW;
}

static enum bc260y_frame_type next_line(struct bc260y_framer *framer, struct bc260y_frame *frame)
{
	const uint8_t *bytes = framer->buffer + framer->start;
	const uint8_t *end = framer->buffer + framer->end;
	enum verdict verdict = VERDICT_OTHER;
	size_t held, size;

	if (framer->blank && bytes < end) {
		framer->blank = false;
		if (*bytes == ' ')
			bytes++;
	}
	if (end - bytes >= 2 && bytes[0] == CR && bytes[1] == LF)
		bytes += 2;
	while (bytes < end && is_filler(*bytes))
		bytes++;
	framer->start = (size_t)(bytes - framer->buffer);
	held = (size_t)(end - bytes);
	if (held == 0)
		return BC260Y_FRAME_NONE;
	if (*bytes == '>') {
		framer->start++;
		framer->blank = true;
		return BC260Y_FRAME_PROMPT;
	}
	if (*bytes == '+' && match(bytes, held, WORD("+QIURC:")) == VERDICT_COMPLETE)
		verdict = judge_header(framer, bytes, held);
	if (verdict != VERDICT_OTHER) {
		if (verdict == VERDICT_MORE)
			return await_line_end(framer, held);
		framer->scan = 0;
		framer->state = verdict == VERDICT_TORN ? STATE_TORN : STATE_PAYLOAD;
		return verdict == VERDICT_TORN ? next_torn(framer, frame)
					       : next_payload(framer, frame);
	}
	size = find_end(bytes, framer->scan, held);
	if (size == held)
		return await_line_end(framer, held);
	frame->bytes = bytes;
	frame->size = size;
	if (++size < held && bytes[size] == LF)
		size++;
	framer->start += size;
	framer->scan = 0;
	return BC260Y_FRAME_LINE;
}

enum bc260y_frame_type bc260y_framer_next(struct bc260y_framer *framer, struct bc260y_frame *frame)
{
	size_t size;

	frame->bytes = NULL;
	frame->size = 0;
	frame->id = BC260Y_ID_NONE;
	switch (framer->state) {
	case STATE_PAYLOAD:
		return next_payload(framer, frame);
	case STATE_TORN:
	case STATE_ABORTED:
		return next_torn(framer, frame);
	case STATE_DISCARD:
		return next_discard(framer, frame);
	case STATE_TAIL:
		if (find_crlf(framer->buffer + framer->start, 0, framer->end - framer->start,
			      &size))
			framer->state = STATE_LINE;
		framer->start += size;
		if (framer->state == STATE_TAIL)
			return BC260Y_FRAME_NONE;
		break;
	default:
		break;
	}
	return next_line(framer, frame);
}

/*
 * The framer under any bytes, cut anywhere.
 *
 * Input: a byte of choices, then cuts and stream. Held to: the same frames however the
 * stream is cut; a bounded number of steps; a well-formed payload, whatever is in it,
 * comes out as exactly that payload and as nothing else.
 */
#include "framer.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_SIZE = 1 << 17, CUTS = 8 };

struct log {
	uint8_t bytes[LOG_SIZE];
	size_t size;
};

static void demand(bool held)
{
	if (!held)
		abort();
}

static void note(struct log *log, enum bc260y_frame_type type, const struct bc260y_frame *frame)
{
	size_t size = frame->size;
	size_t copied = frame->bytes ? size : 0;

	if (log->size + copied + sizeof(size) + 2 > sizeof(log->bytes))
		return;
	log->bytes[log->size++] = (uint8_t)type;
	log->bytes[log->size++] = frame->id;
	memcpy(log->bytes + log->size, &size, sizeof(size));
	log->size += sizeof(size);
	if (copied)
		memcpy(log->bytes + log->size, frame->bytes, copied);
	log->size += copied;
}

static void check_frame(const struct bc260y_framer *framer, enum bc260y_frame_type type,
			const struct bc260y_frame *frame)
{
	const uint8_t *end = framer->buffer + framer->size;

	if (frame->bytes)
		demand(frame->bytes >= framer->buffer && frame->size <= framer->size &&
		       frame->bytes + frame->size <= end);
	if (type == BC260Y_FRAME_LINE) {
		demand(frame->size > 0 && frame->size < framer->size && frame->bytes[0] != '>');
		demand(!memchr(frame->bytes, '\r', frame->size));
		demand(!memchr(frame->bytes, '\n', frame->size));
		demand(frame->bytes[0] != 0);
	}
	if (type == BC260Y_FRAME_PAYLOAD)
		demand(frame->size >= 1 && frame->size <= BC260Y_PAYLOAD_SIZE_MAX &&
		       frame->id < BC260Y_SOCKET_COUNT);
	if (type == BC260Y_FRAME_TORN)
		demand(frame->size >= 14 && !memcmp(frame->bytes, "+QIURC:", 7));
	if (type == BC260Y_FRAME_OVERFLOW)
		demand(frame->size >= framer->size);
}

static void drain(struct bc260y_framer *framer, struct log *log, size_t fed)
{
	struct bc260y_frame frame;
	enum bc260y_frame_type type;
	size_t steps = 0;

	while ((type = bc260y_framer_next(framer, &frame)) != BC260Y_FRAME_NONE) {
		check_frame(framer, type, &frame);
		note(log, type, &frame);
		demand(++steps <= framer->size + fed);
	}
}

/* In a block of its own size, so that ASan sees a byte too many. */
static void feed(struct bc260y_framer *framer, struct log *log, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		uint8_t *piece = malloc(size);
		size_t took;

		demand(piece != NULL);
		memcpy(piece, bytes, size);
		took = bc260y_framer_feed(framer, piece, size);
		free(piece);
		drain(framer, log, size);
		demand(took > 0);
		bytes += took;
		size -= took;
	}
}

static void play(struct log *log, size_t buffer_size, const uint8_t *cuts, size_t cut_count,
		 const uint8_t *stream, size_t size, bool give_up)
{
	struct bc260y_framer framer;
	uint8_t *buffer = malloc(buffer_size);
	size_t at = 0;

	demand(buffer && !bc260y_framer_init(&framer, buffer, buffer_size));
	log->size = 0;
	for (size_t i = 0; at < size && cut_count > 0; i++) {
		size_t piece = cuts[i % cut_count] + 1u;

		piece = piece < size - at ? piece : size - at;
		feed(&framer, log, stream + at, piece);
		at += piece;
	}
	if (cut_count == 0)
		feed(&framer, log, stream, size);
	if (give_up) {
		bc260y_framer_abort(&framer);
		demand(!bc260y_framer_in_payload(&framer));
		drain(&framer, log, 0);
		feed(&framer, log, (const uint8_t *)"\r\nOK\r\n", 6);
	}
	free(buffer);
}

/* Any cut against the whole. */
static void check_cuts(size_t buffer_size, const uint8_t *cuts, const uint8_t *stream, size_t size,
		       bool give_up)
{
	static struct log whole, cut;
	static const uint8_t single = 0;

	play(&whole, buffer_size, NULL, 0, stream, size, give_up);
	play(&cut, buffer_size, cuts, CUTS, stream, size, give_up);
	demand(whole.size == cut.size && !memcmp(whole.bytes, cut.bytes, whole.size));
	play(&cut, buffer_size, &single, 1, stream, size, give_up);
	demand(whole.size == cut.size && !memcmp(whole.bytes, cut.bytes, whole.size));
}

static size_t put(uint8_t *stream, const char *text)
{
	size_t size = strlen(text);

	memcpy(stream, text, size);
	return size;
}

static size_t put_frame(uint8_t *stream, const uint8_t *payload, size_t size, bool quoted, bool hex)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	char length[5] = {0};
	size_t at = put(stream, "\r\n+QIURC: \"recv\",3,");
	size_t left = size;

	for (size_t i = size < 10 ? 1 : size < 100 ? 2 : size < 1000 ? 3 : 4; i > 0; left /= 10)
		length[--i] = (char)('0' + left % 10);
	at += put(stream + at, length);
	at += put(stream + at, quoted ? ",\"" : ",");
	for (size_t i = 0; i < size; i++) {
		if (hex) {
			stream[at++] = (uint8_t)digits[payload[i] >> 4];
			stream[at++] = (uint8_t)digits[16 + (payload[i] & 15)];
		} else {
			stream[at++] = payload[i];
		}
	}
	return at + put(stream + at, quoted ? "\"\r\n" : "\r\n");
}

/* Two frames with the same payload between two lines: that and nothing else comes out. */
static void check_payload(size_t buffer_size, const uint8_t *cuts, const uint8_t *payload,
			  size_t size, bool quoted, bool hex)
{
	static struct log want, got;
	static uint8_t stream[3 * 2112];
	struct bc260y_frame ok = {(const uint8_t *)"OK", 2, BC260Y_ID_NONE};
	struct bc260y_frame frame = {payload, size, 3};
	size_t at = put(stream, "\r\nOK\r\n");

	if (size == 0 || size > BC260Y_PAYLOAD_SIZE_MAX)
		return;
	at += put_frame(stream + at, payload, size, quoted, hex);
	at += put_frame(stream + at, payload, size, quoted, hex);
	at += put(stream + at, "\r\nOK\r\n");
	want.size = 0;
	note(&want, BC260Y_FRAME_LINE, &ok);
	note(&want, BC260Y_FRAME_PAYLOAD, &frame);
	note(&want, BC260Y_FRAME_PAYLOAD, &frame);
	note(&want, BC260Y_FRAME_LINE, &ok);
	play(&got, buffer_size, cuts, CUTS, stream, at, false);
	demand(want.size == got.size && !memcmp(want.bytes, got.bytes, got.size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t buffer_size = BC260Y_FRAMER_SIZE_MIN;

	if (size < 1 + CUTS)
		return 0;
	if (data[0] & 1)
		buffer_size += data[0];
	if (data[0] & 2)
		check_payload(buffer_size, data + 1, data + 1 + CUTS, size - 1 - CUTS, data[0] & 4,
			      data[0] & 8);
	else
		check_cuts(buffer_size, data + 1, data + 1 + CUTS, size - 1 - CUTS, data[0] & 4);
	return 0;
}

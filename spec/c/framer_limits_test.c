/*
 * The framer at its limits: the longest and shortest payloads in each form, lines too
 * long, buffers that are full, payloads that stall.
 */
#include "framer_play.h"

enum { STREAM_SIZE = 16384 };

static char stream[STREAM_SIZE];
static size_t stream_size;
static char want[LOG_SIZE];

static void put(const char *text)
{
	size_t size = strlen(text);

	memcpy(stream + stream_size, text, size);
	stream_size += size;
}

static void put_many(char byte, size_t count)
{
	memset(stream + stream_size, byte, count);
	stream_size += count;
}

/* Every byte value comes up in it, CR LF at the offsets that matter most. */
static void fill_payload(uint8_t *payload, size_t size)
{
	for (size_t i = 0; i < size; i++)
		payload[i] = (uint8_t)(i * 7 + size);
	if (size > 4) {
		memcpy(payload + size - 2, "\r\n", 2);
		memcpy(payload + size / 2, "\r\nOK", 4);
	}
	payload[0] = 'x';
}

static void put_frame(const uint8_t *payload, size_t size, bool quoted, bool hex)
{
	char text[64];

	snprintf(text, sizeof(text), "\r\n+QIURC: \"recv\",3,%zu,%s", size, quoted ? "\"" : "");
	put(text);
	for (size_t i = 0; i < size; i++) {
		snprintf(text, sizeof(text), i % 3 ? "%02x" : "%02X", payload[i]);
		if (hex)
			put(text);
		else
			put_many((char)payload[i], 1);
	}
	put(quoted ? "\"\r\n" : "\r\n");
}

static void test_sizes(struct play *play)
{
	static const size_t sizes[] = {1, 2, 3, 511, 1023, 1024};
	uint8_t payload[BC260Y_PAYLOAD_SIZE_MAX];
	struct play expected;

	play_init(&expected, BC260Y_FRAMER_SIZE_MIN);
	for (size_t i = 0; i < 4 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bc260y_frame frame = {payload, sizes[i / 4], 3};

		fill_payload(payload, frame.size);
		stream_size = 0;
		put_frame(payload, frame.size, i & 1, i & 2);
		put("\r\nOK\r\n");
		expected.log_size = 0;
		note_frame(&expected, BC260Y_FRAME_PAYLOAD, &frame);
		strcpy(want, expected.log);
		strcat(want, "LOK\n");
		play_every_way(play, "a payload", stream, stream_size, want);
	}
	play_free(&expected);
}

/* The first size that does not fit is the buffer's, wherever the stream is cut. */
static void test_overflow(struct play *play)
{
	size_t buffer_size = play->framer.size;

	for (size_t size = buffer_size - 1; size <= buffer_size + 1; size++) {
		stream_size = 0;
		put("\r\nOK\r\n");
		put_many('x', size);
		put("\r\nOK\r\n");
		strcpy(want, "LOK\nL");
		if (size < buffer_size) {
			memset(want + 5, 'x', size);
			strcpy(want + 5 + size, "\nLOK\n");
		} else {
			snprintf(want, sizeof(want), "LOK\nO%zu\nLOK\n", size);
		}
		play_every_way(play, "a long line", stream, stream_size, want);
	}
	stream_size = 0;
	put("+QIURC:");
	put_many(' ', buffer_size);
	put("\"recv\",0,1,a\r\nOK\r\n");
	snprintf(want, sizeof(want), "O%zu\nLOK\n", buffer_size + 19);
	play_every_way(play, "a header of blanks", stream, stream_size, want);
	stream_size = 0;
	put("+QIURC: \"recv\",0,x");
	put_many('y', 2 * buffer_size);
	put("\r\nOK\r\n");
	strcpy(want, "T0:+QIURC: \"recv\",0,x");
	memset(want + 21, 'y', buffer_size - 18);
	strcpy(want + 21 + buffer_size - 18, "\nLOK\n");
	play_every_way(play, "a torn frame without end", stream, stream_size, want);
}

/* Its text ends before a CR LF that the buffer's end cuts in two. */
static void test_torn_full(struct play *play)
{
	size_t buffer_size = play->framer.size;

	for (size_t size = buffer_size - 2; size <= buffer_size + 1; size++) {
		size_t shown = size < buffer_size ? size : buffer_size;

		stream_size = 0;
		put("+QIURC: \"recv\",7,");
		put_many('y', size - stream_size);
		put("\r\nOK\r\n");
		strcpy(want, "T-:+QIURC: \"recv\",7,");
		memset(want + 20, 'y', shown - 17);
		strcpy(want + 20 + shown - 17, "\nLOK\n");
		play_every_way(play, "a torn frame that just fits", stream, stream_size, want);
	}
}

/* 40 blanks are more than the header's room, which the longest payload needs. */
static void test_header_room(struct play *play)
{
	stream_size = 0;
	put("+QIURC:                                       \"recv\",0,1000,");
	put_many('a', 2000);
	put("\r\n");
	strcpy(want, "P0:");
	memset(want + 3, 0, 6001);
	for (size_t i = 0; i < 1000; i++)
		strcpy(want + 3 + 4 * i, "<AA>");
	strcat(want, "\n");
	CHECK_INT(stream_size, BC260Y_FRAMER_SIZE_MIN - 2048 + 2000 - 2);
	play_every_way(play, "the longest header", stream, stream_size, want);
	stream_size = 0;
	put("+QIURC:                                        \"recv\",0,1000,a\r\nOK\r\n");
	snprintf(want, sizeof(want), "T0:+QIURC:%40s\"recv\",0,1000,a\nLOK\n", "");
	play_every_way(play, "a header too long", stream, stream_size, want);
}

/* A megabyte without a line end costs no memory, and its count is exact. */
static void test_garbage(struct play *play)
{
	char piece[1000];
	struct bc260y_framer *framer = &play->framer;

	play_restart(play, framer->size);
	memset(piece, 0xA5, sizeof(piece));
	for (int i = 0; i < 1000; i++)
		play_feed(play, piece, sizeof(piece));
	CHECK_INT(play->log_size, 0);
	CHECK_INT(framer->discarded, 1000000);
	CHECK(!bc260y_framer_in_payload(framer));
	play_feed(play, "\nOK\r\n", 5);
	CHECK(!strcmp(play->log, "O1000000\nLOK\n"));
	CHECK_INT(framer->discarded, 0);
}

static void stall(struct play *play, const char *before, const char *after, const char *expected)
{
	bool held;

	play_restart(play, play->framer.size);
	play_feed(play, before, strlen(before));
	held = bc260y_framer_in_payload(&play->framer);
	bc260y_framer_abort(&play->framer);
	CHECK(!bc260y_framer_in_payload(&play->framer));
	play_drain(play);
	CHECK(!bc260y_framer_in_payload(&play->framer));
	for (size_t i = 0; after[i]; i++)
		play_feed(play, after + i, 1);
	CHECK(!strcmp(play->log, expected));
	if (strcmp(play->log, expected))
		fprintf(stderr, "%s|%s: got\n%s", before, after, play->log);
	CHECK_INT(held, play->log[0] == 'T');
}

static void test_abort(struct play *play)
{
	const char *header = "+QIURC: \"recv\",1,10,";

	stall(play, header, "abc\r\n\r\nOK\r\n", "T1:+QIURC: \"recv\",1,10,\nLOK\n");
	stall(play, "+QIURC: \"recv\",1,10,abc", "def\r\nghi\r\nOK\r\n",
	      "T1:+QIURC: \"recv\",1,10,abc\nLghi\nLOK\n");
	stall(play, "+QIURC: \"recv\",1,10,abc\r", "\nOK\r\n",
	      "T1:+QIURC: \"recv\",1,10,abc\nLOK\n");
	stall(play, "+QIURC: \"recv\",1,10,abc\r", "d\r\nOK\r\n",
	      "T1:+QIURC: \"recv\",1,10,abc\nLOK\n");
	stall(play, "+QIURC: \"recv\",1,10,abc\r\n", "OK\r\n",
	      "T1:+QIURC: \"recv\",1,10,abc\nLOK\n");
	stall(play, "+QIURC: \"recv\",1,10,abc\r\nOK\r\n", "X\r\n",
	      "T1:+QIURC: \"recv\",1,10,abc\nLOK\nLX\n");
	stall(play, "+QIURC: \"recv\",1,10,\"3132", "\r\r\nOK\r\n",
	      "T1:+QIURC: \"recv\",1,10,\"3132\nLOK\n");
	stall(play, "+QIURC: \"recv\",9,torn", "more\r\nOK\r\n",
	      "T-:+QIURC: \"recv\",9,torn\nLOK\n");
	stall(play, "O", "K\r\n", "LOK\n");
	stall(play, "+QIURC: \"recv\",1,10", ",1234567890\r\n", "P1:1234567890\n");
	stall(play, "", "> ", ">\n");
}

static void test_abort_endless(struct play *play)
{
	char piece[1000];

	play_restart(play, play->framer.size);
	memset(piece, 'x', sizeof(piece));
	play_feed(play, "+QIURC: \"recv\",1,10,", 20);
	bc260y_framer_abort(&play->framer);
	play_drain(play);
	for (int i = 0; i < 100; i++)
		play_feed(play, piece, sizeof(piece));
	play_feed(play, "\r\nOK\r\n", 6);
	CHECK(!strcmp(play->log, "T1:+QIURC: \"recv\",1,10,\nLOK\n"));
}

static void test_in_payload(struct play *play)
{
	const char *bytes = "+QIURC: \"recv\",1,3,313233\r\n";

	play_restart(play, play->framer.size);
	for (size_t i = 0; bytes[i]; i++) {
		play_feed(play, bytes + i, 1);
		CHECK_INT(bc260y_framer_in_payload(&play->framer), i >= 18 && bytes[i + 1]);
	}
	CHECK(!strcmp(play->log, "P1:123\n"));
}

/* Feeding takes what fits, and no more, until next() has made room. */
static void test_full(struct play *play)
{
	struct bc260y_framer *framer = &play->framer;
	struct bc260y_frame frame;
	size_t buffer_size = framer->size;

	play_restart(play, buffer_size);
	stream_size = 0;
	for (size_t i = 0; i < 2000; i++)
		put("AB\r\n");
	CHECK_INT(bc260y_framer_feed(framer, stream, stream_size), buffer_size);
	CHECK_INT(bc260y_framer_feed(framer, stream, stream_size), 0);
	CHECK_INT(bc260y_framer_next(framer, &frame), BC260Y_FRAME_LINE);
	CHECK_MEM(frame.bytes, frame.size, "AB", 2);
	CHECK_INT(bc260y_framer_feed(framer, stream + buffer_size, 100), 4);
	CHECK_INT(bc260y_framer_feed(framer, NULL, 0), 0);
	for (size_t i = 1; i < (buffer_size + 3) / 4; i++)
		CHECK_INT(bc260y_framer_next(framer, &frame), BC260Y_FRAME_LINE);
	play_drain(play);
	CHECK_INT(bc260y_framer_feed(framer, stream, stream_size), buffer_size);
}

static void test_forget(struct play *play)
{
	const char *quoted = "+QIURC: \"recv\",0,1,\"x\"\r\n";
	const char *unquoted = "+QIURC: \"recv\",0,1,x\r\n";

	play_restart(play, play->framer.size);
	play_feed(play, quoted, strlen(quoted));
	play_feed(play, unquoted, strlen(unquoted));
	bc260y_framer_forget(&play->framer);
	play_feed(play, unquoted, strlen(unquoted));
	CHECK(!strcmp(play->log, "P0:x\nT0:+QIURC: \"recv\",0,1,x\nP0:x\n"));
}

static void test_init(void)
{
	struct bc260y_framer framer;
	static uint8_t buffer[BC260Y_FRAMER_SIZE_MIN];

	CHECK_INT(bc260y_framer_init(&framer, buffer, sizeof(buffer) - 1), -1);
	CHECK_INT(bc260y_framer_feed(&framer, "OK", 2), 0);
	CHECK_INT(bc260y_framer_init(&framer, buffer, sizeof(buffer)), 0);
	CHECK(!bc260y_framer_in_payload(&framer));
}

int main(void)
{
	static const size_t sizes[] = {BC260Y_FRAMER_SIZE_MIN, 4096};
	struct play play;

	for (size_t i = 0; i < 2; i++) {
		play_init(&play, sizes[i]);
		test_sizes(&play);
		test_overflow(&play);
		test_torn_full(&play);
		test_header_room(&play);
		test_garbage(&play);
		test_abort(&play);
		test_abort_endless(&play);
		test_in_payload(&play);
		test_full(&play);
		test_forget(&play);
		play_free(&play);
	}
	test_init();
	return check_end("framer limits");
}

/*
 * Plays bytes to a framer, cut in a chosen way, and writes its frames down as text:
 * "L<line>", "P<id>:<payload>", ">", "T<id>:<text>", "O<count>", one a row. Bytes that
 * do not print are written as <FF>.
 *
 * The framer's buffer and each piece that is fed end at a page that may not be touched.
 */
#ifndef BC260Y_FRAMER_PLAY_H
#define BC260Y_FRAMER_PLAY_H

#define _DEFAULT_SOURCE
#include "check.h"
#include "framer.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE = 4096, GUARDED = 4 * PAGE, LOG_SIZE = 1 << 18 };

struct play {
	struct bc260y_framer framer;
	uint8_t *buffer; /* ends at a guard page */
	uint8_t *piece;	 /* the same; GUARDED bytes before its end */
	char *log;
	size_t log_size;
	size_t steps; /* calls of next() */
};

static uint8_t *guarded(void)
{
	uint8_t *pages = mmap(NULL, GUARDED + PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + GUARDED, PAGE, PROT_NONE))
		exit(2);
	return pages + GUARDED;
}

static void play_restart(struct play *play, size_t buffer_size)
{
	bc260y_framer_init(&play->framer, play->buffer - buffer_size, buffer_size);
	play->log_size = 0;
	play->log[0] = 0;
	play->steps = 0;
}

static void play_init(struct play *play, size_t buffer_size)
{
	play->buffer = guarded();
	play->piece = guarded();
	play->log = malloc(LOG_SIZE);
	if (!play->log)
		exit(2);
	play_restart(play, buffer_size);
}

static void play_free(struct play *play)
{
	munmap(play->buffer - GUARDED, GUARDED + PAGE);
	munmap(play->piece - GUARDED, GUARDED + PAGE);
	free(play->log);
}

static void note_bytes(struct play *play, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < size && play->log_size + 8 < LOG_SIZE; i++) {
		char *at = play->log + play->log_size;
		bool plain = bytes[i] >= 0x20 && bytes[i] < 0x7F;

		at[0] = plain ? (char)bytes[i] : '<';
		at[1] = digits[bytes[i] >> 4];
		at[2] = digits[bytes[i] & 15];
		at[3] = '>';
		play->log_size += plain ? 1 : 4;
	}
}

static void note_text(struct play *play, const char *text)
{
	note_bytes(play, (const uint8_t *)text, strlen(text));
}

static void note_frame(struct play *play, enum bc260y_frame_type type,
		       const struct bc260y_frame *frame)
{
	static const char *const letters[] = {"", "L", "P", ">", "T", "O"};
	char number[24];

	note_text(play, letters[type]);
	if (type == BC260Y_FRAME_PAYLOAD || type == BC260Y_FRAME_TORN) {
		snprintf(number, sizeof(number), "%u", frame->id);
		note_text(play, frame->id == BC260Y_ID_NONE ? "-" : number);
		note_text(play, ":");
	}
	if (type == BC260Y_FRAME_OVERFLOW) {
		snprintf(number, sizeof(number), "%zu", frame->size);
		note_text(play, number);
	} else {
		note_bytes(play, frame->bytes, frame->size);
	}
	play->log[play->log_size++] = '\n';
	play->log[play->log_size] = 0;
}

static void play_drain(struct play *play)
{
	struct bc260y_frame frame;
	enum bc260y_frame_type type;

	while (play->steps++,
	       (type = bc260y_framer_next(&play->framer, &frame)) != BC260Y_FRAME_NONE)
		note_frame(play, type, &frame);
}

static void play_feed(struct play *play, const void *bytes, size_t size)
{
	size_t took;

	while (size > 0) {
		size_t offered = size < GUARDED ? size : GUARDED;

		memcpy(play->piece - offered, bytes, offered);
		took = bc260y_framer_feed(&play->framer, play->piece - offered, offered);
		play_drain(play);
		bytes = (const uint8_t *)bytes + took;
		size -= took;
		if (took == 0)
			exit(3); /* drained, and still no room: it would never go on */
	}
}

/* A first piece, then pieces of step bytes. */
static const char *play_cut(struct play *play, const void *bytes, size_t size, size_t first,
			    size_t step)
{
	const uint8_t *at = bytes;

	play_restart(play, play->framer.size);
	play_feed(play, at, first);
	while (first < size) {
		size_t piece = size - first < step ? size - first : step;

		play_feed(play, at + first, piece);
		first += piece;
	}
	return play->log;
}

/* Whole, byte by byte, in sevens, and cut in two at every place. */
static void play_every_way(struct play *play, const char *name, const void *bytes, size_t size,
			   const char *want)
{
	size_t wrong = 0;

	if (strcmp(play_cut(play, bytes, size, size, size), want)) {
		fprintf(stderr, "%s: got\n%swant\n%s", name, play->log, want);
		wrong++;
	}
	wrong += strcmp(play_cut(play, bytes, size, 0, 1), want) != 0;
	wrong += strcmp(play_cut(play, bytes, size, 0, 7), want) != 0;
	for (size_t cut = 1; cut < size; cut++)
		wrong += strcmp(play_cut(play, bytes, size, cut, size), want) != 0;
	if (wrong)
		fprintf(stderr, "%s: %zu ways to cut it differ\n", name, wrong);
	CHECK(wrong == 0);
	CHECK(play->steps <= 2 * size + 4);
}

#endif

/*
 * The framer cuts what a BC260Y-CN says into frames: lines, payloads, prompts.
 *
 * It knows where a frame ends and nothing of what a line means. It allocates
 * nothing, blocks on nothing and calls nobody.
 *
 *   size_t took = bc260y_framer_feed(&framer, bytes, size);
 *   while ((type = bc260y_framer_next(&framer, &frame)) != BC260Y_FRAME_NONE)
 *           ...                  // frame.bytes lives until the next call
 *
 * Feed again what was not taken. However the stream is cut, the frames are the
 * same. "Need more bytes" is no error: next() answers BC260Y_FRAME_NONE.
 */
#ifndef BC260Y_FRAMER_H
#define BC260Y_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a quoted payload of 1,024 bytes in hex, its header and its end. */
#define BC260Y_FRAMER_SIZE_MIN 2112u
/* Manual 2.4 note 4: a downlink URC carries at most this. */
#define BC260Y_PAYLOAD_SIZE_MAX 1024u
/* Manual 2.3.2: socket ids are 0-4. */
#define BC260Y_SOCKET_COUNT 5u
#define BC260Y_ID_NONE	    0xFFu

enum bc260y_frame_type {
	BC260Y_FRAME_NONE,    /* more bytes are needed */
	BC260Y_FRAME_LINE,    /* bytes, size: a line that is not empty, without its end */
	BC260Y_FRAME_PAYLOAD, /* id, bytes, size: +QIURC: "recv", decoded if it was hex */
	BC260Y_FRAME_PROMPT,  /* '>' at the start of a line */
	BC260Y_FRAME_TORN,    /* bytes, size: a "recv" frame that fits no form; id if readable */
	BC260Y_FRAME_OVERFLOW /* size: the bytes of a line too long to keep; bytes is NULL */
};

struct bc260y_frame {
	const uint8_t *bytes; /* inside the framer's buffer, not terminated */
	size_t size;
	uint8_t id; /* 0-4 or BC260Y_ID_NONE */
};

/* Read only through the functions below; `discarded` may be looked at as well. */
struct bc260y_framer {
	uint8_t *buffer;
	size_t size;	   /* of the buffer */
	size_t start;	   /* first byte not yet given away: where the frame begins */
	size_t end;	   /* one past the last byte fed */
	size_t scan;	   /* how far the frame has been looked through already */
	size_t payload;	   /* in a payload: offset of its first byte from start */
	size_t discarded;  /* bytes of the line too long that is being discarded */
	uint16_t declared; /* the payload's declared length */
	uint8_t id;	   /* of the frame, or BC260Y_ID_NONE */
	uint8_t state;
	uint8_t quoting;  /* how this module writes payloads, once that is certain */
	uint8_t contrary; /* payloads in a row that were certainly written otherwise */
	bool blank;	  /* one blank after a prompt may be dropped */
};

/* buffer: size bytes, owned by the caller for the framer's life.
 * Result: 0, or -1 when size is below BC260Y_FRAMER_SIZE_MIN. */
int bc260y_framer_init(struct bc260y_framer *framer, uint8_t *buffer, size_t size);

/* Copies what fits and returns how many bytes that were. */
size_t bc260y_framer_feed(struct bc260y_framer *framer, const void *bytes, size_t size);

/* How many bytes feed() would take now. */
size_t bc260y_framer_room(const struct bc260y_framer *framer);

/* The next frame, or BC260Y_FRAME_NONE. */
enum bc260y_frame_type bc260y_framer_next(struct bc260y_framer *framer, struct bc260y_frame *frame);

/* True while a payload's header has come and the frame has not yet ended: what comes
 * next may be payload. As of the last next() that gave BC260Y_FRAME_NONE. */
bool bc260y_framer_in_payload(const struct bc260y_framer *framer);

/* Gives up a half received payload: it comes out of next() as torn, and what still
 * comes of it, up to a CR LF, is dropped. Without such a payload it does nothing. */
void bc260y_framer_abort(struct bc260y_framer *framer);

/* Forgets whether the module quotes payloads: it restarted. */
void bc260y_framer_forget(struct bc260y_framer *framer);

#endif

/*
 * The exchange owns the line: one command in flight, and everything that comes in
 * is its answer, its second result, a URC, or an orphan.
 *
 * Sans I/O: bytes, commands and clock readings go in; bytes and events come out,
 * one event a call. It allocates nothing, blocks on nothing, calls nobody.
 *
 *   bc260y_exchange_start(&x, &command, now);
 *   n = bc260y_exchange_output(&x, &bytes, now);    // write them,
 *   bc260y_exchange_written(&x, taken, now);        // say how many went
 *   took = bc260y_exchange_feed(&x, bytes, size, now);
 *   while (bc260y_exchange_next(&x, &event, now) != BC260Y_EVENT_NONE)
 *           ...
 *   // come back when bytes do, or at bc260y_exchange_deadline(&x)
 *
 * Times are milliseconds of a monotonic clock. What it assumes of a module: final
 * results come in the order of their commands; second results come at any time.
 */
#ifndef BC260Y_EXCHANGE_H
#define BC260Y_EXCHANGE_H

#include "codec.h"

#define BC260Y_NEVER UINT64_MAX
#define BC260Y_PREFIX_SIZE_MAX 24u
#define BC260Y_FENCE_COUNT 4

enum bc260y_event_type {
	BC260Y_EVENT_NONE,
	BC260Y_EVENT_INFO,     /* bytes: an information line of the command in flight */
	BC260Y_EVENT_RESULT,   /* status, code, doubtful; bytes: the line that decided */
	BC260Y_EVENT_URC,      /* bytes */
	BC260Y_EVENT_PAYLOAD,  /* id, bytes */
	BC260Y_EVENT_ORPHAN,   /* bytes: a late answer that nobody waits for any more */
	BC260Y_EVENT_TORN,     /* bytes, id if known: damaged, or not to be trusted */
	BC260Y_EVENT_OVERFLOW, /* size: bytes of a line too long, discarded */
	BC260Y_EVENT_RESET,    /* RDY: the module restarted */
	BC260Y_EVENT_TRUSTED   /* the fence behind a torn frame has passed: ask what is open */
};

enum bc260y_status {
	BC260Y_STATUS_OK,
	BC260Y_STATUS_ERROR,      /* ERROR or CME ERROR; code: its number or -1 */
	BC260Y_STATUS_FAIL,       /* the second result says so; code: 550-574 or -1 */
	BC260Y_STATUS_TIMEOUT,    /* ambiguous: it may have been carried out */
	BC260Y_STATUS_TORN,       /* ambiguous */
	BC260Y_STATUS_NO_PROMPT,  /* its data was never sent; close that socket */
	BC260Y_STATUS_RESET,      /* RDY came */
	BC260Y_STATUS_NO_RESPONSE /* nothing of it was sent: no fence could be passed */
};

struct bc260y_event {
	const uint8_t *bytes;
	size_t size;
	int code;
	uint8_t type;
	uint8_t id;
	uint8_t status;
	bool doubtful; /* an older SEND OK may have been taken for this one's: count */
};

struct bc260y_command {
	const char *text; /* without CR; it and data are copied */
	size_t text_size;
	const uint8_t *data; /* what to send after the prompt */
	size_t data_size;
	const char *prefix; /* of the information lines; NULL: the command's own */
	size_t prefix_size;
	uint32_t timeout_ms; /* of the first answer; 0: BC260Y_FIRST_MS */
	bool bare;           /* lines without any prefix belong to it */
};

enum {
	BC260Y_FIRST_MS = 5000,      /* first answer (wire: 300 ms to 5 s) */
	BC260Y_WRITE_MS = 10000,     /* a line that takes no bytes */
	BC260Y_FINAL_GRACE_MS = 300, /* OK after its second result (manual: 300 ms) */
	BC260Y_STALL_MS = 500,       /* a payload that gets no byte */
	BC260Y_DNS_QUIET_MS = 200,   /* after the first address */
	BC260Y_PROMPT_MS = 5,        /* from the prompt to the data */
	BC260Y_QUIET_MS = 100,       /* before the fence behind a torn frame */
	BC260Y_OWED_MS = 300000      /* a second result this late is lost, not late */
};

struct bc260y_counters {
	uint32_t commands, timeouts, fences, orphans, urcs, payloads, torn, overflows, resets;
	uint64_t payload_bytes, overflow_bytes;
};

/* A second result that did not come. */
struct bc260y_owed {
	uint64_t since_ms;
	uint8_t count;    /* the next so many matches are orphans */
	uint8_t doubt;    /* settled by other means, but may still come */
};


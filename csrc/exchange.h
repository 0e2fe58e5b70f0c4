/*
 * The exchange owns the line: one command in flight, and everything that comes in
 * is its answer, its second result, a URC, or an orphan.
 *
 * Sans I/O: bytes, commands and clock readings go in; bytes and events come out,
 * one event a call. It allocates nothing, blocks on nothing, calls nobody.
 *
 *   bc260y_exchange_start(&x, &command, &fault);
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

#define BC260Y_NEVER	       UINT64_MAX
#define BC260Y_PREFIX_SIZE_MAX 24u
#define BC260Y_FENCE_COUNT     4
/* What can be owed: an open for each socket, and one of each other kind. */
#define BC260Y_OWED_COUNT (BC260Y_SOCKET_COUNT + 5)

enum bc260y_event_type {
	BC260Y_EVENT_NONE,
	BC260Y_EVENT_INFO,     /* bytes: an information line of the command in flight */
	BC260Y_EVENT_RESULT,   /* status, code, doubtful; bytes: the line that decided */
	BC260Y_EVENT_URC,      /* bytes */
	BC260Y_EVENT_PAYLOAD,  /* id, bytes */
	BC260Y_EVENT_ORPHAN,   /* bytes: a late answer that nobody waits for any more */
	BC260Y_EVENT_TORN,     /* bytes, id if known: damaged, or not to be trusted yet */
	BC260Y_EVENT_OVERFLOW, /* size: bytes of a line too long, discarded */
	BC260Y_EVENT_RESET,    /* RDY: the module restarted */
	BC260Y_EVENT_TRUSTED   /* the fence behind a torn frame has passed: ask what is open */
};

enum bc260y_status {
	BC260Y_STATUS_OK,
	BC260Y_STATUS_ERROR,	   /* ERROR or CME ERROR; code: its number or -1 */
	BC260Y_STATUS_FAIL,	   /* the second result says so; code: 550-574 or -1 */
	BC260Y_STATUS_TIMEOUT,	   /* ambiguous: it may have been carried out */
	BC260Y_STATUS_TORN,	   /* ambiguous */
	BC260Y_STATUS_NO_PROMPT,   /* its data did not go for certain; close that socket */
	BC260Y_STATUS_RESET,	   /* RDY came */
	BC260Y_STATUS_NO_RESPONSE, /* nothing of it was sent: no fence could be passed */
	BC260Y_STATUS_OVERFLOW	   /* OK, but a line too long to keep came before it */
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
	bool bare;	     /* lines without any prefix belong to it */
};

enum {
	BC260Y_FIRST_MS = 5000,	     /* first answer (wire: 300 ms to 5 s) */
	BC260Y_WRITE_MS = 10000,     /* for all bytes of a line to be written */
	BC260Y_FINAL_GRACE_MS = 300, /* OK after its second result (manual: 300 ms) */
	BC260Y_PAUSE_MS_MAX = 30000, /* that payloads may keep a deadline waiting */
	BC260Y_STALL_MS = 500,	     /* a payload that gets no byte */
	BC260Y_DNS_QUIET_MS = 200,   /* after the first address */
	BC260Y_DNS_REST_MS = 2000,   /* after one behind which others may come */
	BC260Y_PROMPT_MS = 5,	     /* from the prompt to the data */
	BC260Y_QUIET_MS = 100,	     /* before the fence behind a torn frame, */
	BC260Y_QUIET_MAX_MS = 2000,  /* if the line gets quiet at all */
	BC260Y_OWED_DEADLINES = 3,   /* a second result so many deadlines late is lost */
	BC260Y_FENCE_OWED_MS = 60000 /* an answer this late is lost, not late */
};

struct bc260y_counters {
	uint32_t commands, timeouts, fences, orphans, urcs, payloads, torn, overflows, resets;
	uint64_t payload_bytes, overflow_bytes;
};

/* A second result that did not come. */
struct bc260y_owed {
	uint64_t until_ms; /* from then on it is lost, not late */
	uint8_t count;	   /* the next so many matches are orphans */
	uint8_t doubt;	   /* settled by other means, but may still come */
};

/* Read only through the functions below. */
struct bc260y_exchange {
	struct bc260y_framer framer;
	struct bc260y_counters counters;
	struct bc260y_event deferred; /* the second event of one frame, NONE: there is none */
	uint64_t fed_ms;	      /* when bytes last came */

	/* What is being written. */
	const uint8_t *out;
	size_t out_size;
	uint64_t write_until_ms;
	uint16_t fill_left; /* CRs due to a module that may be waiting for data, */
	uint16_t fill_size; /* and how many one more prompt would ask for */

	/* The command that is held or in flight. */
	struct bc260y_shape shape;
	char prefix[BC260Y_PREFIX_SIZE_MAX];
	uint8_t prefix_size;
	bool held;	     /* accepted, nothing of it written yet */
	bool active;	     /* in flight */
	bool bare;	     /* lines without a prefix belong to it */
	bool sent;	     /* its line is written */
	bool echoed;	     /* its echo has come */
	bool answered;	     /* an information line has come */
	bool overflowed;     /* a line too long to keep has come */
	bool final;	     /* its OK has come */
	bool early_final;    /* before its prompt, so that another may follow */
	bool prompted;	     /* its prompt has come */
	bool data_sent;	     /* its data is written */
	bool seconded;	     /* its second result has come, which said */
	bool doubtful;	     /* but may be an older one's */
	int16_t second_code; /* 0, 550-574, or -1 */
	bool tainted; /* an older second result of its kind is owed: none can be told its own */
	bool dns_header;
	uint8_t dns_left;    /* addresses still to come */
	uint8_t dns_orphans; /* and those of an answer that nobody awaits */
	uint8_t ping_count;  /* requests of which it is known how they ended */
	uint16_t text_size;  /* with CR */
	uint16_t data_size;
	uint32_t timeout_ms;
	uint32_t paused_ms; /* that payloads kept its deadlines waiting */
	uint8_t clash;	    /* bit n: fence n has its prefix */
	uint64_t first_until_ms;
	uint64_t second_until_ms;
	uint64_t data_at_ms;

	/* What the last command left behind, and the fence. */
	char late_prefix[BC260Y_PREFIX_SIZE_MAX];
	uint8_t late_prefix_size;
	uint8_t late_clash;
	bool unfenced;	     /* a fence must pass before the next command is written */
	bool untrusted;	     /* a frame was torn: nothing is believed before that */
	bool fencing;	     /* a query is in flight, */
	bool fence_sent;     /* is written, */
	bool fence_seen;     /* and its information line has come */
	uint8_t fence;	     /* the last query used */
	uint8_t fences_owed; /* bit n: query n was not answered */
	uint8_t fence_tries; /* queries since the command that is held was accepted */
	uint64_t fence_until_ms;
	uint64_t fence_since_ms;
	uint64_t torn_ms;
	struct bc260y_owed owed[BC260Y_OWED_COUNT];
	bool stray; /* a SEND OK may follow the OK of a count query (4.2) */

	char text[BC260Y_COMMAND_SIZE_MAX]; /* the command, its CR, its data */
};

/* buffer: size bytes, at least BC260Y_FRAMER_SIZE_MIN, owned by the caller.
 * Result: 0, or BC260Y_ERR_SPACE. */
int bc260y_exchange_init(struct bc260y_exchange *x, uint8_t *buffer, size_t size);

/* Takes a command. It is written as soon as the line is clear.
 * Result: 0; BC260Y_ERR_BUSY while another is held or in flight; BC260Y_ERR_SPACE when
 * it is too long; BC260Y_ERR_ARGUMENT, with *fault saying what was wrong. */
int bc260y_exchange_start(struct bc260y_exchange *x, const struct bc260y_command *command,
			  const char **fault);

/* Withdraws a held command of which nothing was written. False: it is in flight. */
bool bc260y_exchange_cancel(struct bc260y_exchange *x);

/* True while a command is held, in flight, or ended half written: start says busy. */
bool bc260y_exchange_busy(const struct bc260y_exchange *x);

/* What to write now: their count, and *bytes, which live until the next call. */
size_t bc260y_exchange_output(struct bc260y_exchange *x, const uint8_t **bytes, uint64_t now_ms);
void bc260y_exchange_written(struct bc260y_exchange *x, size_t count, uint64_t now_ms);

/* Takes what fits of bytes that were read and returns how many that was. */
size_t bc260y_exchange_feed(struct bc260y_exchange *x, const void *bytes, size_t size,
			    uint64_t now_ms);

/* The next event, or BC260Y_EVENT_NONE; its bytes live until the next call. */
enum bc260y_event_type bc260y_exchange_next(struct bc260y_exchange *x, struct bc260y_event *event,
					    uint64_t now_ms);

/* A fence passes before the next command: who opens a line does not know what its
 * last user left unanswered. */
void bc260y_exchange_fence(struct bc260y_exchange *x);

/* CRs go before what is written next, as many as a module can wait for data: the last user
 * of the line may have left it so, and to one that does not wait they say nothing. */
void bc260y_exchange_fill(struct bc260y_exchange *x);

/* Nothing that was sent will be answered any more, second results apart: a fence has
 * passed, or the module is known to sleep. Not while a command is held or in flight.
 * Result: whether anything was due. */
bool bc260y_exchange_forgive(struct bc260y_exchange *x);

/* When to call output and next again though nothing was read, or BC260Y_NEVER. */
uint64_t bc260y_exchange_deadline(const struct bc260y_exchange *x);

/* The owed second results of that kind (and socket, for OPEN) were settled by other
 * means. One may still come, and until it has the next success is doubtful. */
void bc260y_exchange_settle(struct bc260y_exchange *x, enum bc260y_second second, uint8_t id);

#endif

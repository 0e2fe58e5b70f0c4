/*
 * An append-only log of records that outlives power cuts: the outbox on a disk.
 *
 * It knows the format of its segments, what of them is surely on the disk, and what may
 * be seen. It does not know files (a disk has them, ledger_disk.h), what a record means,
 * or who reads it. No heap: the caller gives the struct and a buffer.
 *
 * A record gets the next sequence, from 1 on, when it is appended. It is seen, and
 * readable, once a commit has it on the disk, and until it is released. Segments whose
 * records are all released are removed, but the newest, which keeps the count. How far
 * was released is written lazily: after a crash some may be there again.
 *
 * A disk's function may leave by longjmp: nothing is held here, but the ledger must then
 * not be used again.
 */
#ifndef BC260Y_LEDGER_H
#define BC260Y_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger_disk.h"

enum {
	BC260Y_LEDGER_OK = 0,
	BC260Y_LEDGER_ERROR = -60,	   /* the disk failed */
	BC260Y_LEDGER_FULL = -61,	   /* the limit is reached, or the disk is full */
	BC260Y_LEDGER_TOO_LONG = -62,	   /* a record above record_max */
	BC260Y_LEDGER_RELEASED = -63,	   /* that was released */
	BC260Y_LEDGER_NOT_YET = -64,	   /* that was not committed yet */
	BC260Y_LEDGER_DAMAGED = -65,	   /* what was durable is not as it was written */
	BC260Y_LEDGER_FOREIGN = -66,	   /* not an outbox, or another one's segment */
	BC260Y_LEDGER_BUSY = -67,	   /* another ledger has the disk */
	BC260Y_LEDGER_NOT_PERMITTED = -68, /* read-only, or another user's */
	BC260Y_LEDGER_NO_DEVICE = -69	   /* there is no such folder */
};

#define BC260Y_LEDGER_ID_SIZE	   8u
#define BC260Y_LEDGER_HEADER_SIZE  36u /* a segment begins with it */
#define BC260Y_LEDGER_OVERHEAD	   18u /* of a record beside its bytes */
#define BC260Y_LEDGER_RECORD_MAX   65000u
#define BC260Y_LEDGER_SEGMENT_MAX  (1u << 30)
#define BC260Y_LEDGER_LIMIT_MAX	   (UINT64_C(1) << 36)
#define BC260Y_LEDGER_SEQUENCE_MAX ((UINT64_C(1) << 53) - 1)

/* A segment has room for its header, one record and a mark; a ledger for two of those. */
#define BC260Y_LEDGER_SEGMENT_MIN(record_max) \
	(BC260Y_LEDGER_HEADER_SIZE + 2 * BC260Y_LEDGER_OVERHEAD + (record_max))
/* Of the buffer: one record to be written, and what was read last. */
#define BC260Y_LEDGER_BUFFER_SIZE(record_max) \
	(2 * (BC260Y_LEDGER_HEADER_SIZE + BC260Y_LEDGER_OVERHEAD + (size_t)(record_max)))

struct bc260y_ledger_options {
	uint64_t limit;			   /* of the bytes of all segments together */
	uint32_t segment;		   /* bytes of one */
	uint32_t record_max;		   /* bytes of a record */
	uint8_t id[BC260Y_LEDGER_ID_SIZE]; /* of a new outbox */
};

/* A place between two records. */
struct bc260y_ledger_place {
	uint64_t segment;
	uint64_t first;	   /* sequence of the segment's first record */
	uint64_t sequence; /* of the next record from here on */
	uint32_t seed;	   /* the CRC of the segment's header, which its records' begin with */
	uint32_t offset;
};

struct bc260y_ledger_stats {
	uint64_t appended, committed; /* records */
	uint64_t written;	      /* bytes, headers and all */
	uint64_t syncs;		      /* of segments */
	uint64_t failed;	      /* commits */
	uint64_t created, removed;    /* segments */
	uint64_t cut;		      /* bytes of an unsynced tail, when it was opened */
};

/* All fields are the ledger's own but stats, id, and where and why, which say more about
 * an open that failed. */
struct bc260y_ledger {
	struct bc260y_disk *disk;
	struct bc260y_ledger_options options;
	uint8_t id[BC260Y_LEDGER_ID_SIZE];

	struct bc260y_ledger_place head;   /* the oldest record that is not released */
	struct bc260y_ledger_place tail;   /* the end of what is committed */
	struct bc260y_ledger_place back;   /* the end of what is appended */
	struct bc260y_ledger_place reader; /* behind the record read last */
	uint64_t oldest;		   /* segment; all from it to the back's are there */
	uint64_t newest;       /* the last that may be there: above the back's it is a stray */
	uint64_t oldest_size;  /* bytes, 0: not asked yet */
	uint64_t used;	       /* bytes of all segments up to the back */
	uint64_t used_pending; /* those of them that are not committed */
	uint64_t bytes;	       /* of the committed records that are not released */
	uint64_t bytes_pending;
	uint64_t marked;  /* what was written when it was opened: released up to here */
	uint32_t durable; /* so much of the back's segment is surely on the disk */
	bool unproved;	  /* no record says yet that the last commit is durable */
	bool stained;	  /* behind the back there may be bytes that do not belong there */
	bool lost;	  /* what was pending is gone, and nobody was told yet */
	bool unlisted;	  /* a removal that no sync_list has followed */

	uint8_t *staging; /* one record as it is written */
	uint8_t *window;  /* what was read last, from window_offset of window_segment on */
	uint32_t half_size;
	uint32_t window_size;
	uint32_t window_offset;
	uint64_t window_segment;

	struct bc260y_ledger_stats stats;
	uint64_t where_segment; /* 0: nowhere */
	uint32_t where_offset;
	const char *why;
};

/* Takes the lock, recovers what is there or makes a new outbox. buffer: of
 * BC260Y_LEDGER_BUFFER_SIZE(record_max) bytes, it stays the ledger's. On failure the disk
 * is closed, and where and why tell more.
 * Result: 0 or a BC260Y_LEDGER_*. */
int bc260y_ledger_open(struct bc260y_ledger *ledger, struct bc260y_disk *disk,
		       const struct bc260y_ledger_options *options, uint8_t *buffer);

/* Written, but not durable and not seen before a commit. Also a record of no bytes.
 * Result: 0, or FULL, TOO_LONG, ERROR. */
int bc260y_ledger_append(struct bc260y_ledger *ledger, const void *record, size_t size,
			 uint64_t *sequence);
/* All that was appended is durable and seen; or, when it fails, gone: its sequences are
 * given again. Result: 0, or ERROR, FULL. */
int bc260y_ledger_commit(struct bc260y_ledger *ledger);
/* All that was appended since the last commit is gone. Result: 0, or ERROR when the disk
 * could not be told: appends are refused until it can. */
int bc260y_ledger_drop(struct bc260y_ledger *ledger);

/* Result: the record's size, or RELEASED, NOT_YET, DAMAGED, ERROR. record points to its
 * bytes until the next call. */
ptrdiff_t bc260y_ledger_read(struct bc260y_ledger *ledger, uint64_t sequence,
			     const uint8_t **record);
/* Releases all up to sequence. Result: 0, or NOT_YET, DAMAGED, ERROR: then none. */
int bc260y_ledger_release(struct bc260y_ledger *ledger, uint64_t sequence);

/* Writes down what was released, unlocks. What was not committed is gone. */
void bc260y_ledger_close(struct bc260y_ledger *ledger);

/* What a disk's result, below 0, means to who opens a ledger on it. */
int bc260y_ledger_meaning(int result);
/* The short stable name of a negative result: "outbox full", "damaged", ... */
const char *bc260y_ledger_error(int result);

/* What is committed and not released: from first to last; none: first is last + 1. */
static inline uint64_t bc260y_ledger_first(const struct bc260y_ledger *ledger)
{
	return ledger->head.sequence;
}

static inline uint64_t bc260y_ledger_last(const struct bc260y_ledger *ledger)
{
	return ledger->tail.sequence - 1;
}

#endif

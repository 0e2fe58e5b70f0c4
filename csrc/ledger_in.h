/*
 * What the ledger's parts share: the format of a segment, and places in it.
 *
 * All numbers are big endian.
 *
 *	header  magic and version (8), outbox id (8), segment (8), sequence of its first
 *		record (8), CRC32C (4)
 *	record  size (2; MARK: no record, a mark), sequence less the segment's first (4; of a
 *		mark: the next record's), durable: so much of the segment was on the disk when
 *		this was written (4), outstanding: sequence less the highest that was released
 *		(4), CRC32C (4), then the bytes
 *
 * A record's CRC begins with the header's and with its offset, so that bytes of another
 * segment, or at another place, do not pass.
 */
#ifndef BC260Y_LEDGER_IN_H
#define BC260Y_LEDGER_IN_H

#include "ledger.h"

#define BC260Y_LEDGER_MARK	 0xffffu
#define BC260Y_LEDGER_MAGIC_SIZE 8u

extern const uint8_t bc260y_ledger_magic[BC260Y_LEDGER_MAGIC_SIZE];

struct bc260y_ledger_record {
	uint64_t sequence;
	uint64_t released;
	uint32_t size;
	uint32_t durable;
	uint32_t crc;
	bool mark;
};

/* Up to size bytes, at most half_size, at that place. Result: how many are there, or
 * ERROR. They are there until the next look. */
ptrdiff_t bc260y_ledger_look(struct bc260y_ledger *ledger, uint64_t segment, uint32_t offset,
			     uint32_t size, const uint8_t **bytes);

/* Puts the place behind a segment's header. Result: 0, or ERROR, DAMAGED, FOREIGN. */
int bc260y_ledger_enter(struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
			uint64_t segment);
/* Writes a header (HEADER_SIZE bytes) and gives the place behind it. */
void bc260y_ledger_begin(const struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
			 uint64_t segment, uint64_t first, uint8_t *header);

/* Writes what stands before a record's bytes (OVERHEAD bytes); those come behind it. */
void bc260y_ledger_encode(const struct bc260y_ledger_place *place,
			  const struct bc260y_ledger_record *record, uint8_t *bytes);
/* Result: false when these OVERHEAD bytes begin no record. */
bool bc260y_ledger_decode(const struct bc260y_ledger_place *place, const uint8_t *bytes,
			  struct bc260y_ledger_record *record);
/* Result: 1 when the CRC is right, 0 when not, or ERROR. */
int bc260y_ledger_verify(struct bc260y_ledger *ledger, const struct bc260y_ledger_place *place,
			 const struct bc260y_ledger_record *record);

/* Moves a committed place to the next record that is no mark, into the next segment
 * too. Result: 1, 0 at the tail, or ERROR, DAMAGED. */
int bc260y_ledger_peek(struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
		       struct bc260y_ledger_record *record);
/* Over the record there. */
void bc260y_ledger_step(struct bc260y_ledger_place *place,
			const struct bc260y_ledger_record *record);

/* Keeps where and why, and gives the result back. */
int bc260y_ledger_blame(struct bc260y_ledger *ledger, int result, uint64_t segment, uint32_t offset,
			const char *why);

/* The same, for a place that had a record when it was committed. Result: DAMAGED. */
int bc260y_ledger_damaged(struct bc260y_ledger *ledger, const struct bc260y_ledger_place *place);

/* A new segment, durable: the place is behind its header. Result: 0 or the disk's. */
int bc260y_ledger_create(struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
			 uint64_t segment, uint64_t first);
/* Removes the segments that are released whole, as far as the disk lets it. */
void bc260y_ledger_reclaim(struct bc260y_ledger *ledger);

#endif

/*
 * A ledger on a disk in memory, with records that can be told from one another.
 */
#ifndef BC260Y_LEDGER_RIG_H
#define BC260Y_LEDGER_RIG_H

#include "check.h"
#include "ledger_disk_play.h"
#include "ledger_in.h"

#define RECORD_MAX 100u
#define HEADER	   BC260Y_LEDGER_HEADER_SIZE
#define OVERHEAD   BC260Y_LEDGER_OVERHEAD
#define RECORDS	   10u

static const struct bc260y_ledger_options options = {
	.limit = 4000, .segment = 400, .record_max = RECORD_MAX, .id = "outbox1"};

static struct play play, whole;
static struct bc260y_ledger ledger;
static uint8_t buffer[BC260Y_LEDGER_BUFFER_SIZE(RECORD_MAX)];
static uint64_t sequence;

static inline int open_again(void)
{
	return bc260y_ledger_open(&ledger, &play.disk, &options, buffer);
}

static inline void open_new(void)
{
	play_init(&play);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
}

static inline void append(uint32_t size)
{
	uint8_t record[RECORD_MAX];

	memset(record, (int)ledger.back.sequence, sizeof(record));
	CHECK_INT(bc260y_ledger_append(&ledger, record, size, &sequence), BC260Y_LEDGER_OK);
}

static inline void put(uint32_t size)
{
	append(size);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
}

/* All records that are there are as append() made them. Result: the last one. */
static inline uint64_t check_records(void)
{
	for (uint64_t s = bc260y_ledger_first(&ledger); s <= bc260y_ledger_last(&ledger); s++) {
		const uint8_t *record;
		ptrdiff_t size = bc260y_ledger_read(&ledger, s, &record);

		CHECK(size > 0);
		for (ptrdiff_t i = 0; i < size; i++)
			CHECK(record[i] == (uint8_t)s);
	}
	return bc260y_ledger_last(&ledger);
}

/* Three segments, closed well. */
static inline void make_whole(void)
{
	open_new();
	for (uint32_t i = 1; i <= RECORDS; i++)
		put(60 + i);
	bc260y_ledger_close(&ledger);
	whole = play;
	CHECK(play_find(&play, 3) && !play_find(&play, 4));
}

#endif

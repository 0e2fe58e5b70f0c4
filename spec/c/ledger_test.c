/*
 * The ledger on a disk in memory: what it promises while nothing is wrong, its limits, and
 * each kind of failure by itself. (ledger_sweep_test.c: all of them at every step.)
 */
#include "ledger.h"

#include "check.h"
#include "ledger_disk_play.h"

#define RECORD_MAX 100u
#define HEADER	   BC260Y_LEDGER_HEADER_SIZE
#define OVERHEAD   BC260Y_LEDGER_OVERHEAD

static const struct bc260y_ledger_options standard = {
	.limit = 2000, .segment = 400, .record_max = RECORD_MAX, .id = "outbox1"};

static struct bc260y_ledger_options options;
static struct play play;
static struct bc260y_ledger ledger;
static uint8_t buffer[BC260Y_LEDGER_BUFFER_SIZE(1000)];
static uint64_t sequence;

static int open_again(void)
{
	return bc260y_ledger_open(&ledger, &play.disk, &options, buffer);
}

static void open_new(void)
{
	play_init(&play);
	options = standard;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
}

static int append(const char *record)
{
	return bc260y_ledger_append(&ledger, record, strlen(record), &sequence);
}

static int append_long(void)
{
	static const uint8_t record[RECORD_MAX];

	return bc260y_ledger_append(&ledger, record, RECORD_MAX, &sequence);
}

static void put(const char *record)
{
	CHECK_INT(append(record), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
}

static void put_many(int count, size_t size)
{
	static const char bytes[1001];

	for (int i = 0; i < count; i++)
		CHECK_INT(bc260y_ledger_append(&ledger, bytes, size, &sequence), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
}

static void check_read(uint64_t which, const char *want)
{
	const uint8_t *record = NULL;
	ptrdiff_t size = bc260y_ledger_read(&ledger, which, &record);

	CHECK(size >= 0);
	if (size >= 0)
		CHECK_MEM(record, (size_t)size, want, strlen(want));
}

static int read_result(uint64_t which)
{
	const uint8_t *record;
	ptrdiff_t size = bc260y_ledger_read(&ledger, which, &record);

	return size < 0 ? (int)size : 0;
}

static void check_range(uint64_t first, uint64_t last, uint64_t bytes)
{
	CHECK_INT(bc260y_ledger_first(&ledger), first);
	CHECK_INT(bc260y_ledger_last(&ledger), last);
	CHECK_INT(ledger.bytes, bytes);
}

/* --- while nothing is wrong ------------------------------------------------------ */

static void records_are_seen_once_committed(void)
{
	open_new();
	CHECK_MEM(ledger.id, 8, "outbox1", 8);
	check_range(1, 0, 0);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
	CHECK_INT(append("one"), BC260Y_LEDGER_OK);
	CHECK_INT(sequence, 1);
	CHECK_INT(append("second"), BC260Y_LEDGER_OK);
	CHECK_INT(sequence, 2);
	check_range(1, 0, 0);
	CHECK_INT(read_result(1), BC260Y_LEDGER_NOT_YET);
	CHECK_INT(bc260y_ledger_release(&ledger, 1), BC260Y_LEDGER_NOT_YET);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
	check_range(1, 2, 9);
	check_read(2, "second");
	check_read(1, "one");
	check_read(2, "second");
	CHECK_INT(read_result(0), BC260Y_LEDGER_RELEASED);
	CHECK_INT(bc260y_ledger_release(&ledger, 0), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_release(&ledger, 1), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_release(&ledger, 1), BC260Y_LEDGER_OK);
	check_range(2, 2, 6);
	CHECK_INT(read_result(1), BC260Y_LEDGER_RELEASED);
	CHECK_INT(bc260y_ledger_release(&ledger, 3), BC260Y_LEDGER_NOT_YET);
	CHECK_INT(ledger.stats.appended, 2);
	CHECK_INT(ledger.stats.committed, 2);
	CHECK_INT(ledger.stats.syncs, 2);
	CHECK_INT(ledger.stats.written, HEADER + 2 * OVERHEAD + 9);
	bc260y_ledger_close(&ledger);
	CHECK(!play.locked);
}

static void sizes_have_limits(void)
{
	static const char bytes[RECORD_MAX + 1];
	const uint8_t *record;

	open_new();
	CHECK_INT(bc260y_ledger_append(&ledger, bytes, RECORD_MAX + 1, &sequence),
		  BC260Y_LEDGER_TOO_LONG);
	put_many(1, RECORD_MAX);
	put("");
	CHECK_INT(bc260y_ledger_read(&ledger, 1, &record), RECORD_MAX);
	CHECK_INT(bc260y_ledger_read(&ledger, 2, &record), 0);
	bc260y_ledger_close(&ledger);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	check_range(1, 2, RECORD_MAX);
	CHECK_INT(bc260y_ledger_read(&ledger, 2, &record), 0);
	bc260y_ledger_close(&ledger);
	/* A smaller record_max than a record that is there. */
	options.record_max = RECORD_MAX - 1;
	CHECK_INT(open_again(), BC260Y_LEDGER_TOO_LONG);
	CHECK_INT(ledger.where_segment, 1);
	CHECK_INT(ledger.where_offset, HEADER);
	options.record_max = 10;
	CHECK_INT(open_again(), BC260Y_LEDGER_TOO_LONG);
	CHECK(!play.locked);
}

/* Segments of the least size, each with one record. */
static void segments_come_and_go(void)
{
	open_new();
	bc260y_ledger_close(&ledger);
	play_init(&play);
	options.segment = BC260Y_LEDGER_SEGMENT_MIN(RECORD_MAX);
	options.limit = 5 * (uint64_t)options.segment;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	put_many(5, RECORD_MAX);
	CHECK_INT(ledger.stats.created, 5);
	CHECK_INT(ledger.used, 5 * (HEADER + OVERHEAD + RECORD_MAX));
	CHECK_INT(append_long(), BC260Y_LEDGER_FULL);
	for (uint64_t s = 1; s <= 5; s++)
		CHECK_INT(read_result(s), 0);
	CHECK_INT(read_result(2), 0);
	CHECK_INT(bc260y_ledger_release(&ledger, 2), BC260Y_LEDGER_OK);
	CHECK_INT(ledger.stats.removed, 2);
	CHECK(!play_find(&play, 2) && play_find(&play, 3));
	CHECK_INT(bc260y_ledger_release(&ledger, 5), BC260Y_LEDGER_OK);
	CHECK_INT(ledger.stats.removed, 4);
	CHECK_INT(play_used(&play), ledger.used);
	put_many(1, RECORD_MAX);
	CHECK_INT(sequence, 6);
	bc260y_ledger_close(&ledger);
	/* The closing mark has its room. */
	CHECK_INT(play_used(&play), 2 * (HEADER + OVERHEAD + RECORD_MAX) + OVERHEAD);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	check_range(6, 6, RECORD_MAX);
	CHECK_INT(ledger.stats.removed, 1);
	bc260y_ledger_close(&ledger);
}

static void a_close_marks_once(void)
{
	uint32_t used;

	open_new();
	put_many(3, 10);
	bc260y_ledger_close(&ledger);
	used = play_used(&play);
	CHECK_INT(used, HEADER + 4 * OVERHEAD + 30);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	bc260y_ledger_close(&ledger);
	CHECK_INT(play_used(&play), used);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_release(&ledger, 3), BC260Y_LEDGER_OK);
	bc260y_ledger_close(&ledger);
	CHECK_INT(play_used(&play), used + OVERHEAD);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	check_range(4, 3, 0);
	/* What was not committed is gone; what was released is in the record itself. */
	put_many(2, 10);
	CHECK_INT(append("never"), BC260Y_LEDGER_OK);
	bc260y_ledger_close(&ledger);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	check_range(4, 5, 20);
	bc260y_ledger_close(&ledger);
	/* No room: it is put off. */
	options.limit = play_used(&play);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_release(&ledger, 4), BC260Y_LEDGER_OK);
	bc260y_ledger_close(&ledger);
	CHECK_INT(play_used(&play), options.limit);
	/* The segment alone is full: it gets into a new one. */
	options.limit = standard.limit;
	options.segment = (uint32_t)play_used(&play);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	check_range(4, 5, 20);
	CHECK_INT(bc260y_ledger_release(&ledger, 4), BC260Y_LEDGER_OK);
	bc260y_ledger_close(&ledger);
	CHECK_INT(play_used(&play), options.segment + HEADER + OVERHEAD);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	check_range(5, 5, 10);
	bc260y_ledger_close(&ledger);
}

/* To the byte, with room for the mark. */
static void the_limit_is_exact(void)
{
	uint32_t size = HEADER + 2 * (OVERHEAD + 10) + OVERHEAD;

	for (int more = -1; more <= 0; more++) {
		open_new();
		ledger.options.limit = size + (uint32_t)more;
		put_many(1, 10);
		CHECK_INT(append("0123456789"), more < 0 ? BC260Y_LEDGER_FULL : 0);
		CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
		bc260y_ledger_close(&ledger);
		CHECK_INT(play_used(&play), size - (more < 0 ? OVERHEAD + 10 : 0));
		/* The same for a segment: here it begins the next one. */
		open_new();
		ledger.options.segment = size + (uint32_t)more;
		put_many(2, 10);
		CHECK_INT(ledger.stats.created, more < 0 ? 2 : 1);
		bc260y_ledger_close(&ledger);
		/* And for the next one itself. */
		open_new();
		ledger.options.segment = size;
		ledger.options.limit = 2 * size - OVERHEAD - 10 - OVERHEAD + (uint32_t)more;
		put_many(2, 10);
		CHECK_INT(append("0123456789"), more < 0 ? BC260Y_LEDGER_FULL : 0);
		bc260y_ledger_drop(&ledger);
		bc260y_ledger_close(&ledger);
	}
}

/* Made with larger segments than fit the limit that is set now. */
static void a_smaller_limit_shuts_nothing_for_ever(void)
{
	open_new();
	bc260y_ledger_close(&ledger);
	play_init(&play);
	options.segment = 1000;
	options.limit = 2000;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	put_many(8, RECORD_MAX);
	bc260y_ledger_close(&ledger);
	options.segment = 300;
	options.limit = 600;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(append("x"), BC260Y_LEDGER_FULL);
	CHECK_INT(bc260y_ledger_release(&ledger, 7), BC260Y_LEDGER_OK);
	CHECK_INT(append("x"), BC260Y_LEDGER_FULL);
	CHECK_INT(bc260y_ledger_release(&ledger, 8), BC260Y_LEDGER_OK);
	/* The large segment, of which nothing is left, goes once another one is there. */
	put("x");
	put("y");
	CHECK_INT(ledger.stats.removed, 1);
	CHECK_INT(play_used(&play), ledger.used);
	check_range(9, 10, 2);
	bc260y_ledger_close(&ledger);
}

/* A place is found from the last one, by the headers, and from the oldest record. */
static void any_record_is_found(void)
{
	char text[16];
	uint32_t dice = 1;

	open_new();
	for (int i = 1; i <= 60; i++) {
		snprintf(text, sizeof(text), "r%d", i);
		put(text);
	}
	CHECK(ledger.stats.created > 3);
	CHECK_INT(bc260y_ledger_release(&ledger, 5), BC260Y_LEDGER_OK);
	for (int i = 0; i < 500; i++) {
		dice = dice * 1664525u + 1013904223u;
		snprintf(text, sizeof(text), "r%u", (unsigned)(6 + (dice >> 8) % 55));
		check_read(6 + (dice >> 8) % 55, text);
	}
	/* In order one read of the disk serves many. */
	play.counts[PLAY_READ] = 0;
	for (uint64_t s = 6; s <= 60; s++)
		CHECK_INT(read_result(s), 0);
	CHECK(play.counts[PLAY_READ] <= 20);
	bc260y_ledger_close(&ledger);
}

/* --- when the disk fails --------------------------------------------------------- */

static void what_fails_to_sync_is_gone(void)
{
	open_new();
	put("kept");
	append("a");
	append("b");
	play_fail(&play, PLAY_SYNC, 0, 1, BC260Y_DISK_ERROR);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_ERROR);
	CHECK_INT(ledger.stats.failed, 1);
	check_range(1, 1, 4);
	CHECK_INT(play_used(&play), HEADER + OVERHEAD + 4);
	put("c");
	CHECK_INT(sequence, 2);
	check_read(2, "c");
	/* A full disk may say so at last. */
	append("d");
	play_fail(&play, PLAY_SYNC, 0, 1, BC260Y_DISK_FULL);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_FULL);
	check_range(1, 2, 5);
	bc260y_ledger_close(&ledger);
}

/* A cut that fails, and one that is not synced, are tried again before anything is
 * written. */
static void appends_wait_for_a_cut_that_works(void)
{
	open_new();
	put("kept");
	append("a");
	play_fail(&play, PLAY_SYNC, 0, 3, BC260Y_DISK_ERROR);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_ERROR);
	check_read(1, "kept");
	CHECK_INT(append("b"), BC260Y_LEDGER_ERROR);
	CHECK_INT(append("c"), BC260Y_LEDGER_OK);
	CHECK_INT(sequence, 2);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
	check_read(2, "c");
	append("d");
	play_fail(&play, PLAY_CUT, 0, 2, BC260Y_DISK_ERROR);
	CHECK_INT(bc260y_ledger_drop(&ledger), BC260Y_LEDGER_ERROR);
	CHECK_INT(append("e"), BC260Y_LEDGER_ERROR);
	CHECK_INT(bc260y_ledger_release(&ledger, 1), BC260Y_LEDGER_OK);
	check_read(2, "c");
	put("e");
	CHECK_INT(sequence, 3);
	/* Behind a write that failed as well: with it goes what waits for its commit. */
	append("f");
	play.short_writes = true;
	play_fail(&play, PLAY_WRITE, 1, 1, BC260Y_DISK_ERROR);
	CHECK_INT(append("g"), BC260Y_LEDGER_ERROR);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
	check_read(4, "f");
	append("h");
	append("i");
	play_fail(&play, PLAY_CUT, 0, 1, BC260Y_DISK_ERROR);
	play.capacity = play_used(&play);
	CHECK_INT(append("j"), BC260Y_LEDGER_FULL);
	CHECK_INT(append("j"), BC260Y_LEDGER_ERROR);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_ERROR);
	check_range(2, 4, 3);
	bc260y_ledger_close(&ledger);
}

static void a_full_disk_takes_no_record_and_gives_all(void)
{
	open_new();
	put("one");
	put("two");
	play.capacity = play_used(&play) + OVERHEAD + 2;
	CHECK_INT(append("ab"), BC260Y_LEDGER_OK);
	CHECK_INT(append("c"), BC260Y_LEDGER_FULL);
	/* Half a record is written and cut off again: the one before it stays. */
	play.capacity += 7;
	CHECK_INT(append("c"), BC260Y_LEDGER_FULL);
	CHECK_INT(play_used(&play), play.capacity - 7);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
	check_read(1, "one");
	check_read(3, "ab");
	CHECK_INT(bc260y_ledger_release(&ledger, 2), BC260Y_LEDGER_OK);
	check_range(3, 3, 2);
	bc260y_ledger_close(&ledger);
	/* The mark could not be written: what it says was put off. */
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	check_range(1, 3, 8);
	play.capacity = 0;
	CHECK_INT(bc260y_ledger_release(&ledger, 2), BC260Y_LEDGER_OK);
	put("d");
	CHECK_INT(sequence, 4);
	bc260y_ledger_close(&ledger);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	check_range(3, 4, 3);
	bc260y_ledger_close(&ledger);
}

/* Each step of a new segment fails, with a record that waits for its commit. */
static void a_segment_that_fails_leaves_what_was_appended(void)
{
	static const enum play_op ops[] = {PLAY_CREATE, PLAY_WRITE, PLAY_SYNC, PLAY_SYNC_LIST};

	for (int i = 0; i < 4; i++) {
		open_new();
		put_many(2, RECORD_MAX);
		CHECK_INT(append("waits"), BC260Y_LEDGER_OK);
		/* The first sync is that of the old segment. */
		play_fail(&play, ops[i], ops[i] == PLAY_SYNC, 1, BC260Y_DISK_FULL);
		CHECK_INT(append_long(), BC260Y_LEDGER_FULL);
		CHECK(!play_find(&play, 2));
		CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
		check_read(3, "waits");
		put_many(1, RECORD_MAX);
		CHECK_INT(sequence, 4);
		CHECK(play_find(&play, 2) != NULL);
		CHECK_INT(play_used(&play), ledger.used);
		bc260y_ledger_close(&ledger);
	}
}

/* The old segment's own sync fails: what was appended to it is gone, and whoever appends
 * or commits is told. */
static void a_lost_group_is_told(void)
{
	for (int dropped = 0; dropped < 2; dropped++) {
		open_new();
		put_many(2, RECORD_MAX);
		append("waits");
		play_fail(&play, PLAY_SYNC, 0, 1, BC260Y_DISK_ERROR);
		CHECK_INT(append_long(), BC260Y_LEDGER_ERROR);
		CHECK_INT(append("x"), BC260Y_LEDGER_ERROR);
		CHECK_INT(read_result(2), 0);
		CHECK_INT(dropped ? bc260y_ledger_drop(&ledger) : bc260y_ledger_commit(&ledger),
			  dropped ? BC260Y_LEDGER_OK : BC260Y_LEDGER_ERROR);
		put("again");
		CHECK_INT(sequence, 3);
		bc260y_ledger_close(&ledger);
	}
}

/* Across three segments, newest first; nothing is written until the last is gone. */
static void a_group_is_dropped_whole(void)
{
	open_new();
	put("kept");
	for (int i = 0; i < 9; i++)
		CHECK_INT(append_long(), 0);
	CHECK(play_find(&play, 5) != NULL);
	play_fail(&play, PLAY_REMOVE, 1, 1, BC260Y_DISK_ERROR);
	CHECK_INT(bc260y_ledger_drop(&ledger), BC260Y_LEDGER_ERROR);
	CHECK(play_find(&play, 4) && !play_find(&play, 5));
	play_fail(&play, PLAY_SYNC_LIST, 0, 2, BC260Y_DISK_ERROR);
	CHECK_INT(bc260y_ledger_drop(&ledger), BC260Y_LEDGER_ERROR);
	CHECK_INT(append("x"), BC260Y_LEDGER_ERROR);
	CHECK_INT(bc260y_ledger_drop(&ledger), BC260Y_LEDGER_OK);
	CHECK(!play_find(&play, 2));
	CHECK_INT(play_used(&play), HEADER + OVERHEAD + 4);
	CHECK_INT(ledger.used, play_used(&play));
	put("next");
	CHECK_INT(sequence, 2);
	CHECK_INT(bc260y_ledger_drop(&ledger), BC260Y_LEDGER_OK);
	check_range(1, 2, 8);
	bc260y_ledger_close(&ledger);
}

int main(void)
{
	records_are_seen_once_committed();
	sizes_have_limits();
	segments_come_and_go();
	a_close_marks_once();
	the_limit_is_exact();
	a_smaller_limit_shuts_nothing_for_ever();
	any_record_is_found();
	what_fails_to_sync_is_gone();
	appends_wait_for_a_cut_that_works();
	a_full_disk_takes_no_record_and_gives_all();
	a_segment_that_fails_leaves_what_was_appended();
	a_lost_group_is_told();
	a_group_is_dropped_whole();
	return check_end("ledger");
}

/*
 * What a ledger makes of what is not its own: foreign files, creations cut short, the ends
 * of the numbers, and a disk that says nonsense or why it refuses.
 */
#include "ledger_rig.h"

/* --- somebody else's -------------------------------------------------------------- */

static void file_of(const void *bytes, uint32_t size)
{
	uint64_t segment;

	play_init(&play);
	CHECK_INT(play.disk.ops->create(&play.disk, 1), 0);
	if (size > 0)
		CHECK_INT(play.disk.ops->write(&play.disk, 1, 0, bytes, size), size);
	CHECK_INT(play.disk.ops->next(&play.disk, 1, &segment), 1);
}

static void a_foreign_file_is_not_touched(void)
{
	static const char *const texts[] = {
		"hello", "this is my diary\n", "BC260X",
		"a text that is a little longer than the header of a segment"};
	static const uint8_t bytes[HEADER + 1] = {1, 2, 3};

	for (int i = 0; i < 4; i++) {
		uint32_t size = (uint32_t)strlen(texts[i]);

		file_of(texts[i], size);
		CHECK_INT(open_again(), BC260Y_LEDGER_FOREIGN);
		CHECK_MEM(play_find(&play, 1)->live, size, texts[i], size);
	}
	file_of(bytes, sizeof(bytes));
	CHECK_INT(open_again(), BC260Y_LEDGER_FOREIGN);
	/* Nor the newest, when the oldest is foreign, or when it is itself. */
	file_of("another diary\n", 14);
	CHECK_INT(play.disk.ops->create(&play.disk, 2), 0);
	CHECK_INT(open_again(), BC260Y_LEDGER_FOREIGN);
	CHECK_INT(ledger.where_segment, 1);
	CHECK(play_find(&play, 2) != NULL);
	make_whole();
	memcpy(play_find(&play, 3)->live, "my diary", 8);
	play_find(&play, 3)->live_size = 8;
	CHECK_INT(open_again(), BC260Y_LEDGER_FOREIGN);
	CHECK(play_find(&play, 3) != NULL);
	/* Another outbox's second segment, and one under another name. */
	make_whole();
	play_find(&play, 2)->live[8] ^= 1;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	play = whole;
	play_init(&play);
	CHECK_INT(bc260y_ledger_open(&ledger, &play.disk,
				     &(struct bc260y_ledger_options){.limit = 4000,
								     .segment = 400,
								     .record_max = RECORD_MAX,
								     .id = "another"},
				     buffer),
		  BC260Y_LEDGER_OK);
	for (uint32_t i = 1; i <= RECORDS; i++)
		put(60 + i);
	bc260y_ledger_close(&ledger);
	*play_find(&play, 2) = *play_find(&whole, 2);
	CHECK_INT(open_again(), BC260Y_LEDGER_FOREIGN);
	CHECK_INT(ledger.where_segment, 2);
	*play_find(&play, 3) = *play_find(&whole, 3);
	CHECK_INT(open_again(), BC260Y_LEDGER_FOREIGN);
	play_find(&play, 3)->live_size = HEADER;
	play_find(&play, 2)->there = false;
	play_find(&play, 1)->segment = 2;
	bc260y_ledger_begin(&ledger, &ledger.tail, 2, 1, play_find(&play, 2)->live);
	play_find(&play, 2)->live_size = HEADER;
	CHECK_INT(open_again(), BC260Y_LEDGER_FOREIGN);
	CHECK_INT(ledger.where_segment, 3);
	CHECK(play_find(&play, 3) != NULL);
	play = whole;
	play_find(&play, 3)->segment = 9;
	play_find(&play, 2)->segment = 3;
	play_find(&play, 9)->segment = 2;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(ledger.where_segment, 2);
}

/* Records that do not follow the segment before, but for a header that is all there is. */
static void sequences_must_follow(void)
{
	struct bc260y_ledger_place place;
	struct play_file *file;

	make_whole();
	file = play_find(&play, 3);
	bc260y_ledger_begin(&ledger, &place, 3, RECORDS + 5, file->live);
	file->live_size = HEADER + 1;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(ledger.where_offset, 24);
	bc260y_ledger_begin(&ledger, &place, 2, RECORDS + 5, play_find(&play, 2)->live);
	play_find(&play, 2)->live_size = HEADER;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(ledger.where_segment, 2);
	play = whole;
	bc260y_ledger_begin(&ledger, &place, 3, 0, file->live);
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	bc260y_ledger_begin(&ledger, &place, 3, BC260Y_LEDGER_SEQUENCE_MAX + 2, file->live);
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	for (int i = 0; i < 2; i++) {
		uint8_t header[HEADER + 1] = "";

		bc260y_ledger_begin(&ledger, &place, 1, i ? BC260Y_LEDGER_SEQUENCE_MAX + 2 : 0,
				    header);
		file_of(header, sizeof(header));
		CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
		CHECK_INT(ledger.where_offset, 16);
	}
}

/* Every size, with what came, zeros or anything: nothing was in it. */
static void a_creation_cut_short_is_begun_again(void)
{
	for (uint32_t size = 0; size <= HEADER; size++)
		for (int fill = 0; fill < 4; fill++)
			for (uint64_t s = 1; s <= 3; s += 2) {
				struct play_file *file;

				make_whole();
				if (s == 1) {
					play_find(&play, 2)->there = false;
					play_find(&play, 3)->there = false;
				}
				file = play_find(&play, s);
				file->live_size = size;
				for (uint32_t i = fill == 0 ? size : size / 2; i < size; i++)
					file->live[i] = fill == 1 ? 0 : (uint8_t)(i * 97 | 128);
				if (s == 3 && fill == 3)
					memcpy(file->live, play_find(&play, 2)->live, size);
				CHECK_INT(open_again(), BC260Y_LEDGER_OK);
				if (s == 3)
					CHECK(check_records() > 5);
				put(70);
				CHECK(s == 3 || sequence == 1);
				bc260y_ledger_close(&ledger);
			}
}

/* A group that was dropped had such a segment; its block comes back with the next of that
 * number, whose own header was not synced. No record was put there: it is begun again. */
static void a_header_of_a_dropped_segment_is_none(void)
{
	struct bc260y_ledger_place place;
	uint64_t last;

	for (int more = 0; more < 2; more++) {
		make_whole();
		play_find(&play, 3)->live_size = HEADER;
		CHECK_INT(open_again(), BC260Y_LEDGER_OK);
		last = bc260y_ledger_last(&ledger);
		bc260y_ledger_close(&ledger);
		bc260y_ledger_begin(&ledger, &place, 3, more ? last + 2 : last - 1,
				    play_find(&play, 3)->live);
		play_find(&play, 3)->live_size = HEADER;
		CHECK_INT(open_again(), BC260Y_LEDGER_OK);
		CHECK(!play_find(&play, 3));
		if (!play.locked)
			continue;
		CHECK_INT(check_records(), last);
		put(70);
		CHECK_INT(sequence, last + 1);
		bc260y_ledger_close(&ledger);
	}
}

/* --- the ends of the numbers ------------------------------------------------------ */

static void sequences_end_at_2_to_53(void)
{
	struct bc260y_ledger_place place;
	uint8_t header[HEADER];

	memset(&ledger, 0, sizeof(ledger));
	bc260y_ledger_begin(&ledger, &place, 1, BC260Y_LEDGER_SEQUENCE_MAX - 1, header);
	file_of(header, HEADER);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	put(9);
	put(9);
	CHECK_INT(sequence, (INT64_C(1) << 53) - 1);
	CHECK_INT(bc260y_ledger_append(&ledger, "x", 1, &sequence), BC260Y_LEDGER_FULL);
	CHECK_INT(bc260y_ledger_release(&ledger, sequence), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_append(&ledger, "x", 1, &sequence), BC260Y_LEDGER_FULL);
	bc260y_ledger_close(&ledger);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_last(&ledger), BC260Y_LEDGER_SEQUENCE_MAX);
	CHECK_INT(bc260y_ledger_append(&ledger, "x", 1, &sequence), BC260Y_LEDGER_FULL);
	bc260y_ledger_close(&ledger);
	/* A record beyond is none, however right its checksum. */
	place = ledger.tail;
	bc260y_ledger_encode(&place,
			     &(struct bc260y_ledger_record){.sequence = place.sequence,
							    .released = place.sequence - 1,
							    .durable = HEADER},
			     play_find(&play, 1)->live + place.offset);
	play_find(&play, 1)->live_size += OVERHEAD;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(ledger.stats.cut, OVERHEAD);
	CHECK_INT(bc260y_ledger_last(&ledger), BC260Y_LEDGER_SEQUENCE_MAX);
	bc260y_ledger_close(&ledger);
	/* So do segments. */
	bc260y_ledger_begin(&ledger, &place, BC260Y_LEDGER_SEQUENCE_MAX, 7, header);
	file_of(header, HEADER);
	play_find(&play, 1)->segment = BC260Y_LEDGER_SEQUENCE_MAX;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	for (int i = 0; i < 3; i++)
		put(90);
	CHECK_INT(bc260y_ledger_append(&ledger, "x", 90, &sequence), BC260Y_LEDGER_FULL);
	bc260y_ledger_close(&ledger);
}

/* --- a seam that says nonsense, or why it refuses ---------------------------------- */

static ptrdiff_t odd_count;
static uint64_t odd_size;

static ptrdiff_t odd_read(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			  uint8_t *bytes, size_t size)
{
	(void)disk, (void)segment, (void)offset, (void)bytes;
	return (ptrdiff_t)size + odd_count;
}

static ptrdiff_t odd_write(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			   const uint8_t *bytes, size_t size)
{
	(void)disk, (void)segment, (void)offset, (void)bytes;
	CHECK(size <= OVERHEAD + RECORD_MAX);
	return odd_count > 0 ? (ptrdiff_t)size + odd_count : 0;
}

static int odd_size_of(struct bc260y_disk *disk, uint64_t segment, uint64_t *size)
{
	(void)disk, (void)segment;
	*size = odd_size;
	return 0;
}

static void nonsense_is_a_disk_error(void)
{
	struct bc260y_disk_ops odd = play_ops;

	make_whole();
	odd.read = odd_read;
	odd_count = 1;
	play.disk.ops = &odd;
	CHECK_INT(open_again(), BC260Y_LEDGER_ERROR);
	CHECK_INT(ledger.where_segment, 1);
	odd = play_ops;
	odd.size = odd_size_of;
	odd_size = BC260Y_LEDGER_SEGMENT_MAX + UINT64_C(1);
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	open_new();
	put(5);
	bc260y_ledger_close(&ledger);
	play.disk.ops = &odd;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	odd = play_ops;
	make_whole();
	play.disk.ops = &odd;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	for (odd_count = 0; odd_count < 2; odd_count++) {
		odd.write = odd_write;
		CHECK_INT(bc260y_ledger_append(&ledger, "x", 1, &sequence), BC260Y_LEDGER_ERROR);
		odd = play_ops;
	}
	bc260y_ledger_close(&ledger);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(check_records(), RECORDS);
	bc260y_ledger_close(&ledger);
}

static void a_refusal_says_why(void)
{
	static const enum play_op ops[] = {PLAY_LOCK, PLAY_NEXT, PLAY_SIZE, PLAY_SYNC};

	for (int i = 0; i < 4; i++) {
		make_whole();
		play_fail(&play, ops[i], 0, 1, BC260Y_DISK_NOT_PERMITTED);
		CHECK_INT(open_again(), BC260Y_LEDGER_NOT_PERMITTED);
		CHECK(ledger.why && !play.locked);
	}
	make_whole();
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_open(&(struct bc260y_ledger){0}, &play.disk, &options, buffer),
		  BC260Y_LEDGER_BUSY);
	play_init(&play);
	play_fail(&play, PLAY_CREATE, 0, 1, BC260Y_DISK_FULL);
	CHECK_INT(open_again(), BC260Y_LEDGER_FULL);
	/* One byte is left: its header is not whole, and the next opening begins again. */
	play.capacity = 1;
	CHECK_INT(open_again(), BC260Y_LEDGER_FULL);
	CHECK_INT(play_used(&play), 1);
	play.capacity = 0;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	put(5);
	CHECK_INT(sequence, 1);
	bc260y_ledger_close(&ledger);
}

static void every_result_has_a_name(void)
{
	static const char *const names[] = {
		"disk error", "outbox full",   "too long", "released",	    "not yet",
		"damaged",    "not an outbox", "busy",	   "not permitted", "no device"};

	for (int i = 0; i < 10; i++)
		CHECK(!strcmp(bc260y_ledger_error(BC260Y_LEDGER_ERROR - i), names[i]));
	CHECK_INT(bc260y_ledger_meaning(BC260Y_DISK_ERROR), BC260Y_LEDGER_ERROR);
	CHECK_INT(bc260y_ledger_meaning(BC260Y_DISK_FULL), BC260Y_LEDGER_FULL);
	CHECK_INT(bc260y_ledger_meaning(BC260Y_DISK_BUSY), BC260Y_LEDGER_BUSY);
	CHECK_INT(bc260y_ledger_meaning(BC260Y_DISK_NOT_PERMITTED), BC260Y_LEDGER_NOT_PERMITTED);
	CHECK_INT(bc260y_ledger_meaning(BC260Y_DISK_NO_DEVICE), BC260Y_LEDGER_NO_DEVICE);
}

static int late_remove(struct bc260y_disk *disk, uint64_t segment)
{
	play_remove(disk, segment);
	return BC260Y_DISK_ERROR;
}

/* It was done all the same: that is found out, and counted once. */
static void a_removal_that_fails_is_looked_at(void)
{
	struct bc260y_disk_ops odd = play_ops;

	make_whole();
	play.disk.ops = &odd;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	odd.remove = late_remove;
	CHECK_INT(bc260y_ledger_release(&ledger, RECORDS), BC260Y_LEDGER_OK);
	CHECK_INT(ledger.stats.removed, 0);
	odd = play_ops;
	put(5);
	CHECK_INT(ledger.stats.removed, 2);
	CHECK_INT(ledger.used, play_used(&play));
	/* One whose size is not known is left for later. */
	for (int i = 0; i < 8; i++)
		put(90);
	play_fail(&play, PLAY_SIZE, 0, 1, BC260Y_DISK_ERROR);
	CHECK_INT(bc260y_ledger_release(&ledger, sequence), BC260Y_LEDGER_OK);
	CHECK_INT(ledger.stats.removed, 2);
	play_fail(&play, PLAY_NEXT, 0, 1, BC260Y_DISK_ERROR);
	put(5);
	CHECK_INT(ledger.stats.removed, 2);
	put(5);
	CHECK(ledger.stats.removed > 2);
	CHECK_INT(ledger.used, play_used(&play));
	bc260y_ledger_close(&ledger);
}

/* Nothing is written while a segment is there that should not be. */
static void a_stray_segment_is_waited_for(void)
{
	uint8_t record[RECORD_MAX] = {0};

	open_new();
	for (int i = 0; i < 3; i++)
		put(90);
	play_fail(&play, PLAY_SYNC_LIST, 0, 3, BC260Y_DISK_ERROR);
	CHECK_INT(bc260y_ledger_append(&ledger, record, 90, &sequence), BC260Y_LEDGER_ERROR);
	CHECK_INT(bc260y_ledger_append(&ledger, record, 0, &sequence), BC260Y_LEDGER_ERROR);
	CHECK_INT(play.counts[PLAY_WRITE], 5);
	put(1);
	CHECK(!play_find(&play, 2));
	play_cut_power(&play, PLAY_LONG);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_last(&ledger), 4);
	bc260y_ledger_close(&ledger);
}

/* What is released and can't be removed counts. */
static void the_limit_counts_what_can_not_be_removed(void)
{
	uint8_t record[RECORD_MAX] = {0};
	int result = BC260Y_LEDGER_OK;

	open_new();
	play_fail(&play, PLAY_REMOVE, 0, 10000, BC260Y_DISK_ERROR);
	for (int i = 0; i < 100 && result == BC260Y_LEDGER_OK; i++) {
		result = bc260y_ledger_append(&ledger, record, 90, &sequence);
		CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
		CHECK_INT(bc260y_ledger_release(&ledger, bc260y_ledger_last(&ledger)),
			  BC260Y_LEDGER_OK);
		CHECK(play_used(&play) <= options.limit);
	}
	CHECK_INT(result, BC260Y_LEDGER_FULL);
	play.fail_count = 0;
	put(90);
	bc260y_ledger_close(&ledger);
}

static void a_torn_segment_that_stays_shuts_it(void)
{
	static const enum play_op ops[] = {PLAY_REMOVE, PLAY_SYNC_LIST, PLAY_READ, PLAY_READ};

	for (int i = 0; i < 4; i++) {
		make_whole();
		play_find(&play, 3)->live_size = 7;
		play_fail(&play, ops[i], i == 3, 1, BC260Y_DISK_ERROR);
		CHECK_INT(open_again(), BC260Y_LEDGER_ERROR);
		CHECK(ledger.why && !play.locked);
		CHECK_INT(open_again(), BC260Y_LEDGER_OK);
		CHECK(check_records() > 5);
		bc260y_ledger_close(&ledger);
	}
}

int main(void)
{
	a_foreign_file_is_not_touched();
	sequences_must_follow();
	a_creation_cut_short_is_begun_again();
	a_header_of_a_dropped_segment_is_none();
	sequences_end_at_2_to_53();
	nonsense_is_a_disk_error();
	a_refusal_says_why();
	every_result_has_a_name();
	a_removal_that_fails_is_looked_at();
	a_stray_segment_is_waited_for();
	the_limit_counts_what_can_not_be_removed();
	a_torn_segment_that_stays_shuts_it();
	return check_end("ledger_foreign");
}

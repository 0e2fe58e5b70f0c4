/*
 * What a ledger makes of a disk that is not as it left it: what is reported as damage, what
 * is cut, what is somebody else's, and what a seam must not be believed.
 */
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

static int open_again(void)
{
	return bc260y_ledger_open(&ledger, &play.disk, &options, buffer);
}

static void open_new(void)
{
	play_init(&play);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
}

static void append(uint32_t size)
{
	uint8_t record[RECORD_MAX];

	memset(record, (int)ledger.back.sequence, sizeof(record));
	CHECK_INT(bc260y_ledger_append(&ledger, record, size, &sequence), BC260Y_LEDGER_OK);
}

static void put(uint32_t size)
{
	append(size);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
}

/* All records that are there are as append() made them. Result: the last one. */
static uint64_t check_records(void)
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
static void make_whole(void)
{
	open_new();
	for (uint32_t i = 1; i <= RECORDS; i++)
		put(60 + i);
	bc260y_ledger_close(&ledger);
	whole = play;
	CHECK(play_find(&play, 3) && !play_find(&play, 4));
}

static bool same_files(const struct play *one, const struct play *other)
{
	for (int i = 0; i < PLAY_FILES; i++) {
		const struct play_file *a = &one->files[i], *b = &other->files[i];

		if (a->there != b->there || a->live_size != b->live_size ||
		    memcmp(a->live, b->live, a->live_size) != 0)
			return false;
	}
	return true;
}

static bool is_damage(int result)
{
	return result == BC260Y_LEDGER_DAMAGED || result == BC260Y_LEDGER_FOREIGN;
}

/* --- damage ----------------------------------------------------------------------- */

/* But for the closing mark, after which nothing says that it was durable. */
static void every_flipped_byte_is_reported(void)
{
	make_whole();
	for (uint64_t s = 1; s <= 3; s++) {
		uint32_t size = play_find(&whole, s)->live_size;
		uint32_t proved = s < 3 ? size : size - OVERHEAD;

		for (uint32_t i = 0; i < size; i++) {
			struct play before;
			int result;

			play = whole;
			play_find(&play, s)->live[i] ^= (uint8_t)(1 + i % 255);
			before = play;
			result = open_again();
			if (i >= proved) {
				CHECK_INT(result, BC260Y_LEDGER_OK);
				CHECK_INT(check_records(), RECORDS);
				bc260y_ledger_close(&ledger);
				continue;
			}
			CHECK(is_damage(result));
			CHECK_INT(ledger.where_segment, s);
			CHECK(ledger.where_offset <= i && ledger.why);
			CHECK(!play.locked && same_files(&play, &before));
		}
	}
}

/* In the newest segment a cut can't be told from a tail that never came. */
static void every_cut_is_reported_but_the_last(void)
{
	make_whole();
	for (uint64_t s = 1; s <= 3; s++)
		for (uint32_t size = 0; size < play_find(&whole, s)->live_size; size++) {
			int result;

			play = whole;
			play_find(&play, s)->live_size = play_find(&play, s)->base_size = size;
			result = open_again();
			if (s < 3) {
				CHECK(is_damage(result));
				continue;
			}
			CHECK_INT(result, BC260Y_LEDGER_OK);
			CHECK(check_records() <= RECORDS);
			put(9);
			bc260y_ledger_close(&ledger);
			CHECK_INT(open_again(), BC260Y_LEDGER_OK);
			CHECK_INT(check_records(), sequence);
			bc260y_ledger_close(&ledger);
		}
}

static void a_missing_segment_is_damage(void)
{
	make_whole();
	play_find(&play, 2)->there = false;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(ledger.where_segment, 2);
	/* The newest alone, and its creation cut short: the one before was never removed. */
	play = whole;
	play_find(&play, 1)->there = play_find(&play, 2)->there = false;
	play_find(&play, 3)->live_size = 0;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(ledger.where_segment, 3);
}

/* Of the last group nothing says that it was durable; of the one before that group does. */
static void a_later_record_proves_an_earlier_one(void)
{
	uint32_t first = HEADER, second = first + OVERHEAD + 50, third = second + OVERHEAD + 50;

	for (int i = 0; i < 3; i++) {
		uint32_t at = i == 0 ? first : i == 1 ? second : third;

		open_new();
		put(50);
		append(50);
		put(50);
		play_cut_power(&play, PLAY_NEW);
		play_find(&play, 1)->live[at + 3] ^= 1;
		CHECK_INT(open_again(), i == 0 ? BC260Y_LEDGER_DAMAGED : BC260Y_LEDGER_OK);
		if (i == 0)
			continue;
		CHECK_INT(check_records(), (uint64_t)i);
		CHECK_INT(ledger.stats.cut, third + OVERHEAD + 50 - at);
		CHECK_INT(play_find(&play, 1)->base_size, at);
		bc260y_ledger_close(&ledger);
	}
}

/* Bytes that came from elsewhere, or twice, pass nowhere. */
static void a_record_passes_in_its_place_alone(void)
{
	struct play_file *file;
	uint32_t size = OVERHEAD + 50;

	open_new();
	put(50);
	put(50);
	play_cut_power(&play, PLAY_NEW);
	file = play_find(&play, 1);
	memcpy(file->live + file->live_size, file->live + HEADER + size, size);
	file->live_size += size;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(check_records(), 2);
	bc260y_ledger_close(&ledger);
	/* The same record of another outbox, at the same offset. */
	open_new();
	put(50);
	put(50);
	play_cut_power(&play, PLAY_NEW);
	whole = play;
	play_init(&play);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	put(49);
	play_cut_power(&play, PLAY_NEW);
	file = play_find(&play, 1);
	memcpy(file->live + HEADER, play_find(&whole, 1)->live + HEADER, 2 * size);
	file->live[8] ^= 1;
	file->live_size = HEADER + 2 * size;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
}

static void damage_while_it_runs_is_reported(void)
{
	const uint8_t *record;
	uint32_t size = OVERHEAD + 90;

	open_new();
	for (int i = 0; i < 8; i++)
		put(90);
	CHECK(play_find(&play, 3) != NULL);
	/* A payload: its record is damaged, the others can be read and released. */
	play_find(&play, 1)->live[HEADER + OVERHEAD + 5] ^= 1;
	CHECK_INT(bc260y_ledger_read(&ledger, 1, &record), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(ledger.where_segment, 1);
	CHECK_INT(ledger.where_offset, HEADER);
	CHECK_INT(bc260y_ledger_read(&ledger, 2, &record), 90);
	CHECK_INT(bc260y_ledger_release(&ledger, 1), BC260Y_LEDGER_OK);
	/* What leads to the next one: nothing behind is released. */
	play_find(&play, 1)->live[HEADER + size + 5] ^= 1;
	ledger.window_size = 0;
	CHECK_INT(bc260y_ledger_release(&ledger, 2), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(bc260y_ledger_first(&ledger), 2);
	CHECK_INT(bc260y_ledger_read(&ledger, 2, &record), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(bc260y_ledger_read(&ledger, 5, &record), 90);
	play_find(&play, 1)->live[HEADER + size + 5] ^= 1;
	play_find(&play, 1)->live[HEADER + size] = 0xfd;
	ledger.window_size = 0;
	CHECK_INT(bc260y_ledger_release(&ledger, 2), BC260Y_LEDGER_DAMAGED);
	play_find(&play, 1)->live[HEADER + size] = 0;
	/* A header. */
	for (uint32_t at = 0; at < HEADER; at += 4) {
		play_find(&play, 2)->live[at] ^= 1;
		ledger.window_size = 0;
		CHECK_INT(bc260y_ledger_read(&ledger, 4, &record), BC260Y_LEDGER_DAMAGED);
		play_find(&play, 2)->live[at] ^= 1;
	}
	ledger.window_size = 0;
	CHECK_INT(bc260y_ledger_read(&ledger, 4, &record), 90);
	play_find(&play, 3)->live_size = HEADER + 4;
	ledger.window_size = 0;
	CHECK_INT(bc260y_ledger_read(&ledger, 8, &record), BC260Y_LEDGER_DAMAGED);
	bc260y_ledger_drop(&ledger);
}

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
	play = whole;
	play_find(&play, 3)->segment = 9;
	play_find(&play, 2)->segment = 3;
	play_find(&play, 9)->segment = 2;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(ledger.where_segment, 2);
}

/* Records that do not follow the segment before. */
static void sequences_must_follow(void)
{
	struct bc260y_ledger_place place;
	struct play_file *file;

	make_whole();
	file = play_find(&play, 3);
	bc260y_ledger_begin(&ledger, &place, 3, RECORDS + 5, file->live);
	file->live_size = HEADER;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(ledger.where_offset, 24);
	bc260y_ledger_begin(&ledger, &place, 3, 0, file->live);
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
	bc260y_ledger_begin(&ledger, &place, 3, BC260Y_LEDGER_SEQUENCE_MAX + 2, file->live);
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
}

/* Every size, with what came, zeros or anything: nothing was in it. */
static void a_creation_cut_short_is_begun_again(void)
{
	for (uint32_t size = 0; size <= HEADER; size++)
		for (int fill = 0; fill < 3; fill++)
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
				CHECK_INT(open_again(), BC260Y_LEDGER_OK);
				if (s == 3)
					CHECK(check_records() > 5);
				put(70);
				CHECK(s == 3 || sequence == 1);
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
	odd = play_ops;
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

int main(void)
{
	every_flipped_byte_is_reported();
	every_cut_is_reported_but_the_last();
	a_missing_segment_is_damage();
	a_later_record_proves_an_earlier_one();
	a_record_passes_in_its_place_alone();
	damage_while_it_runs_is_reported();
	a_foreign_file_is_not_touched();
	sequences_must_follow();
	a_creation_cut_short_is_begun_again();
	sequences_end_at_2_to_53();
	nonsense_is_a_disk_error();
	a_refusal_says_why();
	return check_end("ledger_damage");
}

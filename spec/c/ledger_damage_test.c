/*
 * What a ledger makes of segments that are not as it left them: what is reported as damage,
 * and what is cut.
 */
#include "ledger_rig.h"

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

/* But for the closing mark, after which nothing says that it was durable. */
static void every_flipped_byte_is_reported(void)
{
	make_whole();
	for (uint64_t s = 1; s <= 3; s++) {
		uint32_t size = play_find(&whole, s)->live_size;
		uint32_t proved = s < 3 ? size : size - OVERHEAD;

		for (uint32_t k = 0; k < 3 * size; k++) {
			static const uint8_t flips[] = {1, 0x80, 0xff};
			struct play before;
			uint32_t i = k / 3;
			int result;

			play = whole;
			play_find(&play, s)->live[i] ^= flips[k % 3];
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

/* Also when a group that was dropped had gone on to other segments. */
static void a_dropped_group_leaves_the_proof(void)
{
	open_new();
	put(50);
	for (int i = 0; i < 6; i++)
		append(90);
	CHECK_INT(bc260y_ledger_drop(&ledger), BC260Y_LEDGER_OK);
	put(50);
	play_cut_power(&play, PLAY_NEW);
	play_find(&play, 1)->live[HEADER + 3] ^= 1;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
}

/* Whoever closes after a crash proves what the crash left unproved. */
static void a_close_proves_what_was_found(void)
{
	open_new();
	put(50);
	play_cut_power(&play, PLAY_NEW);
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	bc260y_ledger_close(&ledger);
	play_find(&play, 1)->live[HEADER + 3] ^= 1;
	CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
}

/* With the right checksum, and yet none that was ever written. */
static void an_impossible_record_is_none(void)
{
	static const struct bc260y_ledger_record records[] = {
		{.sequence = 3, .released = 0, .durable = HEADER},
		{.sequence = 4, .released = 1, .durable = HEADER},
		{.sequence = 2, .released = 1, .durable = HEADER},
		{.sequence = 3, .released = 3, .durable = HEADER},
		{.sequence = 3, .released = UINT64_MAX, .durable = HEADER},
		{.sequence = 3, .released = 1, .durable = 4000},
		{.sequence = 3, .released = 1, .durable = HEADER},
	};

	for (int i = 0; i < 7; i++) {
		struct play_file *file;

		open_new();
		put(50);
		CHECK_INT(bc260y_ledger_release(&ledger, 1), BC260Y_LEDGER_OK);
		put(50);
		play_cut_power(&play, PLAY_NEW);
		file = play_find(&play, 1);
		bc260y_ledger_encode(&ledger.tail, &records[i], file->live + file->live_size);
		file->live_size += OVERHEAD;
		CHECK_INT(open_again(), BC260Y_LEDGER_OK);
		CHECK_INT(ledger.stats.cut, i < 6 ? OVERHEAD : 0);
		CHECK_INT(bc260y_ledger_last(&ledger), i < 6 ? 2 : 3);
		bc260y_ledger_close(&ledger);
	}
}

/* Sizes and checksums in it would have the whole tail summed at each of its bytes. */
static void junk_costs_no_more_than_its_size(void)
{
	struct play_file *file;

	open_new();
	put(50);
	play_cut_power(&play, PLAY_NEW);
	file = play_find(&play, 1);
	for (; file->live_size < PLAY_FILE_SIZE; file->live_size++)
		file->live[file->live_size] = (uint8_t)(file->live_size * 167 % 251 & 0x7f);
	play.counts[PLAY_READ] = 0;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK(play.counts[PLAY_READ] < 60);
	CHECK_INT(check_records(), 1);
	bc260y_ledger_close(&ledger);
}

/* A segment behind it, even one cut short, says that all of it was durable; again and again. */
static void a_torn_segment_excuses_no_damage(void)
{
	open_new();
	for (int i = 0; i < 4; i++)
		put(90);
	play_cut_power(&play, PLAY_NEW);
	play_find(&play, 2)->live_size = 3;
	play_find(&play, 1)->live[play_find(&play, 1)->live_size - 1] ^= 1;
	for (int i = 0; i < 2; i++) {
		CHECK_INT(open_again(), BC260Y_LEDGER_DAMAGED);
		CHECK_INT(ledger.where_segment, 1);
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
	/* Bytes of a record that was dropped, where a mark has moved what follows. */
	open_new();
	put(50);
	append(50);
	whole = play;
	CHECK_INT(bc260y_ledger_drop(&ledger), BC260Y_LEDGER_OK);
	bc260y_ledger_close(&ledger);
	file = play_find(&play, 1);
	memcpy(file->live + file->live_size, play_find(&whole, 1)->live + HEADER + size, size);
	file->live_size += size;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(check_records(), 1);
	bc260y_ledger_close(&ledger);
	/* A record of another outbox, at the same offset. */
	open_new();
	put(50);
	put(50);
	play_cut_power(&play, PLAY_NEW);
	whole = play;
	open_new();
	bc260y_ledger_close(&ledger);
	file = play_find(&play, 1);
	memcpy(ledger.id, "another", 8);
	bc260y_ledger_begin(&ledger, &ledger.tail, 1, 1, file->live);
	memcpy(file->live + HEADER, play_find(&whole, 1)->live + HEADER, 2 * size);
	file->live_size = HEADER + 2 * size;
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	CHECK_INT(check_records(), 0);
	bc260y_ledger_close(&ledger);
}

/* A record whose place is taken by a mark, and a header that was changed. */
static void a_path_that_leads_nowhere_is_damage(void)
{
	struct bc260y_ledger_place place;
	const uint8_t *record;

	open_new();
	put(50);
	append(0);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
	memset(play_find(&play, 1)->live + HEADER + OVERHEAD + 50, 0xff, 2);
	CHECK_INT(bc260y_ledger_read(&ledger, 2, &record), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(bc260y_ledger_release(&ledger, 2), BC260Y_LEDGER_DAMAGED);
	bc260y_ledger_close(&ledger);
	make_whole();
	CHECK_INT(open_again(), BC260Y_LEDGER_OK);
	bc260y_ledger_begin(&ledger, &place, 2, 6, play_find(&play, 2)->live);
	ledger.window_size = 0;
	CHECK_INT(bc260y_ledger_release(&ledger, RECORDS), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(bc260y_ledger_first(&ledger), 1);
	bc260y_ledger_close(&ledger);
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
	play_find(&play, 1)->live[HEADER + size + 5] ^= 2;
	ledger.window_size = 0;
	CHECK_INT(bc260y_ledger_release(&ledger, 2), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(bc260y_ledger_first(&ledger), 2);
	CHECK_INT(bc260y_ledger_read(&ledger, 2, &record), BC260Y_LEDGER_DAMAGED);
	CHECK_INT(bc260y_ledger_read(&ledger, 5, &record), 90);
	play_find(&play, 1)->live[HEADER + size + 5] ^= 2;
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

int main(void)
{
	every_flipped_byte_is_reported();
	every_cut_is_reported_but_the_last();
	a_missing_segment_is_damage();
	a_later_record_proves_an_earlier_one();
	a_dropped_group_leaves_the_proof();
	a_close_proves_what_was_found();
	an_impossible_record_is_none();
	junk_costs_no_more_than_its_size();
	a_torn_segment_excuses_no_damage();
	a_record_passes_in_its_place_alone();
	a_path_that_leads_nowhere_is_damage();
	damage_while_it_runs_is_reported();
	return check_end("ledger_damage");
}

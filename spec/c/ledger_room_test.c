/*
 * What a ledger has room for when it was used before: the limit, the
 * records of a larger record_max, and a mark on close.
 */
#include "ledger_rig.h"

static uint32_t fill(void)
{
	static const uint8_t record[RECORD_MAX];
	uint32_t count = 0;

	while (bc260y_ledger_append(&ledger, record, RECORD_MAX, &sequence) == BC260Y_LEDGER_OK) {
		CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
		count++;
	}
	return count;
}

static void open_small(void)
{
	open_new();
	ledger.options.limit = 2 * ledger.options.segment;
}

/* Wherever in a segment the last record was released: what is missing is what was released
 * of one that is not full. */
static void an_empty_outbox_takes_what_a_new_one_takes(void)
{
	const uint32_t of_segment = (options.segment - HEADER - OVERHEAD) / (RECORD_MAX + OVERHEAD);
	uint32_t most;

	open_small();
	most = fill();
	bc260y_ledger_close(&ledger);
	for (uint32_t before = 1; before <= 2 * most; before++) {
		open_small();
		for (uint32_t i = 0; i < before; i++) {
			put(RECORD_MAX);
			CHECK_INT(bc260y_ledger_release(&ledger, sequence), BC260Y_LEDGER_OK);
		}
		CHECK_INT(fill(), most - before % of_segment);
		CHECK_INT(play_used(&play), ledger.used);
		bc260y_ledger_close(&ledger);
	}
}

/* Of records that wait none may be longer than the buffer; others are not read. */
static void a_smaller_record_max_shuts_what_waits_alone(void)
{
	struct bc260y_ledger_options smaller = options;

	smaller.record_max = 20;
	for (uint64_t released = 0; released <= 6; released++) {
		int want = released < 4 ? BC260Y_LEDGER_TOO_LONG : BC260Y_LEDGER_OK;

		open_new();
		for (uint32_t i = 1; i <= 6; i++)
			put(i == 4 ? RECORD_MAX : i == 1 ? 21 : 20);
		CHECK_INT(bc260y_ledger_release(&ledger, released), BC260Y_LEDGER_OK);
		bc260y_ledger_close(&ledger);
		CHECK_INT(bc260y_ledger_open(&ledger, &play.disk, &smaller, buffer), want);
		if (want < 0)
			CHECK_INT(ledger.where_offset, HEADER + 3 * OVERHEAD + 61);
		if (!play.locked)
			continue;
		CHECK_INT(bc260y_ledger_first(&ledger), released + 1);
		CHECK_INT(ledger.bytes, (6 - released) * 20);
		CHECK_INT(check_records(), 6);
		put(20);
		bc260y_ledger_close(&ledger);
	}
}

/* Whether or not the newest segment is full, what was released is so after a close, as often
 * as that is done. */
static void a_close_keeps_what_was_released(void)
{
	for (uint32_t size = 1; size <= RECORD_MAX; size++) {
		open_new();
		for (uint32_t i = 1; i <= RECORDS; i++)
			put(size);
		for (uint64_t s = 0; s <= RECORDS; s++) {
			CHECK_INT(bc260y_ledger_release(&ledger, s), BC260Y_LEDGER_OK);
			bc260y_ledger_close(&ledger);
			CHECK_INT(open_again(), BC260Y_LEDGER_OK);
			CHECK_INT(bc260y_ledger_first(&ledger), s + 1);
			CHECK_INT(check_records(), RECORDS);
		}
		CHECK_INT(play_used(&play), ledger.used);
		bc260y_ledger_close(&ledger);
	}
}

int main(void)
{
	an_empty_outbox_takes_what_a_new_one_takes();
	a_smaller_record_max_shuts_what_waits_alone();
	a_close_keeps_what_was_released();
	return check_end("ledger_room");
}

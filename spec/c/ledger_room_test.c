/*
 * What a ledger has room for when it was used before: the limit, and a mark on close.
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

int main(void)
{
	an_empty_outbox_takes_what_a_new_one_takes();
	return check_end("ledger_room");
}

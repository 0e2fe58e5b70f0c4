/*
 * How a ledger is opened: what is found on the disk, what of it may be cut, what is
 * damage.
 *
 * A crash leaves the newest segment with a tail that no sync covered, or with a header
 * that is not whole. All else was durable, and has to be as it was written: where it is
 * not, that is reported and no record is touched. A crash in here is recovered like any.
 */
#include <string.h>

#include "ledger_in.h"

#define TEXT_MIN 4

/* The newest segment's creation was cut short. */
#define TORN 1

/* What the records say, or 0. */
struct findings {
	uint64_t released; /* all up to it */
	uint64_t too_long; /* the last one above record_max */
};

int bc260y_ledger_meaning(int result)
{
	switch (result) {
	case BC260Y_DISK_FULL:
		return BC260Y_LEDGER_FULL;
	case BC260Y_DISK_BUSY:
		return BC260Y_LEDGER_BUSY;
	case BC260Y_DISK_NOT_PERMITTED:
		return BC260Y_LEDGER_NOT_PERMITTED;
	case BC260Y_DISK_NO_DEVICE:
		return BC260Y_LEDGER_NO_DEVICE;
	default:
		return BC260Y_LEDGER_ERROR;
	}
}

static int blame_disk(struct bc260y_ledger *ledger, int result, uint64_t segment, const char *why)
{
	return bc260y_ledger_blame(ledger, bc260y_ledger_meaning(result), segment, 0, why);
}

/* Over all records from the place on that are whole and follow one another. Result: 0 or
 * an error; the place is where they end. */
static int scan(struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
		struct findings *findings)
{
	struct bc260y_ledger_record record;
	const uint8_t *bytes;

	for (;;) {
		ptrdiff_t count = bc260y_ledger_look(ledger, place->segment, place->offset,
						     BC260Y_LEDGER_OVERHEAD, &bytes);
		int result;

		if (count < (ptrdiff_t)BC260Y_LEDGER_OVERHEAD)
			return count < 0 ? (int)count : BC260Y_LEDGER_OK;
		if (!bc260y_ledger_decode(place, bytes, &record) ||
		    record.sequence != place->sequence || record.released < findings->released)
			return BC260Y_LEDGER_OK;
		result = bc260y_ledger_verify(ledger, place, &record);
		if (result <= 0)
			return result;
		if (record.size > ledger->options.record_max) {
			findings->too_long = record.sequence;
			bc260y_ledger_blame(ledger, BC260Y_LEDGER_TOO_LONG, place->segment,
					    place->offset, "a record above record_max");
		}
		bc260y_ledger_step(place, &record);
		findings->released = record.released;
		ledger->bytes += record.size;
		ledger->unproved = !record.mark;
	}
}

/* Whether any record behind the place says that the place's bytes were durable. */
static int proved(struct bc260y_ledger *ledger, const struct bc260y_ledger_place *end)
{
	struct bc260y_ledger_place place = *end;
	struct bc260y_ledger_record record;
	const uint8_t *bytes;

	for (;;) {
		ptrdiff_t count;
		int result;

		place.offset++;
		count = bc260y_ledger_look(ledger, place.segment, place.offset,
					   BC260Y_LEDGER_OVERHEAD, &bytes);
		if (count < (ptrdiff_t)BC260Y_LEDGER_OVERHEAD)
			return count < 0 ? (int)count : 0;
		if (!bc260y_ledger_decode(&place, bytes, &record) || record.durable <= end->offset)
			continue;
		result = bc260y_ledger_verify(ledger, &place, &record);
		if (result != 0)
			return result;
	}
}

static int cut_tail(struct bc260y_ledger *ledger, const struct bc260y_ledger_place *place,
		    uint64_t size)
{
	struct bc260y_disk *disk = ledger->disk;
	int result = proved(ledger, place);

	if (result < 0)
		return result;
	if (result > 0)
		return bc260y_ledger_blame(ledger, BC260Y_LEDGER_DAMAGED, place->segment,
					   place->offset, "no record, and it was durable");
	result = disk->ops->cut(disk, place->segment, place->offset);
	if (result < 0)
		return blame_disk(ledger, result, place->segment, "its tail can't be cut");
	ledger->stats.cut = size - place->offset;
	ledger->window_size = 0;
	return BC260Y_LEDGER_OK;
}

static int size_of(struct bc260y_ledger *ledger, uint64_t segment, uint64_t *size)
{
	int result = ledger->disk->ops->size(ledger->disk, segment, size);

	if (result < 0)
		return blame_disk(ledger, result, segment, "its size is not known");
	if (*size > BC260Y_LEDGER_SEGMENT_MAX)
		return bc260y_ledger_blame(ledger, BC260Y_LEDGER_DAMAGED, segment, 0,
					   "it is larger than a segment can be");
	return BC260Y_LEDGER_OK;
}

/* The place moves from the end of the segment before to the end of this one. Result: 0, TORN
 * when the newest was never begun, or an error. */
static int recover_segment(struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
			   uint64_t segment, struct findings *findings)
{
	struct bc260y_ledger_place begin;
	uint64_t size;
	int result = size_of(ledger, segment, &size);

	if (result == BC260Y_LEDGER_OK)
		result = bc260y_ledger_enter(ledger, &begin, segment);
	if (result < 0)
		return result;
	if (segment > ledger->oldest && begin.first != place->sequence) {
		/* A segment of this number that was dropped once has left its header in the
		 * block that this one got. Had its own been durable, as it is before any
		 * record comes, that would be here. */
		if (segment == ledger->newest && size == BC260Y_LEDGER_HEADER_SIZE)
			return TORN;
		return bc260y_ledger_blame(ledger, BC260Y_LEDGER_DAMAGED, segment, 24,
					   "its first record does not follow the one before");
	}
	*place = begin;
	result = scan(ledger, place, findings);
	if (result < 0)
		return result;
	if (place->offset < size && segment < ledger->newest)
		return bc260y_ledger_blame(ledger, BC260Y_LEDGER_DAMAGED, segment, place->offset,
					   "no record");
	/* Also where nothing is seen behind it: when the sync of a cut failed, the disk alone
	 * may still have what was cut off. */
	if (segment == ledger->newest && findings->too_long <= findings->released)
		result = cut_tail(ledger, place, size);
	ledger->used += place->offset;
	return result;
}

/* Text is somebody's: what a crash leaves of a header is none, but for the magic, and for
 * a few bytes by chance. */
static bool foreign_text(const uint8_t *bytes, size_t size)
{
	size_t known = size < BC260Y_LEDGER_MAGIC_SIZE ? size : BC260Y_LEDGER_MAGIC_SIZE;

	if (size < TEXT_MIN || memcmp(bytes, bc260y_ledger_magic, known) == 0)
		return false;
	for (size_t i = 0; i < size; i++) {
		bool blank = bytes[i] >= '\t' && bytes[i] <= '\r';

		if (!blank && (bytes[i] < ' ' || bytes[i] > '~'))
			return false;
	}
	return true;
}

/* Whether the newest segment's creation was cut short: records come only once the header
 * is durable. Until then it may be anything, also what another segment left there.
 * Result: TORN, 0 or an error. */
static int torn(struct bc260y_ledger *ledger)
{
	struct bc260y_ledger_place place;
	const uint8_t *bytes;
	ptrdiff_t count;
	uint64_t size;
	int result = size_of(ledger, ledger->newest, &size);

	if (result < 0)
		return result;
	if (size > BC260Y_LEDGER_HEADER_SIZE)
		return 0;
	count = bc260y_ledger_look(ledger, ledger->newest, 0, BC260Y_LEDGER_HEADER_SIZE, &bytes);
	if (count < 0)
		return (int)count;
	result = bc260y_ledger_enter(ledger, &place, ledger->newest);
	if (result == BC260Y_LEDGER_OK || foreign_text(bytes, (size_t)count) ||
	    ledger->where_offset == BC260Y_LEDGER_MAGIC_SIZE) /* another outbox's, and whole */
		return 0;
	/* The one before goes only when the next is whole: alone it can be the first only. */
	return ledger->newest > ledger->oldest || ledger->newest == 1 ? TORN : 0;
}

/* From the oldest to the newest without a gap. Result: 1, 0 when there are none, or an
 * error. */
static int list(struct bc260y_ledger *ledger)
{
	struct bc260y_disk *disk = ledger->disk;
	uint64_t segment;
	int result = disk->ops->next(disk, 1, &segment);

	if (result > 0)
		ledger->oldest = ledger->newest = segment;
	if (result <= 0)
		return result < 0 ? blame_disk(ledger, result, 0, "the segments can't be listed")
				  : 0;
	for (;;) {
		result = disk->ops->next(disk, ledger->newest + 1, &segment);
		if (result < 0)
			return blame_disk(ledger, result, 0, "the segments can't be listed");
		if (result == 0)
			return 1;
		if (segment != ledger->newest + 1)
			return bc260y_ledger_blame(ledger, BC260Y_LEDGER_DAMAGED,
						   ledger->newest + 1, 0, "it is missing");
		ledger->newest = segment;
	}
}

static int found(struct bc260y_ledger *ledger)
{
	struct bc260y_ledger_place place;
	int result;

	memcpy(ledger->id, ledger->options.id, BC260Y_LEDGER_ID_SIZE);
	result = bc260y_ledger_create(ledger, &place, 1, 1);
	if (result < 0)
		return blame_disk(ledger, result, 1, "it can't be created");
	ledger->oldest = 1;
	ledger->used = place.offset;
	ledger->head = ledger->tail = place;
	return BC260Y_LEDGER_OK;
}

/* The list is synced by what follows. */
static int remove_torn(struct bc260y_ledger *ledger)
{
	struct bc260y_disk *disk = ledger->disk;
	int result = disk->ops->remove(disk, ledger->newest);

	ledger->window_size = 0;
	if (result < 0)
		return blame_disk(ledger, result, ledger->newest, "it can't be removed");
	ledger->newest--;
	return BC260Y_LEDGER_OK;
}

/* What is found may have been in memory alone: nothing is seen before it is synced. */
static int sync_all(struct bc260y_ledger *ledger)
{
	struct bc260y_disk *disk = ledger->disk;
	int result = disk->ops->sync(disk, ledger->newest);

	ledger->stats.syncs++;
	if (result == BC260Y_DISK_OK)
		result = disk->ops->sync_list(disk);
	return result < 0 ? blame_disk(ledger, result, ledger->newest, "it can't be synced")
			  : BC260Y_LEDGER_OK;
}

/* A newest one that is torn goes once the others are found whole: that it is there says
 * that they have to be. */
static int scan_all(struct bc260y_ledger *ledger, int newest)
{
	struct bc260y_ledger_place place = {0};
	uint64_t last = newest == TORN ? ledger->newest - 1 : ledger->newest;
	struct findings findings = {0};
	int result = BC260Y_LEDGER_OK;

	for (uint64_t s = ledger->oldest; s <= last && result == BC260Y_LEDGER_OK; s++) {
		result = recover_segment(ledger, &place, s, &findings);
		if (s == ledger->oldest)
			ledger->head = (struct bc260y_ledger_place){
				.segment = s,
				.first = place.first,
				.sequence = place.first,
				.seed = place.seed,
				.offset = BC260Y_LEDGER_HEADER_SIZE,
			};
	}
	/* One that is released is not read any more. */
	if (result >= 0 && findings.too_long > findings.released)
		return BC260Y_LEDGER_TOO_LONG;
	if (result == BC260Y_LEDGER_OK)
		result = newest;
	if (result == TORN)
		result = remove_torn(ledger);
	if (result == BC260Y_LEDGER_OK)
		result = sync_all(ledger);
	if (result < 0)
		return result;
	ledger->tail = place;
	ledger->marked = findings.released;
	return bc260y_ledger_release(ledger, findings.released);
}

/* The oldest segment's is the outbox's. */
static int learn_id(struct bc260y_ledger *ledger)
{
	const uint8_t *bytes;
	uint64_t size;
	/* Asked first, as it says more than a read when the file can't be opened. */
	int result = size_of(ledger, ledger->oldest, &size);
	ptrdiff_t count;

	if (result < 0)
		return result;
	count = bc260y_ledger_look(ledger, ledger->oldest, 0, BC260Y_LEDGER_HEADER_SIZE, &bytes);
	if (count == (ptrdiff_t)BC260Y_LEDGER_HEADER_SIZE)
		memcpy(ledger->id, bytes + 8, BC260Y_LEDGER_ID_SIZE);
	return count < 0 ? (int)count : BC260Y_LEDGER_OK;
}

static int recover(struct bc260y_ledger *ledger)
{
	int result = list(ledger);

	if (result == 0)
		return found(ledger);
	if (result > 0)
		result = learn_id(ledger);
	if (result == BC260Y_LEDGER_OK)
		result = torn(ledger);
	if (result < 0)
		return result;
	if (result == 0 || ledger->newest > ledger->oldest)
		return scan_all(ledger, result);
	result = remove_torn(ledger);
	return result < 0 ? result : found(ledger);
}

int bc260y_ledger_open(struct bc260y_ledger *ledger, struct bc260y_disk *disk,
		       const struct bc260y_ledger_options *options, uint8_t *buffer)
{
	int result;

	memset(ledger, 0, sizeof(*ledger));
	ledger->disk = disk;
	ledger->options = *options;
	ledger->half_size = (uint32_t)(BC260Y_LEDGER_BUFFER_SIZE(options->record_max) / 2);
	ledger->staging = buffer;
	ledger->window = buffer + ledger->half_size;
	result = disk->ops->lock(disk);
	if (result < 0)
		result = blame_disk(ledger, result, 0, "the lock can't be taken");
	else
		result = recover(ledger);
	if (result < 0) {
		disk->ops->close(disk);
		return result;
	}
	ledger->back = ledger->reader = ledger->tail;
	ledger->durable = ledger->back.offset;
	return BC260Y_LEDGER_OK;
}

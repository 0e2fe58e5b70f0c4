/*
 * The ledger: append, commit, release, close.
 *
 * It knows what of the newest segment is durable, and how to get back to it. Behind a
 * failed write or sync nothing is trusted: a page may be clean and not on the disk, so
 * what was not durable is cut off, and the cut is synced, before anything is written.
 */
#include "ledger.h"

#include <string.h>

#include "ledger_in.h"

const char *bc260y_ledger_error(int result)
{
	switch (result) {
	case BC260Y_LEDGER_FULL:
		return "outbox full";
	case BC260Y_LEDGER_TOO_LONG:
		return "too long";
	case BC260Y_LEDGER_RELEASED:
		return "released";
	case BC260Y_LEDGER_NOT_YET:
		return "not yet";
	case BC260Y_LEDGER_DAMAGED:
		return "damaged";
	case BC260Y_LEDGER_FOREIGN:
		return "not an outbox";
	case BC260Y_LEDGER_BUSY:
		return "busy";
	case BC260Y_LEDGER_NOT_PERMITTED:
		return "not permitted";
	case BC260Y_LEDGER_NO_DEVICE:
		return "no device";
	default:
		return "disk error";
	}
}

static int failure(int result)
{
	return result == BC260Y_DISK_FULL ? BC260Y_LEDGER_FULL : BC260Y_LEDGER_ERROR;
}

static int sync_segment(struct bc260y_ledger *ledger, uint64_t segment)
{
	ledger->stats.syncs++;
	return ledger->disk->ops->sync(ledger->disk, segment);
}

static int write_all(struct bc260y_ledger *ledger, uint64_t segment, uint32_t offset,
		     const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ptrdiff_t count =
			ledger->disk->ops->write(ledger->disk, segment, offset, bytes, size);

		if (count < 0)
			return (int)count;
		if (count == 0 || (size_t)count > size)
			return BC260Y_DISK_ERROR;
		ledger->stats.written += (uint64_t)count;
		offset += (uint32_t)count;
		bytes += count;
		size -= (size_t)count;
	}
	return BC260Y_DISK_OK;
}

/* --- back to what is durable --------------------------------------------------- */

/* What was appended is forgotten; the disk hears of it in tidy(). */
static void forget(struct bc260y_ledger *ledger)
{
	ledger->stained = true;
	ledger->back = ledger->tail;
	/* Behind a tail whose segment is not the back's no more is written. */
	ledger->durable = ledger->tail.offset;
	ledger->used -= ledger->used_pending;
	ledger->used_pending = ledger->bytes_pending = 0;
}

/* Newest first, and each for certain before the next: what a power cut brings back has
 * no gaps. One may be gone although its removal failed, or its creation. */
static int remove_strays(struct bc260y_ledger *ledger)
{
	struct bc260y_disk *disk = ledger->disk;

	while (ledger->newest > ledger->back.segment) {
		uint64_t found;
		int result = disk->ops->next(disk, ledger->newest, &found);

		if (result > 0)
			result = disk->ops->remove(disk, ledger->newest);
		if (result == BC260Y_DISK_OK)
			result = disk->ops->sync_list(disk);
		if (result < 0)
			return result;
		ledger->newest--;
	}
	return BC260Y_DISK_OK;
}

static bool pending(const struct bc260y_ledger *ledger)
{
	return ledger->back.segment != ledger->tail.segment ||
	       ledger->back.offset != ledger->tail.offset;
}

/* The disk holds what is appended, and nothing behind it, or nothing may be written. */
static int tidy(struct bc260y_ledger *ledger)
{
	struct bc260y_disk *disk = ledger->disk;
	struct bc260y_ledger_place *back = &ledger->back;
	int result;

	ledger->window_size = 0;
	result = remove_strays(ledger);
	if (result == BC260Y_DISK_OK && ledger->stained) {
		result = disk->ops->cut(disk, back->segment, back->offset);
		if (result == BC260Y_DISK_OK)
			result = sync_segment(ledger, back->segment);
		if (result == BC260Y_DISK_OK)
			ledger->stained = false;
	}
	/* A sync that failed may have lost what was appended. */
	if (result < 0 && pending(ledger)) {
		forget(ledger);
		ledger->lost = true;
	}
	return result;
}

static bool untidy(const struct bc260y_ledger *ledger)
{
	return ledger->stained || ledger->newest > ledger->back.segment;
}

/* --- append, commit ------------------------------------------------------------ */

int bc260y_ledger_create(struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
			 uint64_t segment, uint64_t first)
{
	struct bc260y_disk *disk = ledger->disk;
	int result;

	ledger->newest = segment;
	result = disk->ops->create(disk, segment);
	if (result < 0)
		return result;
	bc260y_ledger_begin(ledger, place, segment, first, ledger->staging);
	result = write_all(ledger, segment, 0, ledger->staging, BC260Y_LEDGER_HEADER_SIZE);
	if (result == BC260Y_DISK_OK)
		result = sync_segment(ledger, segment);
	if (result == BC260Y_DISK_OK)
		result = disk->ops->sync_list(disk);
	if (result == BC260Y_DISK_OK)
		ledger->stats.created++;
	return result;
}

/* All of a segment is durable before the next one is there: an invalid record in any but
 * the newest is damage. */
static int rotate(struct bc260y_ledger *ledger)
{
	struct bc260y_ledger_place place;
	int result;

	if (ledger->back.offset > ledger->durable) {
		result = sync_segment(ledger, ledger->back.segment);
		if (result < 0) {
			forget(ledger);
			ledger->lost = true;
			tidy(ledger);
			return failure(result);
		}
	}
	result = bc260y_ledger_create(ledger, &place, ledger->back.segment + 1,
				      ledger->back.sequence);
	if (result < 0) {
		tidy(ledger);
		return failure(result);
	}
	ledger->used += place.offset;
	if (pending(ledger)) {
		ledger->used_pending += place.offset;
	} else {
		/* The new segment is durable. When all before it is released, that can go. */
		if (ledger->head.sequence == ledger->tail.sequence)
			ledger->head = place;
		ledger->tail = place;
	}
	ledger->back = place;
	ledger->durable = place.offset;
	return BC260Y_LEDGER_OK;
}

/* What the limit leaves. A lone segment that is released makes way for the next, though it
 * may be larger than it would be made now. */
static uint64_t room(const struct bc260y_ledger *ledger)
{
	uint64_t limit = ledger->options.limit;

	if (ledger->oldest == ledger->back.segment &&
	    ledger->head.sequence == ledger->back.sequence)
		return limit;
	return limit > ledger->used ? limit - ledger->used : 0;
}

/* For so many bytes, in the next segment if this one is full. */
static int make_room(struct bc260y_ledger *ledger, uint32_t need)
{
	if (ledger->back.offset + (uint64_t)need <= ledger->options.segment)
		return need <= room(ledger) ? BC260Y_LEDGER_OK : BC260Y_LEDGER_FULL;
	if (need + BC260Y_LEDGER_HEADER_SIZE > room(ledger) ||
	    ledger->back.segment >= BC260Y_LEDGER_SEQUENCE_MAX)
		return BC260Y_LEDGER_FULL;
	return rotate(ledger);
}

/* The record's bytes are in the staging, behind OVERHEAD bytes. */
static int write_record(struct bc260y_ledger *ledger, uint32_t size, bool mark)
{
	struct bc260y_ledger_record record = {
		.sequence = ledger->back.sequence,
		.released = ledger->head.sequence - 1,
		.size = size,
		.durable = ledger->durable,
		.mark = mark,
	};
	uint32_t need = size + BC260Y_LEDGER_OVERHEAD;
	int result;

	bc260y_ledger_encode(&ledger->back, &record, ledger->staging);
	result =
		write_all(ledger, ledger->back.segment, ledger->back.offset, ledger->staging, need);
	if (result < 0)
		return result;
	bc260y_ledger_step(&ledger->back, &record);
	ledger->used += need;
	return BC260Y_DISK_OK;
}

int bc260y_ledger_append(struct bc260y_ledger *ledger, const void *bytes, size_t size,
			 uint64_t *sequence)
{
	int result;

	if (size > ledger->options.record_max)
		return BC260Y_LEDGER_TOO_LONG;
	if (ledger->lost || (untidy(ledger) && tidy(ledger) < 0))
		return BC260Y_LEDGER_ERROR;
	bc260y_ledger_reclaim(ledger);
	if (ledger->back.sequence > BC260Y_LEDGER_SEQUENCE_MAX)
		return BC260Y_LEDGER_FULL;
	/* Behind each record stays room for a mark, so that closing can write one. */
	result = make_room(ledger, (uint32_t)size + 2 * BC260Y_LEDGER_OVERHEAD);
	if (result < 0)
		return result;
	*sequence = ledger->back.sequence;
	memcpy(ledger->staging + BC260Y_LEDGER_OVERHEAD, bytes, size);
	result = write_record(ledger, (uint32_t)size, false);
	if (result < 0) {
		ledger->stained = true;
		tidy(ledger);
		return failure(result);
	}
	ledger->used_pending += size + BC260Y_LEDGER_OVERHEAD;
	ledger->bytes_pending += size;
	ledger->stats.appended++;
	return BC260Y_LEDGER_OK;
}

int bc260y_ledger_drop(struct bc260y_ledger *ledger)
{
	ledger->lost = false;
	if (pending(ledger))
		forget(ledger);
	if (untidy(ledger) && tidy(ledger) < 0)
		return BC260Y_LEDGER_ERROR;
	return BC260Y_LEDGER_OK;
}

int bc260y_ledger_commit(struct bc260y_ledger *ledger)
{
	int result = ledger->lost ? BC260Y_DISK_ERROR : BC260Y_DISK_OK;

	if (!ledger->lost && !pending(ledger))
		return BC260Y_LEDGER_OK;
	if (result == BC260Y_DISK_OK && ledger->back.offset > ledger->durable)
		result = sync_segment(ledger, ledger->back.segment);
	if (result < 0) {
		ledger->stats.failed++;
		bc260y_ledger_drop(ledger);
		return failure(result);
	}
	ledger->stats.committed += ledger->back.sequence - ledger->tail.sequence;
	ledger->tail = ledger->back;
	ledger->durable = ledger->back.offset;
	ledger->bytes += ledger->bytes_pending;
	ledger->used_pending = ledger->bytes_pending = 0;
	ledger->unproved = true;
	return BC260Y_LEDGER_OK;
}

/* --- release, close ------------------------------------------------------------ */

/* One after another, each for certain: what is left has no gaps. */
void bc260y_ledger_reclaim(struct bc260y_ledger *ledger)
{
	struct bc260y_disk *disk = ledger->disk;

	while (ledger->unlisted || ledger->oldest < ledger->head.segment) {
		uint64_t found;
		int result;

		if (ledger->unlisted) {
			if (disk->ops->sync_list(disk) < 0)
				return;
			ledger->unlisted = false;
			continue;
		}
		if (!ledger->oldest_size &&
		    disk->ops->size(disk, ledger->oldest, &ledger->oldest_size) < 0)
			return;
		result = disk->ops->next(disk, ledger->oldest, &found);
		if (result > 0 && found == ledger->oldest)
			result = disk->ops->remove(disk, ledger->oldest);
		if (result < 0)
			return;
		ledger->unlisted = true;
		ledger->used -= ledger->oldest_size;
		ledger->oldest_size = 0;
		ledger->oldest++;
		ledger->stats.removed++;
	}
}

int bc260y_ledger_release(struct bc260y_ledger *ledger, uint64_t sequence)
{
	struct bc260y_ledger_place place = ledger->head;
	struct bc260y_ledger_record record;
	uint64_t bytes = 0;

	if (sequence >= ledger->tail.sequence)
		return BC260Y_LEDGER_NOT_YET;
	while (place.sequence <= sequence) {
		int result = bc260y_ledger_peek(ledger, &place, &record);

		if (result < 0)
			return result;
		if (result == 0 || record.size > ledger->bytes - bytes)
			return bc260y_ledger_damaged(ledger, &place);
		bytes += record.size;
		bc260y_ledger_step(&place, &record);
	}
	ledger->bytes -= bytes;
	ledger->head = place;
	/* Into the next segment, so that this one can go. */
	if (bc260y_ledger_peek(ledger, &place, &record) >= 0)
		ledger->head = place;
	bc260y_ledger_reclaim(ledger);
	return BC260Y_LEDGER_OK;
}

void bc260y_ledger_close(struct bc260y_ledger *ledger)
{
	if (bc260y_ledger_drop(ledger) == BC260Y_LEDGER_OK &&
	    (ledger->unproved || ledger->marked < ledger->head.sequence - 1) &&
	    make_room(ledger, BC260Y_LEDGER_OVERHEAD) == BC260Y_LEDGER_OK)
		write_record(ledger, 0, true);
	ledger->disk->ops->close(ledger->disk);
}

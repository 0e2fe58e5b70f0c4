/*
 * The format of a ledger's segments, and how its records are found again.
 *
 * It knows what bytes are a record. It does not know what may be cut, and writes nothing.
 */
#include "ledger_in.h"

#include <string.h>

#include "crc32c.h"

/* The last byte is the format's version. */
const uint8_t bc260y_ledger_magic[] = {'B', 'C', '2', '6', '0', 'Y', 'O', 1};

static void put32(uint8_t *bytes, uint32_t value)
{
	for (int i = 3; i >= 0; i--, value >>= 8)
		bytes[i] = (uint8_t)value;
}

static uint32_t get32(const uint8_t *bytes)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void put64(uint8_t *bytes, uint64_t value)
{
	put32(bytes, (uint32_t)(value >> 32));
	put32(bytes + 4, (uint32_t)value);
}

static uint64_t get64(const uint8_t *bytes)
{
	return (uint64_t)get32(bytes) << 32 | get32(bytes + 4);
}

int bc260y_ledger_blame(struct bc260y_ledger *ledger, int result, uint64_t segment, uint32_t offset,
			const char *why)
{
	ledger->where_segment = segment;
	ledger->where_offset = offset;
	ledger->why = why;
	return result;
}

ptrdiff_t bc260y_ledger_look(struct bc260y_ledger *ledger, uint64_t segment, uint32_t offset,
			     uint32_t size, const uint8_t **bytes)
{
	uint32_t at = offset - ledger->window_offset;
	ptrdiff_t count;

	/* Before the window begins, at is far beyond its end. */
	if (segment != ledger->window_segment || at > ledger->window_size ||
	    size > ledger->window_size - at) {
		/* Left by longjmp, it is empty. */
		ledger->window_size = 0;
		count = ledger->disk->ops->read(ledger->disk, segment, offset, ledger->window,
						ledger->half_size);
		if (count < 0 || (size_t)count > ledger->half_size)
			return bc260y_ledger_blame(ledger, BC260Y_LEDGER_ERROR, segment, offset,
						   "it can't be read");
		ledger->window_segment = segment;
		ledger->window_offset = offset;
		ledger->window_size = (uint32_t)count;
		at = 0;
	}
	*bytes = ledger->window + at;
	count = (ptrdiff_t)(ledger->window_size - at);
	return count < (ptrdiff_t)size ? count : (ptrdiff_t)size;
}

void bc260y_ledger_begin(const struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
			 uint64_t segment, uint64_t first, uint8_t *header)
{
	memcpy(header, bc260y_ledger_magic, BC260Y_LEDGER_MAGIC_SIZE);
	memcpy(header + 8, ledger->id, BC260Y_LEDGER_ID_SIZE);
	put64(header + 16, segment);
	put64(header + 24, first);
	place->segment = segment;
	place->first = place->sequence = first;
	place->seed = bc260y_crc32c(0, header, 32);
	place->offset = BC260Y_LEDGER_HEADER_SIZE;
	put32(header + 32, place->seed);
}

int bc260y_ledger_enter(struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
			uint64_t segment)
{
	const uint8_t *header;
	ptrdiff_t count =
		bc260y_ledger_look(ledger, segment, 0, BC260Y_LEDGER_HEADER_SIZE, &header);
	size_t magic_size = BC260Y_LEDGER_MAGIC_SIZE;
	uint64_t first;

	if (count < 0)
		return (int)count;
	if ((size_t)count < magic_size)
		magic_size = (size_t)count;
	if (memcmp(header, bc260y_ledger_magic, magic_size) != 0)
		return bc260y_ledger_blame(ledger, BC260Y_LEDGER_FOREIGN, segment, 0,
					   "it is no segment of an outbox");
	if (count < (ptrdiff_t)BC260Y_LEDGER_HEADER_SIZE ||
	    get32(header + 32) != bc260y_crc32c(0, header, 32))
		return bc260y_ledger_blame(ledger, BC260Y_LEDGER_DAMAGED, segment, 0,
					   "its header is damaged");
	if (memcmp(header + 8, ledger->id, BC260Y_LEDGER_ID_SIZE) != 0)
		return bc260y_ledger_blame(ledger, BC260Y_LEDGER_FOREIGN, segment, 8,
					   "it belongs to another outbox");
	first = get64(header + 24);
	if (get64(header + 16) != segment || first < 1 || first > BC260Y_LEDGER_SEQUENCE_MAX + 1)
		return bc260y_ledger_blame(ledger, BC260Y_LEDGER_DAMAGED, segment, 16,
					   "its header is another segment's");
	place->segment = segment;
	place->first = place->sequence = first;
	place->seed = get32(header + 32);
	place->offset = BC260Y_LEDGER_HEADER_SIZE;
	return BC260Y_LEDGER_OK;
}

static uint32_t seeded(const struct bc260y_ledger_place *place, const uint8_t *bytes)
{
	uint8_t offset[4];

	put32(offset, place->offset);
	return bc260y_crc32c(bc260y_crc32c(place->seed, offset, 4), bytes, 14);
}

void bc260y_ledger_encode(const struct bc260y_ledger_place *place,
			  const struct bc260y_ledger_record *record, uint8_t *bytes)
{
	uint32_t size = record->mark ? BC260Y_LEDGER_MARK : record->size;

	bytes[0] = (uint8_t)(size >> 8);
	bytes[1] = (uint8_t)size;
	put32(bytes + 2, (uint32_t)(record->sequence - place->first));
	put32(bytes + 6, record->durable);
	put32(bytes + 10, (uint32_t)(record->sequence - record->released));
	put32(bytes + 14,
	      bc260y_crc32c(seeded(place, bytes), bytes + BC260Y_LEDGER_OVERHEAD, record->size));
}

bool bc260y_ledger_decode(const struct bc260y_ledger_place *place, const uint8_t *bytes,
			  struct bc260y_ledger_record *record)
{
	uint32_t outstanding = get32(bytes + 10);

	record->size = (uint32_t)(bytes[0] << 8 | bytes[1]);
	record->mark = record->size == BC260Y_LEDGER_MARK;
	if (record->mark)
		record->size = 0;
	record->sequence = place->first + get32(bytes + 2);
	record->durable = get32(bytes + 6);
	record->released = record->sequence - outstanding;
	record->crc = get32(bytes + 14);
	return record->durable <= place->offset && outstanding >= 1 &&
	       outstanding <= record->sequence &&
	       record->sequence <= BC260Y_LEDGER_SEQUENCE_MAX + record->mark;
}

int bc260y_ledger_verify(struct bc260y_ledger *ledger, const struct bc260y_ledger_place *place,
			 const struct bc260y_ledger_record *record)
{
	const uint8_t *bytes;
	uint32_t offset = place->offset;
	ptrdiff_t count =
		bc260y_ledger_look(ledger, place->segment, offset, BC260Y_LEDGER_OVERHEAD, &bytes);
	uint32_t left = record->size;
	uint32_t crc;

	if (count < (ptrdiff_t)BC260Y_LEDGER_OVERHEAD)
		return count < 0 ? (int)count : 0;
	crc = seeded(place, bytes);
	/* A record may be longer than the window, when it was larger once. */
	for (offset += BC260Y_LEDGER_OVERHEAD; left > 0; offset += (uint32_t)count) {
		uint32_t size = left < ledger->half_size ? left : ledger->half_size;

		count = bc260y_ledger_look(ledger, place->segment, offset, size, &bytes);
		if (count <= 0)
			return (int)count;
		crc = bc260y_crc32c(crc, bytes, (size_t)count);
		left -= (uint32_t)count;
	}
	return crc == record->crc;
}

void bc260y_ledger_step(struct bc260y_ledger_place *place,
			const struct bc260y_ledger_record *record)
{
	place->offset += BC260Y_LEDGER_OVERHEAD + record->size;
	if (!record->mark)
		place->sequence++;
}

int bc260y_ledger_damaged(struct bc260y_ledger *ledger, const struct bc260y_ledger_place *place)
{
	return bc260y_ledger_blame(ledger, BC260Y_LEDGER_DAMAGED, place->segment, place->offset,
				   "no record where one was");
}

/* It was this outbox's when it was opened. */
static int enter_next(struct bc260y_ledger *ledger, const struct bc260y_ledger_place *place,
		      struct bc260y_ledger_place *next)
{
	int result = bc260y_ledger_enter(ledger, next, place->segment + 1);

	return result == BC260Y_LEDGER_FOREIGN ? BC260Y_LEDGER_DAMAGED : result;
}

int bc260y_ledger_peek(struct bc260y_ledger *ledger, struct bc260y_ledger_place *place,
		       struct bc260y_ledger_record *record)
{
	const uint8_t *bytes;
	ptrdiff_t count;
	int result;

	for (;;) {
		bool last = place->segment == ledger->tail.segment;

		if (last && place->offset >= ledger->tail.offset)
			return 0;
		count = bc260y_ledger_look(ledger, place->segment, place->offset,
					   BC260Y_LEDGER_OVERHEAD, &bytes);
		if (count < 0)
			return (int)count;
		if (count == 0 && !last) {
			uint64_t sequence = place->sequence;

			result = enter_next(ledger, place, place);
			if (result < 0)
				return result;
			if (place->sequence != sequence)
				return bc260y_ledger_damaged(ledger, place);
			continue;
		}
		if (count < (ptrdiff_t)BC260Y_LEDGER_OVERHEAD ||
		    !bc260y_ledger_decode(place, bytes, record) ||
		    record->sequence != place->sequence)
			return bc260y_ledger_damaged(ledger, place);
		if (!record->mark)
			return 1;
		bc260y_ledger_step(place, record);
	}
}

/* Whole segments are passed by their headers. */
static int find(struct bc260y_ledger *ledger, struct bc260y_ledger_place *place, uint64_t sequence,
		struct bc260y_ledger_record *record)
{
	int result = BC260Y_LEDGER_OK;

	while (place->sequence < sequence && place->segment < ledger->tail.segment) {
		struct bc260y_ledger_place next = *place;

		result = enter_next(ledger, place, &next);
		if (result < 0)
			return result;
		if (next.first > sequence)
			break;
		*place = next;
	}
	for (;;) {
		result = bc260y_ledger_peek(ledger, place, record);
		if (result <= 0)
			return result < 0 ? result : bc260y_ledger_damaged(ledger, place);
		if (place->sequence == sequence)
			return BC260Y_LEDGER_OK;
		bc260y_ledger_step(place, record);
	}
}

ptrdiff_t bc260y_ledger_read(struct bc260y_ledger *ledger, uint64_t sequence, const uint8_t **bytes)
{
	struct bc260y_ledger_place place = ledger->reader;
	struct bc260y_ledger_record record;
	int result;

	if (sequence < ledger->head.sequence)
		return BC260Y_LEDGER_RELEASED;
	if (sequence >= ledger->tail.sequence)
		return BC260Y_LEDGER_NOT_YET;
	if (place.sequence > sequence || place.segment < ledger->head.segment)
		place = ledger->head;
	result = find(ledger, &place, sequence, &record);
	if (result == BC260Y_LEDGER_OK) {
		result = bc260y_ledger_verify(ledger, &place, &record);
		if (result == 0)
			return bc260y_ledger_damaged(ledger, &place);
	}
	if (result < 0)
		return result;
	result = (int)bc260y_ledger_look(ledger, place.segment,
					 place.offset + BC260Y_LEDGER_OVERHEAD, record.size, bytes);
	bc260y_ledger_step(&place, &record);
	ledger->reader = place;
	return result;
}

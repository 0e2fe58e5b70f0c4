/*
 * The ledger opened on any files.
 *
 * Input: a byte of choices, then up to four files, each after its size. With FIX the
 * headers and the records' checksums are made right, so that what stands between them is
 * tried too. Held to: an opening ends, and reads nothing beyond; what is read has its
 * checksum on the disk; what opens opens again with the same, takes a record and drains;
 * what is damaged is left as it is and is damaged the next time.
 */
#include "ledger_in.h"

#include <stdlib.h>
#include <string.h>

#include "crc32c.h"

enum { FIX = 1, FIX_SEQUENCE = 2, FIX_DURABLE = 4, LATE = 8 };
enum { FILES = 4, MORE = 4, FILE_SIZE = 1 << 13, RECORD_MAX = 300 };

struct file {
	uint64_t segment; /* 0: not there */
	uint32_t size;
	uint8_t bytes[FILE_SIZE];
};

struct files {
	struct bc260y_disk disk;
	struct file list[FILES + MORE];
};

static const struct bc260y_ledger_options options = {
	.limit = FILES * FILE_SIZE, .segment = 700, .record_max = RECORD_MAX, .id = "fuzzing"};

static void demand(bool held)
{
	if (!held)
		abort();
}

static struct file *find(struct bc260y_disk *disk, uint64_t segment)
{
	struct files *files = (struct files *)disk;

	for (int i = 0; i < FILES + MORE; i++)
		if (files->list[i].segment == segment)
			return &files->list[i];
	return NULL;
}

static int disk_done(struct bc260y_disk *disk)
{
	(void)disk;
	return BC260Y_DISK_OK;
}

static int disk_next(struct bc260y_disk *disk, uint64_t from, uint64_t *segment)
{
	struct files *files = (struct files *)disk;
	int result = 0;

	for (int i = 0; i < FILES + MORE; i++) {
		uint64_t one = files->list[i].segment;

		if (one > 0 && one >= from && (result == 0 || one < *segment)) {
			*segment = one;
			result = 1;
		}
	}
	return result;
}

static int disk_size(struct bc260y_disk *disk, uint64_t segment, uint64_t *size)
{
	*size = find(disk, segment)->size;
	return BC260Y_DISK_OK;
}

static int disk_create(struct bc260y_disk *disk, uint64_t segment)
{
	struct file *file = find(disk, 0);

	if (!file)
		return BC260Y_DISK_FULL;
	demand(!find(disk, segment));
	file->segment = segment;
	file->size = 0;
	return BC260Y_DISK_OK;
}

static ptrdiff_t disk_read(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			   uint8_t *bytes, size_t size)
{
	const struct file *file = find(disk, segment);
	size_t left = offset < file->size ? file->size - offset : 0;

	if (size > left)
		size = left;
	memcpy(bytes, file->bytes + offset, size);
	return (ptrdiff_t)size;
}

static ptrdiff_t disk_write(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			    const uint8_t *bytes, size_t size)
{
	struct file *file = find(disk, segment);

	demand(offset == file->size);
	if (offset + size > FILE_SIZE)
		return BC260Y_DISK_FULL;
	memcpy(file->bytes + offset, bytes, size);
	file->size += (uint32_t)size;
	return (ptrdiff_t)size;
}

static int disk_cut(struct bc260y_disk *disk, uint64_t segment, uint32_t size)
{
	demand(size <= find(disk, segment)->size);
	find(disk, segment)->size = size;
	return BC260Y_DISK_OK;
}

static int disk_sync(struct bc260y_disk *disk, uint64_t segment)
{
	demand(find(disk, segment) != NULL);
	return BC260Y_DISK_OK;
}

static int disk_remove(struct bc260y_disk *disk, uint64_t segment)
{
	find(disk, segment)->segment = 0;
	return BC260Y_DISK_OK;
}

static void disk_close(struct bc260y_disk *disk)
{
	(void)disk;
}

static const struct bc260y_disk_ops ops = {
	.lock = disk_done,
	.next = disk_next,
	.size = disk_size,
	.create = disk_create,
	.read = disk_read,
	.write = disk_write,
	.cut = disk_cut,
	.sync = disk_sync,
	.sync_list = disk_done,
	.remove = disk_remove,
	.close = disk_close,
};

/* Writes a header, and walks the bytes as records as long as they have sizes that fit. */
static uint64_t fix(struct file *file, uint64_t first, int choices)
{
	struct bc260y_ledger ledger = {.id = "fuzzing"};
	struct bc260y_ledger_place place;
	struct bc260y_ledger_record record;

	if (file->size < BC260Y_LEDGER_HEADER_SIZE)
		return first;
	bc260y_ledger_begin(&ledger, &place, file->segment, first, file->bytes);
	while (place.offset + BC260Y_LEDGER_OVERHEAD <= file->size) {
		uint8_t *bytes = file->bytes + place.offset;

		bytes[0] = bytes[1] == 0xff ? 0xff : bytes[0] & 1;
		if (choices & FIX_DURABLE)
			memcpy(bytes + 6, (uint8_t[]){0, 0, 0, BC260Y_LEDGER_HEADER_SIZE}, 4);
		bc260y_ledger_decode(&place, bytes, &record);
		if (choices & FIX_SEQUENCE)
			record.released = place.sequence - 1 - bytes[13] % place.sequence;
		if (choices & FIX_SEQUENCE)
			record.sequence = place.sequence;
		if (record.size > file->size - place.offset - BC260Y_LEDGER_OVERHEAD)
			break;
		bc260y_ledger_encode(&place, &record, bytes);
		bc260y_ledger_step(&place, &record);
	}
	return place.sequence;
}

static void fill(struct files *files, const uint8_t *data, size_t size)
{
	int choices = data[0];
	uint64_t first = choices & LATE ? BC260Y_LEDGER_SEQUENCE_MAX - 3 : 1;
	size_t at = 1;

	memset(files, 0, sizeof(*files));
	files->disk.ops = &ops;
	for (int i = 0; i < FILES && at + 2 <= size; i++) {
		struct file *file = &files->list[i];
		size_t left = size - at - 2;
		size_t want = (size_t)(data[at] << 8 | data[at + 1]) % FILE_SIZE;

		file->segment = (uint64_t)(choices & LATE ? i + 5 : i + 1);
		file->size = (uint32_t)(want < left ? want : left);
		memcpy(file->bytes, data + at + 2, file->size);
		at += 2 + file->size;
		if (choices & FIX)
			first = fix(file, first, choices);
	}
}

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/* The record that was read last, looked at without the ledger's own code. */
static void check_read(struct bc260y_ledger *ledger, uint64_t sequence)
{
	const uint8_t *record;
	ptrdiff_t size = bc260y_ledger_read(ledger, sequence, &record);
	uint32_t at = ledger->reader.offset - BC260Y_LEDGER_OVERHEAD - (uint32_t)size;
	uint8_t place[4] = {(uint8_t)(at >> 24), (uint8_t)(at >> 16), (uint8_t)(at >> 8),
			    (uint8_t)at};
	const struct file *file = find(ledger->disk, ledger->reader.segment);
	const uint8_t *bytes = file->bytes + at;
	uint32_t crc;

	demand(size >= 0 && size <= RECORD_MAX && at + 18 + (uint32_t)size <= file->size);
	demand((bytes[0] << 8 | bytes[1]) == (int)size &&
	       !memcmp(bytes + 18, record, (size_t)size));
	crc = bc260y_crc32c(bc260y_crc32c(be32(file->bytes + 32), place, 4), bytes, 14);
	demand(bc260y_crc32c(crc, record, (size_t)size) == be32(bytes + 14));
}

/* It works: the same once more, a record more, and then none. */
static void use(struct bc260y_ledger *ledger, struct files *files, uint8_t *buffer)
{
	uint64_t first = bc260y_ledger_first(ledger), last = bc260y_ledger_last(ledger), sequence;
	uint64_t bytes = ledger->bytes, step = 1 + (last - first + 1) / 64;
	int result;

	demand(first >= 1 && first <= last + 1 && last <= BC260Y_LEDGER_SEQUENCE_MAX);
	for (uint64_t s = first; s <= last; s += step)
		check_read(ledger, s);
	demand(bc260y_ledger_open(ledger, &files->disk, &options, buffer) == 0);
	demand(bc260y_ledger_first(ledger) == first && bc260y_ledger_last(ledger) == last &&
	       ledger->bytes == bytes && ledger->stats.cut == 0);
	result = bc260y_ledger_append(ledger, "more", 4, &sequence);
	demand(result == 0 || result == BC260Y_LEDGER_FULL);
	demand(bc260y_ledger_commit(ledger) == 0);
	demand(bc260y_ledger_last(ledger) == last + (result == 0));
	demand(bc260y_ledger_release(ledger, bc260y_ledger_last(ledger)) == 0);
	demand(ledger->bytes == 0);
	bc260y_ledger_close(ledger);
	demand(bc260y_ledger_open(ledger, &files->disk, &options, buffer) == 0);
	demand(bc260y_ledger_last(ledger) == last + (result == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct files files, before;
	struct bc260y_ledger ledger;
	uint8_t *buffer = malloc(BC260Y_LEDGER_BUFFER_SIZE(RECORD_MAX));
	int result;

	demand(buffer != NULL);
	if (size > 0) {
		fill(&files, data, size);
		before = files;
		result = bc260y_ledger_open(&ledger, &files.disk, &options, buffer);
		if (result == 0) {
			use(&ledger, &files, buffer);
		} else {
			demand(memcmp(&files, &before, sizeof(files)) == 0);
			demand(bc260y_ledger_open(&ledger, &files.disk, &options, buffer) ==
			       result);
		}
	}
	free(buffer);
	return 0;
}

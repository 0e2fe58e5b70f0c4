/*
 * A ledger's disk in memory: what is seen of each segment, and what of it surely is on the
 * disk; faults at any call, a crash at any step, and what a power cut leaves.
 *
 * It checks that a ledger keeps to the seam: all writing is append, and what was synced is
 * never written again.
 */
#ifndef BC260Y_LEDGER_DISK_PLAY_H
#define BC260Y_LEDGER_DISK_PLAY_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "ledger_disk.h"

#define PLAY_FILES     24
#define PLAY_FILE_SIZE 4096u

enum play_op {
	PLAY_LOCK,
	PLAY_NEXT,
	PLAY_SIZE,
	PLAY_CREATE,
	PLAY_READ,
	PLAY_WRITE,
	PLAY_CUT,
	PLAY_SYNC,
	PLAY_SYNC_LIST,
	PLAY_REMOVE,
	PLAY_OPS
};

struct play_file {
	uint64_t segment; /* 0: the place is free */
	bool there;	  /* its name is seen */
	bool listed;	  /* its name is on the disk */
	uint32_t live_size, base_size;
	uint8_t live[PLAY_FILE_SIZE], base[PLAY_FILE_SIZE];
};

struct play {
	struct bc260y_disk disk;
	struct play_file files[PLAY_FILES];
	bool locked;
	uint32_t capacity; /* bytes of all files, 0: no end */
	bool short_writes;
	long counts[PLAY_OPS];

	enum play_op fail_op; /* its calls from fail_from on fail, fail_count of them */
	long fail_from, fail_count;
	int fail_code;

	long steps; /* that change something */
	long crash_at;
	jmp_buf crash;
};

static struct play_file *play_find(struct play *play, uint64_t segment)
{
	for (int i = 0; i < PLAY_FILES; i++)
		if (play->files[i].segment == segment && play->files[i].there)
			return &play->files[i];
	return NULL;
}

static bool play_fails(struct play *play, enum play_op op)
{
	long count = play->counts[op]++;

	return play->fail_count > 0 && op == play->fail_op && count >= play->fail_from &&
	       count < play->fail_from + play->fail_count;
}

/* At the end of each step. */
static void play_step(struct play *play)
{
	if (++play->steps == play->crash_at)
		longjmp(play->crash, 1);
}

static int play_lock(struct bc260y_disk *disk)
{
	struct play *play = (struct play *)disk;

	if (play_fails(play, PLAY_LOCK))
		return play->fail_code;
	if (play->locked)
		return BC260Y_DISK_BUSY;
	play->locked = true;
	return BC260Y_DISK_OK;
}

static int play_next(struct bc260y_disk *disk, uint64_t from, uint64_t *segment)
{
	struct play *play = (struct play *)disk;
	int result = 0;

	if (play_fails(play, PLAY_NEXT))
		return play->fail_code;
	for (int i = 0; i < PLAY_FILES; i++) {
		const struct play_file *file = &play->files[i];

		if (!file->there || file->segment < from)
			continue;
		if (result == 0 || file->segment < *segment)
			*segment = file->segment;
		result = 1;
	}
	return result;
}

static int play_size(struct bc260y_disk *disk, uint64_t segment, uint64_t *size)
{
	struct play *play = (struct play *)disk;
	const struct play_file *file = play_find(play, segment);

	if (play_fails(play, PLAY_SIZE))
		return play->fail_code;
	if (!file)
		return BC260Y_DISK_ERROR;
	*size = file->live_size;
	return BC260Y_DISK_OK;
}

static uint32_t play_used(const struct play *play)
{
	uint32_t used = 0;

	for (int i = 0; i < PLAY_FILES; i++)
		if (play->files[i].there)
			used += play->files[i].live_size;
	return used;
}

static int play_create(struct bc260y_disk *disk, uint64_t segment)
{
	struct play *play = (struct play *)disk;
	struct play_file *file = NULL;

	if (play_fails(play, PLAY_CREATE))
		return play->fail_code;
	if (play_find(play, segment))
		return BC260Y_DISK_ERROR;
	for (int i = 0; i < PLAY_FILES; i++)
		if (play->files[i].segment == segment ||
		    (!file && !play->files[i].there && !play->files[i].listed))
			file = &play->files[i];
	CHECK(file != NULL);
	if (!file)
		return BC260Y_DISK_ERROR;
	file->segment = segment;
	file->there = true;
	file->live_size = file->base_size = 0;
	play_step(play);
	return BC260Y_DISK_OK;
}

static ptrdiff_t play_read(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			   uint8_t *bytes, size_t size)
{
	struct play *play = (struct play *)disk;
	const struct play_file *file = play_find(play, segment);
	size_t left;

	if (play_fails(play, PLAY_READ)) {
		memset(bytes, 0xee, size);
		return play->fail_code;
	}
	if (!file)
		return BC260Y_DISK_ERROR;
	left = offset < file->live_size ? file->live_size - offset : 0;
	if (size > left)
		size = left;
	memcpy(bytes, file->live + offset, size);
	return (ptrdiff_t)size;
}

static ptrdiff_t play_write(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			    const uint8_t *bytes, size_t size)
{
	struct play *play = (struct play *)disk;
	struct play_file *file = play_find(play, segment);
	uint32_t used = play_used(play);

	if (play_fails(play, PLAY_WRITE))
		return play->fail_code;
	CHECK(file && offset == file->live_size && offset >= file->base_size);
	if (!file || offset + size > PLAY_FILE_SIZE)
		return BC260Y_DISK_ERROR;
	if (play->capacity && used + size > play->capacity)
		size = used < play->capacity ? play->capacity - used : 0;
	if (play->short_writes && size > 1)
		size = (size + 1) / 2;
	if (size == 0)
		return BC260Y_DISK_FULL;
	memcpy(file->live + offset, bytes, size);
	file->live_size = offset + (uint32_t)size;
	play_step(play);
	return (ptrdiff_t)size;
}

static int play_cut(struct bc260y_disk *disk, uint64_t segment, uint32_t size)
{
	struct play *play = (struct play *)disk;
	struct play_file *file = play_find(play, segment);

	if (play_fails(play, PLAY_CUT))
		return play->fail_code;
	CHECK(file && size <= file->live_size);
	if (file)
		file->live_size = size;
	play_step(play);
	return BC260Y_DISK_OK;
}

/* A sync that fails may have written half, and what was written counts as clean: the
 * bytes that are read from now on are the disk's. */
static void play_sync_failed(struct play_file *file)
{
	for (uint32_t i = file->base_size; i < file->live_size; i++)
		if (i / 16 % 2 == 0)
			file->live[i] = 0;
	memcpy(file->base, file->live, file->live_size);
	file->base_size = file->live_size;
}

static int play_sync(struct bc260y_disk *disk, uint64_t segment)
{
	struct play *play = (struct play *)disk;
	struct play_file *file = play_find(play, segment);

	if (play_fails(play, PLAY_SYNC)) {
		if (file)
			play_sync_failed(file);
		return play->fail_code;
	}
	CHECK(file != NULL);
	if (file) {
		memcpy(file->base, file->live, file->live_size);
		file->base_size = file->live_size;
	}
	play_step(play);
	return BC260Y_DISK_OK;
}

static int play_sync_list(struct bc260y_disk *disk)
{
	struct play *play = (struct play *)disk;

	if (play_fails(play, PLAY_SYNC_LIST))
		return play->fail_code;
	for (int i = 0; i < PLAY_FILES; i++)
		play->files[i].listed = play->files[i].there;
	play_step(play);
	return BC260Y_DISK_OK;
}

static int play_remove(struct bc260y_disk *disk, uint64_t segment)
{
	struct play *play = (struct play *)disk;
	struct play_file *file = play_find(play, segment);

	if (play_fails(play, PLAY_REMOVE))
		return play->fail_code;
	if (!file)
		return BC260Y_DISK_ERROR;
	file->there = false;
	play_step(play);
	return BC260Y_DISK_OK;
}

static void play_close(struct bc260y_disk *disk)
{
	((struct play *)disk)->locked = false;
}

static const struct bc260y_disk_ops play_ops = {
	.lock = play_lock,
	.next = play_next,
	.size = play_size,
	.create = play_create,
	.read = play_read,
	.write = play_write,
	.cut = play_cut,
	.sync = play_sync,
	.sync_list = play_sync_list,
	.remove = play_remove,
	.close = play_close,
};

static inline void play_init(struct play *play)
{
	memset(play, 0, sizeof(*play));
	play->disk.ops = &play_ops;
}

/* So many calls of op fail, after so many that go well. */
static inline void play_fail(struct play *play, enum play_op op, long after, long count, int code)
{
	play->fail_op = op;
	play->fail_from = play->counts[op] + after;
	play->fail_count = count;
	play->fail_code = code;
}

/* What is found of a byte that was not synced. */
enum { PLAY_KILL, PLAY_OLD, PLAY_NEW, PLAY_HALF, PLAY_ZEROS, PLAY_JUNK, PLAY_MIXED, PLAY_LONG };
#define PLAY_PATTERNS 8

static uint8_t play_byte(const struct play_file *file, uint32_t i, int pattern)
{
	bool written = i < file->live_size;
	uint8_t old = i < file->base_size ? file->base[i] : 0;

	switch (pattern) {
	case PLAY_OLD:
		return old;
	case PLAY_ZEROS:
		return i < file->base_size ? old : 0;
	case PLAY_JUNK:
		return i < file->base_size ? old : (uint8_t)(i * 167 + 13);
	case PLAY_MIXED:
		return written && i / 8 % 2 ? file->live[i] : old;
	default:
		return written ? file->live[i] : old;
	}
}

static uint32_t play_size_left(const struct play_file *file, int pattern)
{
	switch (pattern) {
	case PLAY_OLD:
		return file->base_size;
	case PLAY_HALF:
		return (file->base_size + file->live_size) / 2;
	case PLAY_LONG:
		return file->base_size > file->live_size ? file->base_size : file->live_size;
	default:
		return file->live_size;
	}
}

/* The power went, or, for PLAY_KILL, the process alone. Odd patterns bring back what was
 * removed, or every other one of it, and the first ones lose what was created. */
static inline void play_cut_power(struct play *play, int pattern)
{
	play->locked = false;
	play->crash_at = play->fail_count = 0;
	if (pattern == PLAY_KILL)
		return;
	for (int i = 0; i < PLAY_FILES; i++) {
		struct play_file *file = &play->files[i];
		uint32_t size = play_size_left(file, pattern);

		for (uint32_t k = 0; k < size; k++)
			file->live[k] = play_byte(file, k, pattern);
		memcpy(file->base, file->live, size);
		file->base_size = file->live_size = size;
		if (file->there && !file->listed)
			file->there = pattern != PLAY_OLD && pattern != PLAY_HALF;
		else if (file->listed && !file->there)
			file->there =
				(pattern == PLAY_MIXED ? (int)file->segment : pattern) % 2 == 1;
		file->listed = file->there;
	}
}

#endif

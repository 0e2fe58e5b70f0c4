/*
 * What a ledger asks of a disk: eleven functions over files that are numbered.
 *
 * A file is a segment, a whole number from 1 to below 2^53. All writing is append; what
 * was synced is never written again, and is assumed to outlive a write behind it that the
 * power cuts short, in the same sector too. A disk knows nothing of what the bytes mean. As a
 * port is (port.h), so is a disk a struct that begins with its functions.
 */
#ifndef BC260Y_LEDGER_DISK_H
#define BC260Y_LEDGER_DISK_H

#include <stddef.h>
#include <stdint.h>

enum {
	BC260Y_DISK_OK = 0,
	BC260Y_DISK_ERROR = -40,	 /* it failed, or says nonsense */
	BC260Y_DISK_FULL = -41,		 /* no space, or no quota, is left */
	BC260Y_DISK_BUSY = -42,		 /* somebody else has the lock */
	BC260Y_DISK_NOT_PERMITTED = -43, /* read-only, or another user's */
	BC260Y_DISK_NO_DEVICE = -44	 /* there is no such folder, and none can be made */
};

struct bc260y_disk;

struct bc260y_disk_ops {
	/* Keeps every other ledger out, those of this process too, until close(). */
	int (*lock)(struct bc260y_disk *disk);
	/* The least segment from `from` on. Result: 1, 0 when there is none, or an error. */
	int (*next)(struct bc260y_disk *disk, uint64_t from, uint64_t *segment);
	int (*size)(struct bc260y_disk *disk, uint64_t segment, uint64_t *size);
	/* A new segment of no bytes. */
	int (*create)(struct bc260y_disk *disk, uint64_t segment);
	/* Result: a count, below size at the end of the segment alone, or an error. */
	ptrdiff_t (*read)(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			  uint8_t *bytes, size_t size);
	/* Result: how many bytes were written, at least 1, or an error. */
	ptrdiff_t (*write)(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			   const uint8_t *bytes, size_t size);
	/* What is from size on is gone. */
	int (*cut)(struct bc260y_disk *disk, uint64_t segment, uint32_t size);
	/* What was written to the segment, and cut from it, outlives a power cut. When it
	 * fails, any of that may be lost, though no later sync says so; the bytes that are
	 * read from then on, by whoever opens the disk next too, are those on the disk. */
	int (*sync)(struct bc260y_disk *disk, uint64_t segment);
	/* So does what was created and removed. */
	int (*sync_list)(struct bc260y_disk *disk);
	int (*remove)(struct bc260y_disk *disk, uint64_t segment);
	/* Unlocks. */
	void (*close)(struct bc260y_disk *disk);
};

struct bc260y_disk {
	const struct bc260y_disk_ops *ops;
};

#endif

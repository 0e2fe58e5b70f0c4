/*
 * A folder of POSIX as a ledger's disk: a file for each segment, and one for the lock.
 *
 * It knows file systems and what their errors mean. It does not know what a segment
 * holds. Files whose names are not of its kind are not touched.
 */
#ifndef BC260Y_PORT_DISK_H
#define BC260Y_PORT_DISK_H

#include "ledger_disk.h"

/* A file that is kept open. */
struct bc260y_folder_file {
	uint64_t segment;
	int fd; /* -1: none */
};

struct bc260y_folder {
	struct bc260y_disk disk; /* first: this is one */
	int fd;			 /* of the folder, -1 when closed */
	int lock;		 /* -1 when not held */
	/* One is written while others are read. */
	struct bc260y_folder_file writer, reader;
	int error; /* the errno of the last failure */
};

/* Makes the folder when it is not there and its parent is.
 * Result: 0 or a BC260Y_DISK_*: then it is closed, and error says why. */
int bc260y_folder_open(struct bc260y_folder *folder, const char *path);

/* size bytes from the system's generator. Result: 0, or -1 when it has none. */
int bc260y_entropy(void *bytes, size_t size);

#endif

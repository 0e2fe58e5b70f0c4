/*
 * A folder as a ledger's disk: on real files, with each system call made to fail.
 */
/* needs: port_disk.c */
/* wraps: openat mkdir flock pread pwrite ftruncate fdatasync fsync fstat unlinkat */
/* wraps: fdopendir readdir read */
#define _GNU_SOURCE

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "ledger.h"
#include "port_disk.h"

FAULTY(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
FAULTY(int, flock, -1, (int fd, int operation), (fd, operation))
FAULTY(ssize_t, pread, -1, (int fd, void *bytes, size_t size, off_t offset),
       (fd, bytes, size, offset))
FAULTY(int, ftruncate, -1, (int fd, off_t size), (fd, size))
FAULTY(int, fdatasync, -1, (int fd), (fd))
FAULTY(int, fsync, -1, (int fd), (fd))
FAULTY(int, fstat, -1, (int fd, struct stat *status), (fd, status))
FAULTY(int, unlinkat, -1, (int fd, const char *path, int flags), (fd, path, flags))
FAULTY(DIR *, fdopendir, NULL, (int fd), (fd))
FAULTY(struct dirent *, readdir, NULL, (DIR * list), (list))
FAULTY(ssize_t, read, -1, (int fd, void *bytes, size_t size), (fd, bytes, size))

static size_t write_max; /* of one pwrite, 0: as asked */

ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	if (fault_due("pwrite"))
		return -1;
	return __real_pwrite(fd, bytes, write_max && size > write_max ? write_max : size, offset);
}

int __real_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;

	va_start(list, flags);
	mode = (mode_t)va_arg(list, int);
	va_end(list);
	return fault_due("openat") ? -1 : __real_openat(at, path, flags, mode);
}

#define RECORD_MAX 100u

static const struct bc260y_ledger_options options = {
	.limit = 4000, .segment = 400, .record_max = RECORD_MAX, .id = "outbox1"};

static char root[] = "/tmp/bc260y-disk-XXXXXX";
static char path[64], inner[96];
static struct bc260y_folder folder;
static struct bc260y_disk *const disk = &folder.disk;
static struct bc260y_ledger ledger;
static uint8_t buffer[BC260Y_LEDGER_BUFFER_SIZE(RECORD_MAX)];
static uint64_t sequence;

/* A folder of its own for each, not yet there. */
static void fresh(void)
{
	static int count;

	snprintf(path, sizeof(path), "%s/%d", root, ++count);
}

static int descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void open_folder(void)
{
	CHECK_INT(bc260y_folder_open(&folder, path), BC260Y_DISK_OK);
}

static int open_ledger(void)
{
	int result = bc260y_folder_open(&folder, path);

	if (result < 0)
		return bc260y_ledger_meaning(result);
	return bc260y_ledger_open(&ledger, disk, &options, buffer);
}

static void put(uint32_t size)
{
	uint8_t record[RECORD_MAX] = {0};

	CHECK_INT(bc260y_ledger_append(&ledger, record, size, &sequence), BC260Y_LEDGER_OK);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_OK);
}

static void touch(const char *name)
{
	int fd;

	snprintf(inner, sizeof(inner), "%s/%s", path, name);
	fd = open(inner, O_WRONLY | O_CREAT, 0666);
	CHECK(fd >= 0);
	close(fd);
}

/* --- while nothing is wrong ------------------------------------------------------- */

static void a_segment_is_a_file(void)
{
	uint8_t bytes[16] = "";
	uint64_t size = 9;
	struct stat status;

	fresh();
	open_folder();
	CHECK_INT(disk->ops->lock(disk), 0);
	CHECK_INT(disk->ops->create(disk, 7), 0);
	CHECK_INT(disk->ops->create(disk, 7), BC260Y_DISK_ERROR);
	CHECK_INT(disk->ops->size(disk, 7, &size), 0);
	CHECK_INT(size, 0);
	write_max = 4;
	CHECK_INT(disk->ops->write(disk, 7, 0, (const uint8_t *)"abcdef", 6), 4);
	write_max = 0;
	CHECK_INT(disk->ops->write(disk, 7, 4, (const uint8_t *)"ef", 2), 2);
	CHECK_INT(disk->ops->read(disk, 7, 1, bytes, 3), 3);
	CHECK_MEM(bytes, 3, "bcd", 3);
	CHECK_INT(disk->ops->read(disk, 7, 2, bytes, 16), 4);
	CHECK_INT(disk->ops->read(disk, 7, 6, bytes, 16), 0);
	CHECK_INT(disk->ops->cut(disk, 7, 3), 0);
	CHECK_INT(disk->ops->sync(disk, 7), 0);
	CHECK_INT(disk->ops->sync_list(disk), 0);
	CHECK_INT(disk->ops->size(disk, 7, &size), 0);
	CHECK_INT(size, 3);
	/* Another is read while this one is written. */
	CHECK_INT(disk->ops->create(disk, 8), 0);
	CHECK_INT(disk->ops->read(disk, 7, 0, bytes, 16), 3);
	CHECK_INT(disk->ops->write(disk, 8, 0, (const uint8_t *)"x", 1), 1);
	CHECK_INT(disk->ops->read(disk, 8, 0, bytes, 16), 1);
	CHECK_INT(disk->ops->remove(disk, 7), 0);
	CHECK(disk->ops->read(disk, 7, 0, bytes, 16) < 0);
	CHECK(disk->ops->remove(disk, 7) < 0);
	snprintf(inner, sizeof(inner), "%s/0000000000000008.segment", path);
	CHECK_INT(stat(inner, &status), 0);
	CHECK_INT(disk->ops->remove(disk, 8), 0);
	CHECK(disk->ops->size(disk, 8, &size) < 0);
	CHECK(disk->ops->write(disk, 8, 0, bytes, 1) < 0);
	CHECK(disk->ops->cut(disk, 8, 0) < 0);
	CHECK(disk->ops->sync(disk, 8) < 0);
	disk->ops->close(disk);
	disk->ops->close(disk);
}

static void names_of_another_kind_are_not_seen(void)
{
	static const char *const names[] = {"1.segment",
					    "0000000000000003.segmen",
					    "0000000000000003.segment2",
					    "000000000000003x.segment",
					    "0000000000000000.segment",
					    "9007199254740992.segment",
					    "notes.txt",
					    "00000000000000003.segment"};
	uint64_t segment;

	fresh();
	open_folder();
	for (int i = 0; i < 8; i++)
		touch(names[i]);
	CHECK_INT(disk->ops->next(disk, 1, &segment), 0);
	touch("0000000000000012.segment");
	touch("0000000000000005.segment");
	touch("9007199254740991.segment");
	touch("0000000000000009.segment");
	CHECK_INT(disk->ops->next(disk, 1, &segment), 1);
	CHECK_INT(segment, 5);
	CHECK_INT(disk->ops->next(disk, 6, &segment), 1);
	CHECK_INT(segment, 9);
	CHECK_INT(disk->ops->next(disk, 13, &segment), 1);
	CHECK_INT(segment, (INT64_C(1) << 53) - 1);
	CHECK_INT(disk->ops->next(disk, UINT64_C(1) << 53, &segment), 0);
	/* One that is asked for by its name: the folder is not read for each of many. */
	fault_in("readdir", 0, EIO);
	CHECK_INT(disk->ops->next(disk, 12, &segment), 1);
	CHECK_INT(segment, 12);
	CHECK(!fault_end());
	disk->ops->close(disk);
}

static void one_at_a_time(void)
{
	struct bc260y_folder other;
	int status = -1;
	pid_t child;

	fresh();
	CHECK_INT(open_ledger(), 0);
	/* Once more in this process, and in another one. */
	CHECK_INT(bc260y_folder_open(&other, path), 0);
	CHECK_INT(other.disk.ops->lock(&other.disk), BC260Y_DISK_BUSY);
	other.disk.ops->close(&other.disk);
	child = fork();
	if (child == 0) {
		bc260y_folder_open(&other, path);
		_exit(other.disk.ops->lock(&other.disk) == BC260Y_DISK_BUSY ? 7 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
	/* The first one has it still, until it is closed. */
	CHECK_INT(bc260y_folder_open(&other, path), 0);
	CHECK_INT(other.disk.ops->lock(&other.disk), BC260Y_DISK_BUSY);
	bc260y_ledger_close(&ledger);
	CHECK_INT(other.disk.ops->lock(&other.disk), BC260Y_DISK_OK);
	other.disk.ops->close(&other.disk);
	/* Who dies lets go. */
	child = fork();
	if (child == 0) {
		bc260y_folder_open(&other, path);
		other.disk.ops->lock(&other.disk);
		_exit(0);
	}
	waitpid(child, &status, 0);
	CHECK_INT(open_ledger(), 0);
	bc260y_ledger_close(&ledger);
}

static void a_folder_that_can_not_be(void)
{
	struct stat status;

	fresh();
	snprintf(inner, sizeof(inner), "%s/none/outbox", path);
	CHECK_INT(bc260y_folder_open(&folder, inner), BC260Y_DISK_NO_DEVICE);
	CHECK_INT(folder.error, ENOENT);
	CHECK(stat(path, &status) < 0);
	open_folder();
	disk->ops->close(disk);
	touch("file");
	CHECK_INT(bc260y_folder_open(&folder, inner), BC260Y_DISK_NO_DEVICE);
	fault_in("mkdir", 0, EROFS);
	fresh();
	CHECK_INT(bc260y_folder_open(&folder, path), BC260Y_DISK_NOT_PERMITTED);
	CHECK_INT(folder.error, EROFS);
	CHECK(fault_end());
	/* It is there: that it could not be made is no matter. */
	open_folder();
	disk->ops->close(disk);
	fault_in("mkdir", 0, EROFS);
	open_folder();
	fault_end();
	disk->ops->close(disk);
}

/* Root may write anywhere, so the child is somebody else. */
static void a_read_only_folder_is_not_permitted(void)
{
	int status = -1;
	pid_t child;

	fresh();
	CHECK_INT(open_ledger(), 0);
	put(9);
	bc260y_ledger_close(&ledger);
	chmod(root, 0755);
	chmod(path, 0555);
	child = fork();
	if (child == 0) {
		if (getuid() == 0 && setuid(65534) < 0)
			_exit(1);
		_exit(open_ledger() == BC260Y_LEDGER_NOT_PERMITTED ? 7 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
	chmod(path, 0755);
	CHECK_INT(open_ledger(), 0);
	bc260y_ledger_close(&ledger);
}

/* --- each call fails -------------------------------------------------------------- */

static void each_error_has_its_meaning(void)
{
	static const struct {
		int error, meaning;
	} errors[] = {
		{ENOSPC, BC260Y_DISK_FULL},
		{EDQUOT, BC260Y_DISK_FULL},
		{EFBIG, BC260Y_DISK_FULL},
		{EROFS, BC260Y_DISK_NOT_PERMITTED},
		{EACCES, BC260Y_DISK_NOT_PERMITTED},
		{EPERM, BC260Y_DISK_NOT_PERMITTED},
		{EIO, BC260Y_DISK_ERROR},
		{ENOENT, BC260Y_DISK_NO_DEVICE},
		{EMFILE, BC260Y_DISK_ERROR},
	};

	fresh();
	open_folder();
	CHECK_INT(disk->ops->create(disk, 1), 0);
	for (int i = 0; i < 9; i++) {
		fault_in("pwrite", 0, errors[i].error);
		CHECK_INT(disk->ops->write(disk, 1, 0, buffer, 1), errors[i].meaning);
		CHECK_INT(folder.error, errors[i].error);
		fault_end();
	}
	disk->ops->close(disk);
}

static int one_call(int which)
{
	uint8_t bytes[4];
	uint64_t number;

	switch (which) {
	case 0:
		return disk->ops->lock(disk);
	case 1:
		return disk->ops->next(disk, 2, &number);
	case 2:
		return disk->ops->size(disk, 1, &number);
	case 3:
		return disk->ops->create(disk, 2);
	case 4:
		return (int)disk->ops->read(disk, 1, 0, bytes, 4);
	case 5:
		return (int)disk->ops->write(disk, 1, 0, bytes, 4);
	case 6:
		return disk->ops->cut(disk, 1, 0);
	case 7:
		return disk->ops->sync(disk, 1);
	case 8:
		return disk->ops->sync_list(disk);
	default:
		return disk->ops->remove(disk, 1);
	}
}

/* Each system call of each function: a signal is no matter, an error is told, and nothing
 * stays open. */
static void each_call_that_fails_is_told(void)
{
	static const char *const calls[] = {"openat",	"flock",     "pread",	  "pwrite",
					    "fstat",	"ftruncate", "fdatasync", "fsync",
					    "unlinkat", "fdopendir", "readdir"};
	int hits = 0, before = descriptors();

	for (int which = 0; which < 10; which++)
		for (int c = 0; c < 11; c++)
			for (int signal = 0; signal < 2; signal++) {
				const char *hit;
				int result;

				fresh();
				open_folder();
				CHECK_INT(disk->ops->create(disk, 1), 0);
				close(folder.writer.fd);
				folder.writer.fd = -1;
				fault_in(calls[c], 0, signal ? EINTR : EIO);
				result = one_call(which);
				hit = fault_end();
				hits += hit != NULL;
				if (!hit || (signal && c != 4 && c < 8))
					CHECK(result >= 0);
				else
					CHECK_INT(result, BC260Y_DISK_ERROR);
				disk->ops->close(disk);
				CHECK_INT(descriptors(), before);
			}
	CHECK_INT(hits, 2 * 18);
}

static void a_folder_is_synced_if_it_can_be(void)
{
	fresh();
	fault_in("fsync", 0, EIO);
	CHECK_INT(bc260y_folder_open(&folder, path), BC260Y_DISK_ERROR);
	fault_end();
	CHECK_INT(folder.fd, -1);
	fault_in("fsync", 0, EINVAL);
	open_folder();
	CHECK(fault_end());
	fault_in("fsync", 0, EINVAL);
	CHECK_INT(disk->ops->sync_list(disk), 0);
	CHECK(fault_end());
	disk->ops->close(disk);
	/* Whoever may not read the parent has not made it. */
	fault_in("openat", 1, EACCES);
	open_folder();
	CHECK(fault_end());
	disk->ops->close(disk);
	fault_in("openat", 0, EMFILE);
	CHECK_INT(bc260y_folder_open(&folder, path), BC260Y_DISK_ERROR);
	fault_end();
}

/* The next sync is another descriptor's, and what is read comes from the disk. */
static void a_sync_that_fails_opens_anew(void)
{
	fresh();
	CHECK_INT(open_ledger(), 0);
	put(10);
	CHECK_INT(bc260y_ledger_append(&ledger, "x", 1, &sequence), 0);
	fault_in("fdatasync", 0, EIO);
	CHECK_INT(bc260y_ledger_commit(&ledger), BC260Y_LEDGER_ERROR);
	CHECK(fault_end());
	put(11);
	CHECK_INT(sequence, 2);
	bc260y_ledger_close(&ledger);
	CHECK_INT(open_ledger(), 0);
	CHECK_INT(bc260y_ledger_last(&ledger), 2);
	CHECK_INT(ledger.bytes, 21);
	bc260y_ledger_close(&ledger);
}

/* A full disk at any write of many puts: all that were taken are there. */
static void a_full_disk_at_any_write(void)
{
	for (int at = 0; at < 14; at++) {
		uint64_t taken = 0;

		fresh();
		write_max = at % 2 ? 50 : 0;
		fault_in("pwrite", at, at % 3 ? ENOSPC : EDQUOT);
		if (open_ledger() < 0) {
			CHECK_INT(at, 0);
			CHECK_INT(open_ledger(), 0);
		}
		for (int i = 0; i < 10; i++) {
			uint8_t record[RECORD_MAX] = {0};
			int result = bc260y_ledger_append(&ledger, record, 90, &sequence);

			CHECK(result == 0 || result == BC260Y_LEDGER_FULL);
			CHECK_INT(bc260y_ledger_commit(&ledger), 0);
			taken += result == 0;
		}
		CHECK(fault_end());
		write_max = 0;
		CHECK_INT(taken, at == 0 ? 10 : 9);
		bc260y_ledger_close(&ledger);
		CHECK_INT(open_ledger(), 0);
		CHECK_INT(bc260y_ledger_last(&ledger), taken);
		bc260y_ledger_close(&ledger);
	}
}

static void entropy_is_the_system_s(void)
{
	uint8_t one[64] = {0}, two[64] = {0};

	CHECK_INT(bc260y_entropy(one, sizeof(one)), 0);
	CHECK_INT(bc260y_entropy(two, sizeof(two)), 0);
	CHECK(memcmp(one, two, sizeof(one)) != 0);
	fault_in("read", 0, EINTR);
	CHECK_INT(bc260y_entropy(one, sizeof(one)), 0);
	CHECK(fault_end());
	fault_in("read", 0, EIO);
	CHECK_INT(bc260y_entropy(one, sizeof(one)), -1);
	fault_end();
	fault_in("openat", 0, ENOENT);
	CHECK_INT(bc260y_entropy(one, sizeof(one)), -1);
	fault_end();
}

int main(void)
{
	char command[64];

	CHECK(mkdtemp(root) != NULL);
	a_segment_is_a_file();
	names_of_another_kind_are_not_seen();
	one_at_a_time();
	a_folder_that_can_not_be();
	a_read_only_folder_is_not_permitted();
	each_error_has_its_meaning();
	each_call_that_fails_is_told();
	a_folder_is_synced_if_it_can_be();
	a_sync_that_fails_opens_anew();
	a_full_disk_at_any_write();
	entropy_is_the_system_s();
	snprintf(command, sizeof(command), "rm -rf %s", root);
	CHECK_INT(system(command), 0);
	return check_end("port_disk");
}

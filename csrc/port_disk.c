/*
 * A ledger's disk in a folder.
 *
 * The lock is flock's: it is the open file's, not the process's, so a second ledger in
 * the same process meets it too, and it goes with the process however that ends.
 */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port_disk.h"

/* "0000000000000001.segment": digits enough for 2^53. */
#define DIGITS	  16
#define SUFFIX	  ".segment"
#define NAME_SIZE (DIGITS + sizeof(SUFFIX))
#define LOCK_NAME "lock"

static struct bc260y_folder *folder_of(struct bc260y_disk *disk)
{
	return (struct bc260y_folder *)disk;
}

static int failed(struct bc260y_folder *folder)
{
	folder->error = errno;
	switch (errno) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return BC260Y_DISK_FULL;
	case EWOULDBLOCK:
		return BC260Y_DISK_BUSY;
	case EACCES:
	case EPERM:
	case EROFS:
		return BC260Y_DISK_NOT_PERMITTED;
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return BC260Y_DISK_NO_DEVICE;
	default:
		return BC260Y_DISK_ERROR;
	}
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int open_again(int at, const char *path, int flags)
{
	int fd;

	do {
		fd = openat(at, path, flags | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

/* Some file systems can't sync a folder, and say so: they need none. */
static int sync_folder(int fd)
{
	int result;

	do {
		result = fsync(fd);
	} while (result < 0 && errno == EINTR);
	return result < 0 && errno == EINVAL ? 0 : result;
}

/* --- segments ------------------------------------------------------------------ */

static void name_of(char *name, uint64_t segment)
{
	snprintf(name, NAME_SIZE, "%016" PRIu64 SUFFIX, segment % UINT64_C(10000000000000000));
}

/* Result: the segment of that name, 0 when it is none's. */
static uint64_t segment_of(const char *name)
{
	uint64_t segment = 0;

	for (int i = 0; i < DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		segment = segment * 10 + (uint64_t)(name[i] - '0');
	}
	return strcmp(name + DIGITS, SUFFIX) == 0 && segment < UINT64_C(1) << 53 ? segment : 0;
}

/* Result: the descriptor, or -1. */
static int opened(struct bc260y_folder *folder, struct bc260y_folder_file *file, uint64_t segment,
		  int flags)
{
	char name[NAME_SIZE];

	if (file->fd >= 0 && file->segment == segment)
		return file->fd;
	close_fd(&file->fd);
	name_of(name, segment);
	file->fd = open_again(folder->fd, name, O_RDWR | flags);
	file->segment = segment;
	return file->fd;
}

static int writer(struct bc260y_folder *folder, uint64_t segment)
{
	return opened(folder, &folder->writer, segment, 0);
}

static int reader(struct bc260y_folder *folder, uint64_t segment)
{
	if (folder->writer.fd >= 0 && folder->writer.segment == segment)
		return folder->writer.fd;
	return opened(folder, &folder->reader, segment, 0);
}

static bool is_there(const struct bc260y_folder *folder, uint64_t segment)
{
	char name[NAME_SIZE];
	struct stat status;

	name_of(name, segment);
	return segment_of(name) == segment &&
	       fstatat(folder->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Most often it is the very one: the folder is not read for each of many. */
static int disk_next(struct bc260y_disk *disk, uint64_t from, uint64_t *segment)
{
	struct bc260y_folder *folder = folder_of(disk);
	const struct dirent *entry;
	int result = 0;
	DIR *list;
	int fd;

	if (is_there(folder, from)) {
		*segment = from;
		return 1;
	}
	fd = open_again(folder->fd, ".", O_RDONLY | O_DIRECTORY);
	list = fd < 0 ? NULL : fdopendir(fd);
	if (!list) {
		result = failed(folder);
		close_fd(&fd);
		return result;
	}
	errno = 0;
	while ((entry = readdir(list)) != NULL) {
		uint64_t one = segment_of(entry->d_name);

		if (one > 0 && one >= from && (result == 0 || one < *segment)) {
			*segment = one;
			result = 1;
		}
	}
	if (errno != 0)
		result = failed(folder);
	closedir(list);
	return result;
}

static int disk_size(struct bc260y_disk *disk, uint64_t segment, uint64_t *size)
{
	struct bc260y_folder *folder = folder_of(disk);
	int fd = reader(folder, segment);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return failed(folder);
	*size = (uint64_t)status.st_size;
	return BC260Y_DISK_OK;
}

static int disk_create(struct bc260y_disk *disk, uint64_t segment)
{
	struct bc260y_folder *folder = folder_of(disk);

	close_fd(&folder->writer.fd);
	if (opened(folder, &folder->writer, segment, O_CREAT | O_EXCL) < 0)
		return failed(folder);
	return BC260Y_DISK_OK;
}

static ptrdiff_t disk_read(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			   uint8_t *bytes, size_t size)
{
	struct bc260y_folder *folder = folder_of(disk);
	int fd = reader(folder, segment);
	size_t got = 0;

	if (fd < 0)
		return failed(folder);
	while (got < size) {
		ssize_t count = pread(fd, bytes + got, size - got, (off_t)(offset + got));

		if (count == 0)
			break;
		if (count > 0)
			got += (size_t)count;
		else if (errno != EINTR)
			return failed(folder);
	}
	return (ptrdiff_t)got;
}

static ptrdiff_t disk_write(struct bc260y_disk *disk, uint64_t segment, uint32_t offset,
			    const uint8_t *bytes, size_t size)
{
	struct bc260y_folder *folder = folder_of(disk);
	int fd = writer(folder, segment);
	ssize_t count;

	if (fd < 0)
		return failed(folder);
	do {
		count = pwrite(fd, bytes, size, (off_t)offset);
	} while (count < 0 && errno == EINTR);
	return count < 0 ? failed(folder) : count;
}

static int disk_cut(struct bc260y_disk *disk, uint64_t segment, uint32_t size)
{
	struct bc260y_folder *folder = folder_of(disk);
	int fd = writer(folder, segment);
	int result;

	if (fd < 0)
		return failed(folder);
	do {
		result = ftruncate(fd, (off_t)size);
	} while (result < 0 && errno == EINTR);
	return result < 0 ? failed(folder) : BC260Y_DISK_OK;
}

static int disk_sync(struct bc260y_disk *disk, uint64_t segment)
{
	struct bc260y_folder *folder = folder_of(disk);
	int fd = writer(folder, segment);
	int result;

	if (fd < 0)
		return failed(folder);
	do {
		result = fdatasync(fd);
	} while (result < 0 && errno == EINTR);
	if (result == 0)
		return BC260Y_DISK_OK;
	result = failed(folder);
	/* Pages that were not written count as clean now: what is read next must come from
	 * the disk. The file is opened anew, as its errors are told once a descriptor. */
#ifdef POSIX_FADV_DONTNEED
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
#endif
	close_fd(&folder->writer.fd);
	return result;
}

static int disk_sync_list(struct bc260y_disk *disk)
{
	struct bc260y_folder *folder = folder_of(disk);

	return sync_folder(folder->fd) < 0 ? failed(folder) : BC260Y_DISK_OK;
}

static int disk_remove(struct bc260y_disk *disk, uint64_t segment)
{
	struct bc260y_folder *folder = folder_of(disk);
	char name[NAME_SIZE];

	if (folder->writer.segment == segment)
		close_fd(&folder->writer.fd);
	if (folder->reader.segment == segment)
		close_fd(&folder->reader.fd);
	name_of(name, segment);
	return unlinkat(folder->fd, name, 0) < 0 ? failed(folder) : BC260Y_DISK_OK;
}

/* --- the folder ---------------------------------------------------------------- */

static int disk_lock(struct bc260y_disk *disk)
{
	struct bc260y_folder *folder = folder_of(disk);
	int result;

	folder->lock = open_again(folder->fd, LOCK_NAME, O_RDWR | O_CREAT);
	if (folder->lock < 0)
		return failed(folder);
	do {
		result = flock(folder->lock, LOCK_EX | LOCK_NB);
	} while (result < 0 && errno == EINTR);
	if (result == 0)
		return BC260Y_DISK_OK;
	result = failed(folder);
	close_fd(&folder->lock);
	return result;
}

static void disk_close(struct bc260y_disk *disk)
{
	struct bc260y_folder *folder = folder_of(disk);

	close_fd(&folder->writer.fd);
	close_fd(&folder->reader.fd);
	close_fd(&folder->lock);
	close_fd(&folder->fd);
}

static const struct bc260y_disk_ops ops = {
	.lock = disk_lock,
	.next = disk_next,
	.size = disk_size,
	.create = disk_create,
	.read = disk_read,
	.write = disk_write,
	.cut = disk_cut,
	.sync = disk_sync,
	.sync_list = disk_sync_list,
	.remove = disk_remove,
	.close = disk_close,
};

/* A folder that is new has to be found after a power cut too. Whoever may not read the
 * parent did not make it. */
static int sync_parent(struct bc260y_folder *folder)
{
	int parent = open_again(folder->fd, "..", O_RDONLY | O_DIRECTORY);
	int result = BC260Y_DISK_OK;

	if (parent >= 0 && sync_folder(parent) < 0)
		result = failed(folder);
	close_fd(&parent);
	return result;
}

int bc260y_folder_open(struct bc260y_folder *folder, const char *path)
{
	int made, result;

	folder->disk.ops = &ops;
	folder->fd = folder->lock = folder->writer.fd = folder->reader.fd = -1;
	folder->writer.segment = folder->reader.segment = 0;
	folder->error = 0;
	made = mkdir(path, 0777) < 0 ? errno : 0;
	folder->fd = open_again(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	if (folder->fd < 0) {
		/* It is not there, and could not be made: that says more. */
		if (errno == ENOENT && made != 0)
			errno = made;
		return failed(folder);
	}
	result = sync_parent(folder);
	if (result < 0)
		disk_close(&folder->disk);
	return result;
}

int bc260y_entropy(void *bytes, size_t size)
{
	int fd = open_again(AT_FDCWD, "/dev/urandom", O_RDONLY);
	size_t got = 0;

	while (fd >= 0 && got < size) {
		ssize_t count = read(fd, (uint8_t *)bytes + got, size - got);

		if (count > 0)
			got += (size_t)count;
		else if (count == 0 || errno != EINTR)
			break;
	}
	close_fd(&fd);
	return got == size ? 0 : -1;
}

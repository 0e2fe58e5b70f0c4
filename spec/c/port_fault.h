/*
 * The system's calls that a port makes, each of which can be made to fail (fault.h).
 *
 * It knows what an open has to do then. A test names the calls in its "wraps".
 */
#ifndef BC260Y_PORT_FAULT_H
#define BC260Y_PORT_FAULT_H

#include <stdarg.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#include "fault.h"
#include "port_peer.h"

FAULTY(ssize_t, read, -1, (int fd, void *bytes, size_t size), (fd, bytes, size))
FAULTY(ssize_t, write, -1, (int fd, const void *bytes, size_t size), (fd, bytes, size))
FAULTY(ssize_t, send, -1, (int fd, const void *bytes, size_t size, int flags),
       (fd, bytes, size, flags))
FAULTY(int, setsockopt, -1, (int fd, int level, int name, const void *value, socklen_t size),
       (fd, level, name, value, size))
FAULTY(int, getsockopt, -1, (int fd, int level, int name, void *value, socklen_t *size),
       (fd, level, name, value, size))
FAULTY(int, getsockname, -1, (int fd, struct sockaddr *address, socklen_t *size),
       (fd, address, size))
FAULTY(int, getpeername, -1, (int fd, struct sockaddr *address, socklen_t *size),
       (fd, address, size))
FAULTY(int, tcsetattr, -1, (int fd, int when, const struct termios *settings), (fd, when, settings))
FAULTY(int, flock, -1, (int fd, int operation), (fd, operation))
FAULTY(int, isatty, 0, (int fd), (fd))
FAULTY(char *, realpath, NULL, (const char *path, char *resolved), (path, resolved))

static int polls_passed; /* so many end at once, as if their time had passed */

int __real_poll(struct pollfd *items, nfds_t count, int ms);
int __wrap_poll(struct pollfd *items, nfds_t count, int ms);
int __wrap_poll(struct pollfd *items, nfds_t count, int ms)
{
	if (fault_due("poll"))
		return -1;
	return polls_passed-- > 0 ? 0 : __real_poll(items, count, ms);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
	va_list list;
	long argument;

	va_start(list, command);
	argument = va_arg(list, long);
	va_end(list);
	return fault_due("fcntl") ? -1 : __real_fcntl(fd, command, argument);
}

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *argument;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	return fault_due("ioctl") ? -1 : __real_ioctl(fd, request, argument);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list list;
	int mode;

	va_start(list, flags);
	mode = va_arg(list, int);
	va_end(list);
	return fault_due("open") ? -1 : __real_open(path, flags, mode);
}

static tcflag_t other_flags; /* what a driver makes of c_cflag, 0: what was asked */
static speed_t other_speed;  /* and of any rate */

int __real_tcgetattr(int fd, struct termios *settings);
int __wrap_tcgetattr(int fd, struct termios *settings);
int __wrap_tcgetattr(int fd, struct termios *settings)
{
	int result = fault_due("tcgetattr") ? -1 : __real_tcgetattr(fd, settings);

	if (result == 0 && other_speed)
		cfsetospeed(settings, other_speed);
	if (result == 0 && other_flags)
		settings->c_cflag = other_flags;
	return result;
}

/* What stat and fstat are to say of any file instead of the truth. */
static struct {
	mode_t mode; /* 0: the truth */
	dev_t device;
} disguise;

static inline int disguised(struct stat *status, int result)
{
	if (result == 0 && disguise.mode) {
		status->st_mode = disguise.mode;
		status->st_rdev = disguise.device;
	}
	return result;
}

int __real_stat(const char *path, struct stat *status);
int __wrap_stat(const char *path, struct stat *status);
int __wrap_stat(const char *path, struct stat *status)
{
	return fault_due("stat") ? -1 : disguised(status, __real_stat(path, status));
}

int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status)
{
	return fault_due("fstat") ? -1 : disguised(status, __real_fstat(fd, status));
}

/* port: where the one that is opened stands. */
typedef int fault_opener(struct bc260y_port **port, const char *name, char *why);

/* Each call of an open fails in turn. All but the harmless ones make it fail: with that
 * result, with words about that name, and with nothing left open. harmless: each between
 * two blanks. */
static inline void fault_walk(fault_opener *opener, const char *name, int error, int result,
			      const char *harmless)
{
	const char *hit = "";

	for (int after = 0; hit; after++) {
		char why[BC260Y_PORT_WHY_SIZE] = "";
		struct bc260y_port *port;
		int fds = peer_open_fds();
		char word[32];
		int got, want;

		fault_in(NULL, after, error);
		got = opener(&port, name, why);
		hit = fault_end();
		snprintf(word, sizeof(word), " %s ", hit ? hit : "");
		want = hit && !strstr(harmless, word) ? result : BC260Y_PORT_OK;
		check_int(got, want, hit ? hit : "nothing failed", __FILE__, __LINE__);
		CHECK_INT(port->fd >= 0, got == BC260Y_PORT_OK);
		CHECK(got == BC260Y_PORT_OK || strstr(why, name));
		port->ops->close(port);
		CHECK_INT(peer_open_fds(), fds);
		CHECK(hit || after >= 4);
	}
}

#endif

/*
 * A port on a descriptor: read, write, poll, close.
 *
 * It knows what the system's answers mean. It does not know what the descriptor
 * is. Each of read, write and wait is one system call unless a signal comes or
 * the peer is gone.
 */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "port_fd.h"

/* The longest that one poll(2) can be asked to wait. */
#define POLL_SECONDS_MAX (INT_MAX / 1000)

double bc260y_port_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

const char *bc260y_port_error(int result)
{
	switch (result) {
	case BC260Y_PORT_LOST:
		return "lost";
	case BC260Y_PORT_NO_DEVICE:
		return "no device";
	case BC260Y_PORT_NOT_PERMITTED:
		return "not permitted";
	case BC260Y_PORT_BUSY:
		return "busy";
	case BC260Y_PORT_NOT_SUPPORTED:
		return "not supported";
	case BC260Y_PORT_REFUSED:
		return "closed";
	case BC260Y_PORT_TIMEOUT:
		return "timeout";
	case BC260Y_PORT_INVALID:
		return "invalid argument";
	default:
		return "error";
	}
}

static int meaning(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
		return BC260Y_PORT_NO_DEVICE;
	case EACCES:
	case EPERM:
	case EROFS:
		return BC260Y_PORT_NOT_PERMITTED;
	case EBUSY:
	case EWOULDBLOCK: /* flock: somebody holds it */
		return BC260Y_PORT_BUSY;
	case ENOTTY:
	case EPROTOTYPE:
	case EAFNOSUPPORT:
		return BC260Y_PORT_NOT_SUPPORTED;
	case ECONNREFUSED:
		return BC260Y_PORT_REFUSED;
	case ETIMEDOUT:
		return BC260Y_PORT_TIMEOUT;
	case ENAMETOOLONG:
		return BC260Y_PORT_INVALID;
	default:
		return BC260Y_PORT_ERROR;
	}
}

int bc260y_fd_why(char *why, const char *name, int error)
{
	snprintf(why, BC260Y_PORT_WHY_SIZE, "%.300s: %s", name, strerror(error));
	return meaning(error);
}

void bc260y_fd_init(struct bc260y_port *port, const struct bc260y_port_ops *ops)
{
	port->ops = ops;
	port->fd = -1;
	port->lost = false;
}

ptrdiff_t bc260y_fd_read(struct bc260y_port *port, uint8_t *bytes, size_t size)
{
	ssize_t count;

	if (port->lost)
		return BC260Y_PORT_LOST;
	/* read(2) of nothing gives 0, which would be taken for the end. */
	if (size == 0)
		return 0;
	do {
		count = read(port->fd, bytes, size);
	} while (count < 0 && errno == EINTR);
	if (count > 0)
		return count;
	if (count < 0 && errno == EAGAIN)
		return 0;
	port->lost = true;
	return BC260Y_PORT_LOST;
}

ptrdiff_t bc260y_fd_written(const struct bc260y_port *port, ptrdiff_t count)
{
	int unread = 0;

	if (count >= 0)
		return count;
	if (errno == EAGAIN)
		return 0;
	/* The peer is gone, but what it said before it went is still to be read. */
	if (ioctl(port->fd, FIONREAD, &unread) == 0 && unread > 0)
		return 0;
	return BC260Y_PORT_LOST;
}

ptrdiff_t bc260y_fd_write(struct bc260y_port *port, const uint8_t *bytes, size_t size)
{
	ssize_t count;

	if (port->lost)
		return BC260Y_PORT_LOST;
	do {
		count = write(port->fd, bytes, size);
	} while (count < 0 && errno == EINTR);
	return bc260y_fd_written(port, count);
}

/* Rounded up: a deadline 0.3 ms away must not be polled in a spin until it comes. */
static int milliseconds(double seconds)
{
	double exact = seconds * 1000;
	int whole;

	if (!(seconds >= 0))
		return -1;
	if (seconds >= POLL_SECONDS_MAX)
		return POLL_SECONDS_MAX * 1000;
	whole = (int)exact;
	return whole + (whole < exact);
}

int bc260y_fd_poll(struct pollfd *items, size_t count, double seconds)
{
	double left = seconds;
	double end = seconds > 0 ? bc260y_port_now() + seconds : 0;

	for (;;) {
		int ready = poll(items, (nfds_t)count, milliseconds(left));

		if (ready > 0 || (ready < 0 && errno != EINTR))
			return ready;
		if (ready == 0 && left < POLL_SECONDS_MAX)
			return 0;
		if (!(seconds >= 0))
			continue;
		left = end - bc260y_port_now();
		if (left <= 0)
			return 0;
	}
}

int bc260y_fd_wait(struct bc260y_port *port, double seconds, bool writable)
{
	struct pollfd item = {.fd = port->fd, .events = POLLIN};
	int ready;

	/* poll(2) passes over a negative descriptor and would wait in vain. */
	if (port->fd < 0 || port->lost)
		return BC260Y_PORT_LOST;
	if (writable)
		item.events |= POLLOUT;
	ready = bc260y_fd_poll(&item, 1, seconds);
	if (ready == 0)
		return 0;
	/* Readable comes first: read() gives what came before the hang-up. */
	if (ready > 0 && (item.revents & POLLIN))
		return 1;
	if (ready < 0 || (item.revents & (POLLERR | POLLHUP | POLLNVAL)))
		return BC260Y_PORT_LOST;
	return 1;
}

void bc260y_fd_close(struct bc260y_port *port)
{
	int fd = port->fd;

	port->fd = -1;
	if (fd >= 0)
		close(fd);
}

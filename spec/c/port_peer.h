/*
 * The other side of a port, for its tests: a pty's master, an accepted socket.
 *
 * It knows how to make the pair and what it left open. All names are below a
 * directory of its own, all addresses are the kernel's choice on loopback.
 */
#ifndef BC260Y_PORT_PEER_H
#define BC260Y_PORT_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"
#include "port.h"

static char peer_folder[] = "/tmp/bc260y-port-XXXXXX";

static inline void peer_begin(void)
{
	if (!mkdtemp(peer_folder)) {
		perror(peer_folder);
		exit(2);
	}
}

static inline void peer_end(void)
{
	CHECK_INT(rmdir(peer_folder), 0);
}

/* "<folder>/<name>", good until the next but three calls. */
static inline const char *peer_path(const char *name)
{
	static char paths[4][64];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", peer_folder, name);
	return path;
}

static inline int peer_open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A master; slave gets its other side's name, raw as a module's side would be. */
static inline int peer_pty(char *slave, size_t size)
{
	struct termios raw;
	int master, other;

	if (openpty(&master, &other, NULL, NULL, NULL) < 0) {
		perror("openpty");
		exit(2);
	}
	tcgetattr(other, &raw);
	cfmakeraw(&raw);
	tcsetattr(other, TCSANOW, &raw);
	if (ttyname_r(other, slave, size))
		exit(2);
	/* Opened again before this end goes: the master never sees a hang-up. */
	close(other);
	return master;
}

static inline int peer_listen_unix(const char *path, int type, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror(path);
		exit(2);
	}
	if (backlog >= 0)
		listen(fd, backlog);
	return fd;
}

/* backlog < 0: bound, but nobody listens. spec gets tcp://127.0.0.1:port */
static inline int peer_listen_tcp(char *spec, size_t size, int backlog)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		perror("127.0.0.1");
		exit(2);
	}
	if (backlog >= 0)
		listen(fd, backlog);
	snprintf(spec, size, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
	return fd;
}

/* All of the bytes, or false after a second without one. */
static inline bool peer_read(int fd, uint8_t *bytes, size_t size)
{
	while (size > 0) {
		struct pollfd item = {.fd = fd, .events = POLLIN};
		ssize_t count;

		if (poll(&item, 1, 1000) <= 0)
			return false;
		count = read(fd, bytes, size);
		if (count <= 0)
			return false;
		bytes += count;
		size -= (size_t)count;
	}
	return true;
}

static inline bool peer_write(int fd, const void *bytes, size_t size)
{
	return write(fd, bytes, size) == (ssize_t)size;
}

/* As peer_read, from a port. */
static inline bool port_take(struct bc260y_port *port, uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ptrdiff_t count;

		if (port->ops->wait(port, 1, false) != 1)
			return false;
		count = port->ops->read(port, bytes, size);
		if (count <= 0)
			return false;
		bytes += count;
		size -= (size_t)count;
	}
	return true;
}

#endif

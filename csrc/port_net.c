/*
 * A stream socket as a port: tcp:// and unix:
 *
 * It knows addresses, connecting and socket options. It knows nothing of what is
 * said over the socket.
 */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "port_fd.h"
#include "port_net.h"

#define HOST_SIZE    256u
#define SERVICE_SIZE 6u

/* A serial server that lost its power is noticed after 60 + 3 x 10 seconds. */
#define KEEPALIVE_IDLE_SECONDS	   60
#define KEEPALIVE_INTERVAL_SECONDS 10
#define KEEPALIVE_COUNT		   3

static ptrdiff_t net_write(struct bc260y_port *port, const uint8_t *bytes, size_t size)
{
	ssize_t count;

	/* TCP takes bytes for a peer that only stopped to speak: there is none. */
	if (port->lost)
		return BC260Y_PORT_LOST;
	do {
		/* A peer that is gone is an answer, not a SIGPIPE. */
		count = send(port->fd, bytes, size, MSG_NOSIGNAL);
	} while (count < 0 && errno == EINTR);
	return bc260y_fd_written(port, count);
}

static const struct bc260y_port_ops net_ops = {
	.read = bc260y_fd_read,
	.write = net_write,
	.wait = bc260y_fd_wait,
	.close = bc260y_fd_close,
};

bool bc260y_net_spec(const char *spec)
{
	return strncmp(spec, "tcp://", 6) == 0 || strncmp(spec, "unix:", 5) == 0;
}

static bool is_port(const char *text)
{
	long value = 0;

	if (strlen(text) >= SERVICE_SIZE)
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (*text - '0');
	return *text == '\0' && value >= 1 && value <= 65535;
}

/* address: what follows tcp:// */
static bool split(const char *address, char *host, char *service)
{
	const char *colon = strrchr(address, ':');
	const char *end = colon;

	if (!colon || !is_port(colon + 1))
		return false;
	if (*address == '[') {
		address++;
		end--;
		if (end <= address || *end != ']')
			return false;
	}
	/* Without brackets nobody can tell where an IPv6 address ends. */
	else if (memchr(address, ':', (size_t)(colon - address)))
		return false;
	if (end == address || (size_t)(end - address) >= HOST_SIZE)
		return false;
	memcpy(host, address, (size_t)(end - address));
	host[end - address] = '\0';
	memcpy(service, colon + 1, strlen(colon + 1) + 1);
	return true;
}

static void set_options(int fd)
{
	const int on = 1;

	/* None is worth failing for. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
#ifdef TCP_KEEPIDLE
	const int idle = KEEPALIVE_IDLE_SECONDS;
	const int interval = KEEPALIVE_INTERVAL_SECONDS;
	const int count = KEEPALIVE_COUNT;

	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
#endif
}

/* A port that nobody listens on may be given to the socket that connects to it: it
 * is then connected to itself and hears its own commands. */
static bool is_itself(int fd)
{
	struct sockaddr_storage here, there;
	socklen_t here_size = sizeof(here), there_size = sizeof(there);

	memset(&here, 0, sizeof(here));
	memset(&there, 0, sizeof(there));
	return getsockname(fd, (struct sockaddr *)&here, &here_size) == 0 &&
	       getpeername(fd, (struct sockaddr *)&there, &there_size) == 0 &&
	       memcmp(&here, &there, here_size) == 0;
}

/* Result: 0 or errno. */
static int finish_connect(int fd, double end)
{
	struct pollfd item = {.fd = fd, .events = POLLOUT};
	double left = end - bc260y_port_now();
	socklen_t size = sizeof(int);
	int error = 0;
	int ready = bc260y_fd_poll(&item, 1, left > 0 ? left : 0);

	if (ready == 0)
		return ETIMEDOUT;
	if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return errno;
	return error;
}

/* Result: a descriptor, or -1 with errno. */
static int connect_to(const struct addrinfo *address, double end)
{
	int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
			address->ai_protocol);
	int error = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
		error = errno;
		if (error == EINPROGRESS || error == EINTR)
			error = finish_connect(fd, end);
	}
	if (error == 0 && is_itself(fd))
		error = ECONNREFUSED;
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

/* Each address gets an equal part of the time that is left. */
static int connect_any(const struct addrinfo *list, double seconds)
{
	double end = bc260y_port_now() + seconds;
	size_t count = 0;
	int fd = -1;

	for (const struct addrinfo *at = list; at; at = at->ai_next)
		count++;
	for (; list && fd < 0; list = list->ai_next, count--) {
		double now = bc260y_port_now();

		fd = connect_to(list, now + (end - now) / (double)count);
	}
	return fd;
}

static int why_name(char *why, const char *spec, int error)
{
	if (error == EAI_SYSTEM)
		return bc260y_fd_why(why, spec, errno);
	snprintf(why, BC260Y_PORT_WHY_SIZE, "%.300s: %s", spec, gai_strerror(error));
	return error == EAI_NONAME ? BC260Y_PORT_NO_DEVICE : BC260Y_PORT_ERROR;
}

static int open_tcp(const char *spec, double seconds, char *why)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICSERV,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	char host[HOST_SIZE], service[SERVICE_SIZE];
	struct addrinfo *list;
	int error, fd;

	if (!split(spec + strlen("tcp://"), host, service)) {
		snprintf(why, BC260Y_PORT_WHY_SIZE,
			 "%.300s: tcp://host:port or tcp://[IPv6 address]:port", spec);
		return BC260Y_PORT_INVALID;
	}
	error = getaddrinfo(host, service, &hints, &list);
	if (error)
		return why_name(why, spec, error);
	fd = connect_any(list, seconds);
	error = errno;
	freeaddrinfo(list);
	if (fd < 0)
		return bc260y_fd_why(why, spec, error);
	set_options(fd);
	return fd;
}

/* A unix socket does not answer EINPROGRESS when the listener's queue is full: it
 * blocks, for as long as SO_SNDTIMEO says, or gives up at once. Result: 0 or errno. */
static int connect_path(int fd, const struct sockaddr_un *address, double seconds)
{
	double end = bc260y_port_now() + seconds;
	int error;

	do {
		double left = end - bc260y_port_now();
		struct timeval limit = {.tv_sec = (time_t)left};

		if (left <= 0)
			return ETIMEDOUT;
		/* 0 would mean for ever. */
		limit.tv_usec = (suseconds_t)((left - (double)limit.tv_sec) * 1e6) + 1;
		if (limit.tv_usec > 999999)
			limit.tv_usec = 999999;
		if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
			return errno;
		error = 0;
		if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
			error = errno;
	} while (error == EINTR);
	if (error == EAGAIN)
		return ETIMEDOUT;
	if (error == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return errno;
	return error;
}

static int open_unix(const char *spec, double seconds, char *why)
{
	const char *path = spec + strlen("unix:");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;
	int error, fd;

	if (*path == '\0' || strlen(path) >= sizeof(address.sun_path)) {
		snprintf(why, BC260Y_PORT_WHY_SIZE, "%.300s: a path of 1 to %zu bytes", spec,
			 sizeof(address.sun_path) - 1);
		return BC260Y_PORT_INVALID;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (stat(path, &status) == 0 && !S_ISSOCK(status.st_mode)) {
		snprintf(why, BC260Y_PORT_WHY_SIZE, "%.300s: not a socket", spec);
		return BC260Y_PORT_NOT_SUPPORTED;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return bc260y_fd_why(why, spec, errno);
	error = connect_path(fd, &address, seconds);
	if (error == 0)
		return fd;
	close(fd);
	return bc260y_fd_why(why, spec, error);
}

int bc260y_net_open(struct bc260y_port *port, const char *spec, double seconds, char *why)
{
	int result;

	bc260y_fd_init(port, &net_ops);
	if (strncmp(spec, "tcp://", 6) == 0) {
		result = open_tcp(spec, seconds, why);
	} else if (strncmp(spec, "unix:", 5) == 0) {
		result = open_unix(spec, seconds, why);
	} else {
		snprintf(why, BC260Y_PORT_WHY_SIZE, "%.300s: neither tcp:// nor unix:", spec);
		return BC260Y_PORT_INVALID;
	}
	if (result < 0)
		return result;
	port->fd = result;
	return BC260Y_PORT_OK;
}

/*
 * What every kind of port must do once it is open, on a pty, a unix socket and TCP.
 *
 * It knows the contract in port.h. How opening fails is port_open_test.c's.
 */
/* needs: port_fd.c port_tty.c port_net.c */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <sys/time.h>

#include "port_net.h"
#include "port_peer.h"
#include "port_tty.h"

#define FLOOD_SIZE_MAX (64u << 20)

struct pair {
	struct bc260y_port port;
	int peer;
	bool keeps; /* what was said before a hang-up is not thrown away by the system */
};

static struct pair open_pty(void)
{
	char why[BC260Y_PORT_WHY_SIZE], slave[64];
	struct pair pair = {.keeps = false};

	pair.peer = peer_pty(slave, sizeof(slave));
	CHECK_INT(bc260y_tty_open(&pair.port, slave, 9600, why), 0);
	return pair;
}

static struct pair open_unix(void)
{
	char why[BC260Y_PORT_WHY_SIZE], spec[80];
	struct pair pair = {.keeps = true};
	const char *path = peer_path("socket");
	int listener = peer_listen_unix(path, SOCK_STREAM, 1);

	snprintf(spec, sizeof(spec), "unix:%s", path);
	CHECK_INT(bc260y_net_open(&pair.port, spec, 1, why), 0);
	pair.peer = accept(listener, NULL, NULL);
	close(listener);
	unlink(path);
	return pair;
}

static struct pair open_tcp(void)
{
	char why[BC260Y_PORT_WHY_SIZE], spec[80];
	struct pair pair = {.keeps = true};
	int listener = peer_listen_tcp(spec, sizeof(spec), 1);

	CHECK_INT(bc260y_net_open(&pair.port, spec, 1, why), 0);
	pair.peer = accept(listener, NULL, NULL);
	close(listener);
	return pair;
}

typedef struct pair open_pair(void);

static void close_pair(struct pair *pair)
{
	pair->port.ops->close(&pair->port);
	CHECK_INT(pair->port.fd, -1);
	pair->port.ops->close(&pair->port);
	if (pair->peer >= 0)
		close(pair->peer);
}

static void check_lost(struct bc260y_port *port)
{
	uint8_t byte = 'A';

	CHECK_INT(port->ops->read(port, &byte, 1), BC260Y_PORT_LOST);
	CHECK_INT(port->ops->write(port, &byte, 1), BC260Y_PORT_LOST);
	CHECK_INT(port->ops->read(port, &byte, 1), BC260Y_PORT_LOST);
	CHECK_INT(port->ops->wait(port, -1, false), BC260Y_PORT_LOST);
	CHECK_INT(port->ops->wait(port, -1, true), BC260Y_PORT_LOST);
}

static void test_bytes(open_pair *open)
{
	struct pair pair = open();
	struct bc260y_port *port = &pair.port;
	uint8_t all[256], got[256];

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	CHECK_INT(port->ops->read(port, got, sizeof(got)), 0);
	CHECK_INT(port->ops->read(port, got, 0), 0);
	CHECK_INT(port->ops->wait(port, 0, false), 0);
	CHECK_INT(port->ops->wait(port, 0.0001, false), 0);
	CHECK_INT(port->ops->wait(port, 0, true), 1);
	CHECK(peer_write(pair.peer, all, sizeof(all)));
	CHECK_INT(port->ops->wait(port, -1, false), 1);
	CHECK(port_take(port, got, sizeof(got)));
	CHECK_MEM(got, sizeof(got), all, sizeof(all));
	memset(got, 0, sizeof(got));
	CHECK_INT(port->ops->write(port, all, sizeof(all)), sizeof(all));
	CHECK(peer_read(pair.peer, got, sizeof(got)));
	CHECK_MEM(got, sizeof(got), all, sizeof(all));
	/* No echo of what the peer said. */
	CHECK_INT(poll(&(struct pollfd){.fd = pair.peer, .events = POLLIN}, 1, 0), 0);
	CHECK(fcntl(port->fd, F_GETFD) & FD_CLOEXEC);
	close_pair(&pair);
	check_lost(port);
}

static uint8_t pattern(size_t at)
{
	return (uint8_t)(at ^ (at >> 8) ^ (at >> 16));
}

/* Until nothing fits. A pty moves bytes on by itself for a while: room comes back. */
static size_t flood(struct bc260y_port *port, size_t sent)
{
	uint8_t bytes[3000];
	int ready = 1;

	while (ready == 1 && sent < FLOOD_SIZE_MAX) {
		ptrdiff_t count;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = pattern(sent + i);
		count = port->ops->write(port, bytes, sizeof(bytes));
		if (count > 0)
			sent += (size_t)count;
		else
			ready = count < 0 ? (int)count : port->ops->wait(port, 0.01, true);
	}
	CHECK_INT(ready, 0);
	return sent;
}

static bool drain(int peer, size_t from, size_t to)
{
	uint8_t bytes[4096];

	while (from < to) {
		size_t size = to - from < sizeof(bytes) ? to - from : sizeof(bytes);

		if (!peer_read(peer, bytes, size))
			return false;
		for (size_t i = 0; i < size; i++) {
			if (bytes[i] != pattern(from + i))
				return false;
		}
		from += size;
	}
	return true;
}

/* The peer takes nothing until the system's buffers are full. */
static void test_short_writes(open_pair *open)
{
	struct pair pair = open();
	struct bc260y_port *port = &pair.port;
	uint8_t byte;
	size_t sent = flood(port, 0);
	size_t again;

	CHECK(sent > 0 && sent < FLOOD_SIZE_MAX);
	/* Nothing fits, but the peer speaks: whoever waits to write must hear it. */
	CHECK(peer_write(pair.peer, "x", 1));
	CHECK_INT(port->ops->wait(port, -1, true), 1);
	CHECK_INT(port->ops->read(port, &byte, 1), 1);
	CHECK(drain(pair.peer, 0, sent));
	CHECK_INT(port->ops->wait(port, 1, true), 1);
	again = flood(port, sent);
	CHECK(again > sent);
	CHECK(drain(pair.peer, sent, again));
	close_pair(&pair);
}

static volatile sig_atomic_t ticks;
static volatile sig_atomic_t act_at;
static int act_peer;
static bool act_close;

static void tick(int number)
{
	int error = errno;

	(void)number;
	if (++ticks == act_at) {
		if (act_close)
			close(act_peer);
		else if (write(act_peer, "!", 1) != 1)
			abort();
	}
	errno = error;
}

static void ticks_begin(int at, int peer, bool close_it)
{
	const struct itimerval every_ms = {{0, 1000}, {0, 1000}};
	struct sigaction action = {.sa_handler = tick};

	ticks = 0;
	act_at = at;
	act_peer = peer;
	act_close = close_it;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every_ms, NULL);
}

static void ticks_end(void)
{
	const struct itimerval never = {{0, 0}, {0, 0}};

	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_DFL);
}

/* A wait that came back at a signal would answer 0 before the tenth tick. */
static void test_signals(open_pair *open)
{
	static const double waits[] = {-1, 30, 1e9, 1e300};
	struct pair pair = open();
	struct bc260y_port *port = &pair.port;
	uint8_t byte = 0;

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		ticks_begin(10, pair.peer, false);
		CHECK_INT(port->ops->wait(port, waits[i], false), 1);
		ticks_end();
		CHECK(ticks >= 10);
		CHECK_INT(port->ops->read(port, &byte, 1), 1);
		CHECK_INT(byte, '!');
	}
	ticks_begin(0, -1, false);
	CHECK_INT(port->ops->wait(port, 0.05, false), 0);
	ticks_end();
	CHECK(ticks > 1);
	close_pair(&pair);
}

static void test_hang_up_in_wait(open_pair *open)
{
	struct pair pair = open();
	struct bc260y_port *port = &pair.port;
	int ready;

	ticks_begin(3, pair.peer, true);
	ready = port->ops->wait(port, -1, false);
	ticks_end();
	pair.peer = -1;
	CHECK(ready == 1 || ready == BC260Y_PORT_LOST);
	CHECK(ticks >= 3);
	check_lost(port);
	close_pair(&pair);
}

/* abrupt: by a reset, where the kind has one. */
static void test_last_words(open_pair *open, bool abrupt)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	struct pair pair = open();
	struct bc260y_port *port = &pair.port;
	uint8_t got[32] = {0};

	CHECK(peer_write(pair.peer, "last words", 10));
	/* On TCP the words must have come before a reset overtakes them. */
	CHECK_INT(port->ops->wait(port, 1, false), 1);
	if (abrupt)
		setsockopt(pair.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(pair.peer);
	pair.peer = -1;
	if (pair.keeps) {
		for (int i = 0; i < 3; i++)
			CHECK(port->ops->write(port, (const uint8_t *)"AT\r", 3) >= 0);
		CHECK_INT(port->ops->wait(port, -1, true), 1);
		CHECK_INT(port->ops->read(port, got, 4), 4);
		CHECK(port->ops->write(port, (const uint8_t *)"AT\r", 3) >= 0);
		CHECK_INT(port->ops->read(port, got + 4, sizeof(got) - 4), 6);
		CHECK_MEM(got, 10, "last words", 10);
	}
	CHECK(port->ops->wait(port, 1, false) != 0);
	check_lost(port);
	close_pair(&pair);
}

int main(void)
{
	static open_pair *const kinds[] = {open_pty, open_unix, open_tcp};
	int fds = peer_open_fds();

	peer_begin();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		test_bytes(kinds[i]);
		test_short_writes(kinds[i]);
		test_signals(kinds[i]);
		test_hang_up_in_wait(kinds[i]);
		test_last_words(kinds[i], false);
		test_last_words(kinds[i], true);
	}
	peer_end();
	CHECK_INT(peer_open_fds(), fds);
	return check_end("port");
}

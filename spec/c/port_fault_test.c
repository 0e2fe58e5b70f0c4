/*
 * Descriptors and terminals when the system's calls fail or are interrupted.
 *
 * It knows what port.h promises then. What a real pty or socket does by itself is
 * port_test.c's and port_open_test.c's.
 */
/* needs: port_fd.c port_tty.c port_net.c */
/* wraps: read write send poll setsockopt getsockopt getsockname getpeername */
/* wraps: tcflush */
/* wraps: tcgetattr tcsetattr flock isatty realpath fcntl ioctl open stat fstat */
#define _GNU_SOURCE

#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "port_fault.h"
#include "port_fd.h"
#include "port_net.h"
#include "port_tty.h"

static char why[BC260Y_PORT_WHY_SIZE];

static int open_9600(struct bc260y_port *port, const char *name, char *words)
{
	return bc260y_tty_open(port, name, 9600, words);
}

static int open_static(struct bc260y_port **port, const char *name, char *words)
{
	static struct bc260y_port tty;

	*port = &tty;
	return open_9600(&tty, name, words);
}

static int open_tty(const char *name)
{
	struct bc260y_port port;
	int result = open_9600(&port, name, why);

	port.ops->close(&port);
	return result;
}

/* A port on a socket, and its peer. */
static int open_unix(struct bc260y_port *port)
{
	const char *path = peer_path("socket");
	int listener = peer_listen_unix(path, SOCK_STREAM, 1);
	char spec[80];
	int peer;

	snprintf(spec, sizeof(spec), "unix:%s", path);
	CHECK_INT(bc260y_net_open(port, spec, 1, why), 0);
	peer = accept(listener, NULL, NULL);
	close(listener);
	unlink(path);
	return peer;
}

static void test_open_terminal(void)
{
	char slave[64];
	int master = peer_pty(slave, sizeof(slave));

	/* EIO is what a line answers that has been unplugged. */
	fault_walk(open_static, slave, EIO, BC260Y_PORT_NO_DEVICE, " fstat ioctl ");
	fault_walk(open_static, slave, ENOMEM, BC260Y_PORT_ERROR, " fstat ioctl ");
	fault_walk(open_static, slave, EACCES, BC260Y_PORT_NOT_PERMITTED, " fstat ioctl ");
	CHECK_INT(open_tty(slave), 0);
	close(master);
}

static void test_unplugged_between(void)
{
	char slave[64];
	int master = peer_pty(slave, sizeof(slave));

	fault_in("stat", 0, ENOENT);
	CHECK_INT(open_tty(slave), BC260Y_PORT_NO_DEVICE);
	CHECK(fault_end());
	disguise.mode = S_IFBLK;
	CHECK_INT(open_tty(slave), BC260Y_PORT_NOT_SUPPORTED);
	CHECK(strstr(why, "no character device"));
	disguise.mode = 0;
	close(master);
}

static bool is_exclusive(int fd)
{
	int exclusive = -1;

	CHECK_INT(ioctl(fd, TIOCGEXCL, &exclusive), 0);
	return exclusive;
}

static int flushed; /* the queues that were dropped, TCIFLUSH + 1 and so on */

int __real_tcflush(int fd, int queue);
int __wrap_tcflush(int fd, int queue);
int __wrap_tcflush(int fd, int queue)
{
	flushed = queue + 1;
	return __real_tcflush(fd, queue);
}

/* A line that is no pty is kept from others as long as it is open, root excepted; a pty
 * never, as its mark would outlive a process that is killed. */
static void test_claim(void)
{
	static const unsigned int majors[] = {4, 135, 136, 143, 144, 188};
	struct bc260y_port port;
	char slave[64];
	int master = peer_pty(slave, sizeof(slave));
	int other;

	for (size_t i = 0; i < sizeof(majors) / sizeof(majors[0]); i++) {
		bool pty = majors[i] >= 136 && majors[i] <= 143;

		disguise.mode = S_IFCHR;
		disguise.device = makedev(majors[i], 0);
		CHECK_INT(open_9600(&port, slave, why), 0);
		CHECK_INT(is_exclusive(port.fd), !pty);
		CHECK_INT(port.ops->write(&port, (const uint8_t *)"AT\r", 3), 3);
		flushed = 0;
		port.ops->close(&port);
		/* What has not left is dropped: else close(2) waits for it, up to 30 s. */
		CHECK_INT(flushed, pty ? 0 : TCOFLUSH + 1);
		other = open(slave, O_RDWR | O_NOCTTY | O_NONBLOCK);
		CHECK(!is_exclusive(other));
		close(other);
		disguise.mode = 0;
		CHECK(!pty || peer_read(master, (uint8_t[3]){0}, 3));
		tcflush(master, TCIFLUSH);
	}
	close(master);
}

/* tcsetattr(3) succeeds when it could do any of it. */
static void test_other_settings(void)
{
	char slave[64];
	int master = peer_pty(slave, sizeof(slave));

	other_speed = B38400;
	CHECK_INT(open_tty(slave), BC260Y_PORT_NOT_SUPPORTED);
	CHECK(strstr(why, "9600 baud"));
	other_speed = 0;
	other_flags = B9600 | CS7 | CREAD;
	CHECK_INT(open_tty(slave), BC260Y_PORT_NOT_SUPPORTED);
	other_flags = 0;
	CHECK_INT(open_tty(slave), 0);
	close(master);
}

static void test_interrupted(void)
{
	struct bc260y_port port, line;
	uint8_t got[8];
	char slave[64];
	int master = peer_pty(slave, sizeof(slave));
	int peer = open_unix(&port);

	CHECK_INT(open_9600(&line, slave, why), 0);
	CHECK(peer_write(peer, "said", 4));
	fault_in("poll", 0, EINTR);
	CHECK_INT(port.ops->wait(&port, 1, false), 1);
	CHECK(fault_end());
	fault_in("read", 0, EINTR);
	CHECK_INT(port.ops->read(&port, got, sizeof(got)), 4);
	CHECK(fault_end());
	CHECK_MEM(got, 4, "said", 4);
	fault_in("send", 0, EINTR);
	CHECK_INT(port.ops->write(&port, (const uint8_t *)"AT\r", 3), 3);
	CHECK(fault_end());
	CHECK(peer_read(peer, got, 3));
	fault_in("write", 0, EINTR);
	CHECK_INT(line.ops->write(&line, (const uint8_t *)"AT\r", 3), 3);
	CHECK(fault_end());
	CHECK(peer_read(master, got, 3));
	port.ops->close(&port);
	line.ops->close(&line);
	close(peer);
	close(master);
}

/* What a line says that breaks while it is open. */
static void test_broken(void)
{
	struct bc260y_port port;
	uint8_t byte = 'A';
	int peer = open_unix(&port);

	CHECK(peer_write(peer, "x", 1));
	fault_in("send", 0, EIO);
	CHECK_INT(port.ops->write(&port, &byte, 1), 0);
	CHECK(fault_end());
	CHECK_INT(port.ops->read(&port, &byte, 1), 1);
	fault_in("send", 0, EIO);
	CHECK_INT(port.ops->write(&port, &byte, 1), BC260Y_PORT_LOST);
	CHECK(fault_end());
	fault_in("poll", 0, ENOMEM);
	CHECK_INT(port.ops->wait(&port, 1, false), BC260Y_PORT_LOST);
	CHECK(fault_end());
	/* Neither a write nor a wait has met the end: only a read can. */
	CHECK_INT(port.ops->write(&port, &byte, 1), 1);
	fault_in("read", 0, EIO);
	CHECK_INT(port.ops->read(&port, &byte, 1), BC260Y_PORT_LOST);
	CHECK(fault_end());
	CHECK_INT(port.ops->write(&port, &byte, 1), BC260Y_PORT_LOST);
	CHECK_INT(port.ops->wait(&port, -1, true), BC260Y_PORT_LOST);
	port.ops->close(&port);
	close(peer);
}

/* Somebody else has closed its descriptor. */
static void test_closed_beneath(void)
{
	struct bc260y_port port;
	int peer = open_unix(&port);

	close(port.fd);
	CHECK_INT(port.ops->wait(&port, -1, false), BC260Y_PORT_LOST);
	CHECK_INT(port.ops->wait(&port, -1, true), BC260Y_PORT_LOST);
	CHECK_INT(port.ops->write(&port, (const uint8_t *)"A", 1), BC260Y_PORT_LOST);
	CHECK_INT(port.ops->read(&port, (uint8_t[1]){0}, 1), BC260Y_PORT_LOST);
	close(peer);
}

/* A peer that went without a word: the first write says so. */
static void test_silent_end(void)
{
	struct bc260y_port port;
	uint8_t byte = 'A';
	char slave[64];
	int peer = open_unix(&port);

	close(peer);
	CHECK_INT(port.ops->write(&port, &byte, 1), BC260Y_PORT_LOST);
	CHECK_INT(port.ops->read(&port, &byte, 1), BC260Y_PORT_LOST);
	port.ops->close(&port);
	peer = peer_pty(slave, sizeof(slave));
	CHECK_INT(open_9600(&port, slave, why), 0);
	close(peer);
	CHECK_INT(port.ops->write(&port, &byte, 1), BC260Y_PORT_LOST);
	CHECK_INT(port.ops->read(&port, &byte, 1), BC260Y_PORT_LOST);
	CHECK_INT(port.ops->wait(&port, -1, true), BC260Y_PORT_LOST);
	port.ops->close(&port);
}

/* poll(2) knows no time beyond 24 days: what has to wait longer is waited for in parts. */
static void test_long_wait(void)
{
	struct bc260y_port port;
	int peer = open_unix(&port);

	CHECK(peer_write(peer, "x", 1));
	polls_passed = 3;
	CHECK_INT(port.ops->wait(&port, 1e7, false), 1);
	CHECK(polls_passed < 0);
	polls_passed = 1;
	CHECK_INT(port.ops->wait(&port, 10, false), 0);
	polls_passed = 0;
	port.ops->close(&port);
	close(peer);
}

static void test_poll_refused(void)
{
	struct pollfd item = {.fd = 0};

	fault_in("poll", 0, EINVAL);
	CHECK_INT(bc260y_fd_poll(&item, 1, 1), -1);
	CHECK_INT(errno, EINVAL);
	CHECK(fault_end());
}

static void test_no_descriptors(void)
{
	struct rlimit before, few;
	char slave[64];
	int master = peer_pty(slave, sizeof(slave));

	CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 0;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	CHECK_INT(open_tty(slave), BC260Y_PORT_ERROR);
	CHECK(strstr(why, strerror(EMFILE)));
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
	CHECK_INT(open_tty(slave), 0);
	close(master);
}

static void test_long_name(void)
{
	char name[400];

	memset(name, 'n', sizeof(name));
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	CHECK_INT(open_tty(name), BC260Y_PORT_INVALID);
	CHECK(strstr(why, strerror(ENAMETOOLONG)));
}

int main(void)
{
	int fds = peer_open_fds();

	peer_begin();
	test_open_terminal();
	test_unplugged_between();
	test_claim();
	test_other_settings();
	test_interrupted();
	test_broken();
	test_closed_beneath();
	test_silent_end();
	test_long_wait();
	test_poll_refused();
	test_no_descriptors();
	test_long_name();
	peer_end();
	CHECK_INT(peer_open_fds(), fds);
	return check_end("port_fault");
}

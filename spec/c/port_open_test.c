/*
 * How opening a terminal or a socket fails: each cause its own error, with words,
 * and nothing left open.
 *
 * It knows the results in port.h and what the words must name. Serial lines proper
 * are port_serial_test.c's.
 */
/* needs: port_fd.c port_tty.c port_net.c */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700

#include <sys/ioctl.h>
#include <sys/wait.h>

#include "port_net.h"
#include "port_peer.h"
#include "port_tty.h"

#define NOBODY 65534

static char why[BC260Y_PORT_WHY_SIZE];

static int open_tty(const char *path, long baud)
{
	struct bc260y_port port;
	int result;

	memset(why, 0, sizeof(why));
	result = bc260y_tty_open(&port, path, baud, why);
	CHECK_INT(port.fd >= 0, result == 0);
	port.ops->close(&port);
	return result;
}

static int open_net(const char *spec, double seconds)
{
	struct bc260y_port port;
	int result;

	memset(why, 0, sizeof(why));
	result = bc260y_net_open(&port, spec, seconds, why);
	CHECK_INT(port.fd >= 0, result == 0);
	port.ops->close(&port);
	return result;
}

static void check_why(const char *words)
{
	check_true(strstr(why, words) != NULL, words, __FILE__, __LINE__);
	if (!strstr(why, words))
		fprintf(stderr, "\tin \"%s\"\n", why);
}

static void test_no_terminal(void)
{
	const char *file = peer_path("file");
	const char *pipe = peer_path("pipe");
	const char *socket = peer_path("socket");
	int listener = peer_listen_unix(socket, SOCK_STREAM, 1);

	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	CHECK_INT(mkfifo(pipe, 0600), 0);
	CHECK_INT(open_tty(peer_folder, 9600), BC260Y_PORT_NOT_SUPPORTED);
	check_why("a directory");
	check_why(peer_folder);
	CHECK_INT(open_tty(file, 9600), BC260Y_PORT_NOT_SUPPORTED);
	check_why("a regular file");
	CHECK_INT(open_tty(pipe, 9600), BC260Y_PORT_NOT_SUPPORTED);
	check_why("a pipe");
	CHECK_INT(open_tty(socket, 9600), BC260Y_PORT_NOT_SUPPORTED);
	check_why("unix:");
	CHECK_INT(open_tty("/dev/null", 9600), BC260Y_PORT_NOT_SUPPORTED);
	check_why("/dev/null: ");
	close(listener);
	unlink(file);
	unlink(pipe);
	unlink(socket);
}

static void test_missing(void)
{
	const char *link = peer_path("link");
	char name[64];
	int locked;

	CHECK_INT(open_tty(peer_path("missing"), 9600), BC260Y_PORT_NO_DEVICE);
	check_why("/missing: No such file");
	CHECK_INT(open_tty("", 9600), BC260Y_PORT_NO_DEVICE);
	CHECK_INT(open_tty("/dev/null/x", 9600), BC260Y_PORT_NO_DEVICE);
	/* Where a pty was: its number may by now be somebody else's. */
	CHECK_INT(symlink("/dev/pts/gone", link), 0);
	CHECK_INT(open_tty(link, 9600), BC260Y_PORT_NO_DEVICE);
	check_why("link -> /dev/pts/gone: No such file");
	unlink(link);
	/* A pty whose other side has not yet opened it. */
	locked = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK_INT(ioctl(locked, TIOCSPTLCK, &(int){1}), 0);
	if (ptsname(locked)) {
		snprintf(name, sizeof(name), "%s", ptsname(locked));
		CHECK_INT(open_tty(name, 9600), BC260Y_PORT_NO_DEVICE);
		check_why("nothing behind it");
	}
	close(locked);
}

static void test_busy(void)
{
	const char *link = peer_path("link");
	struct bc260y_port first;
	struct termios before, after;
	char slave[64];
	int master = peer_pty(slave, sizeof(slave));

	CHECK_INT(symlink(slave, link), 0);
	CHECK_INT(bc260y_tty_open(&first, slave, 9600, why), 0);
	tcgetattr(first.fd, &before);
	CHECK_INT(open_tty(slave, 115200), BC260Y_PORT_BUSY);
	check_why(slave);
	CHECK_INT(open_tty(link, 115200), BC260Y_PORT_BUSY);
	check_why("link -> /dev/");
	/* Who was refused has touched nothing. */
	tcgetattr(first.fd, &after);
	CHECK_INT(cfgetospeed(&after), cfgetospeed(&before));
	CHECK(peer_write(master, "still", 5));
	CHECK_INT(first.ops->wait(&first, 1, false), 1);
	CHECK_INT(first.ops->read(&first, (uint8_t[8]){0}, 8), 5);
	first.ops->close(&first);
	CHECK_INT(open_tty(slave, 9600), 0);
	unlink(link);
	close(master);
}

/* Root may open what it likes: somebody else has to try. */
static void test_not_permitted(void)
{
	char slave[64];
	int master = peer_pty(slave, sizeof(slave));
	int status = -1;
	pid_t child;

	CHECK_INT(chmod(slave, 0), 0);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		struct bc260y_port port;

		if (geteuid() == 0 && setuid(NOBODY) < 0)
			_exit(100);
		_exit(-bc260y_tty_open(&port, slave, 9600, why));
	}
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	CHECK_INT(-WEXITSTATUS(status), BC260Y_PORT_NOT_PERMITTED);
	close(master);
}

static void test_settings(void)
{
	static const long never[] = {0, -1, 1, 12345, 1L << 40};
	struct bc260y_port port;
	struct termios settings;
	char slave[64];
	uint8_t got[8];
	int master = peer_pty(slave, sizeof(slave));

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		CHECK_INT(open_tty(slave, never[i]), BC260Y_PORT_NOT_SUPPORTED);
		check_why("baud");
	}
	/* What the module said before we came is still there. */
	CHECK(peer_write(master, "\r\nRDY\r\n", 7));
	CHECK_INT(bc260y_tty_open(&port, slave, 115200, why), 0);
	tcgetattr(port.fd, &settings);
	CHECK_INT(cfgetospeed(&settings), B115200);
	CHECK_INT(settings.c_lflag & (ECHO | ICANON | ISIG | IEXTEN), 0);
	CHECK_INT(settings.c_iflag & (ICRNL | IXON | IXOFF | ISTRIP), 0);
	CHECK(settings.c_iflag & IGNBRK);
	CHECK_INT(settings.c_oflag & OPOST, 0);
	CHECK_INT(settings.c_cc[VMIN], 1);
	CHECK(port_take(&port, got, 7));
	CHECK_MEM(got, 7, "\r\nRDY\r\n", 7);
	CHECK_INT(poll(&(struct pollfd){.fd = master, .events = POLLIN}, 1, 0), 0);
	port.ops->close(&port);
	close(master);
}

static void test_net_names(void)
{
	static const char *const never[] = {
		"",
		"tcp:",
		"tcp://",
		"tcp://:1",
		"tcp://localhost",
		"tcp://localhost:",
		"tcp://localhost:0",
		"tcp://localhost:65536",
		"tcp://localhost:123456",
		"tcp://localhost:http",
		"tcp://localhost:-1",
		"tcp://localhost: 1",
		"tcp://::1:1",
		"tcp://[::1:1",
		"tcp://[]:1",
		"tcp://[::1]",
		"tcp://[",
		"tcp://[:1",
		"unix:",
		"udp://localhost:1",
		"/dev/ttyUSB0",
	};
	char deep[300];

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		CHECK_INT(open_net(never[i], 1), BC260Y_PORT_INVALID);
		check_why(never[i]);
	}
	memset(deep, 'x', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	memcpy(deep, "unix:/", 6);
	CHECK_INT(open_net(deep, 1), BC260Y_PORT_INVALID);
	memcpy(deep, "tcp://", 6);
	memcpy(deep + sizeof(deep) - 3, ":1", 2);
	CHECK_INT(open_net(deep, 1), BC260Y_PORT_INVALID);
	CHECK(bc260y_net_spec("tcp://a:1"));
	CHECK(bc260y_net_spec("unix:/a"));
	CHECK(!bc260y_net_spec("/dev/ttyS0"));
	CHECK(!bc260y_net_spec(""));
}

static void test_tcp(void)
{
	struct bc260y_port queued[8];
	char spec[80];
	int listener = peer_listen_tcp(spec, sizeof(spec), -1);
	size_t count = 0;
	int result = 0;

	CHECK_INT(open_net(spec, 1), BC260Y_PORT_REFUSED);
	check_why(spec);
	check_why("refused");
	/* With its queue full a listener answers nothing at all. */
	listen(listener, 0);
	while (count < 8 && result == 0)
		result = bc260y_net_open(&queued[count++], spec, 0.1, why);
	CHECK_INT(result, BC260Y_PORT_TIMEOUT);
	check_why("timed out");
	while (count > 0) {
		count--;
		queued[count].ops->close(&queued[count]);
	}
	close(listener);
}

static void test_ipv6(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t size = sizeof(address);
	char spec[80];
	int listener = socket(AF_INET6, SOCK_STREAM, 0);

	/* Some machines have none. */
	if (listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 &&
	    getsockname(listener, (struct sockaddr *)&address, &size) == 0) {
		listen(listener, 1);
		snprintf(spec, sizeof(spec), "tcp://[::1]:%u", ntohs(address.sin6_port));
		CHECK_INT(open_net(spec, 1), 0);
	}
	if (listener >= 0)
		close(listener);
}

static void test_unix(void)
{
	const char *path = peer_path("socket");
	struct bc260y_port queued[8];
	char spec[80];
	size_t count = 0;
	int listener, result = 0;

	snprintf(spec, sizeof(spec), "unix:%s", path);
	CHECK_INT(open_net(spec, 1), BC260Y_PORT_NO_DEVICE);
	check_why(spec);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	CHECK_INT(open_net(spec, 1), BC260Y_PORT_NOT_SUPPORTED);
	check_why("not a socket");
	unlink(path);
	listener = peer_listen_unix(path, SOCK_DGRAM, -1);
	CHECK_INT(open_net(spec, 1), BC260Y_PORT_NOT_SUPPORTED);
	close(listener);
	CHECK_INT(open_net(spec, 1), BC260Y_PORT_REFUSED);
	unlink(path);
	listener = peer_listen_unix(path, SOCK_STREAM, 0);
	while (count < 8 && result == 0)
		result = bc260y_net_open(&queued[count++], spec, 0.1, why);
	CHECK_INT(result, BC260Y_PORT_TIMEOUT);
	while (count > 0) {
		count--;
		queued[count].ops->close(&queued[count]);
	}
	close(listener);
	unlink(path);
}

static void test_error_names(void)
{
	CHECK(!strcmp(bc260y_port_error(BC260Y_PORT_LOST), "lost"));
	CHECK(!strcmp(bc260y_port_error(BC260Y_PORT_NO_DEVICE), "no device"));
	CHECK(!strcmp(bc260y_port_error(BC260Y_PORT_NOT_PERMITTED), "not permitted"));
	CHECK(!strcmp(bc260y_port_error(BC260Y_PORT_BUSY), "busy"));
	CHECK(!strcmp(bc260y_port_error(BC260Y_PORT_NOT_SUPPORTED), "not supported"));
	CHECK(!strcmp(bc260y_port_error(BC260Y_PORT_REFUSED), "closed"));
	CHECK(!strcmp(bc260y_port_error(BC260Y_PORT_TIMEOUT), "timeout"));
	CHECK(!strcmp(bc260y_port_error(BC260Y_PORT_INVALID), "invalid argument"));
	CHECK(!strcmp(bc260y_port_error(BC260Y_PORT_ERROR), "error"));
}

int main(void)
{
	int fds = peer_open_fds();

	peer_begin();
	test_no_terminal();
	test_missing();
	test_busy();
	test_not_permitted();
	test_settings();
	test_net_names();
	test_tcp();
	test_ipv6();
	test_unix();
	test_error_names();
	peer_end();
	CHECK_INT(peer_open_fds(), fds);
	return check_end("port_open");
}

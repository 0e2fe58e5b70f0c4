/*
 * bc260y.host when the system refuses, and what its echo requests and replies hold,
 * byte for byte, without the right to send any.
 */
/* needs: lua_host.c */
/* libs: lua5.4 */
/* wraps: posix_openpt grantpt unlockpt ptsname_r open tcgetattr tcsetattr */
/* wraps: socket sendto */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"

int luaopen_bc260y_host(lua_State *L);

FAULTY(int, posix_openpt, -1, (int flags), (flags))
FAULTY(int, grantpt, -1, (int fd), (fd))
FAULTY(int, unlockpt, -1, (int fd), (fd))
FAULTY(int, tcgetattr, -1, (int fd, struct termios *settings), (fd, settings))
FAULTY(int, tcsetattr, -1, (int fd, int when, const struct termios *settings), (fd, when, settings))
/* Its failure is its result, which glibc also leaves in errno. */
FAULTY(int, ptsname_r, errno, (int fd, char *name, size_t size), (fd, name, size))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	return fault_due("open") ? -1 : __real_open(path, flags);
}

static int refused_type = -1; /* of sockets that may not be made, 0: of any type */

/* Whoever asks for ICMP gets UDP, which anybody may have. */
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;

	if (protocol != IPPROTO_ICMP)
		return __real_socket(family, type, protocol);
	CHECK_INT(type & flags, flags);
	if ((type & ~flags) == refused_type || refused_type == 0) {
		errno = EPERM;
		return -1;
	}
	return __real_socket(family, SOCK_DGRAM | flags, 0);
}

static unsigned char sent[4096];
static size_t sent_size;
static struct sockaddr_in sent_to;

ssize_t __wrap_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
		      socklen_t to_size);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
		      socklen_t to_size)
{
	(void)flags;
	if (fcntl(fd, F_GETFD) < 0 || size > sizeof(sent) || to_size != sizeof(sent_to))
		return -1;
	memcpy(sent, bytes, size);
	memcpy(&sent_to, to, sizeof(sent_to));
	sent_size = size;
	return (ssize_t)size;
}

static int open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Runs the chunk with fd as ..., and leaves what it gave on the stack. Result: false if
 * it raised. */
static bool run(lua_State *L, const char *chunk, int fd)
{
	lua_settop(L, 0);
	if (luaL_loadstring(L, chunk))
		exit(2);
	lua_pushinteger(L, fd);
	return lua_pcall(L, 1, LUA_MULTRET, 0) == LUA_OK;
}

/* nil, the system's words, its number */
static void check_refused(lua_State *L, int error)
{
	CHECK_INT(lua_gettop(L), 3);
	CHECK(lua_isnil(L, 1));
	CHECK(lua_isstring(L, 2) && !strcmp(lua_tostring(L, 2), strerror(error)));
	CHECK_INT(lua_tointeger(L, 3), error);
}

static void test_openpty(lua_State *L)
{
	const char *hit = "";
	int fds = open_fds();

	for (int after = 0; hit; after++) {
		fault_in(NULL, after, ENOSPC);
		CHECK(run(L, "return host.openpty()", -1));
		hit = fault_end();
		if (hit) {
			check_refused(L, ENOSPC);
			CHECK_INT(open_fds(), fds);
			continue;
		}
		CHECK_INT(after, 7);
		CHECK(lua_isinteger(L, 1) && lua_isstring(L, 2) && lua_isinteger(L, 3));
		close((int)lua_tointeger(L, 1));
		close((int)lua_tointeger(L, 3));
	}
}

/* Room for one descriptor more, but a pair needs two. */
static void test_no_descriptors(lua_State *L)
{
	struct rlimit before, few;
	int next = dup(0);

	close(next);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	for (int room = 0; room < 2; room++) {
		few.rlim_cur = (rlim_t)(next + room);
		CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
		CHECK(run(L, "return host.openpty()", -1));
		check_refused(L, EMFILE);
		CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
		CHECK_INT(dup(0), next);
		close(next);
	}
}

static void test_terminal(lua_State *L)
{
	struct termios settings;
	int master, slave, ends[2];

	CHECK(run(L, "return host.openpty()", -1));
	master = (int)lua_tointeger(L, 1);
	slave = (int)lua_tointeger(L, 3);
	CHECK_INT(tcgetattr(slave, &settings), 0);
	CHECK_INT(settings.c_lflag & (ECHO | ICANON | ISIG), 0);
	cfsetspeed(&settings, B57600);
	CHECK_INT(tcsetattr(slave, TCSANOW, &settings), 0);
	CHECK(run(L, "return host.speed(...)", master));
	CHECK_INT(lua_tointeger(L, 1), 57600);
	cfsetspeed(&settings, B300);
	CHECK_INT(tcsetattr(slave, TCSANOW, &settings), 0);
	CHECK(run(L, "return host.speed(...)", master));
	check_refused(L, EINVAL);
	CHECK_INT(pipe(ends), 0);
	CHECK(run(L, "return host.speed(...)", ends[0]));
	check_refused(L, ENOTTY);
	CHECK(run(L, "return host.close(...)", ends[0]));
	CHECK(run(L, "return host.close(...)", ends[1]));
	CHECK(run(L, "return host.outq(...)", ends[1]));
	check_refused(L, EBADF);
	CHECK(!run(L, "return host.close(-1)", -1));
	CHECK(!run(L, "return host.close(2^20 + 1)", -1));
	CHECK(!run(L, "return host.close(0 / 0)", -1));
	CHECK(!run(L, "return host.close('x')", -1));
	close(master);
	close(slave);
}

static void test_icmp(lua_State *L)
{
	refused_type = -1;
	CHECK(run(L, "return host.icmp()", -1));
	CHECK(lua_isinteger(L, 1) && lua_isboolean(L, 2) && !lua_toboolean(L, 2));
	close((int)lua_tointeger(L, 1));
	/* Where the user's group may not ping, root may by a raw socket. */
	refused_type = SOCK_DGRAM;
	CHECK(run(L, "return host.icmp()", -1));
	CHECK(lua_isinteger(L, 1) && lua_toboolean(L, 2));
	close((int)lua_tointeger(L, 1));
	refused_type = 0;
	CHECK(run(L, "return host.icmp()", -1));
	check_refused(L, EPERM);
}

/* RFC 1071: with its checksum in it the sum of a packet is all ones. */
static unsigned sum_of(const unsigned char *bytes, size_t size)
{
	unsigned sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : (unsigned)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xFFFF) + (sum >> 16);
	return sum;
}

static void test_echo(lua_State *L)
{
	static const size_t sizes[] = {0, 1, 32, 33, 1500, 2040};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char chunk[100];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(chunk, sizeof(chunk),
			 "return host.echo(..., '127.0.0.1', 0x11234, 0xABCD, %zu)", sizes[i]);
		CHECK(run(L, chunk, fd));
		CHECK(lua_isboolean(L, 1) && lua_toboolean(L, 1));
		CHECK_INT(sent_size, sizes[i] + 8);
		CHECK_INT(sum_of(sent, sent_size), 0xFFFF);
		CHECK_MEM(sent, 2, "\x08\x00", 2);
		CHECK_MEM(sent + 4, 4, "\x12\x34\xAB\xCD", 4);
		CHECK_INT(sent_to.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	}
	CHECK(!run(L, "return host.echo(..., '127.0.0.1', 1, 1, 2041)", fd));
	CHECK(!run(L, "return host.echo(..., '127.0.0.1', 1, 1)", fd));
	CHECK(run(L, "return host.echo(..., 'localhost', 1, 1, 32)", fd));
	check_refused(L, EINVAL);
	close(fd);
	CHECK(run(L, "return host.echo(..., '127.0.0.1', 1, 1, 32)", fd));
	check_refused(L, EBADF);
}

/* A packet to itself comes with its TTL, and with more that the system says about it. */
static void deliver(int fd, size_t skip, unsigned char type, size_t size)
{
	unsigned char packet[64] = {0};
	struct sockaddr_in self;
	socklen_t self_size = sizeof(self);

	packet[skip] = type;
	memcpy(packet + skip + 4, "\x12\x34\xAB\xCD", 4);
	CHECK_INT(getsockname(fd, (struct sockaddr *)&self, &self_size), 0);
	CHECK_INT(connect(fd, (struct sockaddr *)&self, self_size), 0);
	CHECK_INT(send(fd, packet, size, 0), size);
}

static void test_echoed(lua_State *L)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	const int on = 1, ttl = 77;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_INT(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK(run(L, "return host.echoed(..., false)", fd));
	check_refused(L, EAGAIN);
	deliver(fd, 0, 0, 40);
	CHECK(run(L, "return host.echoed(..., false)", fd));
	CHECK_INT(lua_tointeger(L, 1), 0xABCD);
	CHECK_INT(lua_tointeger(L, 2), 0);
	CHECK_INT(lua_tointeger(L, 3), 0x1234);
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	/* A raw socket gives the IP header too. */
	deliver(fd, 20, 0, 60);
	CHECK(run(L, "return host.echoed(..., true)", fd));
	CHECK_INT(lua_tointeger(L, 1), 0xABCD);
	CHECK_INT(lua_tointeger(L, 2), 77);
	CHECK_INT(lua_tointeger(L, 3), 0x1234);
	/* Another's request, and what is too short to be a reply. */
	deliver(fd, 0, 8, 40);
	CHECK(run(L, "return host.echoed(..., false)", fd));
	check_refused(L, EAGAIN);
	deliver(fd, 0, 0, 7);
	CHECK(run(L, "return host.echoed(..., false)", fd));
	check_refused(L, EAGAIN);
	deliver(fd, 20, 0, 27);
	CHECK(run(L, "return host.echoed(..., true)", fd));
	check_refused(L, EAGAIN);
	close(fd);
}

int main(void)
{
	lua_State *L = luaL_newstate();
	int fds = open_fds();

	luaL_openlibs(L);
	luaL_requiref(L, "host", luaopen_bc260y_host, 1);
	test_openpty(L);
	test_no_descriptors(L);
	test_terminal(L);
	test_icmp(L);
	test_echo(L);
	test_echoed(L);
	lua_close(L);
	CHECK_INT(open_fds(), fds);
	return check_end("lua_host");
}

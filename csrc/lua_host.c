/*
 * bc260y.host: what the virtual module needs of the machine and Lua does not
 * give: a pty, the bytes a TCP peer has not acknowledged, an ICMP echo socket.
 * Knows nothing of modems. Used by lua/bc260y/virtual alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/sockios.h>
#endif

#include <lauxlib.h>
#include <lua.h>

#define PACKET_SIZE 2048

static int push_error(lua_State *L, int err)
{
	lua_pushnil(L);
	lua_pushstring(L, strerror(err));
	lua_pushinteger(L, err);
	return 3;
}

static int check_fd(lua_State *L, int arg)
{
	lua_Number value = luaL_checknumber(L, arg);

	luaL_argcheck(L, value >= 0 && value <= 1048576, arg, "not a descriptor");
	return (int)value;
}

static int make_raw(int fd)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) != 0)
		return -1;
	cfmakeraw(&mode);
	return tcsetattr(fd, TCSANOW, &mode);
}

/*
 * The slave is raw and held open before anything is written to the master:
 * otherwise the line discipline echoes the first text back, and the master
 * sees a hang-up whenever a client goes.
 */
static int open_pair(int *master, int *slave, char *path, size_t size)
{
	*slave = -1;
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0)
		return -1;
	if (grantpt(*master) != 0 || unlockpt(*master) != 0)
		return -1;
	if (ptsname_r(*master, path, size) != 0)
		return -1;
	*slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		return -1;
	return make_raw(*slave);
}

/* openpty() -> master, slave path, slave; or nil, message, errno */
static int host_openpty(lua_State *L)
{
	char path[128];
	int master, slave;

	if (open_pair(&master, &slave, path, sizeof(path)) != 0) {
		int err = errno;

		if (master >= 0)
			close(master);
		if (slave >= 0)
			close(slave);
		return push_error(L, err);
	}
	lua_pushinteger(L, master);
	lua_pushstring(L, path);
	lua_pushinteger(L, slave);
	return 3;
}

/* close(fd) */
static int host_close(lua_State *L)
{
	close(check_fd(L, 1));
	return 0;
}

/*
 * outq(fd) -> bytes of a TCP socket that its peer has not acknowledged, or nil
 * where the system can't tell. A FIN counts as one.
 */
static int host_outq(lua_State *L)
{
#ifdef SIOCOUTQ
	int left = 0;

	if (ioctl(check_fd(L, 1), SIOCOUTQ, &left) != 0)
		return push_error(L, errno);
	lua_pushinteger(L, left);
	return 1;
#else
	(void)check_fd(L, 1);
	return push_error(L, ENOTSUP);
#endif
}

static const struct {
	speed_t code;
	int rate;
} speeds[] = {
	{B4800, 4800},	   {B9600, 9600},     {B19200, 19200},	 {B38400, 38400},
	{B57600, 57600},   {B115200, 115200}, {B230400, 230400},
#ifdef B460800
	{B460800, 460800},
#endif
};

/* speed(fd) -> the baud rate a client has set on a terminal, or nil */
static int host_speed(lua_State *L)
{
	struct termios mode;
	size_t i;

	if (tcgetattr(check_fd(L, 1), &mode) != 0)
		return push_error(L, errno);
	for (i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (cfgetospeed(&mode) == speeds[i].code) {
			lua_pushinteger(L, speeds[i].rate);
			return 1;
		}
	}
	return push_error(L, EINVAL);
}

/* icmp() -> descriptor of a nonblocking echo socket, raw (boolean) */
static int host_icmp(lua_State *L)
{
	int type = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(AF_INET, SOCK_DGRAM | type, IPPROTO_ICMP);
	int raw = 0, on = 1;

	if (fd < 0) {
		raw = 1;
		fd = socket(AF_INET, SOCK_RAW | type, IPPROTO_ICMP);
	}
	if (fd < 0)
		return push_error(L, errno);
	(void)setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
	lua_pushinteger(L, fd);
	lua_pushboolean(L, raw);
	return 2;
}

static uint16_t checksum(const unsigned char *bytes, size_t size)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* echo(fd, address, id, sequence, size) -> true; sends one echo request */
static int host_echo(lua_State *L)
{
	int fd = check_fd(L, 1);
	unsigned int id = (unsigned int)luaL_checknumber(L, 3) & 0xffff;
	unsigned int sequence = (unsigned int)luaL_checknumber(L, 4) & 0xffff;
	size_t size = (size_t)luaL_checknumber(L, 5);
	unsigned char packet[PACKET_SIZE] = {8};
	struct sockaddr_in to = {.sin_family = AF_INET};
	uint16_t sum;

	luaL_argcheck(L, size <= PACKET_SIZE - 8, 5, "too large");
	if (inet_pton(AF_INET, luaL_checkstring(L, 2), &to.sin_addr) != 1)
		return push_error(L, EINVAL);
	packet[4] = (unsigned char)(id >> 8);
	packet[5] = (unsigned char)id;
	packet[6] = (unsigned char)(sequence >> 8);
	packet[7] = (unsigned char)sequence;
	memset(packet + 8, 'b', size);
	sum = checksum(packet, size + 8);
	packet[2] = (unsigned char)(sum >> 8);
	packet[3] = (unsigned char)sum;
	if (sendto(fd, packet, size + 8, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return push_error(L, errno);
	lua_pushboolean(L, 1);
	return 1;
}

static int read_ttl(struct msghdr *message)
{
	struct cmsghdr *part;
	int ttl = 0;

	for (part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TTL)
			memcpy(&ttl, CMSG_DATA(part), sizeof(ttl));
	}
	return ttl;
}

/* echoed(fd, raw) -> sequence, ttl, id of an echo reply; or nil if none waits */
static int host_echoed(lua_State *L)
{
	int fd = check_fd(L, 1);
	size_t skip = lua_toboolean(L, 2) ? 20 : 0;
	unsigned char packet[PACKET_SIZE + 64];
	unsigned char control[128];
	struct iovec piece = {packet, sizeof(packet)};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(fd, &message, 0);

	if (got < 0)
		return push_error(L, errno);
	if ((size_t)got < skip + 8 || packet[skip] != 0)
		return push_error(L, EAGAIN);
	lua_pushinteger(L, packet[skip + 6] << 8 | packet[skip + 7]);
	lua_pushinteger(L, read_ttl(&message));
	lua_pushinteger(L, packet[skip + 4] << 8 | packet[skip + 5]);
	return 3;
}

static const luaL_Reg functions[] = {
	{"openpty", host_openpty}, {"close", host_close}, {"outq", host_outq},
	{"speed", host_speed},	   {"icmp", host_icmp},	  {"echo", host_echo},
	{"echoed", host_echoed},   {NULL, NULL},
};

int luaopen_bc260y_host(lua_State *L);

int luaopen_bc260y_host(lua_State *L)
{
	const luaL_Reg *entry;

	lua_newtable(L);
	for (entry = functions; entry->name; entry++) {
		lua_pushcfunction(L, entry->func);
		lua_setfield(L, -2, entry->name);
	}
	return 1;
}

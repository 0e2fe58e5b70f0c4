/*
 * Opening a socket when names can't be resolved, when the system's calls fail or are
 * interrupted, and when there is more than one address.
 *
 * It knows what port_net.h promises then. What real listeners do by themselves is
 * port_open_test.c's.
 */
/* needs: port_fd.c port_net.c */
/* wraps: read write send poll setsockopt getsockopt getsockname getpeername */
/* wraps: tcgetattr tcsetattr flock isatty realpath fcntl ioctl open stat fstat */
/* wraps: socket connect getaddrinfo freeaddrinfo */
#define _GNU_SOURCE

#include <netdb.h>

#include "port_fault.h"
#include "port_net.h"

static char why[BC260Y_PORT_WHY_SIZE];

/* What the resolver answers instead of the truth. */
static struct {
	int error;
	int system_error;
	struct addrinfo *list;
	int freed;
} resolver;

static int connects;
static bool connects_at_once;		/* as some systems do on loopback */
static const struct sockaddr_in *bound; /* the address that a new socket gets */

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list)
{
	if (!resolver.error && !resolver.list)
		return __real_getaddrinfo(host, service, hints, list);
	errno = resolver.system_error;
	*list = resolver.list;
	return resolver.error;
}

void __real_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list)
{
	if (list != resolver.list)
		__real_freeaddrinfo(list);
	else
		resolver.freed++;
}

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	int fd = fault_due("socket") ? -1 : __real_socket(family, type, protocol);

	if (fd >= 0 && bound && bind(fd, (const struct sockaddr *)bound, sizeof(*bound)) < 0)
		exit(2);
	return fd;
}

int __real_connect(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	struct pollfd item = {.fd = fd, .events = POLLOUT};
	bool failing = fault_due("connect");
	int result;

	connects++;
	if (failing && errno != EINTR)
		return -1;
	/* One that does not block goes on although it was interrupted. */
	if (failing && address->sa_family == AF_UNIX)
		return -1;
	result = __real_connect(fd, address, size);
	if (failing)
		errno = EINTR;
	if (failing || !connects_at_once)
		return failing ? -1 : result;
	CHECK_INT(__real_poll(&item, 1, 1000), 1);
	return 0;
}

static int open_seconds(const char *spec, double seconds)
{
	struct bc260y_port port;
	int result;

	memset(why, 0, sizeof(why));
	connects = 0;
	result = bc260y_net_open(&port, spec, seconds, why);
	CHECK_INT(port.fd >= 0, result == 0);
	port.ops->close(&port);
	return result;
}

static int open_in_time(struct bc260y_port **port, const char *spec, char *words)
{
	static struct bc260y_port net;

	*port = &net;
	return bc260y_net_open(&net, spec, 1, words);
}

static void test_calls_fail(void)
{
	const char *path = peer_path("socket");
	char spec[80];
	int listener = peer_listen_tcp(spec, sizeof(spec), 100);

	fault_walk(open_in_time, spec, ENOMEM, BC260Y_PORT_ERROR,
		   " setsockopt getsockname getpeername ");
	fault_walk(open_in_time, spec, EACCES, BC260Y_PORT_NOT_PERMITTED,
		   " setsockopt getsockname getpeername ");
	close(listener);
	listener = peer_listen_unix(path, SOCK_STREAM, 100);
	snprintf(spec, sizeof(spec), "unix:%s", path);
	/* Without a look at the file first, connecting itself says what is wrong. */
	fault_walk(open_in_time, spec, ENOMEM, BC260Y_PORT_ERROR, " stat ");
	fault_walk(open_in_time, spec, EACCES, BC260Y_PORT_NOT_PERMITTED, " stat ");
	close(listener);
	unlink(path);
}

static void test_interrupted(void)
{
	const char *path = peer_path("socket");
	char spec[80];
	int listener = peer_listen_tcp(spec, sizeof(spec), 4);

	fault_in("connect", 0, EINTR);
	CHECK_INT(open_seconds(spec, 1), 0);
	CHECK(fault_end());
	CHECK_INT(connects, 1);
	close(listener);
	listener = peer_listen_unix(path, SOCK_STREAM, 4);
	snprintf(spec, sizeof(spec), "unix:%s", path);
	fault_in("connect", 0, EINTR);
	CHECK_INT(open_seconds(spec, 1), 0);
	CHECK(fault_end());
	CHECK_INT(connects, 2);
	close(listener);
	unlink(path);
}

static void test_at_once(void)
{
	char spec[80];
	int listener = peer_listen_tcp(spec, sizeof(spec), 4);

	connects_at_once = true;
	CHECK_INT(open_seconds(spec, 1), 0);
	connects_at_once = false;
	close(listener);
	/* Nothing but a broadcast: the system says no before anything is sent. */
	CHECK_INT(open_seconds("tcp://255.255.255.255:9", 1), BC260Y_PORT_ERROR);
	CHECK(strstr(why, strerror(ENETUNREACH)));
}

static void test_no_time(void)
{
	struct bc260y_port queued;
	const char *path = peer_path("socket");
	char spec[80];
	int listener = peer_listen_tcp(spec, sizeof(spec), 0);

	CHECK_INT(bc260y_net_open(&queued, spec, 1, why), 0);
	CHECK_INT(open_seconds(spec, 0), BC260Y_PORT_TIMEOUT);
	queued.ops->close(&queued);
	close(listener);
	listener = peer_listen_unix(path, SOCK_STREAM, 4);
	snprintf(spec, sizeof(spec), "unix:%s", path);
	CHECK_INT(open_seconds(spec, 0), BC260Y_PORT_TIMEOUT);
	CHECK_INT(connects, 0);
	close(listener);
	unlink(path);
}

static void test_no_name(void)
{
	resolver.error = EAI_NONAME;
	CHECK_INT(open_seconds("tcp://nobody.test:1", 1), BC260Y_PORT_NO_DEVICE);
	CHECK(strstr(why, "tcp://nobody.test:1: ") && strstr(why, gai_strerror(EAI_NONAME)));
	resolver.error = EAI_AGAIN;
	CHECK_INT(open_seconds("tcp://nobody.test:1", 1), BC260Y_PORT_ERROR);
	CHECK(strstr(why, gai_strerror(EAI_AGAIN)));
	resolver.error = EAI_SYSTEM;
	resolver.system_error = EMFILE;
	CHECK_INT(open_seconds("tcp://nobody.test:1", 1), BC260Y_PORT_ERROR);
	CHECK(strstr(why, strerror(EMFILE)));
	CHECK_INT(connects, 0);
	resolver.error = 0;
	CHECK_INT(resolver.freed, 0);
}

static struct sockaddr_in address_of(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	CHECK_INT(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return address;
}

static struct addrinfo entry(struct sockaddr_in *address, struct addrinfo *next)
{
	return (struct addrinfo){
		.ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_addr = (struct sockaddr *)address,
		.ai_addrlen = sizeof(*address),
		.ai_next = next,
	};
}

static int open_list(struct addrinfo *list)
{
	int result;

	resolver.list = list;
	resolver.freed = 0;
	result = open_seconds("tcp://two.test:1", 1);
	CHECK_INT(resolver.freed, 1);
	resolver.list = NULL;
	return result;
}

/* The first address that answers is taken; if none does, the last one's reason stands. */
static void test_addresses(void)
{
	char spec[80];
	int listener = peer_listen_tcp(spec, sizeof(spec), 4);
	int silent = peer_listen_tcp(spec, sizeof(spec), -1);
	struct sockaddr_in good = address_of(listener), bad = address_of(silent);
	struct addrinfo last = entry(&good, NULL), first = entry(&bad, &last);

	CHECK_INT(open_list(&first), 0);
	CHECK_INT(connects, 2);
	first = entry(&good, &last);
	CHECK_INT(open_list(&first), 0);
	CHECK_INT(connects, 1);
	last = entry(&bad, NULL);
	first = entry(&bad, &last);
	CHECK_INT(open_list(&first), BC260Y_PORT_REFUSED);
	CHECK_INT(connects, 2);
	first.ai_family = 9999;
	CHECK_INT(open_list(&first), BC260Y_PORT_REFUSED);
	CHECK_INT(connects, 1);
	last.ai_family = 9999;
	CHECK_INT(open_list(&first), BC260Y_PORT_NOT_SUPPORTED);
	CHECK_INT(connects, 0);
	close(listener);
	close(silent);
}

/* The port that it connects to is its own: nobody is there. */
static void test_itself(void)
{
	char spec[80];
	int fd = peer_listen_tcp(spec, sizeof(spec), -1);
	struct sockaddr_in address = address_of(fd);

	close(fd);
	bound = &address;
	CHECK_INT(open_seconds(spec, 1), BC260Y_PORT_REFUSED);
	CHECK(strstr(why, strerror(ECONNREFUSED)));
	bound = NULL;
}

int main(void)
{
	int fds = peer_open_fds();

	peer_begin();
	test_calls_fail();
	test_interrupted();
	test_at_once();
	test_no_time();
	test_no_name();
	test_addresses();
	test_itself();
	peer_end();
	CHECK_INT(peer_open_fds(), fds);
	return check_end("port_net_fault");
}

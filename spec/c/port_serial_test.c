/*
 * A serial line by libserialport, tried without one: a pty that is made to look like
 * a line on USB by answering for the few system calls that tell them apart.
 *
 * It knows which those are: what stands in sysfs about the device, and the modem
 * lines. Everything else, bytes, settings, locks, hang-ups, is the pty's own.
 */
/* needs: port_fd.c port_tty.c port_serial.c */
/* libs: libserialport */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <libserialport.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "port_peer.h"
#include "port_serial.h"
#include "port_tty.h"

#define SYSFS "/sys/class/tty/"

static char why[BC260Y_PORT_WHY_SIZE];

/* The pty that passes for a line: its name below /dev/, "" for none. */
static char posing[64];
static int modem_lines;
static int modem_error;	   /* what asking for the modem lines fails with, 0: nothing */
static speed_t real_speed; /* what the driver makes of any rate, 0: what was asked */

/* function: where to put the C library's own. ISO C has no cast from data to code. */
static void find_next(const char *name, void *function)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(function, &symbol, sizeof(symbol));
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*other)(int, unsigned long, ...);
	void *argument;
	va_list list;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	find_next("ioctl", &other);
	if (request != TIOCMGET && request != TIOCMSET && request != TIOCMBIS &&
	    request != TIOCMBIC)
		return other(fd, request, argument);
	if (modem_error) {
		errno = modem_error;
		return -1;
	}
	if (request == TIOCMGET)
		*(int *)argument = modem_lines;
	else if (request == TIOCMSET)
		modem_lines = *(int *)argument;
	else if (request == TIOCMBIS)
		modem_lines |= *(int *)argument;
	else
		modem_lines &= ~*(int *)argument;
	return 0;
}

int tcgetattr(int fd, struct termios *settings)
{
	int (*other)(int, struct termios *);
	int result;

	find_next("tcgetattr", &other);
	result = other(fd, settings);
	if (result == 0 && real_speed) {
		cfsetispeed(settings, real_speed);
		cfsetospeed(settings, real_speed);
	}
	return result;
}

static bool is_posing(const char *path)
{
	size_t size = strlen(SYSFS);

	return posing[0] && strncmp(path, SYSFS, size) == 0 &&
	       strncmp(path + size, posing, strlen(posing)) == 0;
}

/* libserialport 0.1.1 was built to call this one; a newer build may call lstat. */
int __lxstat(int version, const char *path, struct stat *status);
int __lxstat(int version, const char *path, struct stat *status)
{
	(void)version;
	if (!is_posing(path))
		return fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
	memset(status, 0, sizeof(*status));
	status->st_mode = S_IFLNK;
	return 0;
}

int lstat(const char *restrict path, struct stat *restrict status)
{
	return __lxstat(0, path, status);
}

ssize_t readlink(const char *restrict path, char *restrict target, size_t size)
{
	static const char device[] = "../../devices/pci0/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0";
	ssize_t (*other)(const char *, char *, size_t);

	find_next("readlink", &other);
	if (!is_posing(path))
		return other(path, target, size);
	if (size > sizeof(device) - 1)
		size = sizeof(device) - 1;
	memcpy(target, device, size);
	return (ssize_t)size;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
	static const char *const files[][2] = {
		{"/busnum", "1\n"},	  {"/devnum", "7\n"},	    {"/idVendor", "0403\n"},
		{"/idProduct", "6001\n"}, {"/product", "Bridge\n"}, {"/serial", "A1B2\n"},
	};
	FILE *(*other)(const char *, const char *);

	find_next("fopen", &other);
	if (!is_posing(path))
		return other(path, mode);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size_t size = strlen(files[i][0]);

		if (strcmp(path + strlen(path) - size, files[i][0]) == 0)
			return fmemopen((void *)(uintptr_t)files[i][1], strlen(files[i][1]), "r");
	}
	errno = ENOENT;
	return NULL;
}

static int pose(char *slave, size_t size)
{
	int master = peer_pty(slave, size);

	snprintf(posing, sizeof(posing), "%s", slave + strlen("/dev/"));
	modem_lines = TIOCM_CTS;
	modem_error = 0;
	real_speed = 0;
	return master;
}

static void pose_end(int master)
{
	close(master);
	posing[0] = '\0';
	modem_error = 0;
	real_speed = 0;
}

static int open_serial(const char *path, long baud)
{
	struct bc260y_serial serial;
	int result;

	memset(why, 0, sizeof(why));
	result = bc260y_serial_open(&serial, path, baud, why);
	CHECK_INT(serial.port.fd >= 0, result == 0);
	serial.port.ops->close(&serial.port);
	serial.port.ops->close(&serial.port);
	CHECK_INT(serial.port.fd, -1);
	return result;
}

static void test_line(void)
{
	struct bc260y_serial serial;
	struct bc260y_port *port = &serial.port;
	struct termios settings;
	uint8_t all[256], got[256];
	char slave[64];
	int master = pose(slave, sizeof(slave));

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	CHECK(peer_write(master, "\r\nRDY\r\n", 7));
	CHECK_INT(bc260y_serial_open(&serial, slave, 115200, why), 0);
	CHECK_INT(modem_lines, TIOCM_CTS | TIOCM_DTR | TIOCM_RTS);
	tcgetattr(port->fd, &settings);
	CHECK_INT(cfgetospeed(&settings), B115200);
	CHECK_INT(settings.c_cflag & (CSIZE | CSTOPB | PARENB | CRTSCTS), CS8);
	CHECK_INT(settings.c_lflag & (ECHO | ICANON | ISIG | IEXTEN), 0);
	CHECK_INT(settings.c_iflag & (ICRNL | IXON | IXOFF | IXANY | ISTRIP), 0);
	CHECK(settings.c_iflag & IGNBRK);
	CHECK_INT(settings.c_oflag & OPOST, 0);
	CHECK_INT(settings.c_cc[VMIN], 1);
	CHECK(fcntl(port->fd, F_GETFD) & FD_CLOEXEC);
	CHECK(port_take(port, got, 7));
	CHECK_MEM(got, 7, "\r\nRDY\r\n", 7);
	CHECK_INT(port->ops->read(port, got, sizeof(got)), 0);
	CHECK_INT(port->ops->wait(port, 0, false), 0);
	CHECK(peer_write(master, all, sizeof(all)));
	CHECK(port_take(port, got, sizeof(got)));
	CHECK_MEM(got, sizeof(got), all, sizeof(all));
	CHECK_INT(port->ops->write(port, all, sizeof(all)), sizeof(all));
	CHECK(peer_read(master, got, sizeof(got)));
	CHECK_MEM(got, sizeof(got), all, sizeof(all));
	/* Unplugged. */
	pose_end(master);
	CHECK(port->ops->wait(port, -1, false) != 0);
	CHECK_INT(port->ops->read(port, got, 1), BC260Y_PORT_LOST);
	CHECK_INT(port->ops->write(port, all, 1), BC260Y_PORT_LOST);
	CHECK_INT(port->ops->wait(port, -1, false), BC260Y_PORT_LOST);
	port->ops->close(port);
	port->ops->close(port);
	CHECK_INT(port->fd, -1);
}

/* Both kinds keep each other out, and who is refused has changed no setting. */
static void test_busy(void)
{
	const char *link = peer_path("link");
	struct bc260y_serial serial;
	struct bc260y_port tty;
	struct termios settings;
	char slave[64];
	int master = pose(slave, sizeof(slave));

	CHECK_INT(symlink(slave, link), 0);
	CHECK_INT(bc260y_serial_open(&serial, link, 9600, why), 0);
	CHECK_INT(open_serial(slave, 115200), BC260Y_PORT_BUSY);
	CHECK(strstr(why, slave) != NULL);
	CHECK_INT(bc260y_tty_open(&tty, slave, 115200, why), BC260Y_PORT_BUSY);
	tcgetattr(serial.port.fd, &settings);
	CHECK_INT(cfgetospeed(&settings), B9600);
	CHECK_INT(settings.c_cc[VMIN], 1);
	serial.port.ops->close(&serial.port);
	CHECK_INT(bc260y_tty_open(&tty, slave, 9600, why), 0);
	CHECK_INT(open_serial(link, 9600), BC260Y_PORT_BUSY);
	CHECK(strstr(why, "link -> /dev/") != NULL);
	tty.ops->close(&tty);
	CHECK_INT(open_serial(slave, 9600), 0);
	unlink(link);
	pose_end(master);
}

static void test_refused(void)
{
	char slave[64];
	int master = pose(slave, sizeof(slave));

	modem_error = ENOTTY;
	CHECK_INT(open_serial(slave, 9600), BC260Y_PORT_NOT_SUPPORTED);
	modem_error = EINVAL;
	CHECK_INT(open_serial(slave, 9600), BC260Y_PORT_NOT_SUPPORTED);
	modem_error = ENOSPC;
	CHECK_INT(open_serial(slave, 9600), BC260Y_PORT_ERROR);
	CHECK(strstr(why, strerror(ENOSPC)) != NULL);
	modem_error = 0;
	CHECK_INT(open_serial(slave, 0), BC260Y_PORT_NOT_SUPPORTED);
	CHECK_INT(open_serial(slave, -1), BC260Y_PORT_NOT_SUPPORTED);
	CHECK_INT(open_serial(slave, 1L << 40), BC260Y_PORT_NOT_SUPPORTED);
	real_speed = B38400;
	CHECK_INT(open_serial(slave, 115200), BC260Y_PORT_NOT_SUPPORTED);
	CHECK(strstr(why, "115200 baud") != NULL);
	real_speed = 0;
	CHECK_INT(open_serial(slave, 115200), 0);
	/* A pty as it is. */
	posing[0] = '\0';
	CHECK_INT(open_serial(slave, 9600), BC260Y_PORT_NOT_SUPPORTED);
	CHECK(strstr(why, slave) != NULL);
	CHECK_INT(open_serial(peer_path("missing"), 9600), BC260Y_PORT_NO_DEVICE);
	CHECK_INT(open_serial(peer_folder, 9600), BC260Y_PORT_NOT_SUPPORTED);
	CHECK_INT(open_serial("/dev/null", 9600), BC260Y_PORT_NOT_SUPPORTED);
	pose_end(master);
}

static void test_list(void)
{
	struct bc260y_serial_list list;
	struct bc260y_serial_info info;
	struct sp_port *lines[2] = {NULL, NULL};
	char slave[64];
	int master = pose(slave, sizeof(slave));

	CHECK_INT(sp_get_port_by_name(slave, &lines[0]), SP_OK);
	list.lines = lines;
	CHECK(bc260y_serial_list_get(&list, 0, &info));
	CHECK(!strcmp(info.name, slave));
	CHECK(!strcmp(info.description, "Bridge - A1B2"));
	CHECK(!strcmp(info.serial, "A1B2"));
	CHECK_INT(info.usb_vid, 0x0403);
	CHECK_INT(info.usb_pid, 0x6001);
	CHECK(!bc260y_serial_list_get(&list, 1, &info));
	sp_free_port(lines[0]);
	/* What the machine has, if anything, and if it can say. */
	if (access(SYSFS, F_OK) == 0)
		CHECK_INT(bc260y_serial_list(&list, why), 0);
	else
		CHECK_INT(bc260y_serial_list(&list, why), BC260Y_PORT_NOT_SUPPORTED);
	for (size_t i = 0; bc260y_serial_list_get(&list, i, &info); i++)
		CHECK(info.name[0] == '/');
	bc260y_serial_list_free(&list);
	bc260y_serial_list_free(&list);
	CHECK(!bc260y_serial_list_get(&list, 0, &info));
	pose_end(master);
}

int main(void)
{
	int fds = peer_open_fds();

	peer_begin();
	test_line();
	test_busy();
	test_refused();
	test_list();
	peer_end();
	CHECK_INT(peer_open_fds(), fds);
	return check_end("port_serial");
}

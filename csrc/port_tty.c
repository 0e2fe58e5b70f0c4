/*
 * A terminal of POSIX as a port: termios, raw, 8N1.
 *
 * It knows devices, locks and termios. It knows nothing of what is said over it.
 */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#endif
#include <termios.h>
#include <unistd.h>

#include "port_fd.h"
#include "port_tty.h"

static const struct {
	long baud;
	speed_t speed;
} speeds[] = {
	{300, B300},	   {600, B600},	      {1200, B1200},	 {2400, B2400},
	{4800, B4800},	   {9600, B9600},     {19200, B19200},	 {38400, B38400},
	{57600, B57600},   {115200, B115200}, {230400, B230400},
#ifdef B460800
	{460800, B460800}, {921600, B921600},
#endif
};

static bool find_speed(long baud, speed_t *speed)
{
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speeds[i].baud == baud) {
			*speed = speeds[i].speed;
			return true;
		}
	}
	return false;
}

int bc260y_tty_why_baud(char *why, const char *path, long baud)
{
	snprintf(why, BC260Y_PORT_WHY_SIZE, "%.300s: %ld baud is not possible here", path, baud);
	return BC260Y_PORT_NOT_SUPPORTED;
}

/* A link is named with where it leads: it may be stale. */
static int why_not(char *why, const char *path, int error)
{
	char name[300];
	char target[128];
	ssize_t size = readlink(path, target, sizeof(target) - 1);

	if (size >= 0) {
		target[size] = '\0';
		snprintf(name, sizeof(name), "%.150s -> %s", path, target);
		path = name;
	}
	if (error != EIO)
		return bc260y_fd_why(why, path, error);
	snprintf(why, BC260Y_PORT_WHY_SIZE, "%.300s: there is nothing behind it", path);
	return BC260Y_PORT_NO_DEVICE;
}

static const char *what_else(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISREG(mode))
		return "a regular file";
	if (S_ISFIFO(mode))
		return "a pipe";
	if (S_ISSOCK(mode))
		return "a socket (write it unix:/path)";
	return "no character device";
}

int bc260y_tty_find(const char *path, char *device, char *why)
{
	struct stat status;

	if (!realpath(path, device))
		return why_not(why, path, errno);
	if (stat(device, &status) < 0)
		return why_not(why, path, errno);
	if (S_ISCHR(status.st_mode))
		return BC260Y_PORT_OK;
	snprintf(why, BC260Y_PORT_WHY_SIZE, "%.300s: not a terminal but %s", path,
		 what_else(status.st_mode));
	return BC260Y_PORT_NOT_SUPPORTED;
}

int bc260y_tty_lock(const char *path, const char *device, char *why)
{
	/* Not blocking: else the open of a real line waits for its carrier. */
	int fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int result;

	if (fd < 0)
		return why_not(why, path, errno);
	if (!isatty(fd)) {
		result = why_not(why, path, errno);
		close(fd);
		return result;
	}
	/* TIOCEXCL stops no root. A lock stops everyone who asks for it, before
	 * the settings of a line that is in use are touched. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	result = why_not(why, path, errno == EWOULDBLOCK ? EBUSY : errno);
	close(fd);
	return result;
}

static bool is_pty(int fd)
{
#ifdef __linux__
	struct stat status;

	/* The 1,048,576 slaves of Unix 98: majors 136 to 143. */
	return fstat(fd, &status) == 0 && major(status.st_rdev) >= 136 &&
	       major(status.st_rdev) <= 143;
#else
	(void)fd;
	return false;
#endif
}

void bc260y_tty_claim(int fd)
{
	/* A pty lives on while its other side holds it, and so would the mark of a
	 * process that was killed: nobody but root could open it again. */
	if (!is_pty(fd))
		ioctl(fd, TIOCEXCL);
}

void bc260y_tty_release(int fd)
{
	if (is_pty(fd))
		return;
	/* Else close(2) waits until the last byte has left, up to 30 s. */
	tcflush(fd, TCOFLUSH);
	ioctl(fd, TIOCNXCL);
}

static int configure(int fd, const char *path, long baud, char *why)
{
	struct termios wanted, got;
	speed_t speed;

	if (!find_speed(baud, &speed))
		return bc260y_tty_why_baud(why, path, baud);
	if (tcgetattr(fd, &wanted) < 0)
		return why_not(why, path, errno);
	wanted.c_iflag = IGNBRK;
	wanted.c_oflag = 0;
	wanted.c_lflag = 0;
	wanted.c_cflag &= (tcflag_t) ~(CSIZE | CSTOPB | PARENB | CRTSCTS);
	wanted.c_cflag |= CS8 | CREAD | CLOCAL | HUPCL;
	/* With 0 here a read would give 0 for "nothing yet" and "the end" alike. */
	wanted.c_cc[VMIN] = 1;
	wanted.c_cc[VTIME] = 0;
	cfsetispeed(&wanted, speed);
	cfsetospeed(&wanted, speed);
	if (tcsetattr(fd, TCSANOW, &wanted) < 0 || tcgetattr(fd, &got) < 0)
		return why_not(why, path, errno);
	/* tcsetattr succeeds when any of it was done. */
	if (cfgetospeed(&got) != speed || (got.c_cflag & CSIZE) != CS8)
		return bc260y_tty_why_baud(why, path, baud);
	return BC260Y_PORT_OK;
}

static void tty_close(struct bc260y_port *port)
{
	if (port->fd >= 0)
		bc260y_tty_release(port->fd);
	bc260y_fd_close(port);
}

static const struct bc260y_port_ops tty_ops = {
	.read = bc260y_fd_read,
	.write = bc260y_fd_write,
	.wait = bc260y_fd_wait,
	.close = tty_close,
};

int bc260y_tty_open(struct bc260y_port *port, const char *path, long baud, char *why)
{
	char device[PATH_MAX];
	int result;

	bc260y_fd_init(port, &tty_ops);
	result = bc260y_tty_find(path, device, why);
	if (result < 0)
		return result;
	result = bc260y_tty_lock(path, device, why);
	if (result < 0)
		return result;
	port->fd = result;
	result = configure(port->fd, path, baud, why);
	if (result < 0)
		bc260y_fd_close(port);
	else
		bc260y_tty_claim(port->fd);
	return result;
}

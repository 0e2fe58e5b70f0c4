/*
 * A serial line as a port, by libserialport.
 *
 * It knows how libserialport opens, sets and lists lines. Reading, writing and
 * waiting are done on the descriptor itself: sp_wait allocates, hides a hang-up
 * and takes 0 as for ever, and sp_nonblocking_read gives 0 for "nothing yet" and
 * for the end alike.
 */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "port_fd.h"
#include "port_serial.h"
#include "port_tty.h"

static void serial_close(struct bc260y_port *port)
{
	struct bc260y_serial *serial = (struct bc260y_serial *)port;

	if (port->fd >= 0) {
		bc260y_tty_release(port->fd);
		sp_close(serial->line);
		port->fd = -1;
	}
	sp_free_port(serial->line);
	serial->line = NULL;
	/* Last: whoever waits for the lock finds the line closed. */
	if (serial->lock >= 0)
		close(serial->lock);
	serial->lock = -1;
}

static const struct bc260y_port_ops serial_ops = {
	.read = bc260y_fd_read,
	.write = bc260y_fd_write,
	.wait = bc260y_fd_wait,
	.close = serial_close,
};

static int why_refused(char *why, const char *path, enum sp_return reason)
{
	if (reason == SP_ERR_FAIL && errno != EINVAL)
		return bc260y_fd_why(why, path, errno);
	if (reason == SP_ERR_MEM)
		return bc260y_fd_why(why, path, ENOMEM);
	snprintf(why, BC260Y_PORT_WHY_SIZE, "%.300s: libserialport takes it for no serial line",
		 path);
	return BC260Y_PORT_NOT_SUPPORTED;
}

/* Values that libserialport knows can be set; only the line itself can refuse them. */
static enum sp_return set_config(struct sp_port *line, struct sp_port_config *config, int baud)
{
	enum sp_return result = sp_get_config(line, config);

	if (result != SP_OK)
		return result;
	sp_set_config_baudrate(config, baud);
	sp_set_config_bits(config, 8);
	sp_set_config_parity(config, SP_PARITY_NONE);
	sp_set_config_stopbits(config, 1);
	sp_set_config_flowcontrol(config, SP_FLOWCONTROL_NONE);
	sp_set_config_rts(config, SP_RTS_ON);
	sp_set_config_dtr(config, SP_DTR_ON);
	result = sp_set_config(line, config);
	/* What the driver made of it. */
	return result == SP_OK ? sp_get_config(line, config) : result;
}

static int configure(struct sp_port *line, const char *path, long baud, char *why)
{
	struct sp_port_config *config;
	enum sp_return result;
	int error, got = 0;

	if (baud < 1 || baud > INT_MAX)
		return bc260y_tty_why_baud(why, path, baud);
	if (sp_new_config(&config) != SP_OK)
		return bc260y_fd_why(why, path, ENOMEM);
	result = set_config(line, config, (int)baud);
	error = errno;
	sp_get_config_baudrate(config, &got);
	sp_free_config(config);
	errno = error;
	if (result == SP_ERR_FAIL && errno != EINVAL)
		return bc260y_fd_why(why, path, errno);
	/* A driver that can't do a rate picks another; 3 % is what a UART bears. */
	if (result != SP_OK || got < baud - baud * 3 / 100 || got > baud + baud * 3 / 100)
		return bc260y_tty_why_baud(why, path, baud);
	return BC260Y_PORT_OK;
}

/* What libserialport leaves undone: its reads would give 0 for "nothing yet", a
 * break would be read as a byte, and a child process would inherit the line. */
static int finish(int fd, const char *path, char *why)
{
	struct termios settings;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || tcgetattr(fd, &settings) < 0)
		return bc260y_fd_why(why, path, errno);
	settings.c_iflag |= IGNBRK;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &settings) < 0)
		return bc260y_fd_why(why, path, errno);
	bc260y_tty_claim(fd);
	return BC260Y_PORT_OK;
}

static int serial_open(struct bc260y_serial *serial, const char *path, long baud, char *why)
{
	char device[PATH_MAX];
	enum sp_return reason;
	int result = bc260y_tty_find(path, device, why);

	if (result < 0)
		return result;
	/* libserialport follows no links: it would not know /dev/serial/by-id. */
	reason = sp_get_port_by_name(device, &serial->line);
	if (reason != SP_OK)
		return why_refused(why, path, reason == SP_ERR_MEM ? SP_ERR_MEM : SP_ERR_SUPP);
	serial->lock = bc260y_tty_lock(path, device, why);
	if (serial->lock < 0)
		return serial->lock;
	reason = sp_open(serial->line, SP_MODE_READ_WRITE);
	if (reason != SP_OK)
		return why_refused(why, path, reason);
	sp_get_port_handle(serial->line, &serial->port.fd);
	result = configure(serial->line, path, baud, why);
	if (result < 0)
		return result;
	return finish(serial->port.fd, path, why);
}

int bc260y_serial_open(struct bc260y_serial *serial, const char *path, long baud, char *why)
{
	int result;

	bc260y_fd_init(&serial->port, &serial_ops);
	serial->line = NULL;
	serial->lock = -1;
	result = serial_open(serial, path, baud, why);
	if (result < 0)
		serial_close(&serial->port);
	return result;
}

int bc260y_serial_list(struct bc260y_serial_list *list, char *why)
{
	enum sp_return reason = sp_list_ports(&list->lines);

	if (reason == SP_OK)
		return BC260Y_PORT_OK;
	list->lines = NULL;
	bc260y_fd_why(why, "list of serial lines", reason == SP_ERR_FAIL ? errno : ENOMEM);
	/* Without /sys/class/tty there is nothing to ask. */
	return reason == SP_ERR_FAIL ? BC260Y_PORT_NOT_SUPPORTED : BC260Y_PORT_ERROR;
}

bool bc260y_serial_list_get(const struct bc260y_serial_list *list, size_t index,
			    struct bc260y_serial_info *info)
{
	const struct sp_port *line;
	int vid, pid;

	if (!list->lines || !list->lines[index])
		return false;
	line = list->lines[index];
	info->name = sp_get_port_name(line);
	info->description = sp_get_port_description(line);
	info->serial = NULL;
	info->usb_vid = -1;
	info->usb_pid = -1;
	if (sp_get_port_transport(line) != SP_TRANSPORT_USB)
		return true;
	info->serial = sp_get_port_usb_serial(line);
	if (sp_get_port_usb_vid_pid(line, &vid, &pid) == SP_OK) {
		info->usb_vid = vid;
		info->usb_pid = pid;
	}
	return true;
}

void bc260y_serial_list_free(struct bc260y_serial_list *list)
{
	if (list->lines)
		sp_free_port_list(list->lines);
	list->lines = NULL;
}

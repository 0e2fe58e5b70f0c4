/*
 * A serial line when libserialport, or the system below it, refuses.
 *
 * The libserialport here is the test's own: it opens a pty as it is told to, and each of
 * its functions can be made to fail. How the real one fares is port_serial_test.c's.
 */
/* needs: port_fd.c port_tty.c port_serial.c */
/* wraps: read write send poll setsockopt getsockopt getsockname getpeername */
/* wraps: tcgetattr tcsetattr flock isatty realpath fcntl ioctl open stat fstat */
#define _GNU_SOURCE

#include <libserialport.h>

#include "port_fault.h"
#include "port_serial.h"

struct sp_port {
	char name[64];
	int fd;
};

struct sp_port_config {
	int baud;
	int bits, stop_bits;
	enum sp_parity parity;
	enum sp_flowcontrol flow;
	enum sp_rts rts;
	enum sp_dtr dtr;
};

static struct sp_port the_line;
static struct sp_port *lines[2];
static struct sp_port_config driver; /* what the line is set to */
static int driver_baud;		     /* what it makes of any rate, 0: what was asked */
static int objects;		     /* lines, settings and lists that are not freed */

static char why[BC260Y_PORT_WHY_SIZE];

/* The function that fails, at which call of it, and how. */
static struct {
	const char *function;
	int after;
	enum sp_return reason;
	int error;
} refusal;

static void refuse(const char *function, int after, enum sp_return reason, int error)
{
	refusal.function = function;
	refusal.after = after;
	refusal.reason = reason;
	refusal.error = error;
}

static enum sp_return outcome(const char *function)
{
	if (!refusal.function || strcmp(refusal.function, function) || refusal.after-- > 0)
		return SP_OK;
	refusal.function = NULL;
	errno = refusal.error;
	return refusal.reason;
}

enum sp_return sp_get_port_by_name(const char *name, struct sp_port **line)
{
	enum sp_return result = outcome("get_port");

	*line = NULL;
	if (result != SP_OK)
		return result;
	snprintf(the_line.name, sizeof(the_line.name), "%s", name);
	the_line.fd = -1;
	*line = &the_line;
	objects++;
	return SP_OK;
}

void sp_free_port(struct sp_port *line)
{
	objects -= line != NULL;
}

enum sp_return sp_open(struct sp_port *line, enum sp_mode mode)
{
	enum sp_return result = outcome("open");

	CHECK_INT(mode, SP_MODE_READ_WRITE);
	if (result == SP_OK)
		line->fd = __real_open(line->name, O_RDWR | O_NOCTTY | O_NONBLOCK);
	return result;
}

enum sp_return sp_close(struct sp_port *line)
{
	close(line->fd);
	return SP_OK;
}

enum sp_return sp_get_port_handle(const struct sp_port *line, void *handle)
{
	memcpy(handle, &line->fd, sizeof(line->fd));
	return SP_OK;
}

enum sp_return sp_new_config(struct sp_port_config **config)
{
	static struct sp_port_config settings;
	enum sp_return result = outcome("new_config");

	*config = &settings;
	objects += result == SP_OK;
	return result;
}

void sp_free_config(struct sp_port_config *config)
{
	(void)config;
	objects--;
	/* As free(3) may. */
	errno = 0;
}

enum sp_return sp_get_config(struct sp_port *line, struct sp_port_config *config)
{
	(void)line;
	*config = driver;
	return outcome("get_config");
}

enum sp_return sp_set_config(struct sp_port *line, const struct sp_port_config *config)
{
	enum sp_return result = outcome("set_config");

	(void)line;
	if (result == SP_OK)
		driver = *config;
	if (driver_baud)
		driver.baud = driver_baud;
	return result;
}

enum sp_return sp_get_config_baudrate(const struct sp_port_config *config, int *baud)
{
	*baud = config->baud;
	return SP_OK;
}

#define SETTER(name, type, field)                                                      \
	enum sp_return sp_set_config_##name(struct sp_port_config *config, type value) \
	{                                                                              \
		config->field = value;                                                 \
		return SP_OK;                                                          \
	}

SETTER(baudrate, int, baud)
SETTER(bits, int, bits)
SETTER(stopbits, int, stop_bits)
SETTER(parity, enum sp_parity, parity)
SETTER(flowcontrol, enum sp_flowcontrol, flow)
SETTER(rts, enum sp_rts, rts)
SETTER(dtr, enum sp_dtr, dtr)

enum sp_return sp_list_ports(struct sp_port ***list)
{
	enum sp_return result = outcome("list_ports");

	*list = lines;
	objects += result == SP_OK;
	return result;
}

void sp_free_port_list(struct sp_port **list)
{
	CHECK(list == lines);
	objects--;
}

char *sp_get_port_name(const struct sp_port *line)
{
	return (char *)(uintptr_t)line->name;
}

char *sp_get_port_description(const struct sp_port *line)
{
	(void)line;
	return NULL;
}

enum sp_transport sp_get_port_transport(const struct sp_port *line)
{
	(void)line;
	return SP_TRANSPORT_USB;
}

char *sp_get_port_usb_serial(const struct sp_port *line)
{
	(void)line;
	return NULL;
}

enum sp_return sp_get_port_usb_vid_pid(const struct sp_port *line, int *vid, int *pid)
{
	(void)line;
	*vid = 0x0403;
	*pid = 0x6001;
	return outcome("vid_pid");
}

static int open_9600(struct bc260y_port **port, const char *name, char *words)
{
	static struct bc260y_serial serial;

	*port = &serial.port;
	return bc260y_serial_open(&serial, name, 9600, words);
}

static int open_baud(const char *name, long baud)
{
	struct bc260y_serial serial;
	int fds = peer_open_fds();
	int result;

	memset(why, 0, sizeof(why));
	result = bc260y_serial_open(&serial, name, baud, why);
	CHECK_INT(serial.port.fd >= 0, result == 0);
	serial.port.ops->close(&serial.port);
	CHECK_INT(objects, 0);
	CHECK_INT(peer_open_fds(), fds);
	return result;
}

static void test_settings(const char *slave)
{
	memset(&driver, 0, sizeof(driver));
	CHECK_INT(open_baud(slave, 115200), 0);
	CHECK_INT(driver.baud, 115200);
	CHECK_INT(driver.bits, 8);
	CHECK_INT(driver.stop_bits, 1);
	CHECK_INT(driver.parity, SP_PARITY_NONE);
	CHECK_INT(driver.flow, SP_FLOWCONTROL_NONE);
	CHECK_INT(driver.rts, SP_RTS_ON);
	CHECK_INT(driver.dtr, SP_DTR_ON);
}

/* Within 3 % both sides still understand each other. */
static void test_rates(const char *slave)
{
	static const struct {
		int got;
		int result;
	} cases[] = {
		{9600, 0},
		{9313, 0},
		{9888, 0},
		{9311, BC260Y_PORT_NOT_SUPPORTED},
		{9889, BC260Y_PORT_NOT_SUPPORTED},
		{1, BC260Y_PORT_NOT_SUPPORTED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		driver_baud = cases[i].got;
		CHECK_INT(open_baud(slave, 9600), cases[i].result);
		CHECK(!cases[i].result || strstr(why, "9600 baud"));
	}
	driver_baud = 0;
}

static void test_refusals(const char *slave)
{
	static const struct {
		const char *function;
		int after;
		enum sp_return reason;
		int error;
		int result;
	} cases[] = {
		{"get_port", 0, SP_ERR_ARG, 0, BC260Y_PORT_NOT_SUPPORTED},
		{"get_port", 0, SP_ERR_MEM, 0, BC260Y_PORT_ERROR},
		/* What it says of a device that it does not know for a line. */
		{"get_port", 0, SP_ERR_FAIL, ENOENT, BC260Y_PORT_NOT_SUPPORTED},
		{"open", 0, SP_ERR_FAIL, EACCES, BC260Y_PORT_NOT_PERMITTED},
		{"open", 0, SP_ERR_FAIL, EBUSY, BC260Y_PORT_BUSY},
		{"open", 0, SP_ERR_FAIL, EINVAL, BC260Y_PORT_NOT_SUPPORTED},
		{"open", 0, SP_ERR_SUPP, 0, BC260Y_PORT_NOT_SUPPORTED},
		{"open", 0, SP_ERR_MEM, 0, BC260Y_PORT_ERROR},
		{"new_config", 0, SP_ERR_MEM, 0, BC260Y_PORT_ERROR},
		{"get_config", 0, SP_ERR_FAIL, EIO, BC260Y_PORT_ERROR},
		{"get_config", 1, SP_ERR_FAIL, EIO, BC260Y_PORT_ERROR},
		{"set_config", 0, SP_ERR_FAIL, ENODEV, BC260Y_PORT_NO_DEVICE},
		{"set_config", 0, SP_ERR_FAIL, EINVAL, BC260Y_PORT_NOT_SUPPORTED},
		{"set_config", 0, SP_ERR_SUPP, 0, BC260Y_PORT_NOT_SUPPORTED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		refuse(cases[i].function, cases[i].after, cases[i].reason, cases[i].error);
		CHECK_INT(open_baud(slave, 9600), cases[i].result);
		CHECK(!refusal.function);
		CHECK(strstr(why, slave));
	}
	refuse("new_config", 0, SP_ERR_MEM, 0);
	open_baud(slave, 9600);
	CHECK(strstr(why, strerror(ENOMEM)));
}

static void test_calls_fail(const char *slave)
{
	fault_walk(open_9600, slave, ENODEV, BC260Y_PORT_NO_DEVICE, " fstat ioctl ");
	CHECK_INT(objects, 0);
	fault_walk(open_9600, slave, ENOMEM, BC260Y_PORT_ERROR, " fstat ioctl ");
	CHECK_INT(objects, 0);
}

static void test_list(void)
{
	struct bc260y_serial_list list;
	struct bc260y_serial_info info;

	/* Only the system's list is missing, which is no fault of anybody's. */
	refuse("list_ports", 0, SP_ERR_FAIL, ENOENT);
	CHECK_INT(bc260y_serial_list(&list, why), BC260Y_PORT_NOT_SUPPORTED);
	CHECK(strstr(why, strerror(ENOENT)));
	CHECK(!bc260y_serial_list_get(&list, 0, &info));
	bc260y_serial_list_free(&list);
	refuse("list_ports", 0, SP_ERR_MEM, 0);
	CHECK_INT(bc260y_serial_list(&list, why), BC260Y_PORT_ERROR);
	CHECK(strstr(why, strerror(ENOMEM)));
	bc260y_serial_list_free(&list);
	lines[0] = &the_line;
	CHECK_INT(bc260y_serial_list(&list, why), 0);
	refuse("vid_pid", 0, SP_ERR_SUPP, 0);
	CHECK(bc260y_serial_list_get(&list, 0, &info));
	CHECK(!strcmp(info.name, the_line.name) && !info.description && !info.serial);
	CHECK_INT(info.usb_vid, -1);
	CHECK_INT(info.usb_pid, -1);
	CHECK(bc260y_serial_list_get(&list, 0, &info));
	CHECK_INT(info.usb_vid, 0x0403);
	CHECK_INT(info.usb_pid, 0x6001);
	CHECK(!bc260y_serial_list_get(&list, 1, &info));
	bc260y_serial_list_free(&list);
	CHECK_INT(objects, 0);
}

int main(void)
{
	int fds = peer_open_fds();
	char slave[64];
	int master = peer_pty(slave, sizeof(slave));

	test_settings(slave);
	test_rates(slave);
	test_refusals(slave);
	test_calls_fail(slave);
	test_list();
	close(master);
	CHECK_INT(peer_open_fds(), fds);
	return check_end("port_serial_fault");
}

/*
 * A serial line as a port, 8N1, no flow control, DTR and RTS on; and the list of
 * the lines that this machine has.
 *
 * It knows libserialport and is the only one to do so. What libserialport does
 * not take for a serial line (a pty) is BC260Y_PORT_NOT_SUPPORTED here.
 */
#ifndef BC260Y_PORT_SERIAL_H
#define BC260Y_PORT_SERIAL_H

#include "port.h"

struct sp_port;

struct bc260y_serial {
	struct bc260y_port port; /* on the descriptor that libserialport opened */
	struct sp_port *line;
	int lock; /* a second descriptor that holds the lock: libserialport takes none */
};

/* On failure the port is closed and why (BC260Y_PORT_WHY_SIZE) says why in words.
 * Result: 0 or a BC260Y_PORT_*. */
int bc260y_serial_open(struct bc260y_serial *serial, const char *path, long baud, char *why);

struct bc260y_serial_list {
	struct sp_port **lines; /* NULL when there is none */
};

/* The strings live as long as the list and are NULL where nothing is known. */
struct bc260y_serial_info {
	const char *name;
	const char *description;
	const char *serial;
	int usb_vid; /* -1: not on USB */
	int usb_pid;
};

/* Result: 0 or a BC260Y_PORT_*, and why in words: "not supported" where the system has
 * no list (no sysfs). */
int bc260y_serial_list(struct bc260y_serial_list *list, char *why);
/* False when the list has no such index; it counts from 0. */
bool bc260y_serial_list_get(const struct bc260y_serial_list *list, size_t index,
			    struct bc260y_serial_info *info);
/* May be called twice. */
void bc260y_serial_list_free(struct bc260y_serial_list *list);

#endif

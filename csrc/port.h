/*
 * What a transport offers: five functions, and no more is ever asked of one.
 *
 * Only wait() blocks. Seconds are doubles on a monotonic clock. The same five,
 * as methods, make a Lua table a port: scripted ports, replays, an MCU's UART.
 *
 * A hang-up never overtakes bytes: what had come before it is read first, and
 * only then do read, write and wait answer BC260Y_PORT_LOST. Where the system
 * itself throws such bytes away (a pty's master closes) they are gone.
 */
#ifndef BC260Y_PORT_H
#define BC260Y_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BC260Y_PORT_OK = 0,
	BC260Y_PORT_LOST = -20,		 /* hang-up, unplugged, peer gone */
	BC260Y_PORT_NO_DEVICE = -21,	 /* no such device or address */
	BC260Y_PORT_NOT_PERMITTED = -22, /* the user may not open it */
	BC260Y_PORT_BUSY = -23,		 /* somebody else has it open */
	BC260Y_PORT_NOT_SUPPORTED = -24, /* not a terminal, or a rate it can't do */
	BC260Y_PORT_REFUSED = -25,	 /* nobody listens there */
	BC260Y_PORT_ERROR = -26,	 /* anything else: the text says what */
	BC260Y_PORT_TIMEOUT = -27,	 /* nobody answered the connect in time */
	BC260Y_PORT_INVALID = -28	 /* the name itself makes no sense */
};

/* Room for the text that says why an open failed: "<name>: <reason>". */
#define BC260Y_PORT_WHY_SIZE 512u

struct bc260y_port;

struct bc260y_port_ops {
	/* Up to size bytes into bytes. Result: their count, 0 when none have come,
	 * or BC260Y_PORT_LOST. Never blocks. */
	ptrdiff_t (*read)(struct bc260y_port *port, uint8_t *bytes, size_t size);
	/* Result: how many of the bytes were taken, 0 when none fit now, or
	 * BC260Y_PORT_LOST. Never blocks. Also 0 while the peer is gone and bytes
	 * are left to read: read them, then it is lost. */
	ptrdiff_t (*write)(struct bc260y_port *port, const uint8_t *bytes, size_t size);
	/* Waits until a byte can be read; with writable, until one can be read or
	 * written, so that two sides with full buffers do not wait for each other.
	 * Result: 1, 0 when the time has passed, or BC260Y_PORT_LOST. A signal is no
	 * reason to come back early. seconds < 0: no limit, 0: looks once. */
	int (*wait)(struct bc260y_port *port, double seconds, bool writable);
	/* May be called twice. */
	void (*close)(struct bc260y_port *port);
};

/* A port on a descriptor of the operating system: the first member of each kind. */
struct bc260y_port {
	const struct bc260y_port_ops *ops;
	int fd;	   /* -1 when closed */
	bool lost; /* a read has met the end: it stays lost, whatever the system says */
};

/* The fifth function, one for all: seconds on the system's monotonic clock. */
double bc260y_port_now(void);

/* The short stable name of a negative result: "lost", "no device", ... */
const char *bc260y_port_error(int result);

#endif

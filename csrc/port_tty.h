/*
 * A terminal of POSIX as a port, raw, 8N1, no flow control.
 *
 * It knows termios and what stands in the way of opening a terminal. It does not
 * know modem lines or USB: that is port_serial's. It is what opens the ptys that
 * libserialport refuses.
 *
 * Opening discards nothing that has been received. A real line receives nothing
 * while nobody has it open, and what a pty holds may be the module's boot, RDY
 * and all. Old answers are no reason to flush: as easily they come a moment
 * later, so whoever opens a port has to expect them.
 */
#ifndef BC260Y_PORT_TTY_H
#define BC260Y_PORT_TTY_H

#include "port.h"

/* On failure port is closed and why (BC260Y_PORT_WHY_SIZE) says why in words.
 * Result: 0 or a BC260Y_PORT_*. */
int bc260y_tty_open(struct bc260y_port *port, const char *path, long baud, char *why);

/* The parts that port_serial shares. All write why when they fail. */

/* Follows links to the device itself, and refuses what is no character device.
 * device: PATH_MAX bytes. */
int bc260y_tty_find(const char *path, char *device, char *why);

/* Opens the device and locks it against every other port of this kind.
 * Result: the descriptor or a BC260Y_PORT_*. */
int bc260y_tty_lock(const char *path, const char *device, char *why);

/* Keeps other programs out, and lets them in again before the descriptor closes. */
void bc260y_tty_claim(int fd);
void bc260y_tty_release(int fd);

/* Words for a rate that the device can't do. Result: BC260Y_PORT_NOT_SUPPORTED. */
int bc260y_tty_why_baud(char *why, const char *path, long baud);

#endif

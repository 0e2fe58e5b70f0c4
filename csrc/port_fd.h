/*
 * A port on a descriptor: what serial lines, terminals and sockets share.
 *
 * It knows read, write, poll and close, and how the system reports trouble. It
 * opens nothing and knows no device, no baud rate and no address.
 */
#ifndef BC260Y_PORT_FD_H
#define BC260Y_PORT_FD_H

#include "port.h"

struct pollfd;

/* Closed, with the functions of its kind. */
void bc260y_fd_init(struct bc260y_port *port, const struct bc260y_port_ops *ops);

/* The functions of struct bc260y_port_ops. The descriptor must not block. */
ptrdiff_t bc260y_fd_read(struct bc260y_port *port, uint8_t *bytes, size_t size);
ptrdiff_t bc260y_fd_write(struct bc260y_port *port, const uint8_t *bytes, size_t size);
int bc260y_fd_wait(struct bc260y_port *port, double seconds, bool writable);
void bc260y_fd_close(struct bc260y_port *port);

/* What a write of `count` bytes, with its errno, means for the port. */
ptrdiff_t bc260y_fd_written(const struct bc260y_port *port, ptrdiff_t count);

/* poll(2), resumed after a signal with the time that is left. seconds as in
 * wait(). Result: how many are ready, 0 when the time has passed, -1 with errno. */
int bc260y_fd_poll(struct pollfd *items, size_t count, double seconds);

/* Writes "<name>: <the system's words for error>" into why.
 * Result: the BC260Y_PORT_* that the error stands for. */
int bc260y_fd_why(char *why, const char *name, int error);

#endif

/*
 * A stream socket as a port: tcp://host:port, tcp://[::1]:port, unix:/path.
 *
 * It knows addresses and how to connect within a bounded time (the look-up of a
 * name takes what the system's resolver takes). It does not know serial lines: a
 * serial server is taken as it is, raw, without RFC 2217.
 */
#ifndef BC260Y_PORT_NET_H
#define BC260Y_PORT_NET_H

#include "port.h"

/* For all addresses of a name together. */
#define BC260Y_NET_CONNECT_SECONDS 5.0

/* True for what bc260y_net_open() takes: it begins with tcp:// or unix: */
bool bc260y_net_spec(const char *spec);

/* On failure port is closed and why (BC260Y_PORT_WHY_SIZE) says why in words.
 * Result: 0 or a BC260Y_PORT_*. */
int bc260y_net_open(struct bc260y_port *port, const char *spec, double seconds, char *why);

#endif

/*
 * What bc260y is measured against: the least that a C program could do instead.
 *
 * The parser is correct for every stream that a healthy module sends: payloads are
 * cut by their length, in all four variants. It keeps no state of its own, has no
 * limits to enforce and remembers nothing of a damaged frame.
 */
#ifndef BC260Y_BENCH_BASE_H
#define BC260Y_BENCH_BASE_H

#include <stddef.h>
#include <stdint.h>

enum base_type { BASE_LINE, BASE_PAYLOAD, BASE_PROMPT, BASE_TORN, BASE_TYPE_COUNT };

/* bytes lie in the buffer that is being parsed; id is that of a payload. */
typedef void base_unit(void *context, enum base_type type, int id, const uint8_t *bytes,
		       size_t size);

/* Gives every whole unit in bytes to unit(), hex decoded in place. Result: how many
 * bytes those took; keep the rest and parse again when more have come behind it. */
size_t base_parse(uint8_t *bytes, size_t size, base_unit *unit, void *context);

/* The same for lines alone: whatever memchr finds before a LF is one. */
size_t base_split(uint8_t *bytes, size_t size, base_unit *unit, void *context);

/* One command over fd, which does not block: writes it, polls and reads until what
 * came ends in `final`. Result: 0, or -1. */
int base_command(int fd, const char *command, size_t size, const char *final, size_t final_size);

#endif

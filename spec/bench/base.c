/*
 * The baselines: a length-aware parser, a line splitter, and a command over a line.
 *
 * It knows the four variants of +QIURC: "recv" and nothing else of the module. It
 * does not know what is measured with it.
 */
#define _POSIX_C_SOURCE 200809L

#include "base.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define PAYLOAD_SIZE_MAX 1024
#define ANSWER_SIZE_MAX	 4096
#define ANSWER_MS_MAX	 5000

static const char recv_text[] = "+QIURC: \"recv\",";

enum { RECV_SIZE = sizeof(recv_text) - 1 };

/* A digit's value and 1; 0 for what is no digit. */
static const uint8_t digits[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static bool decode(uint8_t *to, const uint8_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned high = digits[from[2 * i]];
		unsigned low = digits[from[2 * i + 1]];

		if (!high || !low)
			return false;
		to[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	return true;
}

static const uint8_t *find_crlf(const uint8_t *at, const uint8_t *end)
{
	while ((at = memchr(at, '\r', (size_t)(end - at))) != NULL && end - at > 1) {
		if (at[1] == '\n')
			return at;
		at++;
	}
	return NULL;
}

/* The payload behind a header. Result: one past the frame, NULL when more must come;
 * *data is NULL when it fits no variant. */
static uint8_t *cut(uint8_t *at, uint8_t *end, size_t length, uint8_t **data)
{
	size_t held = (size_t)(end - at);
	size_t quotes = at < end && *at == '"' ? 1 : 0;
	size_t total;

	*data = at;
	if (held < length + 2)
		return NULL;
	if (at[length] == '\r' && at[length + 1] == '\n')
		return at + length + 2;
	*data = at + quotes;
	if (quotes && at[length + 1] == '"') {
		total = length + 4;
		if (held < total)
			return NULL;
	} else {
		total = 2 * (length + quotes) + 2;
		if (held < total)
			return NULL;
		if (!decode(*data, *data, length) || (quotes && at[total - 3] != '"'))
			*data = NULL;
	}
	if (at[total - 2] != '\r' || at[total - 1] != '\n')
		*data = NULL;
	return at + total;
}

/* A line that begins as a "recv" does. Result: as cut(). */
static uint8_t *parse_recv(uint8_t *at, uint8_t *end, base_unit *unit, void *context)
{
	uint8_t *from = at, *next, *data;
	const uint8_t *crlf;
	size_t length = 0;
	int id;

	at += RECV_SIZE;
	if (end - at < 2)
		return NULL;
	id = at[0] - '0';
	for (at += 2; at < end && *at >= '0' && *at <= '9' && length <= PAYLOAD_SIZE_MAX; at++)
		length = length * 10 + (size_t)(*at - '0');
	if (at == end)
		return NULL;
	if (*at == ',' && length >= 1 && length <= PAYLOAD_SIZE_MAX) {
		next = cut(at + 1, end, length, &data);
		if (!next || data) {
			if (next)
				unit(context, BASE_PAYLOAD, id, data, length);
			return next;
		}
	}
	crlf = find_crlf(at, end);
	if (!crlf)
		return NULL;
	unit(context, *at == '"' ? BASE_LINE : BASE_TORN, id, from, (size_t)(crlf - from));
	return from + (crlf - from) + 2;
}

size_t base_parse(uint8_t *bytes, size_t size, base_unit *unit, void *context)
{
	uint8_t *at = bytes, *end = bytes + size, *next;

	for (;;) {
		while (at < end && (*at == '\r' || *at == '\n' || *at == '\0'))
			at++;
		if (at == end)
			break;
		if (*at == '>') {
			unit(context, BASE_PROMPT, 0, at++, 1);
			continue;
		}
		if (*at == '+' && (size_t)(end - at) < RECV_SIZE &&
		    !memcmp(at, recv_text, (size_t)(end - at)))
			break;
		if (*at == '+' && (size_t)(end - at) >= RECV_SIZE &&
		    !memcmp(at, recv_text, RECV_SIZE)) {
			next = parse_recv(at, end, unit, context);
		} else {
			next = memchr(at, '\r', (size_t)(end - at));
			if (next)
				unit(context, BASE_LINE, 0, at, (size_t)(next - at));
		}
		if (!next)
			break;
		at = next;
	}
	return (size_t)(at - bytes);
}

size_t base_split(uint8_t *bytes, size_t size, base_unit *unit, void *context)
{
	uint8_t *at = bytes, *end = bytes + size, *lf;

	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		size_t line_size = (size_t)(lf - at);

		if (line_size > 0 && lf[-1] == '\r')
			line_size--;
		if (line_size > 0)
			unit(context, BASE_LINE, 0, at, line_size);
		at = lf + 1;
	}
	return (size_t)(at - bytes);
}

int base_command(int fd, const char *command, size_t size, const char *final, size_t final_size)
{
	struct pollfd item = {fd, POLLIN, 0};
	char answer[ANSWER_SIZE_MAX];
	size_t held = 0;
	ssize_t count;

	while (size > 0) {
		count = write(fd, command, size);
		if (count < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (count <= 0)
			continue;
		command += count;
		size -= (size_t)count;
	}
	while (held < final_size || memcmp(answer + held - final_size, final, final_size)) {
		if (held == sizeof(answer) || poll(&item, 1, ANSWER_MS_MAX) != 1)
			return -1;
		count = read(fd, answer + held, sizeof(answer) - held);
		if (count <= 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (count > 0)
			held += (size_t)count;
	}
	return 0;
}

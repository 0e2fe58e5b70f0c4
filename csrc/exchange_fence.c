/*
 * The fence's queries: which there are, and whose line is whose.
 *
 * When one is sent, and what it means that it was answered, is the other files' of the
 * exchange.
 */
#include "exchange_in.h"

#include <string.h>

const struct bc260y_fence bc260y_fences[BC260Y_FENCE_COUNT] = {
	{"AT+CSQ\r", 7, 4},
	{"AT+CGSN=1\r", 10, 5},
	{"AT+QICFG=\"dataformat\"\r", 22, 6},
	{"AT+CGPADDR\r", 11, 8},
};

uint8_t bc260y_exchange_clashes(const char *prefix, size_t size)
{
	uint8_t clash = 0;

	for (uint8_t n = 0; n < BC260Y_FENCE_COUNT; n++) {
		size_t same = 0;

		while (same < size && same < bc260y_fences[n].prefix_size &&
		       bc260y_upper(prefix[same]) == bc260y_fences[n].text[2 + same])
			same++;
		if (same == size && same == bc260y_fences[n].prefix_size)
			clash |= (uint8_t)(1u << n);
	}
	return clash;
}

bool bc260y_exchange_is_fence(uint8_t fence, const char *line, size_t size)
{
	size_t prefix_size = bc260y_fences[fence].prefix_size;

	return size > prefix_size && line[prefix_size] == ':' &&
	       !memcmp(line, bc260y_fences[fence].text + 2, prefix_size);
}

bool bc260y_exchange_is_fence_echo(const struct bc260y_exchange *x, const char *line, size_t size)
{
	return x->fencing && size + 1 == bc260y_fences[x->fence].text_size &&
	       !memcmp(line, bc260y_fences[x->fence].text, size);
}

uint8_t bc260y_exchange_free_fence(const struct bc260y_exchange *x)
{
	for (uint8_t i = 1; i <= BC260Y_FENCE_COUNT; i++) {
		uint8_t n = (uint8_t)(x->fence + i) % BC260Y_FENCE_COUNT;

		if (!((x->fences_owed | x->late_clash) & (1u << n)))
			return n;
	}
	return BC260Y_FENCE_COUNT;
}

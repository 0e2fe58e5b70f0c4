/*
 * An exchange on a line that takes a part of what is to be written, and then nothing;
 * and payloads that keep coming while a command waits.
 *
 * It knows how long the exchange bears that, and what the module is owed afterwards: a
 * line its end, data as many bytes as were announced.
 */
#include "check.h"
#include "exchange.h"

#include <stdbool.h>

struct module {
	struct bc260y_exchange x;
	uint8_t buffer[BC260Y_FRAMER_SIZE_MIN];
	uint64_t now_ms;
	char heard[256];
	size_t heard_size;
};

static struct bc260y_event next(struct module *m)
{
	struct bc260y_event event;

	bc260y_exchange_next(&m->x, &event, m->now_ms);
	return event;
}

/* The line takes so many bytes. Result: how many were left to write. */
static size_t take(struct module *m, size_t size)
{
	const uint8_t *bytes;
	size_t count = bc260y_exchange_output(&m->x, &bytes, m->now_ms);

	if (size > count)
		size = count;
	memcpy(m->heard + m->heard_size, bytes, size);
	m->heard_size += size;
	bc260y_exchange_written(&m->x, size, m->now_ms);
	return count - size;
}

static void check_heard(struct module *m, const char *want)
{
	while (take(m, 99) || bc260y_exchange_output(&m->x, &(const uint8_t *){0}, m->now_ms))
		continue;
	CHECK_MEM(m->heard, m->heard_size, want, strlen(want));
	m->heard_size = 0;
}

static void say(struct module *m, const char *text)
{
	CHECK_INT(bc260y_exchange_feed(&m->x, text, strlen(text), m->now_ms), strlen(text));
}

static void begin(struct module *m, const char *text, const char *data)
{
	struct bc260y_command command = {
		.text = text,
		.text_size = strlen(text),
		.data = (const uint8_t *)data,
		.data_size = data ? strlen(data) : 0,
	};
	const char *fault;

	memset(m, 0, sizeof(*m));
	m->now_ms = 5000000;
	CHECK_INT(bc260y_exchange_init(&m->x, m->buffer, sizeof(m->buffer)), 0);
	CHECK_INT(bc260y_exchange_start(&m->x, &command, &fault), 0);
}

/* taken: bytes of the ten of data that went before the line stopped. */
static void test_data(size_t taken)
{
	static const char crs[] = "\r\r\r\r\r\r\r\r\r\r";
	static struct module m;
	struct bc260y_event event;
	char want[64];

	begin(&m, "AT+QISEND=0,10", "0123456789");
	check_heard(&m, "AT+QISEND=0,10\r");
	say(&m, "\r\n> ");
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	CHECK_INT(bc260y_exchange_deadline(&m.x), m.now_ms + BC260Y_PROMPT_MS);
	m.now_ms += BC260Y_PROMPT_MS;
	CHECK_INT(take(&m, taken), 10 - taken);
	CHECK_INT(bc260y_exchange_deadline(&m.x), m.now_ms + BC260Y_WRITE_MS);
	m.now_ms += BC260Y_WRITE_MS - 1;
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	CHECK_INT(take(&m, 0), 10 - taken);
	m.now_ms++;
	event = next(&m);
	CHECK_INT(event.type, BC260Y_EVENT_RESULT);
	CHECK_INT(event.status, BC260Y_STATUS_NO_PROMPT);
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	/* The module still counts: it gets as many bytes as it was told. */
	CHECK_INT(bc260y_exchange_deadline(&m.x), 0);
	snprintf(want, sizeof(want), "%.*s%s", (int)taken, "0123456789", crs + taken);
	check_heard(&m, want);
	/* What it says to that is nobody's, and the next command waits for a fence. */
	say(&m, "\r\nOK\r\n\r\nSEND OK\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_ORPHAN);
	CHECK_INT(next(&m).type, BC260Y_EVENT_ORPHAN);
	CHECK_INT(bc260y_exchange_start(&m.x,
					&(struct bc260y_command){.text = "AT+CGMR", .text_size = 7},
					&(const char *){0}),
		  0);
	check_heard(&m, "AT+CSQ\r");
	say(&m, "\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	check_heard(&m, "AT+CGMR\r");
}

/* A line without its end would swallow the next one. */
static void test_text(size_t taken)
{
	static struct module m;
	struct bc260y_event event;
	char want[16];

	begin(&m, "AT+CGMR", NULL);
	CHECK_INT(take(&m, taken), 8 - taken);
	m.now_ms += BC260Y_WRITE_MS;
	event = next(&m);
	CHECK_INT(event.type, BC260Y_EVENT_RESULT);
	CHECK_INT(event.status, BC260Y_STATUS_TIMEOUT);
	snprintf(want, sizeof(want), "%.*s\r", (int)taken, "AT+CGMR");
	check_heard(&m, want);
}

/* The end of a line finds the line stuck again: it is tried until it goes. */
static void test_end_stuck(void)
{
	static struct module m;

	begin(&m, "AT+QISEND=0,10", "0123456789");
	check_heard(&m, "AT+QISEND=0,10\r");
	say(&m, "\r\n> ");
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	m.now_ms += BC260Y_PROMPT_MS;
	take(&m, 0);
	m.now_ms += BC260Y_WRITE_MS;
	CHECK_INT(next(&m).type, BC260Y_EVENT_RESULT);
	/* It goes in pieces of eight. */
	for (int i = 0; i < 3; i++) {
		CHECK_INT(take(&m, 1), 7);
		m.now_ms += BC260Y_WRITE_MS;
		CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	}
	check_heard(&m, "\r\r\r\r\r\r\r\r\r\r");
}

/* A payload on its way keeps a command waiting, but not for ever. */
static void test_endless_payload(void)
{
	static struct module m;
	struct bc260y_event event;
	uint64_t begun_ms, until_ms;

	begin(&m, "AT+CGMR", NULL);
	check_heard(&m, "AT+CGMR\r");
	begun_ms = m.now_ms;
	say(&m, "\r\n+QIURC: \"recv\",0,1000,");
	for (int bytes = 0; bytes < 900; bytes++) {
		until_ms = m.now_ms + BC260Y_STALL_MS - 1;
		if (bc260y_exchange_deadline(&m.x) <= until_ms)
			break;
		m.now_ms = until_ms;
		say(&m, "x");
		CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	}
	m.now_ms = bc260y_exchange_deadline(&m.x);
	event = next(&m);
	CHECK_INT(event.type, BC260Y_EVENT_RESULT);
	CHECK_INT(event.status, BC260Y_STATUS_TIMEOUT);
	CHECK_INT(m.now_ms - begun_ms, BC260Y_FIRST_MS + BC260Y_PAUSE_MS_MAX);
	/* What has come of the payload is given as soon as no more does. */
	until_ms = bc260y_exchange_deadline(&m.x);
	CHECK(until_ms > m.now_ms && until_ms <= m.now_ms + BC260Y_STALL_MS);
	m.now_ms = until_ms;
	event = next(&m);
	CHECK_INT(event.type, BC260Y_EVENT_TORN);
	CHECK_INT(event.id, 0);
}

int main(void)
{
	for (size_t taken = 0; taken < 10; taken++)
		test_data(taken);
	for (size_t taken = 1; taken < 8; taken++)
		test_text(taken);
	test_end_stuck();
	test_endless_payload();
	return check_end("stuck");
}

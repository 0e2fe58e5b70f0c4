/*
 * An exchange on a line that takes a part of what is to be written, and then nothing, or
 * the rest later; and payloads that keep coming while a command waits.
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
	if (size)
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
		CHECK_INT(bc260y_exchange_deadline(&m.x), m.now_ms + BC260Y_WRITE_MS);
		m.now_ms += BC260Y_WRITE_MS;
		CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	}
	check_heard(&m, "\r\r\r\r\r\r\r\r\r\r");
}

/* Whatever comes before a command is written answers something else. */
static void test_early(const char *text, const char *line, enum bc260y_event_type type)
{
	static struct module m;
	struct bc260y_event event;

	begin(&m, text, NULL);
	CHECK_INT(take(&m, 3), strlen(text) + 1 - 3);
	say(&m, line);
	event = next(&m);
	check_int(event.type, type, line, __FILE__, __LINE__);
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	CHECK(bc260y_exchange_busy(&m.x));
	CHECK_INT(take(&m, 99), 0);
	say(&m, "\r\nERROR\r\n");
	event = next(&m);
	CHECK_INT(event.type, BC260Y_EVENT_RESULT);
	CHECK_INT(event.status, BC260Y_STATUS_ERROR);
}

static void test_early_data(void)
{
	static struct module m;

	begin(&m, "AT+QISEND=0,10", "0123456789");
	CHECK_INT(take(&m, 3), 12);
	say(&m, "\r\n> ");
	CHECK_INT(next(&m).type, BC260Y_EVENT_ORPHAN);
	check_heard(&m, "AT+QISEND=0,10\r");
	m.now_ms += BC260Y_PROMPT_MS;
	check_heard(&m, "");
	say(&m, "\r\n> ");
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	m.now_ms += BC260Y_PROMPT_MS;
	check_heard(&m, "0123456789");
}

/* A byte or two of the line came twice, and with them the prompt: no CR may go before the
 * data, which would be cut by so many and still be counted whole. */
static void test_prompt_twice(void)
{
	static struct module m;

	begin(&m, "AT+QISEND=0,10", "0123456789");
	check_heard(&m, "AT+QISEND=0,10\r");
	say(&m, "\r\n>\n>");
	CHECK_INT(next(&m).type, BC260Y_EVENT_ORPHAN);
	check_heard(&m, "");
	m.now_ms += BC260Y_PROMPT_MS;
	check_heard(&m, "0123456789");
	say(&m, "\r\n>");
	CHECK_INT(next(&m).type, BC260Y_EVENT_ORPHAN);
	check_heard(&m, "");
	say(&m, "\r\nOK\r\n\r\nSEND OK\r\n");
	CHECK_INT(next(&m).status, BC260Y_STATUS_OK);
	check_heard(&m, "");
}

/* Whoever finds the module silent has CRs written: behind the data, not in its place. */
static void test_fill_behind_data(void)
{
	static struct module m;

	begin(&m, "AT+QISEND=0,10", "0123456789");
	check_heard(&m, "AT+QISEND=0,10\r");
	bc260y_exchange_fill(&m.x);
	check_heard(&m, "");
	say(&m, "\r\n> ");
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	CHECK_INT(bc260y_exchange_deadline(&m.x), m.now_ms + BC260Y_PROMPT_MS);
	m.now_ms += BC260Y_PROMPT_MS;
	check_heard(&m, "0123456789");
	say(&m, "\r\nOK\r\n\r\nSEND OK\r\n");
	CHECK_INT(next(&m).status, BC260Y_STATUS_OK);
	CHECK_INT(bc260y_exchange_deadline(&m.x), 0);
	for (unsigned i = 0; i < BC260Y_SEND_TEXT_SIZE_MAX / 8; i++) {
		take(&m, 99);
		CHECK_MEM(m.heard, m.heard_size, "\r\r\r\r\r\r\r\r", 8);
		m.heard_size = 0;
	}
	check_heard(&m, "");
}

/* Nor does a fence pass by what was said before it was asked. */
static void test_early_fence(void)
{
	static struct module m;

	begin(&m, "AT+CGMR", NULL);
	bc260y_exchange_fence(&m.x);
	CHECK_INT(take(&m, 3), 4);
	say(&m, "\r\n+CSQ: 1,1\r\n\r\nOK\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_URC);
	CHECK_INT(next(&m).type, BC260Y_EVENT_ORPHAN);
	check_heard(&m, "AT+CSQ\r");
	say(&m, "\r\n+CSQ: 1,1\r\n\r\nOK\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	check_heard(&m, "AT+CGMR\r");
}

/* Late results give a fence time, but no more than payloads may take. */
static void test_late_results(void)
{
	static struct module m;
	uint64_t last_ms, until_ms;

	begin(&m, "AT+CGMR", NULL);
	bc260y_exchange_fence(&m.x);
	last_ms = m.now_ms + BC260Y_PAUSE_MS_MAX;
	check_heard(&m, "AT+CSQ\r");
	for (int late = 1; late <= 7; late++) {
		m.now_ms += 4000;
		say(&m, "\r\nOK\r\n");
		CHECK_INT(next(&m).type, BC260Y_EVENT_ORPHAN);
		until_ms = late < 7 ? m.now_ms + BC260Y_FIRST_MS : last_ms;
		CHECK_INT(bc260y_exchange_deadline(&m.x), until_ms);
	}
	m.now_ms = last_ms;
	say(&m, "\r\nOK\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_ORPHAN);
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	check_heard(&m, "AT+CGSN=1\r");
}

/* Behind a torn frame not even what a fence asks for is believed before it is asked. */
static void test_torn_before_fence(void)
{
	static struct module m;

	begin(&m, "AT", NULL);
	CHECK(bc260y_exchange_cancel(&m.x));
	say(&m, "\r\n+QIURC: \"recv\",1,x\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_TORN);
	CHECK_INT(take(&m, 99), 0);
	m.now_ms += BC260Y_QUIET_MS;
	CHECK_INT(take(&m, 3), 4);
	say(&m, "\r\n+CSQ: 1,1\r\n\r\nOK\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_TORN);
	CHECK_INT(next(&m).type, BC260Y_EVENT_TORN);
	check_heard(&m, "AT+CSQ\r");
	say(&m, "\r\n+CSQ: 1,1\r\n\r\nOK\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_TRUSTED);
}

/* The module has asked for the data, and takes what comes next for that: CRs, since nobody
 * could tell any more whether a byte of the data was lost. */
static void test_torn_before_data(void)
{
	struct bc260y_command next_one = {.text = "AT", .text_size = 2};
	static struct module m;
	const char *fault;

	begin(&m, "AT+QISEND=0,10", "0123456789");
	check_heard(&m, "AT+QISEND=0,10\r");
	say(&m, "\r\n> \r\n+QIURC: \"recv\",1,x\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_TORN);
	CHECK_INT(next(&m).status, BC260Y_STATUS_NO_PROMPT);
	CHECK_INT(bc260y_exchange_start(&m.x, &next_one, &fault), 0);
	check_heard(&m, "\r\r\r\r\r\r\r\r\r\r");
	m.now_ms += BC260Y_QUIET_MS;
	check_heard(&m, "AT+CSQ\r");
}

/* A payload that comes while a fence is being written costs the fence no time. */
static void test_payload_in_fence(void)
{
	static struct module m;

	begin(&m, "AT+CGMR", NULL);
	bc260y_exchange_fence(&m.x);
	CHECK_INT(take(&m, 3), 4);
	say(&m, "\r\n+QIURC: \"recv\",0,4,ab");
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	m.now_ms += BC260Y_STALL_MS / 2;
	say(&m, "");
	CHECK_INT(bc260y_exchange_deadline(&m.x), m.now_ms + BC260Y_STALL_MS / 2);
	say(&m, "cd\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_PAYLOAD);
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	CHECK_INT(take(&m, 99), 0);
	CHECK_INT(bc260y_exchange_deadline(&m.x), m.now_ms + BC260Y_FIRST_MS);
	CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
}

/* The result stands behind the line that came with it: until then nobody else's turn. */
static void test_result_behind(void)
{
	struct bc260y_command next_one = {.text = "AT", .text_size = 2};
	static struct module m;
	const char *fault;

	begin(&m, "AT+QIOPEN=0,1,\"TCP\",\"h\",80,0,1", NULL);
	while (take(&m, 99))
		continue;
	say(&m, "\r\nOK\r\n\r\n+QIOPEN: 1,0\r\n");
	CHECK_INT(next(&m).type, BC260Y_EVENT_INFO);
	CHECK(bc260y_exchange_busy(&m.x));
	CHECK_INT(bc260y_exchange_start(&m.x, &next_one, &fault), BC260Y_ERR_BUSY);
	CHECK_INT(bc260y_exchange_deadline(&m.x), 0);
	CHECK_INT(next(&m).type, BC260Y_EVENT_RESULT);
	CHECK_INT(bc260y_exchange_start(&m.x, &next_one, &fault), 0);
}

/* A line too long to keep is none of a command's that has no lines. */
static void test_long_line(const char *text, enum bc260y_status status)
{
	static struct module m;
	struct bc260y_event event;

	begin(&m, text, NULL);
	while (take(&m, 99))
		continue;
	for (int i = 0; i < 375; i++) {
		say(&m, "01234567");
		CHECK_INT(next(&m).type, BC260Y_EVENT_NONE);
	}
	say(&m, "\r\n\r\nOK\r\n");
	event = next(&m);
	CHECK_INT(event.type, BC260Y_EVENT_OVERFLOW);
	CHECK_INT(event.size, 3000);
	event = next(&m);
	CHECK_INT(event.type, BC260Y_EVENT_RESULT);
	CHECK_INT(event.status, status);
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
	test_early("AT+CSQ", "\r\nOK\r\n", BC260Y_EVENT_ORPHAN);
	test_early("AT+CSQ", "\r\n+CSQ: 1,1\r\n", BC260Y_EVENT_URC);
	test_early("ATI", "\r\nQuectel\r\n", BC260Y_EVENT_URC);
	test_early("AT+QICLOSE=0", "\r\nCLOSE OK\r\n", BC260Y_EVENT_ORPHAN);
	test_early("AT+QISEND=0,1,\"a\"", "\r\nSEND OK\r\n", BC260Y_EVENT_ORPHAN);
	test_early_data();
	test_prompt_twice();
	test_fill_behind_data();
	test_early_fence();
	test_late_results();
	test_torn_before_fence();
	test_torn_before_data();
	test_payload_in_fence();
	test_result_behind();
	test_long_line("AT", BC260Y_STATUS_OK);
	test_long_line("ATI", BC260Y_STATUS_OVERFLOW);
	test_long_line("AT+CSQ", BC260Y_STATUS_OVERFLOW);
	test_endless_payload();
	return check_end("stuck");
}

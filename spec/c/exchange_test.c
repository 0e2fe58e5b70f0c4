/*
 * The exchange: a command, its answer, its second result, and what comes between them.
 */
#include "exchange_play.h"

static const struct scenario scenarios[] = {
	{"a query",
	 {CMD("AT+CSQ"), WROTE("AT+CSQ\r"), SAY(CSQ), LOG("info +CSQ: 20,0|result ok -1|")}},
	{"ERROR and CME ERROR",
	 {CMD("AT+X"), SAY("\r\nERROR\r\n"), LOG("result error -1 ERROR|"), CMD("AT+X"),
	  SAY("\r\n+CME ERROR: 30\r\n"), LOG("result error 30 +CME ERROR: 30|"), CMD("AT+X"),
	  SAY("\r\n+CME ERROR: no network\r\n"), LOG("result error -1 +CME ERROR: no network|")}},
	{"URCs before, inside and behind an answer",
	 {CMD("AT+CSQ"),
	  SAY("\r\n+IP: 1.2.3.4\r\n\r\n+CSQ: 20,0\r\n\r\n+QIURC: \"closed\",0\r\n"
	      "\r\nOK\r\n\r\n+CEREG: 1\r\n"),
	  LOG("urc +IP: 1.2.3.4|info +CSQ: 20,0|urc +QIURC: \"closed\",0|result ok -1|"
	      "urc +CEREG: 1|")}},
	{"a URC with the prefix of the query",
	 {CMD("AT+CEREG?"),
	  SAY("\r\n+CEREG: 2\r\n\r\n+CEREG: 1,\"4C10\",\"084958B4\",9\r\n"
	      "\r\n+CEREG: 1,1\r\n\r\nOK\r\n"),
	  LOG("urc +CEREG: 2|urc +CEREG: 1,\"4C10\",\"084958B4\",9|info +CEREG: 1,1|"
	      "result ok -1|")}},
	{"the deadline is that of the first answer, and the rest has as long again",
	 {CMD("AT+X"), MS(4990), SAY("\r\n+X: 1\r\n"), MS(4990), SAY("\r\n+X: 2\r\n\r\nOK\r\n"),
	  LOG("info +X: 1|info +X: 2|result ok -1|"), CMD("ATI"), MS(4990), SAY("\r\na\r\n"),
	  MS(4000), SAY("\r\nb\r\n"), LOG("info a|info b|"), MS(1000), LOG("result timeout -1|")}},
	{"a connection's URC while it is asked for",
	 {CMD("AT+CSCON?"), SAY("\r\n+CSCON: 0\r\n\r\n+CSCON: 1,0\r\n\r\nOK\r\n"),
	  LOG("urc +CSCON: 0|info +CSCON: 1,0|result ok -1|")}},
	{"a payload that looks like results completes nothing",
	 {CMD("AT+CSQ"), SAY("\r\n+QIURC: \"recv\",0,13,\"\r\nOK\r\nERROR\r\n\"\r\n" CSQ),
	  LOG("payload 0 \r\nOK\r\nERROR\r\n|info +CSQ: 20,0|result ok -1|")}},
	{"bare lines belong to ATI and to nothing else",
	 {CMD("ATI"), SAY("\r\nQuectel\r\nRevision: X\r\n\r\nOK\r\n"),
	  LOG("info Quectel|info Revision: X|result ok -1|"), CMD("AT+CSQ"), SAY("\r\nhm\r\n" CSQ),
	  LOG("urc hm|info +CSQ: 20,0|result ok -1|")}},
	{"an open, its URC behind or before the OK",
	 {CMD("AT+QIOPEN=0,1,\"TCP\",\"h\",80,0,1"), SAY("\r\nOK\r\n"), LOG(""),
	  SAY("\r\n+QIOPEN: 0,0\r\n\r\n+QIOPEN: 1,0\r\n"),
	  LOG("orphan +QIOPEN: 0,0|info +QIOPEN: 1,0|result ok 0|"),
	  CMD("AT+QIOPEN=0,2,\"TCP\",\"h\",80,0,1"), SAY("\r\n+QIOPEN: 2,566\r\n\r\nOK\r\n"),
	  LOG("info +QIOPEN: 2,566|result fail 566|")}},
	{"a send and a close",
	 {CMD("AT+QISEND=0,1,\"a\""), SAY("\r\nOK\r\n\r\nSEND OK\r\n"), LOG("result ok 0|"),
	  CMD("AT+QISEND=0,1,\"a\""), SAY("\r\nOK\r\n\r\nSEND FAIL\r\n"), LOG("result fail -1|"),
	  CMD("AT+QICLOSE=0"), SAY("\r\nOK\r\n\r\nCLOSE OK\r\n"), LOG("result ok 0|")}},
	{"data mode, with the forms of its prompt",
	 {CMD2("AT+QISEND=0,3", "a\rb"), WROTE("AT+QISEND=0,3\r"), SAY("\r\n> "), MS(5),
	  WROTE("a\rb"), SAY("\r\nOK\r\n\r\nSEND OK\r\n"), LOG("result ok 0|"),
	  CMD2("AT+QISEND=0,3", "xyz"), SAY("\r\n>\r\n"), MS(5), WROTE("AT+QISEND=0,3\rxyz"),
	  SAY("\r\nOK\r\n\r\nSEND OK\r\n"), LOG("result ok 0|"), CMD2("AT+QISEND=0,3", "xyz"),
	  SAY("\r\nERROR\r\n"), LOG("result error -1 ERROR|")}},
	{"data that is not confirmed may lack a byte: it is filled up, and its socket is lost",
	 {CMD2("AT+QISEND=0,3", "abc"), SAY("\r\n> "), MS(5), WROTE("AT+QISEND=0,3\rabc"), MS(5000),
	  LOG("result no prompt -1|"), WROTE("\r\r\r"), CMD("AT+QICLOSE=0"), WROTE("AT+CSQ\r"),
	  SAY("\r\nOK\r\n\r\nSEND OK\r\n"), LOG("orphan OK|orphan SEND OK|"), SAY(FENCE),
	  SAY("\r\nOK\r\n\r\nCLOSE OK\r\n"), LOG("result ok 0|"), CMD2("AT+QISEND=0,3", "abc"),
	  SAY("\r\nOK\r\n\r\n> "), MS(5), MS(10000), LOG("result no prompt -1|")}},
	{"data that was confirmed may still have gone",
	 {CMD2("AT+QISEND=0,3", "abc"), SAY("\r\n> "), MS(5), SAY("\r\nOK\r\n"), MS(10000),
	  LOG("result timeout -1|"), WROTE("AT+QISEND=0,3\rabc")}},
	{"a name with two addresses",
	 {CMD("AT+QIDNSGIP=0,\"h\""),
	  SAY("\r\nOK\r\n\r\n+QIDNSGIP: 0,2,0\r\n\r\n+QIDNSGIP: \"1.2.3.4\"\r\n"
	      "\r\n+QIDNSGIP: 5.6.7.8\r\n"),
	  LOG("info +QIDNSGIP: 0,2,0|info +QIDNSGIP: \"1.2.3.4\"|info +QIDNSGIP: 5.6.7.8|"
	      "result ok 0|")}},
	{"the first address may be all, after a quiet",
	 {CMD("AT+QIDNSGIP=0,\"h\""),
	  SAY("\r\nOK\r\n\r\n+QIDNSGIP: 0,2,0\r\n\r\n+QIDNSGIP: 1.2.3.4\r\n"),
	  LOG("info +QIDNSGIP: 0,2,0|info +QIDNSGIP: 1.2.3.4|"), MS(200), LOG("result ok 0|"),
	  SAY("\r\n+QIDNSGIP: 5.6.7.8\r\n"), LOG("orphan +QIDNSGIP: 5.6.7.8|")}},
	{"one that comes after that quiet is not the next name's, which waits for a while",
	 {CMD("AT+QIDNSGIP=0,\"h\""),
	  SAY("\r\nOK\r\n\r\n+QIDNSGIP: 0,2,0\r\n\r\n+QIDNSGIP: 1.2.3.4\r\n"), MS(200),
	  LOG("info +QIDNSGIP: 0,2,0|info +QIDNSGIP: 1.2.3.4|result ok 0|"),
	  WROTE("AT+QIDNSGIP=0,\"h\"\r"), CMD("AT+QIDNSGIP=0,\"i\""), MS(1999), WROTE(""),
	  SAY("\r\n+QIDNSGIP: 5.6.7.8\r\n"), LOG("orphan +QIDNSGIP: 5.6.7.8|"), MS(1),
	  WROTE("AT+QIDNSGIP=0,\"i\"\r"),
	  SAY("\r\nOK\r\n\r\n+QIDNSGIP: 0,1,0\r\n\r\n+QIDNSGIP: 9.9.9.9\r\n"),
	  LOG("info +QIDNSGIP: 0,1,0|info +QIDNSGIP: 9.9.9.9|result ok 0|"), CMD("AT+CSQ"),
	  SAY(CSQ), LOG("info +CSQ: 20,0|result ok -1|")}},
	{"a name that fails",
	 {CMD("AT+QIDNSGIP=0,\"h\""), SAY("\r\nOK\r\n\r\n+QIDNSGIP: 565\r\n"),
	  LOG("result fail 565|")}},
	{"test answers are no results",
	 {CMD("AT+QIOPEN=?"), SAY("\r\n+QIOPEN: (0),(0-4),\"TCP/UDP\"\r\n\r\nOK\r\n"),
	  LOG("info +QIOPEN: (0),(0-4),\"TCP/UDP\"|result ok -1|")}},
	{"lower case is a command too",
	 {CMD("at+csq"), SAY(CSQ), LOG("info +CSQ: 20,0|result ok -1|")}},
	{"addresses before the OK, and those of an answer that nobody awaits",
	 {CMD("AT+QIDNSGIP=0,\"h\""),
	  SAY("\r\n+QIDNSGIP: 0,1,0\r\n\r\n+QIDNSGIP: 1.1.1.1\r\n\r\nOK\r\n"),
	  LOG("info +QIDNSGIP: 0,1,0|info +QIDNSGIP: 1.1.1.1|result ok 0|"),
	  CMD("AT+QIDNSGIP=0,\"h\""), SAY("\r\nOK\r\n"), MS(60000), LOG("result timeout -1|"),
	  SAY("\r\n+QIDNSGIP: 0,2,0\r\n\r\n+QIDNSGIP: 2.2.2.2\r\n"),
	  LOG("orphan +QIDNSGIP: 0,2,0|orphan +QIDNSGIP: 2.2.2.2|"), CMD("AT+QIDNSGIP=0,\"h\""),
	  SAY("\r\nOK\r\n\r\n+QIDNSGIP: 3.3.3.3\r\n\r\n+QIDNSGIP: 4.4.4.4\r\n"
	      "\r\n+QIDNSGIP: x\r\n\r\n+QIDNSGIP: 0,1,0\r\n\r\n+QIDNSGIP: 5.5.5.5\r\n"),
	  LOG("orphan +QIDNSGIP: 3.3.3.3|orphan +QIDNSGIP: 4.4.4.4|orphan +QIDNSGIP: x|"
	      "info +QIDNSGIP: 0,1,0|info +QIDNSGIP: 5.5.5.5|result ok 0|")}},
	{"an answer that stops behind its first line leaves its addresses as orphans",
	 {CMD("AT+QIDNSGIP=0,\"h\""), SAY("\r\nOK\r\n\r\n+QIDNSGIP: 0,1,0\r\n"), MS(60000),
	  LOG("info +QIDNSGIP: 0,1,0|result timeout -1|"), SAY("\r\n+QIDNSGIP: 2.2.2.2\r\n"),
	  LOG("orphan +QIDNSGIP: 2.2.2.2|"), CMD("AT+QIDNSGIP=0,\"h\""),
	  SAY("\r\nOK\r\n\r\n+QIDNSGIP: 565\r\n"), LOG("result fail 565|")}},
	{"a name with no address",
	 {CMD("AT+QIDNSGIP=0,\"h\""), SAY("\r\nOK\r\n\r\n+QIDNSGIP: 0,0,0\r\n"),
	  LOG("result fail -1|")}},
	{"a report of an open that can't be read is an orphan",
	 {CMD("AT+QIOPEN=0,1,\"TCP\",\"h\",80,0,1"),
	  SAY("\r\nOK\r\n\r\n+QIOPEN: 1\r\n\r\n+QIOPEN: 9,0\r\n"),
	  LOG("orphan +QIOPEN: 1|orphan +QIOPEN: 9,0|")}},
	{"two codes of one letter's difference are no answer",
	 {CMD("AT+CSQ"), SAY("\r\n+CSX: 1\r\n\r\n+CSQX: 1\r\n" CSQ),
	  LOG("urc +CSX: 1|urc +CSQX: 1|info +CSQ: 20,0|result ok -1|")}},
	{"what comes while nothing is asked",
	 {SAY("\r\nOK\r\n\r\nSEND OK\r\n\r\n+CSQ: 1,1\r\n"),
	  LOG("orphan OK|orphan SEND OK|urc +CSQ: 1,1|")}},
};

static void test_refusals(void)
{
	static struct bench bench;
	static char long_text[BC260Y_COMMAND_SIZE_MAX + 8];
	static const char *const refused[] = {
		"",	"+CSQ",	  "AT+CSQ;+CGSN", "ATV0",   "ATE0V0",	     "ATV",
		"ATQ1", "AT\rAT", "AT+CSQ\n",	  "AT\x01", "AT+CMGS=\"1\"", "AT+QISEND=0,5",
	};
	struct bc260y_command command = {0};
	const char *fault;

	bc260y_exchange_init(&bench.x, bench.buffer, sizeof(bench.buffer));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		command.text = refused[i];
		command.text_size = strlen(refused[i]);
		CHECK_INT(bc260y_exchange_start(&bench.x, &command, &fault), BC260Y_ERR_ARGUMENT);
	}
	memset(long_text, 'A', sizeof(long_text));
	memcpy(long_text, "AT+", 3);
	command.text = long_text;
	command.text_size = BC260Y_COMMAND_SIZE_MAX;
	CHECK_INT(bc260y_exchange_start(&bench.x, &command, &fault), BC260Y_ERR_SPACE);
	command.text = "AT";
	command.text_size = 2;
	CHECK_INT(bc260y_exchange_start(&bench.x, &command, &fault), 0);
	CHECK_INT(bc260y_exchange_start(&bench.x, &command, &fault), BC260Y_ERR_BUSY);
	CHECK(bc260y_exchange_cancel(&bench.x));
	CHECK(!bc260y_exchange_busy(&bench.x));
	turn(&bench);
	CHECK_INT(bench.wrote_size, 0);
}

/* What does not fit the buffer is reported by its size. */
static void test_overflow(void)
{
	static struct bench bench;
	static char line[3000];
	struct bc260y_event event;
	size_t fed = 0;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\r';
	bc260y_exchange_init(&bench.x, bench.buffer, sizeof(bench.buffer));
	while (fed < sizeof(line)) {
		CHECK_INT(bc260y_exchange_next(&bench.x, &event, 0), BC260Y_EVENT_NONE);
		fed += bc260y_exchange_feed(&bench.x, line + fed, sizeof(line) - fed, 0);
	}
	CHECK_INT(bc260y_exchange_next(&bench.x, &event, 0), BC260Y_EVENT_OVERFLOW);
	CHECK_INT(event.size, sizeof(line) - 1);
	CHECK_INT(bench.x.counters.overflow_bytes, sizeof(line) - 1);
}

static void test_misuse(void)
{
	static struct bench bench;
	static const char prefix[] = "+ANAMETHATNOCOMMANDEVERHAD";
	struct bc260y_command command = {.text = "AT", .text_size = 2};
	const char *fault = NULL;

	CHECK_INT(bc260y_exchange_init(&bench.x, bench.buffer, 100), BC260Y_ERR_SPACE);
	bc260y_exchange_init(&bench.x, bench.buffer, sizeof(bench.buffer));
	command.prefix = prefix;
	command.prefix_size = sizeof(prefix) - 1;
	CHECK_INT(bc260y_exchange_start(&bench.x, &command, &fault), BC260Y_ERR_ARGUMENT);
	CHECK(fault && !strcmp(fault, "prefix"));
	bc260y_exchange_settle(&bench.x, BC260Y_SECOND_OPEN, BC260Y_ID_NONE);
	bc260y_exchange_settle(&bench.x, BC260Y_SECOND_COUNT, 0);
	bc260y_exchange_written(&bench.x, 5, 0);
	CHECK(!bc260y_exchange_busy(&bench.x));
}

/* A fence that can't be written fails the command that waits behind it. */
static void test_stuck_fence(void)
{
	static struct bench bench;
	struct bc260y_command command = {.text = "AT", .text_size = 2};
	struct bc260y_event event;
	const uint8_t *bytes;
	const char *fault;

	bc260y_exchange_init(&bench.x, bench.buffer, sizeof(bench.buffer));
	bc260y_exchange_fence(&bench.x);
	bc260y_exchange_start(&bench.x, &command, &fault);
	CHECK_INT(bc260y_exchange_output(&bench.x, &bytes, 0), 7);
	CHECK_INT(bc260y_exchange_next(&bench.x, &event, BC260Y_WRITE_MS), BC260Y_EVENT_RESULT);
	CHECK_INT(event.status, BC260Y_STATUS_NO_RESPONSE);
	CHECK(!bc260y_exchange_busy(&bench.x));
}

/* A line that takes no bytes ends a command by its deadline, and the next one too. */
static void test_stuck_line(void)
{
	static struct bench bench;
	struct bc260y_command command = {.text = "AT+CSQ", .text_size = 6};
	struct bc260y_event event;
	const uint8_t *bytes;
	const char *fault;

	bc260y_exchange_init(&bench.x, bench.buffer, sizeof(bench.buffer));
	bc260y_exchange_start(&bench.x, &command, &fault);
	CHECK_INT(bc260y_exchange_output(&bench.x, &bytes, 0), 7);
	bc260y_exchange_written(&bench.x, 3, 0);
	CHECK_INT(bc260y_exchange_deadline(&bench.x), BC260Y_WRITE_MS);
	CHECK_INT(bc260y_exchange_next(&bench.x, &event, BC260Y_WRITE_MS), BC260Y_EVENT_RESULT);
	CHECK_INT(event.status, BC260Y_STATUS_TIMEOUT);
	/* What is half written gets an end, and the next command fails in its turn. */
	CHECK(!bc260y_exchange_busy(&bench.x));
	CHECK_INT(bc260y_exchange_start(&bench.x, &command, &fault), 0);
	CHECK_INT(bc260y_exchange_output(&bench.x, &bytes, BC260Y_WRITE_MS), 1);
	CHECK_MEM(bytes, 1, "\r", 1);
	CHECK_INT(bc260y_exchange_next(&bench.x, &event, 2 * BC260Y_WRITE_MS), BC260Y_EVENT_RESULT);
	CHECK_INT(event.status, BC260Y_STATUS_NO_RESPONSE);
	CHECK_INT(bc260y_exchange_output(&bench.x, &bytes, 3 * BC260Y_WRITE_MS), 1);
	bc260y_exchange_written(&bench.x, 1, 3 * BC260Y_WRITE_MS);
	CHECK(bc260y_exchange_deadline(&bench.x) == BC260Y_NEVER);
}

/* Who forgives hears whether there was anything to forgive. */
static void test_forgiven(void)
{
	static struct bench bench;

	memset(&bench, 0, sizeof(bench));
	bc260y_exchange_init(&bench.x, bench.buffer, sizeof(bench.buffer));
	CHECK(!bc260y_exchange_forgive(&bench.x));
	start(&bench, "AT+X", NULL);
	pass(&bench, 5000);
	CHECK(bc260y_exchange_forgive(&bench.x));
	CHECK(!bc260y_exchange_forgive(&bench.x));
	start(&bench, "AT+Y", NULL);
	compare("forgiven", 0, -1, "wrote", bench.wrote, "AT+X\rAT+Y\r");
}

/* Who opens a line does not know whether the module waits for data on it. */
static void test_filled(void)
{
	static struct bench bench;
	size_t crs;

	memset(&bench, 0, sizeof(bench));
	bc260y_exchange_init(&bench.x, bench.buffer, sizeof(bench.buffer));
	bc260y_exchange_fill(&bench.x);
	start(&bench, "AT+X", NULL);
	crs = strspn(bench.wrote, "\r");
	CHECK_INT(crs, (int)BC260Y_SEND_TEXT_SIZE_MAX);
	compare("filled", 0, -1, "wrote", bench.wrote + crs, "AT+X\r");
}

int main(void)
{
	play_all(scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
	test_refusals();
	test_overflow();
	test_misuse();
	test_stuck_line();
	test_stuck_fence();
	test_forgiven();
	test_filled();
	CHECK(sizeof(struct bc260y_exchange) + BC260Y_FRAMER_SIZE_MIN < 4096);
	return check_end("exchange");
}

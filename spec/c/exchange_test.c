/*
 * The exchange on a clock that stands still until a step moves it. Each scenario is a
 * list of steps; what the module says is fed whole, byte by byte, and cut in two at
 * every place, and must give the same log.
 */
#include "check.h"
#include "exchange.h"

#include <stdlib.h>

enum step_type { END, CMD, DATA, SAY, MS, LOG, WROTE, SETTLE, FENCE_FIRST };

struct step {
	enum step_type type;
	const char *text; /* CMD, SAY, LOG, WROTE: the expected bytes */
	int number;	  /* MS: how many; SETTLE: the kind */
};

#define CMD(text)            \
	{                    \
		CMD, text, 0 \
	}
#define CMD2(text, d)        \
	{DATA, d, 0},        \
	{                    \
		CMD, text, 0 \
	}
#define SAY(text)            \
	{                    \
		SAY, text, 0 \
	}
#define MS(n)               \
	{                   \
		MS, NULL, n \
	}
#define LOG(text)            \
	{                    \
		LOG, text, 0 \
	}
#define WROTE(text)            \
	{                      \
		WROTE, text, 0 \
	}
#define SETTLE(kind)               \
	{                          \
		SETTLE, NULL, kind \
	}

struct scenario {
	const char *name;
	struct step steps[24];
};

struct bench {
	struct bc260y_exchange x;
	uint8_t buffer[BC260Y_FRAMER_SIZE_MIN];
	uint64_t now_ms;
	char log[4096];
	size_t log_size;
	char wrote[4096];
	size_t wrote_size;
};

static void note(struct bench *bench, const char *text, size_t size)
{
	if (bench->log_size + size + 1 < sizeof(bench->log)) {
		memcpy(bench->log + bench->log_size, text, size);
		bench->log_size += size;
		bench->log[bench->log_size] = 0;
	}
}

/* Whether the line behind the event is worth noting. */
static int says(const struct bc260y_event *event)
{
	if (event->type == BC260Y_EVENT_RESULT)
		return event->status == BC260Y_STATUS_ERROR;
	return event->size && event->type != BC260Y_EVENT_TRUSTED &&
	       event->type != BC260Y_EVENT_PAYLOAD;
}

static void note_event(struct bench *bench, const struct bc260y_event *event)
{
	static const char *const types[] = {"",	      "info", "result", "urc",	 "payload",
					    "orphan", "torn", "over",	"reset", "trusted"};
	static const char *const statuses[] = {"ok",   "error",	    "fail",  "timeout",
					       "torn", "no prompt", "reset", "no response"};
	char head[64];

	note(bench, types[event->type], strlen(types[event->type]));
	if (event->type == BC260Y_EVENT_RESULT) {
		snprintf(head, sizeof(head), " %s %d%s", statuses[event->status], event->code,
			 event->doubtful ? " doubtful" : "");
		note(bench, head, strlen(head));
	} else if (event->type == BC260Y_EVENT_PAYLOAD) {
		snprintf(head, sizeof(head), " %u ", event->id);
		note(bench, head, strlen(head));
		note(bench, (const char *)event->bytes, event->size);
	}
	if (says(event)) {
		note(bench, " ", 1);
		note(bench, (const char *)event->bytes, event->size);
	}
	note(bench, "|", 1);
}

static void turn(struct bench *bench)
{
	struct bc260y_event event;
	const uint8_t *bytes;
	size_t count;
	int rounds = 0;

	do {
		while (bc260y_exchange_next(&bench->x, &event, bench->now_ms))
			note_event(bench, &event);
		count = bc260y_exchange_output(&bench->x, &bytes, bench->now_ms);
		if (count && bench->wrote_size + count < sizeof(bench->wrote)) {
			memcpy(bench->wrote + bench->wrote_size, bytes, count);
			bench->wrote_size += count;
			bench->wrote[bench->wrote_size] = 0;
		}
		bc260y_exchange_written(&bench->x, count, bench->now_ms);
		CHECK(++rounds < 300);
	} while (count || bc260y_exchange_deadline(&bench->x) == 0);
}

static void say(struct bench *bench, const char *text, size_t size)
{
	turn(bench);
	bc260y_exchange_feed(&bench->x, text, size, bench->now_ms);
	turn(bench);
}

/* Advances to each deadline on the way, as a driver would. */
static void pass(struct bench *bench, int ms)
{
	uint64_t until_ms = bench->now_ms + (uint64_t)ms;
	uint64_t next_ms;

	turn(bench);
	while ((next_ms = bc260y_exchange_deadline(&bench->x)) <= until_ms) {
		if (next_ms > bench->now_ms)
			bench->now_ms = next_ms;
		turn(bench);
		if (bc260y_exchange_deadline(&bench->x) <= bench->now_ms) {
			CHECK(!"a deadline that has passed stays");
			return;
		}
	}
	bench->now_ms = until_ms;
	turn(bench);
}

/* cut: -1 whole, 0 byte by byte, else the place at which to cut. */
static void say_cut(struct bench *bench, const char *text, int cut)
{
	size_t size = strlen(text);

	if (cut == 0) {
		for (size_t i = 0; i < size; i++)
			say(bench, text + i, 1);
	} else if (cut > 0 && (size_t)cut < size) {
		say(bench, text, (size_t)cut);
		say(bench, text + cut, size - (size_t)cut);
	} else {
		say(bench, text, size);
	}
}

static void compare(const char *scenario, int step, int cut, const char *what, const char *got,
		    const char *want)
{
	int same = !strcmp(got, want);

	CHECK(same);
	if (!same)
		fprintf(stderr, "%s, step %d, cut %d: %s\n\tgot  %s\n\twant %s\n", scenario, step,
			cut, what, got, want);
}

static void start(struct bench *bench, const char *text, const char *data)
{
	struct bc260y_command command = {.text = text, .text_size = strlen(text)};
	const char *fault;

	if (data) {
		command.data = (const uint8_t *)data;
		command.data_size = strlen(data);
	}
	CHECK_INT(bc260y_exchange_start(&bench->x, &command, &fault), 0);
	turn(bench);
}

static void play(const struct scenario *scenario, int cut)
{
	static struct bench bench;
	const char *data = NULL;

	memset(&bench, 0, sizeof(bench));
	bench.now_ms = 1000000;
	bc260y_exchange_init(&bench.x, bench.buffer, sizeof(bench.buffer));
	for (int i = 0; scenario->steps[i].type != END; i++) {
		const struct step *step = &scenario->steps[i];

		if (step->type == DATA)
			data = step->text;
		if (step->type == CMD) {
			start(&bench, step->text, data);
			data = NULL;
		}
		if (step->type == SAY)
			say_cut(&bench, step->text, cut);
		if (step->type == MS)
			pass(&bench, step->number);
		if (step->type == SETTLE)
			bc260y_exchange_settle(&bench.x, (enum bc260y_second)step->number, 0);
		if (step->type == FENCE_FIRST)
			bc260y_exchange_fence(&bench.x);
		if (step->type == LOG) {
			compare(scenario->name, i, cut, "log", bench.log, step->text);
			bench.log_size = 0;
			bench.log[0] = 0;
		}
		if (step->type == WROTE) {
			compare(scenario->name, i, cut, "wrote", bench.wrote, step->text);
			bench.wrote_size = 0;
			bench.wrote[0] = 0;
		}
	}
}

#define CSQ	   "\r\n+CSQ: 20,0\r\n\r\nOK\r\n"
#define FENCE	   "\r\n+CSQ: 9,9\r\n\r\nOK\r\n"
#define ALL_FENCES "AT+X\rAT+CSQ\rAT+CGSN=1\rAT+QICFG=\"dataformat\"\rAT+CGPADDR\rAT+CSQ\rAT\r"
#define CR16	   "\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r"

static const struct scenario scenarios[] = {
	{"a query",
	 {CMD("AT+CSQ"), WROTE("AT+CSQ\r"), SAY(CSQ), LOG("info +CSQ: 20,0|result ok -1|")}},
	{"an echo is swallowed, once",
	 {CMD("AT"), SAY("AT\r\r\nAT\r\nOK\r\n"), LOG("urc AT|result ok -1|")}},
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
	  SAY("\r\n+CEREG: 2\r\n\r\n+CEREG: 1,\"4C10\",\"084958B4\",9\r\n\r\n+CEREG: 1,1\r\n\r\nOK\r\n"),
	  LOG("urc +CEREG: 2|urc +CEREG: 1,\"4C10\",\"084958B4\",9|info +CEREG: 1,1|result ok -1|")}},
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
	{"a second result whose OK never comes counts after a grace, and a fence follows",
	 {CMD("AT+QISEND=0,1,\"a\""), SAY("\r\nSEND FAIL\r\n"), LOG(""), MS(300),
	  LOG("result fail -1|"), WROTE("AT+QISEND=0,1,\"a\"\r"), CMD("AT"), WROTE("AT+CSQ\r"),
	  SAY("\r\nOK\r\n"), LOG("orphan OK|"), SAY(FENCE), WROTE("AT\r"), SAY("\r\nOK\r\n"),
	  LOG("result ok -1|")}},
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
	{"OK before the prompt is fenced off, since another OK may follow",
	 {CMD2("AT+QISEND=0,3", "xyz"), SAY("\r\nOK\r\n\r\n>"), MS(5), WROTE("AT+QISEND=0,3\rxyz"),
	  SAY("\r\nSEND OK\r\n"), LOG("result ok 0|"), CMD("AT"), WROTE("AT+CSQ\r"),
	  SAY("\r\nOK\r\n" FENCE), LOG("orphan OK|"), WROTE("AT\r")}},
	{"no prompt: CRs fill the declared length, then a fence",
	 {CMD2("AT+QISEND=0,18", "123456789012345678"), MS(5000), LOG("result no prompt -1|"),
	  WROTE("AT+QISEND=0,18\r" CR16 "\r\r"), CMD("AT"), WROTE("AT+CSQ\r"), SAY("\r\n>"),
	  LOG("orphan >|"), WROTE(CR16 "\r\r"), SAY("\r\nOK\r\n\r\nSEND OK\r\n" FENCE),
	  LOG("orphan OK|orphan SEND OK|"), WROTE("AT\r")}},
	{"a name with two addresses",
	 {CMD("AT+QIDNSGIP=0,\"h\""),
	  SAY("\r\nOK\r\n\r\n+QIDNSGIP: 0,2,0\r\n\r\n+QIDNSGIP: \"1.2.3.4\"\r\n"
	      "\r\n+QIDNSGIP: 5.6.7.8\r\n"),
	  LOG("info +QIDNSGIP: 0,2,0|info +QIDNSGIP: \"1.2.3.4\"|info +QIDNSGIP: 5.6.7.8|result ok 0|")}},
	{"the first address may be all, after a quiet",
	 {CMD("AT+QIDNSGIP=0,\"h\""),
	  SAY("\r\nOK\r\n\r\n+QIDNSGIP: 0,2,0\r\n\r\n+QIDNSGIP: 1.2.3.4\r\n"),
	  LOG("info +QIDNSGIP: 0,2,0|info +QIDNSGIP: 1.2.3.4|"), MS(200), LOG("result ok 0|"),
	  SAY("\r\n+QIDNSGIP: 5.6.7.8\r\n"), LOG("orphan +QIDNSGIP: 5.6.7.8|")}},
	{"a name that fails",
	 {CMD("AT+QIDNSGIP=0,\"h\""), SAY("\r\nOK\r\n\r\n+QIDNSGIP: 565\r\n"),
	  LOG("result fail 565|")}},
	{"a late answer is an orphan, before and behind the fence",
	 {CMD("AT+CGATT?"), MS(5000), LOG("result timeout -1|"), WROTE("AT+CGATT?\r"),
	  SAY("\r\n+CGATT: 1\r\n"), LOG("orphan +CGATT: 1|"), CMD("AT+CIMI"), WROTE("AT+CSQ\r"),
	  SAY("\r\nOK\r\n\r\n460\r\n"), LOG("orphan OK|orphan 460|"), SAY(FENCE), LOG(""),
	  WROTE("AT+CIMI\r"), SAY("\r\n461\r\n\r\nOK\r\n"), LOG("info 461|result ok -1|")}},
	{"a fence's own late answer is none of the next fence",
	 {CMD("AT+X"), MS(5000), CMD("AT+Y"), MS(5000), LOG("result timeout -1|"),
	  WROTE("AT+X\rAT+CSQ\rAT+CGSN=1\r"), SAY("\r\nOK\r\n" FENCE),
	  LOG("orphan OK|orphan +CSQ: 9,9|orphan OK|"), SAY("\r\n+CGSN: 1\r\n\r\nOK\r\n"),
	  WROTE("AT+Y\r"), SAY("\r\nOK\r\n"), LOG("result ok -1|")}},
	{"a fence never uses the prefix of the query that timed out",
	 {CMD("AT+CSQ"), MS(5000), CMD("AT"), WROTE("AT+CSQ\rAT+CGSN=1\r"), SAY(CSQ),
	  LOG("result timeout -1|orphan +CSQ: 20,0|orphan OK|")}},
	{"no fence left: no response, until an answer drains one",
	 {CMD("AT+X"), MS(5000), CMD("AT+Y"), MS(20000),
	  LOG("result timeout -1|result no response -1|"),
	  WROTE("AT+X\rAT+CSQ\rAT+CGSN=1\rAT+QICFG=\"dataformat\"\rAT+CGPADDR\r"), CMD("AT+Y"),
	  LOG("result no response -1|"), SAY(FENCE), LOG("orphan +CSQ: 9,9|orphan OK|"),
	  CMD("AT+Y"), WROTE("AT+CSQ\r"), SAY(FENCE), WROTE("AT+Y\r")}},
	{"RDY brings the line back whatever is owed, behind one more fence",
	 {CMD("AT+X"), MS(5000), CMD("AT+Y"), MS(20000),
	  LOG("result timeout -1|result no response -1|"), SAY("\r\nRDY\r\n"), LOG("reset|"),
	  CMD("AT"), SAY("AT+CSQ\r" FENCE), WROTE(ALL_FENCES), SAY("AT\r\r\nOK\r\n"),
	  LOG("result ok -1|")}},
	{"what was on its way when RDY came may be answered after it",
	 {CMD("AT+CSQ"), SAY("\r\nRDY\r\n"), LOG("result reset -1|reset|"), CMD("AT+CSQ"),
	  WROTE("AT+CSQ\rAT+CGSN=1\r"), SAY(CSQ), LOG("orphan +CSQ: 20,0|orphan OK|"),
	  SAY("\r\nRDY\r\n"), LOG("result reset -1|reset|"), CMD("AT+CSQ"),
	  WROTE("AT+QICFG=\"dataformat\"\r"), SAY("\r\n+CGSN: 1\r\n\r\nOK\r\n"),
	  LOG("orphan +CGSN: 1|orphan OK|")}},
	{"RDY fails what is in flight",
	 {CMD("AT+CSQ"), SAY("\r\nRDY\r\n\r\n+CFUN: 1\r\n"),
	  LOG("result reset -1|reset|urc +CFUN: 1|")}},
	{"an owed open is told by its id, and by nothing where that is the same",
	 {CMD("AT+QIOPEN=0,1,\"TCP\",\"h\",80,0,1"), SAY("\r\nOK\r\n"), MS(65000),
	  LOG("result timeout -1|"), CMD("AT+QIOPEN=0,2,\"TCP\",\"h\",80,0,1"),
	  SAY("\r\nOK\r\n\r\n+QIOPEN: 1,0\r\n"), LOG("orphan +QIOPEN: 1,0|"),
	  SAY("\r\n+QIOPEN: 2,0\r\n"), LOG("info +QIOPEN: 2,0|result ok 0|"),
	  CMD("AT+QIOPEN=0,1,\"TCP\",\"h\",80,0,1"), SAY("\r\nOK\r\n"), MS(65000),
	  CMD("AT+QIOPEN=0,1,\"TCP\",\"h\",80,0,1"), SAY("\r\nOK\r\n\r\n+QIOPEN: 1,0\r\n"),
	  LOG("result timeout -1|orphan +QIOPEN: 1,0|"), SAY("\r\n+QIOPEN: 1,569\r\n"),
	  LOG("orphan +QIOPEN: 1,569|result timeout -1|")}},
	{"while a SEND OK is owed no send succeeds; once both are in, the next may",
	 {CMD("AT+QISEND=0,1,\"a\""), SAY("\r\nOK\r\n"), MS(10000), LOG("result timeout -1|"),
	  CMD("AT+QISEND=0,1,\"b\""), SAY("\r\nOK\r\n\r\nSEND OK\r\n"), LOG("orphan SEND OK|"),
	  SAY("\r\nSEND FAIL\r\n"), LOG("orphan SEND FAIL|result timeout -1|"),
	  CMD("AT+QISEND=0,1,\"c\""), SAY("\r\nOK\r\n\r\nSEND OK\r\n"), LOG("result ok 0|")}},
	{"a send that is refused owes nothing",
	 {CMD("AT+QISEND=0,1,\"a\""), SAY("\r\nOK\r\n"), MS(10000), LOG("result timeout -1|"),
	  CMD("AT+QISEND=0,1,\"b\""), SAY("\r\nERROR\r\n\r\nSEND OK\r\n"),
	  LOG("result error -1 ERROR|orphan SEND OK|"), CMD("AT+QISEND=0,1,\"c\""),
	  SAY("\r\nOK\r\n\r\nSEND OK\r\n"), LOG("result ok 0|")}},
	{"one lost SEND OK does not shift the others for ever",
	 {CMD("AT+QISEND=0,1,\"a\""), SAY("\r\nOK\r\n"), MS(10000), CMD("AT+QISEND=0,1,\"b\""),
	  SAY("\r\nOK\r\n\r\nSEND OK\r\n"), MS(10000), CMD("AT+QISEND=0,1,\"c\""),
	  SAY("\r\nOK\r\n\r\nSEND OK\r\n"), MS(20001), CMD("AT+QISEND=0,1,\"d\""),
	  LOG("result timeout -1|orphan SEND OK|result timeout -1|orphan SEND OK|result timeout -1|"),
	  SAY("\r\nOK\r\n\r\nSEND OK\r\n"), LOG("result ok 0|")}},
	{"once counted, the next success is doubtful until the late line has come",
	 {CMD("AT+QISEND=0,1,\"a\""), SAY("\r\nOK\r\n"), MS(10000), LOG("result timeout -1|"),
	  CMD("AT+QISEND=0,0"), SAY("\r\n+QISEND: 1,1,0\r\n\r\nOK\r\n"),
	  LOG("info +QISEND: 1,1,0|result ok -1|"), SETTLE(BC260Y_SECOND_SEND),
	  CMD("AT+QISEND=0,1,\"b\""), SAY("\r\nOK\r\n\r\nSEND OK\r\n"),
	  LOG("result ok 0 doubtful|"), SAY("\r\nSEND OK\r\n"), LOG("orphan SEND OK|"),
	  CMD("AT+QISEND=0,1,\"c\""), SAY("\r\nOK\r\n\r\nSEND OK\r\n"), LOG("result ok 0|")}},
	{"the count query may end in SEND OK, or be followed by one",
	 {CMD("AT+QISEND=0,0"), SAY("\r\n+QISEND: 3,0,3\r\n\r\nSEND OK\r\n"),
	  LOG("info +QISEND: 3,0,3|result ok -1|"), WROTE("AT+QISEND=0,0\r"), CMD("AT+QISEND=0,0"),
	  WROTE("AT+CSQ\r"), SAY("\r\nOK\r\n" FENCE), LOG("orphan OK|"), WROTE("AT+QISEND=0,0\r"),
	  SAY("\r\n+QISEND: 3,0,3\r\n\r\nOK\r\n"), LOG("info +QISEND: 3,0,3|result ok -1|"),
	  CMD("AT+QISEND=0,1,\"a\""), SAY("\r\nSEND OK\r\n\r\nOK\r\n"), LOG("orphan SEND OK|"),
	  SAY("\r\nSEND FAIL\r\n"), LOG("result fail -1|")}},
	{"a torn frame ends what is in flight, and nothing is believed before the fence",
	 {CMD("AT+CSQ"), SAY("\r\n+QIURC: \"recv\",0,9,\"ab\r\nOK\r\nRDY\r\n\"\r\n" CSQ),
	  LOG("torn +QIURC: \"recv\",0,9,\"ab|result torn -1|torn OK|torn RDY|torn \"|"
	      "torn +CSQ: 20,0|torn OK|"),
	  MS(99), WROTE("AT+CSQ\r"), MS(1), WROTE("AT+CGSN=1\r"),
	  SAY("\r\n+IP: 1.2.3.4\r\n\r\n+CGSN: 1\r\n\r\nOK\r\n"), LOG("torn +IP: 1.2.3.4|trusted|"),
	  CMD("AT"), WROTE("AT\r"), SAY("\r\nOK\r\n"), LOG("result ok -1|")}},
	{"a payload that stalls is abandoned",
	 {CMD("AT"), SAY("\r\n+QIURC: \"recv\",0,100,\"abc"), MS(499), LOG(""), MS(1),
	  LOG("torn +QIURC: \"recv\",0,100,\"abc|result torn -1|")}},
	{"no command starts while a payload is half received, and deadlines pause",
	 {CMD("AT+X"), SAY("\r\n+QIURC: \"recv\",0,4,\"ab"), MS(400), SAY("c"), MS(400),
	  SAY("d\"\r\n"), MS(4999), LOG("payload 0 abcd|"), MS(801), LOG("result timeout -1|"),
	  SAY("\r\n+QIURC: \"recv\",0,4,\"ab"), WROTE("AT+X\r"), CMD("AT"), WROTE(""),
	  SAY("cd\"\r\n"), WROTE("AT+CSQ\r"), LOG("payload 0 abcd|")}},
	{"test answers are no results",
	 {CMD("AT+QIOPEN=?"), SAY("\r\n+QIOPEN: (0),(0-4),\"TCP/UDP\"\r\n\r\nOK\r\n"),
	  LOG("info +QIOPEN: (0),(0-4),\"TCP/UDP\"|result ok -1|")}},
	{"lower case is a command too",
	 {CMD("at+csq"), SAY(CSQ), LOG("info +CSQ: 20,0|result ok -1|")}},
	{"who asks for a fence gets one before the next command",
	 {{FENCE_FIRST, NULL, 0},
	  CMD("AT"),
	  WROTE("AT+CSQ\r"),
	  SAY("\r\nOK\r\n" FENCE),
	  LOG("orphan OK|"),
	  WROTE("AT\r"),
	  SAY("\r\nOK\r\n"),
	  LOG("result ok -1|")}},
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
	CHECK(bc260y_exchange_busy(&bench.x));
	CHECK(bc260y_exchange_deadline(&bench.x) == BC260Y_NEVER);
	bc260y_exchange_written(&bench.x, 4, BC260Y_WRITE_MS);
	CHECK(!bc260y_exchange_busy(&bench.x));
}

int main(void)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		for (int cut = -1; cut < 130; cut++)
			play(&scenarios[i], cut);
	test_refusals();
	test_stuck_line();
	CHECK(sizeof(struct bc260y_exchange) + BC260Y_FRAMER_SIZE_MIN < 4096);
	return check_end("exchange");
}

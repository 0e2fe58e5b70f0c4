/*
 * Plays scenarios against the exchange on a clock that stands still until a step moves
 * it. What the module says is fed whole, byte by byte, and cut in two at every place,
 * and must give the same log.
 */
#ifndef BC260Y_EXCHANGE_PLAY_H
#define BC260Y_EXCHANGE_PLAY_H

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
	static const char *const statuses[] = {"ok",	  "error",	 "fail",
					       "timeout", "torn",	 "no prompt",
					       "reset",	  "no response", "overflow"};
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

static inline void play_all(const struct scenario *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (int cut = -1; cut < 130; cut++)
			play(&list[i], cut);
}

#endif

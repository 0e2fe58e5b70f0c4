/*
 * Plays every transcript to the exchange, on a clock that only the transcript moves:
 * whole, byte by byte, and each stream cut in two at every place.
 *
 * It knows what has to come of each step. What a transcript is, is in transcript.h.
 * With an argument it lists the files and how often each was played.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdlib.h>

#include "check.h"
#include "exchange.h"
#include "transcript.h"

#define START_MS 1000000u

struct cut {
	enum { CUT_NOT, CUT_BYTES, CUT_AT } how;
	unsigned step; /* CUT_AT: of which step's stream, */
	size_t place;  /* and where */
};

struct stage {
	struct bc260y_exchange x;
	uint8_t buffer[BC260Y_FRAMER_SIZE_MIN];
	uint64_t now_ms;
	struct bytes events; /* of the step that is played */
	struct bytes writes;
	const char *fault;
};

static void note_event(struct stage *stage, const struct bc260y_event *event)
{
	static const char *const types[] = {"",	      "info", "result",	  "urc",   "payload",
					    "orphan", "torn", "overflow", "reset", "trusted"};
	static const char *const statuses[] = {"ok",	  "error",	 "fail",
					       "timeout", "torn",	 "no prompt",
					       "reset",	  "no response", "overflow"};
	bool result = event->type == BC260Y_EVENT_RESULT;
	struct bytes text = {0};
	char head[64] = "";

	if (result && event->code >= 0 && event->status != BC260Y_STATUS_OK)
		snprintf(head, sizeof(head), " %s %d", statuses[event->status], event->code);
	else if (result)
		snprintf(head, sizeof(head), " %s", statuses[event->status]);
	else if (event->type == BC260Y_EVENT_OVERFLOW)
		snprintf(head, sizeof(head), " %zu", event->size);
	else if (event->type == BC260Y_EVENT_TORN && event->id == BC260Y_ID_NONE)
		snprintf(head, sizeof(head), " -");
	else if (event->type == BC260Y_EVENT_TORN || event->type == BC260Y_EVENT_PAYLOAD)
		snprintf(head, sizeof(head), " %u", event->id);
	bytes_add(&text, types[event->type], strlen(types[event->type]));
	bytes_add(&text, head, strlen(head));
	if (result && event->doubtful)
		bytes_add(&text, " doubtful", 9);
	if (!result && event->bytes && event->type < BC260Y_EVENT_OVERFLOW) {
		bytes_add(&text, " ", 1);
		bytes_add(&text, event->bytes, event->size);
	}
	transcript_note(&stage->events, &text);
	free(text.data);
}

/* Takes all events and writes all that is due, until both are at an end. */
static void turn(struct stage *stage)
{
	struct bc260y_event event;
	const uint8_t *bytes;
	size_t count;
	int rounds = 0;

	do {
		while (bc260y_exchange_next(&stage->x, &event, stage->now_ms))
			note_event(stage, &event);
		count = bc260y_exchange_output(&stage->x, &bytes, stage->now_ms);
		bytes_add(&stage->writes, bytes, count);
		bc260y_exchange_written(&stage->x, count, stage->now_ms);
		if (++rounds > 300) {
			stage->fault = "it never comes to rest";
			return;
		}
	} while (count || bc260y_exchange_deadline(&stage->x) == 0);
}

static void start(struct stage *stage, const struct step *step)
{
	struct bc260y_command command = {
		.text = (const char *)step->bytes.data,
		.text_size = step->bytes.size,
		.data = step->data.data,
		.data_size = step->data.size,
		.prefix = (const char *)step->prefix.data,
		.prefix_size = step->prefix.size,
		.timeout_ms = step->timeout_ms,
		.bare = step->bare,
	};
	const char *fault;

	if (step->fence)
		bc260y_exchange_fence(&stage->x);
	if (bc260y_exchange_start(&stage->x, &command, &fault))
		stage->fault = "the command is refused";
	turn(stage);
}

static void feed(struct stage *stage, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		size_t took = bc260y_exchange_feed(&stage->x, bytes, size, stage->now_ms);

		turn(stage);
		if (!took || stage->fault)
			return;
		bytes += took;
		size -= took;
	}
}

static void say(struct stage *stage, const struct bytes *stream, const struct cut *cut, bool here)
{
	size_t place = cut->how == CUT_AT && here ? cut->place : stream->size;

	if (cut->how == CUT_BYTES) {
		for (size_t i = 0; i < stream->size; i++)
			feed(stage, stream->data + i, 1);
		return;
	}
	feed(stage, stream->data, place);
	feed(stage, stream->data + place, stream->size - place);
}

/* Goes from deadline to deadline, as a driver would. */
static void pass(struct stage *stage, uint64_t ms)
{
	uint64_t until_ms = stage->now_ms + ms;
	uint64_t next_ms;

	while ((next_ms = bc260y_exchange_deadline(&stage->x)) <= until_ms) {
		if (next_ms > stage->now_ms)
			stage->now_ms = next_ms;
		turn(stage);
		if (bc260y_exchange_deadline(&stage->x) <= stage->now_ms) {
			stage->fault = "a deadline that has passed stays";
			return;
		}
	}
	stage->now_ms = until_ms;
	turn(stage);
}

/* What attach leaves behind: one fence has passed. */
static void attach(struct stage *stage)
{
	static const char fence[] = "\r\n+CSQ: 20,0\r\n\r\nOK\r\n";
	struct step step = {.bytes = {(uint8_t *)"AT", 2}, .fence = true};

	start(stage, &step);
	feed(stage, (const uint8_t *)fence, sizeof(fence) - 1);
	feed(stage, (const uint8_t *)"\r\nOK\r\n", 6);
	CHECK_MEM(stage->writes.data, stage->writes.size, "AT+CSQ\rAT\r", 10);
	stage->writes.size = stage->events.size = 0;
}

static void show(const char *what, const struct bytes *bytes)
{
	fprintf(stderr, "\t%s", what);
	for (size_t i = 0; i < bytes->size && i < 600; i++) {
		uint8_t byte = bytes->data[i];

		if (byte >= ' ' && byte <= '~' && byte != '\\')
			fputc(byte, stderr);
		else
			fprintf(stderr, "\\x%02X", byte);
	}
	fputc('\n', stderr);
}

static bool same(const struct bytes *got, const struct bytes *want)
{
	return got->size == want->size && (!got->size || !memcmp(got->data, want->data, got->size));
}

/* False: it is not as it is written. */
static bool compare(const struct transcript *t, const struct step *step, const struct cut *cut,
		    const struct stage *stage)
{
	bool events = same(&stage->events, &step->events);
	bool writes = same(&stage->writes, &step->writes);
	bool good = events && writes && !stage->fault;

	CHECK(good);
	if (good)
		return true;
	fprintf(stderr, "%s:%u, cut %d at %zu of step %u: %s\n", t->name, step->line, cut->how,
		cut->place, cut->step, stage->fault ? stage->fault : "");
	if (!events) {
		show("events ", &stage->events);
		show("want   ", &step->events);
	}
	if (!writes) {
		show("written ", &stage->writes);
		show("want    ", &step->writes);
	}
	return false;
}

static bool play(const struct transcript *t, const struct cut *cut)
{
	static struct stage stage;
	bool good = true;

	memset(&stage, 0, sizeof(stage));
	stage.now_ms = START_MS;
	bc260y_exchange_init(&stage.x, stage.buffer, sizeof(stage.buffer));
	if (t->attached)
		attach(&stage);
	for (unsigned i = 0; i < t->step_count && good; i++) {
		const struct step *step = &t->steps[i];

		stage.events.size = stage.writes.size = 0;
		if (step->type == STEP_START)
			start(&stage, step);
		else if (step->type == STEP_PASS)
			pass(&stage, step->ms);
		else
			say(&stage, &step->bytes, cut, i == cut->step);
		good = compare(t, step, cut, &stage);
	}
	CHECK(!good || !bc260y_exchange_busy(&stage.x));
	free(stage.events.data);
	free(stage.writes.data);
	return good;
}

/* Until one way of cutting goes wrong. Result: how often it was played. */
static unsigned long play_all(const struct transcript *t)
{
	struct cut cut = {.how = CUT_NOT};
	unsigned long count = 2;

	if (!play(t, &cut))
		return count;
	cut.how = CUT_BYTES;
	if (!play(t, &cut))
		return count;
	cut.how = CUT_AT;
	for (cut.step = 0; cut.step < t->step_count; cut.step++) {
		const struct step *step = &t->steps[cut.step];
		size_t size = step->type == STEP_SAY ? step->bytes.size : 0;

		for (cut.place = 1; cut.place < size; cut.place++, count++)
			if (!play(t, &cut))
				return count;
	}
	return count;
}

static void play_file(const char *directory, const char *name, bool list)
{
	static struct transcript t;
	char path[1024];
	unsigned long count;
	bool good;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	good = transcript_read(&t, path, name);
	CHECK(good);
	if (!good) {
		fprintf(stderr, "%s:%u: %s\n", name, t.line, t.fault);
	} else {
		CHECK(t.step_count > 0);
		count = play_all(&t);
		if (list)
			printf("%s: %lu plays\n", name, count);
	}
	transcript_free(&t);
}

static int is_transcript(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 4 && !strcmp(entry->d_name + size - 4, ".txt");
}

int main(int argc, char **argv)
{
	const char *directory = getenv("BC260Y_TRANSCRIPTS");
	struct dirent **entries;
	int count;

	(void)argv;
	if (!directory)
		directory = "spec/transcripts";
	count = scandir(directory, &entries, is_transcript, alphasort);
	CHECK(count > 0);
	for (int i = 0; i < count; i++) {
		play_file(directory, entries[i]->d_name, argc > 1);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return check_end("transcript");
}

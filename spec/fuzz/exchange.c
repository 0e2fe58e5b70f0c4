/*
 * Fuzzes the exchange with a script of commands, bytes and time. Played twice, with
 * each piece whole and cut, it must give the same events; every step must end; each
 * command that was taken has one result, and nothing else has; and a whole payload
 * frame on a clean line gives that payload or is torn, never a result, a URC or an
 * orphan.
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#define STEP_COUNT_MAX	20000
#define SCRIPT_STEP_MAX 400

static void must(int held)
{
	if (!held)
		abort();
}

struct player {
	struct bc260y_exchange x;
	uint8_t buffer[BC260Y_FRAMER_SIZE_MIN];
	uint64_t now_ms;
	uint64_t hash;
	uint32_t seed;
	int cut;      /* feed in pieces */
	int in_frame; /* a well-formed payload frame is being fed on a clean line */
	int asked;    /* a command was taken that has no result yet */
	unsigned steps;
};

static const char *const commands[] = {
	"AT",
	"AT+CSQ",
	"ATI",
	"AT+CEREG?",
	"AT+QIOPEN=0,1,\"TCP\",\"h\",80,0,1",
	"AT+QICLOSE=1",
	"AT+QISEND=1,3,\"abc\"",
	"AT+QISEND=1,0",
	"AT+QISEND=1,4",
	"AT+QIDNSGIP=0,\"h\"",
	"AT+QISTATE?",
	"at+x",
	"AT+CGSN=1",
	"AT+QICFG=\"dataformat\"",
	"AT+CGPADDR",
	"AT+QPING=0,\"h\",4,2,64",
	"AT+QPING=0,\"h\",255,10,1500",
	"AT+QNTP=0,\"h\",123,1",
};
/* What a module may say to those, and what is seldom found by chance. */
static const char *const said[] = {
	"\r\nOK\r\n",
	"\r\nERROR\r\n",
	"\r\nSEND OK\r\n",
	"\r\nSEND FAIL\r\n",
	"\r\nCLOSE OK\r\n",
	"\r\n+QIOPEN: 1,0\r\n",
	"\r\n+QIOPEN: 1,566\r\n",
	"\r\n+QIDNSGIP: 0,2,300\r\n",
	"\r\n+QIDNSGIP: \"1.2.3.4\"\r\n",
	"\r\n+QIDNSGIP: 565\r\n",
	"\r\n+QPING: 0,\"1.2.3.4\",64,5,255\r\n",
	"\r\n+QPING: 0,1.2.3.4,64,5\r\n",
	"\r\n+QPING: 569\r\n",
	"\r\n+QPING: 0,2,1,1,5,5,5\r\n",
	"\r\n+QPING: 0,10,10,0,5,9,7\r\n",
	"\r\n+QPING: 0\r\n",
	"\r\n+QNTP: 0,\"19/06/11,11:08:20+32\"\r\n",
	"\r\n+QNTP: 569\r\n",
	"\r\n+CSQ: 20,0\r\n",
	"\r\n+CME ERROR: 50\r\n",
	"\r\nRDY\r\n",
	"\r\n> ",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t draw(struct player *p)
{
	p->seed = p->seed * 1664525u + 1013904223u;
	return p->seed >> 8;
}

static void mix(struct player *p, const void *bytes, size_t size)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < size; i++)
		p->hash = (p->hash ^ b[i]) * 1099511628211u;
}

static void take(struct player *p, const struct bc260y_event *event)
{
	must(event->type <= BC260Y_EVENT_TRUSTED);
	if (p->in_frame)
		must(event->type == BC260Y_EVENT_PAYLOAD || event->type == BC260Y_EVENT_TORN ||
		     (event->type == BC260Y_EVENT_RESULT &&
		      event->status >= BC260Y_STATUS_TIMEOUT));
	if (event->type == BC260Y_EVENT_RESULT) {
		must(event->status <= BC260Y_STATUS_OVERFLOW);
		must(p->asked);
		p->asked = 0;
	}
	mix(p, &event->type, 1);
	mix(p, &event->status, 1);
	mix(p, &event->code, sizeof(event->code));
	if (event->type == BC260Y_EVENT_OVERFLOW)
		mix(p, &event->size, sizeof(event->size));
	else if (event->size)
		mix(p, event->bytes, event->size);
}

static void drain(struct player *p)
{
	struct bc260y_event event;

	while (bc260y_exchange_next(&p->x, &event, p->now_ms)) {
		must(++p->steps < STEP_COUNT_MAX);
		take(p, &event);
	}
}

static void turn(struct player *p)
{
	const uint8_t *bytes;
	size_t count;

	do {
		drain(p);
		count = bc260y_exchange_output(&p->x, &bytes, p->now_ms);
		if (count)
			mix(p, bytes, count);
		bc260y_exchange_written(&p->x, count, p->now_ms);
		must(++p->steps < STEP_COUNT_MAX);
	} while (count || bc260y_exchange_deadline(&p->x) == 0);
}

static void feed(struct player *p, const uint8_t *bytes, size_t size)
{
	while (size) {
		size_t piece = p->cut ? 1 + draw(p) % 7 : size;
		size_t took;

		if (piece > size)
			piece = size;
		took = bc260y_exchange_feed(&p->x, bytes, piece, p->now_ms);
		must(took > 0);
		bytes += took;
		size -= took;
		/* What is written meanwhile would be another story, rightly told apart. */
		drain(p);
	}
}

static void say(struct player *p, const char *text)
{
	feed(p, (const uint8_t *)text, strlen(text));
	turn(p);
}

static void pass(struct player *p, uint64_t ms)
{
	uint64_t until_ms = p->now_ms + ms;
	uint64_t next_ms;

	while ((next_ms = bc260y_exchange_deadline(&p->x)) <= until_ms) {
		if (next_ms > p->now_ms)
			p->now_ms = next_ms;
		turn(p);
		must(bc260y_exchange_deadline(&p->x) > p->now_ms);
	}
	p->now_ms = until_ms;
}

static void start(struct player *p, uint8_t which)
{
	const char *text = commands[which % COUNT(commands)];
	struct bc260y_command command = {.text = text, .text_size = strlen(text)};
	const char *fault;

	if (!strcmp(text, "AT+QISEND=1,4")) {
		command.data = (const uint8_t *)"da\rt";
		command.data_size = 4;
	}
	command.bare = which & 0x80;
	if (bc260y_exchange_start(&p->x, &command, &fault) == 0) {
		must(!p->asked);
		p->asked = 1;
	}
	turn(p);
}

/* A frame of any of the four kinds, on a line of its own. */
static void frame(struct player *p, uint8_t kind, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t text[40 + 2 * 64];
	size_t at = 0;

	feed(p, (const uint8_t *)"\r\n", 2);
	if (bc260y_framer_in_payload(&p->x.framer) || p->x.framer.start != p->x.framer.end || !size)
		return;
	memcpy(text, "+QIURC: \"recv\",1,", 17);
	at = 17;
	if (size >= 10)
		text[at++] = (uint8_t)('0' + size / 10);
	text[at++] = (uint8_t)('0' + size % 10);
	text[at++] = ',';
	if (kind & 1)
		text[at++] = '"';
	for (size_t i = 0; i < size; i++) {
		if (kind & 2) {
			text[at++] = (uint8_t)digits[bytes[i] >> 4];
			text[at++] = (uint8_t)digits[bytes[i] & 15];
		} else {
			text[at++] = bytes[i];
		}
	}
	if (kind & 1)
		text[at++] = '"';
	text[at++] = '\r';
	text[at++] = '\n';
	p->in_frame = 1;
	feed(p, text, at);
	p->in_frame = 0;
}

static uint64_t play(const uint8_t *data, size_t size, int cut)
{
	static struct player player;
	struct player *p = &player;
	size_t at = 0;
	int steps = 0;

	memset(p, 0, sizeof(*p));
	p->cut = cut;
	p->now_ms = 5;
	p->hash = 14695981039346656037u;
	bc260y_exchange_init(&p->x, p->buffer, sizeof(p->buffer));
	while (at + 1 < size && steps++ < SCRIPT_STEP_MAX) {
		uint8_t op = data[at++];
		size_t length = op >> 3;

		if (length > size - at)
			length = size - at;
		switch (op & 7) {
		case 0:
			start(p, data[at++]);
			break;
		case 1:
			pass(p, (uint64_t)data[at++] * (length + 1) * 20);
			break;
		case 2:
			frame(p, data[at] & 3, data + at, length);
			turn(p);
			at += length;
			break;
		case 3:
			bc260y_exchange_settle(&p->x, (enum bc260y_second)(data[at] & 7),
					       data[at] >> 5);
			at++;
			break;
		case 4:
			say(p, said[length % COUNT(said)]);
			break;
		default:
			feed(p, data + at, length);
			turn(p);
			at += length;
		}
		p->steps = 0;
	}
	pass(p, 4000000);
	must(!bc260y_exchange_busy(&p->x) && !p->asked);
	return p->hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	must(play(data, size, 0) == play(data, size, 1));
	return 0;
}

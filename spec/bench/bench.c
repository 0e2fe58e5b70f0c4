/*
 * Runs the framer and the C baselines over a stream, and the bare command loop over a
 * line, and prints what each took.
 *
 * It knows how to measure itself. It does not know which figures are good (run.lua).
 *
 *   bench verify STREAM                both see the same units, however they are fed
 *   bench memory STREAM ROUNDS PASSES  a line a round: CPU seconds of each, interleaved
 *   bench pass   STREAM base|framer PASSES     for callgrind
 *   bench file   STREAM direct|buffered PASSES the baseline parser, in 512-byte pieces
 *   bench trips  at|send COUNT DEVICE  commands over a line: CPU, median, memory
 */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "base.h"
#include "framer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PIECE_SIZE  4096
#define FILE_PIECE  512
#define BUFFER_SIZE 8192
#define TRIPS_MAX   1000000

struct totals {
	unsigned long units;
	unsigned long types[BASE_TYPE_COUNT];
	unsigned long sizes;
	uint64_t hash;
	bool hashing;
};

static struct {
	uint8_t *bytes;
	size_t size;
} stream;

typedef void pass(size_t piece, struct totals *totals);

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void load(const char *path)
{
	FILE *file = fopen(path, "rb");
	long size;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) <= 0)
		fail(path);
	rewind(file);
	stream.size = (size_t)size;
	stream.bytes = malloc(stream.size);
	if (!stream.bytes || fread(stream.bytes, 1, stream.size, file) != stream.size)
		fail(path);
	fclose(file);
}

/* What a program does at least with a unit: looks at it. */
static void take(void *context, enum base_type type, int id, const uint8_t *bytes, size_t size)
{
	struct totals *totals = context;

	totals->units++;
	totals->types[type]++;
	totals->sizes += size;
	if (!totals->hashing)
		return;
	totals->hash = (totals->hash ^ ((unsigned)type << 4 | (unsigned)id)) * 0x100000001b3u;
	for (size_t i = 0; i < size; i++)
		totals->hash = (totals->hash ^ bytes[i]) * 0x100000001b3u;
}

typedef size_t parser(uint8_t *bytes, size_t size, base_unit *unit, void *context);

static void pass_buffer(size_t piece, struct totals *totals, parser *parse)
{
	static uint8_t buffer[BUFFER_SIZE];
	size_t held = 0, at, took;

	for (at = 0; at < stream.size; at += piece) {
		if (piece > stream.size - at)
			piece = stream.size - at;
		memcpy(buffer + held, stream.bytes + at, piece);
		held += piece;
		took = parse(buffer, held, take, totals);
		held -= took;
		memmove(buffer, buffer + took, held);
	}
}

static void pass_base(size_t piece, struct totals *totals)
{
	pass_buffer(piece, totals, base_parse);
}

static void pass_split(size_t piece, struct totals *totals)
{
	pass_buffer(piece, totals, base_split);
}

static void pass_framer(size_t piece, struct totals *totals)
{
	static uint8_t buffer[BUFFER_SIZE];
	static const enum base_type types[] = {BASE_LINE,   BASE_LINE, BASE_PAYLOAD,
					       BASE_PROMPT, BASE_TORN, BASE_TORN};
	struct bc260y_framer framer;
	struct bc260y_frame frame;
	enum bc260y_frame_type type;
	size_t at = 0;

	bc260y_framer_init(&framer, buffer, sizeof(buffer));
	while (at < stream.size) {
		if (piece > stream.size - at)
			piece = stream.size - at;
		at += bc260y_framer_feed(&framer, stream.bytes + at, piece);
		while ((type = bc260y_framer_next(&framer, &frame)) != BC260Y_FRAME_NONE)
			take(totals, types[type], type == BC260Y_FRAME_PAYLOAD ? frame.id : 0,
			     frame.bytes, frame.size);
	}
}

static void print_totals(const struct totals *totals)
{
	printf("units %lu lines %lu payloads %lu torn %lu sizes %lu", totals->units,
	       totals->types[BASE_LINE], totals->types[BASE_PAYLOAD], totals->types[BASE_TORN],
	       totals->sizes);
}

static int verify(char **args)
{
	static const size_t pieces[] = {PIECE_SIZE, FILE_PIECE, 1};
	struct totals first = {.hashing = true}, other;

	load(args[0]);
	pass_base(PIECE_SIZE, &first);
	for (size_t i = 0; i < 2 * sizeof(pieces) / sizeof(pieces[0]); i++) {
		other = (struct totals){.hashing = true};
		(i % 2 ? pass_base : pass_framer)(pieces[i / 2], &other);
		if (memcmp(&other, &first, sizeof(other)) || other.types[BASE_TORN]) {
			print_totals(&first);
			print_totals(&other);
			printf("\nthe parsers differ, or saw damage\n");
			return 1;
		}
	}
	print_totals(&first);
	printf(" bytes %zu\n", stream.size);
	return 0;
}

static double timed(pass *run, long passes)
{
	struct totals totals = {0};
	double start = cpu_seconds();

	for (long i = 0; i < passes; i++)
		run(PIECE_SIZE, &totals);
	return cpu_seconds() - start;
}

static int memory(char **args)
{
	long rounds = atol(args[1]), passes = atol(args[2]);

	load(args[0]);
	for (long i = 0; i < rounds; i++) {
		double base = timed(pass_base, passes);
		double framer = timed(pass_framer, passes);
		double split = timed(pass_split, passes);

		printf("base %.6f framer %.6f split %.6f\n", base, framer, split);
	}
	return 0;
}

static int pass_only(char **args)
{
	struct totals totals = {0};
	pass *run = strcmp(args[1], "base") ? pass_framer : pass_base;

	load(args[0]);
	for (long i = atol(args[2]); i > 0; i--)
		run(PIECE_SIZE, &totals);
	print_totals(&totals);
	printf("\n");
	return 0;
}

/* As on a line, each piece is a read of the system; or by way of stdio's buffer. */
static int file(char **args)
{
	static uint8_t buffer[BUFFER_SIZE];
	bool direct = !strcmp(args[1], "direct");
	struct totals totals = {0};
	FILE *input = fopen(args[0], "rb");
	size_t held = 0, took;
	ssize_t count;
	double start;

	if (!input)
		fail(args[0]);
	start = cpu_seconds();
	for (long i = atol(args[2]); i > 0; i--) {
		for (;;) {
			count = direct ? read(fileno(input), buffer + held, FILE_PIECE)
				       : (ssize_t)fread(buffer + held, 1, FILE_PIECE, input);
			if (count <= 0)
				break;
			held += (size_t)count;
			took = base_parse(buffer, held, take, &totals);
			held -= took;
			memmove(buffer, buffer + took, held);
		}
		rewind(input);
	}
	printf("cpu %.6f ", cpu_seconds() - start);
	print_totals(&totals);
	printf("\n");
	fclose(input);
	return 0;
}

static int open_line(const char *path)
{
	struct termios settings;
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || tcgetattr(fd, &settings))
		fail(path);
	cfmakeraw(&settings);
	if (tcsetattr(fd, TCSANOW, &settings))
		fail(path);
	return fd;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int trips(char **args)
{
	static const char at[] = "AT\r", at_final[] = "\r\nOK\r\n",
			  send_final[] = "\r\nSEND OK\r\n";
	static const char send[] = "AT+QISEND=0,32,\"0123456789abcdef0123456789abcdef\"\r";
	bool sends = !strcmp(args[0], "send");
	long count = atol(args[1]);
	int fd = open_line(args[2]);
	double *took, start, before;

	if (count < 1 || count > TRIPS_MAX || !(took = calloc((size_t)count, sizeof(*took))))
		return 2;
	start = cpu_seconds();
	for (long i = 0; i < count; i++) {
		before = now_seconds();
		if (sends ? base_command(fd, send, sizeof(send) - 1, send_final,
					 sizeof(send_final) - 1)
			  : base_command(fd, at, sizeof(at) - 1, at_final, sizeof(at_final) - 1))
			fail("trip");
		took[i] = now_seconds() - before;
	}
	printf("cpu %.6f ", cpu_seconds() - start);
	qsort(took, (size_t)count, sizeof(*took), by_size);
	printf("p50 %.9f trips %ld peak %ld\n", took[count / 2], count, peak_kib());
	free(took);
	close(fd);
	return 0;
}

int main(int count, char **args)
{
	static const struct {
		const char *name;
		int args;
		int (*run)(char **args);
	} modes[] = {
		{"verify", 1, verify}, {"memory", 3, memory}, {"pass", 3, pass_only},
		{"file", 3, file},     {"trips", 3, trips},
	};

	for (size_t i = 0; count > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(args[1], modes[i].name) && count == 2 + modes[i].args)
			return modes[i].run(args + 2);
	fprintf(stderr, "bench: see the top of bench.c for what it takes\n");
	return 2;
}

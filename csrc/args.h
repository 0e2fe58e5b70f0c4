/*
 * Reads and writes the arguments of an AT line, one after another.
 *
 * It knows the syntax (manual 2.2: commas, double quotes, omitted arguments)
 * and no command. Both sides keep the first error and turn every later call
 * into nothing, so a caller checks once, at the end.
 */
#ifndef BC260Y_ARGS_H
#define BC260Y_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BC260Y_ERR_ARGUMENT = -1, /* a value that may not go into an AT line */
	BC260Y_ERR_SPACE = -2,	  /* the buffer is too small */
	BC260Y_ERR_MISSING = -3,  /* an argument is not there, or empty */
	BC260Y_ERR_SYNTAX = -4,	  /* a quote or comma in the wrong place, or no number */
	BC260Y_ERR_RANGE = -5,	  /* a number outside its range, or a text too long */
	BC260Y_ERR_BUSY = -6	  /* a command is in flight */
};

struct bc260y_reader {
	const char *at;
	const char *end;
	int error;  /* 0 or the first BC260Y_ERR_* */
	bool first; /* no argument read yet: none needs a comma before it */
};

/* A text inside the line, not terminated; text is NULL when it was left out. */
struct bc260y_text {
	const char *text;
	size_t size;
	bool quoted;
};

/* Reads the arguments of line, what stands after prefix ("+CSQ") and ": ". Blanks
 * before an argument are skipped. Without that prefix the reader starts out with
 * BC260Y_ERR_SYNTAX. */
void bc260y_reader_init(struct bc260y_reader *reader, const char *line, size_t size,
			const char *prefix);
/* True when nothing is left (or an error stopped the reading). */
bool bc260y_reader_done(const struct bc260y_reader *reader);
/* The next argument: a decimal number min <= n <= max, without sign, at most
 * 4,294,967,295. Quotes round it are an error. */
int64_t bc260y_reader_number(struct bc260y_reader *reader, int64_t min, int64_t max);
/* The same where it may be empty or missing: false then, and *number is left alone. */
bool bc260y_reader_number_opt(struct bc260y_reader *reader, int64_t min, int64_t max,
			      int64_t *number);
/* The same with a minus in front of it or none, from -max to max. */
bool bc260y_reader_signed_opt(struct bc260y_reader *reader, int64_t max, int64_t *number);
/* The next argument as text, quoted or not, at most size_max bytes; NULL text when
 * empty without quotes or missing, which is no error. */
struct bc260y_text bc260y_reader_text(struct bc260y_reader *reader, size_t size_max);
/* Everything that is left, commas and quotes included, without outer quotes. */
struct bc260y_text bc260y_reader_rest(struct bc260y_reader *reader);

struct bc260y_writer {
	char *buffer;
	size_t size;
	size_t length;
	int error;	   /* 0 or the first BC260Y_ERR_* */
	const char *fault; /* the name of the argument that was refused */
	bool separate;	   /* the next argument needs a comma before it */
};

/* Starts a line with text, such as "AT+QIOPEN=". */
void bc260y_writer_init(struct bc260y_writer *writer, char *buffer, size_t size, const char *text);
/* 0 to 4,294,967,295, and within min and max. */
void bc260y_writer_number(struct bc260y_writer *writer, const char *name, int64_t number,
			  int64_t min, int64_t max);
/* A text in double quotes: 1 to size_max bytes, none of them a quote or a control
 * byte (0x00-0x1F, 0x7F). */
void bc260y_writer_quoted(struct bc260y_writer *writer, const char *name, const char *text,
			  size_t size, size_t size_max);
/* The same without the rule against quotes: QISEND's inline text is cut by its
 * length (4.1.5). Bytes 0x20-0x7E only. */
void bc260y_writer_inline(struct bc260y_writer *writer, const char *name, const char *text,
			  size_t size, size_t size_max);
/* Bytes as upper-case hex digits without quotes (4.1.6). */
void bc260y_writer_hex(struct bc260y_writer *writer, const char *name, const uint8_t *bytes,
		       size_t size, size_t size_max);
/* The line's length, or its first BC260Y_ERR_*. The line is not terminated. */
int bc260y_writer_finish(const struct bc260y_writer *writer);

#endif

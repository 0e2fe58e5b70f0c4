/*
 * Reading and writing the arguments of an AT line.
 *
 * It knows commas, quotes, decimal numbers and hex digits, and no command. The
 * first error stays; after it nothing is read and nothing is written.
 */
#include "args.h"

#include <string.h>

static void stop_reading(struct bc260y_reader *reader, int error)
{
	if (!reader->error)
		reader->error = error;
	reader->at = reader->end;
}

static void skip_blanks(struct bc260y_reader *reader)
{
	while (reader->at < reader->end && *reader->at == ' ')
		reader->at++;
}

/* True at the end of an argument, which is where an empty one begins. */
static bool at_separator(const struct bc260y_reader *reader)
{
	return reader->at == reader->end || *reader->at == ',';
}

void bc260y_reader_init(struct bc260y_reader *reader, const char *line, size_t size,
			const char *prefix)
{
	reader->at = line;
	reader->end = line + size;
	reader->error = 0;
	reader->first = true;
	for (; *prefix && reader->at < reader->end && *reader->at == *prefix; prefix++)
		reader->at++;
	if (*prefix) {
		stop_reading(reader, BC260Y_ERR_SYNTAX);
		return;
	}
	/* +CSQX is not +CSQ, but a line without arguments may leave out the colon. */
	if (reader->at > line && reader->at < reader->end && *reader->at++ != ':')
		stop_reading(reader, BC260Y_ERR_SYNTAX);
	skip_blanks(reader);
}

bool bc260y_reader_done(const struct bc260y_reader *reader)
{
	return reader->at == reader->end;
}

/* Goes to the next argument. False when there is none, or an error. */
static bool advance(struct bc260y_reader *reader)
{
	if (reader->error)
		return false;
	if (!reader->first) {
		if (reader->at == reader->end)
			return false;
		reader->at++; /* the comma: nothing else ends what was read */
	}
	reader->first = false;
	skip_blanks(reader);
	return true;
}

/* The digits at the reader, of which there is at least one. */
static uint32_t read_digits(struct bc260y_reader *reader)
{
	uint32_t number = 0;
	uint32_t digit;

	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
		digit = (uint32_t)(*reader->at++ - '0');
		if (number > UINT32_MAX / 10 ||
		    (number == UINT32_MAX / 10 && digit > UINT32_MAX % 10)) {
			stop_reading(reader, BC260Y_ERR_RANGE);
			return 0;
		}
		number = number * 10 + digit;
	}
	return number;
}

/* The number at the reader, which ends the argument. */
static bool read_number(struct bc260y_reader *reader, int64_t min, int64_t max, int64_t *number)
{
	uint32_t read;

	if (reader->at == reader->end || *reader->at < '0' || *reader->at > '9') {
		stop_reading(reader, BC260Y_ERR_SYNTAX);
		return false;
	}
	read = read_digits(reader);
	if (!at_separator(reader))
		stop_reading(reader, BC260Y_ERR_SYNTAX);
	else if (read < min || read > max)
		stop_reading(reader, BC260Y_ERR_RANGE);
	if (reader->error)
		return false;
	*number = read;
	return true;
}

bool bc260y_reader_number_opt(struct bc260y_reader *reader, int64_t min, int64_t max,
			      int64_t *number)
{
	if (!advance(reader) || at_separator(reader))
		return false;
	return read_number(reader, min, max, number);
}

bool bc260y_reader_signed_opt(struct bc260y_reader *reader, int64_t max, int64_t *number)
{
	bool minus;

	if (!advance(reader) || at_separator(reader))
		return false;
	minus = *reader->at == '-';
	reader->at += minus;
	if (!read_number(reader, 0, max, number))
		return false;
	if (minus)
		*number = -*number;
	return true;
}

int64_t bc260y_reader_number(struct bc260y_reader *reader, int64_t min, int64_t max)
{
	int64_t number = 0;

	if (!bc260y_reader_number_opt(reader, min, max, &number) && !reader->error)
		stop_reading(reader, BC260Y_ERR_MISSING);
	return number;
}

static void read_quoted(struct bc260y_reader *reader, struct bc260y_text *text)
{
	const char *close;

	reader->at++;
	close = memchr(reader->at, '"', (size_t)(reader->end - reader->at));
	if (!close) {
		stop_reading(reader, BC260Y_ERR_SYNTAX);
		return;
	}
	text->text = reader->at;
	text->size = (size_t)(close - reader->at);
	text->quoted = true;
	reader->at = close + 1;
	if (!at_separator(reader))
		stop_reading(reader, BC260Y_ERR_SYNTAX);
}

static void read_unquoted(struct bc260y_reader *reader, struct bc260y_text *text)
{
	size_t left = (size_t)(reader->end - reader->at);
	const char *comma = memchr(reader->at, ',', left);

	text->text = reader->at;
	text->size = comma ? (size_t)(comma - reader->at) : left;
	reader->at += text->size;
	if (memchr(text->text, '"', text->size))
		stop_reading(reader, BC260Y_ERR_SYNTAX);
}

struct bc260y_text bc260y_reader_text(struct bc260y_reader *reader, size_t size_max)
{
	static const struct bc260y_text none;
	struct bc260y_text text = none;

	if (!advance(reader) || at_separator(reader))
		return none;
	if (*reader->at == '"')
		read_quoted(reader, &text);
	else
		read_unquoted(reader, &text);
	if (text.size > size_max)
		stop_reading(reader, BC260Y_ERR_RANGE);
	return reader->error ? none : text;
}

struct bc260y_text bc260y_reader_rest(struct bc260y_reader *reader)
{
	struct bc260y_text text = {NULL, 0, false};

	if (!advance(reader) || reader->at == reader->end)
		return text;
	text.text = reader->at;
	text.size = (size_t)(reader->end - reader->at);
	reader->at = reader->end;
	if (text.size >= 2 && text.text[0] == '"' && text.text[text.size - 1] == '"') {
		text.text++;
		text.size -= 2;
		text.quoted = true;
	}
	return text;
}

static void refuse(struct bc260y_writer *writer, int error, const char *name)
{
	writer->error = error;
	writer->fault = name;
}

static char *claim(struct bc260y_writer *writer, const char *name, size_t size)
{
	char *place = writer->buffer + writer->length;

	if (size > writer->size - writer->length) {
		refuse(writer, BC260Y_ERR_SPACE, name);
		return NULL;
	}
	writer->length += size;
	return place;
}

/* Room for an argument of size bytes, behind a comma if it needs one. */
static char *claim_argument(struct bc260y_writer *writer, const char *name, size_t size)
{
	char *place = claim(writer, name, size + (writer->separate ? 1 : 0));

	if (place && writer->separate)
		*place++ = ',';
	writer->separate = true;
	return place;
}

void bc260y_writer_init(struct bc260y_writer *writer, char *buffer, size_t size, const char *text)
{
	writer->buffer = buffer;
	writer->size = size;
	writer->length = 0;
	writer->error = 0;
	writer->fault = NULL;
	writer->separate = false;
	for (; *text; text++) {
		char *place = claim(writer, NULL, 1);

		if (!place)
			return;
		*place = *text;
	}
}

void bc260y_writer_number(struct bc260y_writer *writer, const char *name, int64_t number,
			  int64_t min, int64_t max)
{
	char digits[10];
	size_t count = 0;
	uint32_t left;
	char *place;

	if (writer->error)
		return;
	if (number < min || number > max || number < 0 || number > (int64_t)UINT32_MAX) {
		refuse(writer, BC260Y_ERR_RANGE, name);
		return;
	}
	left = (uint32_t)number;
	do {
		digits[count++] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	place = claim_argument(writer, name, count);
	while (place && count > 0)
		*place++ = digits[--count];
}

/* Bytes from 0x20 to last, and no quote unless quotes is set. */
static bool is_plain(const char *text, size_t size, unsigned last, bool quotes)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7F || c > last || (c == '"' && !quotes))
			return false;
	}
	return true;
}

static void write_quoted(struct bc260y_writer *writer, const char *name, const char *text,
			 size_t size)
{
	char *place = claim_argument(writer, name, size + 2);

	if (!place)
		return;
	place[0] = '"';
	memcpy(place + 1, text, size);
	place[size + 1] = '"';
}

void bc260y_writer_quoted(struct bc260y_writer *writer, const char *name, const char *text,
			  size_t size, size_t size_max)
{
	if (writer->error)
		return;
	if (size < 1 || size > size_max)
		refuse(writer, BC260Y_ERR_RANGE, name);
	else if (!is_plain(text, size, 0xFF, false))
		refuse(writer, BC260Y_ERR_ARGUMENT, name);
	else
		write_quoted(writer, name, text, size);
}

void bc260y_writer_inline(struct bc260y_writer *writer, const char *name, const char *text,
			  size_t size, size_t size_max)
{
	if (writer->error)
		return;
	if (size < 1 || size > size_max)
		refuse(writer, BC260Y_ERR_RANGE, name);
	else if (!is_plain(text, size, 0x7E, true))
		refuse(writer, BC260Y_ERR_ARGUMENT, name);
	else
		write_quoted(writer, name, text, size);
}

void bc260y_writer_hex(struct bc260y_writer *writer, const char *name, const uint8_t *bytes,
		       size_t size, size_t size_max)
{
	static const char digits[] = "0123456789ABCDEF";
	char *place;

	if (writer->error)
		return;
	if (size < 1 || size > size_max) {
		refuse(writer, BC260Y_ERR_RANGE, name);
		return;
	}
	place = claim_argument(writer, name, 2 * size);
	for (size_t i = 0; place && i < size; i++) {
		*place++ = digits[bytes[i] >> 4];
		*place++ = digits[bytes[i] & 15];
	}
}

int bc260y_writer_finish(const struct bc260y_writer *writer)
{
	return writer->error ? writer->error : (int)writer->length;
}

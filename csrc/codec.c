/*
 * Writes commands and reads responses by the tables of forms.c; tells what a command
 * line asks of whoever awaits its end, and what a line by itself is.
 *
 * It knows no time and no state.
 */
#include "codec.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool same_name(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	return a[i] == b[i];
}

static const struct bc260y_form *find(const struct bc260y_form *forms, size_t count,
				      const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (same_name(forms[i].name, name))
			return &forms[i];
	return NULL;
}

const struct bc260y_form *bc260y_command_form(const struct bc260y_table *table, const char *name)
{
	return find(table->commands, table->command_count, name);
}

const struct bc260y_form *bc260y_response_form(const struct bc260y_table *table, const char *name)
{
	return find(table->responses, table->response_count, name);
}

static bool is_service(const struct bc260y_value *value)
{
	return value->size == 3 &&
	       (!memcmp(value->text, "TCP", 3) || !memcmp(value->text, "UDP", 3));
}

static void encode_text(struct bc260y_writer *writer, const struct bc260y_field *field,
			const struct bc260y_value *value)
{
	size_t max = field->max;

	if (value->size < field->min) {
		writer->error = BC260Y_ERR_RANGE;
		return;
	}
	switch (field->kind) {
	case BC260Y_KIND_SERVICE:
		if (!is_service(value)) {
			writer->error = BC260Y_ERR_ARGUMENT;
			return;
		}
		bc260y_writer_quoted(writer, field->name, value->text, value->size, 3);
		break;
	case BC260Y_KIND_QUOTED:
		bc260y_writer_quoted(writer, field->name, value->text, value->size, max);
		break;
	case BC260Y_KIND_INLINE:
		bc260y_writer_number(writer, field->name, (int64_t)value->size, 1, field->max);
		bc260y_writer_inline(writer, field->name, value->text, value->size, max);
		break;
	default:
		bc260y_writer_number(writer, field->name, (int64_t)value->size, 1, field->max);
		bc260y_writer_hex(writer, field->name, (const uint8_t *)value->text, value->size,
				  max);
		break;
	}
}

static void encode_field(struct bc260y_writer *writer, const struct bc260y_field *field,
			 const struct bc260y_value *value)
{
	bool number = field->kind == BC260Y_KIND_NUMBER;

	if (value->kind != (number ? BC260Y_KIND_NUMBER : BC260Y_KIND_TEXT))
		writer->error = BC260Y_ERR_ARGUMENT;
	else if (number)
		bc260y_writer_number(writer, field->name, value->number, field->min, field->max);
	else
		encode_text(writer, field, value);
}

int bc260y_encode(char *buffer, size_t size, const struct bc260y_form *form,
		  const struct bc260y_value *values, size_t value_count,
		  const struct bc260y_field **fault)
{
	static const struct bc260y_value nil = {BC260Y_KIND_NIL, 0, NULL, 0};
	const struct bc260y_value *value;
	struct bc260y_writer writer;
	bool left_out = false;
	size_t used = 0;

	bc260y_writer_init(&writer, buffer, size, form->prefix);
	for (size_t i = 0; i < form->field_count && !writer.error; i++) {
		const struct bc260y_field *field = &form->fields[i];

		*fault = field;
		if (field->kind == BC260Y_KIND_FIXED) {
			bc260y_writer_number(&writer, field->name, field->min, field->min,
					     field->max);
			continue;
		}
		value = used < value_count ? &values[used++] : &nil;
		if (value->kind == BC260Y_KIND_NIL && field->optional)
			left_out = true;
		else if (left_out) /* it would take the place of what was left out */
			return BC260Y_ERR_ARGUMENT;
		else
			encode_field(&writer, field, value);
	}
	if (!writer.error && used < value_count) {
		*fault = NULL;
		return BC260Y_ERR_ARGUMENT;
	}
	return bc260y_writer_finish(&writer);
}

static void decode_text(struct bc260y_reader *reader, const struct bc260y_field *field,
			struct bc260y_value *value)
{
	struct bc260y_text text;

	if (field->kind == BC260Y_KIND_REST)
		text = bc260y_reader_rest(reader);
	else
		text = bc260y_reader_text(reader, field->max);
	if (reader->error)
		return;
	if (!text.text) {
		reader->error = field->optional ? 0 : BC260Y_ERR_MISSING;
		return;
	}
	if (text.size > field->max) {
		reader->error = BC260Y_ERR_RANGE;
		return;
	}
	value->kind = BC260Y_KIND_TEXT;
	value->text = text.text;
	value->size = text.size;
}

static void decode_field(struct bc260y_reader *reader, const struct bc260y_field *field,
			 struct bc260y_value *value)
{
	if (field->kind == BC260Y_KIND_SIGNED) {
		if (bc260y_reader_signed_opt(reader, field->max, &value->number))
			value->kind = BC260Y_KIND_NUMBER;
		return;
	}
	if (field->kind != BC260Y_KIND_NUMBER) {
		decode_text(reader, field, value);
		return;
	}
	if (field->optional) {
		if (bc260y_reader_number_opt(reader, field->min, field->max, &value->number))
			value->kind = BC260Y_KIND_NUMBER;
		return;
	}
	value->number = bc260y_reader_number(reader, field->min, field->max);
	value->kind = BC260Y_KIND_NUMBER;
}

int bc260y_decode(const struct bc260y_form *form, const char *line, size_t size,
		  struct bc260y_value *values, const struct bc260y_field **fault)
{
	struct bc260y_reader reader;

	*fault = NULL;
	bc260y_reader_init(&reader, line, size, form->prefix);
	for (size_t i = 0; i < form->field_count && !reader.error; i++) {
		*fault = &form->fields[i];
		values[i] = (struct bc260y_value){BC260Y_KIND_NIL, 0, NULL, 0};
		decode_field(&reader, &form->fields[i], &values[i]);
	}
	if (reader.error)
		return reader.error;
	*fault = NULL;
	return bc260y_reader_done(&reader) ? 0 : BC260Y_ERR_SYNTAX;
}

/* True when the line begins with word, which is given in upper case. */
static bool begins(const char *line, size_t size, const char *word)
{
	size_t i = 0;

	while (i < size && word[i] && bc260y_upper(line[i]) == word[i])
		i++;
	return word[i] == 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Basic commands stand in a row behind one AT: ATE0V1. V0 turns result codes into digits
 * and Q1 drops them: no answer could be told from data any more. A + among them begins
 * a command that nobody would await. */
static bool hides_results(const char *line, size_t size)
{
	for (size_t i = 2; i < size; i++) {
		size_t next = i + 1;

		while (next < size && line[next] == ' ')
			next++;
		if (line[i] == '+')
			return true;
		if (line[i] == '&') /* AT&V is another command */
			i++;
		else if (bc260y_upper(line[i]) == 'V' &&
			 (next == size || line[next] == '0' || !is_digit(line[next])))
			return true;
		else if (bc260y_upper(line[i]) == 'Q' && next < size && line[next] == '1')
			return true;
	}
	return false;
}

static bool joins_commands(const char *line, size_t size)
{
	bool quoted = false;

	if (!memchr(line, ';', size))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (line[i] == '"')
			quoted = !quoted;
		else if (line[i] == ';' && !quoted)
			return true;
	}
	return false;
}

static bool holds_control(const char *line, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
			return true;
	return false;
}

static const char *const bare_commands[] = {
	"AT+CGMI", "AT+CGMM", "AT+CGMR", "AT+CIMI",   "AT+GMI",
	"AT+GMM",  "AT+GMR",  "AT+GSN",	 "AT+CGSN=0",
};

static bool is_bare(const char *line, size_t size)
{
	if (bc260y_upper(line[3]) != 'C' && bc260y_upper(line[3]) != 'G')
		return false;
	if (size == 7 && begins(line, size, "AT+CGSN"))
		return true;
	for (size_t i = 0; i < COUNT(bare_commands); i++)
		if (begins(line, size, bare_commands[i]))
			return true;
	return false;
}

/* A `;` behind the data would begin another command. Inside it, it is data, which may be
 * text of that length, or hex of twice that. */
static bool joins_behind(const struct bc260y_reader *args, size_t length)
{
	const char *at = args->at;
	size_t left;

	while (at < args->end && (*at == ',' || *at == ' ' || *at == '"'))
		at++;
	left = (size_t)(args->end - at);
	return left > length && memchr(at + length, ';', left - length);
}

/* AT+QISEND=<id>,<len> prompts, <id>,0 counts, a third argument is the data. */
static int shape_send(struct bc260y_reader *args, struct bc260y_shape *shape)
{
	int64_t length;

	bc260y_reader_number(args, 0, BC260Y_SOCKET_COUNT - 1);
	length = bc260y_reader_number(args, 0, BC260Y_SEND_TEXT_SIZE_MAX);
	shape->count = length == 0;
	if (args->error || joins_behind(args, (size_t)length))
		return BC260Y_ERR_ARGUMENT;
	if (shape->count)
		return bc260y_reader_done(args) ? 0 : BC260Y_ERR_ARGUMENT;
	shape->second = BC260Y_SECOND_SEND;
	shape->second_ms = BC260Y_SECOND_MS;
	if (bc260y_reader_done(args))
		shape->prompted = (uint16_t)length;
	return 0;
}

static void shape_open(struct bc260y_reader *args, struct bc260y_shape *shape)
{
	int64_t id;

	bc260y_reader_number(args, 0, 11);
	id = bc260y_reader_number(args, 0, BC260Y_SOCKET_COUNT - 1);
	if (args->error)
		return;
	shape->id = (uint8_t)id;
	shape->second = BC260Y_SECOND_OPEN;
	shape->second_ms = BC260Y_OPEN_MS;
}

/* What is left out takes the value that was set before (2.1), which is not known here:
 * as many requests as there may be, and the default time. */
static void shape_ping(struct bc260y_reader *args, struct bc260y_shape *shape)
{
	int64_t time_out_s = 4;
	int64_t num = 10;

	bc260y_reader_number(args, 0, 11);
	bc260y_reader_text(args, BC260Y_HOST_SIZE_MAX);
	bc260y_reader_number_opt(args, 1, 255, &time_out_s);
	bc260y_reader_number_opt(args, 1, 10, &num);
	if (args->error)
		return;
	shape->ping_num = (uint8_t)num;
	shape->time_out_s = (uint8_t)time_out_s;
	shape->second = BC260Y_SECOND_PING;
	shape->second_ms = (uint32_t)(num * time_out_s * 1000 + BC260Y_PING_MARGIN_MS);
}

static int shape_second(const char *line, size_t size, struct bc260y_shape *shape)
{
	struct bc260y_reader args = {line + 2 + shape->prefix_size + 1, line + size, 0, true};

	if (begins(line, size, "AT+QISEND="))
		return shape_send(&args, shape);
	if (begins(line, size, "AT+QIOPEN=")) {
		shape_open(&args, shape);
	} else if (begins(line, size, "AT+QICLOSE=")) {
		shape->second = BC260Y_SECOND_CLOSE;
		shape->second_ms = BC260Y_SECOND_MS;
	} else if (begins(line, size, "AT+QIDNSGIP=")) {
		shape->second = BC260Y_SECOND_DNS;
		shape->second_ms = BC260Y_DNS_MS;
	} else if (begins(line, size, "AT+QPING=")) {
		shape_ping(&args, shape);
	} else if (begins(line, size, "AT+QNTP=")) {
		shape->second = BC260Y_SECOND_NTP;
		shape->second_ms = BC260Y_NTP_MS;
	}
	return 0;
}

int bc260y_command_shape(const char *line, size_t size, struct bc260y_shape *shape,
			 const char **fault)
{
	size_t end = 2;

	*fault = "command";
	*shape = (struct bc260y_shape){.id = BC260Y_ID_NONE};
	if (!begins(line, size, "AT") || holds_control(line, size))
		return BC260Y_ERR_ARGUMENT;
	/* QISEND's text is cut by its length: its quotes need not pair (4.1.5). */
	if (!begins(line, size, "AT+QISEND=") && joins_commands(line, size))
		return BC260Y_ERR_ARGUMENT;
	if (size < 4 || line[2] != '+') {
		shape->bare = begins(line, size, "ATI");
		return hides_results(line, size) ? BC260Y_ERR_ARGUMENT : 0;
	}
	/* A message text follows a prompt of its own kind and ends with Ctrl-Z. */
	if (begins(line, size, "AT+CMGS=") || begins(line, size, "AT+CMGW="))
		return BC260Y_ERR_ARGUMENT;
	shape->bare = is_bare(line, size);
	while (end < size && line[end] != '=' && line[end] != '?')
		end++;
	shape->prefix = line + 2;
	shape->prefix_size = end - 2;
	if (end + 1 < size && line[end] == '=' && line[end + 1] != '?')
		return shape_second(line, size, shape);
	return 0;
}

static bool equals(const char *line, size_t size, const char *word, size_t word_size)
{
	return size == word_size && !memcmp(line, word, word_size);
}

/* A ( or < behind the prefix belongs to the answer of a test form. */
static bool is_result(const char *line, size_t size, const char *prefix, size_t prefix_size)
{
	size_t at = prefix_size;

	if (size <= prefix_size || memcmp(line, prefix, prefix_size) != 0)
		return false;
	while (at < size && line[at] == ' ')
		at++;
	return at < size && line[at] != '(' && line[at] != '<';
}

#define EQUALS(word)	equals(line, size, word, sizeof(word) - 1)
#define IS_RESULT(word) is_result(line, size, word, sizeof(word) - 1)

enum bc260y_word bc260y_line_word(const char *line, size_t size)
{
	if (line[0] == '+') {
		if (IS_RESULT("+QIOPEN:"))
			return BC260Y_WORD_OPEN;
		if (IS_RESULT("+QIDNSGIP:"))
			return BC260Y_WORD_DNS;
		if (IS_RESULT("+QPING:"))
			return BC260Y_WORD_PING;
		if (IS_RESULT("+QNTP:"))
			return BC260Y_WORD_NTP;
		if (IS_RESULT("+CME ERROR:") || IS_RESULT("+CMS ERROR:"))
			return BC260Y_WORD_ERROR;
		return BC260Y_WORD_OTHER;
	}
	if (EQUALS("OK"))
		return BC260Y_WORD_OK;
	if (EQUALS("ERROR"))
		return BC260Y_WORD_ERROR;
	if (EQUALS("SEND OK"))
		return BC260Y_WORD_SEND_OK;
	if (EQUALS("SEND FAIL"))
		return BC260Y_WORD_SEND_FAIL;
	if (EQUALS("CLOSE OK"))
		return BC260Y_WORD_CLOSE_OK;
	return EQUALS("RDY") ? BC260Y_WORD_READY : BC260Y_WORD_OTHER;
}

bool bc260y_line_is_urc(const char *line, size_t size)
{
	struct bc260y_reader reader;

	if (IS_RESULT("+QIURC:") || IS_RESULT("+IP:") || IS_RESULT("+QIND:"))
		return true;
	/* What was asked for is a number; what is told, a text. */
	if (IS_RESULT("+QNBIOTEVENT:"))
		return memchr(line, '"', size) != NULL;
	/* An answer has <n> before <mode>. */
	if (IS_RESULT("+CSCON:"))
		return !memchr(line, ',', size);
	/* 27.007: an answer has <n> before <stat>; a URC has <stat> alone, or the area
	 * code behind it, which is quoted or too large for a <stat>. */
	if (!IS_RESULT("+CEREG:"))
		return false;
	bc260y_reader_init(&reader, line, size, "+CEREG");
	bc260y_reader_number(&reader, 0, 5);
	bc260y_reader_number(&reader, 0, 10);
	return reader.error != 0;
}

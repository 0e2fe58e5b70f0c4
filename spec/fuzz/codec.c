/*
 * Fuzzes args and codec. Whatever the line: decoded values lie inside it and inside
 * their ranges, and decode again from a line that is written of them. Whatever the
 * values: an encoded line holds nothing that could end it or begin another, and reads
 * back as what went in.
 */
#include "codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int held)
{
	if (!held)
		abort();
}

static const struct bc260y_table *const tables[] = {&bc260y_ip_table, &bc260y_module_table};
#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

static void check_value(const struct bc260y_field *field, const struct bc260y_value *value,
			const char *line, size_t size)
{
	if (value->kind == BC260Y_KIND_NIL) {
		must(field->optional);
	} else if (value->kind == BC260Y_KIND_NUMBER) {
		int64_t min = field->kind == BC260Y_KIND_SIGNED ? -(int64_t)field->max : field->min;

		must(field->kind == BC260Y_KIND_NUMBER || field->kind == BC260Y_KIND_SIGNED);
		must(value->number >= min && value->number <= field->max);
	} else {
		must(value->kind == BC260Y_KIND_TEXT && value->text >= line);
		must(value->text + value->size <= line + size);
		must(value->size <= (size_t)field->max);
	}
}

/* Every text in quotes, as a text may hold a comma. */
static size_t write_value(char *line, const struct bc260y_value *value)
{
	size_t size = 0;

	if (value->kind == BC260Y_KIND_NUMBER)
		return (size_t)sprintf(line, "%lld", (long long)value->number);
	if (value->kind == BC260Y_KIND_NIL)
		return 0;
	line[size++] = '"';
	memcpy(line + size, value->text, value->size);
	size += value->size;
	line[size++] = '"';
	return size;
}

static void check_again(const struct bc260y_form *form, const struct bc260y_value *values)
{
	struct bc260y_value again[BC260Y_FIELD_COUNT_MAX];
	const struct bc260y_field *fault;
	size_t size = strlen(form->prefix);
	size_t room = size + 32u * form->field_count + 1;
	char *line;

	for (size_t f = 0; f < form->field_count; f++)
		room += values[f].size;
	line = malloc(room);
	must(line != NULL);
	memcpy(line, form->prefix, size);
	for (size_t f = 0; f < form->field_count; f++) {
		line[size++] = f ? ',' : ':';
		size += write_value(line + size, &values[f]);
	}
	must(bc260y_decode(form, line, size, again, &fault) == 0);
	for (size_t f = 0; f < form->field_count; f++) {
		must(again[f].kind == values[f].kind && again[f].number == values[f].number);
		must(again[f].size == values[f].size);
		must(!again[f].size || !memcmp(again[f].text, values[f].text, again[f].size));
	}
	free(line);
}

static void decode_as(const struct bc260y_form *form, const char *line, size_t size)
{
	struct bc260y_value values[BC260Y_FIELD_COUNT_MAX];
	const struct bc260y_field *fault;

	must(form->field_count <= BC260Y_FIELD_COUNT_MAX);
	if (bc260y_decode(form, line, size, values, &fault) != 0)
		return;
	for (size_t f = 0; f < form->field_count; f++)
		check_value(&form->fields[f], &values[f], line, size);
	check_again(form, values);
}

/* The same arguments behind each form's own prefix: else no input would get past it. */
static void decode_behind(const struct bc260y_form *form, const char *args, size_t size)
{
	size_t prefix_size = strlen(form->prefix);
	char *line = malloc(prefix_size + 1 + size);

	must(line != NULL);
	memcpy(line, form->prefix, prefix_size);
	line[prefix_size] = ':';
	memcpy(line + prefix_size + 1, args, size);
	decode_as(form, line, prefix_size + 1 + size);
	free(line);
}

static void decode(const char *line, size_t size)
{
	for (size_t t = 0; t < TABLE_COUNT; t++) {
		for (size_t i = 0; i < tables[t]->response_count; i++) {
			decode_as(&tables[t]->responses[i], line, size);
			decode_behind(&tables[t]->responses[i], line, size);
		}
	}
	if (size) {
		bc260y_line_word(line, size);
		bc260y_line_is_urc(line, size);
	}
}

static void check_shape(const char *line, size_t size)
{
	struct bc260y_shape shape;
	const char *fault;

	if (bc260y_command_shape(line, size, &shape, &fault) != 0)
		return;
	must(size >= 2 && shape.second < BC260Y_SECOND_COUNT);
	must(shape.second != BC260Y_SECOND_OPEN || shape.id < BC260Y_SOCKET_COUNT);
	must(shape.prompted <= BC260Y_SEND_TEXT_SIZE_MAX);
	must(!shape.prompted || shape.second == BC260Y_SECOND_SEND);
	for (size_t i = 0; i < size; i++)
		must((unsigned char)line[i] >= 0x20 && line[i] != 0x7F);
}

/* One value a field: the first byte says its kind, then a number or a text. */
static size_t take_value(const uint8_t *data, size_t size, struct bc260y_value *value)
{
	size_t length;

	*value = (struct bc260y_value){BC260Y_KIND_NIL, 0, NULL, 0};
	if (size < 3 || data[0] % 3 == 0)
		return size ? 1 : 0;
	if (data[0] % 3 == 1) {
		value->kind = BC260Y_KIND_NUMBER;
		value->number = data[0] & 0x80 ? -(int64_t)data[1] : data[1] * 256 + data[2];
		return 3;
	}
	length = (size_t)(data[1] * 8 + data[2] % 8);
	value->kind = BC260Y_KIND_TEXT;
	value->text = (const char *)data + 3;
	value->size = length < size - 3 ? length : size - 3;
	return 3 + value->size;
}

static size_t read_hex(const char *digits, const char *bytes, size_t size)
{
	char pair[3];

	for (size_t i = 0; i < size; i++) {
		snprintf(pair, sizeof(pair), "%02X", (unsigned)(unsigned char)bytes[i]);
		must(!memcmp(digits + 2 * i, pair, 2));
	}
	return 2 * size;
}

/* The value at the reader is the one that was given for that field. */
static void read_value(struct bc260y_reader *reader, const struct bc260y_field *field,
		       const struct bc260y_value *value)
{
	struct bc260y_text text;

	if (field->kind == BC260Y_KIND_NUMBER) {
		must(value->number >= field->min && value->number <= field->max);
		must(bc260y_reader_number(reader, 0, UINT32_MAX) == value->number);
		return;
	}
	if (field->kind == BC260Y_KIND_QUOTED || field->kind == BC260Y_KIND_SERVICE) {
		text = bc260y_reader_text(reader, field->max ? field->max : 3);
		must(text.quoted && text.size == value->size);
		must(!memcmp(text.text, value->text, text.size));
		return;
	}
	/* QISEND's: the quotes and commas within are told by the length before them. */
	must(bc260y_reader_number(reader, 1, field->max) == (int64_t)value->size);
	must((size_t)(reader->end - reader->at) > 2 * value->size ||
	     field->kind != BC260Y_KIND_HEX);
	must(*reader->at++ == ',');
	if (field->kind == BC260Y_KIND_HEX) {
		reader->at += read_hex(reader->at, value->text, value->size);
		return;
	}
	must((size_t)(reader->end - reader->at) >= value->size + 2);
	must(*reader->at++ == '"' && !memcmp(reader->at, value->text, value->size));
	reader->at += value->size;
	must(*reader->at++ == '"');
}

static void read_back(const struct bc260y_form *form, const struct bc260y_value *values,
		      size_t count, const char *line, size_t size)
{
	struct bc260y_reader reader;
	size_t prefix_size = strlen(form->prefix);
	size_t used = 0;

	must(size >= prefix_size && !memcmp(line, form->prefix, prefix_size));
	bc260y_reader_init(&reader, line + prefix_size, size - prefix_size, "");
	for (size_t f = 0; f < form->field_count; f++) {
		const struct bc260y_field *field = &form->fields[f];

		if (field->kind == BC260Y_KIND_FIXED)
			must(bc260y_reader_number(&reader, 0, UINT32_MAX) == field->min);
		else if (used < count && values[used].kind != BC260Y_KIND_NIL)
			read_value(&reader, field, &values[used++]);
		else
			must(field->optional && bc260y_reader_done(&reader));
	}
	must(!reader.error && bc260y_reader_done(&reader));
}

static const struct bc260y_form *pick_command(uint8_t number)
{
	size_t count = (size_t)bc260y_ip_table.command_count + bc260y_module_table.command_count;
	size_t at = number % count;

	if (at < bc260y_ip_table.command_count)
		return &bc260y_ip_table.commands[at];
	return &bc260y_module_table.commands[at - bc260y_ip_table.command_count];
}

static void encode(const uint8_t *data, size_t size)
{
	const struct bc260y_form *form = pick_command(data[0]);
	struct bc260y_value values[BC260Y_FIELD_COUNT_MAX];
	const struct bc260y_field *fault = NULL;
	char line[BC260Y_COMMAND_SIZE_MAX];
	size_t at = 1;
	size_t count = 0;
	int length;

	while (at < size && count < BC260Y_FIELD_COUNT_MAX)
		at += take_value(data + at, size - at, &values[count++]);
	length = bc260y_encode(line, sizeof(line), form, values, count, &fault);
	if (length < 0)
		return;
	must(length >= 2 && (size_t)length <= sizeof(line));
	for (int i = 0; i < length; i++)
		must((unsigned char)line[i] >= 0x20 && line[i] != 0x7F);
	check_shape(line, (size_t)length);
	read_back(form, values, count, line, (size_t)length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line;

	if (size < 2)
		return 0;
	/* A copy of its own size, so that a read past its end is seen. */
	line = malloc(size);
	must(line != NULL);
	memcpy(line, data, size);
	decode(line, size);
	check_shape(line, size);
	encode((const uint8_t *)line, size);
	free(line);
	return 0;
}

/*
 * The reader and the writer of AT arguments, each alone and against each other.
 */
#include "args.h"
#include "check.h"

#include <stdlib.h>

static struct bc260y_reader reader_of(const char *line, const char *prefix)
{
	struct bc260y_reader reader;

	bc260y_reader_init(&reader, line, strlen(line), prefix);
	return reader;
}

#define CHECK_TEXT(got, want)                                        \
	do {                                                         \
		struct bc260y_text text_ = (got);                    \
		CHECK(text_.text &&text_.size == sizeof(want) - 1 && \
		      !memcmp(text_.text, want, sizeof(want) - 1));  \
	} while (0)

static void test_prefix(void)
{
	static const struct {
		const char *line, *prefix;
		int error;
		bool done;
	} cases[] = {
		{"+CSQ: 1", "+CSQ", 0, false},
		{"+CSQ:1", "+CSQ", 0, false},
		{"+CSQ:   1", "+CSQ", 0, false},
		{"+CSQ: ", "+CSQ", 0, true},
		{"+CSQ", "+CSQ", 0, true},
		{"+CSQX: 1", "+CSQ", BC260Y_ERR_SYNTAX, true},
		{"+CSQ 1", "+CSQ", BC260Y_ERR_SYNTAX, true},
		{"+CS", "+CSQ", BC260Y_ERR_SYNTAX, true},
		{"", "+CSQ", BC260Y_ERR_SYNTAX, true},
		{"+csq: 1", "+CSQ", BC260Y_ERR_SYNTAX, true},
		{"1,2", "", 0, false},
		{"", "", 0, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bc260y_reader reader = reader_of(cases[i].line, cases[i].prefix);

		CHECK_INT(reader.error, cases[i].error);
		CHECK_INT(bc260y_reader_done(&reader), cases[i].done);
	}
}

static void test_numbers(void)
{
	struct bc260y_reader reader = reader_of("+X: 0, 7,4294967295,010,,9,", "+X");
	int64_t number = -5;

	CHECK_INT(bc260y_reader_number(&reader, 0, 0), 0);
	CHECK_INT(bc260y_reader_number(&reader, 0, 9), 7);
	CHECK_INT(bc260y_reader_number(&reader, 0, UINT32_MAX), UINT32_MAX);
	CHECK_INT(bc260y_reader_number(&reader, 10, 10), 10);
	CHECK(!bc260y_reader_number_opt(&reader, 0, 9, &number));
	CHECK_INT(number, -5);
	CHECK(!bc260y_reader_done(&reader));
	CHECK(bc260y_reader_number_opt(&reader, 0, 9, &number));
	CHECK_INT(number, 9);
	CHECK(!bc260y_reader_number_opt(&reader, 0, 9, &number));
	CHECK(bc260y_reader_done(&reader));
	CHECK(!bc260y_reader_number_opt(&reader, 0, 9, &number));
	CHECK_INT(reader.error, 0);
	CHECK_INT(bc260y_reader_number(&reader, 0, 9), 0);
	CHECK_INT(reader.error, BC260Y_ERR_MISSING);
}

static void test_bad_numbers(void)
{
	static const struct {
		const char *line;
		int error;
	} cases[] = {
		{"", BC260Y_ERR_MISSING},
		{",1", BC260Y_ERR_MISSING},
		{"-1", BC260Y_ERR_SYNTAX},
		{"+1", BC260Y_ERR_SYNTAX},
		{"x", BC260Y_ERR_SYNTAX},
		{"1x", BC260Y_ERR_SYNTAX},
		{"1 ", BC260Y_ERR_SYNTAX},
		{"1.5", BC260Y_ERR_SYNTAX},
		{"0x10", BC260Y_ERR_SYNTAX},
		{"\"1\"", BC260Y_ERR_SYNTAX},
		{"2", BC260Y_ERR_RANGE},
		{"101", BC260Y_ERR_RANGE},
		{"4294967296", BC260Y_ERR_RANGE},
		{"4294967306", BC260Y_ERR_RANGE},
		{"18446744073709551621", BC260Y_ERR_RANGE},
		{"99999999999999999999999999999999", BC260Y_ERR_RANGE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bc260y_reader reader = reader_of(cases[i].line, "");
		int64_t number = 42;

		CHECK_INT(bc260y_reader_number(&reader, 3, 100), 0);
		CHECK_INT(reader.error, cases[i].error);
		CHECK(bc260y_reader_done(&reader));
		/* The first error stays, and nothing is read after it. */
		CHECK(!bc260y_reader_number_opt(&reader, 0, 100, &number));
		CHECK(!bc260y_reader_text(&reader, 100).text);
		CHECK(!bc260y_reader_rest(&reader).text);
		CHECK_INT(reader.error, cases[i].error);
		CHECK_INT(number, 42);
	}
}

static void test_texts(void)
{
	struct bc260y_reader reader = reader_of("+X: \"a,b\", plain,,\"\",last one", "+X");
	struct bc260y_text text;

	CHECK_TEXT(bc260y_reader_text(&reader, 3), "a,b");
	CHECK_TEXT(bc260y_reader_text(&reader, 5), "plain");
	CHECK(!bc260y_reader_text(&reader, 5).text);
	text = bc260y_reader_text(&reader, 5);
	CHECK(text.text && text.size == 0 && text.quoted);
	text = bc260y_reader_text(&reader, 8);
	CHECK(!text.quoted);
	CHECK_TEXT(text, "last one");
	CHECK(!bc260y_reader_text(&reader, 5).text);
	CHECK_INT(reader.error, 0);
	CHECK(bc260y_reader_done(&reader));
}

static void test_bad_texts(void)
{
	static const struct {
		const char *line;
		int error;
	} cases[] = {
		{"\"abc", BC260Y_ERR_SYNTAX},	{"\"", BC260Y_ERR_SYNTAX},
		{"\"ab\"c", BC260Y_ERR_SYNTAX}, {"\"ab\" ", BC260Y_ERR_SYNTAX},
		{"ab\"c\"", BC260Y_ERR_SYNTAX}, {"\"a\"b\"", BC260Y_ERR_SYNTAX},
		{"\"abcd\"", BC260Y_ERR_RANGE}, {"abcd", BC260Y_ERR_RANGE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bc260y_reader reader = reader_of(cases[i].line, "");

		CHECK(!bc260y_reader_text(&reader, 3).text);
		CHECK_INT(reader.error, cases[i].error);
		CHECK(bc260y_reader_done(&reader));
	}
}

static void test_rest(void)
{
	struct bc260y_reader reader = reader_of("+X: 1, \"19/06/11,11:08:20\"", "+X");

	bc260y_reader_number(&reader, 0, 9);
	CHECK_TEXT(bc260y_reader_rest(&reader), "19/06/11,11:08:20");
	reader = reader_of("+X: a,\"b\",c", "+X");
	CHECK_TEXT(bc260y_reader_rest(&reader), "a,\"b\",c");
	CHECK(bc260y_reader_done(&reader));
	CHECK(!bc260y_reader_rest(&reader).text);
	reader = reader_of("+X: \"\"", "+X");
	CHECK(bc260y_reader_rest(&reader).text && reader.error == 0);
	reader = reader_of("+X: \"", "+X");
	CHECK_TEXT(bc260y_reader_rest(&reader), "\"");
	/* Quotes that are no pair around it stay. */
	reader = reader_of("+X: \"a\",b", "+X");
	CHECK_TEXT(bc260y_reader_rest(&reader), "\"a\",b");
	reader = reader_of("+X: a,\"b\"", "+X");
	CHECK_TEXT(bc260y_reader_rest(&reader), "a,\"b\"");
}

static void test_writer(void)
{
	struct bc260y_writer writer;
	char buffer[64];

	bc260y_writer_init(&writer, buffer, sizeof(buffer), "AT+X=");
	bc260y_writer_number(&writer, "n", 0, 0, 4);
	bc260y_writer_quoted(&writer, "host", "a.b,c\xC3\xA4", 7, 7);
	bc260y_writer_number(&writer, "n", UINT32_MAX, 0, UINT32_MAX);
	bc260y_writer_inline(&writer, "data", "{\"a\":1}", 7, 100);
	bc260y_writer_hex(&writer, "data", (const uint8_t *)"\0\x0A\xFF", 3, 3);
	CHECK_MEM(buffer, (size_t)bc260y_writer_finish(&writer),
		  "AT+X=0,\"a.b,c\xC3\xA4\",4294967295,\"{\"a\":1}\",000AFF", 44);
	CHECK(!writer.fault);
	bc260y_writer_init(&writer, buffer, sizeof(buffer), "AT");
	CHECK_INT(bc260y_writer_finish(&writer), 2);
	/* Whatever the range allows, no number is written that no reader takes. */
	bc260y_writer_number(&writer, "n", UINT32_MAX + 1ll, 0, INT64_MAX);
	CHECK_INT(bc260y_writer_finish(&writer), BC260Y_ERR_RANGE);
	bc260y_writer_init(&writer, buffer, sizeof(buffer), "AT");
	bc260y_writer_number(&writer, "n", -1, -5, 5);
	CHECK_INT(bc260y_writer_finish(&writer), BC260Y_ERR_RANGE);
	CHECK_INT(writer.length, 2);
	/* Whatever the range allows, no number is written that no reader takes. */
	bc260y_writer_number(&writer, "n", UINT32_MAX + 1ll, 0, INT64_MAX);
	CHECK_INT(bc260y_writer_finish(&writer), BC260Y_ERR_RANGE);
	bc260y_writer_init(&writer, buffer, sizeof(buffer), "AT");
	bc260y_writer_number(&writer, "n", -1, -5, 5);
	CHECK_INT(bc260y_writer_finish(&writer), BC260Y_ERR_RANGE);
	CHECK_INT(writer.length, 2);
}

enum { NUMBER, QUOTED, INLINE, HEX };

static int refusal(int kind, const char *text, size_t size, int64_t number, const char **fault)
{
	struct bc260y_writer writer;
	char buffer[64];

	bc260y_writer_init(&writer, buffer, sizeof(buffer), "AT+X=");
	if (kind == NUMBER)
		bc260y_writer_number(&writer, "name", number, 1, UINT32_MAX + 1ll);
	else if (kind == QUOTED)
		bc260y_writer_quoted(&writer, "name", text, size, 4);
	else if (kind == INLINE)
		bc260y_writer_inline(&writer, "name", text, size, 4);
	else
		bc260y_writer_hex(&writer, "name", (const uint8_t *)text, size, 4);
	CHECK_INT(writer.length, writer.error ? 5 : writer.length);
	/* The first error stays, and nothing is written after it. */
	if (writer.error) {
		bc260y_writer_number(&writer, "other", 99, 0, 1);
		bc260y_writer_quoted(&writer, "other", "a", 1, 4);
		bc260y_writer_inline(&writer, "other", "a", 1, 4);
		bc260y_writer_hex(&writer, "other", (const uint8_t *)"a", 1, 4);
		CHECK_INT(writer.length, 5);
	}
	*fault = writer.fault;
	return bc260y_writer_finish(&writer);
}

static void test_refusals(void)
{
	static const struct {
		int kind;
		int64_t number;
		const char *text;
		size_t size;
		int error;
	} cases[] = {
		{NUMBER, 0, NULL, 0, BC260Y_ERR_RANGE},
		{NUMBER, -1, NULL, 0, BC260Y_ERR_RANGE},
		{NUMBER, INT64_MIN, NULL, 0, BC260Y_ERR_RANGE},
		{NUMBER, INT64_MAX, NULL, 0, BC260Y_ERR_RANGE},
		{NUMBER, UINT32_MAX + 1ll, NULL, 0, BC260Y_ERR_RANGE},
		{QUOTED, 0, "", 0, BC260Y_ERR_RANGE},
		{QUOTED, 0, "abcde", 5, BC260Y_ERR_RANGE},
		{QUOTED, 0, "a\"b", 3, BC260Y_ERR_ARGUMENT},
		{QUOTED, 0, "a\rb", 3, BC260Y_ERR_ARGUMENT},
		{QUOTED, 0, "a\nb", 3, BC260Y_ERR_ARGUMENT},
		{QUOTED, 0, "a\0b", 3, BC260Y_ERR_ARGUMENT},
		{QUOTED, 0, "\x1A", 1, BC260Y_ERR_ARGUMENT},
		{QUOTED, 0, "\x7F", 1, BC260Y_ERR_ARGUMENT},
		{INLINE, 0, "", 0, BC260Y_ERR_RANGE},
		{INLINE, 0, "abcde", 5, BC260Y_ERR_RANGE},
		{INLINE, 0, "a\r", 2, BC260Y_ERR_ARGUMENT},
		{INLINE, 0, "a\0", 2, BC260Y_ERR_ARGUMENT},
		{INLINE, 0, "\x7F", 1, BC260Y_ERR_ARGUMENT},
		{INLINE, 0, "\x80", 1, BC260Y_ERR_ARGUMENT},
		{INLINE, 0, "\xFF", 1, BC260Y_ERR_ARGUMENT},
		{HEX, 0, "", 0, BC260Y_ERR_RANGE},
		{HEX, 0, "abcde", 5, BC260Y_ERR_RANGE},
	};
	const char *fault;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(refusal(cases[i].kind, cases[i].text, cases[i].size, cases[i].number,
				  &fault),
			  cases[i].error);
		CHECK(fault && !strcmp(fault, "name"));
	}
	CHECK_INT(refusal(INLINE, "\"~ \"", 4, 0, &fault), 11);
	CHECK(!fault);
}

/* At every size that is too small: no byte beyond it is touched, which ASan sees. */
static void test_space(void)
{
	struct bc260y_writer writer;
	size_t whole = sizeof("AT+X=12,\"ab\",\"cd\",65") - 1;

	for (size_t size = 0; size <= whole; size++) {
		char *buffer = malloc(size ? size : 1);

		bc260y_writer_init(&writer, buffer, size, "AT+X=");
		bc260y_writer_number(&writer, "a", 12, 0, 99);
		bc260y_writer_quoted(&writer, "b", "ab", 2, 9);
		bc260y_writer_inline(&writer, "c", "cd", 2, 9);
		bc260y_writer_hex(&writer, "d", (const uint8_t *)"e", 1, 9);
		CHECK_INT(bc260y_writer_finish(&writer),
			  size < whole ? BC260Y_ERR_SPACE : (int)whole);
		CHECK(writer.length <= size);
		free(buffer);
	}
}

int main(void)
{
	test_prefix();
	test_numbers();
	test_bad_numbers();
	test_texts();
	test_bad_texts();
	test_rest();
	test_writer();
	test_refusals();
	test_space();
	return check_end("args");
}

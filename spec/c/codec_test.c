/*
 * The codec against the manual's own lines, and against lines and values that are
 * wrong in each way they can be.
 */
#include "check.h"
#include "codec.h"

#include <stdio.h>

#define N(number)                                   \
	{                                           \
		BC260Y_KIND_NUMBER, number, NULL, 0 \
	}
#define T(text)                                             \
	{                                                   \
		BC260Y_KIND_TEXT, 0, text, sizeof(text) - 1 \
	}
#define NIL                                 \
	{                                   \
		BC260Y_KIND_NIL, 0, NULL, 0 \
	}
#define VALUE_MAX    6
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOST_150                                                                      \
	"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh" \
	"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"

/* The form of either table. */
static const struct bc260y_form *command_form(const char *name)
{
	const struct bc260y_form *form = bc260y_command_form(&bc260y_ip_table, name);

	return form ? form : bc260y_command_form(&bc260y_module_table, name);
}

static const struct bc260y_form *response_form(const char *name)
{
	const struct bc260y_form *form = bc260y_response_form(&bc260y_ip_table, name);

	return form ? form : bc260y_response_form(&bc260y_module_table, name);
}

struct encoding {
	const char *form;
	struct bc260y_value values[VALUE_MAX];
	size_t count;
	const char *line; /* or, when refused, NULL and the field */
	const char *fault;
};

static const struct encoding encodings[] = {
	{"AT", {NIL}, 0, "AT", NULL},
	{"ATE", {N(0)}, 1, "ATE0", NULL},
	{"ATI", {NIL}, 0, "ATI", NULL},
	{"CGMR", {NIL}, 0, "AT+CGMR", NULL},
	{"CGSN", {N(1)}, 1, "AT+CGSN=1", NULL},
	{"CPIN?", {NIL}, 0, "AT+CPIN?", NULL},
	{"CFUN", {N(1)}, 1, "AT+CFUN=1", NULL},
	{"CEREG", {N(5)}, 1, "AT+CEREG=5", NULL},
	{"QICFG?", {NIL}, 0, "AT+QICFG=\"dataformat\"", NULL},
	{"QICFG", {N(1), N(0)}, 2, "AT+QICFG=\"dataformat\",1,0", NULL},
	{"QIOPEN",
	 {N(0), T("TCP"), T("hf.quectel.com"), N(8008), N(0)},
	 5,
	 "AT+QIOPEN=0,0,\"TCP\",\"hf.quectel.com\",8008,0,1",
	 NULL},
	{"QISEND text", {N(0), T("1234567890")}, 2, "AT+QISEND=0,10,\"1234567890\"", NULL},
	{"QISEND text",
	 {N(0), T("{\"a\":\"b\",\"b\":\"b\"}")},
	 2,
	 "AT+QISEND=0,17,\"{\"a\":\"b\",\"b\":\"b\"}\"",
	 NULL},
	{"QISEND text", {N(4), T("x"), N(2)}, 3, "AT+QISEND=4,1,\"x\",2", NULL},
	{"QISEND hex", {N(0), T("123")}, 2, "AT+QISEND=0,3,313233", NULL},
	{"QISEND hex", {N(0), T("\0\xFF"), N(1)}, 3, "AT+QISEND=0,2,00FF,1", NULL},
	{"QISEND raw", {N(0), N(1024)}, 2, "AT+QISEND=0,1024", NULL},
	{"QISEND count", {N(0)}, 1, "AT+QISEND=0,0", NULL},
	{"QICLOSE", {N(4)}, 1, "AT+QICLOSE=4", NULL},
	{"QISTATE?", {NIL}, 0, "AT+QISTATE?", NULL},
	{"QISTATE context", {N(0)}, 1, "AT+QISTATE=0,0", NULL},
	{"QISTATE id", {N(0)}, 1, "AT+QISTATE=1,0", NULL},
	{"QIDNSGIP", {T(HOST_150)}, 1, "AT+QIDNSGIP=0,\"" HOST_150 "\"", NULL},

	{"QIDNSGIP", {T(HOST_150 "h")}, 1, NULL, "host_name"},
	{"QIDNSGIP", {T("")}, 1, NULL, "host_name"},
	{"QIDNSGIP", {T("a\"b")}, 1, NULL, "host_name"},
	{"QIDNSGIP", {T("a\rb")}, 1, NULL, "host_name"},
	{"QIDNSGIP", {T("a\nb")}, 1, NULL, "host_name"},
	{"QIDNSGIP", {T("a\0b")}, 1, NULL, "host_name"},
	{"QIDNSGIP", {T("a\x1B")}, 1, NULL, "host_name"},
	{"QIDNSGIP", {T("a\x7F")}, 1, NULL, "host_name"},
	{"QIDNSGIP", {NIL}, 0, NULL, "host_name"},
	{"QIDNSGIP", {N(1)}, 1, NULL, "host_name"},
	{"QIOPEN", {N(5), T("TCP"), T("h"), N(1), N(0)}, 5, NULL, "connectID"},
	{"QIOPEN", {N(-1), T("TCP"), T("h"), N(1), N(0)}, 5, NULL, "connectID"},
	{"QIOPEN", {N(0), T("SCTP"), T("h"), N(1), N(0)}, 5, NULL, "service_type"},
	{"QIOPEN", {N(0), T("tcp"), T("h"), N(1), N(0)}, 5, NULL, "service_type"},
	{"QIOPEN", {N(0), T("UDP"), T("h"), N(0), N(0)}, 5, NULL, "remote_port"},
	{"QIOPEN", {N(0), T("UDP"), T("h"), N(65536), N(0)}, 5, NULL, "remote_port"},
	{"QIOPEN", {N(0), T("UDP"), T("h"), N(1), N(65536)}, 5, NULL, "local_port"},
	{"QIOPEN", {N(0), T("UDP"), T("h"), N(1)}, 4, NULL, "local_port"},
	{"QISTATE context", {N(1)}, 1, NULL, "contextID"},
	{"QISEND text", {N(0), T("")}, 2, NULL, "data"},
	{"QISEND text", {N(0), T("a\r")}, 2, NULL, "data"},
	{"QISEND text", {N(0), T("\xC3\xA4")}, 2, NULL, "data"},
	{"QISEND text", {N(0), T("a"), N(3)}, 3, NULL, "rai_mode"},
	{"QISEND raw", {N(0), N(1025)}, 2, NULL, "send_length"},
	{"CGSN", {N(4)}, 1, NULL, "snt"},
	{"AT", {N(4)}, 1, NULL, NULL},
};

static void test_encoding(const struct encoding *e)
{
	char line[BC260Y_COMMAND_SIZE_MAX];
	const struct bc260y_field *fault = NULL;
	const struct bc260y_form *form = command_form(e->form);
	int length = bc260y_encode(line, sizeof(line), form, e->values, e->count, &fault);

	if (e->line) {
		CHECK_MEM(line, (size_t)(length > 0 ? length : 0), e->line, strlen(e->line));
		/* One byte less of room is refused, not overrun. */
		CHECK_INT(
			bc260y_encode(line, strlen(e->line) - 1, form, e->values, e->count, &fault),
			BC260Y_ERR_SPACE);
		return;
	}
	CHECK(length < 0);
	CHECK(e->fault ? fault && !strcmp(fault->name, e->fault) : !fault);
	if (length >= 0)
		fprintf(stderr, "\tnot refused: %.*s\n", length, line);
}

struct decoding {
	const char *form;
	const char *line;
	const char *want;  /* values behind one another, - for one that is absent */
	const char *fault; /* with want NULL: the field, or NULL for the line's end */
};

static const struct decoding decodings[] = {
	{"+CSQ", "+CSQ: 22,0", "22 0", NULL},
	{"+CSQ", "+CSQ:99,99", "99 99", NULL},
	{"+CEREG", "+CEREG: 0,1", "0 1 - - - - - - -", NULL},
	{"+CEREG", "+CEREG: 5,1,\"4C10\",\"084958B4\",9,,,\"00100101\",\"00111000\"",
	 "5 1 4C10 084958B4 9 - - 00100101 00111000", NULL},
	{"+CEREG urc", "+CEREG: 1,\"4C10\",\"084958B4\",9", "1 4C10 084958B4 9 - - - -", NULL},
	{"+CGPADDR",
	 "+CGPADDR: 5,\"10.177.135.245\",\"36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48\"",
	 "5 10.177.135.245 36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48", NULL},
	{"+CGPADDR", "+CGPADDR: 0,100.67.249.195", "0 100.67.249.195 -", NULL},
	{"+CGPADDR", "+CGPADDR: 1", "1 - -", NULL},
	{"+CGSN", "+CGSN: 869154040054509", "869154040054509", NULL},
	{"+CPIN", "+CPIN: READY", "READY", NULL},
	{"+CPIN", "+CPIN: SIM PIN", "SIM PIN", NULL},
	{"+QICFG", "+QICFG: \"dataformat\",1,0", "dataformat 1 0", NULL},
	{"+QIOPEN", "+QIOPEN: 0,566", "0 566", NULL},
	{"+QISEND", "+QISEND: 94,94,0", "94 94 0", NULL},
	{"+QISEND", "+QISEND: 4294967295,1,0", "4294967295 1 0", NULL},
	{"+QISTATE", "+QISTATE: 0,\"TCP\",\"hf.quectel.com\",8008,0,2,0,1",
	 "0 TCP hf.quectel.com 8008 0 2 0 1", NULL},
	{"+QIDNSGIP", "+QIDNSGIP: 0,1,0", "0 1 0", NULL},
	{"+QIDNSGIP", "+QIDNSGIP: 565", "565 - -", NULL},
	{"+QIDNSGIP address", "+QIDNSGIP: \"47.100.63.174\"", "47.100.63.174", NULL},
	{"+QIDNSGIP address", "+QIDNSGIP: 47.100.63.174", "47.100.63.174", NULL},
	{"+IP", "+IP: 100.85.29.214", "100.85.29.214 -", NULL},
	{"+QIURC", "+QIURC: \"closed\",0", "closed 0 -", NULL},
	{"+QIURC", "+QIURC: \"recv\",3,\"buff full\"", "recv 3 buff full", NULL},

	{"+CSQ", "+CSQ: 22", NULL, "ber"},
	{"+CSQ", "+CSQ: ,0", NULL, "rssi"},
	{"+CSQ", "+CSQ: -1,0", NULL, "rssi"},
	{"+CSQ", "+CSQ: 100,0", NULL, "rssi"},
	{"+CSQ", "+CSQ: 20x,0", NULL, "rssi"},
	{"+CSQ", "+CSQ: \"20\",0", NULL, "rssi"},
	{"+CSQ", "+CSQ: 99999999999999999999,0", NULL, "rssi"},
	{"+CSQ", "+CSQ: 20,0,0", NULL, NULL},
	{"+CSQ", "+CSQX: 20,0", NULL, NULL},
	{"+CSQ", "+CSQ", NULL, "rssi"},
	{"+CSQ", "", NULL, NULL},
	{"+CSQ", "+CREG: 0,1", NULL, NULL},
	{"+QIOPEN", "+QIOPEN: 5,0", NULL, "connectID"},
	{"+CPIN", "+CPIN: a code of more than thirty-two bytes", NULL, "code"},
	{"+CPIN", "+CPIN: ", NULL, "code"},
	{"+QISEND", "+QISEND: 1,2", NULL, "nAcked"},
	{"+QISEND", "+QISEND: 4294967296,1,0", NULL, "sent"},
	{"+QISTATE", "+QISTATE: 0,\"TCP\",\"h,8008,0,2,0,1", NULL, "host"},
	{"+QISTATE", "+QISTATE: 0,\"TCP\",\"h\"8008,0,2,0,1", NULL, "host"},
	{"+CEREG", "+CEREG: 0,1,\"4C10", NULL, "tac"},
	{"+CEREG", "+CEREG: 1", NULL, "stat"},
};

static void join(char *out, size_t size, const struct bc260y_form *form,
		 const struct bc260y_value *values)
{
	size_t at = 0;

	out[0] = 0;
	for (size_t i = 0; i < form->field_count && at < size; i++) {
		const char *space = i ? " " : "";
		int n;

		if (values[i].kind == BC260Y_KIND_NUMBER)
			n = snprintf(out + at, size - at, "%s%lld", space,
				     (long long)values[i].number);
		else if (values[i].kind == BC260Y_KIND_TEXT)
			n = snprintf(out + at, size - at, "%s%.*s", space, (int)values[i].size,
				     values[i].text);
		else
			n = snprintf(out + at, size - at, "%s-", space);
		at += (size_t)n;
	}
}

static void test_decoding(const struct decoding *d)
{
	struct bc260y_value values[BC260Y_FIELD_COUNT_MAX];
	const struct bc260y_field *fault = NULL;
	const struct bc260y_form *form = response_form(d->form);
	char got[256];
	int result = bc260y_decode(form, d->line, strlen(d->line), values, &fault);
	int right;

	if (d->want) {
		CHECK_INT(result, 0);
		join(got, sizeof(got), form, values);
		right = !result && !strcmp(got, d->want);
	} else {
		right = result < 0 && (d->fault ? fault && !strcmp(fault->name, d->fault) : !fault);
	}
	CHECK(right);
	if (!right)
		fprintf(stderr, "\t%s: %d, %s\n", d->line, result, fault ? fault->name : "-");
}

static void test_errors(void)
{
	CHECK(!strcmp(bc260y_error_text(550), "Unknown error"));
	CHECK(!strcmp(bc260y_error_text(556), "Socket bind failed"));
	CHECK(!strcmp(bc260y_error_text(565), "DNS parse failed"));
	CHECK(!strcmp(bc260y_error_text(569), "Operation timeout"));
	CHECK(!strcmp(bc260y_error_text(574), "Port busy"));
	CHECK(!bc260y_error_text(549));
	CHECK(!bc260y_error_text(575));
	CHECK(!bc260y_error_text(0));
}

static void test_shapes(void)
{
	static const char *const refused[] = {
		"AT+QISEND=x,1",
		"AT+QISEND=9,3",
		"AT+QISEND=0,1025",
		"AT+QISEND=0,0;+CSQ",
		"AT+QISEND=0,0,1",
		"AT+QISEND=0,3,616263;+QICLOSE=0",
		"AT+QISEND=0,1,\"a\";+CSQ",
		"ATE0+QISEND=0,3",
		"AT +QISEND=0,3",
		"ATQ 1",
		"ATV 0",
		"AT\x7F",
	};
	struct bc260y_shape shape;
	const char *fault;

	CHECK_INT(bc260y_command_shape("AT+QISEND=3,0", 13, &shape, &fault), 0);
	CHECK(shape.count && !shape.prompted && shape.second == BC260Y_SECOND_NONE);
	CHECK_INT(bc260y_command_shape("AT+QISEND=3,100", 15, &shape, &fault), 0);
	CHECK(shape.prompted == 100 && shape.second == BC260Y_SECOND_SEND);
	CHECK_INT(bc260y_command_shape("AT+QISEND=3,1,\";\"", 17, &shape, &fault), 0);
	CHECK(!shape.prompted && shape.second == BC260Y_SECOND_SEND);
	CHECK_INT(bc260y_command_shape("at+qiopen=0,3,\"TCP\"", 19, &shape, &fault), 0);
	CHECK(shape.second == BC260Y_SECOND_OPEN && shape.id == 3);
	CHECK_MEM(shape.prefix, shape.prefix_size, "+qiopen", 7);
	CHECK_INT(bc260y_command_shape("AT+QIOPEN=?", 11, &shape, &fault), 0);
	CHECK(shape.second == BC260Y_SECOND_NONE);
	CHECK_INT(bc260y_command_shape("AT+CGSN", 7, &shape, &fault), 0);
	CHECK(shape.bare);
	CHECK_INT(bc260y_command_shape("AT+CGSN=1", 9, &shape, &fault), 0);
	CHECK(!shape.bare);
	CHECK_INT(bc260y_command_shape("AT&V", 4, &shape, &fault), 0);
	CHECK_INT(bc260y_command_shape("ATE0V1", 6, &shape, &fault), 0);
	for (size_t i = 0; i < COUNT(refused); i++)
		CHECK(bc260y_command_shape(refused[i], strlen(refused[i]), &shape, &fault) < 0);
	CHECK_INT(bc260y_command_shape("AT+QISEND=0,3,3b3b3b", 20, &shape, &fault), 0);
	CHECK_INT(bc260y_command_shape("AT+QISEND=0,3,;;;", 17, &shape, &fault), 0);
	CHECK_INT(bc260y_command_shape("AT+QIOPEN=0,9", 13, &shape, &fault), 0);
	CHECK(shape.second == BC260Y_SECOND_NONE);
	CHECK(bc260y_command_shape("AT+CSQ;+CSQ", 11, &shape, &fault) < 0);
	CHECK_INT(bc260y_command_shape("AT+X=\";\"", 8, &shape, &fault), 0);
}

static void test_words(void)
{
	CHECK_INT(bc260y_line_word("OK", 2), BC260Y_WORD_OK);
	CHECK_INT(bc260y_line_word("OKAY", 4), BC260Y_WORD_OTHER);
	CHECK_INT(bc260y_line_word("ERROR", 5), BC260Y_WORD_ERROR);
	CHECK_INT(bc260y_line_word("+CME ERROR: 30", 14), BC260Y_WORD_ERROR);
	CHECK_INT(bc260y_line_word("+QIOPEN: 0,0", 12), BC260Y_WORD_OPEN);
	CHECK_INT(bc260y_line_word("+QIOPEN: (0),(0-4)", 18), BC260Y_WORD_OTHER);
	CHECK_INT(bc260y_line_word("+QIDNSGIP: <host>", 17), BC260Y_WORD_OTHER);
	CHECK_INT(bc260y_line_word("RDY", 3), BC260Y_WORD_READY);
	CHECK(bc260y_line_is_urc("+CEREG: 1", 9));
	CHECK(!bc260y_line_is_urc("+CEREG: 0,1", 11));
	CHECK(bc260y_line_is_urc("+CEREG: 1,\"4C10\",\"0849\",9", 25));
	CHECK(bc260y_line_is_urc("+CEREG: 1,19472,138894516,9", 27));
	CHECK(!bc260y_line_is_urc("+CSQ: 1", 7));
	CHECK(bc260y_line_is_urc("+QIURC: \"closed\",0", 18));
	CHECK(bc260y_line_is_urc("+QNBIOTEVENT: \"ENTER PSM\"", 25));
	CHECK(!bc260y_line_is_urc("+QNBIOTEVENT: 1,1", 17));
}

int main(void)
{
	for (size_t i = 0; i < COUNT(encodings); i++)
		test_encoding(&encodings[i]);
	for (size_t i = 0; i < COUNT(decodings); i++)
		test_decoding(&decodings[i]);
	CHECK(!command_form("NONE"));
	CHECK(!response_form("+NONE"));
	test_errors();
	test_shapes();
	test_words();
	return check_end("codec");
}

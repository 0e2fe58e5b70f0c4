/*
 * What each command, response and URC of a BC260Y-CN looks like.
 *
 * Tables of fields, one row a form; one encoder and one decoder that walk them;
 * and what the exchange must know of a command to await its end. It knows no
 * time and no state: the same text always means the same.
 */
#ifndef BC260Y_CODEC_H
#define BC260Y_CODEC_H

#include "args.h"
#include "framer.h"

#define BC260Y_HOST_SIZE_MAX	  150u	/* manual 2.3.2, 2.3.6 */
#define BC260Y_SEND_TEXT_SIZE_MAX 1024u /* manual 2.3.5 */
#define BC260Y_SEND_HEX_SIZE_MAX  512u	/* manual 2.3.5 */
/* AT+QISEND=4,1024,"<1024 bytes>",2 and its CR, with room to spare. */
#define BC260Y_COMMAND_SIZE_MAX 1056u
#define BC260Y_FIELD_COUNT_MAX	14 /* AT+QENG=0 */

/* Deadlines of second results, counted from the OK. The module itself gives up an
 * open after 60 s (2.3.2 note 2): its report is not to be orphaned. */
enum {
	BC260Y_OPEN_MS = 65000,
	BC260Y_SECOND_MS = 10000,
	BC260Y_DNS_MS = 60000,
	BC260Y_NTP_MS = 60000,
	BC260Y_PING_MARGIN_MS = 10000, /* beside the time-outs of its requests, */
	BC260Y_PING_QUIET_MS = 5000    /* and beside one's, behind what may be the end */
};

enum bc260y_kind {
	BC260Y_KIND_NIL,
	BC260Y_KIND_NUMBER,
	BC260Y_KIND_SIGNED,  /* in a response: a number from -max to max */
	BC260Y_KIND_FIXED,   /* a number that is always min: no value stands for it */
	BC260Y_KIND_SERVICE, /* "TCP" or "UDP" */
	BC260Y_KIND_QUOTED,  /* a text in double quotes */
	BC260Y_KIND_INLINE,  /* QISEND's text: its length goes before it */
	BC260Y_KIND_HEX,     /* QISEND's bytes in hex: likewise */
	BC260Y_KIND_TEXT,    /* in a response: a text, quoted or not */
	BC260Y_KIND_REST     /* in a response: all that is left of the line */
};

struct bc260y_value {
	enum bc260y_kind kind; /* NIL, NUMBER or TEXT */
	int64_t number;
	const char *text;
	size_t size;
};

struct bc260y_field {
	const char *name; /* as the manual spells it */
	uint32_t max;	  /* of a number, or of a text's size */
	uint16_t min;
	uint8_t kind;
	bool optional;
};

struct bc260y_form {
	const char *name;   /* what a caller asks for: "QIOPEN", "+CEREG urc" */
	const char *prefix; /* how the line begins: "AT+QIOPEN=", "+CEREG" */
	uint8_t field_count;
	const struct bc260y_field *fields; /* in the manual's order */
};

struct bc260y_table {
	const struct bc260y_form *commands;
	const struct bc260y_form *responses;
	uint8_t command_count;
	uint8_t response_count;
};

extern const struct bc260y_table bc260y_ip_table;     /* forms.c: the manual's own */
extern const struct bc260y_table bc260y_module_table; /* forms_module.c: those beside them */

/* The form of that name, or NULL. */
const struct bc260y_form *bc260y_command_form(const struct bc260y_table *table, const char *name);
const struct bc260y_form *bc260y_response_form(const struct bc260y_table *table, const char *name);

/* Writes one command line, without its CR, into buffer. values: one for each field
 * that is not FIXED; an optional one may be NIL and is left out.
 * Result: the length, or BC260Y_ERR_*; *fault is then the field, or NULL for too
 * many values. */
int bc260y_encode(char *buffer, size_t size, const struct bc260y_form *form,
		  const struct bc260y_value *values, size_t value_count,
		  const struct bc260y_field **fault);

/* Reads one response line into values[form->field_count].
 * Result: 0, or BC260Y_ERR_*; *fault is then the field, or NULL when the prefix is
 * another or fields are left over. */
int bc260y_decode(const struct bc260y_form *form, const char *line, size_t size,
		  struct bc260y_value *values, const struct bc260y_field **fault);

#define BC260Y_ERROR_FIRST   550
#define BC260Y_ERROR_TIMEOUT 569 /* of a ping: a request that was lost */
#define BC260Y_ERROR_LAST    574
/* The manual's chapter 3: "Socket bind failed" for 556; NULL for other codes. */
const char *bc260y_error_text(int code);

/* Commands may be in lower case (manual 2.2); what the module says is not. */
static inline char bc260y_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* What comes after a command's OK, as part of the same operation. */
enum bc260y_second {
	BC260Y_SECOND_NONE,
	BC260Y_SECOND_OPEN,  /* +QIOPEN: <id>,<err> */
	BC260Y_SECOND_SEND,  /* SEND OK or SEND FAIL */
	BC260Y_SECOND_CLOSE, /* CLOSE OK */
	BC260Y_SECOND_DNS,   /* +QIDNSGIP: ..., several lines */
	BC260Y_SECOND_PING,  /* +QPING: ..., several lines */
	BC260Y_SECOND_NTP,   /* +QNTP: <err>[,<time>] */
	BC260Y_SECOND_COUNT
};

/* What a command line asks of whoever awaits its end. */
struct bc260y_shape {
	const char *prefix; /* of its information lines, inside the line; size 0: none */
	size_t prefix_size;
	uint32_t second_ms; /* deadline of the second result */
	uint16_t prompted;  /* bytes to be sent after a prompt, 0: no prompt */
	uint8_t second;	    /* enum bc260y_second */
	uint8_t id;	    /* of the second result, or BC260Y_ID_NONE */
	uint8_t ping_num;   /* requests of a ping, at most, */
	uint8_t time_out_s; /* and how long each is awaited */
	bool bare;	    /* its information lines have no prefix */
	bool count;	    /* AT+QISEND=<id>,0: may end in SEND OK (manual 4.2) */
};

/* Reads a command line. Result: 0, or BC260Y_ERR_ARGUMENT with *fault set for what
 * can't be tracked: no AT in front, `;`, ATV0, a control byte, QISEND's id or size. */
int bc260y_command_shape(const char *line, size_t size, struct bc260y_shape *shape,
			 const char **fault);

/* What a line is, by itself. */
enum bc260y_word {
	BC260Y_WORD_OTHER,
	BC260Y_WORD_OK,
	BC260Y_WORD_ERROR, /* ERROR, +CME ERROR: ..., +CMS ERROR: ... */
	BC260Y_WORD_SEND_OK,
	BC260Y_WORD_SEND_FAIL,
	BC260Y_WORD_CLOSE_OK,
	BC260Y_WORD_OPEN, /* +QIOPEN: <id>,<err> */
	BC260Y_WORD_DNS,  /* +QIDNSGIP: ... */
	BC260Y_WORD_PING, /* +QPING: ... */
	BC260Y_WORD_NTP,  /* +QNTP: ... */
	BC260Y_WORD_READY /* RDY */
};
enum bc260y_word bc260y_line_word(const char *line, size_t size);

/* True when a line with the prefix of the query in flight is no answer to it but a URC:
 * some prefixes are a URC's alone, others differ by their fields. */
bool bc260y_line_is_urc(const char *line, size_t size);

#endif

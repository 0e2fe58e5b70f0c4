/*
 * The tables of a BC260Y-CN's commands, responses and error codes.
 *
 * Section numbers are the manual's. What walks the tables is codec.c's.
 */
#include "codec.h"

/* clang-format off */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NUMBER(name, min, max)     {name, max, min, BC260Y_KIND_NUMBER, false}
#define NUMBER_OPT(name, min, max) {name, max, min, BC260Y_KIND_NUMBER, true}
#define FIXED(name, number)        {name, number, number, BC260Y_KIND_FIXED, false}
#define TEXT(name, max)            {name, max, 0, BC260Y_KIND_TEXT, false}
#define TEXT_OPT(name, max)        {name, max, 0, BC260Y_KIND_TEXT, true}
#define ID                         NUMBER("connectID", 0, BC260Y_SOCKET_COUNT - 1)
/* 2.3.2 note 1: only context 0; the others stand in the tables alone. */
#define CONTEXT                    NUMBER("contextID", 0, 0)
#define CONTEXT_FIXED              FIXED("contextID", 0)
#define FORMAT(name)               NUMBER(name, 0, 1)
#define RAI                        NUMBER_OPT("rai_mode", 0, 2)
#define COUNTER(name)              NUMBER(name, 0, UINT32_MAX)

#define PLAIN(name, prefix)        {name, prefix, 0, NULL}
#define FORM(name, prefix, fields) {name, prefix, COUNT(fields), fields}
/* clang-format on */

static const struct bc260y_field ate_fields[] = {NUMBER("value", 0, 1)};
static const struct bc260y_field cgsn_fields[] = {NUMBER("snt", 0, 3)};
static const struct bc260y_field cfun_fields[] = {NUMBER("fun", 0, 4)};
static const struct bc260y_field cereg_set_fields[] = {NUMBER("n", 0, 5)};
static const struct bc260y_field cmee_fields[] = {NUMBER("n", 0, 2)};
static const struct bc260y_field qicfg_fields[] = {FORMAT("send_data_format"),
						   FORMAT("recv_data_format")};
static const struct bc260y_field qiopen_fields[] = {
	CONTEXT_FIXED,
	ID,
	{"service_type", 0, 0, BC260Y_KIND_SERVICE, false},
	{"host", BC260Y_HOST_SIZE_MAX, 1, BC260Y_KIND_QUOTED, false},
	NUMBER("remote_port", 1, 65535),
	NUMBER("local_port", 0, 65535),
	FIXED("access_mode", 1)};
static const struct bc260y_field id_fields[] = {ID};
static const struct bc260y_field qisend_text_fields[] = {
	ID, {"data", BC260Y_SEND_TEXT_SIZE_MAX, 1, BC260Y_KIND_INLINE, false}, RAI};
static const struct bc260y_field qisend_hex_fields[] = {
	ID, {"data", BC260Y_SEND_HEX_SIZE_MAX, 1, BC260Y_KIND_HEX, false}, RAI};
static const struct bc260y_field qisend_raw_fields[] = {
	ID, NUMBER("send_length", 1, BC260Y_SEND_TEXT_SIZE_MAX)};
static const struct bc260y_field qisend_count_fields[] = {ID, FIXED("send_length", 0)};
static const struct bc260y_field qistate_context_fields[] = {FIXED("query_type", 0), CONTEXT};
static const struct bc260y_field qistate_id_fields[] = {FIXED("query_type", 1), ID};
static const struct bc260y_field qidnsgip_fields[] = {
	CONTEXT_FIXED, {"host_name", BC260Y_HOST_SIZE_MAX, 1, BC260Y_KIND_QUOTED, false}};

/* Optional arguments are always written out: one that is left out takes the value
 * that was set before (2.1). rai_mode alone may be left out, since only the test
 * form and the table of 2.3.5 know it. */
static const struct bc260y_form commands[] = {
	PLAIN("AT", "AT"),
	FORM("ATE", "ATE", ate_fields),
	PLAIN("ATI", "ATI"),
	PLAIN("CGMR", "AT+CGMR"),
	FORM("CGSN", "AT+CGSN=", cgsn_fields),
	PLAIN("CPIN?", "AT+CPIN?"),
	PLAIN("CFUN?", "AT+CFUN?"),
	FORM("CFUN", "AT+CFUN=", cfun_fields),
	PLAIN("CEREG?", "AT+CEREG?"),
	FORM("CEREG", "AT+CEREG=", cereg_set_fields),
	PLAIN("CGPADDR", "AT+CGPADDR"),
	PLAIN("CSQ", "AT+CSQ"),
	FORM("CMEE", "AT+CMEE=", cmee_fields),
	PLAIN("QICFG?", "AT+QICFG=\"dataformat\""),
	FORM("QICFG", "AT+QICFG=\"dataformat\",", qicfg_fields),
	FORM("QIOPEN", "AT+QIOPEN=", qiopen_fields),
	FORM("QICLOSE", "AT+QICLOSE=", id_fields),
	FORM("QISEND text", "AT+QISEND=", qisend_text_fields),
	FORM("QISEND hex", "AT+QISEND=", qisend_hex_fields),
	FORM("QISEND raw", "AT+QISEND=", qisend_raw_fields),
	FORM("QISEND count", "AT+QISEND=", qisend_count_fields),
	PLAIN("QISTATE?", "AT+QISTATE?"),
	FORM("QISTATE context", "AT+QISTATE=", qistate_context_fields),
	FORM("QISTATE id", "AT+QISTATE=", qistate_id_fields),
	FORM("QIDNSGIP", "AT+QIDNSGIP=", qidnsgip_fields),
};

static const struct bc260y_field csq_fields[] = {NUMBER("rssi", 0, 99), NUMBER("ber", 0, 99)};
static const struct bc260y_field cereg_fields[] = {NUMBER("n", 0, 5),
						   NUMBER("stat", 0, 10),
						   TEXT_OPT("tac", 8),
						   TEXT_OPT("ci", 16),
						   NUMBER_OPT("act", 0, 15),
						   NUMBER_OPT("cause_type", 0, 255),
						   NUMBER_OPT("reject_cause", 0, 255),
						   TEXT_OPT("active_time", 8),
						   TEXT_OPT("periodic_tau", 8)};
static const struct bc260y_field cgpaddr_fields[] = {NUMBER("cid", 0, 15), TEXT_OPT("address", 64),
						     TEXT_OPT("address2", 64)};
static const struct bc260y_field cgsn_answer_fields[] = {TEXT("sn", 32)};
static const struct bc260y_field cpin_fields[] = {{"code", 32, 0, BC260Y_KIND_REST, false}};
static const struct bc260y_field qicfg_answer_fields[] = {
	TEXT("type", 16), FORMAT("send_data_format"), FORMAT("recv_data_format")};
static const struct bc260y_field qiopen_answer_fields[] = {ID, NUMBER("err", 0, 65535)};
static const struct bc260y_field qisend_answer_fields[] = {COUNTER("sent"), COUNTER("acked"),
							   COUNTER("nAcked")};
static const struct bc260y_field qistate_fields[] = {ID,
						     TEXT("service_type", 3),
						     TEXT("host", BC260Y_HOST_SIZE_MAX),
						     NUMBER("remote_port", 0, 65535),
						     NUMBER("local_port", 0, 65535),
						     NUMBER("socket_state", 0, 4),
						     NUMBER("contextID", 0, 11),
						     NUMBER("access_mode", 0, 1)};
static const struct bc260y_field qidnsgip_result_fields[] = {NUMBER("err", 0, 65535),
							     NUMBER_OPT("ip_count", 0, 255),
							     NUMBER_OPT("dns_ttl", 0, UINT32_MAX)};
static const struct bc260y_field qidnsgip_address_fields[] = {TEXT("hostIPaddr", 64)};
static const struct bc260y_field ip_fields[] = {TEXT("address", 64), TEXT_OPT("address2", 64)};
static const struct bc260y_field qiurc_fields[] = {
	TEXT("type", 16), ID, {"detail", 64, 0, BC260Y_KIND_REST, true}};

static const struct bc260y_form responses[] = {
	FORM("+CSQ", "+CSQ", csq_fields),
	FORM("+CEREG", "+CEREG", cereg_fields),
	{"+CEREG urc", "+CEREG", COUNT(cereg_fields) - 1, cereg_fields + 1},
	FORM("+CGPADDR", "+CGPADDR", cgpaddr_fields),
	FORM("+CGSN", "+CGSN", cgsn_answer_fields),
	FORM("+CPIN", "+CPIN", cpin_fields),
	FORM("+CFUN", "+CFUN", cfun_fields),
	FORM("+QICFG", "+QICFG", qicfg_answer_fields),
	FORM("+QIOPEN", "+QIOPEN", qiopen_answer_fields),
	FORM("+QISEND", "+QISEND", qisend_answer_fields),
	FORM("+QISTATE", "+QISTATE", qistate_fields),
	FORM("+QIDNSGIP", "+QIDNSGIP", qidnsgip_result_fields),
	FORM("+QIDNSGIP address", "+QIDNSGIP", qidnsgip_address_fields),
	FORM("+IP", "+IP", ip_fields),
	FORM("+QIURC", "+QIURC", qiurc_fields),
};

/* Chapter 3, from 550 on without a gap. */
static const char *const errors[] = {
	"Unknown error",
	"Operation blocked",
	"Invalid parameters",
	"Memory not enough",
	"Create socket failed",
	"Operation not supported",
	"Socket bind failed",
	"Socket listen failed",
	"Socket write failed",
	"Socket read failed",
	"Socket accept failed",
	"Open PDP context failed",
	"Close PDP context failed",
	"Socket identity has been used",
	"DNS busy",
	"DNS parse failed",
	"Socket connection failed",
	"Socket has been closed",
	"Operation busy",
	"Operation timeout",
	"PDP context broken down",
	"Cancel send",
	"Operation not allowed",
	"APN not configured",
	"Port busy",
};

const char *bc260y_error_text(int code)
{
	int index = code - BC260Y_ERROR_FIRST;

	return index >= 0 && index < (int)COUNT(errors) ? errors[index] : NULL;
}

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

const struct bc260y_form *bc260y_command_form(const char *name)
{
	return find(commands, COUNT(commands), name);
}

const struct bc260y_form *bc260y_response_form(const char *name)
{
	return find(responses, COUNT(responses), name);
}

/*
 * The application note's own commands and responses (sections 2.3 and 2.4).
 *
 * Section numbers are the manual's. What walks the tables is codec.c's.
 */
#include "forms_in.h"

/* clang-format off */
#define ID            NUMBER("connectID", 0, BC260Y_SOCKET_COUNT - 1)
/* 2.3.2 note 1: only context 0; the others stand in the tables alone. */
#define CONTEXT       NUMBER("contextID", 0, 0)
#define CONTEXT_FIXED FIXED("contextID", 0)
#define FORMAT(name)  NUMBER(name, 0, 1)
#define RAI           NUMBER_OPT("rai_mode", 0, 2)
#define COUNTER(name) NUMBER(name, 0, UINT32_MAX)
#define HOST(name)    QUOTED(name, 1, BC260Y_HOST_SIZE_MAX)
#define ERR(name)     NUMBER(name, 0, 65535)
/* clang-format on */

static const struct bc260y_field qicfg_fields[] = {FORMAT("send_data_format"),
						   FORMAT("recv_data_format")};
static const struct bc260y_field qiopen_fields[] = {
	CONTEXT_FIXED,
	ID,
	{"service_type", 0, 0, BC260Y_KIND_SERVICE, false},
	HOST("host"),
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
static const struct bc260y_field qidnsgip_fields[] = {CONTEXT_FIXED, HOST("host_name")};
static const struct bc260y_field context_fields[] = {CONTEXT_FIXED};
static const struct bc260y_field qidnscfg_fields[] = {CONTEXT_FIXED, QUOTED("pridnsaddr", 1, 64),
						      QUOTED_OPT("secdnsaddr", 1, 64)};
static const struct bc260y_field qping_fields[] = {
	CONTEXT_FIXED, HOST("host"), NUMBER("time_out", 1, 255), NUMBER("ping_num", 1, 10),
	NUMBER("ping_size", 32, 1500)};
static const struct bc260y_field qntp_fields[] = {
	CONTEXT_FIXED, HOST("server"), NUMBER("port", 1, 65535), NUMBER("auto_set_time", 0, 1)};

/* Optional arguments are always written out: one that is left out takes the value
 * that was set before (2.1). rai_mode alone may be left out, since only the test
 * form and the table of 2.3.5 know it. */
static const struct bc260y_form commands[] = {
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
	FORM("QIDNSCFG?", "AT+QIDNSCFG=", context_fields),
	FORM("QIDNSCFG", "AT+QIDNSCFG=", qidnscfg_fields),
	FORM("QPING", "AT+QPING=", qping_fields),
	FORM("QNTP", "AT+QNTP=", qntp_fields),
};

static const struct bc260y_field qicfg_answer_fields[] = {
	TEXT("type", 16), FORMAT("send_data_format"), FORMAT("recv_data_format")};
static const struct bc260y_field qiopen_answer_fields[] = {ID, ERR("err")};
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
static const struct bc260y_field qidnsgip_result_fields[] = {
	ERR("err"), NUMBER_OPT("ip_count", 0, 255), NUMBER_OPT("dns_ttl", 0, UINT32_MAX)};
static const struct bc260y_field qidnsgip_address_fields[] = {TEXT("hostIPaddr", 64)};
static const struct bc260y_field qidnscfg_answer_fields[] = {
	CONTEXT, TEXT_OPT("pridnsaddr_IPv4", 64), TEXT_OPT("secdnsaddr_IPv4", 64),
	TEXT_OPT("pridnsaddr_IPv6", 64), TEXT_OPT("secdnsaddr_IPv6", 64)};
static const struct bc260y_field qping_result_fields[] = {
	NUMBER("result", 0, 0), TEXT("IP_address", 64), NUMBER("bytes", 0, 65535),
	NUMBER("time", 0, UINT32_MAX), NUMBER_OPT("ttl", 0, 255)};
static const struct bc260y_field qping_summary_fields[] = {NUMBER("finresult", 0, 0),
							   COUNTER("sent"),
							   COUNTER("rcvd"),
							   COUNTER("lost"),
							   COUNTER("min"),
							   COUNTER("max"),
							   COUNTER("avg")};
static const struct bc260y_field qping_code_fields[] = {ERR("result")};
static const struct bc260y_field qntp_answer_fields[] = {ERR("err"), REST_OPT("time", 32)};
static const struct bc260y_field ip_fields[] = {TEXT("address", 64), TEXT_OPT("address2", 64)};
static const struct bc260y_field qiurc_fields[] = {TEXT("type", 16), ID, REST_OPT("detail", 64)};

static const struct bc260y_form responses[] = {
	FORM("+QICFG", "+QICFG", qicfg_answer_fields),
	FORM("+QIOPEN", "+QIOPEN", qiopen_answer_fields),
	FORM("+QISEND", "+QISEND", qisend_answer_fields),
	FORM("+QISTATE", "+QISTATE", qistate_fields),
	FORM("+QIDNSGIP", "+QIDNSGIP", qidnsgip_result_fields),
	FORM("+QIDNSGIP address", "+QIDNSGIP", qidnsgip_address_fields),
	FORM("+QIDNSCFG", "+QIDNSCFG", qidnscfg_answer_fields),
	FORM("+QPING result", "+QPING", qping_result_fields),
	FORM("+QPING summary", "+QPING", qping_summary_fields),
	FORM("+QPING code", "+QPING", qping_code_fields),
	FORM("+QNTP", "+QNTP", qntp_answer_fields),
	FORM("+IP", "+IP", ip_fields),
	FORM("+QIURC", "+QIURC", qiurc_fields),
};

const struct bc260y_table bc260y_ip_table = TABLE(commands, responses);

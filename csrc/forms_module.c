/*
 * The module's commands beside the application note's: identity, SIM, network,
 * clock, power (3GPP 27.007 and the vendor's own, in the forms that modules say).
 *
 * A table as forms.c's. Whoever needs none of it leaves this file out.
 */
#include "forms_in.h"

/* clang-format off */
#define SWITCH(name) NUMBER(name, 0, 1)
/* Eight or four bits as text (24.008 10.5.7.3, 10.5.7.4a, 10.5.5.32). */
#define BITS(name)   QUOTED(name, 8, 8)
/* clang-format on */

static const struct bc260y_field ate_fields[] = {SWITCH("value")};
static const struct bc260y_field cgsn_fields[] = {NUMBER("snt", 0, 3)};
static const struct bc260y_field cfun_set_fields[] = {NUMBER("fun", 0, 4), NUMBER_OPT("rst", 0, 1)};
static const struct bc260y_field n_0_to_1_fields[] = {SWITCH("n")};
static const struct bc260y_field n_0_to_2_fields[] = {NUMBER("n", 0, 2)};
static const struct bc260y_field n_0_to_5_fields[] = {NUMBER("n", 0, 5)};
static const struct bc260y_field cgatt_fields[] = {SWITCH("state")};
static const struct bc260y_field cops_mode_fields[] = {NUMBER("mode", 0, 2)};
static const struct bc260y_field cops_operator_fields[] = {QUOTED("oper", 5, 6)};
static const struct bc260y_field qband_set_fields[] = {
	NUMBER("count", 0, 4), NUMBER_OPT("band1", 1, 88), NUMBER_OPT("band2", 1, 88),
	NUMBER_OPT("band3", 1, 88), NUMBER_OPT("band4", 1, 88)};
static const struct bc260y_field cclk_set_fields[] = {QUOTED("time", 20, 20)};
static const struct bc260y_field cpsms_set_fields[] = {BITS("periodic_tau"), BITS("active_time")};
static const struct bc260y_field cedrxs_set_fields[] = {NUMBER("mode", 0, 3), FIXED("act", 5),
							QUOTED_OPT("value", 4, 4)};
static const struct bc260y_field enable_fields[] = {SWITCH("enable")};
static const struct bc260y_field event_set_fields[] = {SWITCH("enable"), FIXED("event", 1)};
static const struct bc260y_field ipr_set_fields[] = {NUMBER("rate", 4800, 460800)};

static const struct bc260y_form commands[] = {
	PLAIN("AT", "AT"),
	FORM("ATE", "ATE", ate_fields),
	PLAIN("ATI", "ATI"),
	PLAIN("CGMM", "AT+CGMM"),
	PLAIN("CGMR", "AT+CGMR"),
	FORM("CGSN", "AT+CGSN=", cgsn_fields),
	PLAIN("CIMI", "AT+CIMI"),
	PLAIN("QCCID", "AT+QCCID"),
	PLAIN("CPIN?", "AT+CPIN?"),
	PLAIN("CFUN?", "AT+CFUN?"),
	FORM("CFUN", "AT+CFUN=", cfun_set_fields),
	PLAIN("CSQ", "AT+CSQ"),
	PLAIN("CESQ", "AT+CESQ"),
	PLAIN("QENG", "AT+QENG=0"),
	PLAIN("CEREG?", "AT+CEREG?"),
	FORM("CEREG", "AT+CEREG=", n_0_to_5_fields),
	PLAIN("CGATT?", "AT+CGATT?"),
	FORM("CGATT", "AT+CGATT=", cgatt_fields),
	PLAIN("CSCON?", "AT+CSCON?"),
	FORM("CSCON", "AT+CSCON=", n_0_to_1_fields),
	PLAIN("COPS?", "AT+COPS?"),
	FORM("COPS", "AT+COPS=", cops_mode_fields),
	FORM("COPS operator", "AT+COPS=1,2,", cops_operator_fields),
	PLAIN("CGPADDR", "AT+CGPADDR"),
	PLAIN("QBAND?", "AT+QBAND?"),
	FORM("QBAND", "AT+QBAND=", qband_set_fields),
	PLAIN("CCLK?", "AT+CCLK?"),
	FORM("CCLK", "AT+CCLK=", cclk_set_fields),
	PLAIN("CBC", "AT+CBC"),
	PLAIN("CPSMS?", "AT+CPSMS?"),
	PLAIN("CPSMS off", "AT+CPSMS=0"),
	FORM("CPSMS", "AT+CPSMS=1,,,", cpsms_set_fields),
	PLAIN("CEDRXS?", "AT+CEDRXS?"),
	PLAIN("CEDRXS off", "AT+CEDRXS=0"),
	FORM("CEDRXS", "AT+CEDRXS=", cedrxs_set_fields),
	PLAIN("CEDRXRDP", "AT+CEDRXRDP"),
	PLAIN("QSCLK?", "AT+QSCLK?"),
	FORM("QSCLK", "AT+QSCLK=", n_0_to_2_fields),
	PLAIN("QCFG dsevent?", "AT+QCFG=\"dsevent\""),
	FORM("QCFG dsevent", "AT+QCFG=\"dsevent\",", enable_fields),
	PLAIN("QNBIOTEVENT?", "AT+QNBIOTEVENT?"),
	FORM("QNBIOTEVENT", "AT+QNBIOTEVENT=", event_set_fields),
	PLAIN("QRST", "AT+QRST=1"),
	PLAIN("CMEE?", "AT+CMEE?"),
	FORM("CMEE", "AT+CMEE=", n_0_to_2_fields),
	PLAIN("IPR?", "AT+IPR?"),
	FORM("IPR", "AT+IPR=", ipr_set_fields),
};

static const struct bc260y_field csq_fields[] = {NUMBER("rssi", 0, 99), NUMBER("ber", 0, 99)};
static const struct bc260y_field cesq_fields[] = {NUMBER("rxlev", 0, 99), NUMBER("ber", 0, 99),
						  NUMBER("rscp", 0, 255), NUMBER("ecno", 0, 255),
						  NUMBER("rsrq", 0, 255), NUMBER("rsrp", 0, 255)};
static const struct bc260y_field qeng_serving_fields[] = {NUMBER("type", 0, 0),
							  NUMBER_OPT("earfcn", 0, 262143),
							  SIGNED_OPT("earfcn_offset", 21),
							  NUMBER_OPT("pci", 0, 503),
							  TEXT_OPT("cell", 16),
							  SIGNED_OPT("rsrp", 32767),
							  SIGNED_OPT("rsrq", 32767),
							  SIGNED_OPT("rssi", 32767),
							  SIGNED_OPT("sinr", 32767),
							  NUMBER_OPT("band", 0, 255),
							  TEXT_OPT("tac", 8),
							  NUMBER_OPT("ecl", 0, 255),
							  SIGNED_OPT("tx_power", 32767),
							  NUMBER_OPT("operation_mode", 0, 255)};
static const struct bc260y_field qeng_neighbour_fields[] = {
	NUMBER("type", 1, 1), NUMBER("earfcn", 0, 262143), SIGNED_OPT("earfcn_offset", 21),
	NUMBER_OPT("pci", 0, 503), SIGNED_OPT("rsrp", 32767)};
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
static const struct bc260y_field qccid_fields[] = {TEXT("iccid", 24)};
static const struct bc260y_field cpin_fields[] = {REST("code", 32)};
static const struct bc260y_field cfun_fields[] = {NUMBER("fun", 0, 127)};
static const struct bc260y_field cscon_fields[] = {SWITCH("n"), SWITCH("mode"),
						   NUMBER_OPT("state", 0, 255)};
static const struct bc260y_field cops_fields[] = {NUMBER("mode", 0, 4), NUMBER_OPT("format", 0, 2),
						  TEXT_OPT("oper", 32), NUMBER_OPT("act", 0, 15)};
static const struct bc260y_field qband_fields[] = {REST_OPT("bands", 64)};
static const struct bc260y_field cclk_fields[] = {REST("time", 32)};
static const struct bc260y_field cbc_fields[] = {NUMBER("voltage", 0, 65535)};
static const struct bc260y_field cpsms_fields[] = {
	NUMBER("mode", 0, 2), TEXT_OPT("periodic_rau", 8), TEXT_OPT("gprs_ready_timer", 8),
	TEXT_OPT("periodic_tau", 8), TEXT_OPT("active_time", 8)};
static const struct bc260y_field cedrxs_fields[] = {NUMBER("act", 0, 7), TEXT_OPT("value", 4)};
static const struct bc260y_field cedrxrdp_fields[] = {NUMBER("act", 0, 7), TEXT_OPT("requested", 4),
						      TEXT_OPT("provided", 4),
						      TEXT_OPT("paging_window", 4)};
static const struct bc260y_field qcfg_fields[] = {TEXT("name", 32), NUMBER("value", 0, UINT32_MAX)};
static const struct bc260y_field event_fields[] = {SWITCH("enable"), NUMBER_OPT("event", 0, 255)};
static const struct bc260y_field event_urc_fields[] = {TEXT("what", 32)};
static const struct bc260y_field ipr_fields[] = {NUMBER("rate", 0, UINT32_MAX)};

static const struct bc260y_form responses[] = {
	FORM("+CGSN", "+CGSN", cgsn_answer_fields),
	FORM("+QCCID", "+QCCID", qccid_fields),
	FORM("+CPIN", "+CPIN", cpin_fields),
	FORM("+CFUN", "+CFUN", cfun_fields),
	FORM("+CSQ", "+CSQ", csq_fields),
	FORM("+CESQ", "+CESQ", cesq_fields),
	FORM("+QENG serving", "+QENG", qeng_serving_fields),
	FORM("+QENG neighbour", "+QENG", qeng_neighbour_fields),
	FORM("+CEREG", "+CEREG", cereg_fields),
	{"+CEREG urc", "+CEREG", COUNT(cereg_fields) - 1, cereg_fields + 1},
	FORM("+CGATT", "+CGATT", cgatt_fields),
	FORM("+CSCON", "+CSCON", cscon_fields),
	{"+CSCON urc", "+CSCON", COUNT(cscon_fields) - 1, cscon_fields + 1},
	FORM("+COPS", "+COPS", cops_fields),
	FORM("+CGPADDR", "+CGPADDR", cgpaddr_fields),
	FORM("+QBAND", "+QBAND", qband_fields),
	FORM("+CCLK", "+CCLK", cclk_fields),
	FORM("+CBC", "+CBC", cbc_fields),
	FORM("+CPSMS", "+CPSMS", cpsms_fields),
	FORM("+CEDRXS", "+CEDRXS", cedrxs_fields),
	FORM("+CEDRXRDP", "+CEDRXRDP", cedrxrdp_fields),
	FORM("+QSCLK", "+QSCLK", n_0_to_2_fields),
	FORM("+QCFG", "+QCFG", qcfg_fields),
	FORM("+QNBIOTEVENT", "+QNBIOTEVENT", event_fields),
	FORM("+QNBIOTEVENT urc", "+QNBIOTEVENT", event_urc_fields),
	FORM("+CMEE", "+CMEE", n_0_to_2_fields),
	FORM("+IPR", "+IPR", ipr_fields),
};

const struct bc260y_table bc260y_module_table = TABLE(commands, responses);

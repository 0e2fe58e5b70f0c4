/*
 * Pings and times: second results of several lines, and of one that carries data.
 */
#include "exchange_play.h"

#define PING   "AT+QPING=0,\"h\",4,2,32"
#define ANY    "AT+QPING=0,\"h\""
#define OK     "\r\nOK\r\n"
#define REPLY  "\r\n+QPING: 0,47.100.63.174,32,369\r\n"
#define QUOTED "\r\n+QPING: 0,\"240E:5A::6666\",32,479,64\r\n"
#define LOST   "\r\n+QPING: 569\r\n"
#define END2   "\r\n+QPING: 0,2,2,0,369,479,424\r\n"
#define NONE2  "\r\n+QPING: 0,2,0,2,0,0,0\r\n"
#define NTP    "AT+QNTP=0,\"s\",123,0"
#define TIME   "+QNTP: 0,\"19/06/11,11:08:20:35+32\""

#define I_REPLY	 "info +QPING: 0,47.100.63.174,32,369|"
#define I_QUOTED "info +QPING: 0,\"240E:5A::6666\",32,479,64|"
#define I_LOST	 "info +QPING: 569|"
#define I_END2	 "info +QPING: 0,2,2,0,369,479,424|"
#define I_NONE2	 "info +QPING: 0,2,0,2,0,0,0|"

static const struct scenario scenarios[] = {
	{"a ping and its summary",
	 {CMD(PING), SAY(OK REPLY), LOG(I_REPLY), SAY(QUOTED END2),
	  LOG(I_QUOTED I_END2 "result ok 0|")}},
	{"lost requests are no end",
	 {CMD(PING), SAY(OK LOST LOST NONE2), LOG(I_LOST I_LOST I_NONE2 "result ok 0|")}},
	{"one that is lost at first",
	 {CMD(PING), SAY(OK LOST), MS(4000), SAY(REPLY END2),
	  LOG(I_LOST I_REPLY I_END2 "result ok 0|")}},
	{"when all have ended a code is the summary",
	 {CMD(PING), SAY(OK LOST LOST LOST), LOG(I_LOST I_LOST I_LOST "result fail 569|")}},
	{"a code behind which nothing comes is the summary, too",
	 {CMD(PING), SAY(OK "\r\n+QPING: 565\r\n"), LOG("info +QPING: 565|"), MS(8999), LOG(""),
	  MS(1), LOG("result fail 565|"), CMD("AT+CSQ"), SAY(CSQ),
	  LOG("info +CSQ: 20,0|result ok -1|")}},
	{"a code before the OK does not end it",
	 {CMD(PING), SAY(LOST OK), LOG(I_LOST), SAY(REPLY END2 OK),
	  LOG(I_REPLY I_END2 "result ok 0|orphan OK|")}},
	{"all of it before the OK",
	 {CMD(PING), SAY(REPLY QUOTED END2), LOG(I_REPLY I_QUOTED I_END2), SAY(OK),
	  LOG("result ok 0|")}},
	{"a line behind the summary, before the OK, is nobody's",
	 {CMD(PING), SAY(END2 REPLY), LOG(I_END2 "orphan +QPING: 0,47.100.63.174,32,369|"), SAY(OK),
	  LOG("result ok 0|")}},
	{"the summary alone", {CMD(PING), SAY(OK NONE2), LOG(I_NONE2 "result ok 0|")}},
	{"no summary",
	 {CMD(PING), SAY(OK REPLY), MS(13999), LOG(I_REPLY), MS(1), LOG("result timeout -1|")}},
	{"a lost request is the summary when the time of all others has passed",
	 {CMD(PING), SAY(OK LOST), MS(13999), LOG(I_LOST), MS(1), LOG("result fail 569|"),
	  CMD(PING), SAY(OK END2), LOG(I_END2 "result ok 0|")}},
	{"nothing at all",
	 {CMD(PING), SAY(OK), MS(17999), LOG(""), MS(1), LOG("result timeout -1|")}},
	{"more replies than were asked for belong to nobody",
	 {CMD(PING), SAY(OK REPLY REPLY REPLY END2),
	  LOG(I_REPLY I_REPLY "orphan +QPING: 0,47.100.63.174,32,369|" I_END2 "result ok 0|")}},
	{"lines that are no ping's",
	 {CMD(PING),
	  SAY(OK "\r\n+QPING: 0\r\n\r\n+QPING: x\r\n\r\n+QPING: 0,,32\r\n\r\n+QPING: 566,4,4\r\n"
		 "\r\n+QPING: 0,4\r\n\r\n+QPING: 0,\"\"\r\n"),
	  LOG("orphan +QPING: 0|orphan +QPING: x|orphan +QPING: 0,,32|orphan +QPING: 566,4,4|"
	      "orphan +QPING: 0,4|orphan +QPING: 0,\"\"|"),
	  SAY(END2), LOG(I_END2 "result ok 0|")}},
	{"such a line takes nothing from the code before it",
	 {CMD(PING), SAY(OK "\r\n+QPING: 565\r\n\r\n+QPING: x\r\n"), MS(9000),
	  LOG("info +QPING: 565|orphan +QPING: x|result fail 565|")}},
	{"where it was not said how many, ten are awaited",
	 {CMD(ANY), SAY(OK LOST LOST LOST LOST), LOG(I_LOST I_LOST I_LOST I_LOST), MS(33999),
	  LOG(""), SAY(END2), LOG(I_END2 "result ok 0|"), CMD(ANY), SAY(OK), MS(50000),
	  LOG("result timeout -1|")}},
	{"ERROR", {CMD(PING), SAY("\r\nERROR\r\n"), LOG("result error -1 ERROR|")}},
	{"while a ping is owed no other is begun",
	 {CMD(PING), SAY(OK), MS(18000), LOG("result timeout -1|"), CMD(PING),
	  LOG("result no response -1|"), SAY(REPLY LOST), CMD(PING),
	  LOG("orphan +QPING: 0,47.100.63.174,32,369|orphan +QPING: 569|result no response -1|"),
	  CMD("AT+CSQ"), SAY(CSQ), LOG("info +CSQ: 20,0|result ok -1|"), SAY(END2), CMD(PING),
	  SAY(OK REPLY END2),
	  LOG("orphan +QPING: 0,2,2,0,369,479,424|" I_REPLY I_END2 "result ok 0|")}},
	{"after three deadlines it is lost, however often another was tried",
	 {CMD(PING), SAY(OK), MS(18000), LOG("result timeout -1|"), MS(30000), CMD(PING),
	  LOG("result no response -1|"), MS(24000), CMD(PING), LOG("result no response -1|"), MS(1),
	  CMD(PING), SAY(OK END2), LOG(I_END2 "result ok 0|")}},
	{"of a late ping a code may be a lost request: only its summary is its end",
	 {CMD(PING), SAY(OK), MS(18000), LOG("result timeout -1|"), CMD("AT+CSQ"), SAY(CSQ),
	  SAY(LOST), LOG("info +CSQ: 20,0|result ok -1|orphan +QPING: 569|"), CMD(PING),
	  LOG("result no response -1|"), SAY(NONE2), LOG("orphan +QPING: 0,2,0,2,0,0,0|"),
	  CMD(PING), SAY(OK REPLY END2), LOG(I_REPLY I_END2 "result ok 0|")}},
	{"the rest of a ping that was torn is not the next one's",
	 {CMD(PING), SAY(OK REPLY "\r\n+QIUC: \"recv\",0,3,abc\r\n"),
	  LOG(I_REPLY "torn +QIUC: \"recv\",0,3,abc|result torn -1|"), MS(150), SAY(FENCE),
	  LOG("trusted|"), SAY(REPLY END2),
	  LOG("orphan +QPING: 0,47.100.63.174,32,369|orphan +QPING: 0,2,2,0,369,479,424|"),
	  CMD(PING), SAY(OK END2), LOG(I_END2 "result ok 0|")}},
	{"a ping's lines when nobody pings, and a test form's that look like them",
	 {SAY(REPLY LOST END2),
	  LOG("orphan +QPING: 0,47.100.63.174,32,369|orphan +QPING: 569|"
	      "orphan +QPING: 0,2,2,0,369,479,424|"),
	  CMD("AT+QPING=?"), SAY("\r\n+QPING: (0-11),<host>,(1-255)\r\n" OK),
	  LOG("info +QPING: (0-11),<host>,(1-255)|result ok -1|"), CMD("AT+QNTP=?"),
	  SAY("\r\n+QNTP: 0-11,<server>\r\n" OK), LOG("info +QNTP: 0-11,<server>|result ok -1|"),
	  CMD(NTP), SAY(OK), MS(60000), LOG("result timeout -1|"), CMD("AT+QNTP=?"),
	  SAY("\r\n+QNTP: 0,1\r\n" OK), LOG("orphan +QNTP: 0,1|result ok -1|")}},
	{"what has lapsed keeps no test form from its answer",
	 {CMD(NTP), SAY(OK), MS(60000), LOG("result timeout -1|"), MS(180001), CMD("AT+QNTP=?"),
	  SAY("\r\n+QNTP: 0,1\r\n" OK), LOG("info +QNTP: 0,1|result ok -1|")}},
	{"a ping that the module's restart ends",
	 {CMD(PING), SAY(OK REPLY "\r\nRDY\r\n"), LOG(I_REPLY "result reset -1|reset|"), CMD(PING),
	  SAY(FENCE), SAY(OK END2), LOG(I_END2 "result ok 0|")}},
	{"a time",
	 {CMD(NTP), SAY(OK), LOG(""), SAY("\r\n" TIME "\r\n"), LOG("info " TIME "|result ok 0|")}},
	{"a time that fails, its line before the OK",
	 {CMD(NTP), SAY(OK "\r\n+QNTP: 565\r\n"), LOG("info +QNTP: 565|result fail 565|"), CMD(NTP),
	  SAY("\r\n+QNTP: 569\r\n" OK), LOG("info +QNTP: 569|result fail 569|")}},
	{"a time that does not come, and is not the next one's",
	 {CMD(NTP), SAY(OK), MS(60000), LOG("result timeout -1|"), CMD(NTP),
	  LOG("result no response -1|"), CMD(PING), SAY(OK END2), LOG(I_END2 "result ok 0|"),
	  SAY("\r\n+QNTP: 565\r\n"), LOG("orphan +QNTP: 565|"), CMD(NTP),
	  SAY(OK "\r\n" TIME "\r\n"), LOG("info " TIME "|result ok 0|")}},
	{"lines that are no time's",
	 {CMD(NTP), SAY(OK "\r\n+QNTP: x\r\n\r\n+QNTP: (0-11)\r\n"),
	  LOG("orphan +QNTP: x|info +QNTP: (0-11)|"), SAY("\r\n" TIME "\r\n"),
	  LOG("info " TIME "|result ok 0|")}},
};

/* What is asked for decides how long is waited. */
static void test_shapes(void)
{
	struct bc260y_shape shape;
	const char *fault;

	CHECK_INT(bc260y_command_shape(PING, strlen(PING), &shape, &fault), 0);
	CHECK_INT(shape.second, BC260Y_SECOND_PING);
	CHECK_INT(shape.second_ms, 18000);
	CHECK_INT(bc260y_command_shape("AT+QPING=0,\"h\",255,10,32", 24, &shape, &fault), 0);
	CHECK_INT(shape.second_ms, 2560000);
	CHECK_INT(bc260y_command_shape("AT+QPING=0,\"h\",256", 18, &shape, &fault), 0);
	CHECK_INT(shape.second, BC260Y_SECOND_NONE);
	CHECK_INT(bc260y_command_shape(NTP, strlen(NTP), &shape, &fault), 0);
	CHECK_INT(shape.second_ms, 60000);
}

int main(void)
{
	play_all(scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
	test_shapes();
	return check_end("exchange_ping");
}

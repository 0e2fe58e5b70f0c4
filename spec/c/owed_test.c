/*
 * More second results owed than can be counted: none is ever taken for a later one's,
 * until they are given up.
 */
#include "exchange_play.h"

enum { MANY = 300 };

static struct bench bench;

static void expect(int step, const char *log)
{
	compare("owed", step, -1, "log", bench.log, log);
	bench.log_size = 0;
	bench.log[0] = 0;
}

static void say_all(int times, const char *text, const char *log)
{
	for (int i = 0; i < times; i++) {
		say_cut(&bench, text, -1);
		expect(i, log);
	}
}

static void time_out(int times, const char *command)
{
	for (int i = 0; i < times; i++) {
		start(&bench, command, NULL);
		say_cut(&bench, "\r\nOK\r\n", -1);
		pass(&bench, BC260Y_SECOND_MS);
		expect(i, "result timeout -1|");
	}
}

static void begin(void)
{
	memset(&bench, 0, sizeof(bench));
	bench.now_ms = 1000000;
	bc260y_exchange_init(&bench.x, bench.buffer, sizeof(bench.buffer));
}

static void test_count(void)
{
	begin();
	time_out(MANY, "AT+QICLOSE=0");
	start(&bench, "AT+QICLOSE=0", NULL);
	say_cut(&bench, "\r\nOK\r\n", -1);
	say_all(UINT8_MAX - 1, "\r\nCLOSE OK\r\n", "orphan CLOSE OK|");
	/* Once nothing is owed it is known to be in, but not which of them was its own. */
	say_all(1, "\r\nCLOSE OK\r\n", "orphan CLOSE OK|result timeout -1|");
	start(&bench, "AT+QICLOSE=0", NULL);
	say_all(1, "\r\nOK\r\n\r\nCLOSE OK\r\n", "result ok 0|");
}

/* Settled otherwise, as many may still come: as long the next success is doubtful. */
static void test_doubt(void)
{
	begin();
	time_out(MANY, "AT+QISEND=0,1,\"a\"");
	bc260y_exchange_settle(&bench.x, BC260Y_SECOND_SEND, 0);
	time_out(2, "AT+QISEND=0,1,\"a\"");
	bc260y_exchange_settle(&bench.x, BC260Y_SECOND_SEND, 0);
	say_all(UINT8_MAX - 1, "\r\nSEND OK\r\n", "orphan SEND OK|");
	start(&bench, "AT+QISEND=0,1,\"a\"", NULL);
	say_all(1, "\r\nOK\r\n\r\nSEND OK\r\n", "result ok 0 doubtful|");
	say_all(1, "\r\nSEND OK\r\n", "orphan SEND OK|");
	start(&bench, "AT+QISEND=0,1,\"a\"", NULL);
	say_all(1, "\r\nOK\r\n\r\nSEND OK\r\n", "result ok 0|");
}

int main(void)
{
	test_count();
	test_doubt();
	return check_end("owed");
}

/*
 * Plays as much of a module as a command's round trip needs, on a pty of its own, for
 * whoever is measured: both sides get the same answers from the same code.
 *
 *   responder apart|together COMMAND [ARGUMENT...]
 *
 * It runs the command with the pty's name as last argument; apart: on another processor
 * than its own, as a module has its own; together: both on one.
 *
 * It answers each command as soon as its CR has come, and knows the few whose answer
 * is more than OK. It does not know who asks. Its exit status is that of the command.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define COMMAND_SIZE_MAX 4096
#define RUN_SECONDS_MAX	 120
#define ARGS_MAX	 30

static pid_t child;

/* In the order in which they are tried; the first whose beginning fits answers. */
static const struct {
	const char *command;
	const char *answer;
} answers[] = {
	{"AT\r", "\r\nOK\r\n"},
	{"AT+QISEND=0,0\r", "\r\n+QISEND: 0,0,0\r\n\r\nOK\r\n"},
	{"AT+QISEND=", "\r\nOK\r\n\r\nSEND OK\r\n"},
	{"AT+QIOPEN=", "\r\nOK\r\n\r\n+QIOPEN: 0,0\r\n"},
	{"AT+QICLOSE=", "\r\nOK\r\n\r\nCLOSE OK\r\n"},
	{"AT+CSQ\r", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n"},
	{"AT+CGSN=1\r", "\r\n+CGSN: 490154203237518\r\n\r\nOK\r\n"},
	{"AT+CEREG?", "\r\n+CEREG: 1,1\r\n\r\nOK\r\n"},
	{"AT+CGPADDR", "\r\n+CGPADDR: 0,\"100.64.0.1\"\r\n\r\nOK\r\n"},
	{"AT+CGMR", "\r\nBC260YCNAAR01A08\r\n\r\nOK\r\n"},
	{"AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n"},
	{"AT+CFUN?", "\r\n+CFUN: 1\r\n\r\nOK\r\n"},
	{"AT+QICFG=\"dataformat\"\r", "\r\n+QICFG: \"dataformat\",0,0\r\n\r\nOK\r\n"},
	{"", "\r\nOK\r\n"},
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void give_up(int number)
{
	(void)number;
	kill(child, SIGKILL);
	_exit(124);
}

static int open_pair(int *slave)
{
	struct termios settings;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) || unlockpt(master))
		fail("pty");
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (*slave < 0 || tcgetattr(*slave, &settings))
		fail("pty");
	cfmakeraw(&settings);
	if (tcsetattr(*slave, TCSANOW, &settings))
		fail("pty");
	return master;
}

static void answer(int master, const char *command, size_t size)
{
	const char *text;
	size_t i = 0;
	ssize_t wrote;

	while (strlen(answers[i].command) > size ||
	       memcmp(command, answers[i].command, strlen(answers[i].command)))
		i++;
	text = answers[i].answer;
	for (size_t left = strlen(text); left > 0; left -= (size_t)wrote, text += wrote) {
		wrote = write(master, text, left);
		if (wrote < 0 && errno != EINTR)
			return; /* it has gone: the next read says so */
		if (wrote < 0)
			wrote = 0;
	}
}

/* The child alone holds the slave open, so the end of both comes as an error here. */
static void serve(int master)
{
	char command[COMMAND_SIZE_MAX];
	size_t held = 0, size;
	ssize_t count;
	char *cr;

	for (;;) {
		count = read(master, command + held, sizeof(command) - held);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return;
		held += (size_t)count;
		while ((cr = memchr(command, '\r', held)) != NULL) {
			size = (size_t)(cr - command) + 1;
			answer(master, command, size);
			held -= size;
			memmove(command, command + size, held);
		}
		if (held == sizeof(command))
			held = 0;
	}
}

/* Where there is only one processor it is shared. */
static void place(bool first, bool together)
{
	cpu_set_t all, own;
	int left = 0;
	size_t cpu;

	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	if (!first && !together)
		left = CPU_COUNT(&all) - 1;
	CPU_ZERO(&own);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && left-- == 0)
			break;
	CPU_SET(cpu, &own);
	sched_setaffinity(0, sizeof(own), &own);
}

int main(int count, char **args)
{
	bool together = count > 1 && !strcmp(args[1], "together");
	char *command[ARGS_MAX + 2];
	int master, slave, status;

	if (count < 3 || count > ARGS_MAX || (!together && strcmp(args[1], "apart")))
		return 2;
	master = open_pair(&slave);
	memcpy(command, args + 2, sizeof(*args) * (size_t)(count - 2));
	command[count - 2] = ptsname(master);
	command[count - 1] = NULL;
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		place(false, together);
		execvp(command[0], command);
		fail(command[0]);
	}
	place(true, together);
	close(slave);
	signal(SIGALRM, give_up);
	alarm(RUN_SECONDS_MAX);
	serve(master);
	if (waitpid(child, &status, 0) != child)
		fail("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/*
 * Counts what a C test checks and says where it fails. One program, one module.
 */
#ifndef BC260Y_CHECK_H
#define BC260Y_CHECK_H

#include <stdio.h>
#include <string.h>

static unsigned long check_passed;
static unsigned long check_failed;

static inline void check_true(int held, const char *what, const char *file, int line)
{
	if (held) {
		check_passed++;
		return;
	}
	check_failed++;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
}

static inline void check_int(long long got, long long want, const char *what, const char *file,
			     int line)
{
	check_true(got == want, what, file, line);
	if (got != want)
		fprintf(stderr, "\tgot %lld, want %lld\n", got, want);
}

static inline int check_end(const char *name)
{
	printf("%s: %lu passed, %lu failed\n", name, check_passed, check_failed);
	return check_failed != 0;
}

#define CHECK(expr) check_true(!!(expr), #expr, __FILE__, __LINE__)
#define CHECK_INT(got, want) \
	check_int((long long)(got), (long long)(want), #got, __FILE__, __LINE__)
#define CHECK_MEM(got, got_size, want, want_size)                                    \
	check_true((got_size) == (want_size) && !memcmp((got), (want), (want_size)), \
		   #got " == " #want, __FILE__, __LINE__)

#endif

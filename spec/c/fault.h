/*
 * Makes one call of a function fail when a test says so.
 *
 * The linker sends the calls of a function that a test names in its "wraps" to the
 * function that FAULTY() defines for it. It does not know what has to come of a failure.
 */
#ifndef BC260Y_FAULT_H
#define BC260Y_FAULT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static struct {
	const char *call; /* NULL: whichever it is */
	const char *hit;  /* the one that has failed, NULL: none yet */
	int error;	  /* what it fails with, 0: nothing */
	int after;	  /* so many go well before */
} fault;

static inline void fault_in(const char *call, int after, int error)
{
	fault.call = call;
	fault.hit = NULL;
	fault.error = error;
	fault.after = after;
}

/* Result: the call that failed since fault_in(), or NULL. */
static inline const char *fault_end(void)
{
	fault.error = 0;
	return fault.hit;
}

static inline bool fault_due(const char *call)
{
	if (!fault.error || fault.hit || (fault.call && strcmp(fault.call, call)) ||
	    fault.after-- > 0)
		return false;
	fault.hit = call;
	errno = fault.error;
	return true;
}

#define FAULTY(type, name, failed, parameters, arguments)                           \
	type __real_##name parameters;                                              \
	type __wrap_##name parameters;                                              \
	type __wrap_##name parameters                                               \
	{                                                                           \
		return fault_due(#name) ? (type)(failed) : __real_##name arguments; \
	}

#endif

/*
 * The exchange, the module and two callers, for spin: what the parts share, and which
 * rules of the exchange can be left out, one by one, to see that spin finds it.
 *
 * README.md: what is assumed, which line of C each part pictures, how far it goes.
 */

/* How far: queries of the fence, results that are late at one time, debts counted. */
#define FENCES	 4
#ifndef LATE_MAX
#define LATE_MAX 2
#endif
#define OWED_MAX (LATE_MAX + 2)
#ifndef LINE
#define LINE	 12
#endif
/* Faults in one run; those that may go on for ever are bounded by what is outstanding. */
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef LATES
#define LATES 0
#endif
#ifndef RESETS
#define RESETS 0
#endif
#ifndef TEARS
#define TEARS 0
#endif

/* Commands: a query whose prefix a fence shares, the count, and what has second results. */
#define ASK	 0
#define COUNT	 1
#define OPEN	 2
#define CLOSE	 3
#define SEND	 4
#define SENDP	 5 /* after a prompt */

/* Kinds of second results: OPEN of socket 0 and 1 */
#define OWED_SEND  2
#define OWED_CLOSE 3
#define KINDS	   4
#define NO_SECOND  4

#define OUT_NONE    0
#define OUT_COMMAND 1
#define OUT_FENCE   2
#define OUT_DATA    3
#define OUT_FILL    4

/* enum bc260y_status; BUSY is the pump's */
#define NOT_YET	    0
#define OK_STATUS   1
#define ERROR	    2
#define FAIL	    3
#define TIMEOUT	    4
#define TORN	    5
#define NO_PROMPT   6
#define RESET	    7
#define NO_RESPONSE 8
#define BUSY	    9
#define IDLE	    10 /* nothing was asked for */

/* Whose an answer is: nobody's any more, the command's in flight, the fence's. Only the
 * assertions look at it. */
#define TAG_NONE    0
#define TAG_COMMAND 1
#define TAG_FENCE   2

/* What the module says, in order; 4 * what + tag on the line. */
#define SAY_INFO   0 /* 0-3: the answer of fence n; ASK shares 0 */
#define COUNT_PREFIX 4
#define SAY_COUNT  4 /* 4: as sent before, 5: with the chunk, 6: neither */
#define SAY_OK	   7
#define SAY_ERROR  8
#define SAY_PROMPT 9
#define SAY_SEND   10 /* SEND OK where no second result is due (4.2) */
#define SAY_READY  11
#define SAY_HEADER 12 /* of a payload; its end is SAY_BODY or SAY_TORN */
#define SAY_BODY   13
#define SAY_TORN   14
#define FAKE_OK	   15 /* payload of a torn frame, dressed as a line */
#define FAKE_SEND  16
#define FAKE_INFO  17

#define COUNT_NONE 3 /* no information line came */

/* Rules of the exchange that a mutant leaves out. */
#ifdef NO_FENCE
#define NEEDS_FENCE unfenced
#else
#define NEEDS_FENCE 1
#endif
#ifdef ONE_FENCE
#define FENCE_USED(n) ((n) != 1)
#else
#ifdef FENCE_REUSED
#define FENCE_USED(n) false
#else
#define FENCE_USED(n) OWED(n)
#endif
#endif
#ifdef CLASH_UNKNOWN
#define CLASH_KNOWN false
#else
#define CLASH_KNOWN true
#endif
#ifdef OWED_FORGOTTEN
#define KEEP_OWED(n) skip
#else
#define KEEP_OWED(n) count_up(n)
#endif
#ifdef OWED_YOUNGER
#define OWED_FIRST false
#else
#define OWED_FIRST true
#endif
#ifdef LOST_DATA_TRUSTED
#define LOST_DATA false
#else
#define LOST_DATA true
#endif
#ifdef STRAY_TAKEN
#define STRAY_KNOWN false
#else
#define STRAY_KNOWN true
#endif
#ifdef EARLY_IS_ALL
#define EARLY_KNOWN 0
#else
#define EARLY_KNOWN 1
#endif
#ifdef RESET_KEEPS_OWED
#define RESET_OWED skip
#else
#define RESET_OWED nothing_owed()
#endif
#ifdef RESET_KEEPS_COMMAND
#define RESET_ENDS false
#else
#define RESET_ENDS true
#endif
#ifdef RESET_UNFENCED
#define RESET_FENCE 0
#else
#define RESET_FENCE 1
#endif
#ifdef TORN_BELIEVED
#define TORN_UNTRUSTED untrusted
#else
#define TORN_UNTRUSTED 1
#endif
#ifdef OK_IS_FENCE
#define SEEN (fence_seen || fence_sent)
#else
#define SEEN fence_seen
#endif
#ifdef PROMPT_UNCHECKED
#define UNPROMPTED PROMPTED
#else
#define UNPROMPTED false
#endif
#ifdef DOUBT_AT_END
#define IN_DOUBT (seconded && owed_doubt[second] > 0)
#else
#define IN_DOUBT doubtful
#endif
#ifdef DOUBT_EXPIRES
#define LASTING tainted
#else
#define LASTING (tainted || doubtful)
#endif

/* Between the parts. */
chan line = [LINE] of { byte };	 /* from the module */
byte due[3], fakes;		 /* how many of each tag, and fakes, are in it */
chan queue = [2] of { bit };	 /* entries that wait (pump.lua), by user */
byte wanted[2];			 /* what each user's entry asks for */
byte result[2] = IDLE;
bit doubt[2];
byte value[2] = COUNT_NONE;	 /* what its first line of count said */
bit resting;			 /* the second user has nothing to send */
bit gone[2];			 /* RDY has come: its socket is no more */

/* For one step alone. */
hidden byte status, owed_bits, next_fence, k, what, was, tag;
hidden byte missing, pending;

inline nothing_owed()
{
	owed_count[0] = 0; owed_count[1] = 0; owed_count[2] = 0; owed_count[3] = 0;
	owed_doubt[0] = 0; owed_doubt[1] = 0; owed_doubt[2] = 0; owed_doubt[3] = 0
}

/* The pump of lua/bc260y/pump.lua: finish, and what its caller reads. */
inline give_result(st, d)
{
	result[user] = st;
	doubt[user] = d;
	forget_tag(TAG_COMMAND);
	if
	:: own_second > 0 && late_second[second] < LATE_MAX ->
		late_second[second]++
	:: else
	fi;
	own_second = 0
}

/* dispatch, pump.lua: the first line of an entry is what its caller reads. */
inline give_info(v)
{
	if
	:: kind == COUNT && value[user] == COUNT_NONE -> value[user] = v
	:: else
	fi
}

/* From now on those answers are nobody's. */
inline forget_tag(whose)
{
	k = (due[whose] > 0 -> len(line) : 0);
	do
	:: k > 0 ->
		line?was;
		line!(was % 4 == whose -> was - whose : was);
		k--
	:: else -> break
	od;
	due[TAG_NONE] = due[TAG_NONE] + due[whose];
	due[whose] = 0;
	was = 0
}

#include "module.pml"
#include "exchange.pml"
#include "world.pml"
#include "callers.pml"

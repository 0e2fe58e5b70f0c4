/*
 * Two callers, each with one socket: lua/bc260y/tcp.lua and connect.lua, as far as they
 * decide what a command's end means. They never cease to ask.
 */

inline submit(u, what_for)
{
	d_step {
		how = 0; in_doubt = 0;
		wanted[u] = what_for;
		result[u] = NOT_YET;
		value[u] = COUNT_NONE;
		queue!u
	}
}

#define UNSENT(r) (r == BUSY || r == NO_RESPONSE)
#define LEARN	  d_step { result[u] != NOT_YET -> how = result[u]; in_doubt = doubt[u]; \
	result[u] = IDLE; doubt[u] = 0 }

/* Settled: outcome and settle, tcp.lua. */
#define SUCCESS	 d_step { assert(taken[u] && !spoilt[u]); taken[u] = 0; written[u] = 0 }
#define DENIED	 d_step { assert(!open[u] || (!taken[u] && !taken_soon[u])); \
	taken[u] = 0; written[u] = 0 }

#ifdef DOUBT_IGNORED
#define CERTAIN true
#else
#define CERTAIN (!in_doubt)
#endif
#ifdef DENIED_ONCE
#define DENIED_AGAIN true
#else
#define DENIED_AGAIN (denied || refused)
#endif
#ifdef SETTLED_IS_OVER
#define SETTLED owed_count[OWED_SEND] = 0
#else
#define SETTLED settle(OWED_SEND)
#endif

/* One sends lines with the data in them, the other behind a prompt; or both do both. */
#ifndef BOTH
#define BOTH false
#endif

proctype caller(bit u)
{
	byte how, tries;
	bit in_doubt, refused, denied;

	atomic { skip; /* all until it waits is one step */

closed:
	gone[u] = 0;
	submit(u, OPEN);
	LEARN;
	if
	:: how == OK_STATUS -> gone[u] = 0; goto opened
	:: UNSENT(how) || how == RESET -> goto closed
	:: else /* 2.3.2 note 3 */
	fi;

closing:
	in_doubt = 0;
	submit(u, CLOSE);
	LEARN;
	if
	:: how == TIMEOUT || how == TORN -> d_step { settle(OWED_CLOSE) }; goto closing
	:: UNSENT(how) -> goto closing
	:: else -> goto closed
	fi;

opened:
	in_doubt = 0;
	if
	:: gone[u] -> goto closed
	:: else
	fi;
	if
	:: u == 0 -> submit(u, ASK); LEARN; goto opened
#ifdef NO_SENDS
	:: goto closing
#else
#ifndef PATIENT
	:: u == 1 -> resting = 1; !resting -> goto opened
#endif
	:: u == 0 || BOTH -> submit(u, SEND)
	:: u == 1 || BOTH -> submit(u, SENDP)
#endif
	fi;
	LEARN;
	if
	:: how == OK_STATUS && CERTAIN -> SUCCESS; goto opened
	:: UNSENT(how) -> assert(!written[u]); goto opened
	:: how == RESET -> goto ended
	:: how == NO_PROMPT -> d_step { settle(OWED_SEND) }; goto aborted
	:: else -> refused = (how == ERROR)
	fi;
#ifdef COUNT_NOT_ASKED
	SUCCESS;
	goto opened;
#endif

count: /* went, tcp.lua */
	if
	:: gone[u] -> goto ended
	:: else -> submit(u, COUNT)
	fi;
	LEARN;
	if
	:: gone[u] -> goto ended
	:: !gone[u] && how == OK_STATUS && value[u] == 1 -> d_step { SETTLED }; SUCCESS
	:: !gone[u] && how == OK_STATUS && value[u] == 0 && DENIED_AGAIN ->
		d_step { SETTLED };
		DENIED
	:: !gone[u] && how == OK_STATUS && value[u] == 0 && !DENIED_AGAIN ->
		d_step { /* some time later: what is on its way has arrived */
			denied = 1;
			tries = 0;
			taken[u] = taken[u] | taken_soon[u];
			taken_soon[u] = 0
		};
		goto count
	:: !gone[u] && how == BUSY -> goto count /* by another call */
	:: !gone[u] && how != OK_STATUS && how != ERROR && how != BUSY && tries < 2 ->
		tries++;
		goto count
	:: !gone[u] && how == OK_STATUS && value[u] == COUNT_NONE ->
		unfenced = 1; /* an older command's OK, perhaps */
		goto aborted
	:: else -> goto aborted
	fi;
	d_step { refused = 0; tries = 0; denied = 0 };
	goto opened;

ended: /* the connection is over, and no success was told */
	in_doubt = 0;
	d_step { refused = 0; tries = 0; denied = 0; taken[u] = 0; written[u] = 0 };
	goto closed;

aborted:
	in_doubt = 0;
	d_step { refused = 0; tries = 0; denied = 0; taken[u] = 0; written[u] = 0 };
	goto closing

	}
}

init {
#ifdef ALONE
	atomic { run caller(0) }
#else
	atomic { run caller(0); run caller(1) }
#endif
}

#ifdef PATIENT /* and so with no deadline of their own, and no rest: every one is answered */
ltl answered {
	[] (result[0] == NOT_YET -> <> (result[0] != NOT_YET)) &&
	[] (result[1] == NOT_YET -> <> (result[1] != NOT_YET))
}
#endif

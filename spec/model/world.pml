/*
 * What happens between the parts, one thing at a time: an answer comes or is lost, a
 * deadline passes, bytes are written, the module restarts, a frame is torn.
 */

inline drop_line()
{
	do
	:: len(line) > 0 -> line?what
	:: len(line) == 0 -> break
	od;
	what = 0;
	due[TAG_NONE] = 0; due[TAG_COMMAND] = 0; due[TAG_FENCE] = 0; fakes = 0
}

inline take_off()
{
	line?what;
	tag = what % 4;
	what = what / 4;
	due[tag]--;
	fakes = fakes - (what >= FAKE_OK)
}

/* bc260y_exchange_take and take_line, exchange_in.c */
inline take_trusted()
{
	if
	:: what < FENCES -> take_prefixed(what, COUNT_NONE, tag)
	:: what >= SAY_COUNT && what < SAY_OK ->
		take_prefixed(COUNT_PREFIX, (what - SAY_COUNT), tag)
	:: what == SAY_OK || what == FAKE_OK -> take_final(1, tag)
	:: what == SAY_ERROR -> take_final(0, tag)
	:: what == SAY_PROMPT -> take_prompt(tag)
	:: what == SAY_SEND || what == FAKE_SEND -> take_send(0, tag)
	:: what == SAY_READY ->
		clean = 1;
		booting = 0;
		take_ready()
	:: what == FAKE_INFO -> take_prefixed(fence, COUNT_NONE, tag)
	:: else /* SAY_BODY: a payload, SAY_HEADER */
	fi
}

inline take()
{
	take_off();
	in_payload = (what == SAY_HEADER);
	if
	:: what == SAY_TORN -> take_torn()
	:: what != SAY_TORN && !untrusted -> take_trusted()
	:: what != SAY_TORN && untrusted ->
		if
		:: what < FENCES -> take_untrusted(0, what, tag)
		:: what == FAKE_INFO -> take_untrusted(0, fence, tag)
		:: what == SAY_OK || what == FAKE_OK -> take_untrusted(1, FENCES, tag)
		:: what == SAY_PROMPT -> take_prompt(tag)
		:: what == SAY_READY -> booting = 0 /* TORN */
		:: else /* TORN */
		fi
	fi;
	what = 0; tag = 0
}

/* It never comes. */
inline lose()
{
	take_off();
	harm();
	if
	:: what == SAY_BODY || what == SAY_TORN -> take_torn() /* it stalls */
	:: what == SAY_READY -> booting = 0
	:: else
	fi;
	what = 0; tag = 0
}

/* A module says it when it has read the command: what it said before that comes first. */
#define OWN_COMES (own_second > 0 && due[TAG_NONE] == 0)
inline take_own_second()
{
	tag = own_second;
	own_second = 0;
	if
	:: second == OWED_SEND && tag == 1 && taken_soon[user] ->
		taken[user] = 1;
		taken_soon[user] = 0
	:: else
	fi;
	if
	:: untrusted /* TORN */
	:: !untrusted && second == OWED_SEND -> take_send((tag - 1), TAG_COMMAND)
	:: !untrusted && second != OWED_SEND -> take_second(second, (tag - 1), TAG_COMMAND)
	fi;
	tag = 0
}

inline take_late(n, failed)
{
	late_second[n]--;
	if
	:: untrusted /* TORN */
	:: !untrusted && n == OWED_SEND -> take_send(failed, TAG_NONE)
	:: !untrusted && n != OWED_SEND -> take_second(n, failed, TAG_NONE)
	fi
}

#define late(n) d_step { WAITING && late_second[n] > 0 -> take_late(n, 0) } \
	:: d_step { WAITING && late_second[n] > 0 -> take_late(n, 1) } \
	:: d_step { WAITING && late_second[n] > 0 && losses > 0 -> late_second[n]--; harm() }

/* A deadline is armed. TIMELY: what it waits for would have come. */
#define ARMED (!in_payload && ((in_flight && (first_armed || second_armed)) || \
	(fencing && fence_sent)))
#define TIMELY ((in_flight && (own_second || due[TAG_COMMAND])) || (fencing && due[TAG_FENCE]))
inline time_out()
{
	if
	:: TIMELY ->
		lates--;
		clean = 0
	:: else -> assert(!clean || (in_flight && seconded))
	fi;
	give_up()
}

/* start, pump.lua; exchange_start and hold, exchange.c */
#define MAY_START (len(queue) > 0 && !held && !in_flight && out != OUT_COMMAND && out != OUT_DATA)
inline start_next()
{
	queue?k;
	user = k;
	k = 0;
	kind = wanted[user];
	second = (kind < OPEN -> NO_SECOND : (kind == OPEN -> user :
		(kind == CLOSE -> OWED_CLOSE : OWED_SEND)));
	wanted[user] = 0;
	held = 1;
	fence_tries = 0
}

/* expire, pump.lua: the caller's own deadline, while nothing of it is written */
inline cancel_held()
{
	held = 0;
	fence_tries = 0;
	result[user] = BUSY;
	no_command()
}

inline cancel_queued()
{
	queue?k;
	result[k] = BUSY;
	wanted[k] = 0;
	k = 0
}

/* From then on it is lost, not late: bc260y_exchange_owed, exchange_owed.c */
#define EXPIRES(n) ((owed_count[n] || owed_doubt[n]) && late_second[n] == 0 && \
	!(in_flight && second == n && LASTING) && !(n == OWED_SEND && (data_mode || line??[SEND_OK])))
inline expire(n)
{
	owed_count[n] = 0;
	owed_doubt[n] = 0
}

/* Nothing can be begun, and no caller has a result to read: loop, pump and exchange do
 * what they can before anything else is read (turn, pump.lua and lua_line.c). */
#define MAY_WRITE (MAY_ADVANCE && (!FENCE_DUE || held || ANY_FREE))
#define UNREAD(u) (result[u] != NOT_YET && result[u] != IDLE)
#define WAITING	  (!MAY_START && !MAY_WRITE && !UNREAD(0) && !UNREAD(1))
#define ROOM	  (len(line) <= LINE - 3) /* what one step adds */

active proctype world()
{
	do
	/* the host */
	:: d_step { MAY_START -> start_next() }
	:: d_step { !MAY_START && MAY_WRITE -> advance(false, false) }
	:: d_step { !MAY_START && FENCE_DUE && BUT_0 -> advance(false, true) }
	:: d_step { !MAY_START && FENCE_DUE && fences_owed && len(line) == 0 -> advance(true, false) }
	:: atomic { WAITING && out != OUT_NONE && ROOM -> module_reads(); d_step { all_written() } }
	:: d_step { WAITING && resting -> resting = 0 }
	/* from the module */
	:: d_step { WAITING && len(line) > 0 -> take() }
	:: d_step { WAITING && FAULTY && len(line) > 0 && losses > 0 && !line?[HEADER] -> lose() }
	:: d_step { WAITING && OWN_COMES -> take_own_second() }
	:: d_step { WAITING && FAULTY && OWN_COMES && losses > 0 -> own_second = 0; harm() }
	:: late(0)
	:: late(1)
	:: late(OWED_SEND)
	:: late(OWED_CLOSE)
	:: atomic { WAITING && resets > 0 && ROOM -> module_restarts() }
	:: atomic { WAITING && FAULTY && tears > 0 && ROOM && !in_payload -> module_receives() }
	/* time */
	:: d_step { WAITING && ARMED && !booting && ((FAULTY && lates > 0) || !TIMELY) -> time_out() }
	:: d_step { WAITING && EXPIRES(0) -> expire(0) }
	:: d_step { WAITING && EXPIRES(1) -> expire(1) }
	:: d_step { WAITING && EXPIRES(OWED_SEND) -> expire(OWED_SEND) }
	:: d_step { WAITING && EXPIRES(OWED_CLOSE) -> expire(OWED_CLOSE) }
#ifndef PATIENT
	:: d_step { held -> cancel_held() }
	:: d_step { len(queue) > 0 -> cancel_queued() }
#endif
	od
}

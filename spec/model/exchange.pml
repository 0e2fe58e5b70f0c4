/*
 * The exchange of csrc/exchange*.c, transition by transition: each inline names the C
 * function that it pictures. It does not know what the module does (module.pml) nor who
 * asks (callers.pml).
 *
 * Time is left out: a deadline is armed or not; when one passes is world.pml's.
 */

/* The command that is held or in flight: struct bc260y_exchange, same names. */
bit held, in_flight, sent, answered, final, early_final, prompted, data_due, data_sent;
bit seconded, second_fail, doubtful, tainted;
bit first_armed, second_armed; /* first_until_ms, second_until_ms are not NEVER */
byte kind;
byte second = NO_SECOND; /* whose second results it awaits: an index into what is owed */
bit user; /* who asked: the socket's id too */
byte out = OUT_NONE;

/* What the last command left behind, and the fence. */
bit fill_left, fill_size;
bit late_clash; /* of fence 0, the only prefix that a command here shares */
bit unfenced, untrusted, fencing, fence_sent, fence_seen, stray, in_payload;
byte fence;
byte fences_owed, fence_tries;
byte owed_count[KINDS], owed_doubt[KINDS];

#define PROMPTED (kind == SENDP)
#define OWED(n) (fences_owed & (1 << (n)))

/* count_up, exchange_owed.c; the C stops at 255 */
inline count_up(n)
{
	owed_count[n] = (owed_count[n] < OWED_MAX -> owed_count[n] + 1 : OWED_MAX)
}

/* bc260y_exchange_leave_owed, with owe(), exchange_owed.c */
inline leave_owed(st, missing)
{
	if
	:: missing && !seconded && !tainted -> KEEP_OWED(second)
	:: else
	fi;
	if
	:: tainted && st == ERROR && owed_count[second] > 0 -> owed_count[second]--
	:: else
	fi
}

/* leave_late, exchange.c */
inline leave_late()
{
	unfenced = NEEDS_FENCE;
	late_clash = late_clash | (kind == ASK)
}

/* What is read of a command in flight alone is cleared behind it, so that states do not
 * differ by what nobody reads. */
inline no_command()
{
	sent = 0; answered = 0; prompted = 0; data_sent = 0; final = 0; early_final = 0;
	seconded = 0; second_fail = 0; doubtful = 0; tainted = 0;
	kind = 0; user = 0; second = NO_SECOND
}

/* leave_data, exchange.c */
#define DATA_OPEN (PROMPTED && (!final || early_final) && (!prompted || LOST_DATA))
inline leave_data()
{
	fill_left = 1;
	fill_size = fill_size | !prompted;
	status = NO_PROMPT
}

/* bc260y_exchange_end, exchange.c. as_status: how it ended. */
inline end_command(as_status)
{
	status = as_status;
	missing = (status == TIMEOUT || status == TORN);
	in_flight = 0;
	if
	:: missing && DATA_OPEN -> leave_data()
	:: else
	fi;
	finish_command()
}

inline finish_command()
{
	if
	:: second != NO_SECOND -> leave_owed(status, missing)
	:: else
	fi;
	if
	:: early_final || (!final && status != ERROR) -> leave_late()
	:: else
	fi;
	first_armed = 0; second_armed = 0; data_due = 0; /* live while in_flight alone: */
	give_result(status, IN_DOUBT);
	no_command()
}

/* bc260y_exchange_end_seconded, exchange.c */
inline end_seconded()
{
	status = (second_fail -> FAIL : OK_STATUS);
	missing = 0;
	in_flight = 0;
	if
	:: doubtful && DATA_OPEN -> leave_data()
	:: else
	fi;
	finish_command()
}

/* bc260y_exchange_forgive, exchange.c */
inline forgive()
{
	fencing = 0; unfenced = 0; untrusted = 0; fence_sent = 0; fence_seen = 0; fence = 0;
	fences_owed = 0; late_clash = 0; fill_size = 0;
	forget_tag(TAG_FENCE)
}

/* bc260y_exchange_abandon_fence, exchange.c */
inline abandon_fence()
{
	if
	:: fencing -> fences_owed = fences_owed | (1 << fence)
	:: else
	fi;
	fencing = 0; fence_sent = 0; fence_seen = 0;
	forget_tag(TAG_FENCE)
}

/* take_final, exchange_in.c */
inline take_final(ok, t)
{
	if
	:: fencing && SEEN && ok ->
		assert(t == TAG_FENCE);
		forgive()
	:: else ->
		if
		:: !in_flight || !sent || (final && ok) -> skip /* ORPHAN */
		:: else ->
			assert(t == TAG_COMMAND);
			stray = 0;
			if
			:: !ok -> end_command(ERROR)
			:: ok && second == NO_SECOND ->
				final = 1;
				stray = (kind == COUNT && STRAY_KNOWN);
				end_command(OK_STATUS)
			:: ok && second != NO_SECOND && PROMPTED && !data_sent ->
				final = 1;
				early_final = EARLY_KNOWN
			:: else ->
				final = 1;
				first_armed = 0;
				if
				:: seconded && !second_armed -> end_seconded()
				:: else -> second_armed = 1
				fi
			fi
		fi
	fi
}

/* take_ready, exchange_in.c */
inline take_ready()
{
	pending = in_flight || held;
	owed_bits = (fencing -> (1 << fence) : 0);
	forgive();
	RESET_OWED;
	stray = 0;
	fill_left = (out != OUT_NONE);
	out = OUT_NONE;
	gone[0] = 1;
	gone[1] = 1;
	if
	:: pending && RESET_ENDS -> end_command(RESET)
	:: else
	fi;
	held = 0;
	unfenced = RESET_FENCE;
	fences_owed = owed_bits
}

/* is_answer and take_prefixed, exchange_in.c. prefix: a fence's number, or COUNT_PREFIX */
inline take_prefixed(prefix, said, t)
{
	if
	:: in_flight && sent && ((kind == ASK && prefix == 0) ||
		((kind == COUNT || second == OWED_SEND) && prefix == COUNT_PREFIX)) ->
		assert(t == TAG_COMMAND);
		give_info(said);
		answered = 1
	:: else ->
		if
		:: fencing && fence_sent && prefix == fence ->
			assert(t == TAG_FENCE);
			fence_seen = 1
		:: else ->
			if
			:: prefix < FENCES && OWED(prefix) -> fences_owed = fences_owed - (1 << prefix)
			:: else /* ORPHAN or URC: nobody's */
			fi
		fi
	fi
}

/* take_late_second, exchange_second.c */
inline take_late_second(n)
{
	if
	:: owed_count[n] > 0 -> owed_count[n]--
	:: owed_count[n] == 0 && owed_doubt[n] > 0 -> owed_doubt[n]--
	:: else
	fi;
	if
	:: in_flight && tainted && owed_count[n] == 0 && n == second -> end_command(TIMEOUT)
	:: else /* ORPHAN */
	fi
}

/* take_second with awaits(), exchange_second.c. k: what it is a second result of */
inline take_second(n, failed, t)
{
	if
	:: (owed_count[n] > 0 && OWED_FIRST) ||
	   !(in_flight && sent && !seconded && second == n && (!PROMPTED || data_sent)) ->
		take_late_second(n)
	:: else ->
		/* Whose it was is not known while an older one's is in doubt: the caller is
		 * told so (SEND), or does not care (CLOSE, ids.lua). */
		assert(t == TAG_COMMAND || owed_doubt[n] > 0);
		seconded = 1;
		doubtful = (owed_doubt[n] > 0);
		second_fail = failed;
		second_armed = 0;
		if
		:: final -> end_seconded()
		:: else -> first_armed = 1
		fi
	fi
}

/* take_send, exchange_second.c */
inline take_send(failed, t)
{
	if
	/* It may be a late one: what the count's own line said stands all the same. */
	:: in_flight && kind == COUNT && answered && !failed -> end_command(OK_STATUS)
	:: else ->
		if
		:: stray && !failed ->
			stray = 0; /* ORPHAN, though it may be this command's: a timeout then */
			clean = 0
		:: else -> take_second(OWED_SEND, failed, t)
		fi
	fi
}

/* take_prompt, exchange_in.c */
inline take_prompt(t)
{
	if
	:: in_flight && sent && PROMPTED && !prompted ->
		assert(t == TAG_COMMAND);
		prompted = 1;
		first_armed = 0;
		data_due = 1
	:: else -> fill_left = fill_left | (fill_size && !(in_flight && PROMPTED))
	fi
}

/* take_torn, exchange_in.c */
inline take_torn()
{
	in_payload = 0;
	untrusted = TORN_UNTRUSTED;
	unfenced = 1;
	abandon_fence();
	if
	:: in_flight -> end_command(TORN)
	:: else
	fi
}

/* take_untrusted, exchange_in.c */
inline take_untrusted(is_ok, prefix, t)
{
	if
	:: fencing && fence_sent && prefix == fence ->
		assert(t == TAG_FENCE);
		fence_seen = 1
	:: fencing && fence_sent && prefix != fence && fence_seen && is_ok ->
		assert(t == TAG_FENCE);
		forgive()
	:: else /* TORN */
	fi
}

/* give_up, exchange.c: a deadline has passed */
inline give_up()
{
	if
	:: in_flight && seconded -> end_seconded()
	:: in_flight && !seconded -> end_command(TIMEOUT)
	:: !in_flight -> abandon_fence()
	fi
}

/* fail_held, exchange.c */
inline fail_held()
{
	assert(!clean);
	held = 0;
	fence_tries = 0;
	give_result(NO_RESPONSE, 0);
	no_command()
}

/* begin, exchange.c, with bc260y_exchange_taint, exchange_owed.c */
inline begin()
{
	held = 0;
	in_flight = 1;
	fence_tries = 0;
	if
	:: second != NO_SECOND && owed_count[second] > 0 ->
		tainted = 1;
		count_up(second)
	:: else
	fi;
	out = OUT_COMMAND
}

/* bc260y_exchange_free_fence, exchange_fence.c: the C takes the next that is free, in
 * turn; here it is the first or, where that is 0, perhaps the next: 1 to 3 are alike. */
#define USED(n) (FENCE_USED(n) || (late_clash && (n) == 0 && CLASH_KNOWN))
#define FROM(n) (!USED(n) -> n : FENCES)
#define FREE_FROM_1 (!USED(1) -> 1 : (!USED(2) -> 2 : FROM(3)))
#define ANY_FREE (!USED(0) || !USED(1) || !USED(2) || !USED(3))
#define BUT_0	 (!USED(0) && (!USED(1) || !USED(2) || !USED(3)))
inline free_fence(but_0)
{
	next_fence = (!USED(0) && !but_0 -> 0 : FREE_FROM_1)
}

/* begin_fence, exchange.c */
inline begin_fence()
{
	fence = next_fence;
	fencing = 1;
	fence_sent = 0;
	fence_seen = 0;
	fence_tries = (held && fence_tries < FENCES -> fence_tries + 1 : fence_tries);
	out = OUT_FENCE
}

/* advance, exchange.c: what it may begin to write. long_ago: BC260Y_FENCE_OWED_MS have
 * passed since the last fence. */
#define MAY_ADVANCE (out == OUT_NONE && (fill_left || (in_flight && data_due) || \
	(!in_flight && !fencing && !in_payload && (held || untrusted) && !(unfenced && !QUIET))))
#define FENCE_DUE (MAY_ADVANCE && !fill_left && !in_flight && unfenced)
inline advance(long_ago, but_0)
{
	if
	:: fill_left -> out = OUT_FILL
	:: !fill_left && in_flight ->
		data_due = 0;
		out = OUT_DATA
	:: !fill_left && !in_flight && !unfenced -> begin()
	:: else ->
		if
		:: long_ago -> fences_owed = 0
		:: else
		fi;
		free_fence(but_0);
		if
		:: held && fence_tries >= FENCES -> fail_held()
		:: !(held && fence_tries >= FENCES) && next_fence < FENCES -> begin_fence()
		:: else ->
			if
			:: held -> fail_held()
			:: else
			fi
		fi
	fi
}

/* all_written, exchange.c, after the module has taken the bytes */
inline all_written()
{
	if
	:: out == OUT_FENCE -> fence_sent = fencing
	:: out == OUT_COMMAND && in_flight ->
		sent = 1;
		first_armed = !UNPROMPTED;
		prompted = UNPROMPTED;
		data_due = UNPROMPTED
	:: out == OUT_DATA && in_flight ->
		data_sent = 1;
		first_armed = !final;
		second_armed = final
	:: out == OUT_FILL -> fill_left = 0
	:: else
	fi;
	out = OUT_NONE
}

/* bc260y_exchange_settle, exchange_owed.c */
inline settle(n)
{
	owed_doubt[n] = (owed_doubt[n] + owed_count[n] > OWED_MAX -> OWED_MAX :
		owed_doubt[n] + owed_count[n]);
	owed_count[n] = 0
}

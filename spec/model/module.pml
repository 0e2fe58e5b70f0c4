/*
 * What a BC260Y-CN may do with what is written to it: the assumptions of README.md.
 *
 * It answers at once into the line, where its answers may be late; second results wait
 * apart from it, since they come at any time.
 */

/* Two bits a socket: what is open at the module, and of the chunk that its user sends
 * last: taken, not yet but soon, spoilt by what was no data. */
bit open[2], taken[2], taken_soon[2], spoilt[2], written[2];

bit booting; /* it has restarted, and the host does not know */
bit data_mode, data_user;
byte own_second;     /* of the command in flight: 0 none, 1 success, 2 failure */
byte late_second[KINDS]; /* of commands that have ended */

byte losses = LOSSES, lates = LATES, resets = RESETS, tears = TEARS;
bit clean = 1; /* no fault since the start, or since the last reset */

/* With CALM_SOCKETS nothing goes wrong while one opens or closes; with NO_SENDS nothing
 * else is done: what is owed of both kinds at a time is in neither (README.md). */
#ifdef CALM_SOCKETS
#define FAULTY (!in_flight || (kind != OPEN && kind != CLOSE))
#else
#define FAULTY true
#endif

#define SAY(w, t) d_step { line!(4 * (w) + (t)); due[t]++ }
#define FAKE(w)	  d_step { line!(4 * (w)); due[TAG_NONE]++; fakes++ }
#define HEADER	  48 /* SAY_HEADER, on the line */
#define SEND_OK	  40 /* SAY_SEND of nobody, on the line */
#define QUIET	  (!untrusted || fakes == 0)
#define FENCE_TAG (fencing -> TAG_FENCE : TAG_NONE)
#define OWN_TAG	  (in_flight -> TAG_COMMAND : TAG_NONE)

/* README.md, what is not so: 4.2's SEND OK behind a count, and a late one of a send. */
#ifdef ANY_COUNT
#define SURE_OF_SENDS true
#else
#define SURE_OF_SENDS (late_second[OWED_SEND] == 0)
#endif

/* A second result of the command that is written now. */
inline will_second(failed)
{
	own_second = 1 + failed
}

/* AT+QISEND has its data: as many bytes as it asked for. */
inline send_taken(u, good)
{
	if
	:: taken[u] = 1
	:: taken_soon[u] = 1
	fi;
	spoilt[u] = spoilt[u] | !good
}

inline module_command(u)
{
	if
	:: kind == ASK -> SAY(SAY_INFO, TAG_COMMAND); SAY(SAY_OK, TAG_COMMAND)
	:: kind == COUNT && open[u] ->
		if
		:: taken_soon[u] -> taken_soon[u] = 0; taken[u] = 1
		:: skip
		fi;
		SAY(SAY_COUNT + taken[u], TAG_COMMAND);
		if
		:: SAY(SAY_OK, TAG_COMMAND)
		:: SURE_OF_SENDS -> SAY(SAY_SEND, TAG_COMMAND) /* 4.2 */
		:: SURE_OF_SENDS -> SAY(SAY_OK, TAG_COMMAND); SAY(SAY_SEND, TAG_COMMAND)
		fi
	:: kind == COUNT && !open[u] -> /* 4.1.7 */
		if
		:: SAY(SAY_ERROR, TAG_COMMAND)
		:: SAY(SAY_COUNT, TAG_COMMAND); SAY(SAY_OK, TAG_COMMAND)
		:: SAY(SAY_COUNT + 2, TAG_COMMAND); SAY(SAY_OK, TAG_COMMAND)
		fi
	:: kind == OPEN && booting -> SAY(SAY_ERROR, TAG_COMMAND)
	:: kind == OPEN && !open[u] && !booting ->
		if
		:: SAY(SAY_OK, TAG_COMMAND);
			open[u] = 1; taken[u] = 0; taken_soon[u] = 0; spoilt[u] = 0;
			will_second(0)
		:: SAY(SAY_OK, TAG_COMMAND); will_second(1)
		fi
	:: kind == OPEN && open[u] -> /* an id in use */
		if
		:: SAY(SAY_ERROR, TAG_COMMAND)
		:: SAY(SAY_OK, TAG_COMMAND); will_second(1)
		fi
	:: kind == CLOSE && open[u] ->
		SAY(SAY_OK, TAG_COMMAND);
		open[u] = 0; taken_soon[u] = 0; spoilt[u] = 0;
		will_second(0)
	:: kind == SEND && open[u] ->
		if
		:: SAY(SAY_OK, TAG_COMMAND); send_taken(u, 1); will_second(0)
		:: SAY(SAY_OK, TAG_COMMAND); send_taken(u, 1); will_second(1)
		:: SAY(SAY_OK, TAG_COMMAND); will_second(1)
		:: will_second(1) /* SEND FAIL alone */
		:: SAY(SAY_ERROR, TAG_COMMAND); taken[u] = 1
		:: SAY(SAY_ERROR, TAG_COMMAND)
		fi
	:: kind == SENDP && open[u] ->
		if
		:: SAY(SAY_PROMPT, TAG_COMMAND); data_mode = 1; data_user = u
		:: SAY(SAY_OK, TAG_COMMAND); SAY(SAY_PROMPT, TAG_COMMAND); data_mode = 1; data_user = u
		:: SAY(SAY_ERROR, TAG_COMMAND)
		fi
	:: kind >= CLOSE && !open[u] -> SAY(SAY_ERROR, TAG_COMMAND)
	fi
}

/* Its data is complete: the answer's tag is t, and its second result's. */
inline module_data(u, good, t)
{
	data_mode = 0;
	send_taken(u, good);
	if
	:: SAY(SAY_OK, t)
	:: t == TAG_COMMAND && early_final /* its OK came before the prompt */
	fi;
	if
	:: t == TAG_COMMAND -> own_second = 1
	:: t == TAG_COMMAND -> own_second = 2
	:: t == TAG_NONE && late_second[OWED_SEND] < LATE_MAX -> late_second[OWED_SEND]++
	:: t == TAG_NONE && late_second[OWED_SEND] == LATE_MAX
	fi;
	data_user = 0
}

/* A line that is written while it waits for data. */
inline module_swallows()
{
	if
	:: skip
	:: module_data(data_user, 0, TAG_NONE)
	:: module_data(data_user, 0, TAG_NONE); SAY(SAY_ERROR, TAG_NONE) /* what is left over */
	fi
}

inline harm()
{
	losses--;
	clean = 0
}

/* What was begun to be written goes to the module. */
inline module_reads()
{
	if
	:: out == OUT_COMMAND && in_flight && !data_mode -> module_command(user)
	:: out == OUT_FENCE && !data_mode ->
		SAY(SAY_INFO + fence, FENCE_TAG);
		SAY(SAY_OK, FENCE_TAG)
	:: (out == OUT_COMMAND || out == OUT_FENCE) && FAULTY && losses > 0 -> harm() /* lost on its way */
	:: (out == OUT_COMMAND || out == OUT_FENCE) && FAULTY && losses > 0 && !data_mode ->
		harm(); /* garbled */
		SAY(SAY_ERROR, (out == OUT_FENCE -> FENCE_TAG : OWN_TAG))
	:: (out == OUT_COMMAND || out == OUT_FENCE) && data_mode -> module_swallows()
	:: out == OUT_COMMAND && !in_flight && !data_mode -> SAY(SAY_ERROR, TAG_NONE)
	:: out == OUT_DATA && data_mode -> module_data(data_user, 1, OWN_TAG)
	:: out == OUT_DATA && data_mode && losses > 0 -> harm() /* a byte of it is */
	:: out == OUT_DATA && !data_mode ->
		assert(!clean); /* never into a line that takes it for commands, but for a restart */
		SAY(SAY_ERROR, OWN_TAG)
	:: out == OUT_FILL && data_mode -> module_data(data_user, 0, TAG_NONE)
	:: out == OUT_FILL && !data_mode
	fi
}

/* It restarts. What was in the line comes before RDY, or is lost; what was on its way to
 * it is read after RDY: by then no socket is open, and no network is there. */
inline module_restarts()
{
	resets--;
	booting = 1;
	open[0] = 0; open[1] = 0;
	taken_soon[0] = 0; taken_soon[1] = 0;
	data_mode = 0; data_user = 0;
	own_second = 0;
	late_second[0] = 0; late_second[1] = 0; late_second[2] = 0; late_second[3] = 0;
	clean = 0;
	if
	:: SAY(SAY_READY, TAG_NONE)
	:: drop_line(); SAY(SAY_READY, TAG_NONE)
	:: drop_line(); SAY(SAY_READY, TAG_NONE);
		if
		:: in_flight && sent && !final && !answered && !prompted && !seconded ->
			if
			:: kind == ASK -> SAY(SAY_INFO, TAG_COMMAND); SAY(SAY_OK, TAG_COMMAND)
			:: else -> SAY(SAY_ERROR, TAG_COMMAND)
			fi
		:: fencing && fence_sent && !fence_seen ->
			SAY(SAY_INFO + fence, TAG_FENCE);
			SAY(SAY_OK, TAG_FENCE)
		:: else
		fi
	fi
}

/* A "recv" frame; a torn one's payload may look like results. */
inline module_receives()
{
	tears--;
	SAY(SAY_HEADER, TAG_NONE);
	if
	:: SAY(SAY_BODY, TAG_NONE)
	:: clean = 0; SAY(SAY_TORN, TAG_NONE)
	:: clean = 0; SAY(SAY_TORN, TAG_NONE); FAKE(FAKE_OK)
	:: clean = 0; SAY(SAY_TORN, TAG_NONE); FAKE(FAKE_SEND)
	:: clean = 0; SAY(SAY_TORN, TAG_NONE); FAKE(FAKE_INFO); FAKE(FAKE_OK)
	fi
}
